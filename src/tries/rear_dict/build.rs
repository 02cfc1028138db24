//! Building a [`RearDict`](super::RearDict): keys are spooled, phrases trained on some of them,
//! codes made for what all of them need, and then all of them are written.

use super::super::KeySetBuild;
use super::super::huffman::{Depths, codes};
use super::super::keys::build_doors;
use super::super::phrases::{Aim, BIT, PHRASE, Phrase, Phrases, Sample, Scratch, train};
use super::super::separators::{Blob, FrontNode, Writer};
use super::super::spool::{Pass, Spool};
use super::read::Entry;
use super::{CLASSES, ESCAPE, MAX_CODE, MAX_REAR, MIDDLE, RearDict, Shape, class_of};
use crate::error::{AllocError, BuildError};
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
use crate::storage::words::{Le32, as_halves_mut};
use crate::storage::{HeapWords, as_bytes_mut};

/// Bytes of suffixes that phrases are trained on, about.
const SAMPLE_BYTES: u32 = 4 << 20;
/// The share of the work that is done when the sample is taken, when phrases are trained, and when
/// all of them are counted, of some million keys.
const SAMPLED: f64 = 0.01;
const TRAINED: f64 = 0.3;
const COUNTED: f64 = 0.65;
/// The most phrases.
const MAX_PHRASES: usize = 1 << 16;
/// What a phrase costs in the file: its bytes, and two entries in the table of codes.
const PHRASE_BITS: u64 = 8 * (PHRASE as u64 + 8);
/// Room behind the last block, so that whole words can be read there.
const PADDING: [u8; 8] = [0; 8];

/// A key as it is coded.
struct Item<'k> {
    /// Number of the block, and of the key in it.
    block: usize,
    at: usize,
    /// Bytes dropped from the key before, or for the middle one from the block's first; and the
    /// class of that number.
    rear: usize,
    class: usize,
    /// The separator, for the first key of a block.
    separator: &'k [u8],
    suffix: &'k [u8],
}

/// Takes keys in ascending order, and then builds a [`RearDict`].
///
/// Holds what keys add to those before them, about as many bytes as the file of the keys has after
/// front coding, until it is finished; in a file if it is told so. What training phrases takes
/// beside that does not grow with the keys: `lessram build rear_dict` shows the heap at its peak.
pub struct RearDictBuilder<A: Alloc> {
    spool: Spool<A>,
    block_log: u32,
    alloc: A,
}

impl<A: Alloc> core::fmt::Debug for RearDictBuilder<A> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RearDictBuilder")
            .field("block_log", &self.block_log)
            .finish_non_exhaustive()
    }
}

impl<A: Alloc + Clone> RearDictBuilder<A> {
    /// No keys yet; blocks of `block` keys.
    pub(super) fn new(block: usize, alloc: A) -> Result<Self, BuildError> {
        let (min, max) = (super::MIN_BLOCK, super::MAX_BLOCK);
        // What is asked for, or the next power of two that there is.
        let next = block.clamp(min, max).next_power_of_two();
        if block != next {
            let (min, max) = if block < max { (next, next) } else { (min, max) };
            let (value, min, max) = (block as u64, min as u64, max as u64);
            return Err(BuildError::OutOfRange { name: "block", value, min, max });
        }
        let spool = Spool::new(alloc.clone(), alloc.clone());
        Ok(Self { spool, block_log: block.trailing_zeros(), alloc })
    }

    /// The dictionary of the keys.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had, [`BuildError::TooMany`] if coded keys or
    /// their index exceed 4 GiB, `Io` if the file that keys [wait in](Self::wait_in) fails.
    pub fn finish(self) -> Result<RearDict<HeapWords<A>>, BuildError> {
        self.finish_with(|_| ())
    }

    /// The dictionary of the keys. Calls `progress` with the share of the work that is done, now
    /// and then: from 0 to 1, never less than before.
    ///
    /// # Errors
    ///
    /// As [`finish`](Self::finish).
    pub fn finish_with(
        self,
        mut progress: impl FnMut(f64),
    ) -> Result<RearDict<HeapWords<A>>, BuildError> {
        if self.is_empty() {
            progress(1.0);
            return Ok(RearDict::empty(self.block_log, || self.alloc.clone()));
        }
        let phrases = self.train(&mut progress)?;
        let coder = Coder::new(&self, phrases, Pass::new(&mut progress, TRAINED, COUNTED))?;
        coder.write(&self, Pass::new(&mut progress, COUNTED, 1.0))
    }

