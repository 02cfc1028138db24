//! [`RearDict`]: the smallest ordered set of byte strings, with numbers for its keys.

mod build;
mod read;

pub use build::RearDictBuilder;

use super::blocks::{self, Blocks};
use super::keys::Walks;
use super::query::{Long, Query, Short};
use super::separators::index_words;
use super::spool::MAX_KEY;
use super::{KeySet, RankedKeySet};
use crate::error::{BuildError, FileError, Tag};
use crate::mem::{Alloc, Footprint, PartKind, Parts};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Source, Words, doors, require};
use core::fmt;
use core::ops::Range;
use read::{View, Walk};

/// The section of the tables of codes and of the phrases.
const TABLES: Tag = Tag(*b"tabl");
/// The section of the separators' prefixes and the nodes' places.
const INDEX: Tag = Tag(*b"indx");
/// The section of the nodes of separators.
const NODES: Tag = Tag(*b"node");
/// The section of the coded keys.
const BITS: Tag = Tag(*b"bits");
/// Keys of a block, unless said otherwise.
#[cfg(feature = "alloc")]
const BLOCK: usize = 32;
/// The fewest and the most keys of a block.
const MIN_BLOCK: usize = 8;
const MAX_BLOCK: usize = 128;
/// The longest code of a phrase, in bits: tables of 512 KiB.
const MAX_CODE: u32 = 17;
/// The longest code of dropped bytes.
const MAX_REAR: u32 = 9;
/// So many dropped bytes or more are coded as this number, and 16 bits behind it.
const ESCAPE: usize = 63;
/// Classes of dropped bytes: by the suffix before, and one for the middle of a block.
const CLASSES: usize = 9;
const MIDDLE: usize = 8;

/// The class of the bytes that a key drops from one whose suffix had `suffix` bytes.
#[inline(always)]
const fn class_of(suffix: usize) -> usize {
    const CLASS: [u8; 16] = [0, 1, 2, 3, 4, 4, 5, 5, 5, 6, 6, 6, 6, 6, 7, 7];
    CLASS[if suffix < 15 { suffix } else { 15 }] as usize
}

/// What the sections' lengths follow from, beside the number of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    /// Keys of a block, and bits of the longest codes, as powers of two.
    block_log: u32,
    code_log: u32,
    rear_log: u32,
    /// Tables of dropped bytes, 1 or 9.
    classes: usize,
    phrases: usize,
}

impl Shape {
    /// Keys of half a block.
    const fn half(&self) -> usize {
        1 << self.block_log >> 1
    }

    /// Blocks of `len` keys.
    const fn blocks(&self, len: usize) -> usize {
        len.div_ceil(1 << self.block_log)
    }

    /// Words of the table of codes.
    const fn code_words(&self) -> usize {
        if self.phrases == 0 { 0 } else { 1 << self.code_log >> 1 }
    }

    /// Words of the tables of dropped bytes.
    const fn rear_words(&self) -> usize {
        if self.phrases == 0 { 0 } else { (self.classes << self.rear_log).div_ceil(4) }
    }

    /// Words of all tables.
    const fn table_words(&self) -> usize {
        self.code_words() + self.rear_words() + 2 * self.phrases
    }
}

