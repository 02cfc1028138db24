//! Against `BTreeSet`, brute force and the definition of a minimal automaton.

use super::code::{Codes, Head};
use super::*;
use crate::storage::words::{Le32, as_halves_mut};
use crate::testkit::damage::each_flip;
use crate::testkit::data::Rng;
use crate::tries::{Change, Glob};
use std::collections::{BTreeMap, BTreeSet};
use std::format;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::string::String;
use std::vec;
use std::vec::Vec;

type Keys = BTreeSet<Vec<u8>>;

/// Built in one form, and asked for each key both ways.
fn built_for(prefer: Prefer, keys: &Keys) -> Dawg {
    let mut builder = Dawg::builder_for(prefer);
    keys.iter().for_each(|key| builder.push(key).unwrap());
    let dawg = builder.finish().unwrap();
    assert_eq!(dawg.prefer(), prefer);
    dawg.validate().unwrap();
    assert!(dawg.iter().eq(keys.iter().cloned()));
    for (id, key) in keys.iter().enumerate() {
        assert_eq!(dawg.id_of(key), Some(id));
        assert_eq!(dawg.key_of(id).as_ref(), Some(key));
        assert!(dawg.contains(key));
    }
    dawg
}

/// Built in both forms.
fn built(keys: &Keys) -> [Dawg; 2] {
    [Prefer::Bytes, Prefer::Time].map(|prefer| built_for(prefer, keys))
}

/// Asked for keys that may be there or not.
fn asked(dawg: &Dawg, keys: &Keys, query: &[u8]) {
    let there = keys.contains(query);
    let rank = keys.range::<[u8], _>((Unbounded, Excluded(query))).count();
    assert_eq!((dawg.contains(query), dawg.id_of(query).is_some()), (there, there));
    assert_eq!(dawg.lower_bound(query), rank, "{query:?}");
    assert_eq!(dawg.upper_bound(query), rank + usize::from(there));
    let from = keys.range::<[u8], _>((Included(query), Unbounded));
    let begin = from.take_while(|key| key.starts_with(query)).count();
    assert_eq!(dawg.prefix(query), rank..rank + begin, "{query:?}");
    let prefixes = (0..=query.len()).filter(|len| keys.contains(&query[..*len]));
    assert!(prefixes.eq(dawg.keys_along(query).map(|(_, len)| len)));
    assert!(dawg.keys_along(query).all(|(id, len)| dawg.id_of(&query[..len]) == Some(id)));
}

fn random(rng: &mut Rng, count: usize, longest: usize, letters: usize) -> Keys {
    let key = |rng: &mut Rng| {
        let len = rng.below(longest + 1);
        (0..len).map(|_| (rng.below(letters) * 255 / (letters - 1)) as u8).collect()
    };
    (0..count).map(|_| key(rng)).collect()
}

#[test]
fn answers_as_a_btree_set_does() {
    let mut rng = Rng::new(3);
    for (count, longest, letters) in
        [(0, 1, 2), (1, 0, 2), (1, 5, 9), (30, 3, 2), (300, 6, 3), (500, 9, 256), (2_000, 2, 256)]
    {
        let keys = random(&mut rng, count, longest, letters);
        let both = built(&keys);
        let ask = |query: &[u8]| both.iter().for_each(|dawg| asked(dawg, &keys, query));
        random(&mut rng, 40, longest + 2, letters).iter().for_each(|query| ask(query));
        for key in keys.iter().step_by(1 + count / 30) {
            ask(&[key, &b"\0"[..]].concat());
            ask(&key[..key.len() / 2]);
        }
    }
}

/// The number of states that differ in what follows them, the state without edges among them.
fn states_needed(keys: &Keys) -> usize {
    let longest = keys.iter().map(Vec::len).max().unwrap_or(0);
    let mut follow: BTreeMap<&[u8], Vec<&[u8]>> = BTreeMap::new();
    for key in keys {
        for at in 0..=key.len() {
            let ends = follow.entry(&key[..at]).or_default();
            if at < key.len() {
                ends.push(&key[at..]);
            }
        }
    }
    assert!(longest < 20);
    follow.into_values().collect::<BTreeSet<_>>().len()
}

#[test]
fn no_two_states_are_alike() {
    let mut rng = Rng::new(11);
    for letters in [2, 3, 5] {
        let keys = random(&mut rng, 400, 8, letters);
        let mut register = Register::new(&crate::mem::Global);
        keys.iter().for_each(|key| register.push(key).unwrap());
        register.finish().unwrap();
        assert_eq!(register.states(), states_needed(&keys));
    }
}

