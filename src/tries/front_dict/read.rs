//! Reading a [`FrontDict`](super::FrontDict): blocks, the search in them, and keys put together.
//!
//! Every number here may come from a damaged file. Positions are checked where bytes are read, a
//! block has at most 32 tails of at most 65,535 codes, and lengths that make no sense are cut to
//! what there is.

use super::super::blocks::Blocks;
use super::super::front::{Front, MORE, find, more, sum4};
use super::super::query::{Query, order_at};
use super::super::separators::{Found, Separators, WindowNode, put};
use super::{BLOCK, HEAD, PHRASE};
use crate::simd::scan::scan16;
use crate::storage::{Le64, as_bytes};
use core::cmp::Ordering;

/// A phrase: its bytes from the lowest on, its length in the highest one.
#[derive(Clone, Copy)]
pub(super) struct Word(pub(super) u64);

impl Word {
    #[inline(always)]
    pub(super) const fn len(self) -> usize {
        let len = (self.0 >> 56) as usize;
        if len < PHRASE { len } else { PHRASE }
    }

    #[inline(always)]
    const fn text(self) -> u128 {
        (self.0 << 8 >> 8) as u128
    }

    /// Whether it has a length, and zeros behind its bytes.
    const fn is_whole(self) -> bool {
        let len = self.0 >> 56;
        len > 0 && len <= PHRASE as u64 && self.text() >> (8 * len) == 0
    }
}

/// A block where it lies.
#[derive(Clone, Copy)]
struct Block<'a> {
    phrases: &'a [Le64],
    depths: [u64; 2],
    /// Sizes of tails that are said in halves of bytes, zero of the others.
    sizes: [u64; 2],
    /// The low bit of each half of a byte that is a longer tail's.
    long: u128,
    branches: [&'a [u8; BLOCK / 2]; 2],
    tails: &'a [u8],
}

/// Half byte `i < 32`.
#[inline(always)]
const fn half(halves: [u64; 2], i: usize) -> usize {
    (halves[i >> 4 & 1] >> (4 * (i & 15))) as usize & 15
}

/// Takes a number: a byte, or 255 and two.
#[inline(always)]
fn number(rest: &mut &[u8]) -> Option<usize> {
    let (short, behind) = rest.split_first()?;
    if *short < 255 {
        *rest = behind;
        return Some(usize::from(*short));
    }
    let (long, behind) = behind.split_first_chunk::<2>()?;
    *rest = behind;
    Some(usize::from(u16::from_le_bytes(*long)))
}

impl<'a> Block<'a> {
    #[inline(always)]
    fn at(bytes: &'a [u8], start: usize, phrases: &'a [Le64]) -> Option<Self> {
        let (head, tails) = bytes.get(start..)?.split_first_chunk::<HEAD>()?;
        let [d0, d1, s0, s1] = core::array::from_fn(|i| {
            let bytes = head[8 * i..].first_chunk();
            bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
        });
        let (low, high) = head[HEAD - BLOCK..].split_at(BLOCK / 2);
        let long = [more(s0), more(s1)];
        let sizes = [s0 & !(long[0] * 15), s1 & !(long[1] * 15)];
        let long = u128::from(long[0]) | u128::from(long[1]) << 64;
        let branches = [low.first_chunk()?, high.first_chunk()?];
        Some(Self { phrases, depths: [d0, d1], sizes, long, branches, tails })
    }

    /// Where the tail of key `i <= 32` stands among those of known sizes.
    #[inline(always)]
    const fn before(&self, i: usize) -> usize {
        let (low, high) = if i < 16 {
            (self.sizes[0] & !(u64::MAX << (4 * i)), 0)
        } else if i < 32 {
            (self.sizes[0], self.sizes[1] & !(u64::MAX << (4 * (i - 16))))
        } else {
            (self.sizes[0], self.sizes[1])
        };
        sum4(low) + sum4(high)
    }

    /// Whether the tail of key `i` is a longer one.
    #[inline(always)]
    const fn is_long(&self, i: usize) -> bool {
        self.long >> (4 * i) & 1 != 0
    }

