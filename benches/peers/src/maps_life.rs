//! Maps and sets that live long: each turn, the oldest key goes and a new one comes. The time of a
//! turn, bytes and misses after ten lives, the longest operations while one grows, changes and
//! shrinks, and the bytes it keeps when most of its keys are gone. `SIZES=1000000` runs this
//! size only.

use crate::Outcome;
use crate::harness::quantile;
use crate::race::{Random, contender, race, sizes, weigh};
use cpu_time::ThreadTime;
use indexmap::IndexMap;
use lessram::hashing::DefaultHashBuilder;
use lessram::maps::{CompactMap, IntMap, IntSet, Map, OrderedMap, Quick};
use lessram::mem::Global;
use std::hint::black_box;
use std::ops::Range;
use std::sync::Mutex;
use std::time::Duration;

type Fast = Map<u64, u64, DefaultHashBuilder, Global, Quick>;
type Index = IndexMap<u64, u64, DefaultHashBuilder>;
type Hashbrown = hashbrown::HashMap<u64, u64, DefaultHashBuilder>;

/// All keys are others after one.
const LIVES: u64 = 10;
/// A look at how misses fare comes so often in a life.
const LOOKS: u64 = 4;
const QUERIES: u64 = 200_000;
/// Operations of which the longest is sought are timed so many together: the clock takes as long as
/// some of them.
const TOGETHER: usize = 16;

/// Runs all sizes, from cache to far beyond it; lets none of the largest live ten lives.
pub fn run(rounds: usize) -> Outcome {
    for n in sizes("100000,1000000,10000000")? {
        let n = n as u64;
        eprintln!("\nn {n}");
        if n <= 1_000_000 {
            let aged = MAKES.iter().map(|(name, make)| (*name, aged(name, *make, n)));
            turns(&aged.collect::<Vec<_>>(), n, rounds)?;
        }
        for (name, make) in MAKES {
            longest(name, *make, n);
            shrunk(name, *make, n);
        }
    }
    Ok(())
}

/// A figure of one, for the tables.
fn tell(name: &str, n: u64, what: &str, value: f64) {
    println!("life_{what}\tn {n}\t0\t{name}\t1\t{value}\t0");
    eprintln!("{name:<22} {}: {value:.3}", what.replace('_', " "));
}

/// The key of a number: others for others.
fn key(number: u64) -> u64 {
    Random(number).number()
}

/// A set of keys of any make, or a map from them; keys are told by their numbers.
trait Keys: Send {
    fn add(&mut self, key: u64) -> bool;
    fn has(&self, key: u64) -> bool;
    fn take(&mut self, key: u64) -> bool;

    fn add_all(&mut self, numbers: Range<u64>) -> u64 {
        numbers.map(|number| u64::from(black_box(self.add(key(number))))).sum()
    }

    fn take_all(&mut self, numbers: Range<u64>) -> u64 {
        numbers.map(|number| u64::from(black_box(self.take(key(number))))).sum()
    }

    /// Each of these goes, and the one that is `n` behind it comes.
    fn turns(&mut self, oldest: Range<u64>, n: u64) -> u64 {
        let turn = |old| self.take(key(old)) & self.add(key(old + n));
        oldest.map(turn).map(u64::from).sum()
    }

    fn hits(&self, numbers: Range<u64>) -> u64 {
        numbers.map(|number| u64::from(self.has(key(number)))).sum()
    }
}

macro_rules! map {
    ($map:ty, $remove:ident) => {
        impl Keys for $map {
            fn add(&mut self, key: u64) -> bool {
                self.insert(key, key).is_none()
            }

            fn has(&self, key: u64) -> bool {
                self.contains_key(&key)
            }

            fn take(&mut self, key: u64) -> bool {
                self.$remove(&key).is_some()
            }
        }
    };
}

map!(Map<u64, u64>, remove);
map!(Fast, remove);
map!(CompactMap<u64, u64>, remove);
map!(OrderedMap<u64, u64>, swap_remove);
map!(Index, swap_remove);
map!(Hashbrown, remove);

impl Keys for IntMap<u64> {
    fn add(&mut self, key: u64) -> bool {
        self.insert(key, key).is_none()
    }

    fn has(&self, key: u64) -> bool {
        self.contains_key(key)
    }

    fn take(&mut self, key: u64) -> bool {
        self.remove(key).is_some()
    }
}

impl Keys for IntSet {
    fn add(&mut self, key: u64) -> bool {
        self.insert(key)
    }

    fn has(&self, key: u64) -> bool {
        self.contains(key)
    }

    fn take(&mut self, key: u64) -> bool {
        self.remove(key)
    }
}

type Make = fn() -> Box<dyn Keys>;

fn make<K: Keys + Default + 'static>() -> Box<dyn Keys> {
    Box::new(K::default())
}

const MAKES: &[(&str, Make)] = &[
    ("lessram_compact", make::<Map<u64, u64>>),
    ("lessram_quick", make::<Fast>),
    ("lessram_compact_map", make::<CompactMap<u64, u64>>),
    ("lessram_int_map", make::<IntMap<u64>>),
    ("lessram_int_set", make::<IntSet>),
    ("lessram_ordered", make::<OrderedMap<u64, u64>>),
    ("hashbrown", make::<Hashbrown>),
    ("indexmap", make::<Index>),
];

