//! Laws of the growable vectors, which have no file and so no row: after every operation of any
//! program they equal a `Vec`, and their bytes equal the allocator's, refusals or not.

use super::laws_mem::{nothing_left, same_bytes};
use super::ops::Program;
use super::row::{Verdict, ensure};
use crate::arrays::{SegVec, SlimVec};
use crate::error::AllocError;
use crate::mem::{Alloc, Counter, Footprint, Global, Refusals, Refusing, Tracked};
use std::format;
use std::vec::Vec;

/// What the vectors hold: a number in one guise or another.
pub trait Value<A>: Footprint + Sized {
    /// The guise of `number`, or of what it keeps of it.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if it needs memory that cannot be had.
    fn make(number: u64, alloc: &A) -> Result<Self, AllocError>;

    /// The number that it keeps.
    fn number(&self) -> u64;
}

impl<A> Value<A> for u64 {
    fn make(number: u64, _: &A) -> Result<Self, AllocError> {
        Ok(number)
    }

    fn number(&self) -> u64 {
        *self
    }
}

/// Has no size: keeps nothing.
impl<A> Value<A> for () {
    fn make(_: u64, _: &A) -> Result<Self, AllocError> {
        Ok(())
    }

    fn number(&self) -> u64 {
        0
    }
}

/// Owns a block of its own: one that is dropped twice or never is found by the allocator's count.
impl<A: Alloc + Clone> Value<A> for SlimVec<u8, A> {
    fn make(number: u64, alloc: &A) -> Result<Self, AllocError> {
        let mut bytes = Self::new_in(alloc.clone());
        let used = 8 - number.leading_zeros() as usize / 8;
        bytes.try_extend_from_slice(&number.to_le_bytes()[..used])?;
        Ok(bytes)
    }

    fn number(&self) -> u64 {
        self.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

/// What both vectors can do.
trait Growable<T, A: Alloc>: Footprint + Sized {
    fn empty(alloc: A) -> Self;
    fn items<'a>(&'a self) -> impl DoubleEndedIterator<Item = &'a T> + ExactSizeIterator
    where
        T: 'a;
    fn into_items(self) -> impl DoubleEndedIterator<Item = T> + ExactSizeIterator;
    fn at(&self, index: usize) -> Option<&T>;
    fn room(&self) -> usize;
    fn push_item(&mut self, item: T) -> Result<(), AllocError>;
    fn pop_item(&mut self) -> Option<T>;
    fn swap_out(&mut self, index: usize) -> T;
    fn cut(&mut self, len: usize);
    fn keep(&mut self, keep: impl FnMut(&T) -> bool);
    fn make_room(&mut self, extra: usize) -> Result<(), AllocError>;
    fn give_back(&mut self) -> Result<(), AllocError>;

    /// What only this one can do; `item` is there to be put in.
    fn special(
        &mut self,
        item: T,
        program: &mut Program<'_>,
        model: &mut Vec<u64>,
    ) -> Result<(), AllocError>;
}

/// The methods that both have under the same name.
macro_rules! same_methods {
    () => {
        fn empty(alloc: A) -> Self {
            Self::new_in(alloc)
        }

        fn items<'a>(&'a self) -> impl DoubleEndedIterator<Item = &'a T> + ExactSizeIterator
        where
            T: 'a,
        {
            self.iter()
        }

        fn into_items(self) -> impl DoubleEndedIterator<Item = T> + ExactSizeIterator {
            self.into_iter()
        }

        fn at(&self, index: usize) -> Option<&T> {
            self.get(index)
        }

        fn room(&self) -> usize {
            self.capacity()
        }

        fn push_item(&mut self, item: T) -> Result<(), AllocError> {
            self.try_push(item)
        }

        fn pop_item(&mut self) -> Option<T> {
            self.pop()
        }

        fn swap_out(&mut self, index: usize) -> T {
            self.swap_remove(index)
        }

        fn cut(&mut self, len: usize) {
            self.truncate(len);
        }

        fn keep(&mut self, keep: impl FnMut(&T) -> bool) {
            self.retain(keep);
        }

        fn make_room(&mut self, extra: usize) -> Result<(), AllocError> {
            self.try_reserve(extra)
        }

        fn give_back(&mut self) -> Result<(), AllocError> {
            self.try_shrink_to_fit()
        }
    };
}

impl<T: Value<A>, A: Alloc> Growable<T, A> for SlimVec<T, A> {
    same_methods!();