    /// Calls `visit` for each key.
    fn each(
        &self,
        pass: Pass<'_>,
        mut visit: impl FnMut(Item<'_>) -> Result<(), BuildError>,
    ) -> Result<(), BuildError> {
        let (size, mut number) = (1 << self.block_log, 0_usize);
        // Bytes of the first key of the block, those that all since share with it, and those of
        // the key before and its suffix.
        let (mut first, mut with_first, mut before, mut suffix) = (0, 0, 0, 0);
        self.spool.each(pass, |shared, key| {
            let (block, at) = (number >> self.block_log, number & (size - 1));
            with_first = shared.min(with_first);
            let (start, rear, class) = if at == 0 {
                let separator = if number == 0 { 0 } else { shared + 1 };
                (first, with_first) = (key.len(), key.len());
                (separator, 0, 0)
            } else if at == size / 2 {
                (with_first, first - with_first, MIDDLE)
            } else {
                (shared, before - shared, class_of(suffix))
            };
            (before, suffix) = (key.len(), key.len() - start);
            number += 1;
            let (separator, suffix) = key.split_at(start);
            visit(Item { block, at, rear, class, separator, suffix })
        })
    }

    /// Phrases trained on some of the suffixes.
    fn train(&self, progress: &mut dyn FnMut(f64)) -> Result<Phrases<A>, BuildError> {
        let mut sample = Sample::new(SAMPLE_BYTES, self.spool.added(), self.alloc.clone());
        let pass = Pass::new(progress, 0.0, SAMPLED);
        self.each(pass, |item| Ok(sample.push(item.block, item.suffix)?))?;
        let price = PHRASE_BITS * u64::from(BIT);
        let aim = Aim { most: MAX_PHRASES, longest: PHRASE, flat: false, price };
        let pass = Pass::new(progress, SAMPLED, TRAINED);
        Ok(train(&mut sample, self.spool.used(), aim, pass, self.alloc.clone())?)
    }
}

build_doors!(
    RearDict, RearDictBuilder, spool, |block, alloc| Self::builder_in(block, alloc), in files
);

/// Codes for phrases and for dropped bytes.
struct Coder<A: Alloc> {
    phrases: Phrases<A>,
    lengths: RawVec<u8, A>,
    codes: RawVec<u32, A>,
    code_log: u32,
    rear_log: u32,
    classes: usize,
    /// Code and length for each class and number.
    rears: [[(u32, u8); ESCAPE + 1]; CLASSES],
    scratch: Scratch<A>,
    alloc: A,
}

/// How often each number of dropped bytes occurs in each class.
type RearCounts = [[u64; ESCAPE + 1]; CLASSES];

impl<A: Alloc + Clone> Coder<A> {
    /// Counts what all keys need, and makes codes for it.
    fn new(
        builder: &RearDictBuilder<A>,
        phrases: Phrases<A>,
        pass: Pass<'_>,
    ) -> Result<Self, BuildError> {
        let alloc = builder.alloc.clone();
        let mut scratch = Scratch::new(alloc.clone());
        let mut counts = RawVec::new_in(alloc.clone());
        counts.try_resize(phrases.list.len(), 0_u64)?;
        let mut rears: RearCounts = [[0; ESCAPE + 1]; CLASSES];
        builder.each(pass, |item| {
            if item.at > 0 {
                rears[item.class][item.rear.min(ESCAPE)] += 1;
            }
            phrases.cut(item.suffix, &mut scratch)?;
            scratch.reversed.iter().for_each(|id| counts[*id as usize] += 1);
            Ok(())
        })?;
        // Phrases that are needed, the most frequent first: these then lie together.
        let mut order = RawVec::new_in(alloc.clone());
        for (id, count) in counts.iter().enumerate() {
            if *count > 0 {
                order.try_push((*count, phrases.list[id]))?;
            }
        }
        order.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        counts.truncate(0);
        let mut list = RawVec::new_in(alloc.clone());
        for (count, phrase) in order.iter() {
            counts.try_push(*count)?;
            list.try_push(*phrase)?;
        }
        let (code_log, lengths) = phrase_codes(&counts, alloc.clone())?;
        let mut costs = RawVec::new_in(alloc.clone());
        for len in lengths.iter() {
            costs.try_push(u32::from(*len) * BIT)?;
        }
        let phrases = Phrases::new(list, costs, alloc.clone())?;
        let codes = codes(&lengths, alloc.clone())?;
        let (rear_log, classes, rears) = rear_codes(&rears, &alloc)?;
        Ok(Self { phrases, lengths, codes, code_log, rear_log, classes, rears, scratch, alloc })
    }

