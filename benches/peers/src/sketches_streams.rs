//! Summaries of a stream of tokens beside their peers: counts of keys, the most frequent keys,
//! quantiles, small counters, feature hashing. Bytes come from the allocator, errors from exact
//! counts.
//!
//! The stream is the file that the variable `LESSRAM_DATA` names, one token a line, or else seeded
//! numbers whose frequencies follow Zipf's law. `LESSRAM_ONLY` names the one part to run.

use crate::race::{Contender, Random, contender, race, weigh};
use lessram::mem::{alloc_stats, reset_peak};
use lessram::sketches::{
    CountMin, Counting, DdSketch, FeatureHasher, HeavyKey, Kll, MorrisArray, TopK, TopKOptions,
};
use std::collections::HashMap;
use std::error::Error;

type Outcome = Result<(), Box<dyn Error>>;

/// Runs all races.
pub fn run(rounds: usize) -> Outcome {
    let stream = Stream::load()?;
    eprintln!("{} tokens, {} different", stream.ids.len(), stream.counts.len());
    let parts: [(&str, fn(&Stream, usize) -> Outcome); 5] = [
        ("counts", counts::run),
        ("top", top::run),
        ("quantiles", quantiles::run),
        ("counters", counters::run),
        ("features", features::run),
    ];
    let only = std::env::var("LESSRAM_ONLY").ok();
    for (name, run) in parts {
        if only.as_deref().is_none_or(|only| only == name) {
            run(&stream, rounds.min(5))?;
        }
    }
    Ok(())
}

/// Tokens in their order, and the truth about them.
#[derive(Default)]
struct Stream {
    tokens: Vec<Vec<u8>>,
    /// The number of each token, in the order of first occurrence.
    ids: Vec<u32>,
    /// A key of 64 random bits for each number.
    keys: Vec<u64>,
    /// The keys of the tokens, in their order: a stream, not a table's cells in random order.
    sequence: Vec<u64>,
    counts: Vec<u64>,
}

impl Stream {
    fn load() -> Result<Self, Box<dyn Error>> {
        let lines: Vec<Vec<u8>> = match std::env::var_os("LESSRAM_DATA") {
            Some(path) => {
                let text = std::fs::read(path)?;
                let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
                lines.map(<[u8]>::to_vec).collect()
            }
            None => zipf(2_000_000).map(|rank| format!("token-{rank}").into_bytes()).collect(),
        };
        let mut numbers = HashMap::new();
        let mut stream = Self::default();
        let mut random = Random(11);
        for line in lines {
            let next = stream.counts.len();
            let id = *numbers.entry(line.clone()).or_insert(next);
            if id == next {
                stream.counts.push(0);
                stream.keys.push(random.number());
            }
            stream.counts[id] += 1;
            stream.ids.push(id as u32);
            stream.sequence.push(stream.keys[id]);
            stream.tokens.push(line);
        }
        Ok(stream)
    }

    /// The keys of the tokens, in their order.
    fn each(&self) -> impl Iterator<Item = u64> + '_ {
        self.sequence.iter().copied()
    }
}

/// `n` ranks with frequencies that fall off as Zipf's law says, with exponent 1.
fn zipf(n: usize) -> impl Iterator<Item = u64> {
    let mut random = Random(5);
    let ranks = 1e6_f64;
    (0..n).map(move |_| {
        let u = (random.number() >> 11) as f64 / (1_u64 << 53) as f64;
        ranks.powf(u) as u64
    })
}

/// A line of the table of errors, and of the raw rows.
fn told(case: &str, name: &str, bytes: u64, figures: &[(&str, f64)]) {
    let text: Vec<String> = figures.iter().map(|(name, x)| format!("{name} {x:.4}")).collect();
    eprintln!("{case:<20}{name:<26}{bytes:>10} bytes  {}", text.join(", "));
    for (figure, x) in figures {
        println!("streams\t{case}, {figure}\t0\t{name}\t1\t{x}\t{bytes}");
    }
}

/// How often each key occurred.
mod counts {
    use super::*;
    use datasketches::countmin::CountMinSketch;
    use sketch_oxide::frequency::ConservativeCountMin;

