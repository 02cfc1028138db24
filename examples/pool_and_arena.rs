//! A pool and an arena, beside bumpalo and malloc:
//! `cargo run --release --example pool_and_arena --features arena,track`.
//!
//! Neither is a type of the crate, as nothing in it would use them: its structures keep many small
//! things in few blocks of their own, and know the sizes. Whoever wants one, for numbers of four
//! bytes in place of pointers of eight, or for bytes that are told exactly, has it in a few lines
//! without unsafe code; here they are. The arena holds half of bumpalo's bytes and takes longer.
//! The pool takes and leaves a place in a fraction of malloc's time; to write an item there costs
//! what it costs anywhere.

use bumpalo::Bump;
use lessram::arrays::{SegVec, SlimVec};
use lessram::mem::{Footprint, Parts, TrackingAlloc, alloc_stats};
use std::hint::black_box;
use std::time::Instant;

#[global_allocator]
static ALLOC: TrackingAlloc = TrackingAlloc::system();

/// Things that come and go, by number: places that are left are taken again, the last one first. As
/// in Python's free lists, an item that is released stays where it is until its place is taken.
struct Pool<T> {
    places: SegVec<Place<T>>,
    /// The last place that was left; `u32::MAX` if there is none.
    free: u32,
}

struct Place<T> {
    item: T,
    held: bool,
    /// The place that was left before this one, if this one is free.
    before: u32,
}

impl<T: Footprint> Footprint for Place<T> {
    fn parts(&self, out: &mut dyn Parts) {
        self.item.parts(out);
    }

    fn owns_heap() -> bool {
        T::owns_heap()
    }
}

impl<T: Default> Pool<T> {
    fn new() -> Self {
        Self { places: SegVec::new(), free: u32::MAX }
    }

    /// The number by which the item is known until it is released. `fill` writes it where it will
    /// lie, over what was there before: an item that is handed over may be copied on its way.
    #[inline]
    fn put(&mut self, fill: impl FnOnce(&mut T)) -> u32 {
        if self.places.get(self.free as usize).is_none() {
            self.free = self.places.len() as u32;
            self.places.push(Place { item: T::default(), held: false, before: u32::MAX });
        }
        let number = self.free;
        let place = &mut self.places[number as usize];
        fill(&mut place.item);
        place.held = true;
        self.free = place.before;
        number
    }

    fn get(&self, number: u32) -> Option<&T> {
        self.places.get(number as usize).filter(|place| place.held).map(|place| &place.item)
    }

    /// Whether there was such an item.
    fn release(&mut self, number: u32) -> bool {
        match self.places.get_mut(number as usize) {
            Some(place) if place.held => {
                place.held = false;
                place.before = std::mem::replace(&mut self.free, number);
                true
            }
            _ => false,
        }
    }
}

/// Things that stay, in chunks of a 32nd of what is held: full but for a few per cent at any time,
/// and nothing is moved.
struct Arena<T> {
    chunks: SlimVec<Vec<T>>,
    len: usize,
}

impl<T> Arena<T> {
    /// Items of the first chunks: 2 KiB.
    const FIRST: usize = 2048 / size_of::<T>();

    fn new() -> Self {
        Self { chunks: SlimVec::new(), len: 0 }
    }

    /// The numbers of its chunk and of the item in it.
    #[inline]
    fn put(&mut self, item: T) -> [u32; 2] {
        if self.chunks.last().is_none_or(|chunk| chunk.len() == chunk.capacity()) {
            self.chunks.push(Vec::with_capacity(Self::FIRST.max(self.len / 32)));
        }
        let number = self.chunks.len() - 1;
        let chunk = &mut self.chunks[number];
        chunk.push(item);
        self.len += 1;
        [number as u32, chunk.len() as u32 - 1]
    }

    fn get(&self, [chunk, item]: [u32; 2]) -> Option<&T> {
        self.chunks.get(chunk as usize)?.get(item as usize)
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
    arena("Arena", Arena::new, |arena, record| {
        let number = arena.put(record);
        black_box(arena.get(number));
    });
    arena("SegVec", SegVec::new, |arena, record| arena.push(record));
    arena("bumpalo", Bump::new, |arena, record| {
        black_box(arena.alloc(record));
    });
    arena("Box each", Vec::new, |arena, record| arena.push(Box::new(record)));

    println!("\n{:<26} {:>8} {:>14}", "take and leave", "ns", "bytes held");
    back_to_back::<1>();
    back_to_back::<4>();
    back_to_back::<9>();
    back_to_back::<20>();
    unwritten();
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

/// One item of `N` words is put and released before the next.
fn back_to_back<const N: usize>()
where
    [u64; N]: Default,
{
    let words: [u64; N] = black_box([7; N]);
    let mut pool = Pool::new();
    let nanos = best(|| {
        for _ in 0..PAIRS {
            let number = pool.put(|item| *item = words);
            black_box(pool.get(number));
            black_box(pool.release(number));
        }
        PAIRS
    });
    row(&format!("Pool, {N} words written"), nanos, pool.places.heap_bytes() as u64);
    let nanos = best(|| {
        (0..PAIRS).for_each(|_| drop(black_box(Box::new(words))));
        PAIRS
    });
    row(&format!("malloc, {N} words written"), nanos, size_of::<[u64; N]>() as u64);
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
    row(&format!("bumpalo, {N} words written"), nanos, bump.allocated_bytes() as u64);
}

/// Places of twenty words are taken and left, and nothing is written there.
fn unwritten() {
    let mut pool = Pool::<[u64; 20]>::new();
    let nanos = best(|| {
        for _ in 0..PAIRS {
            let number = pool.put(|_| ());
            black_box(pool.get(number));
            black_box(pool.release(number));
        }
        PAIRS
    });
    row("Pool, 20 words unwritten", nanos, pool.places.heap_bytes() as u64);
    let nanos = best(|| {
        (0..PAIRS).for_each(|_| drop(black_box(Box::<[u64; 20]>::new_uninit())));
        PAIRS
    });
    row("malloc, 20 words unwritten", nanos, size_of::<[u64; 20]>() as u64);
}

/// A thousand are held; one that chance picks goes, another comes.
fn at_random() {
    const HELD: usize = 1_024;
    let words: [u64; 20] = black_box([7; 20]);
    let pick = |i: u64| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54) as usize;
    let mut pool = Pool::new();
    let mut numbers: Vec<u32> = (0..HELD).map(|_| pool.put(|item| *item = words)).collect();
    let nanos = best(|| {
        for i in 0..PAIRS {
            let at = pick(i);
            black_box(pool.release(numbers[at]));
            numbers[at] = pool.put(|item| *item = words);
        }
        PAIRS
    });
    row("Pool, 20 words at random", nanos, pool.places.heap_bytes() as u64);
    let mut boxes: Vec<Box<[u64; 20]>> = (0..HELD).map(|_| Box::new(words)).collect();
    let nanos = best(|| {
        for i in 0..PAIRS {
            // First the old one goes, as in the pool.
            let at = pick(i);
            drop(boxes.swap_remove(at));
            boxes.push(Box::new(words));
        }
        PAIRS
    });
    row("malloc, 20 words at random", nanos, (HELD * size_of_val(&words)) as u64);
}

fn row(name: &str, nanos: f64, held: u64) {
    println!("{name:<26} {nanos:>8.1} {held:>14}");
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
