//! [`Blocks`]: the numbers of a slice as bits, and which blocks of 256 may have some. What two
//! slices do not have costs nothing: neither reading, nor combining, nor coding it.

use super::lists::FULL;
use super::slice::{Bits, Coding, Ones, Slice, WORDS, for_range, ones, word_at};
use crate::arrays::SetOp;
use crate::simd::counting::{self, Work};
use crate::simd::wide::{self, Wide};

/// Words of a block.
pub(super) const BLOCK_WORDS: usize = 4;
/// Blocks of a slice.
const BLOCKS: usize = WORDS / BLOCK_WORDS;

/// The bits of a block.
pub(super) type Block = [u64; BLOCK_WORDS];

/// Which blocks are used, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Used([u64; BLOCKS / 64]);

impl Used {
    pub(super) const NONE: Self = Self([0; BLOCKS / 64]);
    pub(super) const ALL: Self = Self([u64::MAX; BLOCKS / 64]);

    /// Each, in order.
    #[inline(always)]
    pub(super) const fn iter(self) -> UsedBlocks {
        UsedBlocks { rest: ones(self.0[0]), next: 1, used: self }
    }

    /// Those of the eight blocks from block `8 * group` on.
    #[inline]
    pub(super) fn group(self, group: usize) -> u8 {
        (self.0[group / 8 % self.0.len()] >> (group % 8 * 8)) as u8
    }

    #[inline]
    fn set(&mut self, block: usize) {
        self.0[block / 64 % (BLOCKS / 64)] |= 1 << (block % 64);
    }

    fn and(self, other: Self) -> Self {
        Self(core::array::from_fn(|at| self.0[at] & other.0[at]))
    }

    fn or(self, other: Self) -> Self {
        Self(core::array::from_fn(|at| self.0[at] | other.0[at]))
    }
}

/// The blocks of a [`Used`].
pub(super) struct UsedBlocks {
    /// What is left of the word before word `next`.
    rest: Ones,
    next: usize,
    used: Used,
}

impl Iterator for UsedBlocks {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        loop {
            if let Some(bit) = self.rest.next() {
                return Some(64 * (self.next - 1) + bit);
            }
            self.rest = ones(*self.used.0.get(self.next)?);
            self.next += 1;
        }
    }
}

/// Block `index` of some bits.
#[inline(always)]
pub(super) fn block_of(bits: &Bits, index: usize) -> &Block {
    bits[index % BLOCKS * BLOCK_WORDS..].first_chunk().unwrap_or(&[0; BLOCK_WORDS])
}

/// The block of these bytes.
#[inline(always)]
pub(super) fn block_in(bytes: &[u8; 8 * BLOCK_WORDS]) -> Block {
    core::array::from_fn(|at| word_at(bytes, 8 * at))
}

/// The numbers of a slice as bits.
pub(super) struct Blocks {
    /// All other blocks are zeros.
    used: Used,
    bits: Bits,
}

impl Blocks {
    pub(super) const fn new() -> Self {
        Self { used: Used::NONE, bits: [0; WORDS] }
    }

    pub(super) const fn parts(&self) -> (&Bits, Used) {
        (&self.bits, self.used)
    }

    #[inline(always)]
    fn block_mut(&mut self, index: usize) -> Option<&mut Block> {
        self.bits[index % BLOCKS * BLOCK_WORDS..].first_chunk_mut()
    }

    /// Takes all numbers out.
    pub(super) fn clear(&mut self) {
        if self.used == Used::ALL {
            (self.used, self.bits) = (Used::NONE, [0; WORDS]);
            return;
        }
        for index in core::mem::replace(&mut self.used, Used::NONE).iter() {
            if let Some(block) = self.block_mut(index) {
                *block = [0; BLOCK_WORDS];
            }
        }
    }

    /// Puts numbers in that are spread.
    pub(super) fn put(&mut self, list: &[u16]) {
        self.used = Used::ALL;
        list.iter().for_each(|y| self.bits[usize::from(y / 64)] |= 1 << (y % 64));
    }

