//! MurmurHash3 x64-128: the hash of Apache DataSketches, for structures that are exchanged with it.
//!
//! Not for anything of our own: XXH3 is faster. The seed starts both halves, as DataSketches has it
//! (the original takes 32 bits of seed, which give the same here).

const C1: u64 = 0x87c3_7b91_1142_53d5;
const C2: u64 = 0x4cf5_ad43_2745_937f;

/// The first half's share of a block.
#[inline]
const fn scramble1(k: u64) -> u64 {
    k.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2)
}

/// The second half's share of a block.
#[inline]
const fn scramble2(k: u64) -> u64 {
    k.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1)
}

/// Every bit of `h` comes to depend on all others.
#[inline]
const fn avalanche(mut h: u64) -> u64 {
    h = (h ^ h >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h = (h ^ h >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ h >> 33
}

/// Takes in the length and mixes both halves into the result.
#[inline]
const fn finish(h1: u64, h2: u64, len: u64) -> [u64; 2] {
    let h1 = (h1 ^ len).wrapping_add(h2 ^ len);
    let h2 = h1.wrapping_add(h2 ^ len);
    let (h1, h2) = (avalanche(h1), avalanche(h2));
    let h1 = h1.wrapping_add(h2);
    [h1, h1.wrapping_add(h2)]
}

/// The first 8 bytes or less, as a little-endian number.
#[inline]
fn load(bytes: &[u8]) -> u64 {
    if let Some(bytes) = bytes.first_chunk() {
        return u64::from_le_bytes(*bytes);
    }
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// The hash of `bytes`, as two words. O(length).
pub(crate) fn hash_bytes(bytes: &[u8], seed: u64) -> [u64; 2] {
    let (mut h1, mut h2) = (seed, seed);
    let mut blocks = bytes.chunks_exact(16);
    for block in &mut blocks {
        h1 = (h1 ^ scramble1(load(block))).rotate_left(27).wrapping_add(h2);
        h1 = h1.wrapping_mul(5).wrapping_add(0x52dc_e729);
        h2 = (h2 ^ scramble2(load(&block[8..]))).rotate_left(31).wrapping_add(h1);
        h2 = h2.wrapping_mul(5).wrapping_add(0x3849_5ab5);
    }
    // Words of 0 are scrambled to 0, so that a tail that is not there changes nothing.
    let tail = blocks.remainder();
    h1 ^= scramble1(load(tail));
    h2 ^= scramble2(load(tail.get(8..).unwrap_or(&[])));
    finish(h1, h2, bytes.len() as u64)
}

/// The hash of the 8 little-endian bytes of `key`.
#[inline]
pub(crate) const fn hash_u64(key: u64, seed: u64) -> [u64; 2] {
    finish(seed ^ scramble1(key), seed, 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Byte `i` of the test data is `7 i + 3 mod 256`.
    const DATA: [u8; 48] = {
        let mut data = [0; 48];
        let mut i = 0;
        while i < data.len() {
            data[i] = (i * 7 + 3) as u8;
            i += 1;
        }
        data
    };

    /// Seed, length, and the two words, by the Python package mmh3 5.3.1:
    /// `hash64(data[:length], seed=seed, signed=False)`.
    const VECTORS: &[(u64, usize, [u64; 2])] = &[
        (9001, 0, [0x1e70_a322_6649_1bb9, 0x6097_36b2_5240_6b94]),
        (9001, 1, [0x0981_420f_8f83_9b88, 0x5c61_eb35_d6db_d17b]),
        (9001, 2, [0x17a1_f595_7bf9_321b, 0xbb23_73f4_3130_6b02]),
        (9001, 3, [0x6148_d5f7_e9fa_9f31, 0xe244_dcbd_8bf3_7616]),
        (9001, 4, [0x75d8_6ff8_6ec6_2ab2, 0x9e3e_8c5c_5cb7_b2b2]),
        (9001, 5, [0xb4d9_ff4e_3d84_d87f, 0xba34_97f5_4ff0_ed7c]),
        (9001, 6, [0x08a0_8039_1c37_a57b, 0x4bfa_e496_d374_70d5]),
        (9001, 7, [0xd1b9_4036_7e34_b6d5, 0x5632_7648_e6fd_72c3]),
        (9001, 8, [0xbd34_a5db_0eca_dc15, 0x1502_e710_e8d1_95e1]),
        (9001, 9, [0x9224_eb54_08ba_d17a, 0x98be_b4ab_72ad_a039]),
        (9001, 10, [0xd0af_994a_3a6f_0e07, 0x7ee3_0064_5308_d9f7]),
        (9001, 11, [0xf648_1adc_db0f_638d, 0x0560_84d4_62f9_841b]),
        (9001, 12, [0x8b78_59c5_115f_65ad, 0x51fe_6422_8f8b_335f]),
        (9001, 13, [0x6097_6d62_d614_6341, 0x0cc7_6acb_dae0_7a2e]),
        (9001, 14, [0x189d_b9ad_2140_52d8, 0x10d7_295d_a290_1984]),
        (9001, 15, [0x5c2c_7be6_d6cf_23e7, 0xb771_3c5d_3bf1_0c45]),
        (9001, 16, [0xb008_41c1_5957_776b, 0x8ef7_54f5_8534_bd2d]),
        (9001, 17, [0x86b4_b69e_4a6a_ccb1, 0x0f8a_7627_2231_7794]),
        (9001, 23, [0xb518_49af_2331_974a, 0x48ea_f8e3_33e5_e3c2]),
        (9001, 24, [0x057d_3e25_3bbb_9d64, 0x6b0b_4037_026d_c742]),
        (9001, 25, [0xf179_5ef0_ca89_2144, 0x7d4e_462e_2255_c3aa]),
        (9001, 31, [0x733c_c082_ec5d_2bc2, 0xca04_e1fa_fa04_4861]),
        (9001, 32, [0x48e7_e6d2_29c2_4d84, 0x76c4_668b_3277_0d02]),
        (9001, 33, [0x4a4e_824e_7b9c_2d18, 0xf826_d88a_c096_409a]),
        (9001, 40, [0x8367_7fd4_f465_ce6b, 0x8815_d369_3794_4add]),
        (9001, 47, [0xb3cc_6287_46e0_14fd, 0xb4a6_b8e9_6fc7_804a]),
        (9001, 48, [0xfcc9_6720_a26c_74d8, 0x4ede_47f1_dd61_06ba]),
        (0, 0, [0x0000_0000_0000_0000, 0x0000_0000_0000_0000]),
        (0, 1, [0x726a_c6dd_306a_3e59, 0x4e71_1127_c5b5_a8e4]),
        (0, 5, [0xa82a_ed56_74c8_8370, 0x30a0_3208_5094_9358]),
        (0, 16, [0xc4b0_99c5_2f8f_4ea1, 0x7d67_0219_d92a_fe48]),
        (0, 29, [0x3573_e8ed_18d5_b747, 0x0844_c1c6_8d89_0d4a]),
        (0, 48, [0x3277_8697_f8bf_8cd3, 0x09c7_39cd_cec4_3d06]),
    ];

    #[test]
    fn known_vectors_of_every_tail() {
        for (seed, len, words) in VECTORS {
            assert_eq!(hash_bytes(&DATA[..*len], *seed), *words, "{len} bytes");
        }
    }

    #[test]
    fn a_number_is_its_little_endian_bytes() {
        for key in [0, 1, u64::MAX, 0x0123_4567_89ab_cdef] {
            assert_eq!(hash_u64(key, 9001), hash_bytes(&key.to_le_bytes(), 9001));
        }
    }
}
