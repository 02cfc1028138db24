//! The builder of [`BlockInts`]: takes numbers one by one and needs little more than they will.

use super::encode::{Plan, head_of};
use super::head::{BLOCK, GROUP, Head, SMALL_WORDS};
use super::{BlockInts, IntsBuilder};
use crate::bits::field::{self, PAD_WORDS};
use crate::error::{AllocError, BuildError};
use crate::mem::{Alloc, Footprint, Parts, refused};
use crate::storage::{HeapWords, Le64, Words};
use core::fmt;

/// Builds [`BlockInts`] from numbers in their order, in one pass.
///
/// Holds what is coded so far, growing by a sixteenth, and up to 256 numbers that are not: its peak
/// is at most 1.07 times the result and 2 KiB.
///
/// ```
/// use lessram::arrays::BlockInts;
///
/// let mut builder = BlockInts::builder();
/// (0..1_000_u64).for_each(|i| builder.push(i * i));
/// assert_eq!(builder.finish().get(30), Some(900));
/// ```
#[derive(Clone)]
pub struct BlockIntsBuilder<A: Alloc> {
    /// What is coded; its `len` is right, but there is no header behind the last block, no padding.
    coded: BlockInts<HeapWords<A>>,
    /// Numbers that are not coded yet: a block, and what came behind it.
    waiting: [u64; 2 * BLOCK],
    filled: usize,
}

impl<A: Alloc + Clone> BlockIntsBuilder<A> {
    pub(super) fn new_in(alloc: A) -> Self {
        Self { coded: BlockInts::empty_in(alloc), waiting: [0; 2 * BLOCK], filled: 0 }
    }
}

impl<A: Alloc> BlockIntsBuilder<A> {
    /// Lets blocks store steps where that takes fewer bytes: for numbers that are read in order.
    /// A [`get`](BlockInts::get) in such a block adds up the steps before it. Not taken back once
    /// blocks are coded, which may hold steps.
    #[must_use]
    pub const fn sequential(mut self, allowed: bool) -> Self {
        self.coded.sequential = allowed || (self.coded.sequential && self.coded.len > 0);
        self
    }

