//! Merging, and folding to fewer registers.

use super::packed::{self, BLOCK, ESCAPE, Packed};
use super::register::{Register, SEEN, SEEN_BITS};
use super::tokens;
use super::{ExaLogLog, Form};
use crate::error::AllocError;
use crate::mem::Alloc;
use crate::storage::{HeapWords, Words};

/// The union of blocks of two sketches, `down` their bases' distances from the result's: what is
/// to be subtracted from each offset. No exceptions may be among them.
///
/// All of it on 16 bits and without a branch, so that the compiler does eight registers at once.
#[inline]
fn union(
    [a, b]: [&[u16; BLOCK]; 2],
    down: [i16; 2],
    empty_at: [i16; 2],
) -> ([u16; BLOCK], [i16; BLOCK]) {
    let (mut bits, mut offsets) = ([0; BLOCK], [0; BLOCK]);
    for i in 0..BLOCK {
        let offset = [(a[i] >> SEEN_BITS) as i16, (b[i] >> SEEN_BITS) as i16];
        // The largest value stands in front of the seen ones, unless there is none.
        let front = |n: usize| if offset[n] == empty_at[n] { 0 } else { 1 << SEEN_BITS };
        let known = [a[i] & SEEN as u16 | front(0), b[i] & SEEN as u16 | front(1)];
        let moved = [offset[0] - down[0], offset[1] - down[1]];
        let highest = if moved[0] > moved[1] { moved[0] } else { moved[1] };
        let seen = shift(known[0], (highest - moved[0]) as u16)
            | shift(known[1], (highest - moved[1]) as u16);
        bits[i] = (highest as u16) << SEEN_BITS | seen & SEEN as u16;
        offsets[i] = highest;
    }
    (bits, offsets)
}

/// `x >> by` of 8 bits, for any `by`: by parts, as machines without a shift for each lane do it.
#[inline]
fn shift(mut x: u16, by: u16) -> u16 {
    for part in [1, 2, 4] {
        let take = 0_u16.wrapping_sub(u16::from(by & part != 0));
        x = x >> part & take | x & !take;
    }
    if by < 8 { x } else { 0 }
}

impl<A: Alloc> ExaLogLog<HeapWords<A>> {
    /// Adds what `other` saw; both have the same seed. If memory is refused, perhaps only a part.
    pub(super) fn try_merge<V: Words>(&mut self, other: &ExaLogLog<V>) -> Result<(), AllocError> {
        if other.p < self.p {
            self.try_fold(other.p)?;
        }
        if other.form == Form::Tokens {
            let mut tokens = tokens::tokens(other.bytes());
            let merged = tokens.try_for_each(|token| self.try_put(tokens::hash_of(token)));
            if self.form == Form::Registers && other.count > 0 {
                // It takes keys as they come; these came in the order of their hashes.
                self.stop_running();
            }
            return merged;
        }
        match self.form {
            Form::Tokens => self.try_make_registers()?,
            Form::Frozen => self.thaw()?,
            Form::Registers => {}
        }
        self.stop_running();
        if other.form == Form::Registers && other.p == self.p {
            return self.try_merge_packed(other.packed());
        }
        let mut outcome = Ok(());
        let apart = other.p - self.p;
        other.for_each_register(|index, register| {
            // One bit of the index after the other, as each may move on to the value.
            let fold =
                |register: Register, step: u8| register.folded(index >> step, other.p - step);
            let folded = (0..apart).fold(register, fold);
            if outcome.is_ok() && folded.value != 0 {
                outcome = self.try_unite(index >> apart, folded);
            }
        });
        // Even after a refusal: the count of registers at the base must be right.
        self.count = self.at_base();
        self.rebase_if_due();
        outcome
    }

    /// Unites one register; leaves the count of registers at the base to the caller.
    fn try_unite(&mut self, index: usize, register: Register) -> Result<(), AllocError> {
        let united = self.packed().get(index).union(register);
        if !self.replace(index, united) {
            self.try_reserve_exceptions(1)?;
            self.replace(index, united);
        }
        Ok(())
    }

