//! Laws of the shape `ragged`: rows answer as a plain `Vec<Vec<u64>>` does. They are built
//! at once, so that an operation changes the oracle and builds anew.

use super::data::{self, Rng};
use super::model::Model;
use super::ops::Program;
use super::row::{Look, Stop, Subject, SubjectMut, Verdict, ensure};
use crate::arrays::{RaggedBuild, RaggedRows};
use crate::error::BuildError;
use crate::mem::Alloc;
use std::vec;
use std::vec::Vec;

/// Rows in a plain `Vec`: the oracle of the shape `ragged`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowsModel(pub Vec<Vec<u64>>);

/// A program adds no more items from here on.
const MAX_ITEMS: usize = 20_000;
/// A program adds no more rows from here on.
const MAX_ROWS: usize = 5_000;

/// An operation on rows. Positions are read modulo the number of rows plus two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Append a row of these items.
    Push(Vec<u64>),
    /// Append as many rows as a seeded generator makes.
    PushMany(u64, usize),
    /// Append so many rows without items.
    PushEmpty(usize),
    /// Append an item to a row.
    Extend(usize, u64),
    /// Remove the rows from a position on.
    Truncate(usize),
    /// Put the rows in order.
    Sort,
}

/// About `items` items in rows whose lengths `rng` picks.
fn rows(rng: &mut Rng, items: usize) -> Vec<Vec<u64>> {
    let mean = 1 + rng.below(30);
    let mut rows = Vec::new();
    let mut left = items;
    while left > 0 && rows.len() < MAX_ROWS {
        let len = match rng.below(8) {
            0 => 0,
            1 => rng.below(20 * mean),
            _ => rng.below(2 * mean),
        };
        let row = data::ints(rng, len.min(left));
        // Rows without items count as one, so that there is an end.
        left -= row.len().max(1).min(left);
        rows.push(row);
    }
    rows
}

impl RowsModel {
    fn items_in_all(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    fn append(&mut self, more: Vec<Vec<u64>>) {
        let mut room = MAX_ITEMS.saturating_sub(self.items_in_all());
        for row in more {
            if row.len() > room || self.0.len() >= MAX_ROWS {
                break;
            }
            room -= row.len();
            self.0.push(row);
        }
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Push(row) => self.append(vec![row.clone()]),
            Op::PushMany(seed, items) => self.append(rows(&mut Rng::new(*seed), *items)),
            Op::PushEmpty(count) => self.append(vec![Vec::new(); *count]),
            Op::Extend(raw, item) => {
                let (at, full) = (raw % (self.0.len() + 2), self.items_in_all() >= MAX_ITEMS);
                if let Some(row) = self.0.get_mut(at).filter(|_| !full) {
                    row.push(*item);
                }
            }
            Op::Truncate(raw) => self.0.truncate(raw % (self.0.len() + 2)),
            Op::Sort => self.0.sort(),
        }
    }
}

impl Model for RowsModel {
    type Op = Op;

    /// What is finished has no slack.
    const GROWS_FINELY: bool = false;

    fn read_op(program: &mut Program<'_>) -> Option<Op> {
        let form = program.byte()?;
        Some(match form % 16 {
            0..=4 => {
                let len = program.small() % 40;
                Op::Push((0..len).map(|_| program.number()).collect())
            }
            5..=8 => Op::PushMany(program.number(), program.count()),
            9 => Op::PushEmpty(program.small()),
            10..=12 => {
                let at = program.small() << 8 | program.small();
                Op::Extend(at, program.number())
            }
            13 | 14 => Op::Truncate(program.small() << 8 | program.small()),
            _ => Op::Sort,
        })
    }

    fn generate(rng: &mut Rng, len: usize) -> Self {
        Self(rows(rng, len))
    }

    fn golden() -> Self {
        let row = |i: u64| (0..i * i % 7).map(|j| i * 1_000 + j).collect();
        Self((0..40).map(row).chain([vec![u64::MAX, 0, 1 << 40], vec![]]).collect())
    }

    fn edges() -> Vec<Self> {
        let long = (0..3_000).collect();
        let all = [
            vec![],
            vec![vec![]],
            vec![vec![]; 2_000],
            vec![vec![u64::MAX]],
            vec![vec![], vec![0], vec![]],
            vec![vec![7]; 1_500],
            [vec![vec![]; 1_100], vec![long], vec![vec![1]; 1_100]].concat(),
        ];
        all.into_iter().map(Self).collect()
    }

    fn items(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// Rows worth a look among `len`, some of them behind the last.
fn positions(len: usize, look: Look) -> impl Iterator<Item = usize> {
    let step = if look == Look::Whole { 1 } else { (len / 13).max(1) };
    let last = len.saturating_sub(2)..len.saturating_add(2);
    (0..len).step_by(step).chain(last).chain([usize::MAX - 1, usize::MAX])
}

impl<S: RaggedRows> Subject<RowsModel> for S {
    fn compare(&self, model: &RowsModel, look: Look) -> Verdict {
        let (rows, items) = (model.0.len(), model.items_in_all());
        let found = (self.len(), self.item_count(), self.is_empty());
        ensure!(found == (rows, items, rows == 0), "{found:?} of {rows} rows, {items} items");
        for index in positions(rows, look) {
            let (row, right) = (self.row(index), model.0.get(index));
            ensure!(row.is_some() == right.is_some(), "row {index} of {rows}");
            if let (Some(row), Some(right)) = (row, right) {
                ensure!(row.len() == right.len(), "row {index} has {} items", row.len());
                ensure!(row.eq(right.iter().copied()), "row {index} is not {right:?}");
            }
        }
        if look == Look::Whole {
            let all: Vec<Vec<u64>> = self.rows().map(Iterator::collect).collect();
            ensure!(all == model.0, "the rows in order");
            let mut back: Vec<Vec<u64>> = self.rows().rev().map(Iterator::collect).collect();
            back.reverse();
            ensure!(back == model.0, "the rows from behind");
        }
        Ok(())
    }

    fn exercise(&self) -> Verdict {
        let items = self.item_count();
        for index in positions(self.len(), Look::Glance) {
            let row = self.row(index);
            ensure!(row.is_some() == (index < self.len()), "row {index} of {}", self.len());
            let len = row.map_or(0, |row| row.map(core::hint::black_box).count());
            ensure!(len <= items, "row {index} has {len} items of {items}");
        }
        let seen = self.rows().take(1_000).map(|row| row.len()).max();
        ensure!(seen.is_none_or(|len| len <= items), "a row of {seen:?} items of {items}");
        let seen = self.rows().rev().take(100).map(|row| row.len()).max();
        ensure!(seen.is_none_or(|len| len <= items), "a row of {seen:?} items of {items}");
        core::hint::black_box((self.heap_bytes(), self.heap_blocks(), self.total_bytes()));
        Ok(())
    }
}

impl<A: Alloc + Clone, S: RaggedBuild<A>> SubjectMut<RowsModel, A> for S {
    fn build(model: &RowsModel, alloc: A) -> Result<Self, BuildError> {
        Self::try_build_in(model.0.iter().map(Vec::as_slice), alloc)
    }

    fn apply(&mut self, op: &Op, model: &mut RowsModel, alloc: &A) -> Result<(), Stop> {
        let mut next = model.clone();
        next.apply(op);
        if next != *model {
            *self = Self::build(&next, alloc.clone())?;
            *model = next;
        }
        Ok(())
    }
}
