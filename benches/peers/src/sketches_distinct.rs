//! Distinct counts at the sizes that give about the same error: bytes and error over many
//! sketches, ns per key over a whole life, merge, estimate.
//!
//! Errors come first, a line for each contender: `error`, contender, keys, trials, bytes with the
//! struct, bytes serialized, rms and bias of the estimate, the same after a merge of two halves.
//! `MVP` is bytes x 8 x rms^2: the bits for a standard error of 1.

use crate::race::{Random, contender, race, weigh};
use cardinality_estimator::CardinalityEstimator;
use datasketches::cpc::{CpcSketch, CpcUnion};
use datasketches::hll::{HllSketch, HllType, HllUnion};
use datasketches::theta::ThetaSketchBuilder;
use hyperloglogplus::{HyperLogLog as _, HyperLogLogPlus};
use lessram::hashing::DefaultHashBuilder;
use lessram::sketches::{ExaLogLog, HyperLogLog, HyperMinHash, Theta};
use std::error::Error;
use ultraloglog::UltraLogLog;

/// Runs all of it.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    let trials = if rounds >= 31 { 300 } else { 40 };
    eprintln!(
        "{:<22}{:>9}{:>8}{:>8}{:>9}{:>9}{:>8}{:>8}{:>8}",
        "error, keys", "keys", "bytes", "coded", "rms", "merged", "MVP", "merged", "coded"
    );
    for keys in [100, 1_000, 10_000, 100_000, 1_000_000] {
        let trials = if keys == 1_000_000 { trials.min(60) } else { trials };
        errors::<Exa>(keys, trials);
        errors::<ExaRunning>(keys, trials);
        errors::<Hll8>(keys, trials);
        errors::<DsHll4>(keys, trials);
        errors::<DsHll8>(keys, trials);
        errors::<DsCpc>(keys, trials);
        errors::<PeerExa>(keys, trials);
        errors::<Ultra>(keys, trials);
        errors::<Plus>(keys, trials);
        errors::<CardEst>(keys, trials);
    }
    for n in [10_000, 1_000_000, 10_000_000] {
        adds(n, (rounds * 100_000 / n).clamp(3, 31))?;
    }
    smallest(rounds.min(15))?;
    tokens(rounds.min(15))?;
    merges(rounds)?;
    estimates(rounds)
}

/// A sketch in the race.
trait Count: Sized + Sync {
    const NAME: &'static str;
    fn new() -> Self;
    fn add(&mut self, key: u64);
    fn estimate(&self) -> f64;
    /// Both together, or `None` where that is no use.
    fn merged(&self, other: &Self) -> Option<Self>;
    /// Bytes in its own serialized form, if it has one.
    fn coded(&self) -> Option<usize>;
}

macro_rules! count {
    (
        $name:ident, $label:literal, $ty:ty, $new:expr, $add:expr, $estimate:expr, $merged:expr,
        $coded:expr
    ) => {
        struct $name($ty);

        impl Count for $name {
            const NAME: &'static str = $label;
            fn new() -> Self {
                Self($new)
            }
            #[inline]
            fn add(&mut self, key: u64) {
                let add: fn(&mut $ty, u64) = $add;
                add(&mut self.0, key);
            }
            fn estimate(&self) -> f64 {
                let estimate: fn(&$ty) -> f64 = $estimate;
                estimate(&self.0)
            }
            fn merged(&self, other: &Self) -> Option<Self> {
                let merged: fn(&$ty, &$ty) -> Option<$ty> = $merged;
                merged(&self.0, &other.0).map(Self)
            }
            fn coded(&self) -> Option<usize> {
                let coded: fn(&$ty) -> Option<usize> = $coded;
                coded(&self.0)
            }
        }
    };
}

/// The hash of the peers that take hashes: the one that ExaLogLog uses for numbers.
#[inline]
fn hash_of(key: u64) -> u64 {
    lessram::hashing::KeyHash::key_hash(&key, 0)
}

fn union_of(a: &HllSketch, b: &HllSketch, kind: HllType) -> Option<HllSketch> {
    let mut union = HllUnion::new(12).expect("in range");
    union.update(a);
    union.update(b);
    Some(union.to_sketch(kind))
}

