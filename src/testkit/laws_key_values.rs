//! Laws of the shape `key_values`: the keys of a set have their values, others have none where the
//! rate of errors is 0 for all that matters, and neither the order of the pairs nor the memory
//! allowed changes a bit. A hash that comes twice is refused at its position.

use super::data::Rng;
use super::model::Model;
use super::ops::Program;
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::error::BuildError;
use crate::maps::{KeyValues, KeyValuesBuild, StaticBuilder};
use crate::mem::Alloc;
use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

/// The hashes that have values, and the bits that keys are known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Valued {
    bits: u32,
    pairs: BTreeMap<u64, u64>,
}

impl Default for Valued {
    fn default() -> Self {
        Self { bits: 64, pairs: BTreeMap::new() }
    }
}

/// What a map is built anew with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// A value of a hash, which may have one.
    Insert(u64, u64),
    /// As many more as a seeded generator makes, with values of at most so many bits.
    InsertMany(u64, usize, u32),
    /// Without every so manyth hash.
    Thin(usize),
    /// Fingerprints of so many bits.
    Bits(u32),
    /// The same pairs, in the opposite order, in as little memory as does: the file must be the
    /// same.
    Sparing,
    /// The hash at one position again at another: it must be refused there.
    Twice(usize, usize),
    /// Values of a bit less than the largest has: they must be refused.
    Narrow,
    /// No pairs.
    Clear,
}

/// Programs stop adding pairs here: every operation places all anew, in 2 us each.
const MOST: usize = 200;
/// With as many bits, another key among so few questions is never taken for one that is there.
const SURE: u32 = 48;

impl Valued {
    fn add(&mut self, pairs: impl Iterator<Item = (u64, u64)>) {
        for (hash, value) in pairs {
            if self.pairs.len() < MOST || self.pairs.contains_key(&hash) {
                self.pairs.insert(hash, value);
            }
        }
    }

    fn list(&self) -> Vec<(u64, u64)> {
        self.pairs.iter().map(|(hash, value)| (*hash, *value)).collect()
    }

    fn how(&self) -> StaticBuilder {
        StaticBuilder::new().with_fingerprint_bits(self.bits)
    }
}

impl Model for Valued {
    type Op = Op;

    // What building needs beside the map is asked for as it is needed.
    const GROWS_FINELY: bool = false;

    fn read_op(program: &mut Program<'_>) -> Option<Op> {
        Some(match program.byte()? % 16 {
            0..=2 => Op::Insert(program.number(), program.number()),
            3..=7 => Op::InsertMany(program.number(), program.count(), program.small() as u32 % 65),
            8 => Op::Thin(program.small()),
            9 | 10 => Op::Bits(program.small() as u32 % 65),
            11 | 12 => Op::Sparing,
            13 => Op::Twice(program.small() << 8 | program.small(), program.small()),
            14 => Op::Narrow,
            _ => Op::Clear,
        })
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        let mut pairs = BTreeMap::new();
        let width = rng.below(65) as u32;
        // Numbers that a generator makes are small in part: as many as there are.
        for _ in 0..len {
            let hash = rng.number();
            pairs.insert(hash, cut(rng.number(), width));
        }
        Self { bits: [8, 16, 64][rng.below(3)], pairs }
    }

    fn golden() -> Self {
        let hash = |i: u64| (i * i).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self { bits: 21, pairs: (0..201).map(|i| (hash(i), i * 7)).collect() }
    }

    fn edges() -> Vec<Self> {
        let of = |bits, len: u64, value: fn(u64) -> u64| Self {
            bits,
            pairs: (0..len).map(|i| (i, value(i))).collect(),
        };
        let mut edges: Vec<Self> = (0..4).map(|len| of(64, len, |i| i)).collect();
        edges.extend([0, 1, 8, 57, 64].map(|bits| of(bits, 300, |i| i)));
        edges.extend([of(0, 50, |_| 0), of(64, 50, |_| 0), of(64, 50, |_| u64::MAX)]);
        edges.push(of(16, 1_025, |i| i));
        edges
    }

    fn items(&self) -> Option<usize> {
        Some(self.pairs.len())
    }
}

/// The lowest bits of a number.
const fn cut(number: u64, width: u32) -> u64 {
    if width == 0 { 0 } else { number >> (64 - width) }
}

impl<M: KeyValues> Subject<Valued> for M {
    fn compare(&self, model: &Valued, look: Look) -> Verdict {
        let len = model.pairs.len();
        ensure!(self.len() == len && self.is_empty() == (len == 0), "{} keys", self.len());
        let rate = if len == 0 { 0.0 } else { 1.0 / (1_u128 << model.bits) as f64 };
        ensure!(self.fpr() == rate, "a rate of {}, not {rate}", self.fpr());
        let step = if look == Look::Whole { 1 } else { (len / 13).max(1) };
        for (hash, value) in model.pairs.iter().step_by(step) {
            let got = self.get_hash(*hash);
            ensure!(got == Some(*value), "{hash:#x} has {got:?}, not {value}");
        }
        let probes: Vec<u64> =
            model.pairs.keys().step_by(step).flat_map(|hash| [*hash, !hash ^ 0xF0]).collect();
        let mut values = vec![None; probes.len()];
        self.get_many_hash(&probes, &mut values);
        for (hash, value) in probes.iter().zip(values) {
            ensure!(self.get_hash(*hash) == value, "{hash:#x} among many: {value:?}");
            let wrong = value.is_some() && !model.pairs.contains_key(hash);
            ensure!(!wrong || model.bits < SURE, "{hash:#x}, which is not there, has {value:?}");
        }
        Ok(())
    }

