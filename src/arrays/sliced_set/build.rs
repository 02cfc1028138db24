//! Building a [`SlicedSet`] from numbers in their order.

use super::encode::{Numbers, encode};
use super::profile::Profile;
use super::slice::{Coding, PADDING, Slice, WORDS};
use super::slots::{KEY_END, Keys, Slices, key_of, low_of, slot_word};
use super::{Form, Prefer, SlicedSet};
use crate::arrays::{EliasFano, EliasFanoBuilder, SetOp, SortedIntSetBuild};
use crate::error::{AllocError, BuildError};
#[cfg(feature = "alloc")]
use crate::mem::Global;
use crate::mem::raw_vec::RawVec;
use crate::mem::{Alloc, Footprint};
use crate::storage::{HeapWords, Le64, Words};
use core::fmt;

/// Numbers of a slice that are kept one by one before they become bits.
const LISTED: usize = 4_096;

/// Fewer numbers a slice than this, on average, and Elias-Fano code is taken to be faster than
/// slices as well: a guess, for which the bench `sets` is the test.
const THIN: usize = 64;

/// Takes ascending numbers one by one and makes a [`SlicedSet`].
///
/// Codes a slice as soon as the first number of the next one comes: needs the memory of the slices,
/// which grows by a sixteenth, and 16 KiB at most beside it; while it becomes an [`EliasFano`], the
/// memory of that too.
pub struct SlicedSetBuilder<A: Alloc + Clone> {
    prefer: Prefer,
    coded: Coded<A>,
    current: Current<A>,
    /// How often something was pushed.
    pushed: usize,
    last: Option<u64>,
}

/// Slices that are done.
struct Coded<A: Alloc> {
    /// Of each slot of `slots`, in its order.
    keys: HeapWords<A>,
    slots: HeapWords<A>,
    data: HeapWords<A>,
    /// Bytes of `data` that are used.
    bytes: usize,
    /// Numbers of all slices.
    len: usize,
}

impl<A: Alloc> Coded<A> {
    /// Whether a slice of this key may come next: of a damaged set, any may come, and is left out.
    fn takes(&self, key: u64) -> bool {
        let last = self.keys.words().last().map(|word| word.get());
        last < Some(key) && key < KEY_END
    }

    /// Appends a slice of numbers; none if they are none.
    fn push(&mut self, key: u64, numbers: Numbers<'_>, prefer: Prefer) -> Result<(), AllocError> {
        let profile = Profile::of(numbers);
        if profile.count > 0 {
            let coding = profile.best(prefer);
            let room = self.append(key, coding, profile.count, profile.bytes(coding))?;
            encode(numbers, &profile, coding, room);
        }
        Ok(())
    }

    /// Appends the slot of a slice of `count` numbers, and its `size` bytes: zeros, to be written.
    /// On an error nothing has changed but how much room there is.
    fn append(
        &mut self,
        key: u64,
        coding: Coding,
        count: usize,
        size: usize,
    ) -> Result<&mut [u8], AllocError> {
        let (index, start) = (self.keys.words().len(), self.bytes);
        // Slices of a few bytes have 65,536 numbers: all may be more than 32 bits can tell.
        let len = self.len.checked_add(count).ok_or(AllocError::CapacityOverflow)?;
        let end = start.checked_add(size).ok_or(AllocError::CapacityOverflow)?;
        self.data.try_resize(end.div_ceil(8).max(self.data.words().len()))?;
        self.slots.try_resize(2 * (index + 1))?;
        if let Err(error) = self.keys.try_resize(index + 1) {
            self.slots.truncate(2 * index);
            return Err(error);
        }
        self.keys.words_mut()[index] = Le64::new(key);
        let slot = [slot_word(start, coding), self.len as u64].map(Le64::new);
        self.slots.words_mut()[2 * index..].copy_from_slice(&slot);
        (self.bytes, self.len) = (end, len);
        Ok(&mut self.data.as_bytes_mut()[start..end])
    }
}

