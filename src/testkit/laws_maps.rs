//! Laws of the maps that change, a trie among them, which have no file and so no row: after every
//! operation of any program each equals its oracle, and its bytes equal the allocator's, refusals
//! or not.

use super::laws_mem::{nothing_left, same_bytes};
use super::ops::Program;
use super::row::{Verdict, ensure};
use crate::error::AllocError;
use crate::hashing::DefaultHashBuilder;
use crate::maps::{Compact, CompactMap, IntMap, Interner, Map, OrderedMap, Policy, Quick, StrMap};
use crate::mem::{Counter, Footprint, Global, Refusals, Refusing, Tracked};
use crate::tries::{DynTrieEntry, DynTrieMap};
use std::collections::{BTreeMap, HashMap};
use std::format;
use std::vec::Vec;

/// Memory that is counted, and may be refused.
type Memory<'m> = Tracked<'m, Refusing<'m, Global>>;

type Model = BTreeMap<u64, u32>;

/// A program adds no more entries from here on.
const MAX_LEN: usize = 10_000;

/// A map, which the program's first byte chooses, follows its oracle: with memory to be had, and
/// with every n-th request refused, where the second byte says which.
///
/// # Errors
///
/// The step that broke the law, and how.
pub fn maps_follow(program: &[u8]) -> Verdict {
    let mut head = Program::new(program);
    let (which, every) = (head.small() % 8, 1 + head.small() % 7);
    let program = program.get(2..).unwrap_or(&[]);
    for refusals in [Refusals::every(0), Refusals::every(every)] {
        let (counter, hash) = (Counter::new(), DefaultHashBuilder::with_seed(every as u64));
        let memory = || Tracked::new(&counter, Refusing::new(&refusals, Global));
        let place = Place { counter: &counter, refusals: &refusals };
        match which {
            0 => run(Hashed::<Compact>::with_hasher_in(hash, memory()), program, place),
            1 => run(Hashed::<Quick>::with_hasher_in(hash, memory()), program, place),
            2 => run(Ordered::with_hasher_in(hash, memory()), program, place),
            3 => run(Strings::with_hasher_in(hash, memory()), program, place),
            4 => interns(Interner::with_hasher_in(hash, memory()), program, place),
            5 => run(Ints::with_seed_in(every as u64, memory()), program, place),
            6 => run(Blocks::with_hasher_in(hash, memory()), program, place),
            _ => run(Trie::new_in(memory()), program, place),
        }?;
        nothing_left(&counter)?;
    }
    Ok(())
}

/// Where a map has its memory from.
#[derive(Clone, Copy)]
struct Place<'p> {
    counter: &'p Counter,
    refusals: &'p Refusals,
}

type Hashed<'m, P> = Map<u64, u32, DefaultHashBuilder, Memory<'m>, P>;
type Blocks<'m> = CompactMap<u64, u32, DefaultHashBuilder, Memory<'m>>;
type Ordered<'m> = OrderedMap<u64, u32, DefaultHashBuilder, Memory<'m>>;
type Strings<'m> = StrMap<u32, DefaultHashBuilder, Memory<'m>>;
type Trie<'m> = DynTrieMap<u32, Memory<'m>>;
type Ints<'m> = IntMap<u32, u64, Memory<'m>>;

/// What the laws ask of a map. Keys are numbers, or strings that numbers stand for.
trait Changing: Footprint {
    fn try_insert(&mut self, key: u64, value: u32) -> Result<Option<u32>, AllocError>;
    fn try_reserve(&mut self, additional: usize) -> Result<(), AllocError>;
    fn try_shrink(&mut self) -> Result<(), AllocError>;
    /// Adds to the value of a key that is there, or sets it, with one look-up.
    fn try_add(&mut self, key: u64, value: u32) -> Result<u32, AllocError>;
    fn remove(&mut self, key: u64) -> Option<u32>;
    fn get(&self, key: u64) -> Option<u32>;
    /// Keeps the entries whose values `keep` accepts.
    fn retain(&mut self, keep: impl Fn(u32) -> bool);
    /// Takes all entries out, of which the first few are looked at.
    fn drain_sum(&mut self, few: usize) -> u64;
    fn clear(&mut self);
    fn len(&self) -> usize;
    fn sum(&self) -> u64;
    fn check(&self) -> bool;
}

