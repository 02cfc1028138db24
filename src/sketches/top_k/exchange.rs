//! The exchange form of Apache DataSketches: its frequent-items sketches, of 64-bit numbers and of
//! strings.
//!
//! ```text
//!       0   1   2    3        4        5   6    8       12  16      24       32
//! empty | 1 | 1 | 10 | lg max | lg cur | 5 | 0  |
//! else  | 4 | 1 | 10 | lg max | lg cur | 0 | 0  | count | 0 | total | offset | weights | items
//! ```
//!
//! All little-endian; `lg max` and `lg cur` are the logarithms of the slots of a hash table, at its
//! largest and now, three quarters of which may be taken. A key came `weight` times at least and
//! `weight + offset` times at most, one that is not there `offset` times at most. Numbers are 8
//! bytes, strings their length in 4 bytes and the bytes.

use super::{Counting, HeavyKey, MAX_ABSENT, TopK, TopKOptions};
use crate::error::{AllocError, BuildError, FileError, Tag};
use crate::hashing::KeyHash;
use crate::sketches::image::{Bytes, number};
use crate::storage::{Words, require};
use alloc::vec::Vec;

/// What errors of images name as their section.
const IMAGE: Tag = Tag(*b"imag");
/// Bytes before the weights.
const HEAD: u64 = 32;

/// DataSketches' number of the family of frequent-items sketches.
const FAMILY: u8 = 10;
/// Flags of an empty sketch: one bit of C++, one of Java.
const EMPTY: u8 = 5;
/// The logarithms of the fewest slots, and of the most.
const MIN_LG: u8 = 3;
const MAX_LG: u8 = 31;

/// The logarithm of the slots that `items` need.
fn lg_slots(items: usize) -> u8 {
    (MIN_LG..63).find(|lg| (3_u64 << lg) / 4 >= items as u64).unwrap_or(63)
}

impl<W: Words> TopK<W> {
    /// The image of DataSketches' frequent-items sketches of 64-bit numbers, for what was added
    /// with [`add_number`](Self::add_number): C++'s `frequent_items_sketch<int64_t>`, Java's
    /// `ItemsSketch<Long>`, Spark's `approx_top_k_accumulate`. `None` unless counts are
    /// [`Counting::Bounds`], which is what that sketch promises.
    ///
    /// The image has one bound for all of how often an absent key came, the largest of our
    /// buckets'; and keys that may not have come at all are left out. Bounds stay bounds.
    /// O(slots log slots); allocates the image and as many bytes for sorting.
    #[must_use]
    pub fn to_datasketches_numbers(&self) -> Option<Vec<u8>> {
        self.to_datasketches(|entry, out| {
            out.extend_from_slice(&entry.number().to_le_bytes());
            Some(())
        })
    }

    /// The image of DataSketches' frequent-items sketches of strings, for what was added with
    /// [`add`](Self::add), like [`to_datasketches_numbers`](Self::to_datasketches_numbers): C++'s
    /// `frequent_items_sketch<std::string>`, Java's `ItemsSketch<String>`. `None` also unless all
    /// keys were kept. The others want UTF-8; that is not checked.
    #[must_use]
    pub fn to_datasketches_strings(&self) -> Option<Vec<u8>> {
        self.to_datasketches(|entry, out| {
            let key = entry.key?;
            out.extend_from_slice(&(key.len() as u32).to_le_bytes());
            out.extend_from_slice(key);
            Some(())
        })
    }

    /// The image, with items as `put` writes them.
    fn to_datasketches(
        &self,
        put: impl Fn(&HeavyKey<'_>, &mut Vec<u8>) -> Option<()>,
    ) -> Option<Vec<u8>> {
        if self.counting != Counting::Bounds {
            return None;
        }
        let mut items: Vec<HeavyKey<'_>> = self.iter().filter(|entry| entry.at_least > 0).collect();
        items.sort_unstable_by_key(|entry| (u64::MAX - entry.at_least, entry.hash));
        let (lg_max, lg_now) = (lg_slots(self.slots()), lg_slots(items.len()));
        let mut image = Vec::with_capacity(32 + 16 * items.len());
        if self.total == 0 {
            image.extend_from_slice(&[1, 1, FAMILY, lg_max, lg_now, EMPTY, 0, 0]);
            return Some(image);
        }
        let buckets = (0..self.buckets()).filter_map(|at| self.bucket(at));
        let offset = buckets.map(|bucket| self.floor(bucket)).max().unwrap_or(0) + self.absent;
        image.extend_from_slice(&[4, 1, FAMILY, lg_max, lg_now, 0, 0, 0]);
        for field in [items.len() as u64, self.total, offset] {
            image.extend_from_slice(&field.to_le_bytes());
        }
        image.extend(items.iter().flat_map(|entry| entry.at_least.to_le_bytes()));
        items.iter().try_for_each(|entry| put(entry, &mut image))?;
        Some(image)
    }
}

/// An image that has keys.
struct Image<'a> {
    total: u64,
    /// How often a key came at most that is not there, and a key that is, beyond its weight.
    offset: u64,
    /// Eight bytes for each item.
    weights: &'a [u8],
    items: Bytes<'a>,
}