/// An ordered set of byte strings in the fewest bytes: less than 2 bytes a key for a list of words
/// of 9. Each key has a number, its rank; keys are found by number,
/// and numbers by key.
///
/// It is built once, from keys in ascending order. Keys are any bytes, up to 65,535 of them.
///
/// # When not to use it
///
/// - Keys come and go: a [`DynTrie`](super::DynTrie), or a [`Layered`](super::Layered) where few
///   do.
/// - Look-ups matter more than bytes: a hash set answers a hit four times as fast, in 19 times
///   the bytes.
/// - Random keys without common beginnings (hashes, UUIDs): they take their own bytes and one more;
///   a sorted array takes just their own.
/// - Fewer than some hundred keys: tables of codes take 1 to 2 KiB.
///
/// # Layout
///
/// ```text
/// tables  | codes: what the next bits stand for | dropped bytes, 1 or 9 tables | phrases |
/// index   | 8 bytes of every 16th separator | places of nodes and blocks |
/// nodes   | 16 separators, front-coded, and the lengths of their blocks | .. |
/// bits    | block 0 | block 1 | .. | padding |
///
/// block   | bytes of the first half | suffix, (rear, suffix) .. | (rear, suffix) .. |
///           only if there is a       keys 0, 1 .. B/2-1           keys B/2 .. B-1
///           second half
/// ```
///
/// A key is what it keeps of the one before, given as the number of bytes that it drops (`rear`),
/// and a suffix of phrases, the last of which says that it ends the key. Both are Huffman-coded,
/// `rear` by the length of the suffix before. The middle key of a block follows the first one. Of
/// the first key of a block, the index has the beginning (its separator).
///
/// Phrases are 1 to 16 bytes. How many there are, up to 65,536, and how long codes may be, follows
/// from the keys: each phrase must save more than it takes in the tables. Four blocks of heap
/// memory, without slack.
///
/// # Space
///
/// `2^c * 4` bytes of codes with `c <= 17`, `18 * 2^r` or `2 * 2^r` of dropped bytes with `r <= 9`,
/// 16 a phrase, 16 and the node's first separator for each 16 blocks, 3 or 4 and the rest of its
/// separator for each block, and the keys' bits. For 663,473 words of 9.4 bytes that is 1.91 bytes
/// a key, with blocks of 64 keys 1.74 (measured: `tries` of the peers' benches).
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | `id_of`, `contains` | O(log(n/512)), then some B/4 keys are passed over | 3 of the index, 1 to 4 |
/// | `key_of` | some B/4 keys are put together | 3, 1 to 4 |
/// | iterate | O(length) a key | |
/// | build | O(n), three passes over the keys and ten over a sample of 4 MiB | |
///
/// Looking up allocates nothing; [`keys`](Self::keys) has a buffer for one key,
/// [`key_of`](Self::key_of) and [`iter`](Self::iter) allocate each that they return.
///
/// # Parameters
///
/// Keys of a block: 32; 64 takes 9 % fewer bytes of words, and a quarter more time to find one
/// (measured).
///
/// # Example
///
/// ```
/// use lessram::{mem::Footprint, tries::RearDict};
///
/// let words = RearDict::from_sorted(["ant", "anthill", "bee", "cat"])?;
/// assert_eq!(words.id_of("bee"), Some(2));
/// assert_eq!(words.key_of(1).as_deref(), Some(&b"anthill"[..]));
/// assert_eq!(words.prefix("ant"), 0..2);
///
/// let numbers = RearDict::from_sorted((0..100_000).map(|i| format!("{i:06}")))?;
/// assert_eq!(numbers.heap_bytes(), 92_360); // 0.92 bytes a key
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// N. R. Brisaboa, R. Canovas, F. Claude, M. A. Martinez-Prieto, G. Navarro, *Compressed String
/// Dictionaries*, SEA 2011.
#[derive(Clone)]
pub struct RearDict<W: Words = HeapWords> {
    tables: W,
    index: W,
    nodes: W,
    bits: W,
    shape: Shape,
    len: usize,
    /// Bytes of the longest key.
    longest: usize,
}

impl<W: Words> RearDict<W> {
    #[inline(always)]
    fn reading(&self) -> View<'_> {
        let sections =
            [self.tables.words(), self.index.words(), self.nodes.words(), self.bits.words()];
        View::new(sections, self.shape, self.len)
    }

    /// Keys of a block.
    #[must_use]
    pub const fn block(&self) -> usize {
        1 << self.shape.block_log
    }

    /// How many phrases there are.
    #[must_use]
    pub const fn phrases(&self) -> usize {
        self.shape.phrases
    }

    /// A copy on the heap, whatever this one lives in.
    #[must_use]
    #[cfg(feature = "alloc")]
    pub fn to_heap(&self) -> RearDict {
        let copy = |words: &W| HeapWords::copy_of(words.words());
        RearDict {
            tables: copy(&self.tables),
            index: copy(&self.index),
            nodes: copy(&self.nodes),
            bits: copy(&self.bits),
            shape: self.shape,
            len: self.len,
            longest: self.longest,
        }
    }
}

#[cfg(feature = "alloc")]
impl RearDict {
    /// What takes keys one by one.
    #[must_use]
    pub fn builder() -> RearDictBuilder<crate::mem::Global> {
        match Self::builder_in(BLOCK, crate::mem::Global) {
            Ok(builder) => builder,
            Err(error) => unreachable!("the default parameters are valid: {error}"),
        }
    }
}

impl<A: Alloc + Clone> RearDict<HeapWords<A>> {
    /// What takes keys one by one, with blocks of `block` keys and all memory from `alloc`.
    ///
    /// # Errors
    ///
    /// [`BuildError::OutOfRange`] unless `block` is 8, 16, 32, 64 or 128: its range is the next of
    /// these.
    pub fn builder_in(block: usize, alloc: A) -> Result<RearDictBuilder<A>, BuildError> {
        RearDictBuilder::new(block, alloc)
    }

