//! Byte strings, pairs and streams: sorted, distinct, with absent keys made from those there are.

use super::{Census, HITS, MISSES, Options, Plan, SHUFFLED, SORTED, TOKENS};
use crate::args::Kind;
use crate::error::{Failure, Outcome};
use crate::input::{Input, decimal, group, is_canonical};
use crate::progress::Progress;
use crate::rng::Rng;
use crate::scratch::Scratch;
use crate::spool::Writer;
use lessram::arrays::StrArray;

pub(super) fn prepare(
    input: &Input,
    census: &Census,
    kind: Option<Kind>,
    options: &Options<'_>,
    scratch: &Scratch,
    progress: &mut Progress,
) -> Outcome<Plan> {
    progress.bytes("reading", Some(input.bytes()));
    let lines = read(input, census, kind, options, progress)?;
    progress.phase("sorting");
    let keys = Keys::sort(lines, if kind == Some(Kind::Pairs) { before_tab } else { whole });
    let few = keys.len() as u64 * 2 < census.seen.lines;
    let kind = kind.unwrap_or(if few { Kind::Stream } else { Kind::Strings });
    let mut plan = Plan {
        dataset: input.name.clone(),
        sampled_from: input.sampled_from,
        kind,
        lines: census.seen.lines,
        items: keys.len() as u64,
        distinct: keys.len() as u64,
        payload_bytes: (0..keys.len()).map(|i| keys.get(i).len() as u64).sum(),
        longest: 0,
        max: 0,
        number_values: census.number_values == census.seen.lines,
        seed: options.seed,
        fpr: options.fpr,
    };
    progress.phase("preparing look-ups");
    if kind == Kind::Stream {
        plan.items = plan.lines;
        plan.payload_bytes = census.bytes;
        write(TOKENS, keys.lines.iter(), scratch)?;
    } else {
        write_items(&keys, &mut plan, scratch)?;
        note_repetitions(&plan, progress);
    }
    // A record is a line and at most two lengths, or a length and a number in place of a short one.
    plan.longest = keys.lines.iter().map(<[u8]>::len).max().unwrap_or(0) + 16;
    write_queries(&keys, &plan, scratch)?;
    Ok(plan)
}

fn note_repetitions(plan: &Plan, progress: &Progress) {
    let repeated = group(plan.lines - plan.items);
    match plan.kind {
        _ if plan.items == plan.lines => {}
        Kind::Pairs => progress.note(&format!(
            "lines with a key of another: {repeated}; the last value of each key counts"
        )),
        _ => progress.note(&format!("repeated lines: {repeated}; each key counts once")),
    }
}

fn read(
    input: &Input,
    census: &Census,
    kind: Option<Kind>,
    options: &Options<'_>,
    progress: &Progress,
) -> Outcome<StrArray> {
    let refused = |error| Failure::memory(format!("{}: {error}", input.name));
    let mut lines = StrArray::new();
    lines.try_reserve(census.seen.lines as usize, census.bytes as usize).map_err(refused)?;
    let mut text = input.lines(options.format.strip_cr, progress.handle())?;
    while let Some(line) = text.next()? {
        lines.try_push(line).map_err(refused)?;
        if kind == Some(Kind::Pairs) && line.iter().filter(|byte| **byte == b'\t').count() != 1 {
            return Err(text.fail_here(
                "not key<TAB>value: correct the line, or take the lines as strings (--as strings)",
            ));
        }
    }
    Ok(lines)
}

fn whole(line: &[u8]) -> &[u8] {
    line
}

fn before_tab(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == b'\t').next().unwrap_or(line)
}

/// What stands behind the first TAB.
fn behind_tab(line: &[u8]) -> &[u8] {
    line.get(before_tab(line).len() + 1..).unwrap_or(&[])
}

/// The first eight bytes as a number that compares as they do: most comparisons end there.
fn prefix(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let len = key.len().min(8);
    bytes[..len].copy_from_slice(&key[..len]);
    u64::from_be_bytes(bytes)
}

/// Distinct keys in ascending order; of equal ones the last line.
struct Keys {
    lines: StrArray,
    /// Prefix of the key, number of the line.
    order: Vec<(u64, u32)>,
    key: fn(&[u8]) -> &[u8],
}

impl Keys {
    fn sort(lines: StrArray, key: fn(&[u8]) -> &[u8]) -> Self {
        let key_of = |line: u32| key(lines.get(line as usize).unwrap_or(&[]));
        let mut order: Vec<(u64, u32)> =
            lines.iter().zip(0..).map(|(line, i)| (prefix(key(line)), i)).collect();
        order.sort_unstable_by(|a, b| {
            let keys = || key_of(a.1).cmp(key_of(b.1));
            // Later lines first, so that `dedup` keeps the last.
            a.0.cmp(&b.0).then_with(keys).then(b.1.cmp(&a.1))
        });
        order.dedup_by(|a, b| a.0 == b.0 && key_of(a.1) == key_of(b.1));
        Self { lines, order, key }
    }

