//! Inserting: into the table, and from there into the run, by a merge in its own block.

use super::buffer;
use super::run::{self, Layout, Run, Walk, Writer};
use super::splice::{Back, Splice};
use super::{MAX_THETA, Theta};
use crate::error::AllocError;
use crate::mem::Alloc;
use crate::storage::{HeapWords, Le64, Words};

/// The first table.
const FIRST_SLOTS: usize = 4;

impl<A: Alloc> Theta<HeapWords<A>> {
    /// Inserts a hash of 63 bits.
    #[inline]
    pub(super) fn try_put(&mut self, hash: u64) -> Result<(), AllocError> {
        // 0 stands for no hash.
        if hash >= self.theta || hash == 0 {
            return Ok(());
        }
        self.put_small(hash)
    }

    // Not part of what the many hashes pass that theta rules out.
    #[inline(never)]
    fn put_small(&mut self, hash: u64) -> Result<(), AllocError> {
        // The run first: a key that comes again is most likely there.
        if self.run().contains(hash) || buffer::contains(self.table.words(), hash) {
            return Ok(());
        }
        if self.buffered as usize >= buffer::room(self.table.words().len()) {
            self.try_make_room()?;
            if hash >= self.theta {
                return Ok(());
            }
        }
        buffer::insert(self.table.words_mut(), hash);
        self.buffered += 1;
        Ok(())
    }

    /// Makes the table larger, or empties it.
    #[cold]
    fn try_make_room(&mut self) -> Result<(), AllocError> {
        if self.table.words().len() < self.most_slots() {
            self.try_grow_table()
        } else {
            self.try_flush()
        }
    }

    /// Doubles the table: it is small against what is to come.
    fn try_grow_table(&mut self) -> Result<(), AllocError> {
        let old = self.table.words().len();
        let slots = (2 * old).clamp(FIRST_SLOTS, self.most_slots());
        let count = buffer::hashes(self.table.words()).count();
        // The hashes wait behind the new table.
        self.table.try_reserve_exact(slots + count - old)?;
        self.table.try_resize(slots + count)?;
        let words = self.table.words_mut();
        let mut at = slots;
        for slot in 0..old {
            if words[slot].get() != 0 {
                words[at] = words[slot];
                at += 1;
            }
        }
        let (table, behind) = words.split_at_mut(slots);
        table.fill(Le64::default());
        behind.iter().for_each(|word| buffer::insert(table, word.get()));
        self.buffered = count as u32;
        self.table.truncate(slots);
        let _ = self.table.try_shrink_to_fit();
        Ok(())
    }

    /// Merges the table into the run, keeps the `k` smallest, and what is below theta.
    pub(super) fn try_flush(&mut self) -> Result<(), AllocError> {
        let old = self.layout();
        let count = buffer::sort(self.table.words_mut());
        let sorted = &self.table.words()[..count];
        let new = cut(self.run(), sorted, self.theta, 1 << self.lg_k);
        let plan = Plan::new(old, new, count as u64);
        let present = self.main.words().len();
        let reserved = self.main.try_reserve_exact(plan.words.saturating_sub(present));
        if let Err(error) = reserved.and_then(|()| self.main.try_resize(plan.words.max(present))) {
            buffer::unsort(self.table.words_mut());
            return Err(error);
        }
        let main = self.main.words_mut();
        let (high, end) = (old.low_words() as usize, (old.low_words() + old.high_words()) as usize);
        // To the back, the high halves first: what is written then stays behind what is read.
        main.copy_within(high..end, plan.high_from);
        main.copy_within(..high, plan.low_from);
        let mut writer = Writer::new(new, 0, plan.high_to as u64);
        let (low, high) = (plan.low_from as u64, plan.high_from as u64);
        if old.width() == new.width() {
            let mut splice = Splice::new(old, low, high);
            splice.insert_all(main, sorted, new.len, &mut writer);
        } else {
            merge(main, &mut Walk::new(old, low, high), sorted, new.len, &mut writer);
        }
        writer.finish(main, new);
        let high = plan.high_to..plan.high_to + new.high_words() as usize;
        main.copy_within(high, new.low_words() as usize);
        self.main.truncate(new.words() as usize);
        run::write_index(self.main.words_mut(), new);
        // An allocator that cannot shrink the block leaves it as slack, which the footprint tells.
        let _ = self.main.try_shrink_to_fit();
        self.table.words_mut().fill(Le64::default());
        (self.len, self.theta, self.bound, self.buffered) =
            (new.len as u32, new.bound, new.bound, 0);
        Ok(())
    }

    /// Lowers theta, and drops what is not below it.
    pub(super) fn try_lower(&mut self, theta: u64) -> Result<(), AllocError> {
        if theta >= self.theta {
            return Ok(());
        }
        let old = core::mem::replace(&mut self.theta, theta);
        // The run is laid out by the old bound until it is merged anew.
        let flushed = self.try_flush();
        if flushed.is_err() {
            self.theta = old;
        }
        flushed
    }
}