    /// Inserts, removes, drains, removes repeated items, or takes turns.
    fn special(
        &mut self,
        item: T,
        program: &mut Program<'_>,
        model: &mut Vec<u64>,
    ) -> Result<(), AllocError> {
        let position = |program: &mut Program<'_>| program.count() % (model.len() + 1);
        match program.small() % 5 {
            0 => {
                let (at, number) = (position(program), item.number());
                self.try_insert(at, item)?;
                model.insert(at, number);
            }
            1 if !model.is_empty() => {
                let at = position(program) % model.len();
                assert_eq!(self.remove(at).number(), model.remove(at));
            }
            2 => {
                let (a, b) = (position(program), position(program));
                let (range, front, back) = (a.min(b)..a.max(b), program.small(), program.small());
                let ours: Vec<_> = some(self.drain(range.clone()), front, back);
                assert_eq!(numbers(&ours), some(model.drain(range), front, back));
            }
            3 => {
                self.dedup_by(|later, earlier| later.number() / 2 == earlier.number() / 2);
                model.dedup_by(|later, earlier| *later / 2 == *earlier / 2);
            }
            _ => {
                self.reverse();
                model.reverse();
            }
        }
        Ok(())
    }
}

impl<T: Value<A>, A: Alloc> Growable<T, A> for SegVec<T, A> {
    same_methods!();

    /// Exchanges two items, or replaces some through the iterator.
    fn special(
        &mut self,
        item: T,
        program: &mut Program<'_>,
        model: &mut Vec<u64>,
    ) -> Result<(), AllocError> {
        let Some(last) = model.len().checked_sub(1) else { return Ok(()) };
        let (a, b) = (program.count().min(last), program.count().min(last));
        if program.small() % 2 == 0 {
            self.swap(a, b);
            model.swap(a, b);
        } else {
            model[a] = item.number();
            let place =
                if a < b { self.iter_mut().nth(a) } else { self.iter_mut().rev().nth(last - a) };
            *place.expect("an item") = item;
        }
        Ok(())
    }
}

/// Some of the items: from the front and from the back, as one sequence; the rest is dropped.
fn some<T>(mut items: impl DoubleEndedIterator<Item = T>, front: usize, back: usize) -> Vec<T> {
    let mut some: Vec<T> = items.by_ref().take(front).collect();
    some.extend(items.rev().take(back));
    some
}

fn numbers<A, T: Value<A>>(items: &[T]) -> Vec<u64> {
    items.iter().map(T::number).collect()
}

/// A program stops appending here: enough for several segments, and to pass 128 KiB.
const MAX_ITEMS: usize = 20_000;

/// Runs the program on one kind of vector and item, with all the memory there is and then with
/// every n-th request refused, as its first byte says.
macro_rules! follows {
    ($program:expr, $vector:ident of $($item:ty),+) => {{
        let (first, program) = $program.split_first().unwrap_or((&0, &[]));
        for every in [0, 1 + usize::from(first % 7)] {
            $({
                let (counter, refusals) = (Counter::new(), Refusals::every(every));
                let alloc = Tracked::new(&counter, Refusing::new(&refusals, Global));
                let ran = run::<$item, $vector<$item, _>, _>(program, &alloc, &counter, &refusals);
                let of = stringify!($item);
                ran.map_err(|message| format!("{} of {of}: {message}", stringify!($vector)))?;
                nothing_left(&counter)?;
            })+
        }
        Ok(())
    }};
}

/// A `SlimVec` follows a `Vec`, whatever it holds.
///
/// # Errors
///
/// The step that broke the law, and how.
pub fn slim_vec_follows(program: &[u8]) -> Verdict {
    follows!(program, SlimVec of u64, (), SlimVec<u8, _>)
}

/// A `SegVec` follows a `Vec`, whatever it holds.
///
/// # Errors
///
/// The step that broke the law, and how.
pub fn seg_vec_follows(program: &[u8]) -> Verdict {
    follows!(program, SegVec of u64, (), SlimVec<u8, _>)
}

/// For the fuzz target: the first byte picks the vector, the rest is a program.
///
/// # Errors
///
/// The step that broke the law, and how.
pub fn vectors_follow(input: &[u8]) -> Verdict {
    match input.split_first() {
        None => Ok(()),
        Some((which, program)) if which % 2 == 0 => slim_vec_follows(program),
        Some((_, program)) => seg_vec_follows(program),
    }
}

