//! [`Phrases`]: pieces of 1 to 16 bytes of which suffixes are put together, and their training.
//!
//! Training repeats: cut a sample into phrases at the least cost, count phrases and pairs of
//! neighbours, keep those that save more bits than they take. Costs are whole numbers, in 1/256
//! bits, and ties are broken by the phrases' bytes: the same keys train the same phrases on every
//! machine.

use super::spool::Pass;
use crate::error::AllocError;
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;

/// The most bytes of a phrase.
pub(super) const PHRASE: usize = 16;
/// A bit, in the unit of costs.
pub(super) const BIT: u32 = 256;
/// The symbol that ends a suffix, behind all bytes.
const END: u32 = 256;
/// No phrase ends in this node.
const NONE: u32 = u32::MAX;
/// Phrases have numbers of so many bits while they are trained, and pairs are counted to 2^30.
const ID_BITS: u32 = 17;
const COUNT_BITS: u32 = 64 - 2 * ID_BITS;
/// Rounds in which phrases are joined: guess.
const ROUNDS: u32 = 9;
/// The most phrases after the first round; each round may keep twice as many.
const FIRST_ROUND: usize = 512;
/// What occurs less often in the sample is noise.
const FEWEST: u64 = 4;
/// Slots of a trie at first.
const FEWEST_SLOTS: usize = 1 << 10;
/// Suffixes, and pairs, that are taken at least before equal ones are put together: 3 MB, 512 KB.
const SUFFIXES: usize = 1 << 18;
const PAIRS: usize = 1 << 16;

/// A piece of a suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Phrase {
    /// Its bytes, and zeros behind them.
    pub(super) bytes: [u8; PHRASE],
    /// How many bytes there are; 0 only of the bare end.
    pub(super) len: u8,
    /// Whether the suffix ends behind it.
    pub(super) end: bool,
}

impl Phrase {
    /// The end of a suffix, without bytes before it.
    pub(super) const END: Self = Self { bytes: [0; PHRASE], len: 0, end: true };

    /// A single byte.
    pub(super) const fn single(byte: u8) -> Self {
        let mut bytes = [0; PHRASE];
        bytes[0] = byte;
        Self { bytes, len: 1, end: false }
    }

    /// Its bytes.
    pub(super) fn text(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Bytes and end.
    const fn symbols(&self) -> usize {
        self.len as usize + self.end as usize
    }

    /// `self` and then `next`, if both have no more than `longest` bytes.
    fn joined(&self, next: &Self, longest: usize) -> Option<Self> {
        let (at, len) = (usize::from(self.len), usize::from(self.len + next.len));
        if self.end || len > longest {
            return None;
        }
        let mut joined = Self { len: len as u8, end: next.end, ..*self };
        joined.bytes[at..len].copy_from_slice(next.text());
        Some(joined)
    }
}

/// Phrases with what each costs, and a trie that finds those that begin at a place.
pub(super) struct Phrases<A: Alloc> {
    pub(super) list: RawVec<Phrase, A>,
    /// What a phrase costs, in 1/256 bits.
    pub(super) costs: RawVec<u32, A>,
    /// Children of the root by symbol; 0 for none.
    root: [u32; 257],
    /// Children of the other nodes: `node * 257 + symbol + 1` above 32 bits of child; 0 is free.
    slots: RawVec<u64, A>,
    /// The phrase that ends in each node.
    ends: RawVec<u32, A>,
}

/// `len` slots, a power of two, without a child in them.
fn free_slots<A: Alloc>(len: usize, alloc: A) -> Result<RawVec<u64, A>, AllocError> {
    let mut slots = RawVec::new_in(alloc);
    slots.try_reserve_exact(len)?;
    slots.try_resize(len, 0)?;
    Ok(slots)
}

/// What cutting needs room for, kept from one suffix to the next.
pub(super) struct Scratch<A: Alloc> {
    /// The least cost up to each place, and the phrase that comes last on that way.
    best: RawVec<(u32, u32), A>,
    /// The phrases of the suffix, the last one first.
    pub(super) reversed: RawVec<u32, A>,
}

impl<A: Alloc + Clone> Scratch<A> {
    pub(super) fn new(alloc: A) -> Self {
        Self { best: RawVec::new_in(alloc.clone()), reversed: RawVec::new_in(alloc) }
    }
}

impl<A: Alloc + Clone> Phrases<A> {
    /// These phrases, each at its cost.
    pub(super) fn new(
        list: RawVec<Phrase, A>,
        costs: RawVec<u32, A>,
        alloc: A,
    ) -> Result<Self, AllocError> {
        let slots = free_slots(FEWEST_SLOTS, alloc.clone())?;
        let mut ends = RawVec::new_in(alloc.clone());
        ends.try_push(NONE)?;
        let mut phrases = Self { list, costs, root: [0; 257], slots, ends };
        for id in 0..phrases.list.len() {
            // Room for all nodes of the phrase, and as much again.
            if 2 * (phrases.ends.len() + PHRASE + 1) > phrases.slots.len() {
                phrases.widen(alloc.clone())?;
            }
            phrases.enter(id)?;
        }
        Ok(phrases)
    }