    /// Takes the tail of key `i`, one of the longer ones: the bytes that its key shares with the
    /// one before, and its codes.
    #[inline(always)]
    fn take_long(&self, i: usize, rest: &mut &'a [u8]) -> Option<(usize, &'a [u8])> {
        let depth = half(self.depths, i);
        let shared = if depth == MORE { number(rest)? } else { self.base() + depth };
        let count = number(rest)?;
        let (codes, behind) = rest.split_at_checked(count)?;
        *rest = behind;
        Some((shared, codes))
    }

    /// The longer tails.
    #[inline(always)]
    fn long_tails(&self) -> Option<&'a [u8]> {
        self.tails.get(self.before(BLOCK)..)
    }

    /// As [`take_long`](Self::take_long), wherever it stands.
    fn long(&self, i: usize) -> Option<(usize, &'a [u8])> {
        let (mut rest, mut left) = (self.long_tails()?, self.long);
        while left != 0 {
            let j = left.trailing_zeros() as usize / 4;
            let tail = self.take_long(j, &mut rest)?;
            if j == i {
                return Some(tail);
            }
            left &= left - 1;
        }
        None
    }

    /// The codes of the tail of key `i`.
    #[inline(always)]
    fn tail(&self, i: usize) -> Option<&'a [u8]> {
        if self.is_long(i) {
            return Some(self.long(i)?.1);
        }
        let at = self.before(i);
        self.tails.get(at..at + half(self.sizes, i))
    }

    /// Bytes that key `i > 0` shares with the one before.
    #[inline(always)]
    fn depth(&self, i: usize) -> Option<usize> {
        let depth = half(self.depths, i);
        if depth < MORE { Some(self.base() + depth) } else { self.shared(i) }
    }

    /// Appends what codes stand for to `key[..len]`; returns where that ends.
    #[inline(always)]
    fn append(&self, codes: &[u8], key: &mut [u8], mut len: usize) -> Option<usize> {
        for code in codes {
            let word = Word(self.phrases.get(usize::from(*code))?.get());
            // Where there is room, all of the word is copied, whatever the phrase's length.
            match key.get_mut(len..len + 8) {
                Some(room) => {
                    room.copy_from_slice(&word.0.to_le_bytes());
                    len += word.len();
                }
                None => len = put(key, len, &word.0.to_le_bytes()[..word.len()]),
            }
        }
        Some(len)
    }
}

impl Front for Block<'_> {
    #[inline(always)]
    fn base(&self) -> usize {
        self.branches[0][0].into()
    }

    #[inline(always)]
    fn scan(&self, depth: u8, byte: u8) -> (u32, u32) {
        let low = scan16(self.depths[0], self.branches[0], depth, byte);
        let high = scan16(self.depths[1], self.branches[1], depth, byte);
        (low.0 | high.0 << 16, low.1 | high.1 << 16)
    }

    #[inline(always)]
    fn branch(&self, i: usize) -> u8 {
        self.branches[i >> 4 & 1][i & 15]
    }

    fn shared(&self, i: usize) -> Option<usize> {
        Some(self.long(i)?.0)
    }

    /// Two phrases at a time.
    #[inline(always)]
    fn compare<Q: Query>(&self, i: usize, query: &Q, at: usize) -> Option<(usize, Ordering)> {
        let (wanted, mut at) = (query.key().len(), at);
        for pair in self.tail(i)?.chunks(2) {
            let first = Word(self.phrases.get(usize::from(pair[0]))?.get());
            let next = match pair.get(1) {
                Some(code) => Word(self.phrases.get(usize::from(*code))?.get()),
                None => Word(0),
            };
            let text = first.text() | next.text() << (8 * first.len());
            let len = first.len() + next.len();
            let differs = text ^ query.load(at);
            let same = (differs.trailing_zeros() as usize / 8).min(len).min(wanted - at);
            at += same;
            if same < len {
                return Some((at, order_at(Some((text >> (8 * same)) as u8), query, at)));
            }
        }
        Some((at, Ordering::Equal))
    }
}

/// The dictionary's parts where they lie.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    phrases: &'a [Le64],
    separators: Separators<'a, WindowNode<'a>>,
    bytes: &'a [u8],
    len: usize,
}

/// Where a walk through a block is. Public in name only.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)] // nobody holds one
pub struct Walk<'a> {
    block: Block<'a>,
    /// Number of the next key in its block; where its tail stands if its size is known, and the
    /// longer tails from there on.
    next: usize,
    at: usize,
    long: &'a [u8],
    /// Bytes of the current key.
    len: usize,
}

