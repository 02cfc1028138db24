//! Laws of the shape `bits`: a sequence of bits answers as a plain `Vec<bool>` does, after every
//! operation of any program; rank and select are each other's inverse.

use super::data::Rng;
use super::model::Model;
use super::ops::Program;
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::arrays::{BitVec, Bits, BitsMut};
use crate::error::BuildError;
use crate::mem::Alloc;
use crate::storage::HeapWords;
use std::format;
use std::vec;
use std::vec::Vec;

/// Bits in a plain `Vec`: the oracle of the shape `bits`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct BitsModel(pub Vec<bool>);

impl core::fmt::Debug for BitsModel {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let ones = self.0.iter().filter(|bit| **bit).count();
        write!(f, "{} bits, {ones} ones", self.0.len())
    }
}

/// A program stops appending here: enough for several blocks of every index.
const MAX_BITS: usize = 1 << 15;

/// An operation on bits. Positions are read modulo the length plus two, so that some lie behind the
/// end; ranges are cut to the length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Append a bit.
    Push(bool),
    /// Append as many bits as a seeded generator makes.
    PushMany(u64, usize),
    /// Append all bits there are once more.
    Twice,
    /// Overwrite the bit at a position.
    Set(usize, bool),
    /// Overwrite the bits of a range.
    Fill(usize, usize, bool),
    /// Flip the bits of a range.
    Flip(usize, usize),
    /// Take the last bit back.
    Pop,
    /// Remove the bits from a position on.
    Truncate(usize),
    /// Make it so many bits longer, of one kind.
    Resize(usize, bool),
    /// Give back the room that is not needed.
    Shrink,
    /// Build it anew from its bits.
    Rebuild,
}

/// `len` bits of a density that `rng` picks.
fn bits(rng: &mut Rng, len: usize) -> Vec<bool> {
    let thick = 1 + rng.below(200);
    match rng.below(8) {
        0 => vec![false; len],
        1 => vec![true; len],
        2 | 3 => (0..len).map(|_| rng.bits(1) == 1).collect(),
        4 => (0..len).map(|_| rng.below(thick) == 0).collect(),
        5 => (0..len).map(|_| rng.below(thick) != 0).collect(),
        6 => (0..len).map(|i| i % thick == 0).collect(),
        // Runs of both.
        _ => {
            let mut bits = Vec::with_capacity(len);
            while bits.len() < len {
                let run = (1 + rng.below(40 * thick)).min(len - bits.len());
                bits.resize(bits.len() + run, rng.bits(1) == 1);
            }
            bits
        }
    }
}

impl Model for BitsModel {
    type Op = Op;

    fn read_op(program: &mut Program<'_>) -> Option<Op> {
        let form = program.byte()?;
        let bit = form & 16 != 0;
        let mut position = || program.small() << 8 | program.small();
        Some(match form % 16 {
            0..=2 => Op::Push(bit),
            3..=5 => {
                let seed = position() as u64;
                Op::PushMany(seed, program.count() * 7)
            }
            6 => Op::Twice,
            7 | 8 => Op::Set(position(), bit),
            9 => Op::Fill(position(), position(), bit),
            10 => Op::Flip(position(), position()),
            11 => Op::Pop,
            12 => Op::Truncate(position()),
            13 => Op::Resize(position() % 3_000, bit),
            14 => Op::Shrink,
            _ => Op::Rebuild,
        })
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        Self(bits(rng, len))
    }

    fn golden() -> Self {
        Self((0..9_001_u64).map(|i| i * i % 4_099 < 1_000 && i % 5_000 > 1_700).collect())
    }

    fn edges() -> Vec<Self> {
        let lens = [0, 1, 64, 65, 513, 2_048];
        let of = |bit: bool| lens.map(move |len| Self(vec![bit; len]));
        of(false).into_iter().chain(of(true)).collect()
    }