count!(
    Exa,
    "lessram exa p11",
    ExaLogLog,
    ExaLogLog::new(11),
    |s, k| s.insert(&k),
    |s| s.estimate(),
    |a, b| {
        let mut all = a.clone();
        all.merge(b).expect("memory");
        Some(all)
    },
    |s| Some(frozen_bytes(s))
);
count!(
    ExaRunning,
    "lessram exa running",
    ExaLogLog,
    ExaLogLog::new(11).with_running_estimate(),
    |s, k| s.insert(&k),
    |s| s.estimate(),
    |_, _| None,
    |s| Some(frozen_bytes(s))
);
count!(
    Hll8,
    "lessram hll8 k12",
    HyperLogLog,
    HyperLogLog::new(12),
    |s, k| s.insert_u64(k),
    |s| s.estimate(),
    |a, b| {
        let mut all = a.clone();
        all.merge(b).expect("memory");
        Some(all)
    },
    |s| Some(s.to_datasketches_compact().len())
);
count!(
    DsHll4,
    "datasketches hll4",
    HllSketch,
    HllSketch::new(12, HllType::Hll4).expect("k"),
    |s, k| s.update(k),
    |s| s.estimate(),
    |a, b| union_of(a, b, HllType::Hll4),
    |s| Some(s.serialize().len())
);
count!(
    DsHll8,
    "datasketches hll8",
    HllSketch,
    HllSketch::new(12, HllType::Hll8).expect("k"),
    |s, k| s.update(k),
    |s| s.estimate(),
    |a, b| union_of(a, b, HllType::Hll8),
    |s| Some(s.serialize().len())
);
count!(
    DsCpc,
    "datasketches cpc k11",
    CpcSketch,
    CpcSketch::new(11).expect("k"),
    |s, k| s.update(k),
    |s| s.estimate(),
    |a, b| {
        let mut union = CpcUnion::new(11).expect("k");
        union.update(a).expect("alike");
        union.update(b).expect("alike");
        Some(union.to_sketch())
    },
    |s| Some(s.serialize().len())
);
count!(
    PeerExa,
    "exaloglog p10",
    exaloglog::ExaLogLog,
    exaloglog::ExaLogLog::new(10),
    |s, k| s.add_hash(hash_of(k)),
    |s| s.estimate(),
    |a, b| {
        let mut all = a.clone();
        all.merge(b).expect("alike");
        Some(all)
    },
    |s| Some(s.to_bytes().len())
);
count!(
    Ultra,
    "ultraloglog p11",
    UltraLogLog,
    UltraLogLog::new(11).expect("p"),
    |s, k| {
        s.add(hash_of(k));
    },
    |s| s.get_distinct_count_estimate(),
    |a, b| UltraLogLog::merge(a, b).ok(),
    |s| Some(s.get_state().len())
);
count!(
    CardEst,
    "cardinality-estimator",
    CardinalityEstimator<u64>,
    CardinalityEstimator::new(),
    |s, k| s.insert(&k),
    |s| s.estimate() as f64,
    |a, b| {
        let mut all = a.clone();
        all.merge(b);
        Some(all)
    },
    |_| None
);

// With the hash function of the others: std's takes twice the time of all the rest.
type PlusOf = HyperLogLogPlus<u64, DefaultHashBuilder>;
count!(
    Plus,
    "hyperloglogplus p12",
    PlusOf,
    HyperLogLogPlus::new(12, DefaultHashBuilder::with_seed(1)).expect("p"),
    |s, k| s.insert(&k),
    |s| s.clone().count(),
    |a, b| {
        let mut all = a.clone();
        all.merge(b).ok()?;
        Some(all)
    },
    |_| None
);

/// Heap bytes of the frozen form, and its struct.
fn frozen_bytes(sketch: &ExaLogLog) -> usize {
    lessram::mem::Footprint::total_bytes(&sketch.to_frozen())
}

/// A whole life: all keys, then one estimate.
fn life<C: Count>(keys: &[u64]) -> C {
    let mut sketch = C::new();
    keys.iter().for_each(|key| sketch.add(*key));
    sketch
}

