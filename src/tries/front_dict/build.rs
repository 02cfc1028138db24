//! Building a [`FrontDict`](super::FrontDict): keys are spooled, phrases trained on some of their
//! tails, and then all of them are written.

use super::super::KeySetBuild;
use super::super::front::MORE;
use super::super::keys::build_doors;
use super::super::phrases::{Aim, BIT, Phrases, Sample, Scratch, train};
use super::super::separators::{Blob, WindowNode, Writer};
use super::super::spool::{Pass, Spool};
use super::{BLOCK, CODES, FrontDict, HEAD, PHRASE};
use crate::error::{AllocError, BuildError};
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
use crate::storage::{HeapWords, Le64};

/// Bytes of tails that phrases are trained on, about.
const SAMPLE_BYTES: u32 = 2 << 20;
/// The share of the work that is done when the sample is taken, and when phrases are trained, of
/// some million keys.
const SAMPLED: f64 = 0.05;
const TRAINED: f64 = 0.35;
/// What a phrase costs in the file.
const PHRASE_BITS: u64 = 64;

/// Takes keys in ascending order, and then builds a [`FrontDict`].
///
/// Holds what keys add to those before them, about as many bytes as the file of the keys has after
/// front coding, until it is finished; in a file if it is told so.
pub struct FrontDictBuilder<A: Alloc> {
    spool: Spool<A>,
    alloc: A,
}

impl<A: Alloc> core::fmt::Debug for FrontDictBuilder<A> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("FrontDictBuilder").finish_non_exhaustive()
    }
}

impl<A: Alloc + Clone> FrontDictBuilder<A> {
    /// No keys yet.
    pub(super) fn new(alloc: A) -> Self {
        Self { spool: Spool::new(alloc.clone(), alloc.clone()), alloc }
    }

    /// The dictionary of the keys.
    ///
    /// # Errors
    ///
    /// [`BuildError::Alloc`] if memory cannot be had, [`BuildError::TooMany`] if blocks or their
    /// index exceed 4 GiB, `Io` if the file that keys [wait in](Self::wait_in) fails.
    pub fn finish(self) -> Result<FrontDict<HeapWords<A>>, BuildError> {
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
    ) -> Result<FrontDict<HeapWords<A>>, BuildError> {
        let phrases = self.train(&mut progress)?;
        let mut scratch = Scratch::new(self.alloc.clone());
        let mut writer = Writer::<A, WindowNode<'_>>::new(HEAD, self.alloc.clone());
        let mut run = Run::new(self.alloc.clone());
        self.each(Pass::new(&mut progress, TRAINED, 1.0), |number, shared, start, key| {
            if number % BLOCK == 0 {
                run.close(&mut writer.blocks)?;
                writer.begin(&key[..start])?;
            }
            phrases.cut_open(&key[start..], &mut scratch)?;
            // Of the first key nothing but the tail is kept: its separator has the rest.
            let branch = if number % BLOCK == 0 { 0 } else { key[shared] };
            run.push(shared, branch, scratch.reversed.iter().rev().map(|id| *id as u8))
        })?;
        run.close(&mut writer.blocks)?;
        let [index, nodes, keys] = writer.finish(&[])?;
        let phrases = self.table(&phrases)?;
        let (len, longest) = (self.spool.len(), self.spool.longest());
        Ok(FrontDict { phrases, index, nodes, keys, len, longest })
    }

    /// Calls `visit` for each key, with its number, the bytes that it shares with the one before,
    /// and where its tail starts.
    fn each(
        &self,
        pass: Pass<'_>,
        mut visit: impl FnMut(usize, usize, usize, &[u8]) -> Result<(), BuildError>,
    ) -> Result<(), BuildError> {
        let mut number = 0;
        self.spool.each(pass, |shared, key| {
            let start = if number == 0 { 0 } else { shared + 1 };
            visit(number, shared, start, key)?;
            number += 1;
            Ok(())
        })
    }

    /// Phrases trained on some of the tails.
    fn train(&self, progress: &mut dyn FnMut(f64)) -> Result<Phrases<A>, BuildError> {
        let mut sample = Sample::new(SAMPLE_BYTES, self.spool.added(), self.alloc.clone());
        self.each(Pass::new(progress, 0.0, SAMPLED), |number, _, start, key| {
            Ok(sample.push(number / BLOCK, &key[start..])?)
        })?;
        let price = PHRASE_BITS * u64::from(BIT);
        let aim = Aim { most: CODES, longest: PHRASE, flat: true, price };
        let pass = Pass::new(progress, SAMPLED, TRAINED);
        Ok(train(&mut sample, self.spool.used(), aim, pass, self.alloc.clone())?)
    }