#[test]
fn nodes_are_walked() {
    let keys: Keys = ["", "bake", "baked", "cake", "caked"].map(|key| key.into()).into();
    fn gather(node: Node<'_>, key: &mut Vec<u8>, out: &mut Vec<Vec<u8>>) {
        if node.is_final() {
            out.push(key.clone());
        }
        let mut below = usize::from(node.is_final());
        for (label, child) in node.edges() {
            assert_eq!(node.child(label).map(|node| node.keys()), Some(child.keys()));
            below += child.keys();
            key.push(label);
            gather(child, key, out);
            key.pop();
        }
        assert_eq!(node.keys(), below);
        assert!(node.child(b'!').is_none());
    }
    for dawg in built(&keys) {
        let mut out = Vec::new();
        gather(dawg.root(), &mut Vec::new(), &mut out);
        assert!(out.iter().eq(&keys));
    }
}

#[test]
fn states_of_256_edges_and_codes_of_two_bytes() {
    let mut rng = Rng::new(5);
    let mut keys: Keys = (0..=255).map(|byte| vec![byte]).collect();
    keys.extend((0..60_000).map(|_| rng.number().to_be_bytes()[..3].to_vec()));
    let both = built(&keys);
    assert!(matches!(both[0].form, Form::Packed { codes, .. } if codes.pages < 256));
    for dawg in &both {
        for query in random(&mut rng, 300, 4, 256) {
            asked(dawg, &keys, &query);
        }
        assert_eq!(dawg.root().edges().count(), 256);
    }
}

#[test]
fn keys_deeper_than_a_walk_remembers() {
    let mut keys: Keys = (0..300).map(|len| vec![b'a'; len * 3]).collect();
    keys.extend((0..200).map(|i| format!("{}{i:03}{}", "k".repeat(70), "z".repeat(i)).into()));
    keys.insert(vec![7; MAX_KEY]);
    for dawg in built(&keys) {
        assert!(dawg.iter().rev().eq(keys.iter().rev().cloned()));
        let mut walk = dawg.keys(250..keys.len());
        for key in keys.iter().skip(250) {
            assert_eq!(walk.next_key(), Some(&key[..]));
        }
        let mut cut = dawg.keys_in(0..keys.len(), [0; 80]);
        let count = core::iter::from_fn(|| cut.next_key().map(<[u8]>::len)).count();
        assert_eq!(count, keys.len());
    }
    let long = vec![7; MAX_KEY + 1];
    let mut builder = Dawg::builder();
    assert!(matches!(builder.push(long), Err(BuildError::OutOfRange { .. })));
    assert!(builder.finish().unwrap().is_empty());
}

#[test]
fn keys_out_of_order_change_nothing() {
    let mut builder = Dawg::builder();
    for key in ["ant", "anthill", "bee"] {
        builder.push(key).unwrap();
        let index = builder.len();
        assert_eq!(builder.push(key), Err(BuildError::DuplicateKey { index }));
        assert_eq!(builder.push("an"), Err(BuildError::NotSorted { index }));
    }
    let dawg = builder.finish().unwrap();
    assert!(dawg.iter().eq(["ant", "anthill", "bee"].map(|key| key.as_bytes().to_vec())));
}

#[test]
fn near_keys_are_lent_and_long_words_cost_no_more() {
    let word = "w".repeat(1_000);
    let mut keys: Keys = (990..1_010).map(|len| vec![b'w'; len]).collect();
    keys.insert([&word[..500], "x", &word[500..]].concat().into());
    for dawg in built(&keys) {
        let mut near = dawg.fuzzy(&word, 3);
        let mut found = Vec::new();
        while let Some((id, far)) = near.next() {
            assert_eq!(dawg.id_of(near.key()), Some(id));
            found.push(far);
        }
        assert_eq!(found, [3, 2, 1, 0, 1, 2, 3, 1]);
    }
    // Bytes that are no character are a unit each.
    for dawg in built(&[vec![0xFF, b'a'], vec![b'a'], vec![b'a', 0xE4, 0xB8]].into()) {
        assert!(dawg.fuzzy("a", 1).eq([(0, 0), (1, 1), (2, 1)]));
    }
}