/// The slice that is being filled.
struct Current<A: Alloc> {
    key: u64,
    /// Its numbers while they are few.
    list: RawVec<u16, A>,
    /// Its numbers as bits, if they are many.
    bits: RawVec<u64, A>,
    is_bits: bool,
}

impl<A: Alloc> Current<A> {
    fn numbers(&self) -> Numbers<'_> {
        match self.bits.first_chunk() {
            Some(bits) if self.is_bits => Numbers::Bits(bits),
            _ => Numbers::List(&self.list),
        }
    }

    fn clear(&mut self) {
        self.list.truncate(0);
        self.is_bits = false;
    }

    #[inline]
    fn push(&mut self, y: usize) -> Result<(), AllocError> {
        if self.is_bits {
            self.bits[y / 64] |= 1 << (y % 64);
            return Ok(());
        }
        if self.list.len() < LISTED {
            return self.list.try_push(y as u16);
        }
        if self.bits.is_empty() {
            self.bits.try_reserve_exact(WORDS)?;
            self.bits.try_resize(WORDS, 0)?;
        }
        self.bits.fill(0);
        for y in self.list.iter().copied().map(usize::from).chain([y]) {
            self.bits[y / 64] |= 1 << (y % 64);
        }
        self.is_bits = true;
        Ok(())
    }
}

impl<A: Alloc + Clone> SlicedSetBuilder<A> {
    /// A builder in `alloc`.
    pub fn new_in(prefer: Prefer, alloc: A) -> Self {
        Self {
            prefer,
            coded: Coded {
                keys: HeapWords::new_in(alloc.clone()),
                slots: HeapWords::new_in(alloc.clone()),
                data: HeapWords::new_in(alloc.clone()),
                bytes: 0,
                len: 0,
            },
            current: Current {
                key: 0,
                list: RawVec::new_in(alloc.clone()),
                bits: RawVec::new_in(alloc),
                is_bits: false,
            },
            pushed: 0,
            last: None,
        }
    }

    /// Appends `value`, which is no smaller than the one before; if it equals that one it counts
    /// once. O(1) amortised.
    ///
    /// # Errors
    ///
    /// [`BuildError::NotSorted`] if it is smaller, [`BuildError::Alloc`] if memory cannot be had.
    /// The builder is as before then.
    #[inline]
    pub fn push(&mut self, value: u64) -> Result<(), BuildError> {
        if self.last >= Some(value) {
            let is_repeated = self.last == Some(value);
            let index = self.pushed;
            self.pushed += usize::from(is_repeated);
            return if is_repeated { Ok(()) } else { Err(BuildError::NotSorted { index }) };
        }
        if key_of(value) != self.current.key {
            self.close()?;
            self.current.key = key_of(value);
        }
        self.current.push(low_of(value))?;
        self.last = Some(value);
        self.pushed += 1;
        Ok(())
    }

    /// Codes the slice that is being filled.
    fn close(&mut self) -> Result<(), AllocError> {
        self.coded.push(self.current.key, self.current.numbers(), self.prefer)?;
        self.current.clear();
        Ok(())
    }

    /// Appends a slice of numbers behind all others; none if they are none.
    pub(super) fn push_slice(&mut self, key: u64, numbers: Numbers<'_>) -> Result<(), AllocError> {
        self.close()?;
        if self.coded.takes(key) { self.coded.push(key, numbers, self.prefer) } else { Ok(()) }
    }

    /// Where the memory comes from.
    pub(super) fn alloc(&self) -> &A {
        self.coded.data.alloc()
    }

    /// Makes room for so many more words of slices, and slots.
    pub(super) fn try_reserve(&mut self, words: usize, slots: usize) -> Result<(), AllocError> {
        let Coded { keys, slots: pairs, data, .. } = &mut self.coded;
        data.try_reserve_exact(words)?;
        pairs.try_reserve_exact(slots.saturating_mul(2))?;
        keys.try_reserve_exact(slots)
    }

    /// Whether lists are how this builder would code numbers that it knows so much of: of runs, no
    /// more than there are.
    pub(super) fn would_list(&self, profile: &Profile) -> bool {
        profile.count > 0 && profile.best(self.prefer) == Coding::Lists
    }

