//! Laws of the shape `dicts`: an ordered set of keys that is built once, with their ranks as
//! numbers. Every operation of a program is done to a `BTreeSet`, and the structure is built anew.

use super::data::Rng;
use super::model::Model;
use super::ops::{Item, Program};
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::arrays::Prefer;
use crate::error::BuildError;
use crate::mem::Alloc;
use crate::tries::{Automaton, KeySetBuild, Keys, Near, RankedKeySet};
use std::collections::BTreeSet;
use std::ops::{Bound, ControlFlow};
use std::vec;
use std::vec::Vec;

/// The keys, how many a block has, and what is preferred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dict {
    block: usize,
    prefer: Prefer,
    keys: BTreeSet<Vec<u8>>,
}

impl Default for Dict {
    fn default() -> Self {
        Self::of(32, [])
    }
}

/// What a dictionary is built anew with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// One key more.
    Insert(Vec<u8>),
    /// More keys of a distribution that a seed picks.
    InsertMany(Vec<Vec<u8>>),
    /// Without the keys from this position on.
    Truncate(usize),
    /// Without every so manyth key.
    Thin(usize),
    /// Blocks of so many keys.
    Block(usize),
    /// What was not preferred before.
    Prefer,
    /// A key looked up.
    Search(Vec<u8>),
    /// Keys given out of order at this position.
    Disorder(usize),
}

/// Programs stop adding keys here: every operation builds all anew.
const MOST_BYTES: usize = 12 << 10;
const BLOCKS: [usize; 5] = [8, 16, 32, 64, 128];

impl Dict {
    fn of(block: usize, keys: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self { block, prefer: Prefer::Bytes, keys: keys.into_iter().collect() }
    }

    fn add(&mut self, keys: &[Vec<u8>]) {
        let mut bytes: usize = self.keys.iter().map(Item::weight).sum();
        for key in keys {
            bytes += key.weight();
            if bytes > MOST_BYTES {
                break;
            }
            self.keys.insert(key.clone());
        }
    }
}

impl Model for Dict {
    type Op = Op;

    // What building needs beside the dictionary is asked for as it is needed.
    const GROWS_FINELY: bool = false;

    fn read_op(program: &mut Program<'_>) -> Option<Op> {
        Some(match program.byte()? % 16 {
            0..=3 => Op::Insert(program.string()),
            4..=8 => {
                let count = program.count();
                Op::InsertMany(Item::generate(&mut program.rng(), count))
            }
            9 => Op::Truncate(program.small() << 8 | program.small()),
            10 => Op::Thin(program.small()),
            11 => Op::Block(BLOCKS[program.small() % BLOCKS.len()]),
            12 => Op::Prefer,
            13 | 14 => Op::Search(program.string()),
            _ => Op::Disorder(program.small()),
        })
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        let keys: Vec<Vec<u8>> = Item::generate(rng, len);
        Self::of(32, keys)
    }

    fn golden() -> Self {
        let mut keys: Vec<Vec<u8>> = Item::golden();
        keys.extend((0..200_u32).map(|i| std::format!("golden/{:04}/{i}", i * i % 997).into()));
        keys.extend([vec![b'k'; 300], vec![b'k'; 400]]);
        Self::of(16, keys)
    }

    fn edges() -> Vec<Self> {
        let flat: Vec<Vec<Vec<u8>>> = Item::edges();
        let mut edges: Vec<Self> = flat.into_iter().map(|keys| Self::of(8, keys)).collect();
        // Each key begins the next one; numbers of every length around the ends of blocks.
        edges.push(Self::of(8, (0..70).map(|len| vec![b'a'; len])));
        edges
            .extend([8, 9, 127, 128, 129].map(|len| {
                Self::of(8, (0..len).map(|i: u32| std::format!("{i:05}").into_bytes()))
            }));
        let timed = |edge: &Self| Self { prefer: Prefer::Time, ..edge.clone() };
        let timed: Vec<Self> = edges.iter().map(timed).collect();
        edges.extend(timed);
        edges
    }