/// A map of any make: its keys, and the methods that differ.
macro_rules! changing {
    ([$($params:tt)*] $map:ty, $entry:ident, |$key:ident| $of:expr, $remove:ident,
     [$($all:tt)*]) => {
        impl<$($params)*> Changing for $map {
            fn try_insert(&mut self, $key: u64, value: u32) -> Result<Option<u32>, AllocError> {
                <$map>::try_insert(self, $of, value)
            }

            fn try_reserve(&mut self, additional: usize) -> Result<(), AllocError> {
                <$map>::try_reserve(self, additional)
            }

            fn try_shrink(&mut self) -> Result<(), AllocError> {
                <$map>::try_shrink_to(self, 0)
            }

            fn try_add(&mut self, $key: u64, value: u32) -> Result<u32, AllocError> {
                match self.entry($of) {
                    crate::maps::$entry::Occupied(mut entry) => {
                        let sum = entry.get().wrapping_add(value);
                        entry.insert(sum);
                        Ok(sum)
                    }
                    crate::maps::$entry::Vacant(entry) => entry.try_insert(value).copied(),
                }
            }

            fn remove(&mut self, $key: u64) -> Option<u32> {
                self.$remove(&$of)
            }

            fn get(&self, $key: u64) -> Option<u32> {
                <$map>::get(self, &$of).copied()
            }

            fn retain(&mut self, keep: impl Fn(u32) -> bool) {
                <$map>::retain(self, |_, value| keep(*value));
            }

            fn drain_sum(&mut self, few: usize) -> u64 {
                self.drain($($all)*).take(few).map(|(_, value)| u64::from(value)).sum()
            }

            fn clear(&mut self) {
                <$map>::clear(self);
            }

            fn len(&self) -> usize {
                <$map>::len(self)
            }

            fn sum(&self) -> u64 {
                self.iter().map(|(_, value)| u64::from(*value)).sum()
            }

            fn check(&self) -> bool {
                <$map>::check(self)
            }
        }
    };
}

