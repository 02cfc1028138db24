//! Sets of two sets: slice by slice.

use super::blocks::{Blocks, Used, shared_in_bitmaps};
use super::build::SlicedSetBuilder;
use super::encode::Numbers;
use super::groups::{self, COMBINED};
use super::lists::ROOM;
use super::merge::{ascends, merge, merge_at_once};
use super::profile::Profile;
use super::slice::{Coding, Slice, UNIVERSE};
use super::slots::Slices;
use super::{Form, SlicedSet, runs, whole};
use crate::arrays::SetOp;
use crate::error::{AllocError, BuildError};
use crate::mem::Alloc;
#[cfg(feature = "alloc")]
use crate::mem::{Global, granted};
use crate::simd::wide::{self, BEHIND, Doubles};
use crate::storage::{HeapWords, Words};
use core::cmp::Ordering;
#[cfg(feature = "alloc")]
use core::ops::{BitAnd, BitOr, BitXor, Sub};

/// Numbers of two slices together that are handled one by one; more are handled as bits.
const FEW: usize = if wide::IS_BUILT { 8_192 } else { FEW_STEPS };
/// The same where each is a step by itself.
const FEW_STEPS: usize = 4_096;
/// Room for what two lists have in common, while they are merged in two halves.
const COMMON: usize = if wide::IS_BUILT { FEW + 2 * BEHIND } else { 0 };
/// So many times smaller, and a slice is looked up in the other one number by number.
const FAR: usize = 16;
/// So many numbers a block of 256, and bits are faster than lists: a guess, for which the bench
/// `sets` of the peers is the test.
const CROWD: usize = 12;
/// The same where lists are merged 32 numbers at a time.
const WIDE_CROWD: usize = 16;

/// Whether two slices are of lists.
fn are_lists((a, b): (&Slice<'_>, &Slice<'_>)) -> bool {
    (a.coding, b.coding) == (Coding::Lists, Coding::Lists)
}

impl SetOp {
    /// Whether numbers that only the left set has are in the result, and those that only the right
    /// one has.
    pub(super) const fn keeps(self) -> (bool, bool) {
        match self {
            Self::Union | Self::SymmetricDifference => (true, true),
            Self::Intersection => (false, false),
            Self::Difference => (true, false),
        }
    }

    pub(super) const fn keeps_both(self) -> bool {
        matches!(self, Self::Union | Self::Intersection)
    }
}

/// Room for one pair of slices.
pub(super) struct Scratch {
    /// Empty, between pairs.
    left: Blocks,
    right: Blocks,
    /// The numbers of both, and what is written behind those of each.
    lists: [u16; FEW + 2 * ROOM],
    /// Those of the result.
    list: [u16; FEW + 2 * BEHIND],
    /// Those that both lists have, for a difference.
    common: [u16; COMMON],
    /// The bounds of runs of both, and of the result.
    bounds: [u32; runs::MOST],
    result: [u32; runs::MOST],
    /// Lists of the result.
    coded: [u8; COMBINED],
    doubles: Doubles,
}

impl Scratch {
    pub(super) const fn new() -> Self {
        let (lists, list) = ([0; FEW + 2 * ROOM], [0; FEW + 2 * BEHIND]);
        let (bounds, result) = ([0; runs::MOST], [0; runs::MOST]);
        let (left, right) = (Blocks::new(), Blocks::new());
        let (coded, doubles) = ([0; COMBINED], Doubles::new());
        Self { left, right, lists, list, common: [0; COMMON], bounds, result, coded, doubles }
    }

