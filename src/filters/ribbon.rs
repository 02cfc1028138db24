//! [`Ribbon`]: the smallest filter of any rate, built at once.

mod build;
mod layer;

use super::BATCH;
use super::doors::at_once_doors;
use super::gather::mixed;
use crate::error::{FileError, Tag};
use crate::mem::{Footprint, PartKind, Parts};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Persist, Source as Opened, Words, as_bytes, doors, require};
use core::fmt;
use layer::{Columns, Layer, bumped};

/// The sections of the first layer, and of the others and all shapes.
const FIRST: Tag = Tag(*b"firs");
const MORE: Tag = Tag(*b"more");
/// Each layer has a twentieth of the keys of the one before: eight do for 2^40.
const MAX_LAYERS: usize = 8;

/// A set of keys that are all known when it is built: answers "certainly not" or "probably", in
/// 1.005 log2(1/fpr) bits a key, and up to 0.1 more at rates that are no power of two.
///
/// No false negatives, ever. The rate of false positives is the one asked for: at powers of two
/// just that, at others 0.07 % of it more at most, and up to 0.3 % less from 4,096 keys on. Equal
/// keys do no harm, and take the room of different ones.
///
/// # When not to use it
///
/// - Keys come one by one, or not all are known: [`Bloom`](super::Bloom).
/// - Time counts more than a fourteenth of the bytes: [`Fuse`](super::Fuse).
/// - Fewer than a hundred keys: a [`Fuse`] of as many is smaller.
/// - Keys chosen by an attacker who knows the seed: they can all be made positive.
///
/// [`Fuse`]: super::Fuse
///
/// # Layout
///
/// ```text
/// | groups of the first layer | thresholds |
/// | groups of the second layer | thresholds | groups of the third .. | of the last | shapes |
///
/// | 8 slots of column 0 | of column 1 | .. of column r - 1 |      a group: a byte each
/// ```
///
/// Two blocks. A key picks some of 64 slots in a row: in each column these sum up, modulo 2, to a
/// bit of its fingerprint. Slots solve the equations of all keys. 128 slots are a bucket; it leaves
/// the keys that start before its threshold, of four, to the next layer, so that the others' have a
/// solution although there are more keys than slots. The first groups of a layer have a column less
/// than the others, so that the rate is the one asked for.
///
/// # Space
///
/// `0.96 n (r + 1/64)` bits for the first layer, of r columns on average, and as much a key for the
/// 5 % that are left to the next one: at 1/256, 8.03 bits a key for 1,000,000 keys, 8.05 for
/// 100,000, 8.83 for 1,000; at 1 %, 6.75 bits. No slack, never grows. Building takes 8.5 bytes a
/// key, half of that from a source that can be read again, less with a budget
/// ([`Building`](super::Building)).
///
/// # Time
///
/// | operation | time | cache lines |
/// |---|---|---|
/// | build | O(n) expected | |
/// | `contains` | O(r) | 3 for 19 of 20 keys: up to 8 columns |
///
/// Queries allocate nothing.
///
/// # Example
///
/// ```
/// use lessram::{filters::Ribbon, mem::Footprint};
///
/// let words = Ribbon::from_keys(["ant", "bee", "cat"], 0.01)?;
/// assert!(words.contains("bee"));
/// let many = Ribbon::from_keys(0..100_000_u32, 1.0 / 256.0)?;
/// assert_eq!(many.heap_bytes(), 100_848); // 8.07 bits a key
/// # Ok::<(), lessram::BuildError>(())
/// ```
///
/// # References
///
/// P. C. Dillinger, L. Huebschle-Schneider, P. Sanders, S. Walzer, *Fast Succinct Retrieval and
/// Approximate Membership using Ribbon*, SEA (2022).
#[derive(Clone)]
pub struct Ribbon<W: Words = HeapWords> {
    /// The first layer, if it is not the last.
    first: W,
    /// The other layers, then shards and slots of each layer. Nothing if there are no keys.
    more: W,
    layers: [Layer; MAX_LAYERS],
    count: usize,
    columns: Columns,
    seed: u64,
    len: u64,
}

at_once_doors!(Ribbon, "32 sizes of the last layer");

impl<W: Words> Ribbon<W> {
    /// The false-positive rate that it was built for, or less by one part in a thousand million; 0
    /// if it is empty.
    #[must_use]
    pub fn fpr(&self) -> f64 {
        if self.is_empty() { 0.0 } else { self.columns.rate() }
    }