    pub fn run(stream: &Stream, rounds: usize) -> Outcome {
        for kib in [64, 256, 1024, 4096] {
            of_bytes(stream, kib << 10, rounds)?;
        }
        text(stream, 1 << 20, rounds)
    }

    fn ours(bytes: usize, rows: u32, keys: impl Iterator<Item = u64>) -> CountMin {
        let mut sketch = CountMin::with_bytes_and_rows(bytes, rows).expect("in range");
        sketch.extend(keys);
        sketch
    }

    fn theirs(bytes: usize, rows: u8, keys: impl Iterator<Item = u64>) -> CountMinSketch<u32> {
        let buckets = (bytes / 4 / usize::from(rows)) as u32;
        let mut sketch = CountMinSketch::<u32>::new(rows, buckets).expect("in range");
        keys.for_each(|key| sketch.update(key));
        sketch
    }

    fn oxide(bytes: usize, keys: impl Iterator<Item = u64>) -> ConservativeCountMin {
        // Its width is rounded up to a power of two, and its counters have 8 bytes.
        let mut sketch = ConservativeCountMin::with_dimensions(bytes / 8 / 4, 4).expect("in range");
        keys.for_each(|key| sketch.update(&key));
        sketch
    }

    /// Mean error over all keys, over all tokens, and the mean estimate of keys that are absent.
    fn errors(stream: &Stream, name: &str, case: &str, bytes: u64, of: impl Fn(u64) -> u64) {
        let (mut each, mut weighted, mut total) = (0.0, 0.0, 0.0);
        for (key, count) in stream.keys.iter().zip(&stream.counts) {
            let error = of(*key).abs_diff(*count) as f64;
            (each, weighted) = (each + error, weighted + error * *count as f64);
            total += *count as f64;
        }
        let mut random = Random(99);
        let absent: u64 = (0..100_000).map(|_| of(random.number())).sum();
        let mean = each / stream.keys.len() as f64;
        let figures =
            [("mean", mean), ("by token", weighted / total), ("absent", absent as f64 / 1e5)];
        told(case, name, bytes, &figures);
    }

    fn of_bytes(stream: &Stream, bytes: usize, rounds: usize) -> Outcome {
        let case = format!("{} KiB", bytes >> 10);
        for rows in 2..=4 {
            let (size, sketch) = weigh(|| ours(bytes, rows, stream.each()));
            let name = format!("lessram, {rows} rows");
            errors(stream, &name, &case, size, |key| sketch.estimate(&key));
        }
        for rows in [2, 4] {
            let (size, sketch) = weigh(|| theirs(bytes, rows, stream.each()));
            let name = format!("datasketches, {rows} rows");
            errors(stream, &name, &case, size, |key| u64::from(sketch.estimate(key)));
        }
        let (size, sketch) = weigh(|| oxide(bytes, stream.each()));
        errors(stream, "sketch_oxide, 4 rows", &case, size, |key| sketch.estimate(&key));

        let n = stream.ids.len();
        let mut contenders = vec![
            contender("lessram, 2 rows", 0, || ours(bytes, 2, stream.each()).total()),
            contender("lessram, 3 rows", 0, || ours(bytes, 3, stream.each()).total()),
            contender("lessram, one by one", 0, || {
                let mut sketch = CountMin::with_bytes(bytes).expect("in range");
                stream.each().for_each(|key| {
                    sketch.add(&key);
                });
                sketch.total()
            }),
        ];
        let classic = |rows| move || u64::from(theirs(bytes, rows, stream.each()).total_weight());
        contenders.push(contender("datasketches, 2 rows", 0, classic(2)));
        contenders.push(contender("datasketches, 4 rows", 0, classic(4)));
        contenders.push(contender("sketch_oxide, 4 rows", 0, || {
            oxide(bytes, stream.each()).total_count()
        }));
        race("count_min", &format!("add u64, {case}"), rounds, n, true, &contenders)
    }