    /// Writes all keys.
    fn write(
        mut self,
        builder: &RearDictBuilder<A>,
        pass: Pass<'_>,
    ) -> Result<RearDict<HeapWords<A>>, BuildError> {
        let half = 1 << builder.block_log >> 1;
        let mut writer = Writer::<A, FrontNode<'_>>::new(0, self.alloc.clone());
        let mut halves = [Bits::new(self.alloc.clone()), Bits::new(self.alloc.clone())];
        builder.each(pass, |item| {
            if item.at == 0 {
                close(&mut halves, &mut writer.blocks)?;
                writer.begin(item.separator)?;
            }
            let out = &mut halves[usize::from(item.at >= half)];
            if item.at > 0 {
                let (code, len) =
                    self.rears[item.class.min(self.classes - 1)][item.rear.min(ESCAPE)];
                out.put(code, len.into())?;
                if item.rear >= ESCAPE {
                    out.put(item.rear as u32, 16)?;
                }
            }
            self.phrases.cut(item.suffix, &mut self.scratch)?;
            for id in self.scratch.reversed.iter().rev() {
                let len = self.lengths[*id as usize];
                out.put(self.codes[*id as usize], len.into())?;
            }
            Ok(())
        })?;
        close(&mut halves, &mut writer.blocks)?;
        let [index, nodes, bits] = writer.finish(&PADDING)?;
        let shape = Shape {
            block_log: builder.block_log,
            code_log: self.code_log,
            rear_log: self.rear_log,
            classes: self.classes,
            phrases: self.phrases.list.len(),
        };
        let tables = self.tables(shape)?;
        let (len, longest) = (builder.spool.len(), builder.spool.longest());
        Ok(RearDict { tables, index, nodes, bits, shape, len, longest })
    }

