//! Programs: bytes read as operations, so that random tests, fuzz targets and replayed files speak
//! one language. Every sequence of bytes is a program; one that ends early reads as zeros.

use super::data::{self, Rng};
use std::fmt;
use std::vec;
use std::vec::Vec;

/// Reads a program from its first byte on.
#[derive(Clone, Debug)]
pub struct Program<'p> {
    rest: &'p [u8],
}

impl<'p> Program<'p> {
    /// The program in `bytes`.
    #[must_use]
    pub const fn new(bytes: &'p [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next byte, or `None` at the end of the program.
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// The next byte, 0 at the end of the program.
    pub fn small(&mut self) -> usize {
        usize::from(self.byte().unwrap_or(0))
    }

    /// A number. One byte below 128 is the number itself; then come 64 forms with as many bits
    /// spelled out, and 64 forms that are all ones: short programs reach the edges of every width.
    pub fn number(&mut self) -> u64 {
        match self.byte().unwrap_or(0) {
            form @ 0..128 => u64::from(form),
            form @ 128..192 => {
                let bits = u32::from(form) - 127;
                let mut bytes = [0; 8];
                for byte in &mut bytes[..bits.div_ceil(8) as usize] {
                    *byte = self.byte().unwrap_or(0);
                }
                u64::from_le_bytes(bytes) & (u64::MAX >> (64 - bits))
            }
            form => u64::MAX >> (255 - form),
        }
    }

    /// A byte string: up to 31 bytes spelled out, an [adversarial](data::adversarial) one, or a
    /// long one that a seed makes.
    pub fn string(&mut self) -> Vec<u8> {
        match self.small() {
            form @ 0..192 => (0..form % 32).map(|_| self.small() as u8).collect(),
            form @ 192..248 => data::adversarial(form - 192),
            form => self.rng().bytes((form - 247) * 150),
        }
    }

    /// A generator with a seed of two bytes.
    pub fn rng(&mut self) -> Rng {
        Rng::new((self.small() << 8 | self.small()) as u64)
    }

    /// How many items to make at once: most often few, sometimes thousands.
    pub fn count(&mut self) -> usize {
        match self.small() {
            form @ 0..224 => form,
            form => (form - 223) * 128,
        }
    }
}

/// What sequences are made of: numbers or byte strings.
pub trait Item: Clone + Ord + fmt::Debug + 'static {
    /// Whether sequences of it can overwrite any item and take back the last one.
    const REPLACEABLE: bool;

    /// The next item that a program spells out.
    fn read(program: &mut Program<'_>) -> Self;

    /// `len` items of a distribution that `rng` picks.
    fn generate(rng: &mut Rng, len: usize) -> Vec<Self>;

    /// The items of golden files. Never changes: files of them must load forever.
    fn golden() -> Vec<Self>;

    /// Small sequences at the edges: empty, one item, items without content.
    fn edges() -> Vec<Vec<Self>>;

    /// A few items to look up, most of them absent.
    fn needles() -> Vec<Self>;

    /// Bytes that one item takes in memory, roughly: to bound what a program builds.
    fn weight(&self) -> usize;
}

impl Item for u64 {
    const REPLACEABLE: bool = true;

    fn read(program: &mut Program<'_>) -> Self {
        program.number()
    }

    fn generate(rng: &mut Rng, len: usize) -> Vec<Self> {
        data::ints(rng, len)
    }

    fn golden() -> Vec<Self> {
        (0..101_u64).map(|i| i * i * 31 % 4_099).collect()
    }

    fn edges() -> Vec<Vec<Self>> {
        let flat = [vec![], vec![0], vec![0; 100], vec![u64::MAX], vec![u64::MAX; 9]];
        let ramps = [(0..64).map(|i| 1 << i).collect(), (0..130).collect()];
        flat.into_iter().chain(ramps).collect()
    }

    fn needles() -> Vec<Self> {
        vec![0, 1, 1_000, 1 << 40, u64::MAX]
    }

    fn weight(&self) -> usize {
        8
    }
}

impl Item for Vec<u8> {
    const REPLACEABLE: bool = false;

    fn read(program: &mut Program<'_>) -> Self {
        program.string()
    }

    fn generate(rng: &mut Rng, len: usize) -> Vec<Self> {
        data::strings(rng, len)
    }

    fn golden() -> Vec<Self> {
        const LINES: &[u8] =
            b"\0\xFF\n\n\xC3\xA9\nant\nant hill\nanthill\nbee\ncat\ncat\n\xFF\xFF\nz";
        LINES.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    }

    fn edges() -> Vec<Vec<Self>> {
        let flat = [vec![], vec![vec![]], vec![vec![]; 50], vec![vec![0]], vec![vec![0xFF; 64]]];
        let whole_word = vec![vec![], b"abcdefgh".to_vec()];
        let adversarial = (0..data::ADVERSARIAL).map(data::adversarial).collect();
        flat.into_iter().chain([whole_word, adversarial]).collect()
    }

    fn needles() -> Vec<Self> {
        [&b""[..], b"\0", b"ant hill", b"m", b"\xFF\xFF\xFF"].map(<[u8]>::to_vec).to_vec()
    }

    fn weight(&self) -> usize {
        self.len() + 4
    }
}

/// An operation on a sequence. Positions are read modulo the length plus two, so that some lie
/// behind the end.
#[derive(Clone, PartialEq, Eq)]
pub enum Op<T> {
    /// Append an item.
    Push(T),
    /// Append items, one by one.
    PushMany(Vec<T>),
    /// Overwrite the item at a position.
    Set(usize, T),
    /// Take the last item back.
    Pop,
    /// Remove the items from a position on.
    Truncate(usize),
    /// Give back the room that is not needed.
    Shrink,
    /// Look an item up.
    Search(T),
    /// Build it anew from its items, ascending if `true`.
    Rebuild(bool),
}

impl<T: Item> Op<T> {
    /// The next operation of `program`, or `None` at its end.
    pub fn read(program: &mut Program<'_>) -> Option<Self> {
        Some(match program.byte()? % 16 {
            0..=3 => Self::Push(T::read(program)),
            4..=6 => {
                let count = program.count();
                Self::PushMany(T::generate(&mut program.rng(), count))
            }
            7 | 8 if T::REPLACEABLE => Self::Set(program.position(), T::read(program)),
            9 if T::REPLACEABLE => Self::Pop,
            7..=9 => Self::Push(T::read(program)),
            10 | 11 => Self::Truncate(program.position()),
            12 => Self::Shrink,
            13 => Self::Search(T::read(program)),
            14 => Self::Rebuild(false),
            _ => Self::Rebuild(true),
        })
    }
}

impl Program<'_> {
    /// A position up to 65,535.
    fn position(&mut self) -> usize {
        self.small() << 8 | self.small()
    }
}

impl<T: fmt::Debug> fmt::Debug for Op<T> {
    /// Thousands of items are told by their number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Push(item) => write!(f, "Push({item:?})"),
            Self::PushMany(items) => match items.as_slice() {
                [first, .., last] => {
                    write!(f, "PushMany({first:?} .. {last:?}, {} items)", items.len())
                }
                few => write!(f, "PushMany({few:?})"),
            },
            Self::Set(at, item) => write!(f, "Set({at}, {item:?})"),
            Self::Pop => f.write_str("Pop"),
            Self::Truncate(len) => write!(f, "Truncate({len})"),
            Self::Shrink => f.write_str("Shrink"),
            Self::Search(item) => write!(f, "Search({item:?})"),
            Self::Rebuild(sorted) => write!(f, "Rebuild({sorted})"),
        }
    }
}
