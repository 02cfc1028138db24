//! Reading a [`RearDict`](super::RearDict): bits to phrases, phrases to keys, and the search.
//!
//! Every number here may come from a damaged file. Positions are checked where bytes are read, each
//! step takes at least one bit of a block whose bits are bounded, and lengths that make no sense
//! are cut to what there is.

use super::super::blocks::Blocks;
use super::super::phrases::PHRASE;
use super::super::query::Query;
use super::super::separators::{Found, FrontNode, Separators, put};
use super::super::spool::MAX_KEY;
use super::{ESCAPE, Shape, class_of};
use crate::storage::words::{Le32, as_halves};
use crate::storage::{Le64, as_bytes};
use core::cmp::Ordering;

/// The most bytes of a block that are looked at: more than the longest keys in the longest codes.
const BLOCK_BYTES: usize = super::MAX_BLOCK * (MAX_KEY + 4) * 3;

/// An entry of the table of codes: what a code stands for.
#[derive(Clone, Copy)]
pub(super) struct Entry(pub(super) u32);

impl Entry {
    pub(super) const fn new(id: usize, len: u8, end: bool, bits: u32) -> Self {
        Self((id as u32) << 11 | (len as u32) << 6 | (end as u32) << 5 | (bits - 1))
    }

    /// Bits of the code; at least one, whatever the table says.
    const fn bits(self) -> u32 {
        (self.0 & 31) + 1
    }

    const fn end(self) -> bool {
        self.0 & 32 != 0
    }

    const fn len(self) -> usize {
        (self.0 >> 6) as usize & 31
    }

    const fn id(self) -> usize {
        (self.0 >> 11) as usize
    }
}

/// Bits of a block, from the lowest of each byte on.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    /// The next bit.
    at: usize,
    /// The bits from there on, as many as `have` says, and others above or zeros.
    buffer: u64,
    have: i32,
}

impl<'a> Reader<'a> {
    #[inline(always)]
    fn new(bytes: &'a [u8], byte: usize) -> Self {
        Self { bytes, at: byte * 8, buffer: 0, have: 0 }
    }

    /// Fills the buffer; `None` at the end of the bytes.
    #[inline(always)]
    fn fill(&mut self) -> Option<()> {
        let bytes = self.bytes.get(self.at >> 3..)?.first_chunk()?;
        let shift = self.at as u32 & 7;
        self.buffer = u64::from_le_bytes(*bytes) >> shift;
        self.have = 64 - shift as i32;
        Some(())
    }

    #[inline(always)]
    const fn skip(&mut self, bits: u32) {
        self.buffer >>= bits;
        self.at += bits as usize;
        self.have -= bits as i32;
    }
}

/// The dictionary's parts where they lie.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    codes: &'a [Le32],
    rears: &'a [u8],
    phrases: &'a [u8],
    separators: Separators<'a, FrontNode<'a>>,
    bits: &'a [u8],
    shape: Shape,
    len: usize,
}

/// Where a walk through a block is. Public in name only.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)] // nobody holds one
pub struct Walk<'a> {
    reader: Reader<'a>,
    /// The second half.
    second: Reader<'a>,
    /// Number of the next key in its block.
    next: usize,
    /// Bytes of the current key, of its suffix, and of the block's first key.
    len: usize,
    suffix: usize,
    first: usize,
}

/// A key's place in the order, while a query is compared to the keys of a block.
struct Seen {
    order: Ordering,
    matched: usize,
    suffix: usize,
}

impl<'a> View<'a> {
    #[inline(always)]
    pub(super) fn new(
        [tables, index, nodes, bits]: [&'a [Le64]; 4],
        shape: Shape,
        len: usize,
    ) -> Self {
        let (codes, rest) = tables.split_at(shape.code_words());
        let (rears, phrases) = rest.split_at(shape.rear_words());
        Self {
            codes: as_halves(codes),
            rears: as_bytes(rears),
            phrases: as_bytes(phrases),
            separators: Separators::new(index, as_bytes(nodes), shape.blocks(len), 0),
            bits: as_bytes(bits),
            shape,
            len,
        }
    }

    /// The next code; `None` at the end of the block.
    #[inline(always)]
    fn entry(&self, reader: &mut Reader<'_>) -> Option<Entry> {
        if reader.have < self.shape.code_log as i32 {
            reader.fill()?;
        }
        let mask = (1 << self.shape.code_log) - 1;
        let entry = Entry(self.codes.get((reader.buffer & mask) as usize)?.get());
        reader.skip(entry.bits());
        Some(entry)
    }

    /// How many bytes the next key drops from the one before, whose suffix had `suffix` bytes.
    #[inline(always)]
    fn rear(&self, reader: &mut Reader<'_>, class: usize) -> Option<usize> {
        reader.fill()?;
        let low = (reader.buffer & ((1 << self.shape.rear_log) - 1)) as usize;
        let at = (class.min(self.shape.classes - 1) << self.shape.rear_log | low) * 2;
        let entry = u16::from_le_bytes(*self.rears.get(at..)?.first_chunk()?);
        reader.skip(u32::from(entry & 15));
        let rear = usize::from(entry >> 4);
        if rear != ESCAPE {
            return Some(rear);
        }
        let long = reader.buffer as u16;
        reader.skip(16);
        Some(long.into())
    }

    /// The bytes of a phrase.
    #[inline(always)]
    fn phrase(&self, entry: Entry) -> Option<&'a [u8; PHRASE]> {
        self.phrases.get(entry.id() * PHRASE..)?.first_chunk()
    }

