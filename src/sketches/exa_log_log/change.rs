//! Inserting: tokens, then registers. No form is decoded into a second block: what is there waits
//! behind the next form, in the same block.

use super::coded::{Decoder, Head};
use super::packed::{self, ESCAPE};
use super::register::{Register, SEEN, SEEN_BITS, index_of, target};
use super::tokens;
use super::{ExaLogLog, Form, RUNNING_WORDS, running};
use crate::error::AllocError;
use crate::mem::Alloc;
use crate::storage::{HeapWords, Words};

/// Zeros at the end of a hash that the quick look counts: all but one key in 2^24 have fewer, and
/// every hash has so many bits behind its index.
const FEW_ZEROS: u32 = 24;

/// A register's largest value in front of its remembered ones.
const LARGEST: u32 = 1 << SEEN_BITS;

/// Places of update values, 7 above the lowest that 12 bits tell of, that are known: those seen,
/// and all below. Of exceptions only what is certain.
#[inline]
fn known(bits: u32) -> u64 {
    let seen = u64::from(bits & SEEN | LARGEST);
    ((seen + 1) << (bits >> SEEN_BITS)).wrapping_sub(1) & 0x7FFF_FFFF
}

impl<A: Alloc> ExaLogLog<HeapWords<A>> {
    /// Inserts a hash.
    #[inline]
    pub(super) fn try_put(&mut self, hash: u64) -> Result<(), AllocError> {
        if hash & self.known != 0 || self.knows(hash) { Ok(()) } else { self.put(hash) }
    }

    /// Whether a register surely knows a hash: a quick look, which is inlined where the caller's
    /// loop is, apart from all that may follow.
    #[inline]
    fn knows(&self, hash: u64) -> bool {
        // Another form; or some registers are empty, and about as many keys change one as do not.
        if self.base == 0 {
            return false;
        }
        // Zeros up to a fixed number: fewer shifts by what is not known to the compiler. `change`
        // looks closer.
        let zeros = (hash | 1 << FEW_ZEROS).trailing_zeros();
        let value = 2 * zeros + (hash >> 63) as u32 + 1;
        let bits = packed::get(self.words.as_bytes(), index_of(hash, self.p));
        let place = (value + SEEN_BITS).saturating_sub(u32::from(self.base));
        known(bits) >> place & 1 == 1 && zeros < FEW_ZEROS
    }

    /// Inserts a hash that its register most likely does not know.
    #[inline(never)]
    fn put(&mut self, hash: u64) -> Result<(), AllocError> {
        match self.form {
            Form::Registers if self.base == 0 && !self.running => self.put_in_young(hash),
            Form::Registers => self.change(hash),
            Form::Tokens => self.put_token(hash),
            Form::Frozen => {
                self.thaw()?;
                self.put(hash)
            }
        }
    }

    /// Inserts a hash as a token, or into its register where there is no room for more tokens.
    #[inline(never)]
    fn put_token(&mut self, hash: u64) -> Result<(), AllocError> {
        let token = tokens::token_of(hash);
        let full = self.count as usize >= tokens::room(self.slots());
        if full && !tokens::contains(self.words.as_bytes(), token) {
            self.try_grow()?;
            return self.put(hash);
        }
        self.count += u32::from(tokens::insert(self.words.as_bytes_mut(), token));
        Ok(())
    }

    /// Slots of the table of tokens.
    pub(super) fn slots(&self) -> usize {
        self.words.words().len() * 2
    }

    /// Makes room for one token more, or turns to registers.
    fn try_grow(&mut self) -> Result<(), AllocError> {
        match tokens::slots_for(self.count as usize + 1, self.p) {
            Some(slots) => self.try_relay(slots),
            None => self.try_make_registers(),
        }
    }

    /// Lays the tokens out in a table of so many slots.
    pub(super) fn try_relay(&mut self, slots: usize) -> Result<(), AllocError> {
        let start = slots.max(self.slots()) / 2;
        let count = self.move_tokens_behind(start)?;
        let (table, behind) = self.words.as_bytes_mut().split_at_mut(start * 8);
        let table = &mut table[..slots * 4];
        table.fill(0xFF);
        for token in tokens::tokens(&behind[..count * 4]) {
            tokens::insert(table, token);
        }
        self.count = count as u32;
        self.trim(slots / 2);
        Ok(())
    }

