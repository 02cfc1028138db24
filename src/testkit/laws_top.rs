//! Laws of the shape `top`: after every operation of any program the keys held are such as were
//! added, bounds hold the true counts between them, and a few keys are counted exactly. How many of
//! the frequent ones are found is measured in the structure's own tests.

use super::data::Rng;
use super::model::Model;
use super::ops::Program;
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::error::{BuildError, MergeError};
use crate::hashing::KeyHash;
use crate::mem::Alloc;
use crate::sketches::{Counting, Heavy, HeavyMut, TopKOptions};
use std::collections::{BTreeMap, BTreeSet};
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

/// How often each key was added, and how the sketch is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frequent {
    options: TopKOptions,
    counts: BTreeMap<Vec<u8>, u64>,
    total: u64,
}

impl Default for Frequent {
    fn default() -> Self {
        Self::made_of(16, Counting::Bounds)
    }
}

/// An operation on a sketch of frequent keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Add a key so many times at once.
    Add(Vec<u8>, u64),
    /// Add as many keys, of few different ones, as a seeded generator makes.
    AddMany(u64, usize),
    /// Merge with a sketch of as many keys.
    Merge(u64, usize),
    /// Give back room.
    Shrink,
    /// Make a new sketch of so many slots, with keys or without, and add everything again.
    Rebuild(usize, Counting, bool),
}

/// Keys that one operation adds at most: a debug build takes its time.
const MANY: usize = 2_000;

/// As many keys fit in any bucket, so that each is counted exactly.
const EXACT: usize = 8;

/// The most that a slot counts.
const MOST: u64 = u32::MAX as u64;

/// Keys of which a few come often.
fn keys(seed: u64, count: usize) -> impl Iterator<Item = Vec<u8>> {
    let mut rng = Rng::new(seed);
    (0..count).map(move |_| {
        let bits = rng.number().trailing_zeros().min(20);
        format!("key-{:x}", rng.bits(bits)).into_bytes()
    })
}

impl Frequent {
    fn made_of(slots: usize, counting: Counting) -> Self {
        let options = TopKOptions { slots, counting, keeps_keys: true, seed: 5 };
        Self { options, counts: BTreeMap::new(), total: 0 }
    }

    fn filled(slots: usize, counting: Counting, keys: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut all = Self::made_of(slots, counting);
        keys.for_each(|key| all.add(&key, 1));
        all
    }

    /// As it is made of hashes.
    fn without_keys(mut self) -> Self {
        self.options.keeps_keys = false;
        self
    }

    fn add(&mut self, key: &[u8], count: u64) {
        if count > 0 {
            let before = self.counts.entry(key.to_vec()).or_insert(0);
            *before = before.saturating_add(count);
        }
        self.total = self.total.saturating_add(count);
    }
}

impl Model for Frequent {
    type Op = Op;
    /// Who has a slot depends on the order of the keys, and on a coin.
    const CANONICAL: bool = false;
    /// A merge makes room for the keys of both before it knows which of them stay.
    const GROWS_FINELY: bool = false;

    fn read_op(program: &mut Program<'_>) -> Option<Op> {
        Some(match program.byte()? % 16 {
            0..=3 => Op::Add(program.string(), 1),
            4 | 5 => Op::Add(program.string(), program.number()),
            6..=10 => Op::AddMany(program.number(), program.count() % MANY),
            11 | 12 => Op::Merge(program.number(), program.count() % MANY),
            13 => Op::Shrink,
            form => {
                let counting = if form == 14 { Counting::Bounds } else { Counting::Estimates };
                let slots = 1 + program.small();
                Op::Rebuild(slots, counting, slots % 4 > 0)
            }
        })
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        Self::filled(1 + len / 10, Counting::Estimates, keys(rng.number(), len))
    }

    fn golden() -> Self {
        let mut golden = Self::filled(16, Counting::Bounds, keys(1, 300));
        golden.add(b"", 70);
        golden.add(b"\0\xFF", 1 << 40);
        golden
    }

    fn edges() -> Vec<Self> {
        let mut full = Self::made_of(8, Counting::Estimates);
        full.add(b"a", u64::MAX);
        full.add(b"b", 1);
        vec![
            Self::made_of(1, Counting::Estimates),
            Self::filled(1, Counting::Bounds, keys(1, 1)),
            Self::filled(8, Counting::Estimates, keys(1, 400)),
            full,
            Self::filled(8, Counting::Bounds, keys(2, 400)).without_keys(),
        ]
    }

    fn items(&self) -> Option<usize> {
        usize::try_from(self.total).ok()
    }
}