/// Where a merge in place puts things: what is there waits so far behind that nothing is
/// overwritten before it is read.
struct Plan {
    /// Words of the block meanwhile.
    words: usize,
    /// Where the old low and high halves begin.
    low_from: usize,
    high_from: usize,
    /// Where the new high halves begin; the low ones begin at 0.
    high_to: usize,
}

impl Plan {
    fn new(old: Layout, new: Layout, added: u64) -> Self {
        // After `i` old hashes at most `i + added` new ones are written, which is so much more:
        let longer = u64::from(new.width().saturating_sub(old.width()));
        let low_gap = (added * u64::from(new.width()) + new.len * longer).div_ceil(64) + 1;
        // and of high halves no more than all new buckets.
        let high_gap = (new.buckets() + added).div_ceil(64) + 2;
        let high_to = new.low_words().max(low_gap + old.low_words()) + 1;
        let end = high_to + (high_gap + old.high_words()).max(new.high_words()) + 1;
        Self {
            words: end.max(new.words()) as usize,
            low_from: low_gap as usize,
            high_from: (high_to + high_gap) as usize,
            high_to: high_to as usize,
        }
    }
}

/// The `k` smallest hashes of both that are below `theta`: how many, and below what. Few are not
/// among them, so it goes from the back.
fn cut(run: Run<'_>, mut sorted: &[Le64], theta: u64, k: u64) -> Layout {
    let mut back = Back::new(run);
    let mut last = back.next();
    let mut bound = theta;
    loop {
        let of_table = sorted.last().map(|word| word.get());
        let len = back.left() + u64::from(last.is_some()) + sorted.len() as u64;
        let Some(hash) = last.max(of_table) else { return Layout { len, bound } };
        if hash < theta && len <= k {
            return Layout { len, bound };
        }
        bound = hash.clamp(1, bound);
        if last >= of_table {
            last = back.next();
        } else {
            sorted = &sorted[..sorted.len() - 1];
        }
    }
}

/// Writes the `len` smallest hashes of a walk and of a sorted table.
fn merge(main: &mut [Le64], walk: &mut Walk, sorted: &[Le64], len: u64, writer: &mut Writer) {
    let mut sorted = sorted.iter().map(|word| word.get());
    let (mut first, mut second) = (walk.next(main), sorted.next());
    for _ in 0..len {
        let hash = match (first, second) {
            (Some(a), b) if b.is_none_or(|b| a <= b) => {
                first = walk.next(main);
                a
            }
            (_, Some(b)) => {
                second = sorted.next();
                b
            }
            _ => break,
        };
        writer.push(main, hash);
    }
}

impl<W: Words> Theta<W> {
    /// Slots of the largest table: room for `k/16` hashes, and for at least 12.
    pub(super) fn most_slots(&self) -> usize {
        ((1 << self.lg_k) / 12_usize).max(16).next_multiple_of(4)
    }

    /// Where things are in the run.
    pub(super) const fn layout(&self) -> Layout {
        Layout { len: self.len as u64, bound: self.bound }
    }

    pub(super) fn run(&self) -> Run<'_> {
        Run { words: self.main.words(), layout: self.layout() }
    }

    /// All hashes, those of the run first.
    pub(super) fn hashes(&self) -> impl Iterator<Item = u64> {
        self.run().iter().chain(buffer::hashes(self.table.words()))
    }

    /// Theta as a share of all hashes.
    pub(super) fn share(&self) -> f64 {
        self.theta as f64 / MAX_THETA as f64
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::mem::{Counter, Footprint, Global, Refusals, Refusing, Tracked};

    #[test]
    fn a_refusal_changes_nothing_and_the_next_try_goes_on() {
        for every in 2..6 {
            let (refusals, counter) = (Refusals::every(every), Counter::new());
            let alloc = Tracked::new(&counter, Refusing::new(&refusals, Global));
            let mut sketch = Theta::try_new_in(7, alloc).unwrap();
            let mut plain = Theta::new(7);
            for key in 0..2_000 {
                while sketch.try_insert_u64(key).is_err() {
                    sketch.validate().unwrap();
                    assert_eq!(sketch.retained(), plain.retained(), "key {key}");
                    assert_eq!(sketch, plain, "key {key}");
                    assert_eq!(sketch.heap_bytes(), counter.live());
                }
                plain.insert_u64(key);
                assert_eq!(sketch.heap_bytes(), counter.live());
                assert_eq!(sketch.heap_blocks(), counter.blocks());
            }
            sketch.validate().unwrap();
            assert_eq!(sketch, plain);
            assert!(refusals.count() > 0);
            sketch.clear();
            assert_eq!((sketch.heap_bytes(), counter.live(), sketch.is_empty()), (0, 0, true));
        }
    }
}