    /// Moves the tokens to word `start`, which is behind the table, with no free slots between.
    /// Returns how many there are.
    fn move_tokens_behind(&mut self, start: usize) -> Result<usize, AllocError> {
        let slots = self.slots();
        let count = tokens::tokens(self.words.as_bytes()).count();
        self.try_resize_exact(start + count.div_ceil(2))?;
        let (table, behind) = self.words.as_bytes_mut().split_at_mut(start * 8);
        for (index, token) in tokens::tokens(&table[..slots * 4]).enumerate() {
            tokens::put(behind, index, token);
        }
        Ok(count)
    }

    /// Sets the length to `len` words, by a block of just that size if it has to grow.
    fn try_resize_exact(&mut self, len: usize) -> Result<(), AllocError> {
        let present = self.words.words().len();
        self.words.try_reserve_exact(len.saturating_sub(present))?;
        self.words.try_resize(len)
    }

    /// Gives back all but `len` words.
    pub(super) fn trim(&mut self, len: usize) {
        self.words.truncate(len);
        // An allocator that cannot shrink the block leaves it as slack, which the footprint tells.
        let _ = self.words.try_shrink_to_fit();
    }

    /// Turns from tokens to registers.
    pub(super) fn try_make_registers(&mut self) -> Result<(), AllocError> {
        let fixed = self.fixed_words();
        // Tokens of large values: each may need an exception.
        let is_far = |token: u32| target(tokens::hash_of(token), self.p).1 >= ESCAPE;
        let far = tokens::tokens(self.words.as_bytes()).filter(|token| is_far(*token)).count();
        let start = (fixed + far.div_ceil(2)).max(self.words.words().len());
        let count = self.move_tokens_behind(start)?;
        let p = self.p;
        let (image, behind) = self.words.as_bytes_mut().split_at_mut(start * 8);
        image.fill(0xFF);
        let (registers, rest) = image.split_at_mut(packed::words(p) * 8);
        registers.fill(0);
        let exceptions = &mut rest[(fixed - packed::words(p)) * 8..];
        for token in tokens::tokens(&behind[..count * 4]) {
            let (index, value) = target(tokens::hash_of(token), p);
            let register = packed::Packed { registers, exceptions, base: 0 }.get(index);
            let placed = packed::put(registers, exceptions, 0, index, register.with(value));
            debug_assert!(placed, "a place for each token of a large value");
        }
        (self.form, self.base, self.known) = (Form::Registers, 0, 0);
        self.start_running(tokens::estimate(count as u32));
        self.trim(start);
        self.trim_exceptions();
        self.count = self.at_base();
        self.rebase_if_due();
        Ok(())
    }

    /// Decodes a frozen sketch.
    pub(super) fn thaw(&mut self) -> Result<(), AllocError> {
        let (p, fixed, old) = (self.p, self.fixed_words(), self.words.words().len());
        let head = self.head();
        let mut far = 0;
        self.for_each_register(|_, register| {
            far += usize::from(register.value >= u32::from(head.base) + ESCAPE);
        });
        let start = fixed + far.div_ceil(2);
        self.try_resize_exact((start + old).max(old))?;
        let bytes = self.words.as_bytes_mut();
        bytes.copy_within(..old * 8, start * 8);
        let (image, frozen) = bytes.split_at_mut(start * 8);
        image.fill(0xFF);
        let (registers, rest) = image.split_at_mut(packed::words(p) * 8);
        let (kept, exceptions) = rest.split_at_mut((fixed - packed::words(p)) * 8);
        let units = 8 + kept.len();
        kept.copy_from_slice(&frozen[8..units]);
        let mut decoder = Decoder::new(head, &frozen[units..old * 8]);
        for index in 0..1 << p {
            let register = decoder.register();
            let base = u32::from(head.base);
            // There is none for the register yet.
            packed::put(registers, exceptions, base, index, register);
        }
        (self.form, self.base) = (Form::Registers, head.base);
        self.trim(start);
        self.count = self.at_base();
        self.know();
        Ok(())
    }