    /// Goes behind a suffix; how many bytes it has.
    #[inline(always)]
    fn pass(&self, reader: &mut Reader<'_>) -> Option<usize> {
        let mut bytes = 0;
        loop {
            let entry = self.entry(reader)?;
            bytes += entry.len();
            if entry.end() {
                return Some(bytes);
            }
        }
    }

    /// Compares the key whose suffix comes next, and which has `matched` bytes in common with the
    /// query before that, to the query. Does not go behind the suffix of a greater key.
    #[inline(always)]
    fn compare<Q: Query>(
        &self,
        reader: &mut Reader<'_>,
        query: &Q,
        matched: usize,
    ) -> Option<Seen> {
        let wanted = query.key().len();
        let (mut matched, mut suffix) = (matched, 0);
        loop {
            let entry = self.entry(reader)?;
            let len = entry.len().min(PHRASE);
            let text = u128::from_le_bytes(*self.phrase(entry)?);
            let differs = text ^ query.load(matched);
            let same = (differs.trailing_zeros() as usize / 8).min(len).min(wanted - matched);
            matched += same;
            suffix += len;
            if same < len {
                let less = match query.key().get(matched) {
                    Some(byte) => ((text >> (8 * same)) as u8) < *byte,
                    None => Q::BEHIND,
                };
                if !less {
                    return Some(Seen { order: Ordering::Greater, matched, suffix });
                }
                if !entry.end() {
                    suffix += self.pass(reader)?;
                }
                return Some(Seen { order: Ordering::Less, matched, suffix });
            }
            if entry.end() {
                let equal = matched == wanted && !Q::BEHIND;
                let order = if equal { Ordering::Equal } else { Ordering::Less };
                return Some(Seen { order, matched, suffix });
            }
        }
    }

    /// The two halves of the block of `count` keys that begins at byte `start`.
    #[inline(always)]
    fn halves(&self, start: usize, count: usize) -> Option<(Reader<'a>, Reader<'a>)> {
        let bytes = self.bits.get(start..)?;
        let bytes = &bytes[..bytes.len().min(BLOCK_BYTES)];
        if count <= self.shape.half() {
            return Some((Reader::new(bytes, 0), Reader::new(bytes, 0)));
        }
        let (short, rest) = bytes.split_first()?;
        if *short < 255 {
            return Some((Reader::new(rest, 0), Reader::new(rest, usize::from(*short))));
        }
        let (len, rest) = rest.split_first_chunk::<4>()?;
        // Not behind the end: a position in bits must not overflow.
        let len = (u32::from_le_bytes(*len) as usize).min(rest.len());
        Some((Reader::new(rest, 0), Reader::new(rest, len)))
    }

    /// Keys of block `block`.
    #[inline(always)]
    const fn count(&self, block: usize) -> usize {
        let left = self.len.saturating_sub(block << self.shape.block_log);
        let all = 1 << self.shape.block_log;
        if left < all { left } else { all }
    }

    /// Compares the next key, which shares `shared` bytes with one that is smaller than the query
    /// and has `matched` bytes in common with it. `None` if it is greater at a glance.
    #[inline(always)]
    fn step<Q: Query>(
        &self,
        reader: &mut Reader<'_>,
        query: &Q,
        shared: usize,
        matched: usize,
    ) -> Option<Option<Seen>> {
        if shared < matched {
            return Some(None);
        }
        if shared == matched {
            return self.compare(reader, query, matched).map(Some);
        }
        let suffix = self.pass(reader)?;
        Some(Some(Seen { order: Ordering::Less, matched, suffix }))
    }

    /// Appends the suffix that comes next.
    #[inline(always)]
    fn suffix(&self, walk: &mut Walk<'a>, key: &mut [u8]) -> Option<()> {
        let start = walk.len;
        loop {
            let entry = self.entry(&mut walk.reader)?;
            let (phrase, len) = (self.phrase(entry)?, entry.len().min(PHRASE));
            // Where there is room, all of the phrase is copied, whatever its length.
            match key.get_mut(walk.len..walk.len + PHRASE) {
                Some(room) => {
                    room.copy_from_slice(phrase);
                    walk.len += len;
                }
                None => walk.len = put(key, walk.len, &phrase[..len]),
            }
            if entry.end() {
                walk.suffix = walk.len - start;
                return Some(());
            }
        }
    }