    /// Bits for each key, which are taken to be one if there are none.
    #[must_use]
    pub fn bits_per_key(&self) -> f64 {
        let words = self.first.words().len() + self.more.words().len();
        words as f64 * 64.0 / self.len.max(1) as f64
    }

    /// Keys for each slot.
    #[must_use]
    pub fn load_factor(&self) -> f64 {
        let slots: u64 = self.layers.iter().map(|layer| layer.shards * layer.slots).sum();
        self.len as f64 / slots.max(1) as f64
    }

    /// Whether the key of this 64-bit hash may be in the set; `false` is certain.
    #[must_use]
    #[inline]
    pub fn contains_hash(&self, hash: u64) -> bool {
        self.finds(mixed(hash, self.seed))
    }

    #[inline(always)]
    fn finds(&self, x: u64) -> bool {
        if self.count < 2 {
            return self.later_layer_finds(0, x);
        }
        match self.layers[0].ask(as_bytes(self.first.words()), x) {
            Some(found) => found,
            None => self.later_layer_finds(1, bumped(x)),
        }
    }

    /// Whether the layers from `from` on have what is `x` in the first of them.
    #[inline(never)]
    fn later_layer_finds(&self, from: usize, mut x: u64) -> bool {
        let bytes = as_bytes(self.more.words());
        for layer in &self.layers[from..self.count] {
            match layer.ask(bytes, x) {
                Some(found) => return found,
                None => x = bumped(x),
            }
        }
        false
    }

    /// For each of `hashes`, whether its key may be in the set: into `found`, position by position,
    /// as far as both go. Slots are asked for 32 keys ahead, so that their ways from memory
    /// overlap. Allocates nothing.
    pub fn contains_many_hash(&self, hashes: &[u64], found: &mut [bool]) {
        let bytes = as_bytes(if self.count < 2 { &self.more } else { &self.first }.words());
        for (hashes, found) in hashes.chunks(BATCH).zip(found.chunks_mut(BATCH)) {
            let mut keys = [0; BATCH];
            for (key, hash) in keys.iter_mut().zip(hashes) {
                *key = mixed(*hash, self.seed);
                if self.count > 0 {
                    self.layers[0].prefetch(bytes, *key);
                }
            }
            for (key, found) in keys[..hashes.len()].iter().zip(found) {
                *found = self.finds(*key);
            }
        }
    }
}

impl<W: Words> Footprint for Ribbon<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.first.tell("first layer", PartKind::Payload, 0, out);
        self.more.tell("more layers", PartKind::Payload, 0, out);
    }
}

impl<W: Words> Persist for Ribbon<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.len);
        out.seed(self.seed);
        out.meta(&[u64::from(self.columns.most), self.columns.fewer, self.count as u64]);
        out.section(FIRST, 8, self.first.words());
        out.section(MORE, 8, self.more.words());
    }

    fn load<S: Opened<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let [most, fewer, count] = source.meta()?;
        let (len, seed) = (source.header().items, source.header().seed);
        let (first, more) = (source.section(FIRST, 8)?, source.section(MORE, 8)?);
        require(most <= 32 && count <= MAX_LAYERS as u64, MORE, "at most 32 columns, 8 layers")?;
        let (columns, count) = (Columns { most: most as u32, fewer }, count as usize);
        require(columns.are_valid(), MORE, "at least one column")?;
        require((len == 0) == (count == 0), MORE, "layers if there are keys")?;
        let words = more.words();
        let shapes = words.len().checked_sub(2 * count);
        let shapes = shapes.ok_or(FileError::Corrupt { section: MORE, rule: "a shape a layer" })?;
        let mut layers = [Layer::NONE; MAX_LAYERS];
        let (mut first_end, mut more_end) = (0, 0);
        for (i, shape) in words[shapes..].chunks_exact(2).enumerate() {
            let end = if i == 0 && count > 1 { &mut first_end } else { &mut more_end };
            let (shards, slots) = (shape[0].get(), shape[1].get());
            let layer = Layer::new(shards, slots, i + 1 < count, columns, *end);
            let rule = "layers of whole groups, buckets and shards";
            (layers[i], *end) = layer.ok_or(FileError::Corrupt { section: MORE, rule })?;
        }
        require(first_end == first.words().len(), FIRST, "as many words as the first layer has")?;
        require(more_end == shapes, MORE, "as many words as the layers have")?;
        Ok(Self { first, more, layers, count, columns, seed, len })
    }

    fn validate(&self) -> Result<(), FileError> {
        // Any slots and thresholds are a filter.
        Ok(())
    }
}

doors!(Ribbon);

