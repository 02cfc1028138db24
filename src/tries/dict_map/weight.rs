//! [`Weight`]: values of which the greatest are asked for, among any keys in a row.

use super::value::{CLEAN, Column, PACKED, VALUES, Value};
#[cfg(feature = "alloc")]
use super::{DictMap, StaticDict};
use crate::arrays::PackedInts;
use crate::error::{AllocError, FileError, Tag};
use crate::mem::{Alloc, PartKind, Parts};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::words::Sealed;
use crate::storage::{HeapWords, Plain, Source, Words, require};
use core::ops::Range;

/// The section of the greatest of each so many weights.
const MAXIMA: Tag = Tag(*b"vmax");
/// So many weights, or greatest of weights, have one greatest.
const GROUP: usize = 64;
/// Keys for which room is made before they are found.
#[cfg(feature = "alloc")]
const MOST_ROOM: usize = 1 << 10;

/// A number that a [`DictMap`](super::DictMap) has for each key, and by which it finds the
/// greatest of all keys that begin alike: how often something was searched, say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weight(pub u64);

impl From<u64> for Weight {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl From<Weight> for u64 {
    fn from(weight: Weight) -> Self {
        weight.0
    }
}

impl Sealed for Weight {}

/// Weights, and the greatest of each 64 of them, of each 64 of these, and so on. Public in name
/// only.
#[derive(Clone, Debug)]
pub struct Weights<W: Words> {
    weights: PackedInts<W>,
    /// First the greatest of each 64 weights, then of each 64 of those; of the last level fewer
    /// than 64. All of the weights' width.
    maxima: PackedInts<W>,
}

/// Of `len` weights, where each level of maxima begins and how many it has, the lowest first.
fn levels(len: usize) -> impl Iterator<Item = (usize, usize)> {
    let (mut below, mut start) = (len, 0);
    core::iter::from_fn(move || {
        if below <= GROUP {
            return None;
        }
        let level = (start, below.div_ceil(GROUP));
        (below, start) = (level.1, start + level.1);
        Some(level)
    })
}

/// How many maxima `len` weights have.
fn maxima_of(len: usize) -> usize {
    levels(len).map(|level| level.1).sum()
}

impl Value for Weight {
    const TYPE: u64 = u64::TAG | PACKED | 0x40;
    type Column<W: Words> = Weights<W>;

    fn column_in<A: Alloc + Clone>(alloc: A) -> Weights<HeapWords<A>> {
        Weights { weights: PackedInts::new_in(alloc.clone()), maxima: PackedInts::new_in(alloc) }
    }

    fn push<A: Alloc>(self, column: &mut Weights<HeapWords<A>>) -> Result<(), AllocError> {
        column.weights.try_push(self.0)
    }

    fn finish<A: Alloc>(column: &mut Weights<HeapWords<A>>) -> Result<(), AllocError> {
        let Weights { weights, maxima } = column;
        weights.try_shrink_to_fit()?;
        maxima.set_width(weights.width());
        maxima.try_reserve(maxima_of(weights.len()))?;
        for at in 0..maxima_of(weights.len()) {
            let greatest = greatest_below(weights, maxima, at);
            maxima.try_push(greatest)?;
        }
        Ok(())
    }

    #[cfg(feature = "alloc")]
    fn copied<W: Words>(column: &Weights<W>) -> Weights<HeapWords> {
        Weights { weights: column.weights.to_heap(), maxima: column.maxima.to_heap() }
    }
}

/// What the maximum `at` is, by what lies below it.
fn greatest_below<W: Words>(weights: &PackedInts<W>, maxima: &PackedInts<W>, at: usize) -> u64 {
    let mut below = None;
    for (start, len) in levels(weights.len()) {
        if at < start + len {
            let first = (at - start) * GROUP;
            let group = first..first.saturating_add(GROUP);
            let greatest = match below {
                None => group.filter_map(|at| weights.get(at)).max(),
                Some((first, len)) => {
                    group.filter(|at| *at < len).filter_map(|at| maxima.get(first + at)).max()
                }
            };
            return greatest.unwrap_or(0);
        }
        below = Some((start, len));
    }
    0
}

impl<W: Words> Column<Weight, W> for Weights<W> {
    fn bits(&self) -> u64 {
        u64::from(self.weights.width())
    }

    #[inline]
    fn get(&self, id: usize) -> Option<Weight> {
        self.weights.get(id).map(Weight)
    }

    #[inline]
    fn prefetch(&self, ids: Range<usize>) {
        Column::<u64, W>::prefetch(&self.weights, ids);
    }

    fn tell(&self, out: &mut dyn Parts) {
        self.weights.tell_as("values", PartKind::Payload, out);
        self.maxima.tell_as("maxima", PartKind::Index, out);
    }

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.section(VALUES, 1, self.weights.words());
        out.section(MAXIMA, 1, self.maxima.words());
    }

    fn load<S: Source<Words = W>>(
        source: &mut S,
        len: usize,
        bits: u64,
    ) -> Result<Self, FileError> {
        let weights = source.section(VALUES, 1)?;
        let weights = PackedInts::from_words(weights, len as u64, bits, VALUES)?;
        let (maxima, count) = (source.section(MAXIMA, 1)?, maxima_of(len) as u64);
        Ok(Self { weights, maxima: PackedInts::from_words(maxima, count, bits, MAXIMA)? })
    }

    fn validate(&self) -> Result<(), FileError> {
        require(self.weights.is_clean(), VALUES, CLEAN)?;
        require(self.maxima.is_clean(), MAXIMA, CLEAN)?;
        let right =
            |at| self.maxima.get(at) == Some(greatest_below(&self.weights, &self.maxima, at));
        require((0..self.maxima.len()).all(right), MAXIMA, "the greatest of each 64")
    }
}

