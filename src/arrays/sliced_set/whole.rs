//! Sets of two sets that are Elias-Fano code as a whole: some hundred numbers at a time, in two
//! goes, as the code asks for how many there are. No slice is made, if none would be kept.

use super::build::{Cost, elias_fano_bytes};
use super::merge::merge;
use super::profile::Profile;
use super::slots::key_of;
use super::{Form, Prefer, SlicedSet};
use crate::arrays::elias_fano::Iter;
use crate::arrays::{EliasFano, EliasFanoBuilder, SetOp};
use crate::error::BuildError;
use crate::mem::{Alloc, Footprint};
use crate::storage::{HeapWords, Words};

/// Numbers of a set that are decoded at a time.
const CHUNK: usize = 512;

/// Numbers of a set that are still to come, some of them decoded.
struct Chunk<'a, W: Words> {
    rest: Iter<'a, W>,
    numbers: [u64; CHUNK],
    /// Those that are decoded and not taken.
    at: usize,
    end: usize,
}

impl<'a, W: Words> Chunk<'a, W> {
    fn of(numbers: &'a EliasFano<W>) -> Self {
        Self { rest: numbers.iter(), numbers: [0; CHUNK], at: 0, end: 0 }
    }

    /// The last number that is decoded; decodes if none is left. `None` behind all.
    fn last(&mut self) -> Option<u64> {
        if self.at == self.end {
            (self.at, self.end) = (0, self.rest.fill(&mut self.numbers));
        }
        self.numbers.get(self.at..self.end)?.last().copied()
    }

    /// Takes those that are decoded, up to `limit`.
    fn take(&mut self, limit: u64) -> &[u64] {
        let left = &self.numbers[self.at..self.end];
        let count = match left.last() {
            Some(last) if *last > limit => left.partition_point(|number| *number <= limit),
            _ => left.len(),
        };
        self.at += count;
        &left[..count]
    }
}

/// Calls `tell` with the numbers of `op` over two sets, in order, some at a time.
pub(super) fn for_merged<W: Words, V: Words, E>(
    (a, b): (&EliasFano<W>, &EliasFano<V>),
    op: SetOp,
    mut tell: impl FnMut(&[u64]) -> Result<(), E>,
) -> Result<(), E> {
    let (mut a, mut b) = (Chunk::of(a), Chunk::of(b));
    let (keeps_left, keeps_right) = op.keeps();
    let mut out = [0; 2 * CHUNK];
    loop {
        match (a.last(), b.last()) {
            // The one of which all are taken is decoded on.
            (Some(left), Some(right)) => {
                let limit = left.min(right);
                let len = merge(a.take(limit), b.take(limit), op, &mut out);
                tell(&out[..len])?;
            }
            (Some(_), None) if keeps_left => tell(a.take(u64::MAX))?,
            (None, Some(_)) if keeps_right => tell(b.take(u64::MAX))?,
            _ => return Ok(()),
        }
    }
}

/// What is counted of numbers in their order.
struct Tally {
    prefer: Prefer,
    last: Option<u64>,
    ascends: bool,
    /// Those of the present slice, and how many of them do not follow another one.
    count: usize,
    runs: usize,
    /// What slices take at least, those before the present one.
    least: Cost,
}

impl Tally {
    const fn new(prefer: Prefer) -> Self {
        let least = Cost { len: 0, slots: 0, bytes: 0 };
        Self { prefer, last: None, ascends: true, count: 0, runs: 0, least }
    }

    fn add(&mut self, list: &[u64]) {
        let Self { mut last, mut ascends, mut count, mut runs, .. } = *self;
        for number in list {
            let before = last.replace(*number);
            ascends &= before < last;
            if before.map(key_of) != last.map(key_of) {
                (self.count, self.runs) = (count, runs);
                self.close();
                (count, runs) = (0, 0);
            }
            let is_next =
                count > 0 && before.is_some_and(|before| before.wrapping_add(1) == *number);
            (count, runs) = (count + 1, runs + usize::from(!is_next));
        }
        (self.last, self.ascends, self.count, self.runs) = (last, ascends, count, runs);
    }

    /// Counts the present slice, and 16 bytes of directory.
    fn close(&mut self) {
        if self.count > 0 {
            let bytes = 16 + Profile::least_bytes(self.count, self.runs, self.prefer);
            self.least.len += self.count;
            self.least.slots += 1;
            self.least.bytes += bytes as u128;
        }
    }
}

/// The numbers of `op` over two sets, in memory of `alloc`. `None` if slices may suit better what
/// is preferred, or the sets are damaged.
pub(super) fn combine<W: Words, V: Words, A: Alloc + Clone>(
    pair: (&EliasFano<W>, &EliasFano<V>),
    op: SetOp,
    prefer: Prefer,
    alloc: A,
) -> Result<Option<SlicedSet<HeapWords<A>>>, BuildError> {
    let mut tally = Tally::new(prefer);
    for_merged(pair, op, |list| {
        tally.add(list);
        Ok::<_, BuildError>(())
    })?;
    tally.close();
    let Tally { last, ascends, least, .. } = tally;
    let Some(max) = last.filter(|_| ascends) else { return Ok(None) };
    if !least.yields_to(elias_fano_bytes(least.len, max), prefer) {
        return Ok(None);
    }
    let mut builder = EliasFanoBuilder::new_in(least.len, max, alloc)?.with_succ();
    // The same numbers as before: as many, and they ascend.
    for_merged(pair, op, |list| builder.push_all(list))?;
    let built = builder.finish()?;
    let suits = least.yields_to(built.heap_bytes() as u128, prefer);
    Ok(suits.then_some(SlicedSet { form: Form::Whole(built), len: least.len, prefer }))
}