fn errors<C: Count>(keys: usize, trials: usize) {
    let (mut one, mut merged, mut coded, mut bytes) = ([0.0; 2], [0.0; 2], 0, 0);
    let mut mergeable = true;
    for trial in 0..trials {
        let mut random = Random(trial as u64 * 7_919 + 1);
        let all: Vec<u64> = (0..keys).map(|_| random.number()).collect();
        let (heap, sketch) = weigh(|| life::<C>(&all));
        bytes = bytes.max(heap as usize + size_of::<C>());
        coded = coded.max(sketch.coded().unwrap_or(0));
        let off = sketch.estimate() / keys as f64 - 1.0;
        one = [one[0] + off, one[1] + off * off];
        let (first, second) = all.split_at(keys / 2);
        match life::<C>(first).merged(&life::<C>(second)) {
            Some(sum) => {
                let off = sum.estimate() / keys as f64 - 1.0;
                merged = [merged[0] + off, merged[1] + off * off];
            }
            None => mergeable = false,
        }
    }
    let n = trials as f64;
    let rms = |sums: [f64; 2]| (sums[1] / n).sqrt();
    let (of_one, of_merged) = (rms(one), if mergeable { rms(merged) } else { f64::NAN });
    let mvp = |bytes: usize, rms: f64| bytes as f64 * 8.0 * rms * rms;
    println!(
        "error\t{}\t{keys}\t{trials}\t{bytes}\t{coded}\t{of_one:.6}\t{:.6}\t{of_merged:.6}\t{:.6}",
        C::NAME,
        one[0] / n,
        merged[0] / n
    );
    eprintln!(
        "{:<22}{keys:>9}{bytes:>8}{coded:>8}{:>8.3}%{:>8.3}%{:>8.2}{:>8.2}{:>8.2}",
        C::NAME,
        of_one * 100.0,
        of_merged * 100.0,
        mvp(bytes, of_one),
        mvp(bytes, of_merged),
        mvp(coded, if mergeable { of_merged } else { of_one })
    );
}

/// One contender of a race over whole lives.
macro_rules! lives {
    ($keys:ident, $($count:ident),*) => {
        [$(contender($count::NAME, weigh(|| life::<$count>($keys)).0, || {
            life::<$count>($keys).estimate() as u64
        })),*]
    };
}

/// As many keys as `n` in lives of `n` keys each.
fn adds(n: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(3);
    let keys: Vec<u64> = (0..n).map(|_| random.number()).collect();
    let keys = &keys[..];
    let contenders =
        lives!(keys, Exa, ExaRunning, Hll8, DsHll4, DsHll8, DsCpc, PeerExa, Ultra, Plus, CardEst);
    race("distinct", &format!("add, n {n}"), rounds, n, false, &contenders)
}

/// Short strings of a skewed stream, hashing included: made ones, each in a place of its own on the
/// heap, and the lines of one text, which is the file that `LESSRAM_DATA` names or else the same.
fn tokens(rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(4);
    // Half of the tokens are among the thousand most frequent.
    let token = |random: &mut Random| {
        let bits = random.below(20) as u32;
        format!("w{:x}", random.number() >> (63 - bits))
    };
    let made: Vec<String> = (0..2_000_000).map(|_| token(&mut random)).collect();
    race_tokens("tokens", &made, rounds)?;
    let text = match std::env::var_os("LESSRAM_DATA") {
        Some(path) => std::fs::read_to_string(path)?,
        None => made.join("\n"),
    };
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    race_tokens("tokens of a text", &lines, rounds)
}

fn race_tokens<T: AsRef<str> + Sync>(
    case: &str,
    tokens: &[T],
    rounds: usize,
) -> Result<(), Box<dyn Error>> {
    let each = || tokens.iter().map(AsRef::as_ref);
    let contenders = [
        contender(Exa::NAME, 0, || {
            let mut sketch = ExaLogLog::new(11);
            each().for_each(|token| sketch.insert(token));
            sketch.estimate() as u64
        }),
        contender("its hash alone", 0, || {
            let hash = |token: &str| lessram::hashing::KeyHash::key_hash(token, 0);
            each().map(hash).fold(0, u64::wrapping_add)
        }),
        contender(Hll8::NAME, 0, || {
            let mut sketch = HyperLogLog::new(12);
            each().for_each(|token| sketch.insert(token));
            sketch.estimate() as u64
        }),
        contender(DsHll8::NAME, 0, || {
            let mut sketch = HllSketch::new(12, HllType::Hll8).expect("k");
            each().for_each(|token| sketch.update(token));
            sketch.estimate() as u64
        }),
        contender(CardEst::NAME, 0, || {
            let mut sketch: CardinalityEstimator<str> = CardinalityEstimator::new();
            each().for_each(|token| sketch.insert(token));
            sketch.estimate() as u64
        }),
    ];
    race("distinct", case, rounds, tokens.len(), false, &contenders)
}