impl<'a> View<'a> {
    #[inline(always)]
    pub(super) fn new([phrases, index, nodes, keys]: [&'a [Le64]; 4], len: usize) -> Self {
        let blocks = len.div_ceil(BLOCK);
        let separators = Separators::new(index, as_bytes(nodes), blocks, HEAD);
        Self { phrases, separators, bytes: as_bytes(keys), len }
    }

    /// Whether phrases and index are what a builder makes.
    pub(super) fn is_whole(&self) -> bool {
        self.phrases.iter().all(|word| Word(word.get()).is_whole()) && self.separators.is_whole()
    }
}

impl<'a> Blocks for View<'a> {
    type Walk = Walk<'a>;
    type Node<'n>
        = WindowNode<'n>
    where
        Self: 'n;

    const LINES: usize = 4;

    #[inline(always)]
    fn separators(&self) -> &Separators<'_, Self::Node<'_>> {
        &self.separators
    }

    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        self.bytes
    }

    #[inline(always)]
    fn block(&self) -> usize {
        BLOCK
    }

    #[inline(always)]
    fn search<Q: Query>(&self, found: Found, query: &Q) -> Option<(usize, bool)> {
        let count = (self.len - found.block * BLOCK).min(BLOCK);
        let block = Block::at(self.bytes, found.start, self.phrases)?;
        let mut matched = found.matched;
        // Else the separator is smaller, and so are all keys that begin with it.
        if found.matched == found.len {
            let (same, order) = block.compare(0, query, found.matched)?;
            if order == Ordering::Greater {
                return Some((0, false));
            }
            if order == Ordering::Equal && same == query.key().len() && !Q::BEHIND {
                return Some((0, true));
            }
            matched = same;
        }
        let place = find(&block, count, matched, query)?;
        Some((place.last + usize::from(!place.equal), place.equal))
    }

    #[inline(always)]
    fn enter(&self, block: usize, key: &mut [u8]) -> Option<Walk<'a>> {
        let (len, start) = self.separators.spell(block, key)?;
        let block = Block::at(self.bytes, start, self.phrases)?;
        let long = block.long_tails()?;
        let mut walk = Walk { block, next: 0, at: 0, long, len };
        walk.append(key)?;
        Some(walk)
    }

    #[inline(always)]
    fn advance(&self, walk: &mut Walk<'a>, key: &mut [u8]) -> Option<usize> {
        let (block, i) = (&walk.block, walk.next);
        let depth = half(block.depths, i);
        let shared = if depth < MORE {
            block.base() + depth
        } else {
            let mut rest = walk.long;
            number(&mut rest)?
        };
        let shared = shared.min(walk.len);
        walk.len = put(key, shared, &[block.branch(i)]);
        walk.append(key)?;
        Some(shared)
    }

    /// Only those keys before it are put together that it has bytes of.
    #[inline(always)]
    fn spell(&self, id: usize, key: &mut [u8]) -> Option<usize> {
        let (len, start) = self.separators.spell(id / BLOCK, key)?;
        let block = Block::at(self.bytes, start, self.phrases)?;
        let (mut needed, mut fewest) = (0_u32, usize::MAX);
        for i in (1..=id % BLOCK).rev() {
            let depth = block.depth(i)?;
            needed |= u32::from(depth < fewest) << i;
            fewest = fewest.min(depth);
        }
        let mut len = block.append(block.tail(0)?, key, len)?;
        while needed != 0 {
            let i = needed.trailing_zeros() as usize;
            len = put(key, block.depth(i)?.min(len), &[block.branch(i)]);
            len = block.append(block.tail(i)?, key, len)?;
            needed &= needed - 1;
        }
        Some(len)
    }
}

impl Walk<'_> {
    /// Appends the tail that comes next.
    #[inline(always)]
    fn append(&mut self, key: &mut [u8]) -> Option<()> {
        let (block, i) = (&self.block, self.next);
        let codes = if block.is_long(i) {
            block.take_long(i, &mut self.long)?.1
        } else {
            let start = self.at;
            self.at += half(block.sizes, i);
            block.tails.get(start..self.at)?
        };
        self.len = block.append(codes, key, self.len)?;
        self.next += 1;
        Some(())
    }

    /// Bytes of the current key.
    pub(super) const fn len(&self) -> usize {
        self.len
    }
}