fn filled(make: Make, numbers: Range<u64>) -> (u64, Box<dyn Keys>) {
    weigh(|| {
        let mut keys = make();
        assert_eq!(keys.add_all(numbers.clone()), numbers.end - numbers.start);
        keys
    })
}

/// What is left of keys after ten lives, and the number of the oldest.
struct Aged {
    keys: Box<dyn Keys>,
    oldest: u64,
    bytes: u64,
}

/// Lets one live; tells of its bytes, and of misses beside those of one that is as it was.
fn aged(name: &str, make: Make, n: u64) -> Mutex<Aged> {
    let (fresh_bytes, fresh) = filled(make, 0..n);
    // Made beforehand: it must not be weighed.
    let mut slowdowns = Vec::with_capacity((LIVES * LOOKS) as usize);
    let (bytes, keys) = weigh(|| {
        let mut keys = make();
        keys.add_all(0..n);
        let part = n / LOOKS;
        for look in 0..LIVES * LOOKS {
            assert_eq!(keys.turns(look * part..(look + 1) * part, n), part);
            slowdowns.push(slowdown(&*keys, &*fresh, look));
        }
        keys
    });
    let worst = slowdowns.iter().copied().fold(0.0, f64::max);
    let last = &mut slowdowns[slowdowns.len() - LOOKS as usize..].to_vec();
    tell(name, n, "bytes_over_fresh", bytes as f64 / fresh_bytes as f64);
    tell(name, n, "misses_over_fresh", quantile(last, 0.5));
    tell(name, n, "misses_over_fresh_at_worst", worst);
    Mutex::new(Aged { keys, oldest: LIVES * n, bytes })
}

/// The time of misses in one over that in the other: the least of three turns, as others interrupt.
fn slowdown(keys: &dyn Keys, fresh: &dyn Keys, look: u64) -> f64 {
    let mut least = [Duration::MAX; 2];
    for turn in 0..3 {
        let absent = u64::MAX / 2 + (3 * look + turn) * QUERIES;
        for (least, keys) in least.iter_mut().zip([keys, fresh]) {
            let begin = ThreadTime::now();
            assert_eq!(keys.hits(absent..absent + QUERIES), 0);
            *least = begin.elapsed().min(*least);
        }
    }
    least[0].as_secs_f64() / least[1].as_secs_f64()
}

fn turns(aged: &[(&'static str, Mutex<Aged>)], n: u64, rounds: usize) -> Outcome {
    // In so many, each region of a table is put in order once or twice.
    let count = n / 2;
    let contenders: Vec<_> = aged
        .iter()
        .map(|(name, aged)| {
            let bytes = aged.lock().map_or(0, |aged| aged.bytes);
            contender(name, bytes, move || {
                let mut aged = aged.lock().expect("no turn panics");
                let oldest = aged.oldest;
                aged.oldest += count;
                aged.keys.turns(oldest..oldest + count, n)
            })
        })
        .collect();
    race("life_remove_and_insert", &format!("n {n}"), rounds, count as usize, true, &contenders)
}

/// The longest insertions and removals, 16 together, while one grows, changes and shrinks: the
/// shortest of two such lives, in CPU time, as others interrupt.
fn longest(name: &str, make: Make, n: u64) {
    let life = |_| {
        let (mut keys, mut longest) = (make(), [Duration::ZERO; 2]);
        let mut time = |which: usize, work: &mut dyn FnMut() -> u64| {
            let begin = ThreadTime::now();
            assert_eq!(work(), TOGETHER as u64);
            longest[which] = longest[which].max(begin.elapsed());
        };
        let steps = |numbers: Range<u64>| {
            numbers.step_by(TOGETHER).map(|number| number..number + TOGETHER as u64)
        };
        for new in steps(0..n) {
            time(0, &mut || keys.add_all(new.clone()));
        }
        for old in steps(0..n / 2) {
            time(1, &mut || keys.take_all(old.clone()));
            time(0, &mut || keys.add_all(old.start + n..old.end + n));
        }
        for old in steps(n / 2..n + n / 2) {
            time(1, &mut || keys.take_all(old.clone()));
        }
        longest
    };
    let lives: Vec<[Duration; 2]> = (0..2).map(life).collect();
    for (which, what) in ["longest_16_insertions_us", "longest_16_removals_us"].iter().enumerate() {
        let least = lives.iter().map(|life| life[which]).min().unwrap_or_default();
        tell(name, n, what, least.as_micros() as f64);
    }
}

/// What one keeps of its bytes when 99 of 100 keys are gone, beside one that has the rest alone.
fn shrunk(name: &str, make: Make, n: u64) {
    let rest = n - n / 100..n;
    let (few, _) = filled(make, rest.clone());
    let (left, _) = weigh(|| {
        let mut keys = make();
        keys.add_all(0..n);
        keys.take_all(0..rest.start);
        keys
    });
    tell(name, n, "bytes_of_the_last_hundredth_over_fresh", left as f64 / few as f64);
}