    /// Appends a slice that is coded as this builder would.
    pub(super) fn push_raw(
        &mut self,
        key: u64,
        slice: &Slice<'_>,
        raw: &[u8],
    ) -> Result<(), AllocError> {
        self.close()?;
        if self.coded.takes(key) {
            let room = self.coded.append(key, slice.coding, slice.count, raw.len())?;
            room.copy_from_slice(raw);
        }
        Ok(())
    }

    /// The finished set. O(slices), or O(n) if it becomes Elias-Fano code.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn finish(mut self) -> Result<SlicedSet<HeapWords<A>>, BuildError> {
        self.close()?;
        let Self { prefer, coded, current, .. } = self;
        let Coded { keys, slots, mut data, bytes, len } = coded;
        let alloc = data.alloc().clone();
        drop(current);
        if len > 0 {
            data.try_resize((bytes + PADDING).div_ceil(8))?;
        }
        data.try_shrink_to_fit()?;
        let (keys, slots) = directory(keys, slots, (bytes, len))?;
        let set = SlicedSet { form: Form::Slices(Slices { keys, slots, data }), len, prefer };
        match set.as_elias_fano(alloc)? {
            Some(numbers) => Ok(SlicedSet { form: Form::Whole(numbers), len, prefer }),
            None => Ok(set),
        }
    }
}

/// The directory with its end, in the form of fewer bytes: keys beside the slots, or a slot for
/// every key from the first to the last.
fn directory<A: Alloc + Clone>(
    mut keys: HeapWords<A>,
    mut slots: HeapWords<A>,
    (bytes, len): (usize, usize),
) -> Result<(Keys<HeapWords<A>>, HeapWords<A>), AllocError> {
    let end = [Le64::new(slot_word(bytes, Coding::Short)), Le64::new(len as u64)];
    let (first, last) = match (keys.words().first(), keys.words().last()) {
        (Some(first), Some(last)) => (first.get(), last.get()),
        _ => return Ok((Keys::From(0), HeapWords::new_in(slots.alloc().clone()))),
    };
    let (used, all) = (keys.words().len(), last.saturating_sub(first) + 1);
    if 2 * all > 3 * used as u64 {
        slots.try_reserve_exact(2)?;
        slots.try_resize(2 * used + 2)?;
        slots.words_mut()[2 * used..].copy_from_slice(&end);
        slots.try_shrink_to_fit()?;
        keys.try_shrink_to_fit()?;
        return Ok((Keys::Sorted(keys), slots));
    }
    let all = all as usize;
    let mut dense = HeapWords::new_in(slots.alloc().clone());
    dense.try_reserve_exact(2 * all + 2)?;
    dense.try_resize(2 * all + 2)?;
    let (pairs, mut next) = (dense.words_mut(), end);
    pairs[2 * all..].copy_from_slice(&end);
    let mut at = used;
    for index in (0..all).rev() {
        if at > 0 && keys.words()[at - 1].get() == first + index as u64 {
            at -= 1;
            next.copy_from_slice(&slots.words()[2 * at..2 * at + 2]);
            pairs[2 * index..2 * index + 2].copy_from_slice(&next);
        } else {
            // An empty slot is where the next one is, of no coding.
            let place = next[0].get() & (slot_word(0, Coding::Runs) - 1);
            pairs[2 * index..2 * index + 2].copy_from_slice(&[Le64::new(place), next[1]]);
        }
    }
    Ok((Keys::From(first), dense))
}

/// Bytes of the Elias-Fano code of `len` numbers up to `max`, with the index for questions by
/// value; its fixed parts apart.
pub(super) fn elias_fano_bytes(len: usize, max: u64) -> u128 {
    let width = EliasFano::low_width_for(len, max);
    let (len, buckets) = (len as u128, u128::from(max >> width) + 1);
    (len * u128::from(width) + len + buckets) / 8 + 24 * (len / 1_024 + buckets / 1_024)
}