    /// Makes room for so many more exceptions.
    fn try_reserve_exceptions(&mut self, more: usize) -> Result<(), AllocError> {
        let used = packed::count(self.packed().exceptions);
        let len = self.fixed_words() + (used + more).div_ceil(2);
        let present = self.words.words().len();
        if len > present {
            self.words.try_reserve_exact(len - present)?;
            self.words.try_resize(len)?;
            self.words.as_bytes_mut()[present * 8..].fill(0xFF);
        }
        Ok(())
    }

    /// Unites registers of the same number.
    fn try_merge_packed(&mut self, other: Packed<'_>) -> Result<(), AllocError> {
        // With the larger base of both, offsets only sink: no more exceptions than they have now.
        self.try_reserve_exceptions(packed::count(other.exceptions))?;
        let mine = u32::from(self.base);
        let base = mine.max(other.base);
        let down = [base - mine, base - other.base].map(|down| down as i16);
        let empty_at = [mine, other.base].map(|base| if base == 0 { 0 } else { -1 });
        let mut zeros = 0;
        let blocks = packed::blocks(other.registers).enumerate();
        for (number, theirs) in blocks {
            let theirs = packed::unpack(theirs);
            let at = number * packed::BLOCK_BYTES;
            let bytes = self.words.as_bytes_mut();
            let Some(block) = bytes[at..].first_chunk_mut() else { break };
            let ours = packed::unpack(block);
            let far = |bits: &u16| u32::from(bits >> SEEN_BITS) == ESCAPE;
            let any_far = ours.iter().fold(false, |any, bits| any | far(bits))
                | theirs.iter().fold(false, |any, bits| any | far(bits));
            if any_far {
                zeros += self.unite_block(number, &ours, &theirs, other, base);
                continue;
            }
            let (united, offsets) = union([&ours, &theirs], down, empty_at);
            *block = packed::pack(&united);
            zeros += offsets.iter().fold(0, |zeros, offset| zeros + u32::from(*offset == 0));
        }
        self.base = base as u8;
        self.revise_exceptions();
        self.trim_exceptions();
        self.count = zeros;
        self.know();
        self.rebase_if_due();
        Ok(())
    }

    /// The same for a block that has exceptions, with the base that the result will have. Returns
    /// how many registers are at the base.
    #[cold]
    fn unite_block(
        &mut self,
        number: usize,
        ours: &[u16; BLOCK],
        theirs: &[u16; BLOCK],
        other: Packed<'_>,
        base: u32,
    ) -> u32 {
        let mut zeros = 0;
        for (i, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
            let index = number * BLOCK + i;
            let theirs = other.decode(index, u32::from(*theirs));
            let united = self.packed().decode(index, u32::from(*ours)).union(theirs);
            let old = core::mem::replace(&mut self.base, base as u8);
            self.replace(index, united);
            self.base = old;
            zeros += u32::from(united.value == base);
        }
        zeros
    }

    /// Takes the running estimate away: after a merge it means nothing.
    pub(super) fn stop_running(&mut self) {
        if !self.running {
            return;
        }
        if self.form == Form::Registers {
            let (from, to) = (self.fixed_words() * 8, packed::words(self.p) * 8);
            self.words.as_bytes_mut().copy_within(from.., to);
        }
        self.running = false;
        let exceptions = self.words.words().len().saturating_sub(super::RUNNING_WORDS);
        if self.form == Form::Registers {
            self.trim(exceptions);
        }
    }

    /// Folds to `2^p` registers, at most as many as there are; if memory is refused, perhaps to
    /// more.
    pub(super) fn try_fold(&mut self, p: u8) -> Result<(), AllocError> {
        if self.form == Form::Frozen {
            self.thaw()?;
        }
        if self.form == Form::Tokens {
            let slots = tokens::slots_for(self.count as usize, p);
            let old = core::mem::replace(&mut self.p, p);
            let folded = match slots {
                Some(slots) if slots == self.slots() => Ok(()),
                Some(slots) => self.try_relay(slots),
                None => self.try_make_registers(),
            };
            if folded.is_err() {
                self.p = old;
            }
            return folded;
        }
        self.stop_running();
        let mut folded = Ok(());
        while self.p > p && folded.is_ok() {
            folded = self.try_fold_once();
        }
        self.know();
        self.rebase_if_due();
        folded
    }

