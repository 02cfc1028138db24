//! The shape `bits`: a sequence of bits; as a set of numbers, those of its ones.

use super::{Entry, Need, Peak, Shape, Size, file_bytes, refused, save};
use crate::args::{Kind, QueryArgs};
use crate::build::{Built, Options};
use crate::contender::Structure;
use crate::dataset::{Plan, SORTED};
use crate::error::{Failure, Outcome};
use crate::hold::{Answers, Hold};
use crate::input::{Lines, group};
use crate::query::{self, Printer, number};
use crate::spool::{Feed, Number};
use lessram::arrays::{BitVec, BitsMut, PackedInts, RankSelect};
use lessram::mem::{Global, Totals};
use lessram::storage::{self, HeapWords, Persist};
use lessram::{AllocError, BuildError};
use std::path::Path;

/// Bits an item that are worth a bit vector: as many as a plain number takes.
const MAX_BITS_AN_ITEM: u64 = 64;

pub(crate) fn of<T: BitsMut<Global> + Persist<Words = HeapWords> + 'static>() -> Shape {
    let rust = "let set: {} = (0..=max).map(|key| keys.contains(&key)).collect();";
    let set = Entry::of::<Number, Set<T>>("a bit for each number up to the largest", rust);
    Shape {
        entries: vec![(Kind::Ints, Entry { fits, ..set })],
        options: &["--u32le", "--u64le"],
        sorts: false,
        need: Need::Of(Peak::PACKED.and_places(2, FEW_BITS, MAX_BITS_AN_ITEM)),
        size: Size::Count(2),
        merge: None,
        build: build::<T>,
        open: |path| {
            let bits = storage::read::<T>(path)?;
            let bits = (0..bits.len()).map(|index| bits.get(index) == Some(true)).collect();
            Ok(Box::new(Members(bits)))
        },
    }
}

/// Bits that are worth it whatever stands in them: 8 KiB.
const FEW_BITS: u64 = 1 << 16;

/// Whether so many numbers up to `max` stand close enough together.
fn close(max: u64, items: u64) -> bool {
    max < FEW_BITS || max / MAX_BITS_AN_ITEM < items
}

fn fits(plan: &Plan) -> bool {
    close(plan.max, plan.items)
}

/// Why they do not.
fn too_far(max: u64, items: u64) -> String {
    format!(
        "{} numbers up to {}: a bit for each number between would take more than the numbers: \
         build packed_ints of them",
        group(items),
        group(max)
    )
}

/// As many zeros as numbers up to `max` need.
fn zeros(max: u64) -> Result<BitVec, BuildError> {
    let len = usize::try_from(max).ok().and_then(|max| max.checked_add(1));
    BitVec::try_from_ones(len.ok_or(AllocError::CapacityOverflow)?, [])
}

/// A set of numbers, each a bit.
struct Set<T>(T);

impl<T: BitsMut<Global> + Persist> Structure<Number> for Set<T> {
    const FEED: &'static str = SORTED;
    const GETS: bool = T::INDEXED;

    fn build(feed: &mut Feed<Number>, plan: &Plan) -> Outcome<Self> {
        if !fits(plan) {
            return Err(Failure::bad(too_far(plan.max, plan.items)));
        }
        let mut bits = zeros(plan.max).map_err(refused)?;
        while let Some(number) = feed.next()? {
            bits.set(number as usize, true);
        }
        Ok(Self(T::try_build_in(bits, Global).map_err(refused)?))
    }

    fn contains(&self, query: u64) -> bool {
        usize::try_from(query).is_ok_and(|query| self.0.get(query) == Some(true))
    }

    fn get(&self, index: usize) -> u64 {
        self.0.select(index).unwrap_or(0) as u64
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(&self.0))
    }

    fn file_bytes(&self, scratch: &Path) -> Outcome<Option<u64>> {
        file_bytes(&self.0, scratch)
    }
}

/// Builds it from a number a line, or binary ones, in any order.
fn build<T: BitsMut<Global> + Persist>(
    mut lines: Lines,
    path: &Path,
    options: &Options,
) -> Outcome<Built> {
    let (mut numbers, mut max) = (PackedInts::new(), 0);
    lines.numbers(options.format, |_, number| {
        max = number.max(max);
        numbers.try_push(number).map_err(refused)
    })?;
    if !close(max, numbers.len() as u64) {
        return Err(lines.fail(&too_far(max, numbers.len() as u64)));
    }
    let mut bits = if numbers.is_empty() { BitVec::new() } else { zeros(max).map_err(refused)? };
    let repeated = numbers.iter().filter(|number| bits.replace(*number as usize, true)).count();
    let items = (numbers.len() - repeated) as u64;
    drop(numbers);
    let built = T::try_build_in(bits, Global).map_err(refused)?;
    save(&built, path)?;
    let heap_bytes = built.heap_bytes() as u64;
    let repeated = repeated as u64;
    Ok(Built { items, heap_bytes, sorted: None, repeated, seen: lines.seen })
}

/// A file's set, printed in decimal.
struct Members(RankSelect);

impl Answers for Members {
    fn answer(&self, args: &QueryArgs, printer: &mut Printer) -> Outcome<bool> {
        query::items(self, args, printer)
    }
}

impl Hold for Members {
    fn len(&self) -> usize {
        self.0.ones()
    }

    fn get(&self, index: usize) -> Option<Vec<u8>> {
        self.0.select(index).map(|number| number.to_string().into_bytes())
    }

    fn is_sorted(&self) -> bool {
        true
    }

    fn compare(&self, index: usize, key: &[u8]) -> Outcome<std::cmp::Ordering> {
        Ok((self.0.select(index).unwrap_or(0) as u64).cmp(&number(key)?))
    }

    fn search(&self, key: &[u8]) -> Outcome<Result<usize, usize>> {
        let index = usize::try_from(number(key)?).unwrap_or(usize::MAX);
        let rank = self.0.rank(index);
        Ok(if self.0.get(index) == Some(true) { Ok(rank) } else { Err(rank) })
    }

    fn check(&self, key: &[u8]) -> Outcome<()> {
        number(key).map(drop)
    }

    fn is_text(&self) -> bool {
        false
    }
}