changing!(['m, P: Policy] Hashed<'m, P>, Entry, |key| key, remove, []);
changing!(['m] Blocks<'m>, CompactEntry, |key| key, remove, []);
changing!(['m] Ordered<'m>, OrderedEntry, |key| key, swap_remove, [..]);
changing!(['m] Ints<'m>, IntEntry, |key| key, remove, []);
changing!(['m] Strings<'m>, StrEntry, |key| string_of(key).as_slice(), remove, []);

impl Changing for Trie<'_> {
    fn try_insert(&mut self, key: u64, value: u32) -> Result<Option<u32>, AllocError> {
        self.try_insert(string_of(key), value)
    }

    // It has no room for keys that are not there.
    fn try_reserve(&mut self, _: usize) -> Result<(), AllocError> {
        Ok(())
    }

    fn try_shrink(&mut self) -> Result<(), AllocError> {
        self.try_shrink_to_fit()
    }

    fn try_add(&mut self, key: u64, value: u32) -> Result<u32, AllocError> {
        match self.entry(&string_of(key)) {
            DynTrieEntry::Occupied(mut entry) => {
                let sum = entry.get().wrapping_add(value);
                entry.insert(sum);
                Ok(sum)
            }
            DynTrieEntry::Vacant(entry) => entry.try_insert(value).copied(),
        }
    }

    fn remove(&mut self, key: u64) -> Option<u32> {
        self.remove(string_of(key))
    }

    fn get(&self, key: u64) -> Option<u32> {
        self.get(string_of(key)).copied()
    }

    // Its own asks for a buffer, and panics if that is refused.
    fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        let gone = self.iter().filter(|(_, value)| !keep(**value)).map(|(key, _)| key);
        for key in gone.collect::<Vec<_>>() {
            self.remove(key);
        }
    }

    fn drain_sum(&mut self, few: usize) -> u64 {
        let mut sum = 0;
        for _ in 0..few {
            let first = self.pop_first().map_or(0, |(_, value)| value);
            let last = self.pop_last().map_or(0, |(_, value)| value);
            sum += u64::from(first) + u64::from(last);
        }
        self.clear();
        sum
    }

    fn clear(&mut self) {
        self.clear();
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn sum(&self) -> u64 {
        self.values().map(|value| u64::from(*value)).sum()
    }

    fn check(&self) -> bool {
        self.check() && self.iter().map(|(key, _)| key).is_sorted()
    }
}

/// The string that a number stands for: different for each, of 0 to 455 bytes, some of them about
/// as long as strings are when they get a block of their own.
fn string_of(number: u64) -> Vec<u8> {
    let bytes = 8 - number.leading_zeros() as usize / 8;
    if bytes == 0 {
        return Vec::new();
    }
    let more = match number % 50 {
        7 => 256 + (number / 50 % 200) as usize,
        8 => 240 + (number / 50 % 20) as usize,
        other => other as usize % 23,
    };
    let mut string = number.to_le_bytes()[..bytes].to_vec();
    string.insert(0, bytes as u8);
    string.resize(string.len() + more, number as u8);
    string
}

fn run<M: Changing>(mut map: M, program: &[u8], place: Place<'_>) -> Verdict {
    let (mut program, mut model) = (Program::new(program), Model::new());
    let mut step = 0;
    while let Some(op) = program.byte() {
        let refused = place.refusals.count();
        let checked = match apply(op % 16, &mut map, &mut model, &mut program) {
            Err(error) if place.refusals.count() == refused => {
                Err(format!("{error}, though nothing was refused"))
            }
            Ok(verdict) => verdict.and_then(|()| compare(&map, &model, place.counter)),
            Err(_) => compare(&map, &model, place.counter),
        };
        checked.map_err(|message| format!("step {step}, after {}: {message}", op % 16))?;
        step += 1;
    }
    ensure!(map.check(), "the invariants");
    let found = model.iter().all(|(key, value)| map.get(*key) == Some(*value));
    ensure!(found, "a key is not found, or has another value");
    Ok(())
}

/// One operation on both. After an error both are as they were, or both have what came before it.
fn apply<M: Changing>(
    op: u8,
    map: &mut M,
    model: &mut Model,
    program: &mut Program<'_>,
) -> Result<Verdict, AllocError> {
    let room = MAX_LEN.saturating_sub(model.len()) as u64;
    match op {
        0 | 1 => return insert(map, model, program.number(), program.small() as u32),
        2..=4 => {
            let (from, count) = (program.number(), (program.count() as u64).min(room));
            for key in (0..count).map(|i| from.wrapping_add(i)) {
                if let Err(message) = insert(map, model, key, key as u32)? {
                    return Ok(Err(message));
                }
            }
        }
        5 => return Ok(remove(map, model, program.number())),
        6 | 7 => {
            let (from, count) = (program.number(), program.count() as u64);
            for key in (0..count).map(|i| from.wrapping_add(i)) {
                if let Err(message) = remove(map, model, key) {
                    return Ok(Err(message));
                }
            }
        }
        8 | 9 => {
            let (key, value) = (program.number(), program.small() as u32);
            let sum = map.try_add(key, value)?;
            let expected = model.entry(key).and_modify(|old| *old = old.wrapping_add(value));
            let expected = *expected.or_insert(value);
            return Ok(told(sum == expected, "the sum of an entry"));
        }
        10 => {
            let part = 2 + program.small() as u32 % 30;
            map.retain(|value| value % part != 0);
            model.retain(|_, value| *value % part != 0);
        }
        11 => {
            let part = 2 + program.small() as u32 % 30;
            map.retain(|value| value % part == 0);
            model.retain(|_, value| *value % part == 0);
        }
        12 => map.try_reserve(program.count())?,
        13 => map.try_shrink()?,
        14 => {
            let (few, len) = (program.small(), model.len());
            let most: u64 = model.values().map(|value| u64::from(*value)).sum();
            model.clear();
            let sum = map.drain_sum(few);
            let holds = if few >= len { sum == most } else { sum <= most };
            return Ok(told(holds, "what was there"));
        }
        _ => {
            map.clear();
            model.clear();
        }
    }
    Ok(Ok(()))
}

fn told(holds: bool, what: &str) -> Verdict {
    ensure!(holds, "not {what}");
    Ok(())
}

fn insert<M: Changing>(
    map: &mut M,
    model: &mut Model,
    key: u64,
    value: u32,
) -> Result<Verdict, AllocError> {
    let old = map.try_insert(key, value)?;
    Ok(told(old == model.insert(key, value), "the value that a key had"))
}

fn remove<M: Changing>(map: &mut M, model: &mut Model, key: u64) -> Verdict {
    told(map.remove(key) == model.remove(&key), "the value of a key that goes")
}

/// Length, sum and bytes, and some keys.
fn compare<M: Changing>(map: &M, model: &Model, counter: &Counter) -> Verdict {
    ensure!(map.len() == model.len(), "{} entries, not {}", map.len(), model.len());
    let sum: u64 = model.values().map(|value| u64::from(*value)).sum();
    ensure!(map.sum() == sum, "the values sum up to {}, not {sum}", map.sum());
    for (key, value) in model.iter().take(3) {
        ensure!(map.get(*key) == Some(*value), "the value of {key}");
        let beside = key ^ 1 << 20;
        ensure!(map.get(beside) == model.get(&beside).copied(), "the value of {beside}");
    }
    same_bytes(map, counter)
}

/// An interner follows a vector of strings and a map of their numbers.
fn interns(
    mut interner: Interner<DefaultHashBuilder, Memory<'_>>,
    program: &[u8],
    place: Place<'_>,
) -> Verdict {
    let mut program = Program::new(program);
    let (mut strings, mut ids) = (Vec::new(), HashMap::new());
    while let Some(op) = program.byte() {
        let (from, count) = match op % 8 {
            0 | 1 => (program.number(), 1),
            2..=4 => (program.number(), program.count().min(MAX_LEN.saturating_sub(strings.len()))),
            _ => (0, 0),
        };
        let refused = place.refusals.count();
        let mut done = Ok(());
        for number in (0..count as u64).map(|i| from.wrapping_add(i)) {
            let string = string_of(number);
            match interner.try_intern(&string) {
                Ok(id) => {
                    let expected = *ids.entry(number).or_insert(strings.len() as u32);
                    ensure!(id == expected, "{number} has the number {id}, not {expected}");
                    if id as usize == strings.len() {
                        strings.push(string);
                    }
                }
                Err(error) => done = Err(error),
            }
        }
        match op % 8 {
            5 => done = interner.try_reserve(program.count(), program.count()),
            6 => done = interner.try_shrink_to_fit(),
            7 if program.small() < 32 => {
                interner.clear();
                (strings, ids) = (Vec::new(), HashMap::new());
            }
            _ => {}
        }
        ensure!(done.is_ok() || place.refusals.count() > refused, "an error without a refusal");
        ensure!(interner.len() == strings.len(), "{} strings", interner.len());
        let last = interner.resolve(strings.len().wrapping_sub(1) as u32);
        ensure!(last == strings.last().map(Vec::as_slice), "the last string is {last:?}");
        same_bytes(&interner, place.counter)?;
    }
    ensure!(interner.check(), "the invariants");
    let same = interner.iter().map(|(_, string)| string).eq(strings.iter().map(Vec::as_slice));
    ensure!(same, "other strings");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::data::Rng;
    use super::*;
    use crate::testkit::cases;
    use std::collections::HashSet;

    #[test]
    fn maps_follow_theirs() {
        let mut rng = Rng::new(11);
        for _ in 0..cases(100) {
            let len = rng.below(90);
            let program = rng.bytes(len);
            maps_follow(&program)
                .unwrap_or_else(|message| panic!("{message}\nprogram {program:?}"));
        }
    }

    #[test]
    fn strings_differ_as_their_numbers_do() {
        let numbers =
            (0..5_000).chain((0..64).map(|i| u64::MAX >> i)).chain((13..64).map(|i| 1 << i));
        let mut seen: HashSet<u64> = HashSet::new();
        let mut strings = HashSet::new();
        for number in numbers.filter(|number| seen.insert(*number)) {
            assert!(strings.insert(string_of(number)), "{number}");
        }
        assert!(strings.iter().any(Vec::is_empty) && strings.iter().any(|s| s.len() > 400));
    }
}
