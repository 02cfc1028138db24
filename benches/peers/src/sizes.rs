//! What reporters of sizes say, against the allocator: heap bytes of std's containers.
//!
//! A line per container and reporter: `container`, `truth`, `reporter`, `said`, `error` in percent.

use crate::race::{Random, weigh};
use get_size2::GetSize;
use lessram::mem::{Footprint, Totals};
use mem_dbg::{MemSize, SizeFlags};
use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::sync::Arc;

const N: u64 = 200_000;

/// Builds each container and asks each reporter.
pub fn run() -> Result<(), Box<dyn Error>> {
    println!("container\ttruth\treporter\tsaid\terror_percent");
    let mut random = Random(5);
    let mut keys: Vec<u64> = (0..N).map(|_| random.number()).collect();
    let word = |key: &u64| format!("{:x}", key >> 28);
    tell("Vec<String>, exact", || keys.iter().map(word).collect::<Vec<_>>());
    tell("Vec<String>, pushed", || {
        let mut all = Vec::new();
        keys.iter().for_each(|key| all.push(word(key)));
        all
    });
    tell("HashMap<u64, u64>", || keys.iter().map(|k| (*k, 1_u64)).collect::<HashMap<_, _>>());
    tell("HashMap<String, u32>", || {
        keys.iter().map(|k| (word(k), 1_u32)).collect::<HashMap<_, _>>()
    });
    tell("BTreeMap<u64, u64>, random", || {
        let mut map = BTreeMap::new();
        for key in &keys {
            map.insert(*key, 1_u64);
        }
        map
    });
    keys.sort_unstable();
    tell("BTreeMap<u64, u64>, sorted", || {
        keys.iter().map(|k| (*k, 1_u64)).collect::<BTreeMap<_, _>>()
    });
    tell("Vec<Arc<Vec<u64>>>, shared", || {
        let shared: Vec<_> = (0..N / 20).map(|i| Arc::new(vec![i; 10])).collect();
        shared.iter().chain(&shared).cloned().collect::<Vec<_>>()
    });
    Ok(())
}

/// Builds, weighs, asks.
fn tell<T: Footprint + MemSize + GetSize + mem_dbg::FlatType>(
    container: &str,
    build: impl FnOnce() -> T,
) {
    let (truth, built) = weigh(build);
    let totals = Totals::of(&built);
    // An `Arc`'s block is told as shared; here the report's visitor counts each once.
    let report = lessram::mem::Report::new().add("it", &built);
    let total = report.total();
    let ours = (total.heap_bytes() + total.shared) as u64;
    let mark = if totals.estimated { "lessram (estimate)" } else { "lessram" };
    let inline = size_of::<T>() as u64;
    let flags = SizeFlags::CAPACITY | SizeFlags::FOLLOW_RCS;
    let rows = [
        (mark, ours),
        ("mem_dbg", built.mem_size(SizeFlags::default()) as u64 - inline),
        ("mem_dbg, all flags", built.mem_size(flags) as u64 - inline),
        ("get-size2", built.get_heap_size() as u64),
    ];
    eprintln!("\n{container}: {truth} bytes");
    for (reporter, said) in rows {
        let error = (said as f64 / truth as f64 - 1.0) * 100.0;
        println!("{container}\t{truth}\t{reporter}\t{said}\t{error:.2}");
        eprintln!("{reporter:<22}{said:>12}{error:>+9.2} %");
    }
}
