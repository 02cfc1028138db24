//! Laws of the shape `key_ids`: the keys of a set have the numbers below their number, each once,
//! and neither the order of the hashes nor the memory allowed changes a bit. A hash that comes
//! twice is refused at its position.

use super::data::Rng;
use super::model::Model;
use super::ops::Program;
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::error::BuildError;
use crate::maps::{KeyIds, KeyIdsBuild};
use crate::mem::Alloc;
use std::collections::BTreeSet;
use std::vec;
use std::vec::Vec;

/// The hashes that are numbered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbered(BTreeSet<u64>);

/// What numbers are given anew with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// One hash more.
    Insert(u64),
    /// As many more as a seeded generator makes.
    InsertMany(u64, usize),
    /// Without every so manyth hash.
    Thin(usize),
    /// The same hashes, in the opposite order, in as little memory as does: the file must be the
    /// same.
    Sparing,
    /// The hash at one position again at another: it must be refused there.
    Twice(usize, usize),
    /// No hashes.
    Clear,
}

/// Programs stop adding hashes here: every operation numbers all anew, in 2 us each, and each
/// refusal of memory does. What begins at more keys is met by the edges and the golden file.
const MOST: usize = 400;

impl Numbered {
    fn add(&mut self, hashes: impl Iterator<Item = u64>) {
        let room = MOST.saturating_sub(self.0.len());
        self.0.extend(hashes.take(room));
    }
}

impl Model for Numbered {
    type Op = Op;

    // What building needs beside the function is asked for as it is needed.
    const GROWS_FINELY: bool = false;

    fn read_op(program: &mut Program<'_>) -> Option<Op> {
        Some(match program.byte()? % 16 {
            0..=3 => Op::Insert(program.number()),
            4..=8 => Op::InsertMany(program.number(), program.count()),
            9 | 10 => Op::Thin(program.small()),
            11 | 12 => Op::Sparing,
            13 | 14 => Op::Twice(program.small() << 8 | program.small(), program.small()),
            _ => Op::Clear,
        })
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        let mut hashes = BTreeSet::new();
        // Numbers that a generator makes are small in part: as many as there are.
        for _ in 0..len {
            hashes.insert(rng.number());
        }
        Self(hashes)
    }

