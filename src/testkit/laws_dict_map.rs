//! Laws of the shape `dict_maps`: an ordered map from keys to numbers that is built once. Every
//! operation of a program is done to a `BTreeMap`, and the structure is built anew. What its keys
//! are asked alone is up to the laws of [`laws_dict`](super::laws_dict).

use super::data::{self, Rng};
use super::model::Model;
use super::ops::{Item, Program};
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::error::BuildError;
use crate::mem::Alloc;
use crate::tries::{KeyMap, KeyMapBuild, KeySet, Keys, RankedKeySet};
use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

/// The keys with their values, and how many keys a block has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairs {
    block: usize,
    pairs: BTreeMap<Vec<u8>, u64>,
}

impl Default for Pairs {
    fn default() -> Self {
        Self { block: 32, pairs: BTreeMap::new() }
    }
}

/// What a map is built anew with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// One key more, or another value for it.
    Insert(Vec<u8>, u64),
    /// More keys, and values for them, of distributions that seeds pick.
    InsertMany(Vec<Vec<u8>>, Vec<u64>),
    /// Without the keys from this position on.
    Truncate(usize),
    /// All values shifted down by so many bits.
    Narrow(u32),
    /// Blocks of so many keys.
    Block(usize),
    /// A key looked up.
    Search(Vec<u8>),
    /// A key given twice, at this position.
    Twice(usize),
}

/// Programs stop adding keys here: every operation builds all anew.
const MOST_BYTES: usize = 8 << 10;
const BLOCKS: [usize; 5] = [8, 16, 32, 64, 128];

impl Pairs {
    fn of(block: usize, keys: impl IntoIterator<Item = Vec<u8>>, values: &[u64]) -> Self {
        let values = values.iter().copied().chain(core::iter::repeat(0));
        Self { block, pairs: keys.into_iter().zip(values).collect() }
    }

    fn add(&mut self, keys: &[Vec<u8>], values: &[u64]) {
        let mut bytes: usize = self.pairs.keys().map(Item::weight).sum();
        for (key, value) in keys.iter().zip(values) {
            bytes += key.weight();
            if bytes > MOST_BYTES {
                break;
            }
            self.pairs.insert(key.clone(), *value);
        }
    }
}

impl Model for Pairs {
    type Op = Op;

    // What building needs beside the map is asked for as it is needed.
    const GROWS_FINELY: bool = false;

    fn read_op(program: &mut Program<'_>) -> Option<Op> {
        Some(match program.byte()? % 16 {
            0..=3 => Op::Insert(program.string(), program.number()),
            4..=8 => {
                let count = program.count();
                let rng = &mut program.rng();
                Op::InsertMany(Item::generate(rng, count), data::ints(rng, count))
            }
            9 => Op::Truncate(program.small() << 8 | program.small()),
            10 => Op::Narrow(program.small() as u32 % 64),
            11 | 12 => Op::Block(BLOCKS[program.small() % BLOCKS.len()]),
            13 | 14 => Op::Search(program.string()),
            _ => Op::Twice(program.small()),
        })
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        let keys: Vec<Vec<u8>> = Item::generate(rng, len);
        Self::of(32, keys, &data::ints(rng, len))
    }

    fn golden() -> Self {
        let mut keys: Vec<Vec<u8>> = Item::golden();
        keys.extend((0..40_u32).map(|i| std::format!("golden/{:04}/{i}", i * i % 997).into()));
        let values: Vec<u64> = (0..keys.len() as u64).map(|i| i * i % 1_009).collect();
        Self::of(16, keys, &values)
    }

    fn edges() -> Vec<Self> {
        let flat: Vec<Vec<Vec<u8>>> = Item::edges();
        // All zero: a value takes no bits.
        let mut edges: Vec<Self> = flat.into_iter().map(|keys| Self::of(8, keys, &[])).collect();
        edges.extend([8, 9, 129].map(|len: u64| {
            let keys = (0..len).map(|i| std::format!("{i:05}").into_bytes());
            Self::of(8, keys, &(0..len).map(|i| i << 61).collect::<Vec<_>>())
        }));
        edges
    }

    fn items(&self) -> Option<usize> {
        Some(self.pairs.len())
    }
}

/// What a map answers to a key, and to keys near it.
fn same_answers(map: &impl KeyMap, model: &Pairs, key: &[u8]) -> Verdict {
    for key in [key, &key[..key.len() / 2], &[key, &[0]].concat()] {
        let (found, right) = (map.get(key), model.pairs.get(key).copied());
        ensure!(found == right, "{key:?} has {found:?}, not {right:?}");
    }
    Ok(())
}