    /// Calls `done` with the numbers of `op` over two slices.
    pub(super) fn combine<T>(
        &mut self,
        (a, b): (&Slice<'_>, &Slice<'_>),
        op: SetOp,
        done: impl FnOnce(Numbers<'_>) -> T,
    ) -> T {
        if let Some(bounds) = runs::combine((a, b), op, &mut self.bounds, &mut self.result) {
            return done(Numbers::Runs(bounds));
        }
        let (a, b) = match op {
            SetOp::Intersection if a.count > b.count => (b, a),
            _ => (a, b),
        };
        let listed = match op {
            SetOp::Intersection if are_lists((a, b)) => {
                groups::common((a, b), &mut self.list, &mut self.doubles)
                    .or_else(|| self.merge((a, b), op))
            }
            SetOp::Intersection | SetOp::Difference if a.count * FAR < b.count => {
                self.look_up((a, b), op.keeps_both())
            }
            _ => self.merge((a, b), op),
        };
        if let Some(len) = listed {
            return done(Numbers::List(&self.list[..len]));
        }
        if !self.left.combine_bitmaps(a, b, op) {
            self.left.load(a, Used::ALL);
            self.left.combine(b, op, &mut self.right);
        }
        let result = done(Numbers::Blocks(&self.left));
        self.left.clear();
        result
    }

    /// The lists of `op` over two slices of lists, with what is known of them: of runs, the least
    /// that there may be. `None` if they are not of lists alone.
    pub(super) fn combine_lists(
        &mut self,
        pair: (&Slice<'_>, &Slice<'_>),
        op: SetOp,
    ) -> Option<(Profile, &[u8])> {
        are_lists(pair)
            .then(|| groups::combine(pair, op, &mut self.coded, &mut self.doubles))
            .flatten()
    }

    /// Looks up few numbers among many, and lists those that are there, or those that are not;
    /// returns how many. `None` if that is not the way.
    fn look_up(&mut self, (a, b): (&Slice<'_>, &Slice<'_>), there: bool) -> Option<usize> {
        if a.count > FEW {
            return None;
        }
        let mut len = 0;
        a.for_numbers(|y| {
            // Written in any case and counted if kept: no branch that nobody can guess.
            self.list[len % FEW] = y as u16;
            len += usize::from(b.contains(y) == there);
        });
        (len <= FEW && ascends(&self.list[..len])).then_some(len)
    }

    /// Lists the numbers of `op` over slices of few numbers that are spread over them; returns how
    /// many. `None` if they are not like that.
    fn merge(&mut self, pair: (&Slice<'_>, &Slice<'_>), op: SetOp) -> Option<usize> {
        let (left, right) = lists_of(pair, &mut self.lists)?;
        if let Some(len) = merge_at_once(left, right, op, &mut self.list, &mut self.common) {
            return Some(len);
        }
        let (left, right) = (without_behind(left), without_behind(right));
        if !matches!(op, SetOp::Intersection | SetOp::Difference) {
            return Some(merge(left, right, op, &mut self.list));
        }
        // Each number alone: a merge waits at each step for the one before.
        self.left.put(right);
        let mut len = 0;
        for y in left {
            // Written in any case and counted if kept.
            self.list[len % FEW] = *y;
            len += usize::from(self.left.has(*y) == op.keeps_both());
        }
        self.left.clear();
        Some(len)
    }

    /// Numbers that two slices share.
    pub(super) fn shared(&mut self, a: &Slice<'_>, b: &Slice<'_>) -> usize {
        if let Some(count) = runs::shared((a, b), &mut self.bounds) {
            return count;
        }
        if let Some(count) = shared_in_bitmaps(a, b) {
            return count;
        }
        if are_lists((a, b)) {
            if let Some(count) = groups::shared((a, b)) {
                return count;
            }
        }
        let (few, many) = if a.count <= b.count { (a, b) } else { (b, a) };
        if few.count * FAR < many.count {
            let mut count = 0;
            few.for_numbers(|y| count += usize::from(many.contains(y)));
            return count;
        }
        let count = match lists_of((few, many), &mut self.lists) {
            Some((few, many)) => {
                let op = SetOp::Intersection;
                let list = &mut self.list;
                if let Some(len) = merge_at_once(few, many, op, list, &mut self.common) {
                    return len;
                }
                let (few, many) = (without_behind(few), without_behind(many));
                self.left.put(few);
                many.iter().map(|y| usize::from(self.left.has(*y))).sum()
            }
            None => {
                self.left.load(few, Used::ALL);
                self.left.shared_with(many, &mut self.right)
            }
        };
        self.left.clear();
        count
    }
}

/// The first `count` numbers of a list, and [`BEHIND`] behind them.
fn with_behind(list: &mut [u16], count: usize) -> Option<&[u16]> {
    list.get_mut(count..count + BEHIND)?.fill(u16::MAX);
    list.get(..count + BEHIND)
}

fn without_behind(list: &[u16]) -> &[u16] {
    &list[..list.len() - BEHIND]
}

/// The numbers of two slices one by one, if they are few and spread over them, with [`BEHIND`]
/// behind them. `None` if they are not like that, or do not ascend, as those of damaged files.
fn lists_of<'l>(
    (a, b): (&Slice<'_>, &Slice<'_>),
    lists: &'l mut [u16; FEW + 2 * ROOM],
) -> Option<(&'l [u16], &'l [u16])> {
    let count = a.count + b.count;
    let blocks = blocks_of(a)? + blocks_of(b)?;
    let (few, crowd) = if wide::is_there() { (FEW, WIDE_CROWD) } else { (FEW_STEPS, CROWD) };
    if count > few || count > crowd * blocks {
        return None;
    }
    let (left, right) = lists.split_at_mut(a.count + ROOM);
    let counts = (a.decode_all(left), b.decode_all(right));
    let (left, right) = (with_behind(left, a.count)?, with_behind(right, b.count)?);
    let ascend = ascends(without_behind(left)) && ascends(without_behind(right));
    let is_right = counts == (a.count, b.count) && ascend;
    is_right.then_some((left, right))
}

