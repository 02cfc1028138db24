//! Sets of two sets: slice by slice.

use super::build::SlicedSetBuilder;
use super::encode::Numbers;
use super::slice::{Bits, Coding, Slice, WORDS, for_ones};
use super::slots::Slices;
use super::{Form, SlicedSet};
use crate::arrays::SetOp;
use crate::error::{AllocError, BuildError};
use crate::mem::Alloc;
#[cfg(feature = "alloc")]
use crate::mem::{Global, granted};
use crate::storage::{HeapWords, Words};
use core::cmp::Ordering;
#[cfg(feature = "alloc")]
use core::ops::{BitAnd, BitOr, BitXor, Sub};

/// Numbers of two slices together that are handled one by one; more are handled as bits.
const FEW: usize = 4_096;
/// So many times smaller, and a slice is looked up in the other one number by number.
const FAR: usize = 16;

impl SetOp {
    /// Whether numbers that only the left set has are in the result, and those that only the right
    /// one has.
    const fn keeps(self) -> (bool, bool) {
        match self {
            Self::Union | Self::SymmetricDifference => (true, true),
            Self::Intersection => (false, false),
            Self::Difference => (true, false),
        }
    }

    const fn keeps_both(self) -> bool {
        matches!(self, Self::Union | Self::Intersection)
    }

    const fn words(self, a: u64, b: u64) -> u64 {
        match self {
            Self::Union => a | b,
            Self::Intersection => a & b,
            Self::Difference => a & !b,
            Self::SymmetricDifference => a ^ b,
        }
    }
}

/// Room for one pair of slices.
struct Scratch {
    /// Zeros, between pairs.
    left: Bits,
    right: Bits,
    list: [u16; FEW],
}

impl Scratch {
    const fn new() -> Self {
        Self { left: [0; WORDS], right: [0; WORDS], list: [0; FEW] }
    }