    /// How many numbers there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.coded.len + self.filled
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends `value`. O(1) amortised.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_push`](Self::try_push) returns the error instead.
    #[track_caller]
    #[inline]
    pub fn push(&mut self, value: u64) {
        self.try_push(value).unwrap_or_else(|error| refused(error));
    }

    /// Appends `value`. O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the numbers are unchanged then.
    #[inline]
    pub fn try_push(&mut self, value: u64) -> Result<(), AllocError> {
        if self.filled == 2 * BLOCK {
            let next = least(&self.waiting[BLOCK..]);
            self.code(BLOCK, next)?;
        }
        self.waiting[self.filled] = value;
        self.filled += 1;
        Ok(())
    }

    /// The numbers, with no slack.
    ///
    /// # Panics
    ///
    /// If memory cannot be had; [`try_finish`](Self::try_finish) returns the error instead.
    #[must_use]
    #[track_caller]
    pub fn finish(self) -> BlockInts<HeapWords<A>> {
        self.try_finish().unwrap_or_else(|error| refused(error))
    }

    /// The numbers, with no slack.
    ///
    /// # Errors
    ///
    /// [`AllocError`]; the numbers are lost then.
    pub fn try_finish(mut self) -> Result<BlockInts<HeapWords<A>>, AllocError> {
        if self.filled > BLOCK {
            let next = least(&self.waiting[BLOCK..self.filled]);
            self.code(BLOCK, next)?;
        }
        if self.filled > 0 {
            let last = &self.waiting[..self.filled];
            let base = least(last);
            let end = self.reachable(base, beyond(last, base));
            self.code(self.filled, end)?;
            let (relative, place) = self.place(end)?;
            let end = Head { base: relative.unwrap_or(0), place, ..Head::unpack(0) };
            append(&mut self.coded.heads, &[end.pack()])?;
            append(&mut self.coded.data, &[0; PAD_WORDS])?;
        }
        self.coded.groups.try_shrink_to_fit()?;
        self.coded.heads.try_shrink_to_fit()?;
        self.coded.data.try_shrink_to_fit()?;
        Ok(self.coded)
    }

    /// Codes the first `count` of the waiting numbers as a block; `next` is the base behind it.
    fn code(&mut self, count: usize, next: u64) -> Result<(), AllocError> {
        let coded = &self.coded;
        let before = [&coded.groups, &coded.heads, &coded.data].map(|words| words.words().len());
        let done = self.try_code(count, next);
        if done.is_err() {
            let coded = &mut self.coded;
            let words = [&mut coded.groups, &mut coded.heads, &mut coded.data];
            words.into_iter().zip(before).for_each(|(words, len)| words.truncate(len));
        }
        done
    }

    fn try_code(&mut self, count: usize, next: u64) -> Result<(), AllocError> {
        let numbers = &self.waiting[..count];
        let base = least(numbers);
        let plan = Plan::new(numbers, base, next, self.coded.sequential);
        let (relative, place) = self.place(base)?;
        let head = head_of(&plan, relative, place);
        append(&mut self.coded.heads, &[head.pack()])?;
        if head.far {
            append(&mut self.coded.data, &[base])?;
        }
        let mut patches = [0; SMALL_WORDS];
        plan.patch(|word, patch| patches[word] |= patch);
        append(&mut self.coded.data, &patches[..head.patch_words()])?;
        let start = self.coded.data.words().len();
        self.coded.data.try_resize(start + (count * plan.width() as usize).div_ceil(64))?;
        let bytes = self.coded.data.as_bytes_mut();
        field::set_all(bytes, start as u64 * 64, plan.width(), plan.fields());
        self.coded.len += count;
        self.waiting.copy_within(count.., 0);
        self.filled -= count;
        Ok(())
    }

    /// Where the next header stands in its group: its base less the group's, if a header has room
    /// for that, and the words before it. Begins a new group if the last one is full.
    fn place(&mut self, base: u64) -> Result<(Option<i64>, usize), AllocError> {
        let here = self.coded.data.words().len();
        if self.coded.heads.words().len() % GROUP == 0 {
            append(&mut self.coded.groups, &[base, here as u64])?;
        }
        let (group_base, group_place) = self.coded.group(self.coded.heads.words().len() / GROUP);
        Ok((relative(base, group_base), here - group_place as usize))
    }

    /// `end`, if the header behind the block of this `base` can hold it; else another base.
    fn reachable(&self, base: u64, end: u64) -> u64 {
        let block = self.coded.heads.words().len();
        let group = if block % GROUP == 0 { base } else { self.coded.group(block / GROUP).0 };
        let begins_group = (block + 1) % GROUP == 0;
        if begins_group || relative(end, group).is_some() { end } else { group }
    }
}

/// `base` less that of its group, if a header has room for it.
fn relative(base: u64, group: u64) -> Option<i64> {
    let relative = base.wrapping_sub(group) as i64;
    (-Head::MAX_BASE - 1..=Head::MAX_BASE).contains(&relative).then_some(relative)
}

/// The least of some numbers.
fn least(numbers: &[u64]) -> u64 {
    numbers.iter().fold(u64::MAX, |least, number| least.min(*number))
}

/// Where a block behind these numbers, the last ones, would start if they went on as they do.
fn beyond(numbers: &[u64], base: u64) -> u64 {
    match numbers {
        [first, .., last] => {
            let rise = i128::from(last.wrapping_sub(*first) as i64);
            base.wrapping_add((rise * BLOCK as i128 / (numbers.len() as i128 - 1)) as u64)
        }
        _ => base,
    }
}

fn append<A: Alloc>(words: &mut HeapWords<A>, values: &[u64]) -> Result<(), AllocError> {
    let len = words.words().len();
    words.try_resize(len + values.len())?;
    for (word, value) in words.words_mut()[len..].iter_mut().zip(values) {
        *word = Le64::new(*value);
    }
    Ok(())
}

impl<A: Alloc> IntsBuilder for BlockIntsBuilder<A> {
    type Built = BlockInts<HeapWords<A>>;

    fn try_push(&mut self, value: u64) -> Result<(), BuildError> {
        Ok(self.try_push(value)?)
    }

    fn try_finish(self) -> Result<Self::Built, BuildError> {
        Ok(self.try_finish()?)
    }
}

impl<A: Alloc> Extend<u64> for BlockIntsBuilder<A> {
    fn extend<I: IntoIterator<Item = u64>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

/// What is coded so far; the builder itself holds what is not.
impl<A: Alloc> Footprint for BlockIntsBuilder<A> {
    fn parts(&self, out: &mut dyn Parts) {
        self.coded.parts(out);
    }
}

impl<A: Alloc> fmt::Debug for BlockIntsBuilder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockIntsBuilder").field("len", &self.len()).finish_non_exhaustive()
    }
}