    /// Folds registers `2i` and `2i + 1` to one.
    fn try_fold_once(&mut self) -> Result<(), AllocError> {
        // Before anything changes: those that rise may become exceptions.
        let rises = |i: &usize| self.packed().get(*i).rises(*i, self.p);
        let rising = (0..1_usize << self.p).filter(rises).count();
        self.try_reserve_exceptions(rising)?;
        let (old_p, base, fixed) = (self.p, u32::from(self.base), self.fixed_words());
        let p = old_p - 1;
        for index in 0..1_usize << p {
            let pair = [2 * index, 2 * index + 1];
            let [even, odd] = pair.map(|i| self.packed().get(i).folded(i, old_p));
            let united = even.union(odd);
            // Both give their exceptions up first, so that there is room for the new one if they do
            // not rise.
            let none = Register { value: base, seen: 0 };
            for i in pair {
                self.replace(i, none);
            }
            let replaced = self.replace(index, united);
            debug_assert!(replaced, "room was made");
        }
        let (start, fewer) = (fixed * 8, packed::words(p));
        self.words.as_bytes_mut().copy_within(start.., fewer * 8);
        let len = self.words.words().len() - (fixed - fewer);
        self.p = p;
        self.trim(len);
        self.trim_exceptions();
        self.count = self.at_base();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_unite_as_registers_do() {
        let mut state = 3_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as u32
        };
        for bases in [[0, 0], [5, 5], [0, 3], [9, 2], [0, 60], [70, 0]] {
            let base = bases[0].max(bases[1]);
            let (mut blocks, mut registers) = ([[0; BLOCK]; 2], [[Register::default(); BLOCK]; 2]);
            for n in 0..2 {
                for i in 0..BLOCK {
                    let (offset, seen) = (random() % 31, random() & SEEN);
                    let seen = if offset + bases[n] == 0 { 0 } else { seen };
                    blocks[n][i] = packed::bits_of(offset, seen) as u16;
                    registers[n][i] = Register { value: bases[n] + offset, seen };
                }
            }
            let down = bases.map(|b| (base - b) as i16);
            let empty_at = bases.map(|b| if b == 0 { 0 } else { -1 });
            let (bits, offsets) = union([&blocks[0], &blocks[1]], down, empty_at);
            for i in 0..BLOCK {
                let expected = registers[0][i].union(registers[1][i]);
                // Whoever has the larger base reaches it with all registers.
                if expected.value < base {
                    continue;
                }
                let offset = expected.value - base;
                assert_eq!(u32::from(bits[i]), offset << SEEN_BITS | expected.seen, "{bases:?}");
                assert_eq!(i32::from(offsets[i]), offset as i32);
            }
        }
    }

    #[test]
    #[cfg(feature = "std")]
    fn folding_makes_exceptions_where_there_were_none() {
        // All registers at one value, and one that folding lifts out of reach of their base.
        let hashes = || (0..32).map(|i| 1 << 63 | i << 58 | 1 << 43).chain([1 << 63]);
        let [mut folded, mut expected] = [ExaLogLog::new(5), ExaLogLog::new(4)];
        for hash in hashes() {
            folded.insert_hash(hash);
            expected.insert_hash(hash);
        }
        assert!(folded.form == Form::Registers && folded.base > 0);
        folded.fold_to(4).unwrap();
        let registers = |sketch: &ExaLogLog| {
            let mut all = std::vec::Vec::new();
            sketch.for_each_register(|_, register| all.push((register.value, register.seen)));
            all
        };
        assert_eq!(registers(&folded), registers(&expected));
    }

    #[test]
    fn shifts_of_any_length() {
        for by in 0..300_u16 {
            let expected = 255_u16.checked_shr(u32::from(by)).unwrap_or(0);
            assert_eq!(shift(255, by), expected, "{by}");
        }
    }
}