    fn items(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// What the plain code says of all positions.
struct Expected {
    /// Ones before each position, and before the end.
    ranks: Vec<usize>,
    ones: Vec<usize>,
    zeros: Vec<usize>,
}

impl Expected {
    fn of(bits: &[bool]) -> Self {
        let (mut ranks, mut ones, mut zeros) = (vec![0], Vec::new(), Vec::new());
        for (index, bit) in bits.iter().enumerate() {
            if *bit {
                ones.push(index)
            } else {
                zeros.push(index)
            }
            ranks.push(ones.len());
        }
        Self { ranks, ones, zeros }
    }

    /// Ones before `index`.
    fn rank(&self, index: usize) -> usize {
        self.ranks[index.min(self.ranks.len() - 1)]
    }

    /// The last one at or before `index`.
    fn pred(&self, index: usize) -> Option<usize> {
        let upto = self.rank(index.saturating_add(1));
        upto.checked_sub(1).map(|k| self.ones[k])
    }

    /// The first one at or behind `index`.
    fn succ(&self, index: usize) -> Option<usize> {
        self.ones.get(self.rank(index)).copied()
    }
}

/// Positions worth a look among `len`, some of them behind the end: of long sequences not all,
/// since a bit vector without an index answers in O(n).
fn positions(len: usize, look: Look) -> impl Iterator<Item = usize> {
    let (dense, most) = if look == Look::Whole { (600, 150) } else { (3, 9) };
    let spread = (dense..len).step_by((len / most).max(1) | 1);
    let ends = len.saturating_sub(3)..len.saturating_add(2);
    (0..dense.min(len)).chain(spread).chain(ends).chain([usize::MAX - 1, usize::MAX])
}

impl<S: Bits> Subject<BitsModel> for S {
    fn compare(&self, model: &BitsModel, look: Look) -> Verdict {
        let (len, bits) = (self.len(), &model.0);
        ensure!(len == bits.len(), "{len} bits, not {}", bits.len());
        ensure!(self.is_empty() == bits.is_empty(), "is_empty() of {len} bits");
        let expected = Expected::of(bits);
        for index in positions(len, look) {
            let (bit, right) = (self.get(index), bits.get(index).copied());
            ensure!(bit == right, "bit {index} is {bit:?}, not {right:?}");
            let (rank, right) = (self.rank(index), expected.rank(index));
            ensure!(rank == right, "rank({index}) is {rank}, not {right}");
            let (pred, right) = (self.pred(index), expected.pred(index));
            ensure!(pred == right, "pred({index}) is {pred:?}, not {right:?}");
            let (succ, right) = (self.succ(index), expected.succ(index));
            ensure!(succ == right, "succ({index}) is {succ:?}, not {right:?}");
        }
        for k in positions(expected.ones.len(), look) {
            let (at, right) = (self.select(k), expected.ones.get(k).copied());
            ensure!(at == right, "select({k}) is {at:?}, not {right:?}");
            let back = at.is_none_or(|at| self.rank(at) == k && self.get(at) == Some(true));
            ensure!(back, "rank and select of {k} are not inverse");
        }
        for k in positions(expected.zeros.len(), look) {
            let (at, right) = (self.select_zero(k), expected.zeros.get(k).copied());
            ensure!(at == right, "select_zero({k}) is {at:?}, not {right:?}");
        }
        Ok(())
    }

    fn exercise(&self) -> Verdict {
        let len = self.len();
        let below = |what: &str, of: usize, answer: Option<usize>| {
            ensure!(answer.is_none_or(|at| at < len), "{what}({of}) of {len} bits: {answer:?}");
            Verdict::Ok(())
        };
        for index in positions(len, Look::Glance) {
            let exists = self.get(index).is_some();
            ensure!(exists == (index < len), "bit {index} of {len}: {exists}");
            core::hint::black_box(self.rank(index));
            below("select", index, self.select(index))?;
            below("select_zero", index, self.select_zero(index))?;
            below("pred", index, self.pred(index))?;
            below("succ", index, self.succ(index))?;
        }
        core::hint::black_box((self.heap_bytes(), self.heap_blocks(), self.total_bytes()));
        Ok(())
    }
}

/// A bit vector of the model's bits.
fn plain<A: Alloc>(model: &BitsModel, alloc: A) -> Result<BitVec<HeapWords<A>>, BuildError> {
    let mut bits = BitVec::new_in(alloc);
    bits.try_reserve(model.0.len())?;
    model.0.iter().try_for_each(|bit| bits.try_push(*bit))?;
    Ok(bits)
}

/// The range of two positions, cut to `len`.
fn range(a: usize, b: usize, len: usize) -> core::ops::Range<usize> {
    let (a, b) = (a % (len + 1), b % (len + 1));
    a.min(b)..a.max(b)
}

impl Op {
    /// Does it to the plain bits.
    fn change(&self, bits: &mut Vec<bool>) {
        let len = bits.len();
        let room = MAX_BITS - len.min(MAX_BITS);
        match *self {
            Self::Push(bit) => bits.extend((room > 0).then_some(bit)),
            Self::PushMany(seed, count) => {
                bits.extend(self::bits(&mut Rng::new(seed), count.min(room)));
            }
            Self::Twice if len <= room => bits.extend_from_within(..),
            Self::Set(raw, bit) => {
                if let Some(place) = bits.get_mut(raw % (len + 2)) {
                    *place = bit;
                }
            }
            Self::Fill(a, b, bit) => bits[range(a, b, len)].fill(bit),
            Self::Flip(a, b) => bits[range(a, b, len)].iter_mut().for_each(|bit| *bit = !*bit),
            Self::Pop => drop(bits.pop()),
            Self::Truncate(raw) => bits.truncate(raw % (len + 2)),
            Self::Resize(more, bit) => bits.resize(len + more.min(room), bit),
            Self::Twice | Self::Shrink | Self::Rebuild => {}
        }
    }

    /// Does it to a bit vector: its bits are those of `before`, and after it those of `after`.
    fn apply<A: Alloc + Clone>(
        &self,
        bits: &mut BitVec<HeapWords<A>>,
        (before, after): (&[bool], &BitsModel),
        alloc: &A,
    ) -> Result<(), Stop> {
        let len = before.len();
        match *self {
            Self::Push(_) | Self::PushMany(..) => {
                for bit in &after.0[len..] {
                    if let Err(error) = bits.try_push(*bit) {
                        bits.truncate(len);
                        return Err(error.into());
                    }
                }
            }
            Self::Twice => {
                if after.0.len() > len {
                    let same = plain(&BitsModel(before.to_vec()), alloc.clone())?;
                    bits.try_extend_from(&same)?;
                }
            }
            Self::Set(raw, bit) => {
                let index = raw % (len + 2);
                let done = bits.try_set(index, bit);
                ensure!(done.is_ok() == (index < len), "setting bit {index} of {len}: {done:?}");
            }
            Self::Fill(a, b, bit) => bits.fill(range(a, b, len), bit),
            Self::Flip(a, b) => bits.flip(range(a, b, len)),
            Self::Pop => {
                let (last, expected) = (bits.pop(), before.last().copied());
                ensure!(last == expected, "popped {last:?}, not {expected:?}");
            }
            Self::Truncate(raw) => bits.truncate(raw % (len + 2)),
            Self::Resize(_, bit) => bits.try_resize(after.0.len(), bit)?,
            Self::Shrink => bits.try_shrink_to_fit()?,
            Self::Rebuild => *bits = plain(after, alloc.clone())?,
        }
        Ok(())
    }
}

/// Counts of ranges, iterators and set algebra of a bit vector equal the plain code's.
fn compare_plain<A: Alloc + Clone>(
    bits: &BitVec<HeapWords<A>>,
    model: &BitsModel,
    alloc: &A,
) -> Result<(), Stop> {
    let (len, plain_bits) = (bits.len(), &model.0);
    let expected = Expected::of(plain_bits);
    for (a, b) in [(0, len), (len / 3, len / 2), (len / 5, len), (len / 2, len / 2 + 1)] {
        let range = range(a, b, len);
        let (ones, right) =
            (bits.count_ones(range.clone()), expected.rank(range.end) - expected.rank(range.start));
        ensure!(ones == right, "{ones} ones in {range:?}, not {right}");
        let of = |bit| range.clone().filter(move |i| plain_bits[*i] == bit);
        ensure!(bits.iter_ones_in(range.clone()).eq(of(true)), "ones in {range:?}");
        ensure!(bits.iter_zeros_in(range.clone()).eq(of(false)), "zeros in {range:?}");
        let back = bits.iter_ones_in(range.clone()).rev();
        ensure!(back.eq(of(true).rev()), "ones in {range:?} from behind");
    }
    ensure!(bits.iter().eq(plain_bits.iter().copied()), "the bits in order");
    ensure!(bits.iter().rev().eq(plain_bits.iter().rev().copied()), "the bits from behind");
    // Each bit beside its neighbour.
    let mut turned = plain_bits.clone();
    turned.rotate_left(len.min(1));
    let other = plain(&BitsModel(turned.clone()), alloc.clone())?;
    let both = |op: fn(bool, bool) -> bool| -> Vec<bool> {
        plain_bits.iter().zip(&turned).map(|(a, b)| op(*a, *b)).collect()
    };
    type Assign<A> = fn(&mut BitVec<HeapWords<A>>, &BitVec<HeapWords<A>>);
    type Count<A> = fn(&BitVec<HeapWords<A>>, &BitVec<HeapWords<A>>) -> usize;
    type New<A> = fn(&BitVec<HeapWords<A>>, &BitVec<HeapWords<A>>) -> BitVec;
    type Operation<A> = (fn(bool, bool) -> bool, Assign<A>, Count<A>, New<A>);
    let ops: [Operation<A>; 4] = [
        (|a, b| a & b, BitVec::and_assign, BitVec::count_and, |a, b| a & b),
        (|a, b| a | b, BitVec::or_assign, BitVec::count_or, |a, b| a | b),
        (|a, b| a ^ b, BitVec::xor_assign, BitVec::count_xor, |a, b| a ^ b),
        (|a, b| a & !b, BitVec::and_not_assign, BitVec::count_and_not, |a, b| a - b),
    ];
    for (i, (op, assign, count, new)) in ops.into_iter().enumerate() {
        let right = both(op);
        let ones = right.iter().filter(|bit| **bit).count();
        ensure!(count(bits, &other) == ones, "operation {i} counts otherwise");
        let mut copy = plain(model, alloc.clone())?;
        assign(&mut copy, &other);
        ensure!(copy.iter().eq(right), "operation {i} gives other bits");
        ensure!(new(bits, &other) == copy, "operator {i} gives other bits");
    }
    Ok(())
}

impl<A: Alloc + Clone, S: BitsMut<A>> SubjectMut<BitsModel, A> for S {
    fn build(model: &BitsModel, alloc: A) -> Result<Self, BuildError> {
        Self::try_build_in(plain(model, alloc.clone())?, alloc)
    }

    fn apply(&mut self, op: &Op, model: &mut BitsModel, alloc: &A) -> Result<(), Stop> {
        let mut next = model.clone();
        op.change(&mut next.0);
        match self.as_bit_vec_mut() {
            Some(bits) => {
                op.apply(bits, (&model.0, &next), alloc)?;
                *model = next;
                if *op == Op::Rebuild {
                    compare_plain(bits, model, alloc)?;
                }
            }
            None => {
                *self = Self::build(&next, alloc.clone())?;
                *model = next;
            }
        }
        Ok(())
    }

    fn shrink(&mut self) -> Result<(), BuildError> {
        match self.as_bit_vec_mut() {
            Some(bits) => Ok(bits.try_shrink_to_fit()?),
            None => Ok(()),
        }
    }

    fn churn(&mut self) -> Verdict {
        let Some(bits) = self.as_bit_vec_mut() else { return self.exercise() };
        let len = bits.len();
        bits.try_push(true).map_err(|error| format!("pushing: {error}"))?;
        ensure!(bits.get(len) == Some(true), "the bit that was pushed");
        bits.flip(len / 2..);
        bits.fill(..len / 3, true);
        let _ = bits.try_resize(len + 70, true);
        bits.truncate(len / 2 + 1);
        bits.exercise()?;
        let _ = bits.try_shrink_to_fit();
        let _ = bits.pop();
        bits.exercise()
    }
}
