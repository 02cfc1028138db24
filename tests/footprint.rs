//! The footprints of `Vec`, `String`, `Box` and all that is made of them equal what a counting
//! global allocator gave them, to the byte and the block, after every operation.

#![allow(unsafe_code)]

#[allow(dead_code)] // another test looks for the largest request
mod counting;

use counting::{Counting, counts};
use lessram::mem::{Footprint, Totals};
use proptest::collection::vec;
use proptest::prelude::*;

#[global_allocator]
static ALLOC: Counting = Counting;

/// Random tests try this many programs, unless the variable `LESSRAM_CASES` says another number.
fn cases() -> u32 {
    std::env::var("LESSRAM_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1_000)
}

/// A value that grows and shrinks.
trait Changing: Footprint + Default {
    /// Does one of a few operations, of a size that `amount` says.
    fn step(&mut self, op: u8, amount: usize);
}

/// Runs a program on a fresh value and compares bytes and blocks after every step.
fn run<T: Changing>(program: &[(u8, u8)]) -> Result<(), TestCaseError> {
    let before = counts();
    let mut value = T::default();
    for (op, amount) in program {
        value.step(*op, usize::from(*amount));
        let (told, got) = (Totals::of(&value), counts());
        let name = std::any::type_name::<T>();
        let (bytes, blocks) = (got.bytes - before.bytes, got.blocks - before.blocks);
        prop_assert_eq!(told.heap_bytes() as isize, bytes, "bytes of {}", name);
        prop_assert_eq!(told.blocks as isize, blocks, "blocks of {}", name);
        prop_assert_eq!(value.heap_bytes(), told.heap_bytes());
        prop_assert_eq!(value.heap_blocks(), told.blocks);
        prop_assert_eq!(value.total_bytes(), told.heap_bytes() + size_of::<T>());
        prop_assert!(!told.estimated && told.mapped == 0 && told.shared == 0);
    }
    drop(value);
    prop_assert_eq!((counts().bytes, counts().blocks), (before.bytes, before.blocks));
    Ok(())
}

/// Elements that a program puts into a container.
trait Element: Footprint {
    fn made(amount: usize) -> Self;
}

impl Element for u8 {
    fn made(amount: usize) -> Self {
        amount as u8
    }
}

impl Element for (u64, char) {
    fn made(amount: usize) -> Self {
        (amount as u64, 'x')
    }
}

/// No size, so no block however many there are.
impl Element for () {
    fn made(_: usize) {}
}

/// With slack where the amount is odd.
impl Element for String {
    fn made(amount: usize) -> Self {
        let mut string = Self::with_capacity(amount + amount % 2 * 9);
        string.extend(std::iter::repeat_n('s', amount));
        string
    }
}

impl Element for Box<str> {
    fn made(amount: usize) -> Self {
        "s".repeat(amount).into_boxed_str()
    }
}

impl Element for Box<[u16]> {
    fn made(amount: usize) -> Self {
        vec![7; amount].into_boxed_slice()
    }
}

impl Element for Box<u64> {
    fn made(amount: usize) -> Self {
        Box::new(amount as u64)
    }
}

impl<T: Element> Element for Vec<T> {
    fn made(amount: usize) -> Self {
        (0..amount % 5).map(T::made).collect()
    }
}

impl<T: Element> Element for Option<T> {
    fn made(amount: usize) -> Self {
        (amount % 3 != 0).then(|| T::made(amount))
    }
}

impl<T: Element> Element for [T; 3] {
    fn made(amount: usize) -> Self {
        [amount, 0, amount / 2].map(T::made)
    }
}

impl<T: Element, U: Element> Element for (T, U) {
    fn made(amount: usize) -> Self {
        (T::made(amount), U::made(amount / 3))
    }
}

impl<T: Element> Changing for Vec<T> {
    fn step(&mut self, op: u8, amount: usize) {
        let at = amount % (self.len() + 1);
        match op % 9 {
            0..=2 => self.push(T::made(amount)),
            3 => drop(self.pop()),
            4 => self.truncate(at),
            5 => self.shrink_to_fit(),
            6 => self.reserve_exact(amount),
            7 => self.insert(at, T::made(amount)),
            _ => *self = std::mem::take(self).into_boxed_slice().into_vec(),
        }
    }
}

impl Changing for String {
    fn step(&mut self, op: u8, amount: usize) {
        match op % 7 {
            0 | 1 => self.push_str(&"\u{e9}".repeat(amount)),
            2 => drop(self.pop()),
            3 => self.clear(),
            4 => self.shrink_to_fit(),
            5 => self.reserve(amount),
            _ => *self = std::mem::take(self).into_boxed_str().into_string(),
        }
    }
}

impl<T: Element> Changing for Option<Box<[T]>> {
    fn step(&mut self, _: u8, amount: usize) {
        *self = (amount % 4 != 0).then(|| (0..amount % 20).map(T::made).collect());
    }
}

impl<T: Changing> Changing for [T; 3] {
    fn step(&mut self, op: u8, amount: usize) {
        self[amount % 3].step(op, amount);
    }
}

impl<T: Changing, U: Changing> Changing for (T, U) {
    fn step(&mut self, op: u8, amount: usize) {
        if amount % 2 == 0 { self.0.step(op, amount) } else { self.1.step(op, amount) }
    }
}

macro_rules! exact {
    ($($test:ident: $($ty:ty),+;)*) => {$(
        #[test]
        fn $test() {
            let programs = vec((any::<u8>(), any::<u8>()), 0..60);
            let config = ProptestConfig {
                failure_persistence: None,
                ..ProptestConfig::with_cases(cases())
            };
            proptest!(config, |(program in programs)| {
                $(run::<$ty>(&program)?;)+
            });
        }
    )*};
}

exact! {
    vectors_of_flat_values: Vec<u8>, Vec<(u64, char)>, Vec<[u8; 3]>, Vec<Option<u8>>;
    vectors_without_size: Vec<()>, Vec<[(); 3]>;
    strings: String, (String, String), [String; 3];
    vectors_of_strings: Vec<String>, Vec<Box<str>>, Vec<Option<String>>;
    vectors_of_boxes: Vec<Box<u64>>, Vec<Box<[u16]>>, Vec<[Box<u64>; 3]>;
    nested: Vec<Vec<String>>, Vec<(String, Vec<Box<str>>)>, [Vec<Vec<()>>; 3];
    boxed_slices: Option<Box<[u8]>>, Option<Box<[String]>>, Option<Box<[()]>>;
    pairs: (Vec<u8>, Vec<String>), (String, Option<Box<[Box<str>]>>);
}

#[test]
fn borrowed_and_flat_values_own_nothing() {
    let text = String::from("borrowed");
    assert_eq!(<&String as Footprint>::heap_bytes(&&text), 0);
    assert_eq!(Vec::from([&text]).heap_bytes(), size_of::<&String>());
    assert_eq!(("flat", 7_u128, 'c', 1.5_f64).heap_bytes(), 0);
    assert_eq!(Ok::<String, u8>(text).heap_bytes(), 8);
    assert_eq!(Err::<u8, Vec<u16>>(vec![1, 2]).heap_blocks(), 1);
}

#[test]
fn a_slice_tells_of_its_elements_alone() {
    let strings = [String::from("one"), String::new(), String::from("three")];
    assert_eq!((strings[..].heap_bytes(), strings[..].heap_blocks()), (8, 2));
    assert_eq!("text".heap_bytes(), 0);
}
