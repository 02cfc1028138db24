//! The interner: beside std's map and a vector of strings, and with everything that can go wrong.

use super::faults::{Constant, Mood, Moody, Until};
use super::mixed;
use super::programs::config;
use lessram::hashing::DefaultHashBuilder;
use lessram::maps::{Interner, Resolver};
use lessram::mem::{Counter, Footprint, Global, Tracked};
use proptest::collection::vec;
use proptest::prelude::*;
use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[derive(Clone, Debug)]
enum Op {
    Intern(Vec<u8>),
    /// So many numbers as text, from here on.
    Many(u16, u16),
    Get(Vec<u8>),
    Reserve(u16, u16),
    Shrink,
    /// To a resolver, through a file, and back.
    Resolver,
    Clear,
    Clone,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let string = || {
        prop_oneof![
            8 => vec(0_u8..3, 0..5),
            4 => vec(any::<u8>(), 0..20),
            1 => (250_usize..700, any::<u8>()).prop_map(|(len, byte)| vec![byte; len]),
        ]
    };
    let op = prop_oneof![
        20 => string().prop_map(Op::Intern),
        3 => (0_u16..3_000, 0_u16..500).prop_map(|(from, count)| Op::Many(from, count)),
        5 => string().prop_map(Op::Get),
        1 => (0_u16..500, 0_u16..5_000).prop_map(|(n, bytes)| Op::Reserve(n, bytes)),
        1 => Just(Op::Shrink),
        1 => Just(Op::Resolver),
        1 => Just(Op::Clear),
        1 => Just(Op::Clone),
    ];
    vec(op, 0..60)
}

/// The oracle.
#[derive(Default)]
struct Model {
    ids: HashMap<Vec<u8>, u32>,
    strings: Vec<Vec<u8>>,
}

impl Model {
    fn intern(&mut self, string: &[u8]) -> u32 {
        let next = self.strings.len() as u32;
        let id = *self.ids.entry(string.to_vec()).or_insert(next);
        if id == next {
            self.strings.push(string.to_vec());
        }
        id
    }
}

fn follows_std(program: &[Op]) {
    let counter = Counter::new();
    let alloc = Tracked::new(&counter, Global);
    let build = DefaultHashBuilder::with_seed(1);
    let mut interner = Interner::with_hasher_in(build, alloc);
    let mut model = Model::default();
    for op in program {
        match op {
            Op::Intern(string) => assert_eq!(interner.intern(string), model.intern(string)),
            Op::Many(from, count) => {
                for number in *from..from + count {
                    let text = number.to_string();
                    assert_eq!(interner.intern(&text), model.intern(text.as_bytes()));
                }
            }
            Op::Get(string) => assert_eq!(interner.get(string), model.ids.get(string).copied()),
            Op::Reserve(strings, bytes) => {
                interner.reserve(usize::from(*strings), usize::from(*bytes));
            }
            Op::Shrink => interner.shrink_to_fit(),
            Op::Resolver => {
                let file = interner.resolver().to_bytes().unwrap();
                let view = Resolver::view(file.as_bytes()).unwrap();
                assert!(view.validate().is_ok() && view == *interner.resolver());
                let strings = interner.into_resolver();
                assert_eq!(strings.heap_bytes(), counter.live());
                interner = Interner::try_from_resolver(strings, build, alloc).unwrap();
            }
            Op::Clear => {
                interner.clear();
                model = Model::default();
            }
            Op::Clone => interner = interner.clone(),
        }
        assert_eq!(interner.heap_bytes(), counter.live(), "after {op:?}");
        assert_eq!(interner.heap_blocks(), counter.blocks());
        assert_eq!(interner.len(), model.strings.len());
    }
    assert!(interner.check());
    assert!(interner.iter().map(|(_, string)| string).eq(&model.strings));
    let last = interner.iter().next_back().map(|(id, string)| (id as usize + 1, string));
    assert_eq!(last, model.strings.last().map(|string| (model.strings.len(), &string[..])));
    assert_eq!(interner.resolve(model.strings.len() as u32), None);
    drop(interner);
    assert_eq!((counter.live(), counter.blocks()), (0, 0));
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn interners_follow_std(program in ops()) {
        follows_std(&program);
    }
}

#[test]
fn a_refusal_at_any_request_changes_nothing() {
    for requests in (0..50).chain([70, 90, 120, 170, 240]) {
        let (left, counter) = (Cell::new(requests), Counter::new());
        let alloc = Tracked::new(&counter, Until { left: &left });
        let mut interner = Interner::with_hasher_in(DefaultHashBuilder::with_seed(9), alloc);
        let mut refused = 0;
        for i in 0..60_000_u64 {
            let (before, text) = (interner.len(), mixed(i).to_string());
            if interner.try_intern(&text).is_err() {
                assert_eq!((interner.len(), interner.get(&text)), (before, None));
                refused += 1;
                if refused == 3 {
                    break;
                }
            }
        }
        assert!(refused > 0 || requests >= 70, "{requests} requests were enough");
        assert!(interner.check() && interner.heap_bytes() == counter.live());
        assert!(interner.try_reserve(1 << 20, 1 << 24).is_err());
        assert!(interner.try_reserve(usize::MAX, usize::MAX).is_err());
        assert!(interner.check() && interner.heap_bytes() == counter.live());
    }
}