const TIMES: usize = 100;

macro_rules! each {
    ($work:ident, $($count:ident),*) => {
        [$({
            let keys: Vec<u64> = {
                let mut random = Random(5);
                (0..150_000).map(|_| random.number()).collect()
            };
            let (a, b) = (life::<$count>(&keys[..100_000]), life::<$count>(&keys[50_000..]));
            contender($count::NAME, 0, move || (0..TIMES).map(|_| $work(&a, &b)).sum())
        }),*]
    };
}

fn merge_work<C: Count>(a: &C, b: &C) -> u64 {
    std::hint::black_box(a.merged(b)).is_some().into()
}

fn estimate_work<C: Count>(a: &C, _: &C) -> u64 {
    std::hint::black_box(a).estimate() as u64
}

fn merges(rounds: usize) -> Result<(), Box<dyn Error>> {
    let contenders =
        each!(merge_work, Exa, Hll8, DsHll4, DsHll8, DsCpc, PeerExa, Ultra, Plus, CardEst);
    race("distinct", "copy and merge, n 100,000", rounds, TIMES, false, &contenders)
}

fn estimates(rounds: usize) -> Result<(), Box<dyn Error>> {
    let contenders =
        each!(estimate_work, Exa, ExaRunning, Hll8, DsHll4, DsCpc, PeerExa, Ultra, Plus, CardEst);
    race("distinct", "estimate, n 100,000", rounds, TIMES, false, &contenders)
}

/// The smallest hashes: sketches that sets can be made of.
fn smallest(rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(6);
    let keys: Vec<u64> = (0..1_100_000).map(|_| random.number()).collect();
    for lg_k in [12, 16] {
        let ours = || {
            let mut sketch = Theta::new(lg_k);
            keys.iter().for_each(|key| sketch.insert_u64(*key));
            sketch
        };
        let theirs = || {
            let mut sketch = ThetaSketchBuilder::default().lg_k(lg_k).build().expect("k");
            keys.iter().for_each(|key| sketch.update(*key));
            sketch
        };
        let packed = || {
            let mut sketch = ours();
            sketch.pack();
            sketch
        };
        let hashes = || keys.iter().copied().collect::<HyperMinHash>();
        let contenders = [
            contender("lessram theta", weigh(ours).0, || ours().estimate() as u64),
            contender("lessram theta packed", weigh(packed).0, || packed().estimate() as u64),
            contender("datasketches theta", weigh(theirs).0, || theirs().estimate() as u64),
            contender("lessram hyper_min_hash", weigh(hashes).0, || hashes().estimate() as u64),
        ];
        race("smallest", &format!("lg_k {lg_k}"), rounds, keys.len(), false, &contenders)?;
    }
    smallest_of_stream(rounds.min(7))
}

/// Keys that come again and again, as those of real streams do: 20 million of 2.2 million
/// different ones, by Zipf's law.
fn smallest_of_stream(rounds: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random(5);
    let keys: Vec<u64> = (0..20_000_000)
        .map(|_| {
            let u = (random.number() >> 11) as f64 / (1_u64 << 53) as f64;
            4e6_f64.powf(u) as u64
        })
        .collect();
    let ours = || {
        let mut sketch = Theta::new(16);
        keys.iter().for_each(|key| sketch.insert_u64(*key));
        sketch
    };
    let theirs = || {
        let mut sketch = ThetaSketchBuilder::default().lg_k(16).build().expect("k");
        keys.iter().for_each(|key| sketch.update(*key));
        sketch
    };
    let given = || {
        let mut sketch = Theta::new(16);
        keys.iter().for_each(|key| sketch.insert_hash(hash_of(*key) >> 1));
        sketch
    };
    let contenders = [
        contender("lessram theta", weigh(ours).0, || ours().estimate() as u64),
        contender("lessram, cheaper hash", weigh(given).0, || given().estimate() as u64),
        contender("datasketches theta", weigh(theirs).0, || theirs().estimate() as u64),
    ];
    race("smallest", "lg_k 16, keys that repeat", rounds, keys.len(), false, &contenders)
}