/// What slices of a set take, or what they take at least.
pub(super) struct Cost {
    pub(super) len: usize,
    pub(super) slots: usize,
    pub(super) bytes: u128,
}

impl Cost {
    /// Whether Elias-Fano code of so many bytes suits better what is preferred.
    pub(super) fn yields_to(&self, elias_fano: u128, prefer: Prefer) -> bool {
        // Slices answer faster where they hold many numbers.
        let is_thin = self.len / THIN < self.slots;
        // They are also what two sets are made one of: not given up for a few bytes.
        32 * elias_fano < 31 * self.bytes && (is_thin || prefer == Prefer::Bytes)
    }
}

impl<A: Alloc + Clone> SlicedSet<HeapWords<A>> {
    /// The Elias-Fano code of the whole, if that suits better what is preferred.
    fn as_elias_fano(&self, alloc: A) -> Result<Option<EliasFano<HeapWords<A>>>, BuildError> {
        let (Some(max), Form::Slices(all)) = (self.last(), &self.form) else { return Ok(None) };
        let bytes = self.heap_bytes() as u128;
        let slices = Cost { len: self.len, slots: all.len(), bytes };
        let suits = |bytes: u128| slices.yields_to(bytes, self.prefer);
        if !suits(elias_fano_bytes(self.len, max)) {
            return Ok(None);
        }
        let mut builder = EliasFanoBuilder::new_in(self.len, max, alloc)?.with_succ();
        let pushed = self.iter().try_for_each(|number| builder.push(number));
        match pushed.and_then(|()| builder.finish()) {
            Ok(built) => Ok(suits(built.heap_bytes() as u128).then_some(built)),
            Err(BuildError::Alloc(error)) => Err(error.into()),
            // Made of damaged slices, which are not as they say.
            Err(_) => Ok(None),
        }
    }
}

#[cfg(feature = "alloc")]
impl SlicedSet {
    /// A builder of fewest bytes.
    #[must_use]
    pub fn builder() -> SlicedSetBuilder<Global> {
        Self::builder_for(Prefer::Bytes)
    }

    /// A builder of what is preferred.
    #[must_use]
    pub fn builder_for(prefer: Prefer) -> SlicedSetBuilder<Global> {
        SlicedSetBuilder::new_in(prefer, Global)
    }

    /// The numbers of an ascending iterator, in fewest bytes; equal ones count once.
    ///
    /// # Errors
    ///
    /// [`BuildError::NotSorted`] names the first number that is smaller than the one before;
    /// [`BuildError::Alloc`] if memory cannot be had.
    pub fn from_sorted_iter(values: impl IntoIterator<Item = u64>) -> Result<Self, BuildError> {
        let mut builder = Self::builder();
        values.into_iter().try_for_each(|value| builder.push(value))?;
        builder.finish()
    }
}

impl<A: Alloc + Clone> SortedIntSetBuild<A> for SlicedSet<HeapWords<A>> {
    fn try_build_in(
        values: impl IntoIterator<Item = u64>,
        prefer: Prefer,
        alloc: A,
    ) -> Result<Self, BuildError> {
        let mut builder = SlicedSetBuilder::new_in(prefer, alloc);
        values.into_iter().try_for_each(|value| builder.push(value))?;
        builder.finish()
    }

    fn try_combine_in(&self, other: &Self, op: SetOp, alloc: A) -> Result<Self, BuildError> {
        self.combine_in(other, op, alloc)
    }
}

impl<A: Alloc + Clone> fmt::Debug for SlicedSetBuilder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("SlicedSetBuilder");
        let (slices, bytes) = (self.coded.keys.words().len(), self.coded.bytes);
        out.field("pushed", &self.pushed).field("slices", &slices).field("bytes", &bytes);
        out.finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;

    #[test]
    fn more_numbers_than_can_be_counted_are_refused() {
        let mut builder = SlicedSet::builder();
        builder.coded.len = usize::MAX - 1;
        (0..2).for_each(|x| builder.push(x).unwrap());
        let error = builder.finish().err();
        assert_eq!(error, Some(BuildError::Alloc(AllocError::CapacityOverflow)));
    }
}