#[test]
fn hash_functions_that_panic_or_lie_do_no_harm() {
    let mood = Moody::default();
    let mut interner = Interner::with_hasher(mood.clone());
    for i in 0..3_000_u64 {
        let text = mixed(i).to_string();
        mood.0.set(Mood::PanicsAfter(i % 50));
        let outcome = catch_unwind(AssertUnwindSafe(|| interner.intern(&text)));
        mood.0.set(Mood::Well);
        let id = interner.intern(&text);
        assert!(outcome.is_err() || outcome.is_ok_and(|earlier| earlier == id));
        assert_eq!((u64::from(id), &interner[id]), (i, text.as_bytes()));
    }
    assert!(interner.check());
    mood.0.set(Mood::Lies(5));
    for i in 0..3_000_u64 {
        let id = interner.intern(i.to_string());
        assert!(interner.resolve(id).is_some());
    }
    assert_eq!(interner.iter().len(), interner.len());
    let mut slow: Interner<Constant> = Interner::default();
    assert!((0..1_000_u32).all(|i| slow.intern(i.to_le_bytes()) == i));
    assert!((0..1_000_u32).all(|i| slow.intern(i.to_le_bytes()) == i) && slow.check());
}

/// The bytes that the docs promise.
#[test]
fn bytes_a_string_are_flat() {
    let start = if cfg!(debug_assertions) { 70_000.0 } else { 1_000_000.0 };
    for step in 0..=4 {
        let n = (start * f64::exp2(f64::from(step) / 4.0)) as u64;
        let mut interner = Interner::new();
        let mut bytes = 0;
        for i in 0..n {
            // An odd factor: no two are alike.
            let text = format!("{:010x}", i.wrapping_mul(0x9E37_79B9_7F4A_7C15) & 0xFF_FFFF_FFFF);
            bytes += text.len();
            interner.intern(text);
        }
        assert_eq!(interner.len() as u64, n);
        let beside = (interner.heap_bytes() - bytes) as f64 / n as f64;
        assert!((6.4..=7.4).contains(&beside), "{beside} bytes a string beside itself, of {n}");
        let mut strings = interner.into_resolver();
        strings.shrink_to_fit();
        let beside = (strings.heap_bytes() - bytes) as f64 / n as f64;
        assert!((1.12..=1.13).contains(&beside), "{beside} bytes a string beside itself, of {n}");
    }
}

#[test]
fn numbers_are_given_in_order_and_printed() {
    let mut names: Interner = ["b", "a", "b"].into_iter().collect();
    assert_eq!((names.len(), names.get("a"), names.get("c")), (2, Some(1), None));
    assert_eq!(names.resolve_str(0), Some(Ok("b")));
    assert!(names.contains("b") && !names.contains(""));
    assert_eq!(names.intern(b"\xFF"), 2);
    assert_eq!(format!("{names:?}"), r#"{0: "b", 1: "a", 2: b"\xff"}"#);
    assert_eq!(format!("{:?}", names.iter()), r#"[(0, "b"), (1, "a"), (2, b"\xff")]"#);
    assert!(names.resolve_str(2).is_some_and(|text| text.is_err()));
    let strings = names.clone().into_resolver();
    assert_eq!(Interner::from(strings), names);
    // A string that occurs twice has both numbers.
    let twice = Interner::from(["x", "y", "x"].into_iter().collect::<Resolver>());
    assert_eq!((&twice[0], &twice[2], twice.len()), (&b"x"[..], &b"x"[..], 3));
    assert_eq!(twice.get("x"), Some(0));
}

#[cfg(feature = "serde")]
#[test]
fn interners_go_through_serde() {
    for strings in [&[][..], &["b", "a", ""], &["x", "y", "x"]] {
        let interner = Interner::from(strings.iter().collect::<Resolver>());
        let text = serde_json::to_string(&interner).unwrap();
        assert_eq!(text, serde_json::to_string(strings).unwrap());
        let back: Interner = serde_json::from_str(&text).unwrap();
        assert!(back == interner && strings.iter().all(|s| back.get(s) == interner.get(s)));
        let resolver = interner.into_resolver();
        let text = serde_json::to_string(&resolver).unwrap();
        assert_eq!(serde_json::from_str::<Resolver>(&text).unwrap(), resolver);
    }
    let bytes: Interner = [b"\xFF"].into_iter().collect();
    let text = serde_json::to_string(&bytes).unwrap();
    assert_eq!(serde_json::from_str::<Interner>(&text).unwrap(), bytes);
    assert!(serde_json::from_str::<Interner>("{}").is_err());
}

/// What a damaged file may hold: each of them must not pass all that are equal.
#[test]
fn many_equal_strings_take_no_longer_than_others() {
    let equal: Resolver = std::iter::repeat_n("", 1_000_000).collect();
    let mut interner = Interner::from(equal);
    assert_eq!((interner.get(""), interner.resolve(999_999)), (Some(0), Some(&b""[..])));
    assert_eq!((interner.intern("x"), interner.intern("")), (1_000_000, 0));
}