fn run<T: Value<A>, V: Growable<T, A>, A: Alloc + Clone>(
    program: &[u8],
    alloc: &A,
    counter: &Counter,
    refusals: &Refusals,
) -> Verdict {
    let mut program = Program::new(program);
    let (mut vec, mut model) = (V::empty(alloc.clone()), Vec::new());
    let mut step = 0;
    while let Some(op) = program.byte() {
        let refused = refusals.count();
        let done = apply(op, &mut vec, &mut model, &mut program, alloc);
        let checked = match done {
            Err(error) if refusals.count() == refused => Err(format!("{error}, though none was")),
            _ => compare(&vec, &model, false).and_then(|()| same_bytes(&vec, counter)),
        };
        checked.map_err(|message| format!("step {step}, after {}: {message}", op % 16))?;
        step += 1;
    }
    compare(&vec, &model, true)
}

/// One operation on both. After an error both are as they were, or both have what came before it.
fn apply<T: Value<A>, V: Growable<T, A>, A: Alloc + Clone>(
    op: u8,
    vec: &mut V,
    model: &mut Vec<u64>,
    program: &mut Program<'_>,
    alloc: &A,
) -> Result<(), AllocError> {
    match op % 16 {
        0..=2 => push(vec, model, program.number(), alloc)?,
        3..=5 => {
            let (seed, count) = (program.number(), program.count());
            for number in (0..count as u64).map(|i| (seed ^ i).wrapping_mul(i | 1)) {
                push(vec, model, number, alloc)?;
            }
        }
        6 => assert_eq!(vec.pop_item().map(|item| item.number()), model.pop()),
        7 if !model.is_empty() => {
            let at = program.count() % model.len();
            assert_eq!(vec.swap_out(at).number(), model.swap_remove(at));
        }
        8 => {
            let len = program.count();
            vec.cut(len);
            model.truncate(len);
        }
        9 => {
            let part = 1 + program.number() % 7;
            vec.keep(|item| item.number() % 7 % part == 0);
            model.retain(|number| number % 7 % part == 0);
        }
        10 => vec.give_back()?,
        11 => {
            let extra = program.count();
            vec.make_room(extra)?;
            assert!(vec.room() - model.len() >= extra, "{} of {extra}", vec.room());
        }
        12 => {
            let whole = core::mem::replace(vec, V::empty(alloc.clone()));
            let (front, back) = (program.small(), program.small());
            let ours: Vec<T> = some(whole.into_items(), front, back);
            assert_eq!(numbers(&ours), some(model.drain(..), front, back));
        }
        _ => {
            let item = T::make(program.number(), alloc)?;
            vec.special(item, program, model)?;
        }
    }
    Ok(())
}

fn push<T: Value<A>, V: Growable<T, A>, A>(
    vec: &mut V,
    model: &mut Vec<u64>,
    number: u64,
    alloc: &A,
) -> Result<(), AllocError>
where
    A: Alloc,
{
    if model.len() < MAX_ITEMS {
        let item = T::make(number, alloc)?;
        let kept = item.number();
        vec.push_item(item)?;
        model.push(kept);
    }
    Ok(())
}

/// All items, or a glance at the ends.
fn compare<T: Value<A>, V: Growable<T, A>, A: Alloc>(
    vec: &V,
    model: &[u64],
    whole: bool,
) -> Verdict {
    let len = vec.items().len();
    ensure!(len == model.len() && len <= vec.room(), "{len} items, not {}", model.len());
    for index in (0..4).chain(len.saturating_sub(2)..len + 2).chain([len / 2, usize::MAX]) {
        let (ours, theirs) = (vec.at(index).map(T::number), model.get(index).copied());
        ensure!(ours == theirs, "item {index} is {ours:?}, not {theirs:?}");
    }
    if whole {
        let forward: Vec<u64> = vec.items().map(T::number).collect();
        ensure!(forward == model, "the items differ");
        let back: Vec<u64> = vec.items().rev().map(T::number).collect();
        ensure!(back.iter().rev().eq(model), "backward the items differ");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::{cases, data::Rng};

    #[test]
    fn vectors_follow_vec() {
        let mut rng = Rng::new(3);
        for _ in 0..cases(200) {
            let len = rng.below(120);
            let program = rng.bytes(len);
            for law in [slim_vec_follows, seg_vec_follows] {
                law(&program).unwrap_or_else(|message| panic!("{message}\nprogram {program:?}"));
            }
        }
    }
}