    /// Whether the index and the tables are what a builder makes.
    pub(super) fn is_whole(&self) -> bool {
        let codes = self.codes.iter().map(|code| Entry(code.get()));
        let known = |entry: Entry| {
            // One phrase has the code 0, and nothing has 1.
            if self.shape.phrases < 2 && entry.0 == 0 {
                return true;
            }
            entry.bits() <= self.shape.code_log
                && entry.len() <= PHRASE
                && entry.id() < self.shape.phrases
                && (entry.len() > 0 || entry.end())
        };
        codes.into_iter().all(known) && self.separators.is_whole()
    }
}

impl<'a> Blocks for View<'a> {
    type Walk = Walk<'a>;
    type Node<'n>
        = FrontNode<'n>
    where
        Self: 'n;

    const LINES: usize = 3;

    #[inline(always)]
    fn separators(&self) -> &Separators<'_, Self::Node<'_>> {
        &self.separators
    }

    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        self.bits
    }

    #[inline(always)]
    fn block(&self) -> usize {
        1 << self.shape.block_log
    }

    #[inline(always)]
    fn search<Q: Query>(&self, found: Found, query: &Q) -> Option<(usize, bool)> {
        let count = self.count(found.block);
        let half = self.shape.half();
        let (mut reader, mut second) = self.halves(found.start, count)?;
        let seen = if found.matched == found.len {
            self.compare(&mut reader, query, found.matched)?
        } else {
            // The separator is smaller, and so are all that begin with it.
            let suffix = self.pass(&mut reader)?;
            Seen { order: Ordering::Less, matched: found.matched, suffix }
        };
        if seen.order != Ordering::Less {
            return Some((0, seen.order == Ordering::Equal));
        }
        let (mut matched, mut suffix) = (seen.matched, seen.suffix);
        let mut len = found.len + suffix;
        let (mut at, mut end) = (1, count.min(half));
        if count > half {
            let shared = len.saturating_sub(self.rear(&mut second, super::MIDDLE)?);
            if let Some(seen) = self.step(&mut second, query, shared, matched)? {
                match seen.order {
                    Ordering::Equal => return Some((half, true)),
                    Ordering::Greater => {}
                    Ordering::Less => {
                        (matched, suffix) = (seen.matched, seen.suffix);
                        len = shared + suffix;
                        (at, end) = (half + 1, count);
                        reader = second;
                    }
                }
            }
        }
        while at < end {
            let shared = len.saturating_sub(self.rear(&mut reader, class_of(suffix))?);
            let Some(seen) = self.step(&mut reader, query, shared, matched)? else {
                return Some((at, false));
            };
            if seen.order != Ordering::Less {
                return Some((at, seen.order == Ordering::Equal));
            }
            (matched, suffix) = (seen.matched, seen.suffix);
            len = shared + suffix;
            at += 1;
        }
        Some((end, false))
    }

    #[inline(always)]
    fn enter(&self, block: usize, key: &mut [u8]) -> Option<Walk<'a>> {
        let (len, start) = self.separators.spell(block, key)?;
        let (reader, second) = self.halves(start, self.count(block))?;
        let mut walk = Walk { reader, second, next: 1, len, suffix: 0, first: 0 };
        self.suffix(&mut walk, key)?;
        walk.first = walk.len;
        Some(walk)
    }

    #[inline(always)]
    fn advance(&self, walk: &mut Walk<'a>, key: &mut [u8]) -> Option<usize> {
        let (before, class) = if walk.next == self.shape.half() {
            walk.reader = walk.second;
            (walk.first, super::MIDDLE)
        } else {
            (walk.len, class_of(walk.suffix))
        };
        walk.len = before.saturating_sub(self.rear(&mut walk.reader, class)?).min(walk.len);
        let shared = walk.len;
        self.suffix(walk, key)?;
        walk.next += 1;
        Some(shared)
    }

    #[inline(always)]
    fn spell(&self, id: usize, key: &mut [u8]) -> Option<usize> {
        let block = id >> self.shape.block_log;
        let at = id & ((1 << self.shape.block_log) - 1);
        let mut walk = self.enter(block, key)?;
        let half = self.shape.half();
        if at >= half {
            walk.next = half;
            self.advance(&mut walk, key)?;
        }
        while walk.next <= at {
            self.advance(&mut walk, key)?;
        }
        Some(walk.len)
    }
}

impl Walk<'_> {
    /// Bytes of the current key.
    pub(super) const fn len(&self) -> usize {
        self.len
    }
}