    fn exercise(&self) -> Verdict {
        let hashes: Vec<u64> =
            (0..60).map(|i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
        let mut values = vec![None; hashes.len()];
        self.get_many_hash(&hashes, &mut values);
        for (hash, value) in hashes.iter().zip(values) {
            ensure!(self.get_hash(*hash) == value, "{hash:#x} among many: {value:?}");
        }
        core::hint::black_box((self.seed(), self.fpr(), self.heap_bytes()));
        Ok(())
    }
}

/// Builds the map of pairs in an order.
fn map_of<A: Alloc, M: KeyValuesBuild<A>>(
    pairs: &[(u64, u64)],
    how: StaticBuilder,
    alloc: A,
) -> Result<M, BuildError> {
    M::try_from_source_in(|| pairs.iter().copied(), how, alloc)
}

impl<A: Alloc + Clone, M: KeyValuesBuild<A>> SubjectMut<Valued, A> for M {
    fn build(model: &Valued, alloc: A) -> Result<Self, BuildError> {
        map_of(&model.list(), model.how(), alloc)
    }

    fn apply(&mut self, op: &Op, model: &mut Valued, alloc: &A) -> Result<(), Stop> {
        let mut next = model.clone();
        let mut memory = usize::MAX;
        match *op {
            Op::Insert(hash, value) => next.add([(hash, value)].into_iter()),
            Op::InsertMany(seed, count, width) => {
                let mut rng = Rng::new(seed);
                next.add((0..count).map(|_| (rng.number(), cut(rng.number(), width))));
            }
            Op::Thin(every) => {
                let kept = model.list().into_iter().enumerate();
                let kept = kept.filter(|(i, _)| i % (every + 2) != 0);
                next.pairs = kept.map(|(_, pair)| pair).collect();
            }
            Op::Bits(bits) => next.bits = bits,
            Op::Sparing => memory = least_memory::<A, M>(model, alloc)?,
            Op::Twice(from, to) => return twice::<A, M>(model, from, to, alloc),
            Op::Narrow => return narrow::<A, M>(model, alloc),
            Op::Clear => next.pairs.clear(),
        }
        let mut pairs = next.list();
        pairs.reverse();
        *self = map_of(&pairs, next.how().with_memory(memory), alloc.clone())?;
        *model = next;
        Ok(())
    }
}

/// The least memory that does: it is said when too little is allowed.
fn least_memory<A: Alloc + Clone, M: KeyValuesBuild<A>>(
    model: &Valued,
    alloc: &A,
) -> Result<usize, Stop> {
    match map_of::<A, M>(&model.list(), model.how().with_memory(0), alloc.clone()) {
        Ok(_) => Ok(0),
        Err(BuildError::OutOfRange { name: "memory", min, .. }) => Ok(min as usize),
        Err(error) => Err(error.into()),
    }
}

/// A hash that comes twice is refused at the second position.
fn twice<A: Alloc + Clone, M: KeyValuesBuild<A>>(
    model: &Valued,
    from: usize,
    behind: usize,
    alloc: &A,
) -> Result<(), Stop> {
    let mut pairs = model.list();
    if pairs.is_empty() {
        return Ok(());
    }
    let from = from % pairs.len();
    let to = (from + 1 + behind).min(pairs.len());
    pairs.insert(to, (pairs[from].0, 0));
    match map_of::<A, M>(&pairs, model.how(), alloc.clone()) {
        Err(BuildError::DuplicateKey { index }) if index == to => Ok(()),
        Err(BuildError::Alloc(error)) => Err(error.into()),
        other => Err(Stop::Broken(std::format!("twice at {to}: {:?}", other.err()))),
    }
}

/// Values that have more bits than were asked for are refused.
fn narrow<A: Alloc + Clone, M: KeyValuesBuild<A>>(model: &Valued, alloc: &A) -> Result<(), Stop> {
    let most = model.pairs.values().max().copied().unwrap_or(0);
    let Some(bits) = most.checked_ilog2() else { return Ok(()) };
    let how = model.how().with_value_bits(bits);
    match map_of::<A, M>(&model.list(), how, alloc.clone()) {
        Err(BuildError::OutOfRange { name: "value", value, .. }) if value >> bits > 0 => Ok(()),
        Err(BuildError::Alloc(error)) => Err(error.into()),
        other => Err(Stop::Broken(std::format!("values of {bits} bits: {:?}", other.err()))),
    }
}
