//! The slots of a quotient filter: runs of remainders in blocks of 64.
//!
//! Numbers read from a block may come from a damaged file. They are followed only as far as there
//! are blocks; a table of damaged numbers gives wrong answers, and can be changed, without harm.

mod change;
mod fill;
mod find;
mod head;
mod lanes;

use crate::error::{AllocError, BuildError};
use crate::mem::Alloc;
use crate::simd::deposit::Way;
use crate::simd::prefetch;
use crate::simd::unpack::unpack;
use crate::storage::{HeapWords, Le64, Words, as_bytes};
pub(super) use fill::Filling;
use head::Head;
use lanes::Lanes;

/// Slots of a block.
pub(super) const BLOCK: usize = 64;
/// Bytes of a block beside its remainders: `occupied`, `ends` and `offset`.
const HEAD: usize = 18;
const OCCUPIED: usize = 0;
const ENDS: usize = 8;
const OFFSET: usize = 16;
/// The most slots from a block's start on that runs of quotients before it may take.
const MAX_OFFSET: usize = u16::MAX as usize;
/// The most bits of a remainder: with 7 more bits they must fit in a word.
pub(super) const MAX_REMAINDER: u32 = 56;

/// Blocks of 64 slots with remainders of `bits` bits: first the remainders of all, a word of
/// padding, then the heads of all.
///
/// Whatever is done reads heads first, and of what is absent a third and more has no run. All heads
/// together stay in cache where blocks do not: with each block's head before its remainders a hit
/// among a million keys took up to 1.4 times as long (measured).
#[derive(Clone)]
pub(super) struct Table<W> {
    words: W,
    blocks: usize,
    /// The byte at which heads begin.
    heads: usize,
    bits: u32,
    lanes: Lanes,
    way: Way,
}

/// Bytes of a block.
const fn stride(bits: u32) -> usize {
    HEAD + bits as usize * 8
}

/// The byte at which the heads of so many blocks begin.
const fn heads_at(blocks: usize, bits: u32) -> usize {
    (blocks * bits as usize + 1) * 8
}

/// Words of so many blocks and of the padding behind the last remainder, the last one filled up;
/// `None` if there are more bytes, or slots, than can be counted.
fn words_for(blocks: usize, bits: u32) -> Option<usize> {
    blocks.checked_mul(BLOCK)?;
    Some((blocks.checked_mul(stride(bits))?.checked_add(8)?).div_ceil(8))
}

/// The number in the 8 bytes from `at` on; 0 behind the end.
#[inline(always)]
fn load(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |word| u64::from_le_bytes(*word))
}

/// Overwrites the 8 bytes from `at` on, if they exist.
#[inline(always)]
fn store(bytes: &mut [u8], at: usize, value: u64) {
    if let Some(word) = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *word = value.to_le_bytes();
    }
}

/// The error of so many slots in a row.
const fn too_many(offset: usize) -> BuildError {
    BuildError::TooMany { len: offset as u64, max: MAX_OFFSET as u64 }
}

/// The bits from `index` on, which is below 64.
const fn from(index: usize) -> u64 {
    u64::MAX << (index % 64)
}

impl<W: Words> Table<W> {
    /// The blocks in `words`, if there are as many words as they need.
    pub(super) fn new(words: W, blocks: usize, bits: u32) -> Option<Self> {
        let fits = words_for(blocks, bits) == Some(words.words().len());
        let lanes = Lanes::new(bits);
        (fits && bits <= MAX_REMAINDER).then(|| Self {
            words,
            blocks,
            heads: heads_at(blocks, bits),
            bits,
            lanes,
            way: Way::new(),
        })
    }

    /// How many blocks stand in so many words.
    pub(super) const fn blocks_in(words: usize, bits: u32) -> usize {
        (words * 8).saturating_sub(8) / stride(bits)
    }

    pub(super) const fn store(&self) -> &W {
        &self.words
    }

    pub(super) const fn blocks(&self) -> usize {
        self.blocks
    }

