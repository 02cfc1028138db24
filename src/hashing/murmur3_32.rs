//! MurmurHash3 x86-32: the hash of feature hashing in scikit-learn and elsewhere.
//!
//! Not for anything of our own: XXH3 is faster and has 64 bits.

const C1: u32 = 0xcc9e_2d51;
const C2: u32 = 0x1b87_3593;

/// A block's share.
#[inline]
const fn scramble(block: u32) -> u32 {
    block.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2)
}

/// Takes a block in.
#[inline]
const fn step(state: u32, block: u32) -> u32 {
    (state ^ scramble(block)).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
}

/// Takes the tail and the length in, and mixes.
#[inline]
const fn finish(state: u32, tail: u32, len: usize) -> u32 {
    // A tail that is not there is 0, and changes nothing.
    let mut h = state ^ scramble(tail) ^ len as u32;
    h = (h ^ h >> 16).wrapping_mul(0x85eb_ca6b);
    h = (h ^ h >> 13).wrapping_mul(0xc2b2_ae35);
    h ^ h >> 16
}

/// The hash of `bytes`. O(length).
#[inline]
pub(crate) fn hash(bytes: &[u8], seed: u32) -> u32 {
    let len = bytes.len();
    let Some(last) = bytes.last_chunk() else {
        // Up to three bytes: the first, the middle and the last, some of which may be one.
        let byte = |at: usize| u32::from(bytes[at]) << (8 * at);
        let tail = if len == 0 { 0 } else { byte(0) | byte(len / 2) | byte(len - 1) };
        return finish(seed, tail, len);
    };
    let mut state = seed;
    for block in bytes.chunks_exact(4) {
        if let Some(block) = block.first_chunk() {
            state = step(state, u32::from_le_bytes(*block));
        }
    }
    // The last bytes, from the load of the last four.
    let missing = 32 - 8 * (len as u32 % 4);
    let tail = (u64::from(u32::from_le_bytes(*last)) >> missing) as u32;
    finish(state, tail, len)
}

/// The hash of the concatenation of `parts`, without a copy.
pub(crate) fn hash_of(parts: &[&[u8]], seed: u32) -> u32 {
    let (mut state, mut block, mut len) = (seed, 0, 0);
    for byte in parts.iter().copied().flatten() {
        block |= u32::from(*byte) << (8 * (len % 4));
        len += 1;
        if len % 4 == 0 {
            (state, block) = (step(state, block), 0);
        }
    }
    finish(state, block, len)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the Python package mmh3 5.3.1: `hash(key, seed, signed=False)`.
    #[test]
    fn known_values() {
        for (key, seed, expected) in [
            ("", 0, 0),
            ("", 1, 0x514e_28b7),
            ("a", 0, 0x3c25_69b2),
            ("ab", 0, 0x9bbf_d75f),
            ("abc", 0, 0xb3dd_93fa),
            ("abcd", 0, 0x43ed_676a),
            ("foo", 0, 0xf6a5_c420),
            ("Hello, world!", 1234, 0xfaf6_cdb3),
            ("The quick brown fox jumps over the lazy dog", 0, 0x2e4f_f723),
        ] {
            assert_eq!(hash(key.as_bytes(), seed), expected, "{key}");
        }
    }

    #[test]
    fn parts_hash_as_the_whole() {
        let bytes: [u8; 23] = core::array::from_fn(|i| (i * 37 + 5) as u8);
        for len in 0..=bytes.len() {
            for at in 0..=len {
                let (a, b) = bytes[..len].split_at(at);
                assert_eq!(hash_of(&[a, &[], b], 9), hash(&bytes[..len], 9), "{len} at {at}");
            }
        }
    }
}