    /// Whole tokens, hashing included.
    fn text(stream: &Stream, bytes: usize, rounds: usize) -> Outcome {
        let theirs = |rows: u8| {
            move || {
                let mut sketch =
                    CountMinSketch::<u32>::new(rows, bytes as u32 / 4 / u32::from(rows))
                        .expect("in range");
                stream.tokens.iter().for_each(|token| sketch.update(token));
                u64::from(sketch.total_weight())
            }
        };
        let contenders: [Contender<'_>; 3] = [
            contender("lessram, 2 rows", 0, || {
                let mut sketch = CountMin::with_bytes(bytes).expect("in range");
                sketch.extend(&stream.tokens);
                sketch.total()
            }),
            contender("datasketches, 2 rows", 0, theirs(2)),
            contender("datasketches, 4 rows", 0, theirs(4)),
        ];
        race("count_min", "add tokens, 1 MiB", rounds, stream.ids.len(), true, &contenders)
    }
}

/// The 100 most frequent keys.
mod top {
    use super::*;
    use datasketches::frequencies::{ErrorType, FrequentItemsSketch};
    use heavykeeper::{BucketedTopK, CuckooTopK};
    use sketch_oxide::frequency::SpaceSaving;
    use std::collections::BTreeMap;

    const K: usize = 100;
    /// What its coin says changes what a sketch finds: the mean of so many seeds is told.
    const SEEDS: u64 = 20;

    pub fn run(stream: &Stream, rounds: usize) -> Outcome {
        let truth = Truth::of(stream);
        for slots in [200, 400, 800, 1_600, 3_200] {
            for counting in [Counting::Estimates, Counting::Bounds] {
                let (bytes, first) = weigh(|| ours(stream, slots, counting, 0));
                let mut sum = [0.0; 3];
                for seed in 0..SEEDS {
                    let next = (seed > 0).then(|| ours(stream, slots, counting, seed));
                    let sketch = next.as_ref().unwrap_or(&first);
                    let [recall, error] = truth.judge(sketch.top(K).iter().map(entry));
                    let holds = sketch.iter().filter(|key| truth.is_frequent(key.hash)).count();
                    let figures = [recall, error, holds as f64 / K as f64];
                    sum = std::array::from_fn(|at| sum[at] + figures[at] / SEEDS as f64);
                }
                let [recall, error, holds] = sum;
                let figures = [("recall@100", recall), ("error", error), ("holds", holds)];
                let case = format!("top, {slots} slots");
                told(&case, &format!("lessram, {counting:?}"), bytes, &figures);
            }
        }
        for lg in [7, 8, 9, 10, 11, 12] {
            let (bytes, sketch) = weigh(|| datasketches(stream, 1 << lg));
            let rows = sketch.frequent_items(ErrorType::NoFalseNegatives);
            let found = rows.iter().map(|row| (*row.item(), row.estimate()));
            truth.tell("datasketches", 1 << lg, bytes, found);
        }
        for slots in [200, 400, 800, 1_600] {
            let (bytes, sketch) = weigh(|| oxide(stream, slots));
            let rows = sketch.top_k(K);
            truth.tell("sketch_oxide", slots, bytes, rows.iter().map(|row| (row.0, row.1)));
        }
        for width in [50, 150, 600, 1_200, 2_400] {
            let (bytes, sketch) = weigh(|| bucketed(stream, width));
            let found = sketch.list();
            let found = found.iter().map(|node| (node.item, node.count));
            truth.tell("heavykeeper bucketed", width, bytes, found);
            let (bytes, sketch) = weigh(|| cuckoo(stream, width));
            let found = sketch.list();
            let found = found.iter().map(|node| (node.item, node.count));
            truth.tell("heavykeeper cuckoo", width, bytes, found);
        }
        times(stream, rounds)
    }

    fn entry(key: &HeavyKey<'_>) -> (u64, u64) {
        (key.hash, key.count)
    }

    /// The sketch of the default seed, or that many others.
    fn ours(stream: &Stream, slots: usize, counting: Counting, other: u64) -> TopK {
        let default = TopKOptions::for_keys(K);
        let options =
            TopKOptions { slots, counting, seed: default.seed.wrapping_add(other), ..default };
        let mut sketch = TopK::try_with_options(options).expect("in range");
        stream.each().for_each(|key| sketch.add_hash(key, 1));
        sketch
    }