    /// Slots, the spare ones at the end among them.
    pub(super) const fn slots(&self) -> usize {
        self.blocks * BLOCK
    }

    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        as_bytes(self.words.words())
    }

    /// Asks for the head of the quotient's block, and for its own slot.
    #[inline(always)]
    pub(super) fn prefetch(&self, quotient: usize) {
        prefetch(self.bytes(), self.head_at(quotient / BLOCK));
        prefetch(self.bytes(), self.start_of(quotient).0);
    }

    /// Asks for the head of the quotient's block, and for the slots that an insertion moves, some
    /// eighty where nearly all are taken.
    #[inline(always)]
    pub(super) fn prefetch_moved(&self, quotient: usize) {
        self.prefetch(quotient);
        let (at, _) = self.start_of(quotient);
        for line in 1..4 {
            prefetch(self.bytes(), at + 64 * line);
        }
    }

    /// Byte at which the head of a block starts.
    #[inline(always)]
    const fn head_at(&self, block: usize) -> usize {
        self.heads + block * HEAD
    }

    /// The byte, and the bit in it, at which the remainder in a slot starts.
    #[inline(always)]
    const fn start_of(&self, slot: usize) -> (usize, u32) {
        // On 32-bit machines bits outgrow usize, bytes do not.
        let bit = slot as u64 * self.bits as u64;
        ((bit / 8) as usize, (bit % 8) as u32)
    }

    /// Which quotients of the block have a run.
    #[inline(always)]
    pub(super) fn occupied(&self, block: usize) -> u64 {
        if block < self.blocks { load(self.bytes(), self.head_at(block) + OCCUPIED) } else { 0 }
    }

    /// Which slots of the block are the last of a run.
    #[inline(always)]
    pub(super) fn ends(&self, block: usize) -> u64 {
        if block < self.blocks { load(self.bytes(), self.head_at(block) + ENDS) } else { 0 }
    }

    /// Slots from the block's start on that runs of quotients before it take.
    #[inline(always)]
    pub(super) fn offset(&self, block: usize) -> usize {
        self.head(block).offset
    }

    #[inline(always)]
    fn is_end(&self, slot: usize) -> bool {
        self.ends(slot / BLOCK) >> (slot % BLOCK) & 1 == 1
    }

    /// The remainder in a slot.
    #[inline(always)]
    fn remainder(&self, slot: usize) -> u64 {
        let (at, shift) = self.start_of(slot);
        load(self.bytes(), at) >> shift & !(u64::MAX << self.bits)
    }

    /// The remainders in the slots of a block.
    pub(super) fn remainders(&self, block: usize, out: &mut [u64; BLOCK]) {
        unpack(self.bytes(), (block * BLOCK) as u64 * u64::from(self.bits), self.bits, out);
    }

    /// How work on it is done.
    pub(super) const fn way(&self) -> Way {
        self.way
    }

    /// The head of a block, read with one check; without any run behind the last one.
    #[inline(always)]
    fn head(&self, block: usize) -> Head {
        let at = self.head_at(block);
        let Some(heads) = self.bytes().get(at..at + 2 * HEAD) else { return self.last_head(block) };
        let offset = heads[OFFSET..].first_chunk().map_or(0, |bytes| u16::from_le_bytes(*bytes));
        let (occupied, ends) = (load(heads, OCCUPIED), load(heads, ENDS));
        Head { occupied, ends, next_ends: load(heads, HEAD + ENDS), offset: usize::from(offset) }
    }

    /// As [`head`](Self::head), of the last block and of those behind it.
    #[inline(always)]
    fn last_head(&self, block: usize) -> Head {
        let rest = self.bytes().get(self.head_at(block)..);
        // Padding is shorter than a head.
        let Some(head) = rest.and_then(|rest| rest.first_chunk::<HEAD>()) else {
            return Head::default();
        };
        let offset = usize::from(u16::from_le_bytes([head[OFFSET], head[OFFSET + 1]]));
        let (occupied, ends) = (load(head, OCCUPIED), load(head, ENDS));
        Head { occupied, ends, next_ends: 0, offset }
    }

    /// Whether all runs stand where they must, `len` remainders in all, of quotients below `slots`.
    pub(super) fn check(&self, len: u64, slots: u64) -> bool {
        let (mut next, mut count, mut ends, mut runs) = (0_usize, 0_u64, 0_u64, 0_u64);
        for block in 0..self.blocks {
            if self.offset(block) != next.saturating_sub(block * BLOCK) {
                return false;
            }
            ends += u64::from(self.ends(block).count_ones());
            let mut occupied = self.occupied(block);
            while occupied != 0 {
                let quotient = block * BLOCK + occupied.trailing_zeros() as usize;
                occupied &= occupied - 1;
                let start = next.max(quotient);
                let Some(end) = self.ascending_run(start) else { return false };
                if quotient as u64 >= slots {
                    return false;
                }
                (next, count, runs) = (end, count + (end - start) as u64, runs + 1);
            }
        }
        count == len && ends == runs
    }

    /// The slot behind the run from `start` on, if its remainders ascend.
    fn ascending_run(&self, start: usize) -> Option<usize> {
        let mut last = 0;
        for slot in start..self.slots() {
            let remainder = self.remainder(slot);
            if remainder < last {
                return None;
            }
            if self.is_end(slot) {
                return Some(slot + 1);
            }
            last = remainder;
        }
        None
    }
}