    /// Inserts a hash into its register while some are empty, and so about as many keys change one
    /// as do not: without a branch on that (measured at 1e4 keys: 19 ns a key with one, 12
    /// without).
    #[inline]
    fn put_in_young(&mut self, hash: u64) -> Result<(), AllocError> {
        let zeros = (hash | 1 << FEW_ZEROS).trailing_zeros();
        let (index, value) = (index_of(hash, self.p), 2 * zeros + (hash >> 63) as u32 + 1);
        let registers = self.words.as_bytes_mut();
        let bits = packed::get(registers, index);
        let offset = bits >> SEEN_BITS;
        if offset == ESCAPE || value >= ESCAPE {
            return self.change_exception(hash);
        }
        let rise = value as i32 - offset as i32;
        let front = if offset == 0 { 0 } else { LARGEST | bits & SEEN };
        let higher = value << SEEN_BITS | front >> (rise & 31);
        let lower = bits | LARGEST >> (-rise & 31) & SEEN;
        packed::set(registers, index, if rise > 0 { higher } else { lower });
        self.count = self.count.wrapping_sub(u32::from(offset == 0));
        self.rebase_if_due();
        Ok(())
    }

    /// Inserts a hash into its register.
    #[inline]
    fn change(&mut self, hash: u64) -> Result<(), AllocError> {
        let ((index, value), base) = (target(hash, self.p), u32::from(self.base));
        let bits = packed::get(self.words.as_bytes(), index);
        let (offset, up) = (bits >> SEEN_BITS, value.wrapping_sub(base) as i32);
        if offset == ESCAPE || up >= ESCAPE as i32 {
            return self.change_exception(hash);
        }
        let rise = up - offset as i32;
        let new = if rise > 0 {
            // An empty register has no largest value that could be remembered.
            let seen = if offset | base == 0 { 0 } else { LARGEST | bits & SEEN };
            (up as u32) << SEEN_BITS | seen >> rise
        } else if rise >= -(SEEN_BITS as i32) {
            bits | LARGEST >> -rise & SEEN
        } else {
            return Ok(());
        };
        if new == bits {
            return Ok(());
        }
        if self.running {
            self.count_change(self.decode(index, bits), self.decode(index, new));
        }
        packed::set(self.words.as_bytes_mut(), index, new);
        if offset == 0 && rise > 0 {
            self.count = self.count.wrapping_sub(1);
            self.rebase_if_due();
        }
        Ok(())
    }

    /// The same for a register that is an exception, or becomes one.
    #[cold]
    #[inline(never)]
    fn change_exception(&mut self, hash: u64) -> Result<(), AllocError> {
        let (index, value) = target(hash, self.p);
        let old = self.packed().get(index);
        let new = old.with(value);
        if new == old {
            return Ok(());
        }
        if !self.replace(index, new) {
            let len = self.words.words().len();
            self.try_resize_exact(len + 1)?;
            self.words.as_bytes_mut()[len * 8..].fill(0xFF);
            self.replace(index, new);
        }
        if self.running {
            self.count_change(old, new);
        }
        if old.value == u32::from(self.base) && new.value > old.value {
            self.count = self.count.wrapping_sub(1);
            self.rebase_if_due();
        }
        Ok(())
    }

    /// Writes a register; false if an exception has no room.
    pub(super) fn replace(&mut self, index: usize, register: Register) -> bool {
        let (base, fixed, end) = (u32::from(self.base), self.fixed_words(), packed::words(self.p));
        let (registers, rest) = self.words.as_bytes_mut().split_at_mut(end * 8);
        packed::put(registers, &mut rest[(fixed - end) * 8..], base, index, register)
    }

    /// Registers whose value is the base. O(registers).
    pub(super) fn at_base(&self) -> u32 {
        let blocks = packed::blocks(self.packed().registers);
        let zeros = |block| packed::unpack(block).iter().filter(|bits| **bits < 128).count();
        blocks.map(zeros).sum::<usize>() as u32
    }

