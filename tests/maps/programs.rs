//! Programs of operations for maps of any make: what is done in which order, and keys and values
//! that are made from numbers.

use lessram::testkit::cases;
use proptest::collection::vec;
use proptest::prelude::*;
use std::fmt::Debug;

#[derive(Clone, Debug)]
pub(super) enum Op {
    Insert(u32, u32),
    Remove(u32),
    /// Insert so many keys in a row from here on.
    Fill(u32, u32),
    /// Remove so many keys in a row from here on.
    Empty(u32, u32),
    Entry(u32, u32),
    EntryRemove(u32),
    Retain(u32),
    Extract(u32, u8),
    Reserve(u16),
    ShrinkTo(u16),
    Clear,
    Drain(u8),
    Clone,
}

pub(super) fn ops() -> impl Strategy<Value = Vec<Op>> {
    let key = || prop_oneof![0_u32..60, 0_u32..3_000];
    let op = prop_oneof![
        20 => (key(), any::<u32>()).prop_map(|(k, v)| Op::Insert(k, v)),
        12 => key().prop_map(Op::Remove),
        3 => (key(), 0_u32..700).prop_map(|(k, n)| Op::Fill(k, n)),
        3 => (key(), 0_u32..900).prop_map(|(k, n)| Op::Empty(k, n)),
        8 => (key(), any::<u32>()).prop_map(|(k, v)| Op::Entry(k, v)),
        4 => key().prop_map(Op::EntryRemove),
        1 => (2_u32..9).prop_map(Op::Retain),
        1 => (2_u32..9, any::<u8>()).prop_map(|(k, n)| Op::Extract(k, n)),
        1 => (0_u16..2_000).prop_map(Op::Reserve),
        1 => (0_u16..100).prop_map(Op::ShrinkTo),
        1 => Just(Op::Clear),
        1 => any::<u8>().prop_map(Op::Drain),
        1 => Just(Op::Clone),
    ];
    vec(op, 0..60)
}

pub(super) fn config(most: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(most)) }
}

/// Keys and values that are made from numbers: keys of as many bits as their type has.
pub(super) trait Made: Clone + PartialEq + Debug {
    fn of(number: u32) -> Self;
}

macro_rules! made {
    ($($ty:ty: |$number:ident| $of:expr;)*) => {$(
        impl Made for $ty {
            fn of($number: u32) -> Self {
                $of
            }
        }
    )*};
}

made! {
    (): |_number| ();
    u8: |number| number as u8;
    u16: |number| number as u16;
    u32: |number| number;
    i32: |number| number.wrapping_mul(0x9E37_79B9) as i32;
    u64: |number| u64::from(number) << 40 | u64::from(number % 3);
    String: |number| format!("{number:>20}");
    Box<u32>: |number| Box::new(number);
    [u64; 12]: |number| [u64::from(number); 12];
}
