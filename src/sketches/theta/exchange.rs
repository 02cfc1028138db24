//! Compact images of DataSketches, plain (version 3) and compressed (version 4).
//!
//! ```text
//! byte  0     1  2  3     4      5      6          8
//! v3  | longs| 3| 3| 0   | 0    | flags| seed hash| count: u32, 0: u32, theta: u64, hashes: u64 |
//! v4  | longs| 4| 3| bits| bytes| flags| seed hash| theta: u64, count: so many bytes, gaps      |
//! ```
//!
//! `longs` says which of the fields are there: in version 3 neither count nor theta with 1, no
//! theta with 2, both with 3; in version 4 no theta with 1. Gaps between ascending hashes take
//! `bits` each, one after the other, the upper bits first.

#[cfg(feature = "alloc")]
use super::{MAX_LG_K, MAX_THETA, MIN_LG_K, Theta, buffer};
#[cfg(feature = "alloc")]
use crate::error::{FileError, Tag};
#[cfg(feature = "alloc")]
use crate::sketches::image::{Bytes, number};
#[cfg(feature = "alloc")]
use crate::storage::{Words, require};
#[cfg(feature = "alloc")]
use alloc::vec::Vec;

#[cfg(feature = "alloc")]
const IMAGE: Tag = Tag(*b"imag");
#[cfg(feature = "alloc")]
const FAMILY: u8 = 3;
/// What 9001 hashes to.
#[cfg(feature = "alloc")]
const SEED_HASH: u16 = 0x93cc;
/// Flags: not to be changed, compact, ordered.
#[cfg(feature = "alloc")]
const READ_ONLY: u8 = 2;
#[cfg(feature = "alloc")]
const EMPTY: u8 = 4;
#[cfg(feature = "alloc")]
const COMPACT: u8 = 8;
#[cfg(feature = "alloc")]
const ORDERED: u8 = 16;

#[cfg(feature = "alloc")]
impl<W: Words> Theta<W> {
    /// The `k` smallest hashes in order, and theta.
    fn sorted(&self) -> (Vec<u64>, u64) {
        let (run, table) = (self.run(), self.table.words());
        let mut hashes = Vec::with_capacity(self.len as usize + table.len());
        hashes.extend(run.iter().chain(buffer::hashes(table)));
        hashes.sort_unstable();
        match hashes.get(1 << self.lg_k) {
            Some(&theta) => {
                hashes.truncate(1 << self.lg_k);
                (hashes, theta)
            }
            None => (hashes, self.theta),
        }
    }

    /// The compact ordered image, version 3: what DataSketches' `compact().serialize()` returns of
    /// a sketch that was trimmed to `k`. 8 bytes a hash. O(k); allocates it.
    #[must_use]
    pub fn to_datasketches(&self) -> Vec<u8> {
        let (hashes, theta) = self.sorted();
        let flags = READ_ONLY | COMPACT | ORDERED | if self.is_empty() { EMPTY } else { 0 };
        let longs = match (theta < MAX_THETA, hashes.len()) {
            (true, _) => 3,
            (false, 0 | 1) => 1,
            _ => 2,
        };
        let mut image = Vec::with_capacity(8 * (longs as usize + hashes.len()));
        image.extend_from_slice(&[longs, 3, FAMILY, 0, 0, flags]);
        image.extend_from_slice(&SEED_HASH.to_le_bytes());
        if longs > 1 {
            image.extend_from_slice(&(hashes.len() as u64).to_le_bytes());
        }
        if longs > 2 {
            image.extend_from_slice(&theta.to_le_bytes());
        }
        image.extend(hashes.iter().flat_map(|hash| hash.to_le_bytes()));
        image
    }

    /// The compressed image, version 4, which Spark's `theta_sketch_agg` writes; of no hash and of
    /// a single one the plain image, as DataSketches has it. About 6.1 bytes a hash. O(k);
    /// allocates it.
    #[must_use]
    pub fn to_datasketches_compressed(&self) -> Vec<u8> {
        let (hashes, theta) = self.sorted();
        if hashes.is_empty() || hashes.len() == 1 && theta == MAX_THETA {
            return self.to_datasketches();
        }
        let mut last = 0;
        let gaps = hashes.iter().map(|hash| hash - core::mem::replace(&mut last, *hash));
        let gaps: Vec<u64> = gaps.collect();
        let bits = 64 - gaps.iter().fold(0, |all, gap| all | gap).leading_zeros();
        let count_bytes = (64 - (hashes.len() as u64).leading_zeros()).div_ceil(8);
        let longs = if theta < MAX_THETA { 2 } else { 1 };
        let flags = READ_ONLY | COMPACT | ORDERED;
        let mut image = Vec::with_capacity(24 + (gaps.len() * bits as usize).div_ceil(8));
        image.extend_from_slice(&[longs, 4, FAMILY, bits as u8, count_bytes as u8, flags]);
        image.extend_from_slice(&SEED_HASH.to_le_bytes());
        if longs > 1 {
            image.extend_from_slice(&theta.to_le_bytes());
        }
        image.extend_from_slice(&(hashes.len() as u64).to_le_bytes()[..count_bytes as usize]);
        let (mut pending, mut used) = (0_u128, 0);
        for gap in gaps {
            pending = pending << bits | u128::from(gap);
            used += bits;
            while used >= 8 {
                used -= 8;
                image.push((pending >> used) as u8);
            }
        }
        if used > 0 {
            image.push((pending << (8 - used)) as u8);
        }
        image
    }
}

