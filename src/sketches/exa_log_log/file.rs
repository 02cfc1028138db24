//! The sketch as a file, and by serde.

use super::change::known_to_all;
use super::packed::{self, ESCAPE};
use super::register::{SEEN, max_value};
use super::tokens;
use super::{ExaLogLog, Form, MAX_P, MIN_P, RUNNING_WORDS, running};
use crate::error::{FileError, Tag};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{Persist, Source, Words, doors, require};

/// The section of tokens or registers, in files and in errors.
const DATA: Tag = Tag(*b"data");

impl Form {
    #[cfg(feature = "alloc")]
    const fn number(self) -> u64 {
        match self {
            Self::Tokens => 0,
            Self::Registers => 1,
            Self::Frozen => 2,
        }
    }

    const fn of_number(number: u64) -> Option<Self> {
        match number {
            0 => Some(Self::Tokens),
            1 => Some(Self::Registers),
            2 => Some(Self::Frozen),
            _ => None,
        }
    }
}

impl<W: Words> Persist for ExaLogLog<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        // For whoever inspects the file; not read back.
        out.items((self.estimate() + 0.5) as u64);
        out.seed(self.seed);
        let form = self.form.number() | u64::from(self.running) << 8;
        out.meta(&[self.p.into(), form, self.base.into(), self.count.into()]);
        out.section(DATA, 8, self.words.words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let seed = source.header().seed;
        let [p, form, base, count] = source.meta()?;
        let words = source.section(DATA, 8)?;
        let len = words.words().len();
        require((MIN_P.into()..=MAX_P.into()).contains(&p), DATA, "p from 4 to 24")?;
        let (p, running) = (p as u8, form >> 8);
        let Some(form) = Form::of_number(form & 255).filter(|_| running <= 1) else {
            return Err(broken("a form that this version knows"));
        };
        require(base <= u64::from(max_value(p)), DATA, "a base that p allows")?;
        require(count <= 1 << p, DATA, "no more counted than p allows")?;
        require(base == 0 || form == Form::Registers, DATA, "a base of registers only")?;
        let (base, count) = (base as u8, count as u32);
        let known = if form == Form::Registers { known_to_all(base) } else { 0 };
        let sketch = Self { words, seed, known, count, p, base, form, running: running == 1 };
        let fits = match form {
            Form::Tokens => {
                len <= tokens::most_slots(p) / 2 && count as usize <= tokens::room(2 * len)
            }
            Form::Registers => {
                let fixed = sketch.fixed_words();
                (fixed..=fixed + (1 << p) / 2).contains(&len)
            }
            Form::Frozen => {
                let units = u64::from(sketch.head().units);
                len == 1 + sketch.kept_words() + (units.div_ceil(4) as usize)
                    && sketch.head().is_sound(p)
            }
        };
        require(fits, DATA, "as many words as the form needs")?;
        Ok(sketch)
    }

    fn validate(&self) -> Result<(), FileError> {
        if self.running && self.form != Form::Tokens {
            let running = running::read(self.running_words());
            let sound = running.keys >= 0.0 && running.variance >= 0.0 && running.change > 0.0;
            let finite = (running.keys + running.variance + running.change).is_finite();
            require(sound && finite, DATA, "a running estimate")?;
        }
        match self.form {
            Form::Tokens => self.validate_tokens(),
            Form::Registers => self.validate_registers(),
            Form::Frozen => self.validate_frozen(),
        }
    }
}

doors!(ExaLogLog);

const fn broken(rule: &'static str) -> FileError {
    FileError::Corrupt { section: DATA, rule }
}

impl<W: Words> ExaLogLog<W> {
    /// Words of the running estimate, if one is kept.
    const fn kept_words(&self) -> usize {
        if self.running { RUNNING_WORDS } else { 0 }
    }