impl<W: Words> fmt::Debug for Ribbon<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ribbon")
            .field("len", &self.len)
            .field("fpr", &self.fpr())
            .field("layers", &&self.layers[..self.count])
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl<W: Words, V: Words> PartialEq<Ribbon<V>> for Ribbon<W> {
    /// Whether both have the same slots, and so the same answers.
    fn eq(&self, other: &Ribbon<V>) -> bool {
        (self.len, self.columns, self.seed) == (other.len, other.columns, other.seed)
            && self.layers == other.layers
            && self.first.words() == other.first.words()
            && self.more.words() == other.more.words()
    }
}

impl<W: Words> Eq for Ribbon<W> {}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use crate::error::BuildError;
    use crate::filters::Building;
    use crate::hashing::KeyHash;
    use alloc::vec::Vec;

    /// Numbers that look random.
    fn numbers(seed: u64, len: u64) -> impl Iterator<Item = u64> + Clone {
        (0..len).map(move |i| i.key_hash(seed))
    }

    #[test]
    fn sizes_are_as_documented() {
        for (n, fpr, bits) in [
            (1_000, 1.0 / 256.0, 8.84),
            (100_000, 1.0 / 256.0, 8.05),
            (1_000_000, 1.0 / 256.0, 8.04),
            (1_000_000, 0.01, 6.76),
        ] {
            let set = Ribbon::from_hashes(numbers(1, n), fpr).unwrap();
            assert!(numbers(1, n).all(|hash| set.contains_hash(hash)));
            let per_key = set.heap_bytes() as f64 * 8.0 / n as f64;
            assert!(per_key <= bits && per_key > bits * 0.99, "{n}: {per_key}");
            assert!(n < 10_000 || set.load_factor() > 0.99, "{set:?}");
        }
    }

    #[test]
    fn every_rate_finds_all_keys_and_is_kept() {
        for step in 0..63 {
            let fpr = 0.5 / (f64::from(step) / 2.0).exp2();
            let set = Ribbon::from_hashes(numbers(2, 6_000), fpr).unwrap();
            assert!(set.fpr() <= fpr && set.fpr() > fpr * 0.999_999, "{fpr}: {}", set.fpr());
            assert!(numbers(2, 6_000).all(|hash| set.contains_hash(hash)), "{fpr}");
            let found = numbers(3, 20_000).filter(|hash| set.contains_hash(*hash)).count();
            let excess = found as f64 - 20_000.0 * fpr;
            assert!(excess < 2.0 || excess * excess < 25.0 * 20_000.0 * fpr, "{fpr}: {found}");
        }
    }

    #[test]
    fn sets_of_every_size_are_built() {
        let sizes = (1..200).chain((4_000..4_200).step_by(5)).chain([40_000, 120_000]);
        for len in sizes {
            let set = Ribbon::from_hashes(numbers(len, len), 0.01).unwrap();
            assert!(numbers(len, len).all(|hash| set.contains_hash(hash)), "{len}");
        }
    }

    #[test]
    fn equal_hashes_do_no_harm() {
        for (len, copies) in [(1, 121), (121, 2), (60, 300), (1_000, 1_000), (50_000, 3)] {
            let hashes = || (0..copies).flat_map(|_| numbers(5, len));
            let set = Ribbon::from_source(hashes, 0.01, Building::default()).unwrap();
            assert!(numbers(5, len).all(|hash| set.contains_hash(hash)));
        }
        let same = (0..500_000).map(|i| if i < 100_000 { i } else { 7 });
        let set = Ribbon::from_hashes(same, 0.01).unwrap();
        assert!((0..100_000).all(|hash| set.contains_hash(hash)));
    }

    #[test]
    fn memory_and_order_change_no_bit() {
        let keys: Vec<u64> = numbers(9, 600_000).collect();
        let kept = Ribbon::from_hashes(keys.iter().copied(), 0.01).unwrap();
        let counter = crate::mem::Counter::new();
        let alloc = crate::mem::Tracked::new(&counter, crate::mem::Global);
        let again = || keys.iter().rev().copied();
        let little = Building { memory: 1 << 18, ..Building::default() };
        let Err(BuildError::OutOfRange { name: "memory", min, .. }) =
            Ribbon::from_source(again, 0.01, little)
        else {
            panic!("256 KiB does not do");
        };
        let least = Building { memory: min as usize, ..little };
        let told = Ribbon::from_source_in(again, 0.01, least, alloc).unwrap();
        assert!(kept == told);
        let beside = counter.peak() - told.heap_bytes();
        assert!(beside <= least.memory && beside > least.memory / 2, "{beside} {least:?}");
    }
}