    fn items(&self) -> Option<usize> {
        Some(self.keys.len())
    }
}

/// What a set of keys answers to a key, beside a `BTreeSet`.
fn same_answers(set: &impl RankedKeySet, model: &Dict, key: &[u8]) -> Verdict {
    let keys = &model.keys;
    let rank = keys.range::<[u8], _>((Bound::Unbounded, Bound::Excluded(key))).count();
    let there = keys.contains(key);
    let found = set.locate(key);
    ensure!(found == (rank, there), "{key:?} is at {found:?}, not {:?}", (rank, there));
    ensure!(set.contains(key) == there && set.id_of(key).is_some() == there, "{key:?}");
    let bounds = (set.lower_bound(key), set.upper_bound(key));
    ensure!(bounds == (rank, rank + usize::from(there)), "{key:?} between {bounds:?}");
    let from = keys.range::<[u8], _>((Bound::Included(key), Bound::Unbounded));
    let count = from.take_while(|other| other.starts_with(key)).count();
    let begun = (0..=key.len()).rev().map(|len| &key[..len]).filter(|begun| keys.contains(*begun));
    let lengths: Vec<usize> = begun.map(<[u8]>::len).collect();
    let begins: Vec<_> = set.prefixes_of(key, vec![0; set.longest()]).collect();
    let same = begins.iter().all(|(id, len)| set.id_of(&key[..*len]) == Some(*id));
    let found = begins.iter().map(|begun| begun.1);
    ensure!(same && found.eq(lengths), "{key:?} begins with {begins:?}");
    let prefix = set.prefix(key);
    ensure!(prefix == (rank..rank + count), "{key:?} begins {prefix:?}, not {count} from {rank}");
    Ok(())
}

/// Keys around one: shorter, longer, with one byte changed.
fn around(key: &[u8]) -> Vec<Vec<u8>> {
    let mut around = vec![key.to_vec()];
    around.push(key[..key.len() / 2].to_vec());
    around.push(key[..key.len().saturating_sub(1)].to_vec());
    around.push([key, &[0]].concat());
    around.push([key, &[0xFF]].concat());
    for at in [0, key.len() / 2, key.len().wrapping_sub(1)] {
        for change in [1, 0xFF] {
            let mut other = key.to_vec();
            if let Some(byte) = other.get_mut(at) {
                *byte = byte.wrapping_add(change);
                around.push(other);
            }
        }
    }
    around
}

/// The keys from both ends, and each by its number.
fn same_order(set: &impl RankedKeySet, model: &Dict, look: Look) -> Verdict {
    let len = model.keys.len();
    let mut buffer = vec![0; set.longest()];
    let step = if look == Look::Whole { 1 } else { (len / 7).max(1) };
    for (id, key) in model.keys.iter().enumerate().step_by(step) {
        let found = set.key_into(id, &mut buffer);
        ensure!(found == Some(&key[..]), "key {id} is {found:?}, not {key:?}");
    }
    ensure!(set.key_into(len, &mut buffer).is_none(), "a key behind the last");
    let mut keys = Keys::new(set, 0..len, vec![0; set.longest()]);
    let mut before: Vec<u8> = Vec::new();
    for key in &model.keys {
        let (shared, found) = keys.next_shared().unwrap_or((0, &[]));
        ensure!(found == key, "walking to {found:?}, not {key:?}");
        ensure!(before.get(..shared) == key.get(..shared), "{shared} bytes in common");
        before.clone_from(key);
    }
    ensure!(keys.next_key().is_none() && keys.remaining() == 0, "a key behind the last");
    let (from, mut told) = (len / 5, Vec::new());
    let keys = Keys::new(set, from..len, vec![0; set.longest()]);
    keys.for_each(|key| told.push(key.to_vec()));
    let right = model.keys.iter().skip(from).eq(&told);
    ensure!(right, "{} keys told from number {from} on", told.len());
    let start = len / 3;
    let mut back = Keys::new(set, start..len, vec![0; set.longest()]);
    for key in model.keys.iter().skip(start).rev().take(step * 40) {
        let found = back.next_back_key();
        ensure!(found == Some(&key[..]), "walking back to {found:?}, not {key:?}");
    }
    Ok(())
}

