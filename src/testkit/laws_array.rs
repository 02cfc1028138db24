//! Laws of the shapes `ints` and `strings`: a sequence answers as its oracle does, after every
//! operation of any program.

use super::laws_mem;
use super::model::{Model, Sequence};
use super::ops::{Item, Op, Program};
use super::row::{Look, Row, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::arrays::{Ints, IntsMut, Strings, StringsMut};
use crate::error::BuildError;
use crate::mem::{Alloc, Counter, Footprint, Global, Refusals, Refusing, Tracked};
use std::format;
use std::string::String;
use std::vec::Vec;

/// After every operation of the program the structure equals its oracle, and its bytes equal the
/// allocator's; no growth asks for much more than it needs; after the drop nothing is left.
///
/// # Errors
///
/// The operation that broke a law, and how.
pub fn follows_model<R: Row>(program: &[u8]) -> Verdict {
    let (counter, refusals) = (Counter::new(), Refusals::every(0));
    // The allocator of the other law: each row is compiled for one type less.
    let alloc = Tracked::new(&counter, Refusing::new(&refusals, Global));
    let mut growth = laws_mem::Growth::default();
    let mut after = |subject: &R::In<_>, model: &R::Model, stop: Option<BuildError>| {
        ensure!(stop.is_none(), "refused, with memory to be had: {stop:?}");
        subject.compare(model, Look::Glance)?;
        laws_mem::same_bytes(subject, &counter)?;
        if R::Model::GROWS_FINELY { growth.check(subject, &counter) } else { Ok(()) }
    };
    ensure!(
        run::<R::Model, _, R::In<_>>(program, &alloc, &mut after)?.is_some(),
        "refused, with memory to be had"
    );
    laws_mem::nothing_left(&counter)
}

/// Runs a program: after each operation `after` sees the structure, its oracle, and why it refused,
/// if it did, and once before the first. The result equals its oracle; there is none if not even
/// the empty structure got its memory.
pub(super) fn run<M: Model, A: Alloc + Clone, S: SubjectMut<M, A>>(
    program: &[u8],
    alloc: &A,
    after: &mut dyn FnMut(&S, &M, Option<BuildError>) -> Verdict,
) -> Result<Option<(S, M)>, String> {
    let mut program = Program::new(program);
    let mut model = M::default();
    let mut subject = match S::build(&model, alloc.clone()) {
        Ok(subject) => subject,
        Err(BuildError::Alloc(_)) => return Ok(None),
        Err(error) => return Err(format!("building nothing: {error}")),
    };
    after(&subject, &model, None)?;
    let mut step = 0;
    while let Some(op) = M::read_op(&mut program) {
        let stop = match subject.apply(&op, &mut model, alloc) {
            Ok(()) => None,
            Err(Stop::Refused(error)) => Some(error),
            Err(Stop::Broken(message)) => return Err(format!("step {step}, {op:?}: {message}")),
        };
        let checked = after(&subject, &model, stop);
        checked.map_err(|message| format!("step {step}, after {op:?}: {message}"))?;
        step += 1;
    }
    subject.compare(&model, Look::Whole)?;
    Ok(Some((subject, model)))
}

/// Positions worth a look in a sequence of `len` items, some of them behind its end.
fn positions(len: usize, look: Look) -> impl Iterator<Item = usize> {
    let dense = if look == Look::Whole { len } else { len.min(8) };
    let step = (len / 13).max(1);
    let spread = (dense..len).step_by(step);
    let last = len.saturating_sub(2)..len.saturating_add(2);
    (0..dense).chain(spread).chain(last).chain([usize::MAX - 1, usize::MAX])
}

/// Items to look up: some of the sequence, and some others.
fn needles<T: Item>(items: &[T]) -> impl Iterator<Item = T> {
    let step = (items.len() / 5).max(1);
    items.iter().step_by(step).chain(items.last()).cloned().chain(T::needles())
}

/// A position that a search returned lies within the sequence.
fn within(found: Result<usize, usize>, len: usize) -> Verdict {
    let possible = match found {
        Ok(at) => at < len,
        Err(at) => at <= len,
    };
    ensure!(possible, "a search in {len} items returned {found:?}");
    Ok(())
}

/// The questions of [`Ints`] and [`Strings`] under one name.
pub trait Reads<T: Item>: Footprint {
    /// How many items there are.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool;
    /// A copy of the item at `index`.
    fn item(&self, index: usize) -> Option<T>;
    /// Where `item` is in an ascending sequence.
    #[allow(clippy::missing_errors_doc)] // not an error: the place where it is not
    fn find(&self, item: &T) -> Result<usize, usize>;
}

impl<S: Ints> Reads<u64> for S {
    fn len(&self) -> usize {
        Ints::len(self)
    }

    fn is_empty(&self) -> bool {
        Ints::is_empty(self)
    }

    fn item(&self, index: usize) -> Option<u64> {
        self.get(index)
    }

    fn find(&self, item: &u64) -> Result<usize, usize> {
        self.binary_search(*item)
    }
}

impl<S: Strings> Reads<Vec<u8>> for S {
    fn len(&self) -> usize {
        Strings::len(self)
    }

    fn is_empty(&self) -> bool {
        Strings::is_empty(self)
    }

    fn item(&self, index: usize) -> Option<Vec<u8>> {
        self.get(index).map(<[u8]>::to_vec)
    }

    fn find(&self, item: &Vec<u8>) -> Result<usize, usize> {
        self.binary_search(item)
    }
}

impl<T: Item, S: Reads<T>> Subject<Sequence<T>> for S {
    fn compare(&self, model: &Sequence<T>, look: Look) -> Verdict {
        let (len, items) = (self.len(), &model.0);
        ensure!(len == items.len(), "{len} items, not {}", items.len());
        ensure!(self.is_empty() == items.is_empty(), "is_empty() of {len} items");
        for index in positions(len, look) {
            let (item, expected) = (self.item(index), items.get(index));
            ensure!(item.as_ref() == expected, "item {index} is {item:?}, not {expected:?}");
        }
        if items.is_sorted() {
            for needle in needles(items) {
                let (found, expected) = (self.find(&needle), model.binary_search(&needle));
                ensure!(found == expected, "found {needle:?} at {found:?}, not {expected:?}");
            }
        }
        Ok(())
    }

    fn exercise(&self) -> Verdict {
        let len = self.len();
        ensure!(self.is_empty() == (len == 0), "is_empty() of {len} items");
        for index in positions(len, Look::Glance) {
            let exists = self.item(index).is_some();
            ensure!(exists == (index < len), "item {index} of {len}: {exists}");
        }
        for needle in T::needles().into_iter().chain(self.item(len / 2)) {
            within(self.find(&needle), len)?;
        }
        core::hint::black_box((self.heap_bytes(), self.heap_blocks(), self.total_bytes()));
        Ok(())
    }
}

/// The operations of [`IntsMut`] and [`StringsMut`] under one name.
pub trait Writes<T: Item, A: Alloc>: Reads<T> + Sized {
    /// Builds it from `items`.
    ///
    /// # Errors
    ///
    /// What the structure returns.
    fn build_of(items: &[T], alloc: A) -> Result<Self, BuildError>;

    /// Appends `item`.
    ///
    /// # Errors
    ///
    /// What the structure returns.
    fn push_item(&mut self, item: &T) -> Result<(), BuildError>;

    /// Overwrites the item at `index`, if the items are [replaceable](Item::REPLACEABLE).
    ///
    /// # Errors
    ///
    /// What the structure returns.
    fn set_item(&mut self, index: usize, item: &T) -> Result<(), BuildError>;

    /// Takes the last item back, if the items are replaceable.
    fn pop_item(&mut self) -> Option<T>;

    /// Removes the items from `len` on.
    ///
    /// # Errors
    ///
    /// What the structure returns.
    fn cut(&mut self, len: usize) -> Result<(), BuildError>;

    /// Gives back all room that is not needed.
    ///
    /// # Errors
    ///
    /// What the structure returns.
    fn give_back(&mut self) -> Result<(), BuildError>;
}

impl<A: Alloc, S: IntsMut<A>> Writes<u64, A> for S {
    fn build_of(items: &[u64], alloc: A) -> Result<Self, BuildError> {
        Self::try_build_in(items, alloc)
    }

    fn push_item(&mut self, item: &u64) -> Result<(), BuildError> {
        self.try_push(*item)
    }

    fn set_item(&mut self, index: usize, item: &u64) -> Result<(), BuildError> {
        self.try_set(index, *item)
    }

    fn pop_item(&mut self) -> Option<u64> {
        self.pop()
    }

    fn cut(&mut self, len: usize) -> Result<(), BuildError> {
        self.truncate(len);
        Ok(())
    }

    fn give_back(&mut self) -> Result<(), BuildError> {
        self.try_shrink_to_fit()
    }
}

impl<A: Alloc, S: StringsMut<A>> Writes<Vec<u8>, A> for S {
    fn build_of(items: &[Vec<u8>], alloc: A) -> Result<Self, BuildError> {
        Self::try_build_in(items.iter().map(Vec::as_slice), alloc)
    }

    fn push_item(&mut self, item: &Vec<u8>) -> Result<(), BuildError> {
        self.try_push(item)
    }

    fn set_item(&mut self, _: usize, _: &Vec<u8>) -> Result<(), BuildError> {
        Ok(())
    }

    fn pop_item(&mut self) -> Option<Vec<u8>> {
        None
    }

    fn cut(&mut self, len: usize) -> Result<(), BuildError> {
        self.try_truncate(len)
    }

    fn give_back(&mut self) -> Result<(), BuildError> {
        self.try_shrink_to_fit()
    }
}

impl<T: Item, A: Alloc + Clone, S: Writes<T, A>> SubjectMut<Sequence<T>, A> for S {
    fn build(model: &Sequence<T>, alloc: A) -> Result<Self, BuildError> {
        Self::build_of(&model.0, alloc)
    }

    fn apply(&mut self, op: &Op<T>, model: &mut Sequence<T>, alloc: &A) -> Result<(), Stop> {
        match op {
            Op::Push(item) => push_all(self, core::slice::from_ref(item), model)?,
            Op::PushMany(items) => push_all(self, items, model)?,
            Op::Set(raw, item) => set(self, model.position(*raw), item, model)?,
            Op::Pop => {
                let (last, expected) = (self.pop_item(), model.0.pop());
                ensure!(last == expected, "popped {last:?}, not {expected:?}");
            }
            Op::Truncate(raw) => {
                let len = model.position(*raw);
                self.cut(len)?;
                model.0.truncate(len);
            }
            Op::Shrink => self.give_back()?,
            Op::Search(item) => {
                let (found, expected) = (self.find(item), model.binary_search(item));
                let right = found == expected || !model.0.is_sorted();
                ensure!(right, "found {item:?} at {found:?}, not {expected:?}");
                within(found, model.0.len())?;
            }
            Op::Rebuild(sorted) => {
                let next = if *sorted { model.sorted() } else { model.clone() };
                *self = Self::build_of(&next.0, alloc.clone())?;
                *model = next;
            }
        }
        Ok(())
    }

    fn shrink(&mut self) -> Result<(), BuildError> {
        self.give_back()
    }

    fn churn(&mut self) -> Verdict {
        // A damaged length may be astronomic where items take no bytes; what such a sequence would
        // ask for when it widens is then not the file's doing.
        if self.len() > MAX_CHURNED {
            return self.exercise();
        }
        let item = self.item(0).unwrap_or_else(|| T::golden().swap_remove(0));
        let half = self.len() / 2;
        let _ = self.push_item(&item);
        self.exercise()?;
        let _ = self.set_item(half, &item);
        let _ = self.pop_item();
        let _ = self.cut(half);
        self.exercise()?;
        let _ = self.give_back();
        self.exercise()?;
        let _ = self.push_item(&item);
        let _ = self.cut(0);
        let _ = self.push_item(&item);
        self.exercise()
    }
}

/// The longest sequence from damaged bytes that is changed, and not only read.
const MAX_CHURNED: usize = 1 << 16;

fn push_all<T: Item, A: Alloc>(
    subject: &mut impl Writes<T, A>,
    items: &[T],
    model: &mut Sequence<T>,
) -> Result<(), BuildError> {
    for item in &items[..model.room_for(items)] {
        subject.push_item(item)?;
        model.0.push(item.clone());
    }
    Ok(())
}

fn set<T: Item, A: Alloc>(
    subject: &mut impl Writes<T, A>,
    index: usize,
    item: &T,
    model: &mut Sequence<T>,
) -> Result<(), Stop> {
    let done = subject.set_item(index, item);
    let Some(place) = model.0.get_mut(index) else {
        let out_of_range = matches!(&done, Err(BuildError::OutOfRange { min, max, .. })
            if !(*min..=*max).contains(&(index as u64)));
        ensure!(out_of_range, "setting index {index} of {}: {done:?}", model.0.len());
        return Ok(());
    };
    done?;
    *place = item.clone();
    Ok(())
}
