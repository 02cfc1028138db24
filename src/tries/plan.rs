//! [`plan`]: which dictionary some keys want, by what each is going to take of them.

use super::dawg::{bytes_of, class_of};
use super::spool::{common, shared_in_order};
use super::{Dawg, FrontDict, KeySetBuild, RearDict};
use crate::arrays::Prefer;
use crate::error::BuildError;
use crate::hashing::mix;
use crate::mem::{Footprint, Global};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

/// A dictionary that is built once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Form {
    /// A [`RearDict`] in blocks of 32 keys.
    RearDict,
    /// A [`FrontDict`].
    FrontDict,
    /// A [`Dawg`] of fewest bytes.
    Dawg,
    /// A [`Dawg`] [for time](Dawg::builder_for).
    TimedDawg,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What a dictionary is going to take of some keys, and why. Its `Display` is a line of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// The dictionary.
    pub form: Form,
    /// Its heap bytes.
    pub bytes: u64,
    /// How many keys.
    pub keys: u64,
    /// What the bytes come from, and how many there are: bytes that keys have behind what they
    /// share with the one before, or edges of the automaton.
    pub units: u64,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = |part: u64, all: u64| part as f64 / all.max(1) as f64;
        let (bytes, units) = (each(self.bytes, self.keys), each(self.units, self.keys));
        let unit = each(self.bytes, self.units);
        let what = match self.form {
            Form::Dawg | Form::TimedDawg => "edges of the automaton",
            Form::RearDict | Form::FrontDict => "bytes that differ from the key before",
        };
        let (form, all) = (self.form, self.bytes);
        write!(f, "{form}: {all} bytes, {bytes:.2} a key: {units:.2} {what}, {unit:.2} bytes each")
    }
}

/// Keys of which less than twice as many bytes differ from the key before are all built; of others
/// runs of keys with about as many.
const SAMPLE: u64 = 1 << 20;
/// Keys of a run: front coding depends on neighbours.
const RUN: usize = 128;
/// More keys have more phrases, so that each byte takes less: what it takes beyond the least falls
/// with a power of the keys, which lies between these (three sets of keys had 0.3 to 0.5).
const FALL: (f64, f64) = (0.3, 1.0);
/// An edge leads further among more edges: it takes this part more with each doubling of the keys
/// (fitted to the same three).
const RISE: f64 = 0.028;

/// What the dictionaries are going to take of `keys`, which must ascend: the smallest first.
///
/// Looks at all keys once, at what they share and, in a sketch, at how many edges their automaton
/// has, and how many keys lie below them, which tells the [`Dawg`] for time; builds the others over
/// runs of 128 keys whose bytes that differ are 1 MiB together, and infers theirs for all. Where
/// there are less than 2 MiB of these, or so few long keys that runs would overlap, it builds them
/// all, and what it says is exact. The same keys give the same plan.
///
/// Of 4,499,322 names of packages (2.6 % of the keys built) and 410,772 paths (20 %) it is at most
/// 2.2 % off for each of the first three (measured: `tries` of the peers' benches prints it), but
/// its constants were fitted to these, and to a list of words: other keys, such as names of few
/// endings, may be more than 10 % off. The bytes of the [`Dawg`] for time follow from the edges
/// alone, and are as far off as their count. Of time, bytes say nothing: see [the table](super).
///
/// # Errors
///
/// [`BuildError::NotSorted`] or [`BuildError::DuplicateKey`] with the first key's position that is
/// not greater than the one before; [`BuildError::OutOfRange`] if a key has more than 65,535
/// bytes; [`BuildError::Alloc`].
///
/// ```
/// use lessram::tries::{Form, plan};
///
/// let numbers: Vec<String> = (0..50_000).map(|i| format!("{i:05}")).collect();
/// let plans = plan(&numbers)?;
/// assert_eq!((plans[0].form, plans[0].bytes), (Form::Dawg, 312));
/// assert_eq!((plans[1].form, plans[1].bytes), (Form::TimedDawg, 344));
/// # Ok::<(), lessram::BuildError>(())
/// ```
pub fn plan<K: AsRef<[u8]>>(keys: &[K]) -> Result<[Plan; 4], BuildError> {
    plan_by(keys, SAMPLE)
}

