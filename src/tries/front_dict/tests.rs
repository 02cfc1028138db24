//! Tests of this dictionary alone, beside those of all dictionaries in blocks: its phrases, damage.

use super::super::tests::built;
use super::*;
use std::format;
use std::vec;
use std::vec::Vec;

#[test]
fn every_byte_may_occur() {
    let keys: Vec<Vec<u8>> =
        (0..=255).flat_map(|a| (0..=255).step_by(5).map(move |b| vec![a, b, 255 - b])).collect();
    let dict: FrontDict = built(&keys);
    assert_eq!(dict.phrases.words().len(), CODES);
    assert_eq!(dict.prefix([7]), 7 * 52..8 * 52);
    assert_eq!(dict.prefix([255]), 255 * 52..256 * 52);
}

#[test]
fn codes_of_no_phrase_are_damage() {
    let keys: Vec<Vec<u8>> = (0..500).map(|i| format!("{i:04}x").into_bytes()).collect();
    let mut dict: FrontDict = built(&keys);
    let end = dict.keys.as_bytes().len();
    dict.keys.as_bytes_mut()[HEAD..end].fill(0xFF);
    assert_eq!(dict.id_of("0499x"), None);
    assert_eq!(dict.key_of(499), Some(Vec::new()));
    assert!(dict.validate().is_err());
}