impl<S: KeyMap> Subject<Pairs> for S {
    fn compare(&self, model: &Pairs, look: Look) -> Verdict {
        let len = model.pairs.len();
        ensure!(self.dict().len() == len, "{} keys, not {len}", self.dict().len());
        let mut keys = Keys::new(self.dict(), 0..len, vec![0; self.dict().longest()]);
        let step = if look == Look::Whole { 1 } else { (len / 7).max(1) };
        for (id, (key, value)) in model.pairs.iter().enumerate().step_by(step) {
            let found = self.value_of(id);
            ensure!(found == Some(*value), "key {id} has {found:?}, not {value}");
            keys.seek(id);
            ensure!(keys.next_key() == Some(&key[..]), "key {id} is not {key:?}");
            same_answers(self, model, key)?;
        }
        for id in [len, len + 1, usize::MAX] {
            ensure!(self.value_of(id).is_none(), "a value behind the last");
        }
        for key in <Vec<u8> as Item>::needles() {
            same_answers(self, model, &key)?;
        }
        let some = model.pairs.keys().step_by(step);
        let many: Vec<&[u8]> = some.flat_map(|key| [&key[..], &key[key.len() / 2..]]).collect();
        let mut values = vec![Some(u64::MAX); many.len()];
        self.get_many(&many, &mut values);
        let right = many.iter().map(|key| model.pairs.get(*key).copied());
        ensure!(right.eq(values), "values of many keys at once");
        Ok(())
    }

    fn exercise(&self) -> Verdict {
        let len = self.dict().len();
        for id in [0, 1, len / 2, len.wrapping_sub(1), len, usize::MAX] {
            let exists = self.value_of(id).is_some();
            ensure!(exists == (id < len), "value {id} of {len}: {exists}");
        }
        let mut buffer = vec![0; self.dict().longest()];
        let middle = self.dict().key_into(len / 2, &mut buffer).map(<[u8]>::to_vec);
        for key in <Vec<u8> as Item>::needles().into_iter().chain(middle) {
            let found = (self.get(&key), self.dict().id_of(&key));
            ensure!(found.0.is_some() == found.1.is_some(), "{key:?} has {found:?}");
        }
        let mut values = [None; 3];
        self.get_many(&[b"ant", b"", b"\xFF"], &mut values);
        core::hint::black_box((values, self.heap_bytes()));
        Ok(())
    }
}

impl<A: Alloc + Clone, S: KeyMapBuild<A>> SubjectMut<Pairs, A> for S {
    fn build(model: &Pairs, alloc: A) -> Result<Self, BuildError> {
        let pairs = model.pairs.iter().map(|(key, value)| (key.as_slice(), *value));
        Self::try_from_sorted_in(pairs, model.block, alloc)
    }

    fn apply(&mut self, op: &Op, model: &mut Pairs, alloc: &A) -> Result<(), Stop> {
        let mut next = model.clone();
        match op {
            Op::Insert(key, value) => next.add(core::slice::from_ref(key), &[*value]),
            Op::InsertMany(keys, values) => next.add(keys, values),
            Op::Truncate(raw) => {
                let len = raw % (model.pairs.len() + 2);
                next.pairs = model.pairs.clone().into_iter().take(len).collect();
            }
            Op::Narrow(bits) => next.pairs.values_mut().for_each(|value| *value >>= bits),
            Op::Block(block) => next.block = *block,
            Op::Search(key) => return Ok(same_answers(self, model, key)?),
            Op::Twice(raw) => return twice::<A, Self>(model, *raw, alloc),
        }
        *self = <Self as SubjectMut<Pairs, A>>::build(&next, alloc.clone())?;
        *model = next;
        Ok(())
    }
}

/// A key that comes twice is refused at its position, whatever its values.
fn twice<A: Alloc + Clone, S: KeyMapBuild<A>>(
    model: &Pairs,
    raw: usize,
    alloc: &A,
) -> Result<(), Stop> {
    let mut pairs: Vec<(&[u8], u64)> = model.pairs.iter().map(|(k, v)| (&k[..], *v)).collect();
    if pairs.is_empty() {
        return Ok(());
    }
    let at = raw % pairs.len();
    pairs.insert(at, (pairs[at].0, !pairs[at].1));
    match S::try_from_sorted_in(pairs.into_iter(), model.block, alloc.clone()).err() {
        Some(BuildError::Alloc(error)) => Err(error.into()),
        error => {
            let refused = BuildError::DuplicateKey { index: at + 1 };
            ensure!(error == Some(refused), "{refused:?} became {error:?}");
            Ok(())
        }
    }
}
