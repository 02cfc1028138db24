//! The lengths of a node's blocks, and where each begins.

use super::{Blob, NODE};
use crate::error::AllocError;
use crate::mem::Alloc;

/// Lengths where they lie: their width, and then as many bytes for each.
#[derive(Clone, Copy)]
pub(in crate::tries) struct Lengths<'a> {
    /// Bytes of a length, as a power of two: at most 4, so that the sum of sixteen fits.
    width: u32,
    bytes: &'a [u8],
}

impl<'a> Lengths<'a> {
    /// Those at the beginning of `bytes`, and what is behind them.
    #[inline(always)]
    pub(super) fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (width, rest) = bytes.split_first()?;
        let width = u32::from(*width);
        if width > 2 {
            return None;
        }
        let (bytes, rest) = rest.split_at_checked(NODE << width)?;
        Some((Self { width, bytes }, rest))
    }

    /// Writes up to 16 lengths.
    pub(super) fn write<A: Alloc>(lengths: &[u32], out: &mut Blob<A>) -> Result<(), AllocError> {
        let longest = lengths.iter().max().copied().unwrap_or(0);
        let width = if longest < 1 << 8 { 0 } else { 1 + u8::from(longest >= 1 << 16) };
        out.extend(&[width])?;
        for i in 0..NODE {
            let length = lengths.get(i).copied().unwrap_or(0).to_le_bytes();
            out.extend(&length[..1 << width])?;
        }
        Ok(())
    }

    /// Bytes of the blocks before block `i < 16`.
    #[inline(always)]
    pub(super) fn before(&self, i: usize) -> u64 {
        if let Some(bytes) = self.bytes.first_chunk::<16>().filter(|_| self.width == 0) {
            let lengths = u128::from_le_bytes(*bytes) & !(u128::MAX << (8 * (i as u32 & 15)));
            return sum8(lengths as u64) + sum8((lengths >> 64) as u64);
        }
        if self.width == 1 {
            // Four at a time, those from `i` on masked out.
            return self.bytes.chunks_exact(8).enumerate().fold(0, |sum, (at, chunk)| {
                let Some(bytes) = chunk.first_chunk::<8>() else { return sum };
                let ahead = i.saturating_sub(4 * at).min(4) as u32;
                let mask = if ahead == 4 { u64::MAX } else { !(u64::MAX << (16 * ahead)) };
                sum + sum16(u64::from_le_bytes(*bytes) & mask)
            });
        }
        let lengths = self.bytes.chunks_exact(1 << self.width).take(i);
        lengths.fold(0, |sum, length| {
            let mut bytes = [0; 8];
            bytes[..length.len()].copy_from_slice(length);
            sum + u64::from_le_bytes(bytes)
        })
    }
}

/// The sum of eight bytes.
#[inline(always)]
const fn sum8(bytes: u64) -> u64 {
    const EVEN: u64 = 0x00FF_00FF_00FF_00FF;
    let pairs = (bytes & EVEN) + (bytes >> 8 & EVEN);
    pairs.wrapping_mul(0x0001_0001_0001_0001) >> 48
}

/// The sum of four numbers of 16 bits.
#[inline(always)]
const fn sum16(numbers: u64) -> u64 {
    const EVEN: u64 = 0x0000_FFFF_0000_FFFF;
    let pairs = (numbers & EVEN) + (numbers >> 16 & EVEN);
    (pairs & 0xFFFF_FFFF) + (pairs >> 32)
}
