//! Numbers: sorted, distinct, with absent ones from the gaps between them.

use super::{HITS, MISSES, Options, Plan, SHUFFLED, SORTED};
use crate::args::Kind;
use crate::error::{Failure, Outcome};
use crate::input::{Input, group};
use crate::progress::Progress;
use crate::rng::Rng;
use crate::scratch::Scratch;
use crate::spool::Writer;

pub(super) fn prepare(
    input: &Input,
    lines: u64,
    options: &Options<'_>,
    scratch: &Scratch,
    progress: &mut Progress,
) -> Outcome<Plan> {
    progress.bytes("reading", Some(input.bytes()));
    let mut numbers = read(input, lines, options, progress)?;
    let lines = numbers.len() as u64;
    progress.phase("sorting");
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.len() > u32::MAX as usize {
        return Err(Failure::bad(format!("{}: more than 2^32 numbers: split it", input.name)));
    }
    let plan = Plan {
        dataset: input.name.clone(),
        sampled_from: input.sampled_from,
        kind: Kind::Ints,
        lines,
        items: numbers.len() as u64,
        distinct: numbers.len() as u64,
        payload_bytes: numbers.len() as u64 * 8,
        longest: 8,
        max: numbers.last().copied().unwrap_or(0),
        number_values: false,
        seed: options.seed,
        fpr: options.fpr,
    };
    progress.phase("preparing look-ups");
    write(&numbers, &plan, scratch, progress)?;
    if plan.items < lines {
        let repeated = group(lines - plan.items);
        progress.note(&format!("repeated numbers: {repeated}; each counts once"));
    }
    Ok(plan)
}

fn read(
    input: &Input,
    lines: u64,
    options: &Options<'_>,
    progress: &Progress,
) -> Outcome<Vec<u64>> {
    let mut numbers = Vec::with_capacity(lines as usize);
    let mut text = input.lines(options.format.strip_cr, progress.handle())?;
    text.numbers(options.format, |_, number| {
        numbers.push(number);
        Ok(())
    })?;
    Ok(numbers)
}

fn write(numbers: &[u64], plan: &Plan, scratch: &Scratch, progress: &Progress) -> Outcome<()> {
    let file = |name: &str, numbers: &mut dyn Iterator<Item = u64>| -> Outcome<()> {
        let mut file = Writer::create(scratch, name)?;
        for number in numbers {
            file.number(number)?;
        }
        file.finish()
    };
    file(SORTED, &mut numbers.iter().copied())?;
    let count = Plan::queries(numbers.len(), 0);
    let draws = Rng::new(plan.seed, HITS).draws(numbers.len(), count);
    file(HITS, &mut draws.iter().map(|i| numbers[*i as usize]))?;
    let gaps = Gaps::of(numbers);
    if gaps.outside {
        progress.note("the numbers leave no gaps: the absent ones lie outside their range");
    }
    let mut rng = Rng::new(plan.seed, MISSES);
    file(MISSES, &mut (0..count).map(|_| gaps.absent(&mut rng)))?;
    let mut shuffled = numbers.to_vec();
    Rng::new(plan.seed, SHUFFLED).shuffle(&mut shuffled);
    file(SHUFFLED, &mut shuffled.iter().copied())
}

/// The numbers that are not there.
#[derive(Debug)]
struct Gaps<'a> {
    numbers: &'a [u64],
    first: u64,
    /// Absent numbers between the first and the last.
    inside: u64,
    /// Whether absent numbers must be taken from outside of them.
    outside: bool,
}

impl<'a> Gaps<'a> {
    fn of(numbers: &'a [u64]) -> Self {
        let first = numbers.first().copied().unwrap_or(0);
        let last = numbers.last().copied().unwrap_or(0);
        let inside = (last - first).saturating_sub(numbers.len().saturating_sub(1) as u64);
        Self { numbers, first, inside, outside: inside == 0 }
    }

    /// An absent number, each with the same chance: no trial and error, however full the range is.
    fn absent(&self, rng: &mut Rng) -> u64 {
        if !self.outside {
            return self.nth(rng.below(self.inside));
        }
        let last = self.first + (self.numbers.len() as u64).saturating_sub(1);
        // As many as there are numbers, above them if there is room, else below.
        match u64::MAX - last {
            0 => rng.below(self.first),
            above => last + 1 + rng.below(above.min(self.numbers.len() as u64)),
        }
    }

    /// The absent number `rank` between the first and the last.
    fn nth(&self, rank: u64) -> u64 {
        // How many are absent before number i grows with i.
        let absent_before = |i: usize| self.numbers[i] - self.first - i as u64;
        let (mut low, mut high) = (0, self.numbers.len());
        while low < high {
            let middle = low.midpoint(high);
            if absent_before(middle) <= rank { low = middle + 1 } else { high = middle }
        }
        self.first + rank + low as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gaps_are_what_is_not_there() {
        let numbers = [3, 4, 7, 9, 10, 20];
        let gaps = Gaps::of(&numbers);
        let all: Vec<u64> = (0..gaps.inside).map(|rank| gaps.nth(rank)).collect();
        assert_eq!(all, [5, 6, 8, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    }

    #[test]
    fn a_full_range_has_its_gaps_outside() {
        let mut rng = Rng::new(1, "test");
        for numbers in [&[5, 6, 7][..], &[0], &[u64::MAX - 1, u64::MAX]] {
            let gaps = Gaps::of(numbers);
            for _ in 0..100 {
                assert!(!numbers.contains(&gaps.absent(&mut rng)));
            }
        }
    }
}