    /// Raises the base if all registers lie above it.
    #[inline]
    pub(super) fn rebase_if_due(&mut self) {
        if self.count == 0 {
            self.rebase();
        }
    }

    /// Raises the base to the smallest value. O(registers).
    #[cold]
    #[inline(never)]
    fn rebase(&mut self) {
        // A register far above tells only that it is: only once nearer is it known how far.
        while self.count == 0 && u32::from(self.base) < super::register::max_value(self.p) {
            self.raise_base();
        }
        self.know();
    }

    /// Raises the base by what all registers are above it, as far as their offsets tell.
    fn raise_base(&mut self) {
        let packed = self.packed();
        let mut least = u16::MAX;
        for block in packed::blocks(packed.registers) {
            let smallest = packed::unpack(block).into_iter().min().unwrap_or(0);
            least = least.min(smallest >> SEEN_BITS);
        }
        let step = u32::from(least).min(ESCAPE);
        let base = (u32::from(self.base) + step).min(super::register::max_value(self.p));
        let bytes = packed::words(self.p) * 8;
        for block in self.words.as_bytes_mut()[..bytes].chunks_exact_mut(packed::BLOCK_BYTES) {
            let Some(block) = block.first_chunk_mut() else { break };
            let lower = |bits: u16| {
                let is_exception = u32::from(bits >> SEEN_BITS) == ESCAPE;
                if is_exception { bits } else { bits - (step << SEEN_BITS) as u16 }
            };
            *block = packed::pack(&packed::unpack(block).map(lower));
        }
        self.base = base as u8;
        self.revise_exceptions();
        self.trim_exceptions();
        self.count = self.at_base();
    }

    /// Puts exceptions that no longer are any back into their registers. O(exceptions).
    pub(super) fn revise_exceptions(&mut self) {
        let (base, fixed, end) = (u32::from(self.base), self.fixed_words(), packed::words(self.p));
        let (registers, rest) = self.words.as_bytes_mut().split_at_mut(end * 8);
        packed::revise(registers, &mut rest[(fixed - end) * 8..], base);
    }

    /// Gives back words of exceptions that hold none.
    pub(super) fn trim_exceptions(&mut self) {
        let used = packed::count(self.packed().exceptions);
        let len = self.fixed_words() + used.div_ceil(2);
        if len < self.words.words().len() {
            self.trim(len);
        }
    }

    /// Works out by which low bits a hash is known to every register.
    pub(super) fn know(&mut self) {
        self.known = known_to_all(self.base);
    }

    /// Begins the running estimate, where one is kept, at so many keys.
    fn start_running(&mut self, keys: f64) {
        if !self.running {
            return;
        }
        let mut change = 0.0;
        self.for_each_register(|_, register| change += super::estimate::change(register));
        let change = change / f64::from(1_u32 << self.p);
        let at = packed::words(self.p);
        let kept = &mut self.words.words_mut()[at..at + RUNNING_WORDS];
        running::write(kept, running::Running { keys, change, variance: 0.0 });
    }

    /// Brings the running estimate to a register that changed.
    fn count_change(&mut self, old: Register, new: Register) {
        let (at, p) = (packed::words(self.p), self.p);
        let kept = &mut self.words.words_mut()[at..at + RUNNING_WORDS];
        running::write(kept, running::read(kept).after(old, new, p));
    }
}

/// Low bits of a hash that every register knows if one of them is set: with few zeros at its end,
/// its value is 8 below the base or less. None, where that would spare less than 7 of 8 hashes.
pub(super) const fn known_to_all(base: u8) -> u64 {
    if base < 14 { 0 } else { (2 << ((base - 10) / 2)) - 1 }
}

impl<W: Words> ExaLogLog<W> {
    /// What 12 bits of a register stand for.
    #[inline]
    fn decode(&self, index: usize, bits: u32) -> Register {
        self.packed().decode(index, bits)
    }

    /// The head of the frozen form.
    pub(super) fn head(&self) -> Head {
        Head::of_word(self.words.words().first().map_or(0, |word| word.get()))
    }
}