    fn datasketches(stream: &Stream, slots: usize) -> FrequentItemsSketch<u64> {
        let mut sketch = FrequentItemsSketch::new(slots).expect("a power of two");
        stream.each().for_each(|key| sketch.update(key));
        sketch
    }

    fn oxide(stream: &Stream, slots: usize) -> SpaceSaving<u64> {
        let mut sketch = SpaceSaving::with_capacity(slots).expect("in range");
        stream.each().for_each(|key| sketch.update(key));
        sketch
    }

    fn bucketed(stream: &Stream, width: usize) -> BucketedTopK<u64> {
        let mut sketch = BucketedTopK::with_seed(K, width, 4, 0.9, 7);
        stream.each().for_each(|key| sketch.add(&key, 1));
        sketch
    }

    fn cuckoo(stream: &Stream, width: usize) -> CuckooTopK<u64> {
        let mut sketch = CuckooTopK::with_seed(K, width, 4, 0.9, 7);
        stream.each().for_each(|key| sketch.add(&key, 1));
        sketch
    }

    /// How often each key came.
    struct Truth {
        counts: BTreeMap<u64, u64>,
        /// How often the least frequent of the `K` most frequent came.
        least: u64,
    }

    impl Truth {
        fn of(stream: &Stream) -> Self {
            let keys = stream.keys.iter().copied();
            let mut falling = stream.counts.clone();
            falling.sort_unstable_by(|a, b| b.cmp(a));
            Self {
                counts: keys.zip(stream.counts.iter().copied()).collect(),
                least: falling[K - 1],
            }
        }

        fn count(&self, key: u64) -> u64 {
            self.counts.get(&key).copied().unwrap_or(0)
        }

        fn is_frequent(&self, key: u64) -> bool {
            self.count(key) >= self.least
        }

        /// The share of the most frequent keys that was found, and how far their counts are off.
        fn judge(&self, found: impl Iterator<Item = (u64, u64)>) -> [f64; 2] {
            let mut found: Vec<(u64, u64)> = found.collect();
            found.sort_by_key(|row| std::cmp::Reverse(row.1));
            found.truncate(K);
            found.retain(|row| self.is_frequent(row.0));
            let off = |row: &(u64, u64)| {
                let of = self.count(row.0);
                row.1.abs_diff(of) as f64 / of as f64
            };
            let hits = found.len() as f64;
            [hits / K as f64, found.iter().map(off).sum::<f64>() / hits]
        }

        fn tell(
            &self,
            name: &str,
            size: usize,
            bytes: u64,
            found: impl Iterator<Item = (u64, u64)>,
        ) {
            let [recall, error] = self.judge(found);
            let figures = [("recall@100", recall), ("error", error)];
            told(&format!("top, {size} slots"), name, bytes, &figures);
        }
    }

    fn times(stream: &Stream, rounds: usize) -> Outcome {
        let n = stream.ids.len();
        let contenders = [
            // What every contender pays for a key to come.
            contender("the keys alone", 0, || stream.each().fold(0, u64::wrapping_add)),
            contender("lessram, hashes given", 0, || {
                ours(stream, 800, Counting::Estimates, 0).total()
            }),
            contender("lessram, bounds, hashes given", 0, || {
                ours(stream, 800, Counting::Bounds, 0).total()
            }),
            contender("lessram, numbers", 0, || {
                let mut sketch = TopK::new(K);
                sketch.add_numbers(stream.each());
                sketch.total()
            }),
            contender("lessram, numbers, one by one", 0, || {
                let mut sketch = TopK::new(K);
                stream.each().for_each(|key| sketch.add_number(key));
                sketch.total()
            }),
            contender("datasketches 1,024", 0, || datasketches(stream, 1_024).total_weight()),
            contender("heavykeeper bucketed", 0, || bucketed(stream, 600).list().len() as u64),
            contender("heavykeeper cuckoo", 0, || cuckoo(stream, 600).list().len() as u64),
            contender("sketch_oxide", 0, || oxide(stream, 800).stream_length()),
        ];
        race("top_k", "add u64", rounds, n, false, &contenders)?;
        let contenders = [
            contender("lessram", 0, || {
                let mut sketch = TopK::keeping_keys(K);
                sketch.extend(&stream.tokens);
                sketch.total()
            }),
            contender("datasketches 1,024", 0, || {
                let mut sketch =
                    FrequentItemsSketch::<Vec<u8>>::new(1_024).expect("a power of two");
                stream.tokens.iter().for_each(|token| sketch.update_ref(token.as_slice()));
                sketch.total_weight()
            }),
            contender("heavykeeper bucketed", 0, || {
                let mut sketch = BucketedTopK::<Vec<u8>>::with_seed(K, 600, 4, 0.9, 7);
                stream.tokens.iter().for_each(|token| sketch.add(token.as_slice(), 1));
                sketch.list().len() as u64
            }),
        ];
        race("top_k", "add tokens, keys kept", rounds, n, false, &contenders)
    }
}