    /// Twice as many slots.
    fn widen(&mut self, alloc: A) -> Result<(), AllocError> {
        let wider = free_slots(2 * self.slots.len(), alloc)?;
        let slots = core::mem::replace(&mut self.slots, wider);
        for slot in slots.iter().filter(|slot| **slot != 0) {
            let (place, _) = self.find_key((*slot >> 32) as u32);
            self.slots[place] = *slot;
        }
        Ok(())
    }

    /// Puts a phrase into the trie.
    fn enter(&mut self, id: usize) -> Result<(), AllocError> {
        let phrase = self.list[id];
        let mut node = 0;
        for at in 0..phrase.symbols() {
            let symbol = if at == usize::from(phrase.len) { END } else { phrase.bytes[at].into() };
            let next = self.ends.len() as u32;
            let child = if node == 0 {
                let child = &mut self.root[symbol as usize];
                if *child == 0 {
                    *child = next;
                }
                *child
            } else {
                let (place, child) = self.find(node, symbol);
                if child == 0 {
                    self.slots[place] = u64::from(node * 257 + symbol + 1) << 32 | u64::from(next);
                }
                if child == 0 { next } else { child }
            };
            if child == next {
                self.ends.try_push(NONE)?;
            }
            node = child;
        }
        self.ends[node as usize] = id as u32;
        Ok(())
    }

    /// The slot of a child of a node below the root, and the child; 0 if there is none.
    #[inline(always)]
    fn find(&self, node: u32, symbol: u32) -> (usize, u32) {
        self.find_key(node * 257 + symbol + 1)
    }

    /// The slot of a node and symbol, and what child there is; 0 if there is none.
    #[inline(always)]
    fn find_key(&self, key: u32) -> (usize, u32) {
        let mask = self.slots.len() - 1;
        let mut place = (u64::from(key).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & mask;
        loop {
            let slot = self.slots[place];
            if slot == 0 {
                return (place, 0);
            }
            if (slot >> 32) as u32 == key {
                return (place, slot as u32);
            }
            place = (place + 1) & mask;
        }
    }

    /// Cuts `text` into phrases at the least cost; they are in `scratch.reversed`.
    ///
    /// Each byte of it must be a phrase of its own.
    pub(super) fn cut_open(&self, text: &[u8], scratch: &mut Scratch<A>) -> Result<(), AllocError> {
        self.cut_without(NONE, text, false, scratch)?;
        Ok(())
    }

    /// As [`cut_open`](Self::cut_open), of a suffix and its end, which must be a phrase too.
    pub(super) fn cut(&self, suffix: &[u8], scratch: &mut Scratch<A>) -> Result<(), AllocError> {
        self.cut_without(NONE, suffix, true, scratch)?;
        Ok(())
    }

    /// As [`cut`](Self::cut), with the end only if `ends`, and without the phrase `banned`; returns
    /// the cost.
    fn cut_without(
        &self,
        banned: u32,
        text: &[u8],
        ends: bool,
        scratch: &mut Scratch<A>,
    ) -> Result<u32, AllocError> {
        let len = text.len() + usize::from(ends);
        let best = &mut scratch.best;
        best.truncate(0);
        best.try_resize(len + 1, (u32::MAX, NONE))?;
        best[0].0 = 0;
        for start in 0..len {
            let before = best[start].0;
            let mut node = 0;
            for at in start..len {
                let symbol = text.get(at).map_or(END, |byte| u32::from(*byte));
                let child = &self.root[symbol as usize];
                node = if node == 0 { *child } else { self.find(node, symbol).1 };
                if node == 0 {
                    break;
                }
                let id = self.ends[node as usize];
                if id != NONE && id != banned {
                    let cost = before.saturating_add(self.costs[id as usize]);
                    if cost < best[at + 1].0 {
                        best[at + 1] = (cost, id);
                    }
                }
            }
        }
        scratch.reversed.truncate(0);
        let (mut at, cost) = (len, best[len].0);
        while at > 0 {
            let id = best[at].1;
            let Some(phrase) = self.list.get(id as usize) else { break };
            scratch.reversed.try_push(id)?;
            at -= phrase.symbols();
        }
        Ok(cost)
    }
}

/// Suffixes to train on, equal ones once: those of every so many blocks.
pub(super) struct Sample<A: Alloc> {
    /// One block of so many is taken.
    step: u64,
    /// Bytes of text that are enough: keys may be such that these blocks have nearly all.
    most: usize,
    text: RawVec<u8, A>,
    /// Start and length in the text, and how often; the same one several times until they are
    /// [folded](Self::fold), when there are so many.
    suffixes: RawVec<(u32, u32, u32), A>,
    fold_at: usize,
}

impl<A: Alloc + Clone> Sample<A> {
    /// Of `all` bytes of suffixes about `bytes`, and never more than eight times that.
    pub(super) fn new(bytes: u32, all: u64, alloc: A) -> Self {
        let (text, suffixes) = (RawVec::new_in(alloc.clone()), RawVec::new_in(alloc));
        let (step, most) = ((all / u64::from(bytes)).max(1), bytes as usize * 8);
        Self { step, most, text, suffixes, fold_at: SUFFIXES }
    }