    fn empty(block_log: u32, alloc: impl Fn() -> A) -> Self {
        let [tables, index, nodes, bits] = core::array::from_fn(|_| HeapWords::new_in(alloc()));
        let shape = Shape { block_log, code_log: 1, rear_log: 1, classes: 1, phrases: 0 };
        Self { tables, index, nodes, bits, shape, len: 0, longest: 0 }
    }
}

blocks::block_doors!(RearDict);
super::keys::ranked_doors!(RearDict);

impl<W: Words> Footprint for RearDict<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.tables.tell("tables", PartKind::Index, 0, out);
        self.index.tell("index", PartKind::Index, 0, out);
        self.nodes.tell("separators", PartKind::Index, 0, out);
        self.bits.tell("keys", PartKind::Payload, 0, out);
    }
}

impl<W: Words> Persist for RearDict<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        let Shape { block_log, code_log, rear_log, classes, phrases } = self.shape;
        let logs = [block_log, code_log, rear_log].map(u64::from);
        out.items(self.len as u64);
        let counts = [classes, phrases, self.longest].map(|count| count as u64);
        out.meta(&[logs[0], logs[1], logs[2], counts[0], counts[1], counts[2]]);
        out.section(TABLES, 8, self.tables.words());
        out.section(INDEX, 8, self.index.words());
        out.section(NODES, 1, self.nodes.words());
        out.section(BITS, 1, self.bits.words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [block_log, code_log, rear_log, classes, phrases, longest] = source.meta()?;
        let (min, max) = (MIN_BLOCK.trailing_zeros(), MAX_BLOCK.trailing_zeros());
        let known = (u64::from(min)..=u64::from(max)).contains(&block_log)
            && (1..=u64::from(MAX_CODE)).contains(&code_log)
            && (1..=u64::from(MAX_REAR)).contains(&rear_log)
            && (classes == 1 || classes == CLASSES as u64)
            && phrases <= 1 << MAX_CODE
            && longest <= MAX_KEY as u64;
        require(known, TABLES, "parameters within their bounds")?;
        let shape = Shape {
            block_log: block_log as u32,
            code_log: code_log as u32,
            rear_log: rear_log as u32,
            classes: classes as usize,
            phrases: phrases as usize,
        };
        let len = source.items()?;
        let tables = source.section(TABLES, 8)?;
        let index = source.section(INDEX, 8)?;
        let (nodes, bits) = (source.section(NODES, 1)?, source.section(BITS, 1)?);
        let fits = tables.words().len() == shape.table_words() && (len == 0) == (phrases == 0);
        require(fits, TABLES, "as many words as the parameters say")?;
        let fits = index.words().len() == index_words(shape.blocks(len));
        require(fits, INDEX, "two words for each 16 blocks")?;
        let empty = nodes.words().is_empty() && bits.words().is_empty();
        require(len > 0 || empty, BITS, "no bits without keys")?;
        Ok(Self { tables, index, nodes, bits, shape, len, longest: longest as usize })
    }

    fn validate(&self) -> Result<(), FileError> {
        if self.len == 0 {
            return require(self.longest == 0, TABLES, "no longest key without keys");
        }
        require(self.reading().is_whole(), TABLES, "codes of phrases, nodes in order")?;
        let block = self.block();
        // The index leads to blocks: to their first keys, and not past their last ones.
        super::keys::validate(self, BITS, |id| id % block == 0 || id % block == block - 1)
    }
}

doors!(RearDict);

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::super::tests::built;
    use super::*;
    use crate::mem::Global;
    use std::format;
    use std::vec::Vec;

    #[test]
    fn blocks_are_powers_of_two_from_8_to_128() {
        for block in 0..300 {
            let valid = [8, 16, 32, 64, 128].contains(&block);
            assert_eq!(RearDict::builder_in(block, Global).is_ok(), valid, "{block}");
        }
    }

    #[test]
    fn blocks_as_long_as_no_block_is_are_damage() {
        let keys: Vec<Vec<u8>> = (0..500).map(|i| format!("{i:04}").into_bytes()).collect();
        let mut dict: RearDict = built(&keys);
        // A node of sixteen lengths of eight bytes, the sum of which no number holds.
        dict.nodes = HeapWords::new_in(Global);
        dict.nodes.try_resize(64).unwrap();
        dict.nodes.as_bytes_mut()[32] = 3;
        dict.nodes.as_bytes_mut()[33..][..128].fill(0xFF);
        assert_eq!((dict.id_of("0499"), dict.lower_bound("0499")), (None, 0));
        assert_eq!(dict.key_of(499), Some(Vec::new()));
        assert!(dict.validate().is_err());
    }
}
