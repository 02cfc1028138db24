//! Tests of what the laws of the shape do not reach, for all dictionaries in blocks: many keys,
//! long ones, walks.

use super::*;
use crate::mem::Global;
use crate::storage::Persist;
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

/// A dictionary of the keys, which must ascend; all of them are found in it.
pub(super) fn built<D: KeySetBuild<Global> + Persist>(keys: &[Vec<u8>]) -> D {
    let dict = D::try_from_sorted_in(keys.iter(), 32, Global).unwrap();
    dict.validate().unwrap();
    assert!(Iter::new(&dict, 0..dict.len()).eq(keys.iter().cloned()));
    let mut ids = vec![None; keys.len()];
    let lent: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
    dict.get_many(&lent, &mut ids);
    assert!(ids.iter().enumerate().all(|(i, id)| *id == Some(i)));
    dict
}

/// What builders that go over their keys several times tell of that.
macro_rules! progress_of {
    ($($name:ident: $builder:expr),*) => {$(
        #[test]
        fn $name() {
            for len in [0_u32, 1, 10_000] {
                let mut builder = $builder;
                (0..len).try_for_each(|i| builder.push(i.to_be_bytes())).unwrap();
                let mut told = vec![0.0];
                let dict = builder.finish_with(|share| told.push(share)).unwrap();
                assert_eq!(dict.len(), len as usize);
                assert!(told.is_sorted() && told.last() == Some(&1.0), "{told:?}");
                assert!(len < 10_000 || told.len() > 15, "{told:?}");
            }
        }
    )*};
}

progress_of! {
    front_dicts_tell_how_far_they_are: FrontDict::builder(),
    rear_dicts_tell_how_far_they_are: RearDict::builder()
}