/// Quantiles of a million numbers of log-normal distribution, sigma 2: 20 sketches of each.
mod quantiles {
    use super::*;
    use datasketches::common::SearchCriteria;
    use datasketches::kll::{KllFloat, KllSketch};
    use sketches_ddsketch::{Config, DDSketch};
    use tdigest::TDigest;

    const N: usize = 1_000_000;
    const RUNS: u64 = 20;
    type Sketch<'a> = (&'a str, Box<dyn Fn(&[f64], u64) -> Box<dyn Fn(f64) -> f64> + 'a>);

    fn numbers(seed: u64) -> Vec<f64> {
        let mut random = Random(seed);
        let mut uniform = || ((random.number() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        (0..N)
            .map(|_| {
                let (a, b) = (uniform(), uniform());
                (2.0 * (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()).exp()
            })
            .collect()
    }

    fn kll(numbers: &[f64], k: u16, seed: u64) -> Kll<f64> {
        let mut sketch = Kll::with_seed(k, seed);
        numbers.iter().for_each(|x| sketch.add(*x).expect("finite"));
        sketch
    }

    fn kll_f32(numbers: &[f64], k: u16, seed: u64) -> Kll<f32> {
        let mut sketch = Kll::with_seed(k, seed);
        numbers.iter().for_each(|x| sketch.add(*x as f32).expect("finite"));
        sketch
    }

    fn their_kll(numbers: &[f64]) -> KllSketch<KllFloat<f64>> {
        let mut sketch = KllSketch::new(200).expect("in range");
        numbers.iter().for_each(|x| sketch.update(KllFloat::<f64>::new(*x).expect("finite")));
        sketch
    }

    fn dd(numbers: &[f64]) -> DdSketch {
        let mut sketch = DdSketch::new();
        numbers.iter().for_each(|x| sketch.add(*x).expect("finite"));
        sketch
    }

    fn their_dd(numbers: &[f64]) -> DDSketch {
        let mut sketch = DDSketch::new(Config::new(0.01, 4_096, 1e-9));
        numbers.iter().for_each(|x| sketch.add(*x));
        sketch
    }

    fn digest(numbers: &[f64]) -> TDigest {
        let mut sketch = TDigest::new_with_size(100);
        numbers.iter().for_each(|x| sketch.push(*x));
        sketch.flush();
        sketch
    }

    pub fn run(_: &Stream, rounds: usize) -> Outcome {
        let sketches: [Sketch<'_>; 6] = [
            (
                "lessram Kll<f64>, k 200",
                Box::new(|all, seed| {
                    let sketch = kll(all, 200, seed);
                    Box::new(move |q| sketch.quantile(q).unwrap_or(0.0))
                }),
            ),
            (
                "lessram Kll<f32>, k 200",
                Box::new(|all, seed| {
                    let sketch = kll_f32(all, 200, seed);
                    Box::new(move |q| f64::from(sketch.quantile(q).unwrap_or(0.0)))
                }),
            ),
            (
                "datasketches KLL, k 200",
                Box::new(|all, _| {
                    let sketch = their_kll(all);
                    let inclusive = SearchCriteria::Inclusive;
                    Box::new(move |q| {
                        sketch.quantile(q, inclusive).ok().flatten().map_or(0.0, |x| *x)
                    })
                }),
            ),
            (
                "lessram DdSketch, 1 %",
                Box::new(|all, _| {
                    let sketch = dd(all);
                    Box::new(move |q| sketch.quantile(q).unwrap_or(0.0))
                }),
            ),
            (
                "sketches-ddsketch, 1 %",
                Box::new(|all, _| {
                    let sketch = their_dd(all);
                    Box::new(move |q| sketch.quantile(q).ok().flatten().unwrap_or(0.0))
                }),
            ),
            (
                "tdigest, size 100",
                Box::new(|all, _| {
                    let sketch = digest(all);
                    Box::new(move |q| sketch.estimate_quantile(q).unwrap_or(0.0))
                }),
            ),
        ];
        for (name, build) in &sketches {
            judge(name, build);
        }
        times(rounds)
    }

    /// Errors in rank and in value over all runs; bytes in the end and at most, the struct's too.
    fn judge(name: &str, build: &dyn Fn(&[f64], u64) -> Box<dyn Fn(f64) -> f64>) {
        let (mut largest, mut squares, mut value) = (0.0, 0.0, [0.0; 2]);
        let (mut live, mut peak) = (0, 0);
        for run in 0..RUNS {
            let mut all = numbers(1_000 + run);
            let before = alloc_stats().live;
            reset_peak();
            let quantile = build(&all, run);
            let after = alloc_stats();
            // What asks is on the heap too: the sketch itself is in it.
            (live, peak) =
                ((after.live - before).max(0) as u64, (after.peak - before).max(0) as u64);
            all.sort_by(f64::total_cmp);
            let mut worst = 0.0_f64;
            for i in 1..1_000 {
                let q = f64::from(i) / 1_000.0;
                let found = quantile(q);
                let from = all.partition_point(|x| *x < found) as f64 / N as f64;
                let to = all.partition_point(|x| *x <= found) as f64 / N as f64;
                let error = (from - q).max(q - to).max(0.0);
                (worst, squares) = (worst.max(error), squares + error * error);
            }
            largest += worst / RUNS as f64;
            for (q, sum) in [0.99, 0.999].into_iter().zip(&mut value) {
                let truth = all[(q * N as f64).ceil() as usize - 1];
                *sum += (quantile(q) / truth - 1.0).abs() / RUNS as f64;
            }
        }
        let figures = [
            ("peak bytes", peak as f64),
            ("largest rank error %", largest * 100.0),
            ("rms rank error %", (squares / (999.0 * RUNS as f64)).sqrt() * 100.0),
            ("p99 off %", value[0] * 100.0),
            ("p99.9 off %", value[1] * 100.0),
        ];
        told("quantiles", name, live, &figures);
    }

    fn times(rounds: usize) -> Outcome {
        let all = numbers(7);
        let contenders = [
            contender("lessram Kll<f64>", 0, || kll(&all, 200, 1).len()),
            contender("lessram Kll<f32>", 0, || kll_f32(&all, 200, 1).len()),
            contender("datasketches KLL", 0, || their_kll(&all).n()),
            contender("lessram DdSketch", 0, || dd(&all).len()),
            contender("sketches-ddsketch", 0, || their_dd(&all).count() as u64),
            contender("tdigest", 0, || digest(&all).count() as u64),
        ];
        race("quantiles", "add f64, n 1e6", rounds, N, true, &contenders)
    }
}

/// Small counters: errors over thousands of them, and time in 65,536 of them.
mod counters {
    use super::*;

    const COUNTERS: usize = 1 << 16;

    pub fn run(_: &Stream, rounds: usize) -> Outcome {
        for bits in [8, 12, 16] {
            for n in [10_u64, 100, 1_000, 100_000] {
                let trials = if n > 10_000 { 400 } else { 4_000 };
                let mut all = array(bits, trials, n);
                for _ in 0..n {
                    (0..trials).for_each(|index| all.add(index));
                }
                judge(&format!("{bits} bits, n {n}"), "one by one", &all, n);
            }
            for n in [1_000_000, 1_000_000_000] {
                let mut all = array(bits, 4_000, n);
                // Ten thousand additions each: the errors of single ones are long mixed.
                for _ in 0..10_000 {
                    (0..4_000).for_each(|index| all.add_count(index, n / 10_000));
                }
                judge(&format!("{bits} bits, n {n}"), "in 10,000 parts", &all, n);
            }
            let mut merged = array(bits, 1_000, 0);
            for part in 1..=16 {
                let mut one = array(bits, 1_000, part);
                for _ in 0..6_250 {
                    (0..1_000).for_each(|index| one.add(index));
                }
                merged.merge(&one)?;
            }
            judge(&format!("{bits} bits, n 100000"), "16 merged", &merged, 100_000);
        }
        let mut random = Random(3);
        let at: Vec<u32> = (0..4_000_000).map(|_| random.below(COUNTERS) as u32).collect();
        let mut contenders: Vec<Contender<'_>> = Vec::new();
        for (bits, name) in [(8, "lessram, 8 bits"), (12, "lessram, 12"), (16, "lessram, 16")] {
            let at = &at;
            contenders.push(contender(name, 0, move || {
                let mut all = array(bits, COUNTERS, 1);
                all.extend(at.iter().map(|index| *index as usize));
                all.len() as u64
            }));
        }
        contenders.push(contender("lessram, 8 bits, one by one", 0, || {
            let mut all = array(8, COUNTERS, 1);
            at.iter().for_each(|index| all.add(*index as usize));
            all.len() as u64
        }));
        contenders.push(contender("plain u32", 0, || {
            let mut all = vec![0_u32; COUNTERS];
            at.iter().for_each(|index| all[*index as usize] += 1);
            all.len() as u64
        }));
        race("counters", "add at random, 65,536", rounds.max(11), at.len(), true, &contenders)
    }

    fn array(bits: u32, len: usize, seed: u64) -> MorrisArray {
        let max = 1_000_000_000;
        MorrisArray::with_max_in(bits, len, max, seed, lessram::mem::Global).expect("in range")
    }

    fn judge(case: &str, name: &str, all: &MorrisArray, n: u64) {
        let errors = all.iter().map(|estimate| estimate / n as f64 - 1.0);
        let (sum, squares) = errors.fold((0.0, 0.0), |(a, b), e| (a + e, b + e * e));
        let trials = all.len() as f64;
        let figures =
            [("rms %", (squares / trials).sqrt() * 100.0), ("bias %", sum / trials * 100.0)];
        told(case, name, 0, &figures);
    }
}

/// Columns and signs of words.
mod features {
    use super::*;

    pub fn run(stream: &Stream, rounds: usize) -> Outcome {
        // As scikit-learn's own loop does it, bytes one by one.
        let plain = |word: &[u8]| {
            let mut state = 0_u32;
            let mut blocks = word.chunks_exact(4);
            for block in &mut blocks {
                let k = u32::from_le_bytes(block.try_into().expect("4 bytes"));
                let k = k.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
                state = (state ^ k).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
            }
            let mut k = 0;
            for (i, byte) in blocks.remainder().iter().enumerate() {
                k |= u32::from(*byte) << (8 * i);
            }
            state ^= k.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
            state ^= word.len() as u32;
            state = (state ^ state >> 16).wrapping_mul(0x85eb_ca6b);
            state = (state ^ state >> 13).wrapping_mul(0xc2b2_ae35);
            state ^= state >> 16;
            let signed = state as i32;
            (u64::from(signed.unsigned_abs() % (1 << 20)), if signed >= 0 { 1.0 } else { -1.0 })
        };
        for columns in [1 << 20, 1_000_003] {
            let hasher = FeatureHasher::new(columns)?;
            let sum = |word: &Vec<u8>| {
                let (column, sign) = hasher.feature(word);
                u64::from(column) + (sign > 0.0) as u64
            };
            let other = |word: &Vec<u8>| {
                let (column, sign) = plain(word);
                column + (sign > 0.0) as u64
            };
            let contenders = [
                contender("lessram", 0, || stream.tokens.iter().map(sum).sum()),
                contender("byte by byte, 2^20", 0, || stream.tokens.iter().map(other).sum()),
            ];
            let case = format!("words of the stream to {columns} columns");
            race("features", &case, rounds, stream.tokens.len(), columns == 1 << 20, &contenders)?;
        }
        Ok(())
    }
}