    /// Puts the numbers `start..end` in, at most all of a slice.
    pub(super) fn put_range(&mut self, start: usize, end: usize) {
        let Self { used, bits } = self;
        for_range(start, end, &mut |at, word| {
            used.set(at / BLOCK_WORDS);
            bits[at % WORDS] |= word;
        });
    }

    /// Whether a number is there.
    #[inline]
    pub(super) fn has(&self, y: u16) -> bool {
        self.bits[usize::from(y / 64)] >> (y % 64) & 1 != 0
    }

    /// Puts the numbers of a slice in: at least those in blocks `within`.
    pub(super) fn load(&mut self, slice: &Slice<'_>, within: Used) {
        let Self { used, bits } = self;
        match slice.coding {
            Coding::Lists => slice.for_lists(within, |index, list| {
                used.set(index);
                let (base, bytes) = (index % BLOCKS * BLOCK_WORDS, slice.list_bytes(list));
                if list.len == FULL {
                    let words = block_in(bytes);
                    bits[base..].iter_mut().zip(words).for_each(|(own, word)| *own |= word);
                } else {
                    for y in &bytes[..list.len] {
                        bits[base + usize::from(y / 64)] |= 1 << (y % 64);
                    }
                }
            }),
            // Numbers that are many are in most blocks.
            Coding::Short | Coding::Sparse if slice.count > BLOCKS / 2 => {
                *used = Used::ALL;
                slice.for_numbers(|y| bits[y / 64 % WORDS] |= 1 << (y % 64));
            }
            Coding::Bitmap => {
                *used = Used::ALL;
                for (index, own) in bits.chunks_exact_mut(BLOCK_WORDS).enumerate() {
                    own.copy_from_slice(&slice.bitmap_block(index));
                }
            }
            _ => slice.for_words(|at, word| {
                used.set(at / BLOCK_WORDS);
                bits[at % WORDS] |= word;
            }),
        }
    }

    /// Makes these the numbers of `op` over two bitmaps; whether they are whole ones.
    pub(super) fn combine_bitmaps(&mut self, a: &Slice<'_>, b: &Slice<'_>, op: SetOp) -> bool {
        let Some(pair) = a.bitmap().zip(b.bitmap()) else { return false };
        self.used = Used::ALL;
        counting::run(Bitmaps { pair, op, out: &mut self.bits });
        true
    }

    /// Makes these the numbers of `op` over them and a slice. `room` is empty, and is so again.
    pub(super) fn combine(&mut self, slice: &Slice<'_>, op: SetOp, room: &mut Self) {
        if slice.coding == Coding::Bitmap {
            return self.with(Used::ALL, |index| slice.bitmap_block(index), op);
        }
        let within = match op {
            SetOp::Intersection | SetOp::Difference => self.used,
            SetOp::Union | SetOp::SymmetricDifference => Used::ALL,
        };
        room.load(slice, within);
        self.with(room.used, |index| *block_of(&room.bits, index), op);
        room.clear();
    }

    /// Makes these the numbers of `op` over them and other blocks, of which `used` may not be
    /// zeros.
    #[inline(always)]
    fn with(&mut self, used: Used, block: impl Fn(usize) -> Block, op: SetOp) {
        let (own, both) = (self.used, self.used.and(used));
        match op {
            SetOp::Union => self.change(used, &block, |a, b| a | b),
            SetOp::SymmetricDifference => self.change(used, &block, |a, b| a ^ b),
            SetOp::Difference => self.change(both, &block, |a, b| a & !b),
            SetOp::Intersection => self.change(own, &block, |a, b| a & b),
        }
        self.used = match op {
            SetOp::Union | SetOp::SymmetricDifference => own.or(used),
            SetOp::Difference => own,
            SetOp::Intersection => both,
        };
    }

    #[inline(always)]
    fn change(&mut self, at: Used, block: impl Fn(usize) -> Block, f: impl Fn(u64, u64) -> u64) {
        for index in at.iter() {
            let other = block(index);
            if let Some(own) = self.block_mut(index) {
                own.iter_mut().zip(other).for_each(|(own, other)| *own = f(*own, other));
            }
        }
    }