fn plan_by<K: AsRef<[u8]>>(keys: &[K], sample: u64) -> Result<[Plan; 4], BuildError> {
    let (mut count, mut differing) = (EdgeCount::new(), 0);
    for (index, key) in keys.iter().enumerate() {
        let key = key.as_ref();
        let shared = shared_in_order(&count.last, key, index)?;
        differing += (key.len() - shared) as u64;
        count.push(key, shared);
    }
    let classes = count.finish();
    let (edges, count) = (classes.iter().sum::<u64>(), keys.len() as u64);
    let runs = Runs::new(keys.len(), differing, sample);
    let plan = |form, bytes: f64, units| Plan { form, bytes: bytes as u64, keys: count, units };
    let part = runs.keys(keys, 0, 1);
    let growth = keys.len() as f64 / part.len().max(1) as f64;

    let rear = |keys: &[&[u8]]| RearDict::from_sorted(keys).map(|dict| dict.heap_bytes() as f64);
    let [mut by_rear, mut by_front, mut by_dawg] = [
        rear(&part)?,
        FrontDict::from_sorted(&part)?.heap_bytes() as f64,
        Dawg::from_sorted(&part)?.heap_bytes() as f64,
    ];
    let by_timed;
    if runs.are_all() {
        by_timed = timed(&part)?.heap_bytes() as f64;
    } else {
        let in_parts = |parts| (0..parts).map(|at| rear(&runs.keys(keys, at, parts))).sum();
        let (quarters, sixteenths): (Result<f64, _>, Result<f64, _>) = (in_parts(4), in_parts(16));
        let scale = differing as f64 / differing_of(&part) as f64;
        by_rear = fallen([sixteenths?, quarters?, by_rear], growth) * scale;
        by_front *= scale;
        by_dawg *= edges as f64 / EdgeCount::of(&part).iter().sum::<u64>() as f64
            * (1.0 + RISE * growth.log2());
        // Of too many edges the other form is built.
        by_timed = bytes_of(classes).map_or(by_dawg, |bytes| bytes as f64);
    }
    let mut plans = [
        plan(Form::RearDict, by_rear, differing),
        plan(Form::FrontDict, by_front, differing),
        plan(Form::Dawg, by_dawg, edges),
        plan(Form::TimedDawg, by_timed, edges),
    ];
    plans.sort_by_key(|plan| plan.bytes);
    Ok(plans)
}

/// The automaton of `keys` for time.
fn timed(keys: &[&[u8]]) -> Result<Dawg, BuildError> {
    Dawg::try_from_sorted_for(keys.iter(), Prefer::Time, 0, Global)
}

/// What some items take among `growth` times as many, if they take so much in sixteenths, quarters
/// and as a whole: keys of dictionaries, and for the command lines of any structure.
#[doc(hidden)]
#[must_use]
pub fn fallen([sixteenths, quarters, whole]: [f64; 3], growth: f64) -> f64 {
    let (first, second) = (sixteenths - quarters, quarters - whole);
    if second <= 0.0 || growth <= 1.0 {
        return whole;
    }
    let power = ((first / second).max(1.0).ln() / 4_f64.ln()).clamp(FALL.0, FALL.1);
    let shrunk = 4_f64.powf(-power);
    let beyond = second * shrunk / (1.0 - shrunk);
    whole - beyond + beyond * growth.powf(-power)
}

/// Bytes that keys have behind what they share with the one before.
fn differing_of(keys: &[&[u8]]) -> u64 {
    let first = keys.first().map_or(0, |key| key.len());
    let rest = keys.windows(2).map(|two| two[1].len() - common(two[0], two[1]));
    (first + rest.sum::<usize>()) as u64
}

/// Runs of keys, spread evenly.
struct Runs {
    /// How many; `None` if all keys are taken.
    count: Option<usize>,
}

impl Runs {
    /// Runs of `len` keys, of which so many bytes differ, so that about `sample` of these do.
    fn new(len: usize, differing: u64, sample: u64) -> Self {
        if differing < 2 * sample {
            return Self { count: None };
        }
        let keys = len as f64 * (sample as f64 / differing as f64);
        let count = (keys / RUN as f64).ceil() as usize;
        let count = count.next_multiple_of(16);
        // So few long keys that runs would overlap: all of them.
        Self { count: Some(count).filter(|count| *count <= len / (2 * RUN)) }
    }