    /// Takes a suffix, if its block is one of those.
    pub(super) fn push(&mut self, block: usize, suffix: &[u8]) -> Result<(), AllocError> {
        if block as u64 % self.step != 0 || suffix.len() > self.most - self.text.len() {
            return Ok(());
        }
        if self.suffixes.len() >= self.fold_at {
            self.fold();
            self.fold_at = next_fold(self.suffixes.len(), SUFFIXES);
        }
        let start = self.text.len() as u32;
        self.text.try_extend_from_slice(suffix)?;
        self.suffixes.try_push((start, suffix.len() as u32, 1))
    }

    /// Lets equal suffixes stand once.
    fn fold(&mut self) {
        let text = &self.text;
        let of = |&(start, len, _): &(u32, u32, u32)| &text[start as usize..][..len as usize];
        self.suffixes.sort_unstable_by(|a, b| of(a).cmp(of(b)));
        let kept = fold(&mut self.suffixes, |kept, next| {
            let equal = of(kept) == of(next);
            kept.2 += if equal { next.2 } else { 0 };
            equal
        });
        self.suffixes.truncate(kept);
    }

    fn each(&self) -> impl Iterator<Item = (&[u8], u64)> {
        let text = |&(start, len, count): &(u32, u32, u32)| {
            (&self.text[start as usize..][..len as usize], u64::from(count))
        };
        self.suffixes.iter().map(text)
    }
}

/// Moves the first of equal items that stand together to the front, and returns how many these
/// are: those of which `add` says that it put the second one to the first.
fn fold<T: Copy>(items: &mut [T], mut add: impl FnMut(&mut T, &T) -> bool) -> usize {
    let mut kept = 0;
    for at in 0..items.len() {
        let next = items[at];
        if kept == 0 || !add(&mut items[kept - 1], &next) {
            items[kept] = next;
            kept += 1;
        }
    }
    kept
}

/// How many items there are when they are folded again, if so many were kept the last time: so many
/// more that sorting is paid for by those that came, and `least` at least.
fn next_fold(kept: usize, least: usize) -> usize {
    least.max(kept + kept / 2)
}

/// Pairs of neighbours and how often they stand together.
struct Pairs<A: Alloc> {
    /// Two ids and a count each; the same one several times until they are [folded](Self::fold),
    /// when there are so many.
    list: RawVec<u64, A>,
    fold_at: usize,
}

impl<A: Alloc> Pairs<A> {
    const fn new(alloc: A) -> Self {
        Self { list: RawVec::new_in(alloc), fold_at: PAIRS }
    }

    fn clear(&mut self) {
        self.list.truncate(0);
        self.fold_at = PAIRS;
    }

