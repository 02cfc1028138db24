//! Summaries of a stream of tokens beside their peers: counts of keys, the most frequent keys,
//! quantiles, small counters, feature hashing. Bytes come from the allocator, errors from exact
//! counts.
//!
//! The stream is the file that the variable `LESSRAM_DATA` names, one token a line, or else seeded
//! numbers whose frequencies follow Zipf's law. `LESSRAM_ONLY` names the one part to run.

use crate::race::{Contender, Random, contender, race, weigh};
use lessram::sketches::{CountMin, Counting, TopK, TopKOptions};
use std::collections::HashMap;
use std::error::Error;

type Outcome = Result<(), Box<dyn Error>>;

/// Runs all races.
pub fn run(rounds: usize) -> Outcome {
    let stream = Stream::load()?;
    eprintln!("{} tokens, {} different", stream.ids.len(), stream.counts.len());
    let parts: [(&str, fn(&Stream, usize) -> Outcome); 2] =
        [("counts", counts::run), ("top", top::run)];
    let only = std::env::var("LESSRAM_ONLY").ok();
    for (name, run) in parts {
        if only.as_deref().is_none_or(|only| only == name) {
            run(&stream, rounds.min(5))?;
        }
    }
    Ok(())
}

/// Tokens in their order, and the truth about them.
struct Stream {
    tokens: Vec<Vec<u8>>,
    /// The number of each token, in the order of first occurrence.
    ids: Vec<u32>,
    /// A key of 64 random bits for each number.
    keys: Vec<u64>,
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
        let mut stream =
            Self { tokens: Vec::new(), ids: Vec::new(), keys: Vec::new(), counts: Vec::new() };
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
            stream.tokens.push(line);
        }
        Ok(stream)
    }

    /// The keys of the tokens, in their order.
    fn each(&self) -> impl Iterator<Item = u64> + '_ {
        self.ids.iter().map(|id| self.keys[*id as usize])
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
        let contenders: [Contender<'_>; 2] = [
            contender("lessram, 2 rows", 0, || {
                let mut sketch = CountMin::with_bytes(bytes).expect("in range");
                sketch.extend(&stream.tokens);
                sketch.total()
            }),
            contender("datasketches, 4 rows", 0, || {
                let mut sketch =
                    CountMinSketch::<u32>::new(4, bytes as u32 / 16).expect("in range");
                stream.tokens.iter().for_each(|token| sketch.update(token));
                u64::from(sketch.total_weight())
            }),
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

    pub fn run(stream: &Stream, rounds: usize) -> Outcome {
        for slots in [200, 400, 800, 1_600, 3_200] {
            for counting in [Counting::Estimates, Counting::Bounds] {
                let (bytes, sketch) = weigh(|| ours(stream, slots, counting));
                let top = sketch.top(K);
                let found = top.iter().map(|entry| (entry.hash, entry.count));
                judge(stream, &format!("lessram, {counting:?}"), slots, bytes, found);
            }
        }
        for lg in [7, 8, 9, 10, 11, 12] {
            let (bytes, sketch) = weigh(|| datasketches(stream, 1 << lg));
            let rows = sketch.frequent_items(ErrorType::NoFalseNegatives);
            let found = rows.iter().map(|row| (*row.item(), row.estimate()));
            judge(stream, "datasketches", 1 << lg, bytes, found);
        }
        for slots in [200, 400, 800, 1_600] {
            let (bytes, sketch) = weigh(|| oxide(stream, slots));
            let rows = sketch.top_k(K);
            judge(stream, "sketch_oxide", slots, bytes, rows.iter().map(|row| (row.0, row.1)));
        }
        for width in [50, 150, 600, 1_200, 2_400] {
            let (bytes, sketch) = weigh(|| bucketed(stream, width));
            let found = sketch.list();
            let found = found.iter().map(|node| (node.item, node.count));
            judge(stream, "heavykeeper bucketed", width, bytes, found);
            let (bytes, sketch) = weigh(|| cuckoo(stream, width));
            let found = sketch.list();
            let found = found.iter().map(|node| (node.item, node.count));
            judge(stream, "heavykeeper cuckoo", width, bytes, found);
        }
        times(stream, rounds)
    }

    fn ours(stream: &Stream, slots: usize, counting: Counting) -> TopK {
        let options = TopKOptions { slots, counting, ..TopKOptions::for_keys(K) };
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

    /// How many of the most frequent keys were found, and how far their counts are off.
    fn judge(
        stream: &Stream,
        name: &str,
        size: usize,
        bytes: u64,
        found: impl Iterator<Item = (u64, u64)>,
    ) {
        let truth: BTreeMap<u64, u64> =
            stream.keys.iter().copied().zip(stream.counts.iter().copied()).collect();
        let mut counts = stream.counts.clone();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let least = counts[K - 1];
        let mut found: Vec<(u64, u64)> = found.collect();
        found.sort_by_key(|row| std::cmp::Reverse(row.1));
        let (mut hits, mut error) = (0, 0.0);
        for (key, count) in found.iter().take(K) {
            let of = truth.get(key).copied().unwrap_or(0);
            if of >= least {
                hits += 1;
                error += count.abs_diff(of) as f64 / of as f64;
            }
        }
        let figures =
            [("recall@100", f64::from(hits) / K as f64), ("error", error / f64::from(hits))];
        told(&format!("top, {size} slots"), name, bytes, &figures);
    }

    fn times(stream: &Stream, rounds: usize) -> Outcome {
        let n = stream.ids.len();
        let contenders = [
            contender("lessram", 0, || ours(stream, 800, Counting::Estimates).total()),
            contender("lessram, bounds", 0, || ours(stream, 800, Counting::Bounds).total()),
            contender("lessram, numbers", 0, || {
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
