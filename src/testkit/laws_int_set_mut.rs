//! Laws of the set of numbers that changes, which has no file and so no row: after every operation
//! of any program it equals a `BTreeSet`, and its bytes equal the allocator's, refusals or not.

use super::data::Rng;
use super::laws_int_set::numbers;
use super::laws_mem::{nothing_left, same_bytes};
use super::ops::Program;
use super::row::{Verdict, ensure};
use crate::arrays::{Prefer, SlicedSetMut};
use crate::error::{AllocError, BuildError};
use crate::mem::{Alloc, Counter, Global, Refusals, Refusing, Tracked};
use core::ops::RangeInclusive;
use std::collections::BTreeSet;
use std::format;
use std::vec::Vec;

type Set<A> = SlicedSetMut<A>;
type Model = BTreeSet<u64>;

/// A program adds no more numbers from here on.
const MAX_LEN: usize = 40_000;

/// A set follows a `BTreeSet`: with memory to be had, and with every n-th request refused, where
/// the program's first byte says which.
///
/// # Errors
///
/// The step that broke the law, and how.
pub fn sliced_set_mut_follows(program: &[u8]) -> Verdict {
    let (first, program) = program.split_first().unwrap_or((&0, &[]));
    for refusals in [Refusals::every(0), Refusals::every(1 + usize::from(first % 7))] {
        let counter = Counter::new();
        let alloc = Tracked::new(&counter, Refusing::new(&refusals, Global));
        run(program, &alloc, &counter, &refusals)?;
        nothing_left(&counter)?;
    }
    Ok(())
}

fn run<A: Alloc + Clone>(
    program: &[u8],
    alloc: &A,
    counter: &Counter,
    refusals: &Refusals,
) -> Verdict {
    let mut program = Program::new(program);
    let (mut set, mut model) = (SlicedSetMut::new_in(alloc.clone()), Model::new());
    let mut step = 0;
    while let Some(op) = program.byte() {
        let refused = refusals.count();
        // What older programs' bytes mean stays as it was.
        let op = match op {
            0xF8..=0xFB => 16,
            0xFC..=0xFF => 17,
            op => op % 16,
        };
        let done = apply(op, &mut set, &mut model, &mut program);
        let checked = match done {
            Err(error) if refusals.count() == refused => Err(format!("{error}, though none was")),
            Err(_) | Ok(Ok(())) => {
                compare(&set, &model, false).and_then(|()| same_bytes(&set, counter))
            }
            Ok(Err(message)) => Err(message),
        };
        checked.map_err(|message| format!("step {step}, after {op}: {message}"))?;
        step += 1;
    }
    compare(&set, &model, true)
}

/// One operation on both. After an error both are as they were, or both have what came before it.
fn apply<A: Alloc + Clone>(
    op: u8,
    set: &mut Set<A>,
    model: &mut Model,
    program: &mut Program<'_>,
) -> Result<Verdict, AllocError> {
    let room = MAX_LEN.saturating_sub(model.len());
    match op {
        0 | 1 => return insert(set, model, program.number()),
        2..=4 => {
            let (seed, count) = (program.number(), program.count().min(room));
            for number in numbers(&mut Rng::new(seed), count) {
                if let Err(message) = insert(set, model, number)? {
                    return Ok(Err(message));
                }
            }
        }
        5 | 6 => {
            let mut more = numbers(&mut Rng::new(program.number()), program.count().min(room));
            if op == 5 {
                more.sort_unstable();
            }
            let before = set.len();
            match set.try_extend_sorted(more.iter().copied()) {
                Ok(added) => {
                    model.extend(more);
                    let right = before + added == set.len() && set.len() == model.len();
                    return Ok(told(right, "as many as were put in"));
                }
                Err(error) => {
                    *model = set.iter().chain(model.iter().copied()).collect();
                    return Err(error);
                }
            }
        }
        7 => {
            let (start, count) = (program.number(), program.count().min(room) as u64);
            return insert_range(set, model, start..=start.saturating_add(count * 3));
        }
        8 => return remove(set, model, program.number()),
        9..=11 => {
            let mut rng = Rng::new(program.number());
            let part = 1 + rng.below(if op == 11 { 2 } else { 100 });
            let some: Vec<u64> = model.iter().copied().filter(|_| rng.below(part) == 0).collect();
            for number in some {
                if let Err(message) = remove(set, model, number)? {
                    return Ok(Err(message));
                }
            }
        }
        12 => set.try_shrink_to_fit()?,
        13 => set.try_optimize()?,
        14 => return freeze(set, model, program.small()),
        15 => {
            set.clear();
            model.clear();
        }
        16 => {
            let (start, count) = (program.number(), program.count() as u64);
            return remove_range(set, model, start..=start.saturating_add(count << (count % 60)));
        }
        _ => return retain(set, model, 1 + program.small() as u64 % 9),
    }
    Ok(Ok(()))
}

fn remove_range<A: Alloc + Clone>(
    set: &mut Set<A>,
    model: &mut Model,
    range: RangeInclusive<u64>,
) -> Result<Verdict, AllocError> {
    match set.try_remove_range(range.clone()) {
        Ok(removed) => {
            let before = model.len() as u64;
            model.retain(|number| !range.contains(number));
            Ok(told(model.len() as u64 + removed == before, "numbers of a range taken out"))
        }
        Err(error) => {
            model.retain(|number| !range.contains(number) || set.contains(*number));
            Err(error)
        }
    }
}

