//! The exchange form of Apache DataSketches: KLL sketches of doubles and of floats.
//!
//! ```text
//!       0    1   2    3       4..6  6   7   8..16   16..18  18      19
//! empty | 2  | 1 | 15 | 1     | k | 8 | 0 |
//! one   | 2  | 2 | 15 | 4     | k | 8 | 0 | number |
//! more  | 5  | 1 | 15 | 0     | k | 8 | 0 | n     | min k | levels | 0 | offsets u32 | min | max |
//! numbers
//! ```
//!
//! All little-endian. Offsets count from the start of a block with room for all levels, which ends
//! with the last number. Bit 1 of the flags says that level 0 is sorted.

use super::{Coin, ITEMS, Kll, KllItem, LEAST_ROOM, MAX_LEVELS, MIN_K, room_of_all};
use crate::error::FileError;
use crate::mem::Global;
use crate::sketches::image::check_len;
use crate::storage::words::{Le32, as_halves, as_halves_mut};
use crate::storage::{HeapWords, Words, require};
use alloc::vec::Vec;

/// DataSketches' number of the family of KLL sketches.
const FAMILY: u8 = 15;
const EMPTY: u8 = 1;
const SINGLE: u8 = 4;
/// Bytes before the offsets.
const HEAD: usize = 20;

impl<T: KllItem, W: Words> Kll<T, W> {
    /// The image that DataSketches' `serialize()` gives, for its sketches of doubles or floats, and
    /// that Spark's `kll_sketch_agg_double` and `_float` yield. O(k); allocates it.
    ///
    /// Up to `k` numbers the bytes are those of DataSketches, if the numbers came in the same
    /// order; beyond, the two toss other coins.
    #[must_use]
    pub fn to_datasketches(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let flags = match self.n {
            0 => EMPTY,
            1 => SINGLE,
            _ => 0,
        };
        let (ints, version) = if self.n > 1 { (5, 1) } else { (2, 1 + u8::from(self.n == 1)) };
        out.extend_from_slice(&[ints, version, FAMILY, flags]);
        out.extend_from_slice(&self.k.to_le_bytes());
        out.extend_from_slice(&[LEAST_ROOM as u8, 0]);
        if self.n > 1 {
            out.extend_from_slice(&self.n.to_le_bytes());
            out.extend_from_slice(&self.min_k.to_le_bytes());
            out.extend_from_slice(&[self.height as u8, 0]);
            let end = self.full;
            for level in 0..self.height {
                let offset = end.saturating_sub(self.above(level)) as u32;
                out.extend_from_slice(&offset.to_le_bytes());
            }
            put(&mut out, self.min);
            put(&mut out, self.max);
        }
        for cell in &self.cells()[self.free..] {
            put(&mut out, T::load(*cell));
        }
        out
    }
}

fn put<T: KllItem>(out: &mut Vec<u8>, number: T) {
    out.extend_from_slice(&number.bits().to_le_bytes()[..T::BYTES]);
}

/// Numbers of an image, from a place on.
fn numbers<T: KllItem>(bytes: &[u8]) -> impl Iterator<Item = T> + '_ {
    bytes.chunks_exact(T::BYTES).map(|bytes| {
        let mut bits = [0; 8];
        bits[..T::BYTES].copy_from_slice(bytes);
        T::of_bits(u64::from_le_bytes(bits))
    })
}

/// The little-endian number of so many bytes at `at`.
fn number(image: &[u8], at: usize, len: usize) -> Result<u64, FileError> {
    let mut bytes = [0; 8];
    let (need, have) = ((at + len) as u64, image.len() as u64);
    let found = image.get(at..at + len).ok_or(FileError::Truncated { need, have })?;
    bytes[..len].copy_from_slice(found);
    Ok(u64::from_le_bytes(bytes))
}