    /// Calls `done` with the numbers of `op` over two slices.
    fn combine<T>(
        &mut self,
        (a, b): (&Slice<'_>, &Slice<'_>),
        op: SetOp,
        done: impl FnOnce(Numbers<'_>) -> T,
    ) -> T {
        let is_filter = matches!(op, SetOp::Intersection | SetOp::Difference);
        let (a, b) = match op {
            SetOp::Intersection if a.count > b.count => (b, a),
            _ => (a, b),
        };
        if is_filter && a.count <= FEW && a.count * FAR < b.count {
            let keep = op.keeps_both();
            let len = filter(a, &mut self.list, |y| b.contains(y) == keep);
            return done(Numbers::List(&self.list[..len]));
        }
        if a.count + b.count > FEW {
            a.for_words(|at, bits| self.left[at % WORDS] |= bits);
            b.for_words(|at, bits| self.right[at % WORDS] |= bits);
            for (left, right) in self.left.iter_mut().zip(&mut self.right) {
                *left = op.words(*left, *right);
                *right = 0;
            }
            let result = done(Numbers::Bits(&self.left));
            self.left = [0; WORDS];
            return result;
        }
        let bits = &mut self.left;
        let len = if is_filter {
            b.for_numbers(|y| bits[y / 64 % WORDS] |= 1 << (y % 64));
            let keep = u64::from(op.keeps_both());
            let len = filter(a, &mut self.list, |y| bits[y / 64 % WORDS] >> (y % 64) & 1 == keep);
            *bits = [0; WORDS];
            len
        } else {
            a.for_numbers(|y| bits[y / 64 % WORDS] |= 1 << (y % 64));
            match op {
                SetOp::Union => b.for_numbers(|y| bits[y / 64 % WORDS] |= 1 << (y % 64)),
                _ => b.for_numbers(|y| bits[y / 64 % WORDS] ^= 1 << (y % 64)),
            }
            take(bits, &mut self.list)
        };
        done(Numbers::List(&self.list[..len]))
    }
}

/// The numbers of a slice that `keep` keeps; returns how many.
#[inline]
fn filter(slice: &Slice<'_>, list: &mut [u16; FEW], keep: impl Fn(usize) -> bool) -> usize {
    let mut len = 0;
    slice.for_numbers(|y| {
        // Written in any case and counted if kept: no branch that nobody can guess.
        list[len % FEW] = y as u16;
        len += usize::from(keep(y));
    });
    len.min(FEW)
}

/// Takes the numbers out of `bits`, which are then zeros; returns how many.
fn take(bits: &mut Bits, list: &mut [u16; FEW]) -> usize {
    let mut places = list.iter_mut();
    for (at, word) in bits.iter_mut().enumerate() {
        for_ones(core::mem::take(word), |bit| {
            if let Some(place) = places.next() {
                *place = (64 * at + bit) as u16;
            }
        });
    }
    FEW - places.len()
}

/// Numbers that two slices share. `bits` are zeros, and are so again.
fn shared(a: &Slice<'_>, b: &Slice<'_>, bits: &mut Bits) -> usize {
    let (few, many) = if a.count <= b.count { (a, b) } else { (b, a) };
    let mut count = 0;
    if few.count * FAR < many.count {
        few.for_numbers(|y| count += usize::from(many.contains(y)));
        return count;
    }
    few.for_words(|at, word| bits[at % WORDS] |= word);
    match many.coding {
        Coding::Bitmap | Coding::Runs => {
            many.for_words(|at, word| count += (bits[at % WORDS] & word).count_ones() as usize);
        }
        _ => many.for_numbers(|y| count += (bits[y / 64 % WORDS] >> (y % 64) & 1) as usize),
    }
    *bits = [0; WORDS];
    count
}

/// Calls `tell` with each key that one of two sets has, and the slot in each that has it.
fn for_slots<A: Words, B: Words, E>(
    (a, b): (&Slices<A>, &Slices<B>),
    (keeps_left, keeps_right): (bool, bool),
    mut tell: impl FnMut(Option<usize>, Option<usize>) -> Result<(), E>,
) -> Result<(), E> {
    let (mut left, mut right) = (0, 0);
    loop {
        let order = match (left < a.len(), right < b.len()) {
            (true, true) => a.key(left).cmp(&b.key(right)),
            (true, false) if keeps_left => Ordering::Less,
            (false, true) if keeps_right => Ordering::Greater,
            _ => return Ok(()),
        };
        match order {
            Ordering::Equal => {
                tell(Some(left), Some(right))?;
                (left, right) = (left + 1, right + 1);
            }
            Ordering::Less if keeps_left => {
                tell(Some(left), None)?;
                left += 1;
            }
            Ordering::Greater if keeps_right => {
                tell(None, Some(right))?;
                right += 1;
            }
            // Always onward, whatever a damaged file says.
            Ordering::Less => left = a.lower_bound(b.key(right)).max(left + 1),
            Ordering::Greater => right = b.lower_bound(a.key(left)).max(right + 1),
        }
    }
}

impl<W: Words> SlicedSet<W> {
    /// The numbers of `op` over two sets, in memory of `alloc`, in the forms that this one prefers.
    /// O(slices + numbers in slices that both have), less where slices are bitmaps; needs 24 KiB of
    /// stack.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn combine_in<V: Words, A: Alloc + Clone>(
        &self,
        other: &SlicedSet<V>,
        op: SetOp,
        alloc: A,
    ) -> Result<SlicedSet<HeapWords<A>>, BuildError> {
        let mut builder = SlicedSetBuilder::new_in(self.prefer, alloc);
        match (&self.form, &other.form) {
            (Form::Slices(a), Form::Slices(b)) => {
                combine((self, a), (other, b), op, &mut builder)?;
            }
            _ => merge(self, other, op, |number| match builder.push(number) {
                Err(BuildError::Alloc(error)) => Err(error),
                // Of a damaged set, numbers that do not ascend: left out.
                _ => Ok(()),
            })?,
        }
        builder.finish()
    }

    /// How many numbers are in both. Allocates nothing; needs 8 KiB of stack.
    #[must_use]
    pub fn intersection_len<V: Words>(&self, other: &SlicedSet<V>) -> usize {
        let mut count = 0;
        let counted = match (&self.form, &other.form) {
            (Form::Slices(a), Form::Slices(b)) => {
                let mut bits = [0; WORDS];
                for_slots((a, b), (false, false), |left, right| {
                    if let (Some(left), Some(right)) = (left, right) {
                        count += shared(&a.slice(left), &b.slice(right), &mut bits);
                    }
                    Ok(())
                })
            }
            _ => merge(self, other, SetOp::Intersection, |_| {
                count += 1;
                Ok(())
            }),
        };
        debug_assert!(counted.is_ok(), "counting needs no memory");
        count
    }

    /// How many numbers are in either or both. Allocates nothing.
    #[must_use]
    pub fn union_len<V: Words>(&self, other: &SlicedSet<V>) -> usize {
        self.len().saturating_add(other.len()).saturating_sub(self.intersection_len(other))
    }

    /// How many numbers are in this and not in `other`. Allocates nothing.
    #[must_use]
    pub fn difference_len<V: Words>(&self, other: &SlicedSet<V>) -> usize {
        self.len().saturating_sub(self.intersection_len(other))
    }

    /// How many numbers are in one of both only. Allocates nothing.
    #[must_use]
    pub fn symmetric_difference_len<V: Words>(&self, other: &SlicedSet<V>) -> usize {
        let shared = self.intersection_len(other);
        self.len().saturating_add(other.len()).saturating_sub(shared.saturating_mul(2))
    }

    /// Whether no number is in both. Allocates nothing.
    #[must_use]
    pub fn is_disjoint<V: Words>(&self, other: &SlicedSet<V>) -> bool {
        self.intersection_len(other) == 0
    }