/// Blocks of 256 in which a slice has numbers, or a guess; `None` if they are surely crowded.
fn blocks_of(slice: &Slice<'_>) -> Option<usize> {
    match slice.coding {
        Coding::Bitmap | Coding::Runs => None,
        Coding::Lists => Some(slice.used_blocks()),
        Coding::Short | Coding::Sparse => Some(slice.count.min(UNIVERSE / 256)),
    }
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
    /// O(slices + numbers in slices that both have), less where slices are bitmaps; needs some
    /// 60 KiB of stack, on x86-64 twice that.
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
                combine((a, b), op, other.prefer == self.prefer, &mut builder)?;
            }
            (Form::Whole(a), Form::Whole(b)) if !is_far(self, other, op) => {
                let alloc = builder.alloc().clone();
                if let Some(set) = whole::combine((a, b), op, self.prefer, alloc)? {
                    return Ok(set);
                }
                merge_into(self, other, op, &mut builder)?;
            }
            _ => merge_into(self, other, op, &mut builder)?,
        }
        builder.finish()
    }

    /// How many numbers are in both. Allocates nothing; needs some 60 KiB of stack, on x86-64 twice
    /// that.
    #[must_use]
    pub fn intersection_len<V: Words>(&self, other: &SlicedSet<V>) -> usize {
        let mut count = 0;
        let counted = match (&self.form, &other.form) {
            (Form::Slices(a), Form::Slices(b)) => {
                let mut scratch = Scratch::new();
                for_slots((a, b), (false, false), |left, right| {
                    if let (Some(left), Some(right)) = (left, right) {
                        let shared = scratch.shared(&a.slice(left), &b.slice(right));
                        // Slices of a damaged file may say more than 32 bits can count.
                        count = usize::saturating_add(count, shared);
                    }
                    Ok(())
                })
            }
            (Form::Whole(a), Form::Whole(b)) if !is_far(self, other, SetOp::Intersection) => {
                whole::for_merged((a, b), SetOp::Intersection, |list| {
                    count += list.len();
                    Ok(())
                })
            }
            _ => merge_sets(self, other, SetOp::Intersection, |_| {
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

/// `op` over two sets of slices: the left ones are coded as the builder would, and whether the
/// right ones are is said.
fn combine<W: Words, V: Words, A: Alloc + Clone>(
    (a, b): (&Slices<W>, &Slices<V>),
    op: SetOp,
    is_same: bool,
    builder: &mut SlicedSetBuilder<A>,
) -> Result<(), AllocError> {
    let mut scratch = Scratch::new();
    // What is common may be little. All else is, nearly, what one or both take.
    match op {
        SetOp::Intersection => {}
        SetOp::Difference => builder.try_reserve(a.data_words(), a.len())?,
        SetOp::Union | SetOp::SymmetricDifference => {
            let words = a.data_words().saturating_add(b.data_words());
            builder.try_reserve(words, a.len().saturating_add(b.len()))?;
        }
    }
    let mut ends = [0; 2];
    for_slots((a, b), op.keeps(), |left, right| match (left, right) {
        (Some(left), Some(right)) => {
            let key = a.key(left);
            let pair = (&a.own_slice(left, &mut ends[0]), &b.own_slice(right, &mut ends[1]));
            match scratch.combine_lists(pair, op) {
                Some((profile, lists)) if builder.would_list(&profile) => {
                    let slice = Slice { coding: Coding::Lists, count: profile.count, ..*pair.0 };
                    builder.push_raw(key, &slice, lists)
                }
                _ => scratch.combine(pair, op, |numbers| builder.push_slice(key, numbers)),
            }
        }
        (Some(left), None) => {
            let slice = a.own_slice(left, &mut ends[0]);
            copy((a.key(left), &slice), true, builder, &mut scratch)
        }
        (None, Some(right)) => {
            let slice = b.own_slice(right, &mut ends[1]);
            copy((b.key(right), &slice), is_same, builder, &mut scratch)
        }
        (None, None) => Ok(()),
    })
}

/// Appends a slice: its bytes, if they are coded as the builder would.
fn copy<A: Alloc + Clone>(
    (key, slice): (u64, &Slice<'_>),
    is_same: bool,
    builder: &mut SlicedSetBuilder<A>,
    scratch: &mut Scratch,
) -> Result<(), AllocError> {
    match slice.bytes.get(..slice.len) {
        Some(_) if slice.count == 0 => Ok(()),
        Some(raw) if is_same => builder.push_raw(key, slice, raw),
        _ => scratch.combine((slice, &Slice::EMPTY), SetOp::Union, |numbers| {
            builder.push_slice(key, numbers)
        }),
    }
}

/// Whether one set has so few numbers that they are looked up in the other one.
fn is_far<W: Words, V: Words>(a: &SlicedSet<W>, b: &SlicedSet<V>, op: SetOp) -> bool {
    let (few, many) = (a.len().min(b.len()), a.len().max(b.len()));
    op == SetOp::Intersection && few < many / FAR
}

/// Appends the numbers of `op` over two sets of any form.
fn merge_into<W: Words, V: Words, A: Alloc + Clone>(
    a: &SlicedSet<W>,
    b: &SlicedSet<V>,
    op: SetOp,
    builder: &mut SlicedSetBuilder<A>,
) -> Result<(), AllocError> {
    merge_sets(a, b, op, |number| match builder.push(number) {
        Err(BuildError::Alloc(error)) => Err(error),
        // Of a damaged set, numbers that do not ascend: left out.
        _ => Ok(()),
    })
}

/// Calls `tell` with the numbers of `op` over two sets of any form, in order.
fn merge_sets<W: Words, V: Words>(
    a: &SlicedSet<W>,
    b: &SlicedSet<V>,
    op: SetOp,
    mut tell: impl FnMut(u64) -> Result<(), AllocError>,
) -> Result<(), AllocError> {
    if is_far(a, b, op) {
        return match a.len() < b.len() {
            true => a.iter().filter(|number| b.contains(*number)).try_for_each(tell),
            false => b.iter().filter(|number| a.contains(*number)).try_for_each(tell),
        };
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