    fn golden() -> Self {
        Self((0..1_501_u64).map(|i| (i * i).wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect())
    }

    fn edges() -> Vec<Self> {
        let upto = |len: u64| Self((0..len).collect());
        let high = Self((0..700).map(|i| i << 48).collect());
        let mut edges: Vec<Self> = (0..6).chain([1_023, 1_024, 1_025]).map(upto).collect();
        edges.extend([high, Self([0, u64::MAX].into())]);
        edges
    }

    fn items(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

impl<F: KeyIds> Subject<Numbered> for F {
    fn compare(&self, model: &Numbered, look: Look) -> Verdict {
        let len = model.0.len();
        ensure!(self.len() == len && self.is_empty() == (len == 0), "{} keys", self.len());
        let whole = look == Look::Whole;
        let step = if whole { 1 } else { (len / 13).max(1) };
        let hashes: Vec<u64> =
            model.0.iter().step_by(step).chain(model.0.last()).copied().collect();
        let mut met = vec![false; len];
        for hash in &model.0.iter().step_by(step).copied().collect::<Vec<_>>() {
            let Some(id) = self.id_of_hash(*hash) else {
                return Err(std::format!("{hash:#x} has no number"));
            };
            ensure!(id < len && !met[id], "{hash:#x} is number {id} of {len}, as another is");
            met[id] = true;
        }
        let probes: Vec<u64> = hashes.iter().flat_map(|hash| [*hash, !hash ^ 0xF0]).collect();
        let mut ids = vec![None; probes.len()];
        self.id_of_many_hash(&probes, &mut ids);
        for (hash, id) in probes.iter().zip(ids) {
            ensure!(self.id_of_hash(*hash) == id, "{hash:#x} among many: {id:?}");
            ensure!(id.is_none_or(|id| id < len), "{hash:#x} is number {id:?} of {len}");
        }
        Ok(())
    }

    fn exercise(&self) -> Verdict {
        let hashes: Vec<u64> =
            (0..200).map(|i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
        let mut ids = vec![None; hashes.len()];
        self.id_of_many_hash(&hashes, &mut ids);
        for (hash, id) in hashes.iter().zip(ids) {
            ensure!(self.id_of_hash(*hash) == id, "{hash:#x} among many: {id:?}");
            ensure!(id.is_none_or(|id| id < self.len()), "{hash:#x} is number {id:?}");
        }
        core::hint::black_box((self.seed(), self.heap_bytes()));
        Ok(())
    }
}

/// Numbers the hashes of an order, in so much memory.
fn number<A: Alloc, F: KeyIdsBuild<A>>(
    hashes: &[u64],
    memory: usize,
    alloc: A,
) -> Result<F, BuildError> {
    F::try_from_source_in(|| hashes.iter().copied(), 0, memory, alloc)
}

impl<A: Alloc + Clone, F: KeyIdsBuild<A>> SubjectMut<Numbered, A> for F {
    fn build(model: &Numbered, alloc: A) -> Result<Self, BuildError> {
        let hashes: Vec<u64> = model.0.iter().copied().collect();
        number(&hashes, usize::MAX, alloc)
    }

    fn apply(&mut self, op: &Op, model: &mut Numbered, alloc: &A) -> Result<(), Stop> {
        let mut next = model.clone();
        let mut memory = usize::MAX;
        match *op {
            Op::Insert(hash) => next.add([hash].into_iter()),
            Op::InsertMany(seed, count) => {
                let mut rng = Rng::new(seed);
                next.add((0..count).map(|_| rng.number()));
            }
            Op::Thin(every) => {
                let kept = model.0.iter().enumerate().filter(|(i, _)| i % (every + 2) != 0);
                next.0 = kept.map(|(_, hash)| *hash).collect();
            }
            Op::Sparing => memory = least_memory::<A, F>(model, alloc)?,
            Op::Twice(from, to) => return twice::<A, F>(model, from, to, alloc),
            Op::Clear => next.0.clear(),
        }
        let hashes: Vec<u64> = next.0.iter().rev().copied().collect();
        *self = number(&hashes, memory, alloc.clone())?;
        *model = next;
        Ok(())
    }
}

/// The least memory that does: it is said when too little is allowed.
fn least_memory<A: Alloc + Clone, F: KeyIdsBuild<A>>(
    model: &Numbered,
    alloc: &A,
) -> Result<usize, Stop> {
    let hashes: Vec<u64> = model.0.iter().copied().collect();
    match number::<A, F>(&hashes, 0, alloc.clone()) {
        Ok(_) => Ok(0),
        Err(BuildError::OutOfRange { name: "memory", min, .. }) => Ok(min as usize),
        Err(error) => Err(error.into()),
    }
}

/// A hash that comes twice is refused at the second position.
fn twice<A: Alloc + Clone, F: KeyIdsBuild<A>>(
    model: &Numbered,
    from: usize,
    behind: usize,
    alloc: &A,
) -> Result<(), Stop> {
    let mut hashes: Vec<u64> = model.0.iter().copied().collect();
    if hashes.is_empty() {
        return Ok(());
    }
    let from = from % hashes.len();
    let to = (from + 1 + behind).min(hashes.len());
    hashes.insert(to, hashes[from]);
    match number::<A, F>(&hashes, usize::MAX, alloc.clone()) {
        Err(BuildError::DuplicateKey { index }) if index == to => Ok(()),
        Err(BuildError::Alloc(error)) => Err(error.into()),
        other => Err(Stop::Broken(std::format!("twice at {to}: {:?}", other.err()))),
    }
}
