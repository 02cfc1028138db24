//! Tests of what the laws of the shape do not reach: many keys, long ones, damage.

use super::*;
use crate::mem::Global;
use crate::testkit::data::Rng;
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

/// Sorted distinct keys.
fn sorted(mut keys: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    keys.sort();
    keys.dedup();
    keys
}

fn built(keys: &[Vec<u8>]) -> FrontDict {
    let dict = FrontDict::from_sorted(keys).unwrap();
    dict.validate().unwrap();
    assert!(dict.iter().eq(keys.iter().cloned()));
    let mut ids = vec![None; keys.len()];
    dict.get_many(keys, &mut ids);
    assert!(ids.iter().enumerate().all(|(i, id)| *id == Some(i)));
    dict
}

#[test]
fn laws_of_the_row() {
    let row = crate::testkit::RowLaws::of::<crate::testkit::row::rows::front_dict>();
    let mut rng = Rng::new(5);
    for _ in 0..crate::testkit::cases(200) {
        let len = rng.below(60);
        let program = rng.bytes(len);
        row.run(&program).unwrap_or_else(|message| panic!("{message}\n{program:?}"));
    }
}

#[test]
fn keys_that_each_begin_the_next() {
    let keys: Vec<Vec<u8>> = (0..400).map(|len| vec![b'a'; len * 17]).collect();
    let dict = built(&keys);
    assert_eq!(dict.prefix("aaaa"), 1..400);
    assert_eq!(dict.lower_bound(vec![b'a'; 18]), 2);
    assert_eq!(dict.longest(), 399 * 17);
}

#[test]
fn random_keys_take_a_byte_more_than_they_have() {
    let mut rng = Rng::new(7);
    let keys = sorted((0..20_000).map(|_| rng.number().to_be_bytes().to_vec()).collect());
    let dict = built(&keys);
    let raw = 8 * keys.len();
    assert!(dict.heap_bytes() < raw + keys.len() + 8_192, "{}", dict.heap_bytes());
}

#[test]
fn depths_and_tails_longer_than_half_a_byte_says() {
    let keys: Vec<Vec<u8>> = (0..20_000)
        .map(|i| format!("{}/{:03}/{}/{i:05}", "x".repeat(300), i / 100, "y".repeat(i / 500)))
        .map(String::into_bytes)
        .collect();
    let mut keys = sorted(keys);
    // Tails of more codes than a byte counts, which no phrase shortens.
    let mut rng = Rng::new(11);
    keys.extend((0..40).map(|i| [&[b'z', i][..], &rng.bytes(200 + 7 * usize::from(i))].concat()));
    let dict = built(&keys);
    for i in (0..keys.len()).step_by(97) {
        assert_eq!(dict.id_of(&keys[i]), Some(i));
        assert_eq!(dict.upper_bound(&keys[i]), i + 1);
        assert_eq!(dict.key_of(i).as_ref(), Some(&keys[i]));
        let absent = [&keys[i][..], b"0"].concat();
        assert_eq!((dict.id_of(&absent), dict.lower_bound(&absent)), (None, i + 1));
    }
    assert_eq!(dict.prefix("x".repeat(300)), 0..20_000);
    assert!(dict.prefix("x".repeat(301)).is_empty());
}

#[test]
fn every_byte_may_occur() {
    let keys: Vec<Vec<u8>> =
        (0..=255).flat_map(|a| (0..=255).step_by(5).map(move |b| vec![a, b, 255 - b])).collect();
    let dict = built(&keys);
    assert_eq!(dict.phrases.words().len(), CODES);
    assert_eq!(dict.prefix([7]), 7 * 52..8 * 52);
    assert_eq!(dict.prefix([255]), 255 * 52..256 * 52);
}

#[test]
fn the_same_keys_make_the_same_bytes_whatever_fed_them() {
    let keys = sorted((0..3_000_u32).map(|i| format!("{}", i * i).into_bytes()).collect());
    let mut builder = FrontDict::builder_in(Global);
    for key in &keys {
        builder.push(key).unwrap();
        assert!(builder.push(key).is_err());
    }
    let (one, other) = (builder.finish().unwrap(), built(&keys));
    let bytes = |dict: &FrontDict| dict.to_bytes().unwrap().as_bytes().to_vec();
    assert_eq!(bytes(&one), bytes(&other));
}

#[test]
fn codes_of_no_phrase_are_damage() {
    let keys: Vec<Vec<u8>> = (0..500).map(|i| format!("{i:04}x").into_bytes()).collect();
    let mut dict = built(&keys);
    let end = dict.keys.as_bytes().len();
    dict.keys.as_bytes_mut()[HEAD..end].fill(0xFF);
    assert_eq!(dict.id_of("0499x"), None);
    assert_eq!(dict.key_of(499), Some(Vec::new()));
    assert!(dict.validate().is_err());
}

#[test]
fn walks_begin_anywhere_and_go_both_ways() {
    let keys: Vec<Vec<u8>> = (0..500).map(|i| format!("{i:04}").into_bytes()).collect();
    let dict = built(&keys);
    let mut walk = dict.keys(100..400);
    assert_eq!(walk.next_key(), Some(&b"0100"[..]));
    assert_eq!(walk.next_back_key(), Some(&b"0399"[..]));
    assert_eq!(walk.next_key(), Some(&b"0101"[..]));
    assert!(dict.iter().rev().eq(keys.iter().rev().cloned()));
}