    /// Counts a pair: `count` times.
    fn push(&mut self, first: u32, next: u32, count: u64) -> Result<(), AllocError> {
        if self.list.len() >= self.fold_at {
            self.fold();
            self.fold_at = next_fold(self.list.len(), PAIRS);
        }
        let ids = u64::from(first) << ID_BITS | u64::from(next);
        self.list.try_push(ids << COUNT_BITS | count)
    }

    /// Lets each pair stand once, in order.
    fn fold(&mut self) {
        self.list.sort_unstable();
        let kept = fold(&mut self.list, |kept, next| {
            let equal = *kept >> COUNT_BITS == *next >> COUNT_BITS;
            // There are fewer in all than a count could be.
            *kept += if equal { *next & ((1 << COUNT_BITS) - 1) } else { 0 };
            equal
        });
        self.list.truncate(kept);
    }

    /// Each pair that stands once: its ids and its count.
    fn each(&self) -> impl Iterator<Item = (usize, usize, u64)> {
        const ID: u64 = (1 << ID_BITS) - 1;
        self.list.iter().map(|pair| {
            let ids = pair >> COUNT_BITS;
            ((ids >> ID_BITS) as usize, (ids & ID) as usize, pair & ((1 << COUNT_BITS) - 1))
        })
    }
}

/// What training aims at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Aim {
    /// The most phrases, single ones included, and the most bytes of one, up to [`PHRASE`].
    pub(super) most: usize,
    pub(super) longest: usize,
    /// Whether phrases have codes of one byte each, and none says that a suffix ends; else they
    /// have the codes that their frequencies ask for.
    pub(super) flat: bool,
    /// What a phrase costs by being there, in 1/256 bits. The sample has to pay its share of it.
    pub(super) price: u64,
}

/// A phrase that may stay or come, with the bits it saves and how often it occurs.
type Candidate = (i64, Phrase, u64);

/// Training under way.
struct Training<'s, A: Alloc> {
    sample: &'s Sample<A>,
    aim: Aim,
    phrases: Phrases<A>,
    /// Phrases from the start of the list on that stay whatever they save.
    singles: usize,
    counts: RawVec<u64, A>,
    pairs: Pairs<A>,
    scratch: Scratch<A>,
    alloc: A,
}

/// The phrases that fit the sample best, for texts of the bytes in `used`.
pub(super) fn train<A: Alloc + Clone>(
    sample: &mut Sample<A>,
    used: &[bool; 256],
    aim: Aim,
    mut pass: Pass<'_>,
    alloc: A,
) -> Result<Phrases<A>, AllocError> {
    sample.fold();
    let aim = Aim { price: aim.price / sample.step, ..aim };
    let mut list = RawVec::new_in(alloc.clone());
    if !aim.flat {
        list.try_push(Phrase::END)?;
    }
    for byte in 0..=255 {
        if used[usize::from(byte)] {
            list.try_push(Phrase::single(byte))?;
        }
    }
    let singles = list.len();
    let mut costs = RawVec::new_in(alloc.clone());
    costs.try_resize(singles, 8 * BIT)?;
    let phrases = Phrases::new(list, costs, alloc.clone())?;
    let (counts, pairs) = (RawVec::new_in(alloc.clone()), Pairs::new(alloc.clone()));
    let scratch = Scratch::new(alloc.clone());
    let mut training = Training { sample, aim, phrases, singles, counts, pairs, scratch, alloc };
    for round in 0..=ROUNDS {
        training.count(round < ROUNDS)?;
        let most = if round == ROUNDS { aim.most } else { FIRST_ROUND << round };
        training.choose(most.min(aim.most + aim.most / 4))?;
        pass.at(round as usize + 1, ROUNDS as usize + 1);
    }
    Ok(training.phrases)
}