    fn validate_tokens(&self) -> Result<(), FileError> {
        let table = self.bytes();
        let (slots, count) = (self.words.words().len() * 2, self.count as usize);
        let room = tokens::slots_for(count, self.p) == Some(slots);
        require(room, DATA, "as many slots as the tokens need")?;
        require(tokens::tokens(table).count() == count, DATA, "as many tokens as stated")?;
        require(tokens::is_laid_out(table), DATA, "tokens where probing finds them, each once")
    }

    fn validate_registers(&self) -> Result<(), FileError> {
        let packed = self.packed();
        let (mut lowest, mut far, mut sound) = (0, 0, true);
        packed.for_each(|index, register| {
            let bits = packed::get(packed.registers, index);
            lowest += u32::from(bits <= SEEN);
            far += usize::from(bits >> 7 == ESCAPE);
            sound &= register.value <= max_value(self.p);
            let void = 8_u32.saturating_sub(register.value).min(7);
            sound &= register.seen & ((1 << void) - 1) == 0;
        });
        require(sound, DATA, "values that p allows, and seen ones above 0")?;
        require(lowest == self.count, DATA, "as many registers at the base as stated")?;
        require(self.base == 0 || lowest > 0, DATA, "a base that a register has")?;
        let words = self.words.words().len() - self.fixed_words();
        let exceptions = || packed::exceptions(packed.exceptions);
        let ascending = exceptions().map(|(index, _)| index).is_sorted_by(|a, b| a < b);
        let needed = exceptions().all(|(index, value)| {
            let offset = value.saturating_sub(u32::from(self.base));
            index < 1 << self.p
                && packed::get(packed.registers, index) >> 7 == ESCAPE
                && offset >= ESCAPE
        });
        let count = packed::count(packed.exceptions);
        let all = exceptions().count() == count && count == far && count.div_ceil(2) == words;
        require(ascending && needed && all, DATA, "an exception for each register that says so")
    }