/// Takes out the multiples of a number.
fn retain<A: Alloc + Clone>(
    set: &mut Set<A>,
    model: &mut Model,
    of: u64,
) -> Result<Verdict, AllocError> {
    let mut asked = Vec::new();
    let done = set.try_retain(|number| {
        asked.push(number);
        number % of != 0
    });
    if let Err(error) = done {
        model.retain(|number| number % of != 0 || set.contains(*number));
        return Err(error);
    }
    let right = asked.iter().eq(model.iter());
    model.retain(|number| number % of != 0);
    Ok(told(right, "asked once of each, in order"))
}

fn insert_range<A: Alloc + Clone>(
    set: &mut Set<A>,
    model: &mut Model,
    range: RangeInclusive<u64>,
) -> Result<Verdict, AllocError> {
    match set.try_insert_range(range.clone()) {
        Ok(added) => {
            let before = model.len() as u64;
            model.extend(range);
            Ok(told(model.len() as u64 == before + added, "numbers of a range"))
        }
        Err(error) => {
            *model = set.iter().chain(model.iter().copied()).collect();
            Err(error)
        }
    }
}

fn told(holds: bool, what: &str) -> Verdict {
    ensure!(holds, "not {what}");
    Ok(())
}

fn insert<A: Alloc + Clone>(
    set: &mut Set<A>,
    model: &mut Model,
    number: u64,
) -> Result<Verdict, AllocError> {
    let (was_there, is_new) = (set.contains(number), set.try_insert(number)?);
    let expected = model.insert(number);
    Ok(told(is_new == expected && was_there != expected, "new as in the model"))
}

fn remove<A: Alloc + Clone>(
    set: &mut Set<A>,
    model: &mut Model,
    number: u64,
) -> Result<Verdict, AllocError> {
    let was_there = set.try_remove(number)?;
    Ok(told(was_there == model.remove(&number), "there as in the model"))
}

/// Frozen and thawed it is the same.
fn freeze<A: Alloc + Clone>(
    set: &mut Set<A>,
    model: &Model,
    how: usize,
) -> Result<Verdict, AllocError> {
    let prefer = if how % 2 == 0 { Prefer::Bytes } else { Prefer::Time };
    let frozen = match set.try_freeze(prefer) {
        Ok(frozen) => frozen,
        Err(BuildError::Alloc(error)) => return Err(error),
        Err(error) => return Ok(Err(format!("freezing: {error}"))),
    };
    if let Err(error) = frozen.validate() {
        return Ok(Err(format!("frozen: {error}")));
    }
    let same = frozen.iter().eq(model.iter().copied()) && *set == frozen;
    if let Some(some) = model.iter().next() {
        *set = frozen.try_thaw_in(set.allocator().clone())?;
        return Ok(told(same && set.contains(*some), "the same when frozen"));
    }
    Ok(told(same, "the same when frozen"))
}

/// All numbers, or a glance at some.
fn compare<A: Alloc + Clone>(set: &Set<A>, model: &Model, whole: bool) -> Verdict {
    let len = set.len();
    ensure!(len == model.len() && set.is_empty() == (len == 0), "{len}, not {}", model.len());
    let (first, last) = (set.first(), set.last());
    ensure!(first == model.first().copied() && last == model.last().copied(), "other ends");
    let step = (len / if whole { 200 } else { 4 }).max(1);
    let near = model.iter().step_by(step).chain(model.last()).copied();
    for x in near.flat_map(|x| [x.wrapping_sub(1), x, x.wrapping_add(1), x ^ 1 << 16]).chain([0]) {
        ensure!(set.contains(x) == model.contains(&x), "contains {x} differs");
        let (succ, expected) = (set.succ(x), model.range(x..).next().copied());
        ensure!(succ == expected, "succ of {x} is {succ:?}, not {expected:?}");
        let (pred, expected) = (set.pred(x), model.range(..=x).next_back().copied());
        ensure!(pred == expected, "pred of {x} is {pred:?}, not {expected:?}");
    }
    if !whole {
        return Ok(());
    }
    ensure!(set.iter().eq(model.iter().copied()), "other numbers");
    ensure!(set.iter().rev().eq(model.iter().rev().copied()), "other numbers, backward");
    ensure!(set.iter().fold(0, |count, _| count + 1) == len, "other numbers, folded");
    for (index, x) in model.iter().enumerate().step_by(step) {
        let found = (set.rank(*x), set.get(index));
        ensure!(found == (index, Some(*x)), "number {index} is {x}: {found:?}");
        let range = set.range(*x..).take(3);
        ensure!(range.eq(model.range(*x..).take(3).copied()), "the numbers from {x} on differ");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::cases;

    #[test]
    fn sets_follow_btree_set() {
        let mut rng = Rng::new(5);
        for _ in 0..cases(300) {
            let len = rng.below(120);
            let program = rng.bytes(len);
            sliced_set_mut_follows(&program)
                .unwrap_or_else(|message| panic!("{message}\nprogram {program:?}"));
        }
    }
}