    /// What codes stand for.
    fn table(&self, phrases: &Phrases<A>) -> Result<HeapWords<A>, BuildError> {
        let mut table = HeapWords::new_in(self.alloc.clone());
        table.try_reserve_exact(phrases.list.len())?;
        table.try_resize(phrases.list.len())?;
        for (word, phrase) in table.words_mut().iter_mut().zip(phrases.list.iter()) {
            let text = phrase.bytes.first_chunk::<8>().map_or(0, |text| u64::from_le_bytes(*text));
            *word = Le64::new(text | u64::from(phrase.len) << 56);
        }
        Ok(table)
    }
}

build_doors!(
    FrontDict, FrontDictBuilder, spool, |_, alloc| Ok(Self::builder_in(alloc)), in files
);

/// Keys of a block on their way to bytes.
struct Run<A: Alloc> {
    shared: [usize; BLOCK],
    branches: [u8; BLOCK],
    /// Codes of all tails, and where each ends.
    codes: RawVec<u8, A>,
    ends: [usize; BLOCK],
    count: usize,
    /// Longer tails of the block that is being written.
    long: RawVec<u8, A>,
}

impl<A: Alloc + Clone> Run<A> {
    fn new(alloc: A) -> Self {
        Self {
            shared: [0; BLOCK],
            branches: [0; BLOCK],
            codes: RawVec::new_in(alloc.clone()),
            ends: [0; BLOCK],
            count: 0,
            long: RawVec::new_in(alloc),
        }
    }

    fn push(
        &mut self,
        shared: usize,
        branch: u8,
        codes: impl Iterator<Item = u8>,
    ) -> Result<(), BuildError> {
        for code in codes {
            self.codes.try_push(code)?;
        }
        self.shared[self.count] = shared;
        self.branches[self.count] = branch;
        self.ends[self.count] = self.codes.len();
        self.count += 1;
        Ok(())
    }

    /// Writes the block behind `out`, if it has keys.
    fn close(&mut self, out: &mut Blob<A>) -> Result<(), AllocError> {
        let count = self.count;
        if count == 0 {
            return Ok(());
        }
        let base = self.shared[1..count].iter().min().map_or(0, |base| *base.min(&255));
        let (mut depths, mut sizes) = (0_u128, 0_u128);
        self.branches[0] = base as u8;
        self.branches[count..].fill(0);
        self.long.truncate(0);
        let mut kept = 0;
        for i in 0..count {
            let start = if i == 0 { 0 } else { self.ends[i - 1] };
            let tail = start..self.ends[i];
            let depth = if i == 0 { 0 } else { (self.shared[i] - base).min(MORE) };
            let size = if depth == MORE { MORE } else { tail.len().min(MORE) };
            depths |= (depth as u128) << (4 * i);
            sizes |= (size as u128) << (4 * i);
            if size < MORE {
                // The other tails move together.
                self.codes.copy_within(tail, kept);
                kept += size;
                continue;
            }
            if depth == MORE {
                number(&mut self.long, self.shared[i])?;
            }
            number(&mut self.long, tail.len())?;
            self.long.try_extend_from_slice(&self.codes[tail])?;
        }
        out.extend(&depths.to_le_bytes())?;
        out.extend(&sizes.to_le_bytes())?;
        out.extend(&self.branches)?;
        out.extend(&self.codes[..kept])?;
        out.extend(&self.long)?;
        self.codes.truncate(0);
        self.count = 0;
        Ok(())
    }
}

/// Appends a number of up to 65,535: a byte, or 255 and two.
fn number<A: Alloc>(out: &mut RawVec<u8, A>, number: usize) -> Result<(), AllocError> {
    if number < 255 {
        return out.try_push(number as u8);
    }
    out.try_push(255)?;
    out.try_extend_from_slice(&(number as u16).to_le_bytes())
}

// A head is two numbers of 128 bits and a byte for each key.
const _: () = assert!(HEAD == 32 + BLOCK);