/// Of one state, whose edges `a` to `z` each end a key and lead back to it, in both forms.
fn circles(len: usize, empty: bool) -> [Dawg; 2] {
    let words = |count: usize| {
        let mut words = HeapWords::new_in(crate::mem::Global);
        words.try_resize(count).unwrap();
        words
    };
    let (mut table, mut states, mut edges) = (words(14), words(8), words(17));
    let (entries, fixed) = (as_halves_mut(table.words_mut()), as_halves_mut(edges.words_mut()));
    for (label, i) in (b'a'..=b'z').zip(1..) {
        let is_last = label == b'z';
        let head = Head::new(label, true, is_last, code::Kind::Near, 4);
        entries[i] = Le32::new(head.entry(1));
        states.as_bytes_mut()[2 * i - 2] = i as u8;
        let more = if is_last { 0 } else { fixed::MORE };
        let word = more | u32::from(label) << fixed::LABEL | fixed::FINAL | 1;
        fixed[i] = Le32::new(word);
    }
    // Four keys on and below each edge.
    let mut counts = words(5);
    (0..26).for_each(|i| counts.as_bytes_mut()[1 + i] = 4 * i as u8);
    let facts = Facts { len, longest: 20, empty };
    let packed = Form::Packed { table, states, codes: Codes { pages: 256 }, root: 0 };
    let fixed = Form::Fixed { edges, counts, wide: 0, narrow: 40 };
    [packed, fixed].map(|form| Dawg { form, facts })
}

#[test]
fn circles_come_to_an_end() {
    for dawg in circles(1_000, false) {
        assert!(dawg.validate().is_err());
        for change in [Change::Char, Change::CharOrSwap, Change::Byte, Change::ByteOrSwap] {
            // As each number comes once, no more nodes than numbers have been entered.
            let near = Near::by("zzzzzz", 3, change);
            let ids: Vec<usize> = dawg.matches(near).map(|(id, _)| id).collect();
            assert!(ids.is_sorted_by(|a, b| a < b) && ids.last().is_some_and(|id| *id < 1_000));
        }
        assert!(dawg.keys_along(&[b'z'; 500]).all(|(id, _)| id < 1_000));
    }
    for none in circles(0, true) {
        assert!(none.fuzzy("z", 3).next().is_none() && none.keys_along("z").next().is_none());
    }
}

/// A ring whose one number is on no edge of it: only the longest key's length ends it.
#[test]
fn a_ring_without_keys_comes_to_an_end() {
    let mut edges = HeapWords::new_in(crate::mem::Global);
    edges.try_resize(17).unwrap();
    let counts = edges.clone();
    let edge = u32::from(b'a') << fixed::LABEL | fixed::ROOT as u32;
    as_halves_mut(edges.words_mut())[fixed::ROOT] = Le32::new(edge);
    let form = Form::Fixed { edges, counts, wide: 0, narrow: 40 };
    let ring = Dawg { form, facts: Facts { len: 1, longest: 20, empty: false } };
    assert!(ring.validate().is_err());
    assert_eq!(ring.matches(Glob::new("*").unwrap()).count(), 0);
}

/// An automaton that never dies goes wherever edges lead.
#[test]
fn all_keys_of_damaged_files_come_to_an_end() {
    let keys: Keys = ["a", "ab", "ant", "bee", "cat", "cats", "dog"].map(Vec::from).into();
    for dawg in built(&keys) {
        let file = dawg.to_bytes().unwrap();
        each_flip(file.as_bytes(), |bit, bytes| {
            if let Ok(damaged) = Dawg::view(bytes) {
                let found = damaged.matches(Glob::new("*").unwrap()).take(1_000);
                assert!(found.count() <= damaged.len(), "bit {bit}");
            }
        });
    }
}

#[test]
fn space_is_as_the_docs_say() {
    let keys: Vec<String> = (0..100_000).map(|i| format!("{i:05}")).collect();
    let dawg = Dawg::from_sorted(&keys).unwrap();
    // Five states of ten edges each.
    assert_eq!(dawg.heap_bytes(), 336);
    let file = dawg.to_bytes().unwrap();
    let view = Dawg::view(file.as_bytes()).unwrap();
    assert_eq!(view.to_heap().to_bytes().unwrap().as_bytes(), file.as_bytes());
    assert_eq!((view.heap_bytes(), view.id_of("77777")), (0, Some(77_777)));
}

#[cfg(feature = "fst")]
#[test]
fn sets_and_maps_of_fst_come_and_go() {
    let keys: Vec<String> = (0..5_000).map(|i| format!("{:05}", i * 7)).collect();
    let dawg = Dawg::from_sorted(&keys).unwrap();
    let set: fst::Set<Vec<u8>> = (&dawg).try_into().unwrap();
    assert_eq!(set.len(), keys.len());
    assert_eq!(Dawg::try_from(&set).unwrap(), dawg);
    let map = dawg.to_fst_map((0..5_000).map(|id| id * id)).unwrap();
    assert_eq!(map.get("00070"), Some(100));
    let (back, values) = Dawg::from_fst_map(&map).unwrap();
    assert!(back == dawg && values.iter().eq((0..5_000).map(|id| id * id)));
}
