//! Reading a [`FrontDict`](super::FrontDict): blocks, the search in them, and keys put together.
//!
//! Every number here may come from a damaged file. Positions are checked where bytes are read, a
//! block has at most 32 tails of at most 65,535 codes, and lengths that make no sense are cut to
//! what there is.

use super::super::blocks::Blocks;
use super::super::front::{Front, MORE, find, longer, sum4};
use super::super::query::{Query, order_at};
use super::super::separators::{Found, Separators, WindowNode, put};
use super::{BLOCK, HEAD, PHRASE};
use crate::simd::scan::scan32;
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
    const fn text(self) -> u64 {
        self.0 << 8 >> 8
    }

    /// How many of its bytes are the first ones of these.
    #[inline(always)]
    const fn common(self, bytes: u64) -> usize {
        // The bit behind its bytes: no more than they are.
        let differs = self.0 ^ bytes | 1 << (8 * self.len());
        differs.trailing_zeros() as usize / 8
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
    head: &'a [u8; HEAD],
    /// Sizes of tails that are said in halves of bytes, zero of the others.
    sizes: u128,
    tails: &'a [u8],
}

/// Where the sizes and the branch bytes of a head begin.
const SIZES: usize = BLOCK / 2;
const BRANCHES: usize = BLOCK;

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
        let sizes = head[SIZES..].first_chunk()?;
        let sizes = u128::from_le_bytes(*sizes);
        let sizes = sizes & !(longer(sizes) * 15);
        Some(Self { phrases, head, sizes, tails })
    }

    /// Half byte `i < 32` of those from byte `start` on.
    #[inline(always)]
    const fn half(&self, start: usize, i: usize) -> usize {
        (self.head[start + (i >> 1) % SIZES] >> (4 * (i & 1))) as usize & 15
    }

    /// The size of the tail of key `i`, 15 of the longer ones.
    #[inline(always)]
    const fn size(&self, i: usize) -> usize {
        self.half(SIZES, i)
    }

    /// Where the tail of key `i < 32` stands among those of known sizes.
    #[inline(always)]
    const fn before(&self, i: usize) -> usize {
        sum4(self.sizes & !(u128::MAX << (4 * i)))
    }

    /// Takes the tail of key `i`, one of the longer ones: the bytes that its key shares with the
    /// one before, and its codes.
    #[inline(always)]
    fn take_long(&self, i: usize, rest: &mut &'a [u8]) -> Option<(usize, &'a [u8])> {
        let depth = self.half(0, i);
        let shared = if depth == MORE { number(rest)? } else { self.base() + depth };
        let count = number(rest)?;
        let (codes, behind) = rest.split_at_checked(count)?;
        *rest = behind;
        Some((shared, codes))
    }

    /// The longer tails.
    #[inline(always)]
    fn long_tails(&self) -> Option<&'a [u8]> {
        self.tails.get(sum4(self.sizes)..)
    }

    /// As [`take_long`](Self::take_long), wherever it stands.
    fn long(&self, i: usize) -> Option<(usize, &'a [u8])> {
        let sizes = u128::from_le_bytes(*self.head[SIZES..].first_chunk()?);
        let (mut rest, mut left) = (self.long_tails()?, longer(sizes));
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
        let size = self.size(i);
        if size == MORE {
            return Some(self.long(i)?.1);
        }
        let at = self.before(i);
        self.tails.get(at..at + size)
    }

    /// How what codes stand for compares to a query from `at` on.
    fn compare_codes<Q: Query>(
        &self,
        codes: &[u8],
        query: &Q,
        mut at: usize,
    ) -> Option<(usize, Ordering)> {
        for pair in codes.chunks(2) {
            let word = |code: &u8| Some(Word(self.phrases.get(usize::from(*code))?.get()));
            let next = pair.get(1).map_or(Some(Word(0)), word)?;
            let order;
            (at, order) = compare_pair(word(&pair[0])?, next, query, at);
            if order != Ordering::Equal {
                return Some((at, order));
            }
        }
        Some((at, Ordering::Equal))
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
        self.head[BRANCHES].into()
    }

    #[inline(always)]
    fn scan(&self, depth: u8, byte: u8) -> (u32, u32) {
        let (depths, rest) = self.head.split_at(BRANCHES);
        match (depths.first_chunk(), rest.first_chunk()) {
            (Some(depths), Some(branches)) => scan32(depths, branches, depth, byte),
            _ => (0, 0),
        }
    }

    #[inline(always)]
    fn branch(&self, i: usize) -> u8 {
        self.head[BRANCHES + i % BLOCK]
    }

    #[inline(always)]
    fn shared(&self, i: usize) -> Option<usize> {
        let depth = self.half(0, i);
        if depth < MORE { Some(self.base() + depth) } else { Some(self.long(i)?.0) }
    }

    /// The first two phrases without a branch that asks whether there are as many: most tails have
    /// no more.
    #[inline(always)]
    fn compare<Q: Query>(&self, i: usize, query: &Q, at: usize) -> Option<(usize, Ordering)> {
        let size = self.size(i);
        let codes = self.tails.get(self.before(i)..)?;
        let Some(pair) = codes.first_chunk::<2>().filter(|_| size < MORE) else {
            return self.compare_codes(self.tail(i)?, query, at);
        };
        let [first, next] = pair.map(|code| self.phrases.get(usize::from(code)));
        let first = Word(first.map_or(0, |word| word.get()) & mask(size > 0));
        let next = Word(next.map_or(0, |word| word.get()) & mask(size > 1));
        match compare_pair(first, next, query, at) {
            (at, Ordering::Equal) if size > 2 => self.compare_codes(codes.get(2..size)?, query, at),
            found => Some(found),
        }
    }
}

/// All bits, or none.
#[inline(always)]
const fn mask(all: bool) -> u64 {
    (all as u64).wrapping_neg()
}

/// How two phrases, of which each may be empty, compare to a query from `at` on.
#[inline(always)]
fn compare_pair(first: Word, next: Word, query: &impl Query, at: usize) -> (usize, Ordering) {
    let same = first.common(query.part(at));
    let behind = next.common(query.part(at + first.len()));
    let (same, whole, word) = if same < first.len() {
        (same, false, first.0 >> (8 * same))
    } else {
        (same + behind, behind == next.len(), next.0 >> (8 * behind))
    };
    let (at, wanted) = (at + same, query.key().len());
    if at > wanted {
        // Zeros of the text behind the end of the query.
        return (wanted, order_at(Some(0), query, wanted));
    }
    (at, order_at(if whole { None } else { Some(word as u8) }, query, at))
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
        let depth = block.half(0, i);
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
            let depth = block.shared(i)?;
            needed |= u32::from(depth < fewest) << i;
            fewest = fewest.min(depth);
        }
        let mut len = block.append(block.tail(0)?, key, len)?;
        while needed != 0 {
            let i = needed.trailing_zeros() as usize;
            len = put(key, block.shared(i)?.min(len), &[block.branch(i)]);
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
        let size = block.size(i);
        let codes = if size == MORE {
            block.take_long(i, &mut self.long)?.1
        } else {
            let start = self.at;
            self.at += size;
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