impl<A: Alloc> Table<HeapWords<A>> {
    /// Empty blocks, at their exact size.
    pub(super) fn empty(blocks: usize, bits: u32, alloc: A) -> Result<Self, BuildError> {
        let (lanes, way) = (Lanes::new(bits), Way::new());
        let (words, heads) = (HeapWords::new_in(alloc), heads_at(0, bits));
        let mut table = Self { words, blocks: 0, heads, bits, lanes, way };
        table.add_blocks(blocks)?;
        Ok(table)
    }

    /// Appends empty blocks: the heads make room for their remainders.
    fn add_blocks(&mut self, count: usize) -> Result<(), BuildError> {
        let blocks = self.blocks + count;
        let words = words_for(blocks, self.bits).ok_or(AllocError::CapacityOverflow)?;
        self.words.try_reserve_exact(words - self.words.words().len())?;
        self.words.try_resize(words)?;
        let (old, new) = (self.heads, heads_at(blocks, self.bits));
        let bytes = self.words.as_bytes_mut();
        bytes.copy_within(old..old + self.blocks * HEAD, new);
        bytes[old..new].fill(0);
        (self.blocks, self.heads) = (blocks, new);
        Ok(())
    }

    /// Empties all slots.
    pub(super) fn clear(&mut self) {
        self.words.words_mut().fill(Le64::default());
    }

    fn set_word(&mut self, block: usize, field: usize, value: u64) {
        let at = self.head_at(block) + field;
        if block < self.blocks {
            store(self.words.as_bytes_mut(), at, value);
        }
    }

    /// Sets both words of the head of a block, which exists.
    #[inline(always)]
    fn set_runs(&mut self, block: usize, occupied: u64, ends: u64) {
        let at = self.head_at(block);
        if let Some(head) = self.words.as_bytes_mut().get_mut(at..at + HEAD) {
            store(head, OCCUPIED, occupied);
            store(head, ENDS, ends);
        }
    }

    fn set_offset(&mut self, block: usize, value: usize) {
        let at = self.head_at(block) + OFFSET;
        if let Some(place) = self.words.as_bytes_mut().get_mut(at..at + 2) {
            place.copy_from_slice(&(value as u16).to_le_bytes());
        }
    }

    pub(super) fn set_occupied(&mut self, quotient: usize, occupied: bool) {
        let (block, bit) = (quotient / BLOCK, 1 << (quotient % BLOCK));
        let old = self.occupied(block);
        self.set_word(block, OCCUPIED, if occupied { old | bit } else { old & !bit });
    }

    fn set_end(&mut self, slot: usize, end: bool) {
        let (block, bit) = (slot / BLOCK, 1 << (slot % BLOCK));
        let old = self.ends(block);
        self.set_word(block, ENDS, if end { old | bit } else { old & !bit });
    }

    fn set_remainder(&mut self, slot: usize, value: u64) {
        let (at, shift) = self.start_of(slot);
        let bytes = self.words.as_bytes_mut();
        let kept = load(bytes, at) & !(!(u64::MAX << self.bits) << shift);
        store(bytes, at, kept | value << shift);
    }
}