    fn validate_frozen(&self) -> Result<(), FileError> {
        require(self.count == 0, DATA, "a count of registers only")?;
        let head = self.head();
        let (mut base, mut top) = (u32::MAX, 0);
        let mut decoder = self.decoder();
        for _ in 0..1_u32 << self.p {
            let register = decoder.register();
            (base, top) = (base.min(register.value), top.max(register.value));
        }
        let same = (base, top) == (u32::from(head.base), u32::from(head.top));
        require(same, DATA, "the smallest and the largest value stated")?;
        let behind = self.bytes().len() - 8 * (1 + self.kept_words()) - 2 * head.units as usize;
        let padding = &self.bytes()[self.bytes().len() - behind..];
        require(decoder.is_at(padding), DATA, "an end of the code where it is stated")?;
        require(padding.iter().all(|byte| *byte == 0), DATA, "zeros behind the code")
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::error::BuildError;
    use crate::mem::{Global, Refusals, Refusing, refusing_every};

    #[test]
    fn a_base_without_registers_is_refused_before_anything_is_read_by_it() {
        let mut sketch = ExaLogLog::new(11);
        sketch.insert("one");
        sketch.base = 5;
        let file = sketch.to_bytes().unwrap();
        let error = ExaLogLog::view(file.as_bytes()).unwrap_err();
        assert!(matches!(error, FileError::Corrupt { section: DATA, .. }), "{error:?}");
    }

    /// The hash that gives register `index` of 32 this value.
    const fn hash_at(index: u64, value: u32) -> u64 {
        let (top, zeros) = ((value as u64 - 1) % 2, (value - 1) / 2);
        top << 63 | index << 58 | 1 << zeros
    }

    /// A sketch of 32 registers whose values are `value`.
    fn level(value: u32) -> ExaLogLog {
        let mut sketch = ExaLogLog::new(5);
        (0..32).for_each(|index| sketch.insert_hash(hash_at(index, value)));
        sketch
    }

    #[test]
    fn a_base_may_rise_by_more_than_a_register_tells() {
        for value in [30, 31, 32, 33, 40, 62, 63, 64, 95, 110] {
            let mut sketch = level(value);
            sketch.validate().unwrap();
            assert_eq!((u32::from(sketch.base), sketch.count), (value, 32));
            let copy = sketch.clone();
            sketch.merge(&copy).unwrap();
            assert_eq!(sketch, copy);
            let mut thawed = ExaLogLog::new(5);
            thawed.merge(&sketch.to_frozen()).unwrap();
            thawed.validate().unwrap();
            assert_eq!(thawed, sketch, "{value}");
        }
    }

    #[test]
    fn a_refused_fold_leaves_the_sketch_as_it_was() {
        let refusals = Refusals::every(usize::MAX);
        let alloc = Refusing::new(&refusals, Global);
        let mut sketch = ExaLogLog::try_new_in(11, 0, alloc).unwrap();
        (0..600_u32).for_each(|key| sketch.insert(&key));
        let before = sketch.to_bytes().unwrap();
        let (folded, refused) = refusing_every(1, || sketch.fold_to(8));
        assert!(matches!(folded, Err(BuildError::Alloc(_))) && refused == 1, "{folded:?}");
        assert_eq!(sketch.to_bytes().unwrap().as_bytes(), before.as_bytes());
        sketch.fold_to(8).unwrap();
        sketch.validate().unwrap();
        assert_eq!(sketch.p(), 8);
    }

    /// What `view` lets in of a sketch with two exceptions that do not ascend.
    fn damaged() -> ExaLogLog {
        let mut sketch = level(17);
        [19, 20].into_iter().for_each(|index| sketch.insert_hash(hash_at(index, 60)));
        sketch.validate().unwrap();
        let at = sketch.fixed_words() * 8;
        sketch.words.as_bytes_mut()[at..at + 8].rotate_left(4);
        let file = sketch.to_bytes().unwrap();
        let view = ExaLogLog::view(file.as_bytes()).unwrap();
        assert!(view.validate().is_err());
        view.to_heap()
    }

    #[test]
    fn exceptions_that_do_not_ascend_are_survived() {
        // Each of these raises the base so far that the two are no exceptions any more.
        let mut merged = damaged();
        merged.merge(&level(40)).unwrap();
        let mut inserted = damaged();
        (0..32).for_each(|index| inserted.insert_hash(hash_at(index, 40)));
        for mut sketch in [merged, inserted] {
            sketch.validate().unwrap();
            assert_eq!((sketch.base, packed::count(sketch.packed().exceptions)), (40, 0));
            sketch.fold_to(4).unwrap();
            sketch.validate().unwrap();
        }
        let mut folded = damaged();
        folded.fold_to(4).unwrap();
        (0..32).for_each(|index| folded.insert_hash(hash_at(index, 90)));
    }
}

#[cfg(all(feature = "serde", feature = "alloc"))]
mod with_serde {
    use super::{ExaLogLog, Words};
    use serde::{Serialize, Serializer, ser::Error};

    impl<W: Words> Serialize for ExaLogLog<W> {
        /// As bytes: the `.lram` file.
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let file = self.to_bytes().map_err(S::Error::custom)?;
            serializer.serialize_bytes(file.as_bytes())
        }
    }

    #[cfg(feature = "std")]
    mod owned {
        use super::ExaLogLog;
        use crate::sketches::{de::read_bytes, exa_log_log::MAX_P};
        use serde::{Deserialize, Deserializer};

        /// No file that is written is longer: frozen, a register takes at most eight symbols of two
        /// bytes, which is more than it takes with an exception. And the head.
        const MOST_BYTES: usize = (16 << MAX_P) + (1 << 16);

        impl<'de> Deserialize<'de> for ExaLogLog {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let what = "the bytes of a .lram file of an ExaLogLog";
                let read = |bytes: &[u8]| Self::read_from(bytes, bytes.len() as u64);
                read_bytes(deserializer, what, MOST_BYTES, read)
            }
        }
    }
}