impl<'a> Image<'a> {
    /// The parts of an image; `None` of one without keys.
    fn of(image: &'a [u8]) -> Result<Option<Self>, FileError> {
        let mut bytes = Bytes::new(image);
        let head = bytes.take(8)?;
        let (longs, is_empty) = (head[0] & 63, head[5] & EMPTY != 0);
        require(head[1] == 1, IMAGE, "serial version 1")?;
        require(head[2] == FAMILY, IMAGE, "family 10: frequent items")?;
        let (lg_max, lg_now) = (head[3], head[4]);
        let ordered = MIN_LG <= lg_now && lg_now <= lg_max && lg_max <= MAX_LG;
        require(ordered, IMAGE, "2^3 to 2^31 slots, now and at most")?;
        require(longs == if is_empty { 1 } else { 4 }, IMAGE, "a head of one word, or of four")?;
        if is_empty {
            bytes.last(0, IMAGE)?;
            return Ok(None);
        }
        let head = bytes.take(HEAD - 8)?;
        let (count, total, offset) =
            (number(&head[..4]), number(&head[8..16]), number(&head[16..24]));
        require(count <= (3 << lg_now) / 4, IMAGE, "three quarters of the slots are taken")?;
        require(offset <= total.min(MAX_ABSENT), IMAGE, "an offset of at most the total")?;
        let weights = bytes.take(8 * count)?;
        Ok(Some(Self { total, offset, weights, items: bytes }))
    }

    /// Weights and items, the heaviest first; `take` cuts an item off.
    fn sorted(
        mut self,
        take: impl Fn(&mut Bytes<'a>) -> Result<&'a [u8], FileError>,
    ) -> Result<Vec<(u64, &'a [u8])>, FileError> {
        let (mut all, mut sum) = (Vec::new(), 0_u64);
        let count = self.weights.len() / 8;
        // Each item has eight bytes of weight: of a hostile image this is no large request.
        all.try_reserve_exact(count).map_err(|_| AllocError::CapacityOverflow)?;
        for weight in self.weights.chunks_exact(8).map(number) {
            let item = take(&mut self.items)?;
            sum = sum.saturating_add(weight);
            require(weight > 0, IMAGE, "weights above 0")?;
            all.push((weight, item));
        }
        self.items.last(0, IMAGE)?;
        require(sum <= self.total, IMAGE, "weights that are the total at most")?;
        all.sort_unstable_by(|a, b| b.cmp(a));
        Ok(all)
    }
}

impl TopK {
    /// Reads an image of DataSketches' frequent-items sketches of 64-bit numbers, as
    /// [`to_datasketches_numbers`](Self::to_datasketches_numbers) writes them, into a sketch that
    /// is made as `options` say, but that its counts are [`Counting::Bounds`]: those of the image,
    /// and wider where it has more than eight keys of one bucket; of weights beyond `u32::MAX` this
    /// much is kept ([`is_saturated`](Self::is_saturated)). Two slots for each of its keys are
    /// enough for nearly all. Everything is checked. O(bytes log bytes).
    ///
    /// The sketch can be merged with others of these options, and added to.
    ///
    /// # Errors
    ///
    /// [`FileError::Truncated`] if bytes are missing; [`FileError::Corrupt`] names the rule that is
    /// broken, also if the options are out of range; [`FileError::Alloc`] if memory cannot be had.
    pub fn from_datasketches_numbers(
        image: &[u8],
        options: TopKOptions,
    ) -> Result<Self, FileError> {
        let add = |sketch: &mut Self, item: &[u8], weight| {
            let hash = number(item).key_hash(sketch.seed);
            sketch.count(hash, weight, None)
        };
        Self::of_image(image, options, |bytes| bytes.take(8), add)
    }

    /// Reads an image of DataSketches' frequent-items sketches of strings, like
    /// [`from_datasketches_numbers`](Self::from_datasketches_numbers). The strings are kept if the
    /// options say so. Whether they are UTF-8 is not checked.
    ///
    /// # Errors
    ///
    /// As of numbers.
    pub fn from_datasketches_strings(
        image: &[u8],
        options: TopKOptions,
    ) -> Result<Self, FileError> {
        let add = |sketch: &mut Self, item: &[u8], weight| sketch.try_add(item, weight);
        Self::of_image(image, options, |bytes| bytes.number(4).and_then(|len| bytes.take(len)), add)
    }

    /// The sketch of an image whose items `take` cuts off and `add` adds.
    fn of_image<'a>(
        image: &'a [u8],
        options: TopKOptions,
        take: impl Fn(&mut Bytes<'a>) -> Result<&'a [u8], FileError>,
        add: impl Fn(&mut Self, &[u8], u64) -> Result<(), AllocError>,
    ) -> Result<Self, FileError> {
        let made = Self::try_with_options(TopKOptions { counting: Counting::Bounds, ..options });
        let mut sketch = made.map_err(|error| match error {
            BuildError::Alloc(error) => error.into(),
            _ => FileError::Corrupt { section: IMAGE, rule: "options with 1 to 2^28 slots" },
        })?;
        let Some(image) = Image::of(image)? else { return Ok(sketch) };
        let (total, absent) = (image.total, image.offset);
        for (weight, item) in image.sorted(take)? {
            add(&mut sketch, item, weight)?;
        }
        // Adding counted what the items weigh together, which may be less.
        (sketch.total, sketch.absent) = (total, absent);
        Ok(sketch)
    }
}
