//! How far the estimates of distinct counts are from the truth, over the number of keys:
//! `cargo run --release --example error_curves [TRIALS [SKETCH]] > docs/errors.tsv`, 400 trials and
//! all sketches unless told.
//!
//! For each sketch and size: one stream, and two halves of a stream merged. A line for each number
//! of keys: relative rms error and bias over all trials, and the standard error that the sketches
//! state, in the mean. Keys are random and the same on every run. `docs/draw_errors.py` draws it.

use lessram::sketches::{Cardinality, ExaLogLog, HyperLogLog, HyperMinHash, Theta};

/// A sketch whose errors are looked at.
trait Sketch: Cardinality + Clone {
    const NAME: &'static str;
    /// `2^size` registers, or hashes.
    fn new(size: u8) -> Self;
    fn add(&mut self, key: u64);
    fn unite(&mut self, other: &Self);
}

macro_rules! sketch {
    ($ty:ty, $name:literal, $add:expr) => {
        impl Sketch for $ty {
            const NAME: &'static str = $name;
            fn new(size: u8) -> Self {
                Self::new(size)
            }
            #[inline]
            fn add(&mut self, key: u64) {
                let add: fn(&mut Self, u64) = $add;
                add(self, key);
            }
            fn unite(&mut self, other: &Self) {
                self.merge(other).expect("memory, and the same parameters");
            }
        }
    };
}

sketch!(ExaLogLog, "ExaLogLog", |sketch, key| sketch.insert(&key));
sketch!(HyperLogLog, "HyperLogLog", |sketch, key| sketch.insert_u64(key));
sketch!(Theta, "Theta", |sketch, key| sketch.insert_u64(key));
sketch!(HyperMinHash, "HyperMinHash", |sketch, key| sketch.insert(&key));

/// An ExaLogLog that counts as it goes along, which no merge survives.
#[derive(Clone)]
struct Running(ExaLogLog);

impl lessram::mem::Footprint for Running {
    fn parts(&self, to: &mut dyn lessram::mem::Parts) {
        self.0.parts(to);
    }
}

impl Cardinality for Running {
    fn estimate(&self) -> f64 {
        self.0.estimate()
    }
    fn std_error(&self) -> f64 {
        self.0.std_error()
    }
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Sketch for Running {
    const NAME: &'static str = "ExaLogLog, running";
    fn new(size: u8) -> Self {
        Self(ExaLogLog::new(size).with_running_estimate())
    }
    fn add(&mut self, key: u64) {
        self.0.insert(&key);
    }
    fn unite(&mut self, other: &Self) {
        self.0.merge(&other.0).expect("memory, and the same parameters");
    }
}

/// SplitMix64: key number `i` of a trial.
fn key(trial: u64, i: u64) -> u64 {
    let z = (trial << 32 | i).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

/// Five numbers of keys in each decade, from 10 to a million.
fn numbers_of_keys() -> Vec<u64> {
    (5..=30).map(|step| 10_f64.powf(f64::from(step) / 5.0).round() as u64).collect()
}

/// Sums over the trials.
#[derive(Clone, Copy, Default)]
struct Sums {
    error: f64,
    square: f64,
    stated: f64,
}

impl Sums {
    fn add(&mut self, sketch: &impl Cardinality, keys: u64) {
        let error = sketch.estimate() / keys as f64 - 1.0;
        self.error += error;
        self.square += error * error;
        self.stated += sketch.std_error();
    }
}

/// The lines of one sketch and size.
fn curves<S: Sketch>(size: u8, trials: u64) {
    let points = numbers_of_keys();
    let mut sums = vec![[Sums::default(); 2]; points.len()];
    let mut bytes = 0;
    for trial in 0..trials {
        let mut whole = S::new(size);
        let mut halves = [S::new(size), S::new(size)];
        let mut i = 0;
        for (sums, &keys) in sums.iter_mut().zip(&points) {
            while i < keys {
                let key = key(trial, i);
                whole.add(key);
                halves[i as usize & 1].add(key);
                i += 1;
            }
            sums[0].add(&whole, keys);
            let mut merged = halves[0].clone();
            merged.unite(&halves[1]);
            sums[1].add(&merged, keys);
        }
        bytes = whole.heap_bytes();
    }
    let count = trials as f64;
    for (form, name) in ["one", "merged"].into_iter().enumerate() {
        for (sums, keys) in sums.iter().zip(&points) {
            let Sums { error, square, stated } = sums[form];
            println!(
                "{}\t{size}\t{bytes}\t{name}\t{keys}\t{trials}\t{:.6}\t{:.6}\t{:.6}",
                S::NAME,
                (square / count).sqrt(),
                error / count,
                stated / count
            );
        }
    }
    eprintln!("{}, 2^{size}: {bytes} bytes at 1e6 keys", S::NAME);
}

fn main() {
    let mut args = std::env::args().skip(1);
    let trials = args.next().map_or(400, |text| text.parse().expect("a number of trials"));
    let only = args.next();
    println!("sketch\tlog2_size\tbytes\tform\tkeys\ttrials\trms\tbias\tstated");
    all::<ExaLogLog>(&[8, 11, 14], trials, only.as_deref());
    all::<Running>(&[11], trials, only.as_deref());
    all::<HyperLogLog>(&[8, 12, 16], trials, only.as_deref());
    all::<Theta>(&[8, 12, 16], trials, only.as_deref());
    all::<HyperMinHash>(&[8, 12], trials, only.as_deref());
}

fn all<S: Sketch>(sizes: &[u8], trials: u64, only: Option<&str>) {
    if only.is_none_or(|name| name == S::NAME) {
        sizes.iter().for_each(|&size| curves::<S>(size, trials));
    }
}