    const fn are_all(&self) -> bool {
        self.count.is_none()
    }

    /// Of each `every` runs the one number `at`.
    fn keys<'k, K: AsRef<[u8]>>(&self, keys: &'k [K], at: usize, every: usize) -> Vec<&'k [u8]> {
        let Some(count) = self.count else {
            return keys.iter().map(AsRef::as_ref).collect();
        };
        let room = (keys.len() - RUN) as u64;
        let starts = (at..count).step_by(every);
        let starts = starts.map(|run| room * (2 * run as u64 + 1) / (2 * count as u64));
        let runs = starts.map(|start| &keys[start as usize..][..RUN]);
        runs.flatten().map(AsRef::as_ref).collect()
    }
}

/// A state of the automaton, as far as it is known.
#[derive(Clone, Copy)]
struct State {
    /// Of the edges so far.
    hash: u64,
    edges: u32,
    /// Keys that end on and below these.
    keys: u32,
    /// Whether a key ends on the edge that leads here.
    ends: bool,
}

const NEW: State = State { hash: 1, edges: 0, keys: 0, ends: false };

/// How many edges the smallest automaton of keys has, whose states are told apart by hashes of
/// what lies behind them. Keeps some of the states, those of the lowest hashes: all others are like
/// them.
struct EdgeCount {
    last: Vec<u8>,
    /// The states on the way to the last key.
    path: Vec<State>,
    /// Edges of states that are kept, and keys that end on and below them, by hash.
    kept: BTreeMap<u64, (u32, u32)>,
    /// Those are kept whose hashes begin with so many zeros.
    zeros: u32,
}

/// The most states that are kept: the error is then half a percent.
const MOST_KEPT: usize = 1 << 16;

impl EdgeCount {
    fn new() -> Self {
        Self { last: Vec::new(), path: Vec::from([NEW]), kept: BTreeMap::new(), zeros: 0 }
    }

    /// Edges of all the states of `keys`, which ascend, by what their counts need.
    fn of(keys: &[&[u8]]) -> [u64; 3] {
        let mut count = Self::new();
        for key in keys {
            let shared = common(&count.last, key);
            count.push(key, shared);
        }
        count.finish()
    }

    /// A key, which shares so many bytes with the one before.
    fn push(&mut self, key: &[u8], shared: usize) {
        self.close(shared);
        self.last.truncate(shared);
        self.last.extend_from_slice(&key[shared..]);
        self.path.resize(key.len() + 1, NEW);
        self.path[key.len()].ends = true;
    }

    fn finish(mut self) -> [u64; 3] {
        self.close(0);
        self.keep(self.path[0]);
        let mut classes = [0; 3];
        for (edges, keys) in self.kept.values() {
            classes[class_of(*keys)] += u64::from(*edges) << self.zeros;
        }
        classes
    }

    /// Nothing more follows the states deeper than `depth`.
    fn close(&mut self, depth: usize) {
        while self.path.len() > depth + 1 {
            let Some(state) = self.path.pop() else { return };
            let below = self.keep(state);
            let at = self.path.len() - 1;
            let edge = u64::from(self.last[at]) << 1 | u64::from(state.ends);
            let above = &mut self.path[at];
            above.hash = mix(above.hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ mix(below ^ edge));
            above.edges += 1;
            above.keys = above.keys.saturating_add(state.keys).saturating_add(state.ends.into());
        }
    }