/// Accepts every key: it goes wherever keys lead.
struct All;

impl Automaton for All {
    type State = ();
    type Match = ();

    fn start(&self) {}

    fn step(&self, (): &(), _: u8) {}

    fn is_alive(&self, (): &()) -> bool {
        true
    }

    fn matched(&self, (): &()) -> Option<()> {
        Some(())
    }
}

/// The first so many numbers of keys that `automaton` accepts, and the bytes of each.
fn accepted(
    set: &impl RankedKeySet,
    automaton: impl Automaton,
    most: usize,
) -> Vec<(usize, Vec<u8>)> {
    let mut told = Vec::new();
    let _ = set.try_each_match(automaton, |id, key, _| {
        told.push((id, key.to_vec()));
        if told.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    told
}

/// No automaton leads behind the last key, or round and round.
fn bears_automata(set: &impl RankedKeySet, word: &[u8]) -> Verdict {
    let len = set.len();
    for told in [accepted(set, All, MOST_WALKED), accepted(set, Near::new(word, 2), MOST_WALKED)] {
        let ascends = told.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let last = told.last().map_or(0, |last| last.0 + 1);
        ensure!(ascends && last <= len, "{} keys accepted of {len}, the last {last}", told.len());
    }
    Ok(())
}

impl<S: RankedKeySet> Subject<Dict> for S {
    fn compare(&self, model: &Dict, look: Look) -> Verdict {
        let len = model.keys.len();
        ensure!(self.len() == len && self.is_empty() == (len == 0), "{} keys", self.len());
        let longest = model.keys.iter().map(Vec::len).max().unwrap_or(0);
        ensure!(self.longest() == longest, "the longest of {} bytes", self.longest());
        same_order(self, model, look)?;
        let all = accepted(self, All, usize::MAX);
        let same = all.iter().map(|(id, key)| (*id, key)).eq(model.keys.iter().enumerate());
        ensure!(same, "an automaton that accepts all accepts {} keys of {len}", all.len());
        let step = (len / if look == Look::Whole { 40 } else { 5 }).max(1);
        let some = || model.keys.iter().step_by(step).chain(model.keys.last());
        for key in some().flat_map(|key| around(key)).chain(Item::needles()) {
            same_answers(self, model, &key)?;
        }
        let many: Vec<&[u8]> = some().flat_map(|key| [&key[..], &key[key.len() / 2..]]).collect();
        let mut ids = vec![Some(usize::MAX); many.len()];
        self.get_many(&many, &mut ids);
        for (key, id) in many.iter().zip(&ids) {
            ensure!(*id == self.id_of(key), "{key:?} among many: {id:?}");
        }
        let (low, high) = (&b"b"[..], &b"l"[..]);
        let (ids, below) = (self.range(low..=high), self.range(..low).end);
        let count = model.keys.range::<[u8], _>((Bound::Included(low), Bound::Included(high)));
        ensure!(ids == (below..below + count.count()), "a range of {ids:?}");
        ensure!(self.range(high..low).is_empty(), "a range from its end to its start");
        Ok(())
    }

    fn exercise(&self) -> Verdict {
        let len = self.len();
        let mut buffer = vec![0; self.longest()];
        for id in [0, 1, len / 2, len.wrapping_sub(1), len, usize::MAX] {
            let exists = self.key_into(id, &mut buffer).is_some();
            ensure!(exists == (id < len), "key {id} of {len}: {exists}");
        }
        let middle = self.key_into(len / 2, &mut buffer).map(<[u8]>::to_vec);
        for key in Item::needles().into_iter().chain(middle.clone()).chain([vec![b'a'; 100]]) {
            let begins = self.prefixes_of(&key, vec![0; self.longest()]).count();
            ensure!(begins <= key.len() + 1, "{begins} keys begin {key:?}");
            let ((at, equal), prefix) = (self.locate(&key), self.prefix(&key));
            ensure!(at < len + usize::from(!equal), "{key:?} at {at} of {len}");
            ensure!(prefix.end <= len && prefix.start <= prefix.end, "{prefix:?} of {len}");
        }
        bears_automata(self, middle.as_deref().unwrap_or(b"ant"))?;
        let mut ids = [None; 3];
        self.get_many(&[b"ant", b"", b"\xFF"], &mut ids);
        ensure!(ids.iter().flatten().all(|id| *id < len), "{ids:?} of {len}");
        let mut keys = Keys::new(self, 0..len, &mut buffer);
        let mut count = 0;
        while count < MOST_WALKED && keys.next_key().is_some() {
            count += 1;
        }
        ensure!(count == len.min(MOST_WALKED), "{count} keys, not {len}");
        core::hint::black_box((keys.next_back_key(), self.heap_bytes()));
        Ok(())
    }
}

/// Keys of a damaged file that are walked over: it may count any number.
const MOST_WALKED: usize = 1_000;

impl<A: Alloc + Clone, S: KeySetBuild<A>> SubjectMut<Dict, A> for S {
    fn build(model: &Dict, alloc: A) -> Result<Self, BuildError> {
        let keys = model.keys.iter().map(Vec::as_slice);
        Self::try_from_sorted_for(keys, model.prefer, model.block, alloc)
    }

    fn apply(&mut self, op: &Op, model: &mut Dict, alloc: &A) -> Result<(), Stop> {
        let mut next = model.clone();
        match op {
            Op::Insert(key) => next.add(core::slice::from_ref(key)),
            Op::InsertMany(keys) => next.add(keys),
            Op::Truncate(raw) => {
                let len = raw % (model.keys.len() + 2);
                next.keys = model.keys.iter().take(len).cloned().collect();
            }
            Op::Thin(every) => {
                let kept = model.keys.iter().enumerate().filter(|(i, _)| i % (every + 2) != 0);
                next.keys = kept.map(|(_, key)| key.clone()).collect();
            }
            Op::Block(block) => next.block = *block,
            Op::Prefer => {
                next.prefer = match model.prefer {
                    Prefer::Bytes => Prefer::Time,
                    Prefer::Time => Prefer::Bytes,
                }
            }
            Op::Search(key) => return Ok(same_answers(self, model, key)?),
            Op::Disorder(raw) => return disorder::<A, Self>(model, *raw, alloc),
        }
        *self = <Self as SubjectMut<Dict, A>>::build(&next, alloc.clone())?;
        *model = next;
        Ok(())
    }
}

/// A key that comes twice, and one that comes too late, are refused at their positions.
fn disorder<A: Alloc + Clone, S: KeySetBuild<A>>(
    model: &Dict,
    raw: usize,
    alloc: &A,
) -> Result<(), Stop> {
    let keys: Vec<&[u8]> = model.keys.iter().map(Vec::as_slice).collect();
    let at = raw % keys.len().max(1);
    if at == 0 {
        return Ok(());
    }
    let build = |keys: Vec<&[u8]>| {
        S::try_from_sorted_for(keys.into_iter(), model.prefer, model.block, alloc.clone()).err()
    };
    for (late, refused) in [
        (keys[at], BuildError::DuplicateKey { index: at + 1 }),
        (keys[at - 1], BuildError::NotSorted { index: at + 1 }),
    ] {
        let error = build([&keys[..=at], &[late], &keys[at + 1..]].concat());
        if let Some(BuildError::Alloc(error)) = error {
            return Err(error.into());
        }
        ensure!(error == Some(refused), "{refused:?} became {error:?}");
    }
    Ok(())
}