impl<A: Alloc + Clone> Training<'_, A> {
    /// Cuts the sample; counts phrases, and pairs of neighbours if `pairs`.
    fn count(&mut self, pairs: bool) -> Result<(), AllocError> {
        self.counts.truncate(0);
        self.counts.try_resize(self.phrases.list.len(), 0)?;
        self.pairs.clear();
        for (text, count) in self.sample.each() {
            self.phrases.cut_without(NONE, text, !self.aim.flat, &mut self.scratch)?;
            let mut next: Option<u32> = None;
            for id in self.scratch.reversed.iter() {
                self.counts[*id as usize] += count;
                if let (true, Some(next)) = (pairs, next) {
                    self.pairs.push(*id, next, count)?;
                }
                next = Some(*id);
            }
        }
        self.pairs.fold();
        Ok(())
    }

    /// What a phrase costs that occurs `count` times among `total`.
    fn cost(&self, count: u64, total: u64) -> u32 {
        if self.aim.flat { 8 * BIT } else { cost(count, total) }
    }

    /// Keeps the `most` phrases and pairs that save most.
    fn choose(&mut self, most: usize) -> Result<(), AllocError> {
        let total: u64 = self.counts.iter().sum();
        for id in 0..self.counts.len() {
            self.phrases.costs[id] = self.cost(self.counts[id], total);
        }
        let mut candidates = RawVec::new_in(self.alloc.clone());
        self.present(&mut candidates)?;
        self.joined(total, &mut candidates)?;
        // Of equal phrases the one that saves more.
        candidates.sort_unstable_by(|a: &Candidate, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)));
        let kept = fold(&mut candidates, |kept, next| kept.1 == next.1);
        candidates.truncate(kept);
        candidates.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        candidates.truncate(most.saturating_sub(self.singles));
        self.adopt(&candidates)
    }

    /// Phrases that there are, as far as they save bits.
    fn present(&mut self, candidates: &mut RawVec<Candidate, A>) -> Result<(), AllocError> {
        for id in self.singles..self.phrases.list.len() {
            let (phrase, count) = (self.phrases.list[id], self.counts[id]);
            if count < FEWEST {
                continue;
            }
            let (phrases, text) = (&self.phrases, phrase.text());
            let without = phrases.cut_without(id as u32, text, phrase.end, &mut self.scratch)?;
            let each = i64::from(without) - i64::from(self.phrases.costs[id]);
            let gain = count as i64 * each - self.aim.price as i64;
            if gain > 0 {
                candidates.try_push((gain, phrase, count))?;
            }
        }
        Ok(())
    }

    /// Pairs of neighbours, as far as one phrase of both would save bits.
    fn joined(&self, total: u64, candidates: &mut RawVec<Candidate, A>) -> Result<(), AllocError> {
        let (list, costs) = (&self.phrases.list, &self.phrases.costs);
        for (first, next, count) in self.pairs.each().filter(|(_, _, count)| *count >= FEWEST) {
            let Some(phrase) = list[first].joined(&list[next], self.aim.longest) else { continue };
            let both = i64::from(costs[first]) + i64::from(costs[next]);
            let each = both - i64::from(self.cost(count, total));
            let gain = count as i64 * each - self.aim.price as i64;
            if gain > 0 {
                candidates.try_push((gain, phrase, count))?;
            }
        }
        Ok(())
    }

    /// Lets the phrases be the single ones and those chosen.
    fn adopt(&mut self, chosen: &[Candidate]) -> Result<(), AllocError> {
        let singles = self.singles;
        let total = self.counts[..singles].iter().map(|count| (*count).max(1)).sum::<u64>()
            + chosen.iter().map(|candidate| candidate.2).sum::<u64>();
        let mut list = RawVec::new_in(self.alloc.clone());
        let mut costs = RawVec::new_in(self.alloc.clone());
        list.try_reserve_exact(singles + chosen.len())?;
        costs.try_reserve_exact(singles + chosen.len())?;
        for id in 0..singles {
            list.try_push(self.phrases.list[id])?;
            costs.try_push(self.cost(self.counts[id], total))?;
        }
        for (_, phrase, count) in chosen {
            list.try_push(*phrase)?;
            costs.try_push(self.cost(*count, total))?;
        }
        self.phrases = Phrases::new(list, costs, self.alloc.clone())?;
        Ok(())
    }
}

/// What a phrase costs that occurs `count` times among `total`.
fn cost(count: u64, total: u64) -> u32 {
    let total = log2(total.max(1));
    total - log2(count.max(1)).min(total)
}