    /// The hash of a state that is known; keeps it if that is low.
    fn keep(&mut self, state: State) -> u64 {
        if state.edges == 0 {
            return 0;
        }
        let hash = mix(state.hash);
        if hash.leading_zeros() >= self.zeros {
            self.kept.insert(hash, (state.edges, state.keys));
            while self.kept.len() > MOST_KEPT {
                self.zeros += 1;
                let zeros = self.zeros;
                self.kept.retain(|hash, _| hash.leading_zeros() >= zeros);
            }
        }
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::data::Rng;
    use std::collections::BTreeSet;
    use std::format;
    use std::string::{String, ToString};

    /// Made-up names: of some stems, some endings and a number now and then.
    fn names(len: usize) -> Vec<String> {
        let mut rng = Rng::new(5);
        let word = |rng: &mut Rng, most: usize| -> String {
            (0..2 + rng.below(most)).map(|_| char::from(b'a' + rng.below(20) as u8)).collect()
        };
        let stems: Vec<String> = (0..len / 20).map(|_| word(&mut rng, 7)).collect();
        let endings: Vec<String> = (0..60).map(|_| word(&mut rng, 5)).collect();
        let mut names = BTreeSet::new();
        while names.len() < len {
            let (stem, ending) = (&stems[rng.below(stems.len())], &endings[rng.below(60)]);
            let number = if rng.below(4) == 0 { rng.below(100).to_string() } else { String::new() };
            names.insert(format!("{stem}-{ending}{number}"));
        }
        names.into_iter().collect()
    }

    fn right(keys: &[String]) -> [(Form, u64); 4] {
        let texts: Vec<&[u8]> = keys.iter().map(|key| key.as_bytes()).collect();
        [
            (Form::RearDict, RearDict::from_sorted(keys).unwrap().heap_bytes() as u64),
            (Form::FrontDict, FrontDict::from_sorted(keys).unwrap().heap_bytes() as u64),
            (Form::Dawg, Dawg::from_sorted(keys).unwrap().heap_bytes() as u64),
            (Form::TimedDawg, timed(&texts).unwrap().heap_bytes() as u64),
        ]
    }

    #[test]
    fn few_keys_are_built_to_the_byte() {
        for keys in [names(2_000), names(21), Vec::new(), Vec::from([String::new()])] {
            let plans = plan(&keys).unwrap();
            assert!(plans.is_sorted_by_key(|plan| plan.bytes));
            for (form, bytes) in right(&keys) {
                let found = plans.iter().find(|plan| plan.form == form).unwrap();
                assert_eq!((found.bytes, found.keys), (bytes, keys.len() as u64), "{form}");
            }
        }
    }

    #[test]
    fn what_a_sample_says_is_near() {
        let keys = names(20_000);
        let plans = plan_by(&keys, 1 << 15).unwrap();
        assert_eq!(plans, plan_by(&keys, 1 << 15).unwrap());
        for (form, bytes) in right(&keys) {
            let found = plans.iter().find(|plan| plan.form == form).unwrap();
            let off = found.bytes as f64 / bytes as f64 - 1.0;
            assert!(off.abs() < 0.15, "{found}: {bytes} of {form}, {off:+.3} off");
        }
    }

    #[test]
    fn edges_are_those_of_the_automaton() {
        let edges = |keys: &[&str]| -> u64 {
            let keys: Vec<&[u8]> = keys.iter().map(|key| key.as_bytes()).collect();
            EdgeCount::of(&keys).iter().sum()
        };
        assert_eq!((edges(&[]), edges(&[""]), edges(&["a"]), edges(&["", "abc"])), (0, 0, 1, 3));
        // Both share "ked", and "ke" without more.
        assert_eq!(edges(&["bake", "baked", "cake", "caked"]), 6);
        assert_eq!(edges(&["a", "ab", "b"]), 3);
        let keys: Vec<String> = (0..100_000).map(|i| format!("{i:05}")).collect();
        let keys: Vec<&[u8]> = keys.iter().map(|key| key.as_bytes()).collect();
        // Below the last state and the one before it lie 10 and 100 keys.
        assert_eq!(EdgeCount::of(&keys), [30, 10, 10]);
    }

    #[test]
    fn edges_tell_the_bytes_of_the_form_for_time() {
        for keys in [names(20_000), names(300), names(21), Vec::new(), Vec::from([String::new()])] {
            let keys: Vec<&[u8]> = keys.iter().map(|key| key.as_bytes()).collect();
            let bytes = timed(&keys).unwrap().heap_bytes() as u64;
            assert_eq!(bytes_of(EdgeCount::of(&keys)), Some(bytes));
        }
        assert_eq!(bytes_of([1 << 22, 0, 0]), None);
    }

    #[test]
    fn keys_out_of_order_are_refused() {
        assert_eq!(plan(&["b", "a"]).unwrap_err(), BuildError::NotSorted { index: 1 });
        assert_eq!(plan(&["a", "b", "b"]).unwrap_err(), BuildError::DuplicateKey { index: 2 });
    }
}
