//! A pool and an arena of [`SegVec`], beside bumpalo and malloc:
//! `cargo run --release --example pool_and_arena --features arena,track`.
//!
//! Neither is a type of the crate, as nothing in it would use them: its structures keep many small
//! things in few blocks of their own, and know the sizes. Nor is there more to win: the arena holds
//! half of bumpalo's bytes and takes longer, the pool is no faster than malloc's own lists of free
//! blocks. Whoever wants one, for numbers of four bytes in place of pointers of eight, or for bytes
//! that are told exactly, has it in a few lines without unsafe code; here they are.

use bumpalo::Bump;
use lessram::arrays::SegVec;
use lessram::mem::{Footprint, Parts, TrackingAlloc, alloc_stats};
use std::hint::black_box;
use std::time::Instant;

#[global_allocator]
static ALLOC: TrackingAlloc = TrackingAlloc::system();

/// Things that come and go, by number: places that are left are taken again, the last one first.
struct Pool<T> {
    places: SegVec<Place<T>>,
    /// The last place that was left; `u32::MAX` if there is none.
    free: u32,
}

enum Place<T> {
    Held(T),
    /// And the place that was left before.
    Free(u32),
}

impl<T: Footprint> Footprint for Place<T> {
    fn parts(&self, out: &mut dyn Parts) {
        if let Place::Held(item) = self {
            item.parts(out);
        }
    }

    fn owns_heap() -> bool {
        T::owns_heap()
    }
}

impl<T> Pool<T> {
    fn new() -> Self {
        Self { places: SegVec::new(), free: u32::MAX }
    }

    /// The number by which the item is known until it is released.
    fn put(&mut self, item: T) -> u32 {
        let number = self.free;
        match self.places.get_mut(number as usize) {
            Some(place) => {
                if let Place::Free(before) = *place {
                    self.free = before;
                }
                *place = Place::Held(item);
                number
            }
            None => {
                self.places.push(Place::Held(item));
                self.places.len() as u32 - 1
            }
        }
    }

    fn get(&self, number: u32) -> Option<&T> {
        match self.places.get(number as usize)? {
            Place::Held(item) => Some(item),
            Place::Free(_) => None,
        }
    }

    /// Drops the item; whether there was one.
    fn release(&mut self, number: u32) -> bool {
        match self.places.get_mut(number as usize) {
            Some(place @ Place::Held(_)) => {
                *place = Place::Free(std::mem::replace(&mut self.free, number));
                true
            }
            _ => false,
        }
    }
}

/// Nine numbers, as in the book's table of small records.
type Record = [u64; 9];
const RECORDS: u64 = 1_000_000;

fn record(i: u64) -> Record {
    [i, i ^ 1, i ^ 2, i ^ 3, i ^ 4, i ^ 5, i ^ 6, i ^ 7, i ^ 8]
}

fn main() {
    println!(
        "{:<26} {:>8} {:>14} {:>14} {:>14}",
        "1,000,000 records of 72 B", "ns each", "held per used", "at 64 KiB on", "at 1 MiB on"
    );
    arena("SegVec", SegVec::new, |arena, record| arena.push(record));
    arena("bumpalo", Bump::new, |arena, record| {
        black_box(arena.alloc(record));
    });
    arena("Box each", Vec::new, |arena, record| arena.push(Box::new(record)));

    println!("\n{:<26} {:>8} {:>14}", "put and drop 20 words", "ns", "bytes held");
    back_to_back();
    at_random();
}

/// Fills an arena: the time of each record, and bytes held for each byte used, at the end and at
/// the worst moment from some fill on. In bytes requested: malloc adds its own.
fn arena<A>(name: &str, new: impl Fn() -> A, put: impl Fn(&mut A, Record)) {
    let nanos = best(|| {
        let mut arena = new();
        (0..RECORDS).for_each(|i| put(&mut arena, record(i)));
        black_box(&arena);
        RECORDS
    });
    let before = alloc_stats().live;
    let (mut arena, mut worst, mut last) = (new(), [0.0_f64; 2], 0.0);
    for i in 0..RECORDS {
        put(&mut arena, record(i));
        let used = (i + 1) * size_of::<Record>() as u64;
        last = (alloc_stats().live - before) as f64 / used as f64;
        for (worst, from) in worst.iter_mut().zip([64 << 10, 1 << 20]) {
            *worst = if used >= from { worst.max(last) } else { *worst };
        }
    }
    drop(arena);
    let [small, large] = worst;
    println!("{name:<26} {nanos:>8.1} {last:>14.3} {small:>14.3} {large:>14.3}");
}

const PAIRS: u64 = 10_000_000;
type Words = [u64; 20];

fn back_to_back() {
    let words: Words = black_box([7; 20]);
    let mut pool = Pool::new();
    let nanos = best(|| {
        for _ in 0..PAIRS {
            let number = pool.put(words);
            black_box(pool.get(number));
            black_box(pool.release(number));
        }
        PAIRS
    });
    println!("{:<26} {nanos:>8.1} {:>14}", "Pool, back to back", pool.places.heap_bytes());
    let nanos = best(|| {
        (0..PAIRS).for_each(|_| drop(black_box(Box::new(words))));
        PAIRS
    });
    println!("{:<26} {nanos:>8.1} {:>14}", "malloc, back to back", "unknown");
    let mut bump = Bump::new();
    let nanos = best(|| {
        for i in 0..PAIRS {
            black_box(bump.alloc(words));
            if i % 1_024 == 0 {
                bump.reset();
            }
        }
        PAIRS
    });
    println!("{:<26} {nanos:>8.1} {:>14}", "bumpalo, reset each 1,024", bump.allocated_bytes());
}

/// A thousand are held; one that chance picks goes, another comes.
fn at_random() {
    const HELD: usize = 1_024;
    let words: Words = black_box([7; 20]);
    let pick = |i: u64| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54) as usize;
    let mut pool = Pool::new();
    let mut numbers: Vec<u32> = (0..HELD).map(|_| pool.put(words)).collect();
    let nanos = best(|| {
        for i in 0..PAIRS {
            let at = pick(i);
            black_box(pool.release(numbers[at]));
            numbers[at] = pool.put(words);
        }
        PAIRS
    });
    println!("{:<26} {nanos:>8.1} {:>14}", "Pool, at random", pool.places.heap_bytes());
    let mut boxes: Vec<Box<Words>> = (0..HELD).map(|_| Box::new(words)).collect();
    let nanos = best(|| {
        for i in 0..PAIRS {
            // First the old one goes, as in the pool.
            let at = pick(i);
            drop(boxes.swap_remove(at));
            boxes.push(Box::new(words));
        }
        PAIRS
    });
    println!("{:<26} {nanos:>8.1} {:>14}", "malloc, at random", HELD * size_of::<Words>());
}

/// Nanoseconds of each of the things that `run` does, in the best of five runs.
fn best(mut run: impl FnMut() -> u64) -> f64 {
    let time = |_| {
        let start = Instant::now();
        let things = run();
        start.elapsed().as_secs_f64() * 1e9 / things as f64
    };
    (0..5).map(time).fold(f64::INFINITY, f64::min)
}