    /// Whether all numbers are in `other`. Allocates nothing.
    #[must_use]
    pub fn is_subset<V: Words>(&self, other: &SlicedSet<V>) -> bool {
        self.len() <= other.len() && self.intersection_len(other) == self.len()
    }

    /// Whether all numbers of `other` are here. Allocates nothing.
    #[must_use]
    pub fn is_superset<V: Words>(&self, other: &SlicedSet<V>) -> bool {
        other.is_subset(self)
    }
}

/// `op` over two sets of slices.
fn combine<W: Words, V: Words, A: Alloc + Clone>(
    (set_a, a): (&SlicedSet<W>, &Slices<W>),
    (set_b, b): (&SlicedSet<V>, &Slices<V>),
    op: SetOp,
    builder: &mut SlicedSetBuilder<A>,
) -> Result<(), AllocError> {
    let mut scratch = Scratch::new();
    let is_same = set_b.prefer == builder.prefer();
    for_slots((a, b), op.keeps(), |left, right| match (left, right) {
        (Some(left), Some(right)) => {
            let pair = (&a.slice(left), &b.slice(right));
            scratch.combine(pair, op, |numbers| builder.push_slice(a.key(left), numbers))
        }
        (Some(left), None) => {
            copy(a, left, set_a.prefer == builder.prefer(), builder, &mut scratch)
        }
        (None, Some(right)) => copy(b, right, is_same, builder, &mut scratch),
        (None, None) => Ok(()),
    })
}

/// Appends a slice: its bytes, if they are coded as the builder would.
fn copy<W: Words, A: Alloc + Clone>(
    slices: &Slices<W>,
    index: usize,
    is_same: bool,
    builder: &mut SlicedSetBuilder<A>,
    scratch: &mut Scratch,
) -> Result<(), AllocError> {
    let (key, slice) = (slices.key(index), slices.slice(index));
    match slices.raw(index) {
        Some(_) if slice.count == 0 => Ok(()),
        Some(raw) if is_same => builder.push_raw(key, &slice, raw),
        _ => scratch.combine((&slice, &Slice::EMPTY), SetOp::Union, |numbers| {
            builder.push_slice(key, numbers)
        }),
    }
}

/// Calls `tell` with the numbers of `op` over two sets of any form, in order.
fn merge<W: Words, V: Words>(
    a: &SlicedSet<W>,
    b: &SlicedSet<V>,
    op: SetOp,
    mut tell: impl FnMut(u64) -> Result<(), AllocError>,
) -> Result<(), AllocError> {
    if op == SetOp::Intersection && a.len() < b.len() / FAR {
        return a.iter().filter(|number| b.contains(*number)).try_for_each(tell);
    }
    if op == SetOp::Intersection && b.len() < a.len() / FAR {
        return b.iter().filter(|number| a.contains(*number)).try_for_each(tell);
    }
    let (keeps_left, keeps_right) = op.keeps();
    let (mut lefts, mut rights) = (a.iter(), b.iter());
    let (mut left, mut right) = (lefts.next(), rights.next());
    loop {
        let order = match (left, right) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(left), Some(right)) => left.cmp(&right),
        };
        let (kept, number) = match order {
            Ordering::Less => (keeps_left, left),
            Ordering::Greater => (keeps_right, right),
            Ordering::Equal => (op.keeps_both(), left),
        };
        if let Some(number) = number.filter(|_| kept) {
            tell(number)?;
        }
        if order.is_le() {
            left = lefts.next();
        }
        if order.is_ge() {
            right = rights.next();
        }
    }
}

#[cfg(feature = "alloc")]
macro_rules! operations {
    ($($what:literal $method:ident $op:ident $operator:ident $function:ident;)*) => {
        impl<W: Words> SlicedSet<W> {$(
            #[doc = concat!("The numbers that are ", $what, ". As")]
            /// [`combine_in`](Self::combine_in), on the heap.
            ///
            /// # Panics
            ///
            /// If memory cannot be had.
            #[must_use]
            #[track_caller]
            pub fn $method<V: Words>(&self, other: &SlicedSet<V>) -> SlicedSet {
                granted(self.combine_in(other, SetOp::$op, Global))
            }
        )*}

        $(
            impl<W: Words, V: Words> $operator<&SlicedSet<V>> for &SlicedSet<W> {
                type Output = SlicedSet;

                #[track_caller]
                fn $function(self, other: &SlicedSet<V>) -> SlicedSet {
                    self.$method(other)
                }
            }
        )*
    };
}

#[cfg(feature = "alloc")]
operations! {
    "in either or both" union Union BitOr bitor;
    "in both" intersection Intersection BitAnd bitand;
    "in this and not in `other`" difference Difference Sub sub;
    "in one of both only" symmetric_difference SymmetricDifference BitXor bitxor;
}