impl<T: KllItem> Kll<T> {
    /// Reads an image of DataSketches, of doubles or floats as `T` is: it does not say which.
    /// Everything is checked. `seed` is what the coin begins with.
    ///
    /// # Errors
    ///
    /// [`FileError::Truncated`] if bytes are missing; [`FileError::Corrupt`] names the rule that is
    /// broken; [`FileError::Alloc`] if memory cannot be had.
    pub fn from_datasketches(image: &[u8], seed: u64) -> Result<Self, FileError> {
        let byte = |at| number(image, at, 1).map(|byte| byte as u8);
        require(byte(2)? == FAMILY, ITEMS, "family 15, KLL")?;
        let (ints, version, flags) = (byte(0)?, byte(1)?, byte(3)?);
        let k = number(image, 4, 2)? as u16;
        require(k >= MIN_K, ITEMS, "k of at least 8")?;
        require(u32::from(byte(6)?) == LEAST_ROOM, ITEMS, "levels with room for 8 at least")?;
        let sketch = Self::with_seed(k, seed);
        if flags & EMPTY != 0 {
            require((ints, version) == (2, 1), ITEMS, "an empty image is of version 1")?;
            check_len(8, image.len() as u64, ITEMS)?;
            return Ok(sketch);
        }
        if flags & SINGLE != 0 {
            require((ints, version) == (2, 2), ITEMS, "an image of one number is of version 2")?;
            return sketch.single(image);
        }
        require((ints, version) == (5, 1), ITEMS, "a compact image, version 1")?;
        let sketch = sketch.filled(image)?;
        sketch.check_all()?;
        Ok(sketch)
    }

    /// The sketch of an image of one number.
    fn single(mut self, image: &[u8]) -> Result<Self, FileError> {
        check_len(8 + T::BYTES as u64, image.len() as u64, ITEMS)?;
        for x in numbers::<T>(&image[8..]) {
            let x = x.checked();
            require(x.is_some(), ITEMS, "finite numbers")?;
            if let Some(x) = x {
                self.make_room()?;
                self.push(x.cell());
                (self.n, self.min, self.max) = (1, x, x);
            }
        }
        Ok(self)
    }

    /// The sketch of an image of several numbers.
    fn filled(mut self, image: &[u8]) -> Result<Self, FileError> {
        self.n = number(image, 8, 8)?;
        self.min_k = number(image, 16, 2)? as u16;
        let height = number(image, 18, 1)? as usize;
        require(self.n > 1, ITEMS, "more than one number")?;
        require((MIN_K..=self.k).contains(&self.min_k), ITEMS, "a smallest k of 8 to k")?;
        require((1..=MAX_LEVELS).contains(&height), ITEMS, "1 to 61 levels")?;
        let end = room_of_all(self.k, height);
        let above = |level: usize| {
            let offset = number(image, HEAD + 4 * level, 4)?;
            let count = (end as u64).checked_sub(offset);
            require(count.is_some(), ITEMS, "levels within their room")?;
            Ok::<usize, FileError>(count.unwrap_or(0) as usize)
        };
        let kept = above(0)?;
        let first = HEAD + 4 * height;
        let len = first + (2 + kept) * T::BYTES;
        // Before anything is allocated by it.
        check_len(len as u64, image.len() as u64, ITEMS)?;
        let (mut levels, mut items) = (HeapWords::new_in(Global), HeapWords::new_in(Global));
        levels.try_reserve_exact((height - 1).div_ceil(2))?;
        levels.try_resize((height - 1).div_ceil(2))?;
        for level in 1..height {
            as_halves_mut(levels.words_mut())[level - 1] = Le32::new(above(level)? as u32);
        }
        let words = kept.div_ceil(T::PER_WORD);
        items.try_reserve_exact(words)?;
        items.try_resize(words)?;
        let cells = T::cells_mut(items.words_mut());
        self.free = cells.len() - kept;
        let mut read = numbers::<T>(&image[first..]);
        let (min, max) = (read.next(), read.next());
        let one_zero = |x: T| x.checked().unwrap_or(x); // DataSketches has two
        for (cell, x) in cells[self.free..].iter_mut().zip(read) {
            *cell = one_zero(x).cell();
        }
        (self.min, self.max) = (min.map_or(self.min, one_zero), max.map_or(self.max, one_zero));
        (self.items, self.levels) = (items, levels);
        self.set_height(height);
        self.coin = Coin(self.seed);
        debug_assert!(as_halves(self.levels.words()).len() + 2 > height);
        Ok(self)
    }
}