#[cfg(feature = "alloc")]
impl Theta {
    /// Reads a compact image of DataSketches, plain or compressed, ordered or not, as a packed
    /// sketch. The image does not tell its `lg_k`: of more than `2^lg_k` hashes the smallest are
    /// kept. O(bytes), all of them checked.
    ///
    /// # Errors
    ///
    /// [`FileError::Truncated`] if there are too few bytes, [`FileError::Corrupt`] if they are not
    /// such an image or `lg_k` is not within 4..=26, [`FileError::Alloc`]. Requests no more than
    /// 64 bytes for each that there is.
    pub fn from_datasketches(bytes: &[u8], lg_k: u8) -> Result<Self, FileError> {
        require((MIN_LG_K..=MAX_LG_K).contains(&lg_k), IMAGE, "lg_k from 4 to 26")?;
        let mut bytes = Bytes::new(bytes);
        let head = bytes.take(8)?;
        require(head[2] == FAMILY, IMAGE, "family 3: a compact theta sketch")?;
        let (longs, flags) = (head[0] & 63, head[5]);
        require(flags & 1 == 0 && flags & COMPACT != 0, IMAGE, "compact, little-endian")?;
        let seed_hash = u16::from_le_bytes([head[6], head[7]]);
        let mut sketch = Self::new(lg_k);
        if flags & EMPTY != 0 {
            let known = seed_hash == SEED_HASH || seed_hash == 0;
            require(known, IMAGE, "the hash of seed 9001, or 0")?;
            bytes.last(0, IMAGE)?;
            return Ok(sketch);
        }
        require(seed_hash == SEED_HASH, IMAGE, "the hash of seed 9001")?;
        match head[1] {
            3 => sketch.read_plain(bytes, longs)?,
            4 => sketch.read_compressed(bytes, longs, head[3], head[4])?,
            _ => return Err(FileError::Corrupt { section: IMAGE, rule: "serial version 3 or 4" }),
        }
        sketch.try_pack()?;
        Ok(sketch)
    }

    fn read_plain(&mut self, mut bytes: Bytes<'_>, longs: u8) -> Result<(), FileError> {
        require((1..=3).contains(&longs), IMAGE, "one to three words before the hashes")?;
        let count = if longs > 1 { bytes.number(8)? & u64::from(u32::MAX) } else { 1 };
        let theta = if longs > 2 { bytes.number(8)? } else { MAX_THETA };
        self.set_theta(theta)?;
        for eight in bytes.last(count.saturating_mul(8), IMAGE)?.chunks_exact(8) {
            self.read_hash(number(eight), theta)?;
        }
        self.read_all(count)
    }

    fn read_compressed(
        &mut self,
        mut bytes: Bytes<'_>,
        longs: u8,
        bits: u8,
        count_bytes: u8,
    ) -> Result<(), FileError> {
        require((1..=2).contains(&longs), IMAGE, "one or two words before the hashes")?;
        require((1..=63).contains(&bits), IMAGE, "gaps of 1 to 63 bits")?;
        require((1..=4).contains(&count_bytes), IMAGE, "a count of 1 to 4 bytes")?;
        let theta = if longs > 1 { bytes.number(8)? } else { MAX_THETA };
        self.set_theta(theta)?;
        let count = bytes.number(count_bytes.into())?;
        let mut rest = bytes.last((count * u64::from(bits)).div_ceil(8), IMAGE)?.iter();
        let (mut hash, mut pending, mut used) = (0_u64, 0_u128, 0);
        for _ in 0..count {
            while used < bits {
                pending = pending << 8 | u128::from(rest.next().copied().unwrap_or(0));
                used += 8;
            }
            used -= bits;
            let gap = (pending >> used) as u64 & (u64::MAX >> (64 - bits));
            pending &= (1 << used) - 1;
            let next = hash.checked_add(gap).filter(|_| gap > 0);
            hash = next.ok_or(FileError::Corrupt { section: IMAGE, rule: "ascending hashes" })?;
            self.read_hash(hash, theta)?;
        }
        self.read_all(count)
    }

    fn set_theta(&mut self, theta: u64) -> Result<(), FileError> {
        require((1..=MAX_THETA).contains(&theta), IMAGE, "theta from 1 to 2^63 - 1")?;
        Ok(self.try_lower(theta)?)
    }

    fn read_hash(&mut self, hash: u64, theta: u64) -> Result<(), FileError> {
        require(hash > 0 && hash < theta, IMAGE, "hashes above 0 and below theta")?;
        Ok(self.try_put(hash)?)
    }

    /// After all hashes: each came once, unless there were more than are kept.
    fn read_all(&self, count: u64) -> Result<(), FileError> {
        let all = count > 1 << self.lg_k || self.retained() as u64 == count;
        require(all, IMAGE, "each hash once")
    }
}