impl<S: Heavy> Subject<Frequent> for S {
    fn compare(&self, model: &Frequent, look: Look) -> Verdict {
        let (total, counting) = (self.total(), self.counting());
        ensure!(total == model.total, "a total of {total}, not {}", model.total);
        ensure!(counting == model.options.counting, "{counting:?}");
        let exact = model.counts.len() <= EXACT;
        let bounds = |hash: u64, count: u64| {
            let (low, high) = self.bounds_of_hash(hash);
            let count = count.min(MOST);
            let within = counting == Counting::Estimates || low <= count && count <= high;
            let right = within && high <= total && (high == count || !exact);
            ensure!(right, "{low} to {high} of {count}");
            Ok::<(), String>(())
        };
        let step = if look == Look::Whole { 1 } else { (model.counts.len() / 13).max(1) };
        for (key, count) in model.counts.iter().step_by(step) {
            bounds(key.key_hash(self.seed()), *count)
                .map_err(|message| format!("{key:x?}: {message}"))?;
        }
        let (mut slots, mut wrong) = (0, None);
        let hash_of = |key: &[u8]| key.key_hash(self.seed());
        let hashes: BTreeSet<u64> = match model.options.keeps_keys {
            true => BTreeSet::new(),
            false => model.counts.keys().map(|key| hash_of(key)).collect(),
        };
        self.for_each(&mut |entry| {
            slots += 1;
            let known = match (entry.key, model.options.keeps_keys) {
                (Some(key), true) => model.counts.contains_key(key) && entry.hash == hash_of(key),
                (None, false) => hashes.contains(&entry.hash),
                _ => false,
            };
            let told = (entry.at_least, entry.count) == self.bounds_of_hash(entry.hash);
            if !known || !told {
                wrong = Some(format!("{entry:?} is held: known {known}, as asked for {told}"));
            }
        });
        let most = model.options.slots.next_multiple_of(8).min(model.counts.len());
        ensure!(slots <= most, "{slots} keys, where {most} fit or came");
        ensure!(slots > 0 || model.counts.is_empty(), "no key, of {}", model.counts.len());
        wrong.map_or(Ok(()), Err)
    }

    fn exercise(&self) -> Verdict {
        let mut sum = 0_u64;
        self.for_each(&mut |entry| {
            let key = entry.key.map_or(0, |key| key.len() as u64);
            sum = sum.wrapping_add(entry.count ^ entry.number() ^ key);
        });
        core::hint::black_box((sum, self.bounds_of_hash(0), self.bounds_of_hash(u64::MAX)));
        core::hint::black_box((self.total(), self.counting(), self.heap_bytes()));
        Ok(())
    }
}

impl<A: Alloc + Clone, S: HeavyMut<A>> SubjectMut<Frequent, A> for S {
    fn build(model: &Frequent, alloc: A) -> Result<Self, BuildError> {
        let mut sketch = Self::try_with_options_in(model.options, alloc)?;
        for (key, count) in &model.counts {
            sketch.try_add(key, *count)?;
        }
        Ok(sketch)
    }

    fn apply(&mut self, op: &Op, model: &mut Frequent, alloc: &A) -> Result<(), Stop> {
        match op {
            Op::Add(key, count) => {
                self.try_add(key, *count)?;
                model.add(key, *count);
            }
            Op::AddMany(seed, count) => {
                for key in keys(*seed, *count) {
                    self.try_add(&key, 1)?;
                    model.add(&key, 1);
                }
            }
            Op::Merge(seed, count) => {
                let mut other = Self::try_with_options_in(model.options, alloc.clone())?;
                for key in keys(*seed, *count) {
                    other.try_add(&key, 1)?;
                }
                match self.merge(&other) {
                    Ok(()) => keys(*seed, *count).for_each(|key| model.add(&key, 1)),
                    Err(MergeError::Alloc(error)) => return Err(Stop::Refused(error.into())),
                    Err(error) => ensure!(false, "sketches made alike do not merge: {error}"),
                }
            }
            Op::Shrink => self.try_shrink_to_fit()?,
            Op::Rebuild(slots, counting, keeps_keys) => {
                let (slots, counting, keeps_keys) = (*slots, *counting, *keeps_keys);
                let options = TopKOptions { slots, counting, keeps_keys, ..model.options };
                let next = Frequent { options, ..model.clone() };
                *self = Self::build(&next, alloc.clone())?;
                *model = next;
            }
        }
        Ok(())
    }

    fn shrink(&mut self) -> Result<(), BuildError> {
        self.try_shrink_to_fit()
    }

    fn churn(&mut self) -> Verdict {
        for key in keys(3, 300) {
            let _ = self.try_add(&key, 3);
        }
        self.exercise()?;
        let _ = self.try_shrink_to_fit();
        self.exercise()
    }

    fn mix(&mut self, other: &Self, _: &A) -> Verdict {
        let _ = self.merge(other);
        self.exercise()
    }
}
