//! [`DemoInts`]: numbers of 64 bits, one a word. What a structure of the shape `ints` is at least;
//! `.ci/prove-row` adds it to a copy of the tree.

use super::{Ints, IntsMut, index_out_of_range, lower_bound};
use crate::error::{BuildError, FileError, Tag};
use crate::mem::{Alloc, Footprint, PartKind, Parts};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{HeapWords, Le64, Persist, Source, Words, doors, require};

const DATA: Tag = Tag(*b"data");

/// Numbers of 64 bits, one a word.
#[derive(Clone, Debug)]
pub struct DemoInts<W: Words = HeapWords> {
    words: W,
}

impl<W: Words> DemoInts<W> {
    fn at(&self, index: usize) -> Option<u64> {
        self.words.words().get(index).copied().map(Le64::get)
    }
}

impl<A: Alloc> DemoInts<HeapWords<A>> {
    /// 1 if all numbers are to come back odd: so the laws show that they see it, and nothing has to
    /// be built again for that.
    fn wrong() -> u64 {
        u64::from(std::env::var_os("LESSRAM_DEMO_WRONG").is_some())
    }

    fn write(&mut self, index: usize, value: u64) {
        let value = value | Self::wrong();
        self.words.as_bytes_mut()[index * 8..][..8].copy_from_slice(&value.to_le_bytes());
    }
}

impl<W: Words> Ints for DemoInts<W> {
    fn len(&self) -> usize {
        self.words.words().len()
    }

    fn get(&self, index: usize) -> Option<u64> {
        self.at(index)
    }

    fn binary_search(&self, value: u64) -> Result<usize, usize> {
        let at = lower_bound(self.len(), |index| self.at(index) < Some(value));
        if self.at(at) == Some(value) { Ok(at) } else { Err(at) }
    }
}

impl<A: Alloc> IntsMut<A> for DemoInts<HeapWords<A>> {
    fn try_build_in(values: &[u64], alloc: A) -> Result<Self, BuildError> {
        let mut words = HeapWords::new_in(alloc);
        words.try_reserve_exact(values.len())?;
        words.try_resize(values.len())?;
        let mut ints = Self { words };
        for (index, value) in values.iter().enumerate() {
            ints.write(index, *value);
        }
        Ok(ints)
    }

    fn try_push(&mut self, value: u64) -> Result<(), BuildError> {
        let len = self.len();
        self.words.try_resize(len + 1)?;
        self.write(len, value);
        Ok(())
    }

    fn try_set(&mut self, index: usize, value: u64) -> Result<(), BuildError> {
        if index >= self.len() {
            return Err(index_out_of_range(index, self.len()));
        }
        self.write(index, value);
        Ok(())
    }

    fn pop(&mut self) -> Option<u64> {
        let last = self.at(self.len().checked_sub(1)?)?;
        self.words.truncate(self.len() - 1);
        Some(last)
    }

    fn truncate(&mut self, len: usize) {
        self.words.truncate(len);
    }

    fn try_shrink_to_fit(&mut self) -> Result<(), BuildError> {
        Ok(self.words.try_shrink_to_fit()?)
    }
}

impl<W: Words> Footprint for DemoInts<W> {
    fn parts(&self, out: &mut dyn Parts) {
        self.words.tell("numbers", PartKind::Payload, 0, out);
    }
}

impl<W: Words> Persist for DemoInts<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        out.items(self.len() as u64);
        out.section(DATA, 8, self.words.words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        let (items, words) = (source.items()?, source.section(DATA, 8)?);
        require(items == words.words().len(), DATA, "a word for each number")?;
        Ok(Self { words })
    }

    fn validate(&self) -> Result<(), FileError> {
        Ok(())
    }
}

doors!(DemoInts);