    /// What codes stand for.
    fn tables(&self, shape: Shape) -> Result<HeapWords<A>, BuildError> {
        let mut tables = HeapWords::new_in(self.alloc.clone());
        tables.try_reserve_exact(shape.table_words())?;
        tables.try_resize(shape.table_words())?;
        let (codes, rest) = tables.words_mut().split_at_mut(shape.code_words());
        let codes = as_halves_mut(codes);
        for (id, phrase) in self.phrases.list.iter().enumerate() {
            let len = u32::from(self.lengths[id]);
            let entry = Entry::new(id, phrase.len, phrase.end, len);
            for place in codes[self.codes[id] as usize..].iter_mut().step_by(1 << len) {
                *place = Le32::new(entry.0);
            }
        }
        let (rears, phrases) = rest.split_at_mut(shape.rear_words());
        let rears = as_bytes_mut(rears);
        for (class, codes) in self.rears.iter().enumerate().take(self.classes) {
            let start = class << self.rear_log;
            for (rear, (code, len)) in codes.iter().enumerate().filter(|(_, code)| code.1 > 0) {
                let entry = ((rear as u16) << 4 | u16::from(*len)).to_le_bytes();
                for low in (*code as usize..1 << self.rear_log).step_by(1 << len) {
                    rears[(start + low) * 2..][..2].copy_from_slice(&entry);
                }
            }
        }
        let phrases = as_bytes_mut(phrases).chunks_exact_mut(PHRASE);
        for (place, Phrase { bytes, .. }) in phrases.zip(self.phrases.list.iter()) {
            place.copy_from_slice(bytes);
        }
        Ok(tables)
    }
}

/// Writes the halves of a block behind `out`, with the first one's length before it if there is a
/// second one; nothing before the first block.
fn close<A: Alloc>(halves: &mut [Bits<A>; 2], out: &mut Blob<A>) -> Result<(), AllocError> {
    let [first, second] = halves;
    let (first, second) = (first.finish()?, second.finish()?);
    if !second.is_empty() {
        let short = first.len().min(255) as u8;
        out.extend(&[short])?;
        if short == 255 {
            out.extend(&(first.len() as u32).to_le_bytes())?;
        }
    }
    out.extend(first)?;
    out.extend(second)?;
    halves.iter_mut().for_each(Bits::clear);
    Ok(())
}

/// The length of the table of codes, and those of codes, that take least room together.
fn phrase_codes<A: Alloc + Clone>(
    counts: &[u64],
    alloc: A,
) -> Result<(u32, RawVec<u8, A>), BuildError> {
    let depths = Depths::new(counts, alloc.clone())?;
    let least = depths.least_limit();
    let most = depths.longest().clamp(least, MAX_CODE.max(least));
    let bits = |limit: u32| depths.bits(limit, counts) + (32 << limit);
    let limit = (least..=most).min_by_key(|limit| bits(*limit)).unwrap_or(least);
    let mut lengths = RawVec::new_in(alloc);
    lengths.try_resize(counts.len(), 0)?;
    depths.each_length(limit, |symbol, len| lengths[symbol] = len as u8);
    Ok((limit, lengths))
}

/// The codes of dropped bytes: their longest length, how many classes have codes of their own, and
/// the codes, all of which take least room together.
#[allow(clippy::type_complexity)] // one caller
fn rear_codes<A: Alloc + Clone>(
    counts: &RearCounts,
    alloc: &A,
) -> Result<(u32, usize, [[(u32, u8); ESCAPE + 1]; CLASSES]), BuildError> {
    let mut all = [[0; ESCAPE + 1]; 1];
    for class in counts {
        all[0].iter_mut().zip(class).for_each(|(all, count)| *all += count);
    }
    let mut best = (u64::MAX, 0, 0);
    for classes in [&all[..], &counts[..]] {
        for log in 1..=MAX_REAR {
            let mut bits = (16 * classes.len() as u64) << log;
            for counts in classes {
                let depths = Depths::new(counts, alloc.clone())?;
                let fits = depths.least_limit() <= log;
                bits = bits.saturating_add(if fits { depths.bits(log, counts) } else { u64::MAX });
            }
            if bits < best.0 {
                best = (bits, log, classes.len());
            }
        }
    }
    let (_, log, classes) = best;
    let mut made = [[(0, 0); ESCAPE + 1]; CLASSES];
    let counts = if classes == 1 { &all[..] } else { &counts[..] };
    for (counts, made) in counts.iter().zip(&mut made) {
        let mut lengths = [0; ESCAPE + 1];
        Depths::new(counts, alloc.clone())?.each_length(log, |rear, len| lengths[rear] = len as u8);
        let codes = codes(&lengths, alloc.clone())?;
        for ((made, code), len) in made.iter_mut().zip(codes.iter()).zip(lengths) {
            *made = (*code, len);
        }
    }
    Ok((log, classes, made))
}

/// Bits on their way to bytes, the lowest of each first.
struct Bits<A: Alloc> {
    bytes: RawVec<u8, A>,
    rest: u64,
    filled: u32,
}

impl<A: Alloc> Bits<A> {
    const fn new(alloc: A) -> Self {
        Self { bytes: RawVec::new_in(alloc), rest: 0, filled: 0 }
    }

    fn put(&mut self, code: u32, bits: u32) -> Result<(), AllocError> {
        self.rest |= u64::from(code) << self.filled;
        self.filled += bits;
        while self.filled >= 8 {
            self.bytes.try_push(self.rest as u8)?;
            self.rest >>= 8;
            self.filled -= 8;
        }
        Ok(())
    }

    /// The bytes, the last one filled with zeros.
    fn finish(&mut self) -> Result<&[u8], AllocError> {
        if self.filled > 0 {
            self.bytes.try_push(self.rest as u8)?;
            (self.rest, self.filled) = (0, 0);
        }
        Ok(&self.bytes)
    }

    fn clear(&mut self) {
        self.bytes.truncate(0);
    }
}