    /// How many of its numbers a slice has too.
    pub(super) fn shared_with(&self, slice: &Slice<'_>, room: &mut Self) -> usize {
        counting::run(Shared { blocks: self, slice, room })
    }
}

/// Two whole bitmaps.
type Pair<'a> = (&'a [u8; 8 * WORDS], &'a [u8; 8 * WORDS]);

/// Their words, in order.
#[inline(always)]
fn words_of((a, b): Pair<'_>) -> impl Iterator<Item = (u64, u64)> {
    let word = |bytes: &[u8]| u64::from_le_bytes(*bytes.first_chunk().unwrap_or(&[0; 8]));
    a.chunks_exact(8).zip(b.chunks_exact(8)).map(move |(a, b)| (word(a), word(b)))
}

/// The work of [`Blocks::combine_bitmaps`].
struct Bitmaps<'a> {
    pair: Pair<'a>,
    op: SetOp,
    out: &'a mut Bits,
}

impl Bitmaps<'_> {
    #[inline(always)]
    fn write(self, f: impl Fn(u64, u64) -> u64) {
        for (out, (a, b)) in self.out.iter_mut().zip(words_of(self.pair)) {
            *out = f(a, b);
        }
    }
}

impl Work for Bitmaps<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        match self.op {
            SetOp::Union => self.write(|a, b| a | b),
            SetOp::Intersection => self.write(|a, b| a & b),
            SetOp::Difference => self.write(|a, b| a & !b),
            SetOp::SymmetricDifference => self.write(|a, b| a ^ b),
        }
    }
}

/// How many numbers two bitmaps share; `None` if they are not whole ones.
pub(super) fn shared_in_bitmaps(a: &Slice<'_>, b: &Slice<'_>) -> Option<usize> {
    let pair = a.bitmap().zip(b.bitmap())?;
    Some(wide::run(InBoth(pair)).unwrap_or_else(|| counting::run(InBoth(pair))))
}

/// The work of [`shared_in_bitmaps`].
struct InBoth<'a>(Pair<'a>);

impl InBoth<'_> {
    #[inline(always)]
    fn count(self) -> usize {
        words_of(self.0).map(|(a, b)| (a & b).count_ones()).sum::<u32>() as usize
    }
}

impl Work for InBoth<'_> {
    type Out = usize;

    #[inline(always)]
    fn run(self) -> usize {
        self.count()
    }
}

impl wide::Work for InBoth<'_> {
    type Out = usize;

    #[inline(always)]
    fn run(self, _: Wide) -> usize {
        self.count()
    }
}

struct Shared<'a> {
    blocks: &'a Blocks,
    slice: &'a Slice<'a>,
    /// Empty, and so again.
    room: &'a mut Blocks,
}

impl Work for Shared<'_> {
    type Out = usize;

    #[inline(always)]
    fn run(self) -> usize {
        let Self { blocks: Blocks { used, bits }, slice, room } = self;
        let has = |y: usize| (bits[y / 64 % WORDS] >> (y % 64) & 1) as usize;
        let in_both = |index: usize, other: Block| -> usize {
            let pairs = block_of(bits, index).iter().zip(other);
            pairs.map(|(own, other)| (own & other).count_ones() as usize).sum()
        };
        let mut count = 0;
        match slice.coding {
            Coding::Lists => slice.for_lists(*used, |index, list| {
                count += match list.len == FULL {
                    true => in_both(index, block_in(slice.list_bytes(list))),
                    false => {
                        let lows = slice.list_bytes(list)[..list.len].iter();
                        lows.map(|low| has(index << 8 | usize::from(*low))).sum()
                    }
                };
            }),
            Coding::Bitmap => {
                for index in used.iter() {
                    count += in_both(index, slice.bitmap_block(index));
                }
            }
            Coding::Runs => {
                room.load(slice, Used::ALL);
                for index in used.and(room.used).iter() {
                    count += in_both(index, *block_of(&room.bits, index));
                }
                room.clear();
            }
            _ => slice.for_numbers(|y| count += has(y)),
        }
        count
    }
}