/// The logarithm of `x > 0` in 1/256 bits, rounded down.
const fn log2(x: u64) -> u32 {
    let whole = 63 - x.leading_zeros();
    // The fraction by squaring, bit by bit: in numbers from 1 to 2 with 31 bits behind the point.
    let mut square = if whole > 31 { x >> (whole - 31) } else { x << (31 - whole) };
    let mut log = whole;
    let mut bit = 0;
    while bit < 8 {
        square = (square * square) >> 31;
        log <<= 1;
        if square >> 32 != 0 {
            log |= 1;
            square >>= 1;
        }
        bit += 1;
    }
    log
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::mem::Global;
    use std::vec::Vec;

    #[test]
    fn logarithms_are_rounded_down() {
        for x in [1, 2, 3, 5, 100, 255, 256, 257, 1_000_000_007, u64::MAX >> 1, u64::MAX] {
            let exact = (x as f64).log2() * 256.0;
            let log = f64::from(log2(x));
            assert!(log <= exact + 1e-6 && exact - log < 1.001, "{x}: {log} of {exact}");
        }
    }

    #[test]
    fn equal_suffixes_and_pairs_take_no_room_of_their_own() {
        let (taken, kinds) = (3 * SUFFIXES, 100);
        let mut sample = Sample::new(1 << 20, 1, Global);
        for i in 0..taken {
            sample.push(0, &[i as u8 % kinds]).unwrap();
        }
        sample.fold();
        let counts: Vec<u64> = sample.each().map(|(_, count)| count).collect();
        assert_eq!((counts.len(), counts.iter().sum()), (kinds.into(), taken as u64));
        assert!(sample.suffixes.capacity() <= SUFFIXES + SUFFIXES / 8);
        let mut pairs = Pairs::new(Global);
        for i in 0..5 * PAIRS as u32 {
            pairs.push(i % 7, i % 1_000, 3).unwrap();
        }
        pairs.fold();
        let all: u64 = pairs.each().map(|(_, _, count)| count).sum();
        assert_eq!((pairs.list.len(), all), (7_000, 15 * PAIRS as u64));
        let is_right = |(first, next, count): (usize, usize, u64)| {
            let among = (0..5 * PAIRS).filter(|i| (i % 7, i % 1_000) == (first, next));
            among.count() as u64 * 3 == count
        };
        assert!(pairs.each().step_by(700).all(is_right));
        assert!(pairs.list.capacity() <= PAIRS + PAIRS / 8);
    }

    fn trained(price: u64) -> Phrases<Global> {
        let mut sample = Sample::new(1 << 20, 1, Global);
        for i in 0..2_000 {
            let text: &[u8] = [&b"ration"[..], b"ing", b"'s", b"nationalistically"][i % 4];
            sample.push(i, text).unwrap();
        }
        let mut used = [false; 256];
        b"rationg'slcy".iter().for_each(|byte| used[usize::from(*byte)] = true);
        let aim = Aim { most: 1_000, longest: PHRASE, flat: false, price };
        let (mut told, mut tell) = (0.0, 0);
        let mut see = |share| {
            assert!(share > told, "{share} after {told}");
            (told, tell) = (share, tell + 1);
        };
        let phrases = train(&mut sample, &used, aim, Pass::new(&mut see, 0.25, 0.75), Global);
        assert_eq!((told, tell), (0.75, ROUNDS + 1));
        phrases.unwrap()
    }

    #[test]
    fn what_is_frequent_becomes_a_phrase() {
        let phrases = trained(0);
        let mut scratch = Scratch::new(Global);
        phrases.cut(b"ration", &mut scratch).unwrap();
        assert_eq!(scratch.reversed.len(), 1);
        phrases.cut(b"nationalistically", &mut scratch).unwrap();
        assert_eq!(scratch.reversed.len(), 2, "17 bytes and an end");
        // Phrases that cost more than they save are not kept, single ones always are.
        assert_eq!(trained(1 << 40).list.len(), 13);
    }

    #[test]
    fn cuts_spell_the_text() {
        let phrases = trained(100);
        let mut scratch = Scratch::new(Global);
        for text in [&b""[..], b"r", b"rationingsnation", b"yyyy", b"nationalistically'sing"] {
            phrases.cut(text, &mut scratch).unwrap();
            let ids = scratch.reversed.iter().rev();
            let phrases = ids.map(|id| phrases.list[*id as usize]);
            let spelled: Vec<u8> =
                phrases.clone().flat_map(|phrase| phrase.text().to_vec()).collect();
            assert_eq!(spelled, text);
            assert!(phrases.clone().next_back().unwrap().end);
            assert_eq!(phrases.filter(|phrase| phrase.end).count(), 1);
        }
    }
}