    fn len(&self) -> usize {
        self.order.len()
    }

    fn line(&self, index: usize) -> &[u8] {
        self.lines.get(self.order[index].1 as usize).unwrap_or(&[])
    }

    fn get(&self, index: usize) -> &[u8] {
        (self.key)(self.line(index))
    }

    fn contains(&self, key: &[u8]) -> bool {
        let first = prefix(key);
        let line = |i: u32| (self.key)(self.lines.get(i as usize).unwrap_or(&[]));
        self.order
            .binary_search_by(|(other, i)| other.cmp(&first).then_with(|| line(*i).cmp(key)))
            .is_ok()
    }

    /// Makes `out` a key that is not there: one that is, with one byte taken from another.
    fn absent(&self, rng: &mut Rng, out: &mut Vec<u8>) {
        const TRIES: usize = 32;
        for attempt in 0.. {
            let other = self.get(rng.index(self.len()));
            let byte = if other.is_empty() { b'a' } else { other[rng.index(other.len())] };
            if attempt < TRIES {
                out.clear();
                out.extend_from_slice(self.get(rng.index(self.len())));
            }
            // Where nearly all keys of a length are taken, only a longer one is free.
            match out.len() {
                len if len > 0 && attempt < TRIES => out[rng.index(len)] = byte,
                _ => out.push(byte),
            }
            if !self.contains(out) {
                return;
            }
        }
    }
}

fn write<'a>(name: &str, items: impl Iterator<Item = &'a [u8]>, scratch: &Scratch) -> Outcome<()> {
    let mut file = Writer::create(scratch, name)?;
    for item in items {
        file.bytes(item)?;
    }
    file.finish()
}

/// Writes the items in order and in random order; adds values to the payload.
fn write_items(keys: &Keys, plan: &mut Plan, scratch: &Scratch) -> Outcome<()> {
    let pairs = plan.kind == Kind::Pairs;
    // Of repeated keys only the last value counts, so this may hold for the items alone.
    plan.number_values = pairs && (0..keys.len()).all(|i| is_canonical(behind_tab(keys.line(i))));
    let mut all: Vec<u32> = (0..keys.len() as u32).collect();
    for name in [SORTED, SHUFFLED] {
        if name == SHUFFLED {
            Rng::new(plan.seed, SHUFFLED).shuffle(&mut all);
        }
        let mut file = Writer::create(scratch, name)?;
        for index in &all {
            let index = *index as usize;
            file.bytes(keys.get(index))?;
            let value = behind_tab(keys.line(index));
            match decimal(value).filter(|_| plan.number_values) {
                Some(number) => file.bytes(&number.to_le_bytes())?,
                None if pairs => file.bytes(value)?,
                None => {}
            }
        }
        file.finish()?;
    }
    if pairs {
        plan.payload_bytes += (0..keys.len())
            .map(|i| if plan.number_values { 8 } else { behind_tab(keys.line(i)).len() as u64 })
            .sum::<u64>();
    }
    Ok(())
}

fn write_queries(keys: &Keys, plan: &Plan, scratch: &Scratch) -> Outcome<()> {
    let bytes = (0..keys.len()).map(|i| keys.get(i).len() as u64).sum();
    let count = Plan::queries(keys.len(), bytes);
    let draws = Rng::new(plan.seed, HITS).draws(keys.len(), count);
    write(HITS, draws.iter().map(|i| keys.get(*i as usize)), scratch)?;
    let mut file = Writer::create(scratch, MISSES)?;
    let (mut rng, mut key) = (Rng::new(plan.seed, MISSES), Vec::new());
    for _ in 0..count {
        keys.absent(&mut rng, &mut key);
        file.bytes(&key)?;
    }
    file.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(lines: &[&str], key: fn(&[u8]) -> &[u8]) -> Keys {
        Keys::sort(lines.iter().collect(), key)
    }

    #[test]
    fn the_last_of_equal_keys_stays() {
        let keys = keys(&["b\t1", "a\t2", "b\t3", "a\0\t4"], before_tab);
        let lines: Vec<&[u8]> = (0..keys.len()).map(|i| keys.line(i)).collect();
        assert_eq!(lines, [&b"a\t2"[..], b"a\0\t4", b"b\t3"]);
        assert!(keys.contains(b"a\0") && !keys.contains(b"a\0\0") && !keys.contains(b""));
    }

    #[test]
    fn absent_keys_are_absent() {
        let bytes: Vec<String> = (0..128_u8).map(|byte| char::from(byte).to_string()).collect();
        let bytes: Vec<&str> = bytes.iter().map(String::as_str).collect();
        for lines in [&["only"][..], &[""], &["aa", "ab", "ba", "bb", "a", "b"], &bytes] {
            let keys = keys(lines, whole);
            let (mut rng, mut key) = (Rng::new(1, "test"), Vec::new());
            for _ in 0..100 {
                keys.absent(&mut rng, &mut key);
                assert!(!lines.iter().any(|line| line.as_bytes() == key), "{key:?}");
            }
        }
    }
}