/// The weights, or a level of maxima.
#[cfg(feature = "alloc")]
struct Level<'a, W: Words> {
    numbers: &'a PackedInts<W>,
    start: usize,
    len: usize,
}

#[cfg(feature = "alloc")]
impl<W: Words> Level<'_, W> {
    fn get(&self, at: usize) -> u64 {
        self.numbers.get(self.start + at).unwrap_or(0)
    }

    /// The first of the greatest numbers with positions in `at`, and its position.
    fn greatest(&self, at: Range<usize>) -> (u64, usize) {
        let mut best = (self.get(at.start), at.start);
        for at in at.start + 1..at.end {
            let number = self.get(at);
            if number > best.0 {
                best = (number, at);
            }
        }
        best
    }
}

#[cfg(feature = "alloc")]
impl<W: Words> Weights<W> {
    /// The weights are level 0, the greatest of each 64 level 1.
    fn level(&self, level: usize) -> Level<'_, W> {
        let len = self.weights.len();
        match level.checked_sub(1) {
            Some(above) => {
                let (start, len) = levels(len).nth(above).unwrap_or((0, 0));
                Level { numbers: &self.maxima, start, len }
            }
            None => Level { numbers: &self.weights, start: 0, len },
        }
    }

    /// The first of the greatest weights with numbers in `ids`, which are some of all: the weight
    /// and its number. Of damaged maxima it may be another of them.
    fn greatest(&self, ids: Range<usize>) -> (u64, usize) {
        let (_, mut level, mut at) = self.greatest_of(0, ids);
        // Down to the weight that the maximum is of: the first of its group, level by level.
        while level > 0 {
            level -= 1;
            let below = self.level(level);
            let first = at * GROUP;
            at = below.greatest(first..first.saturating_add(GROUP).min(below.len)).1;
        }
        (self.level(0).get(at), at)
    }

    /// The first of the greatest numbers of a level with positions in `at`, of which there are
    /// some: the number, its level, which is a higher one where it stands for a whole group, and
    /// its position there.
    fn greatest_of(&self, level: usize, at: Range<usize>) -> (u64, usize, usize) {
        let here = self.level(level);
        let greatest = |at| {
            let (number, at) = here.greatest(at);
            (number, level, at)
        };
        let whole = at.start.div_ceil(GROUP)..at.end / GROUP;
        if whole.len() < 2 {
            return greatest(at);
        }
        let (first, last) = (whole.start * GROUP, whole.end * GROUP);
        let mut best = self.greatest_of(level + 1, whole);
        if at.start < first {
            let before = greatest(at.start..first);
            // It comes before all others that are as great.
            if before.0 >= best.0 {
                best = before;
            }
        }
        if last < at.end {
            let behind = greatest(last..at.end);
            if behind.0 > best.0 {
                best = behind;
            }
        }
        best
    }
}

#[cfg(feature = "alloc")]
impl<D: StaticDict> DictMap<D, Weight> {
    /// The numbers and weights of the `most` keys of greatest weight that begin with `prefix`, the
    /// greatest first; of equal weights the first key is first. It completes what was typed.
    ///
    /// Two look-ups, and for each key returned two searches of O(64 log(n)/log(64)) weights,
    /// whatever the number of keys that begin so. Allocates twice what it returns.
    ///
    /// ```
    /// use lessram::tries::{DictMap, RearDict, Weight};
    ///
    /// let searched = [("bee", 30), ("beer", 90), ("beet", 5), ("beetle", 40), ("bus", 99)];
    /// let searched = searched.map(|(word, times)| (word, Weight(times)));
    /// let searched: DictMap<RearDict, Weight> = DictMap::from_sorted(searched)?;
    /// let found = searched.top("bee", 2);
    /// assert_eq!(found, [(1, Weight(90)), (3, Weight(40))]);
    /// assert_eq!(searched.dict().key_of(1).as_deref(), Some(&b"beer"[..]));
    /// # Ok::<(), lessram::BuildError>(())
    /// ```
    #[must_use]
    pub fn top(&self, prefix: impl AsRef<[u8]>, most: usize) -> alloc::vec::Vec<(usize, Weight)> {
        self.top_in(self.prefix(prefix), most)
    }

    /// As [`top`](Self::top), of the keys with numbers in `ids`.
    #[must_use]
    pub fn top_in(&self, ids: Range<usize>, most: usize) -> alloc::vec::Vec<(usize, Weight)> {
        use alloc::collections::BinaryHeap;
        use alloc::vec::Vec;
        use core::cmp::Reverse;

        let ids = ids.start..ids.end.min(self.len());
        let most = most.min(ids.len());
        // A damaged file may say that it has keys without end: room for more comes as they do.
        let room = most.min(MOST_ROOM);
        // Ranges of keys, by their greatest weight, then by its key's number.
        let mut ranges = BinaryHeap::with_capacity(room + 1);
        let add = |ranges: &mut BinaryHeap<_>, ids: Range<usize>| {
            if !ids.is_empty() {
                let (weight, id) = self.values.greatest(ids.clone());
                ranges.push((weight, Reverse(id), ids.start, ids.end));
            }
        };
        let mut found = Vec::with_capacity(room);
        if most > 0 {
            add(&mut ranges, ids);
        }
        while let Some((weight, Reverse(id), start, end)) = ranges.pop() {
            found.push((id, Weight(weight)));
            if found.len() == most {
                break;
            }
            add(&mut ranges, start..id);
            add(&mut ranges, id + 1..end);
        }
        found
    }
}