macro_rules! tests_of {
    ($($row:ident: $ty:ident),*) => {$(
        mod $row {
            use super::*;

            #[test]
            fn keys_that_each_begin_the_next() {
                let keys: Vec<Vec<u8>> = (0..400).map(|len| vec![b'a'; len * 17]).collect();
                let dict: $ty = built(&keys);
                assert_eq!(dict.prefix("aaaa"), 1..400);
                assert_eq!(dict.lower_bound(vec![b'a'; 18]), 2);
                assert_eq!(dict.longest(), 399 * 17);
            }

            #[test]
            fn random_keys_take_a_byte_more_than_they_have() {
                let mut rng = Rng::new(7);
                let random = (0..20_000).map(|_| rng.number().to_be_bytes().to_vec());
                let keys = sorted(random.collect());
                let dict: $ty = built(&keys);
                let raw = 8 * keys.len();
                assert!(dict.heap_bytes() < raw + keys.len() + 8_192, "{}", dict.heap_bytes());
            }

            #[test]
            fn beginnings_and_tails_longer_than_halves_of_bytes_say() {
                let (x, y) = ("x".repeat(300), |i: usize| "y".repeat(i / 700));
                let keys: Vec<Vec<u8>> = (0..40_000)
                    .map(|i| format!("{x}/{:03}/{}/{i:05}", i / 100, y(i)))
                    .map(String::into_bytes)
                    .collect();
                let mut keys = sorted(keys);
                // Tails of more codes than a byte counts, which no phrase shortens.
                let mut rng = Rng::new(11);
                keys.extend((0..40_u8).map(|i| {
                    let tail = rng.bytes(200 + 7 * usize::from(i));
                    [&[b'z', i][..], &tail].concat()
                }));
                let dict: $ty = built(&keys);
                for i in (0..keys.len()).step_by(97) {
                    assert_eq!(dict.id_of(&keys[i]), Some(i));
                    assert_eq!(dict.upper_bound(&keys[i]), i + 1);
                    assert_eq!(dict.key_of(i).as_ref(), Some(&keys[i]));
                    let absent = [&keys[i][..], b"0"].concat();
                    assert_eq!((dict.id_of(&absent), dict.lower_bound(&absent)), (None, i + 1));
                }
                assert_eq!(dict.prefix(&x), 0..40_000);
                assert!(dict.prefix("x".repeat(301)).is_empty());
            }

            #[test]
            fn separators_of_which_windows_are_the_same_are_told_apart() {
                // All texts of up to seven bytes that are least, most, or one, behind what is the
                // same for all of a node, and longer than a window.
                let mut tails = vec![Vec::new()];
                for at in 0.. {
                    if tails.len() > 700 {
                        break;
                    }
                    let tail: Vec<u8> = tails[at].clone();
                    tails.extend([0, 1, 255].map(|byte| [&tail[..], &[byte]].concat()));
                }
                let heads = ["", "a", "abcdefgh", "abcdefgh\0\0\0\0\0\0\0\0\0", "abcdefghi", "b"];
                let all = heads.iter().flat_map(|head| {
                    tails.iter().map(|tail| [head.as_bytes(), &tail[..]].concat())
                });
                let all = sorted(all.collect());
                let keys: Vec<_> = all.iter().step_by(2).cloned().collect();
                let dict: $ty = built(&keys);
                for (i, key) in all.iter().enumerate() {
                    assert_eq!(dict.id_of(key), (i % 2 == 0).then_some(i / 2), "{key:?}");
                    assert_eq!(dict.lower_bound(key), i.div_ceil(2), "{key:?}");
                    let first = keys.partition_point(|other| other < key);
                    let more = keys[first..].iter().take_while(|other| other.starts_with(key));
                    assert_eq!(dict.prefix(key), first..first + more.count(), "{key:?}");
                }
            }

            #[test]
            fn the_same_keys_make_the_same_bytes_whatever_fed_them() {
                let squares = (0..3_000_u32).map(|i| format!("{}", i * i).into_bytes());
                let keys = sorted(squares.collect());
                let mut builder = $ty::builder();
                for key in &keys {
                    builder.push(key).unwrap();
                    assert!(builder.push(key).is_err());
                }
                let (one, other) = (builder.finish().unwrap(), built(&keys));
                let bytes = |dict: &$ty| dict.to_bytes().unwrap().as_bytes().to_vec();
                assert_eq!(bytes(&one), bytes(&other));
                assert_eq!(bytes(&one), bytes(&$ty::from_sorted(&keys).unwrap()));
            }

            #[test]
            fn walks_begin_anywhere_and_go_both_ways() {
                let keys: Vec<Vec<u8>> =
                    (0..500).map(|i| format!("{i:04}").into_bytes()).collect();
                let dict: $ty = built(&keys);
                let mut walk = dict.keys(100..400);
                assert_eq!(walk.next_key(), Some(&b"0100"[..]));
                assert_eq!(walk.next_back_key(), Some(&b"0399"[..]));
                assert_eq!(walk.next_key(), Some(&b"0101"[..]));
                walk.seek(250);
                assert_eq!((walk.id(), walk.next_key()), (250, Some(&b"0250"[..])));
                assert_eq!(walk.remaining(), 148);
                // Not out of the range, on either side.
                walk.seek(0);
                assert_eq!((walk.remaining(), walk.next_key()), (299, Some(&b"0100"[..])));
                walk.seek(499);
                assert_eq!((walk.id(), walk.next_key()), (399, None));
                assert!(dict.iter().rev().eq(keys.iter().rev().cloned()));
                assert_eq!(dict.iter().nth(123), Some(b"0123".to_vec()));
                let mut some = dict.keys_in(7..9, [0; 4]);
                assert_eq!(some.next_key(), Some(&b"0007"[..]));
            }
        }
    )*};
}

tests_of!(rear_dict: RearDict, front_dict: FrontDict);

#[test]
fn a_block_that_is_none_is_refused_with_the_next_one_that_is() {
    for block in (0..300).filter(|block| ![8, 16, 32, 64, 128].contains(block)) {
        let refused = RearDict::builder_in(block, Global).err();
        let Some(BuildError::OutOfRange { value, min, max, .. }) = refused else {
            panic!("{block} keys a block");
        };
        assert!(value == block as u64 && !(min..=max).contains(&value), "{min} to {max}");
        assert!([min, max].iter().all(|b| RearDict::builder_in(*b as usize, Global).is_ok()));
    }
}
