//! The two forms of a [`Dawg`](super::Dawg)'s states, as sections.

use super::code::Codes;
use super::fixed::Fixed;
use super::fixed_layout::FixedLayout;
use super::layout::Layout;
use super::packed::Packed;
use super::read::{Facts, View};
use super::register::Register;
use crate::arrays::Prefer;
use crate::error::{BuildError, FileError, Tag};
use crate::mem::{Alloc, PartKind, Parts};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::words::as_halves;
use crate::storage::{HeapWords, Source, Words, as_bytes, require};

/// The section of the table of what repeats of edges.
const TABLE: Tag = Tag(*b"tabl");
/// The section of the states.
pub(super) const STATES: Tag = Tag(*b"stat");
/// The sections of edges of 32 bits, and of their counts.
const EDGES: Tag = Tag(*b"edge");
const COUNTS: Tag = Tag(*b"cnts");

/// The states.
#[derive(Clone)]
pub(super) enum Form<W> {
    /// Of fewest bytes.
    Packed { table: W, states: W, codes: Codes, root: usize },
    /// Of edges of 32 bits; with the first edges that have counts of 8 bits and of 4.
    Fixed { edges: W, counts: W, wide: u32, narrow: u32 },
}

impl<A: Alloc + Clone> Form<HeapWords<A>> {
    /// The states of `register`, of which `root` is the first.
    pub(super) fn new(
        register: &Register<A>,
        root: u32,
        prefer: Prefer,
        alloc: &A,
    ) -> Result<Self, BuildError> {
        if prefer == Prefer::Time && FixedLayout::takes(register) {
            let layout = FixedLayout::new(register, root, alloc)?;
            let (wide, narrow) = layout.classes();
            let (edges, counts) = (layout.edges(alloc)?, layout.counts(alloc)?);
            return Ok(Self::Fixed { edges, counts, wide, narrow });
        }
        let layout = Layout::new(register, root, alloc)?;
        Ok(Self::Packed {
            table: layout.table(alloc)?,
            states: layout.states(alloc)?,
            codes: layout.codes(),
            root: layout.place_of(root) as usize,
        })
    }
}

impl<W: Words> Form<W> {
    pub(super) const fn prefer(&self) -> Prefer {
        match self {
            Self::Packed { .. } => Prefer::Bytes,
            Self::Fixed { .. } => Prefer::Time,
        }
    }

    #[inline(always)]
    pub(super) fn view(&self, facts: Facts) -> View<'_> {
        match self {
            Self::Packed { table, states, codes, root } => View::Packed(Packed {
                bytes: as_bytes(states.words()),
                table: as_halves(table.words()),
                codes: *codes,
                root: *root,
                facts,
            }),
            Self::Fixed { edges, counts, wide, narrow } => View::Fixed(Fixed {
                edges: as_bytes(edges.words()),
                counts: as_bytes(counts.words()),
                wide: *wide,
                narrow: *narrow,
                facts,
            }),
        }
    }

    #[cfg(feature = "alloc")]
    pub(super) fn to_heap(&self) -> Form<HeapWords> {
        let copy = |words: &W| HeapWords::copy_of(words.words());
        match self {
            Self::Packed { table, states, codes, root } => Form::Packed {
                table: copy(table),
                states: copy(states),
                codes: *codes,
                root: *root,
            },
            Self::Fixed { edges, counts, wide, narrow } => Form::Fixed {
                edges: copy(edges),
                counts: copy(counts),
                wide: *wide,
                narrow: *narrow,
            },
        }
    }

    pub(super) fn tell(&self, out: &mut dyn Parts) {
        match self {
            Self::Packed { table, states, .. } => {
                table.tell("table", PartKind::Index, 0, out);
                states.tell("states", PartKind::Payload, 0, out);
            }
            Self::Fixed { edges, counts, .. } => {
                edges.tell("edges", PartKind::Payload, 0, out);
                counts.tell("counts", PartKind::Index, 0, out);
            }
        }
    }

    /// The form as a number, and its own two.
    #[cfg(feature = "alloc")]
    pub(super) const fn numbers(&self) -> [u64; 3] {
        match self {
            Self::Packed { codes, root, .. } => [0, *root as u64, codes.pages as u64],
            Self::Fixed { wide, narrow, .. } => [1, *wide as u64, *narrow as u64],
        }
    }

    #[cfg(feature = "alloc")]
    pub(super) fn store<'s>(&'s self, out: &mut Sections<'s>) {
        match self {
            Self::Packed { table, states, .. } => {
                out.section(TABLE, 4, table.words());
                out.section(STATES, 1, states.words());
            }
            Self::Fixed { edges, counts, .. } => {
                out.section(EDGES, 4, edges.words());
                out.section(COUNTS, 1, counts.words());
            }
        }
    }

    /// The form with these [numbers](Self::numbers).
    pub(super) fn load<S: Source<Words = W>>(
        source: &mut S,
        numbers: [u64; 3],
    ) -> Result<Self, FileError> {
        let [form, first, second] = numbers;
        if form == 0 {
            require((1..=256).contains(&second), TABLE, "parameters within their bounds")?;
            let (table, states) = (source.section(TABLE, 4)?, source.section(STATES, 1)?);
            let bytes = size_of_val(states.words()) as u64;
            require(first == 0 || first < bytes, STATES, "a first state among the states")?;
            require(u32::try_from(bytes).is_ok(), STATES, "states of at most 4 GiB")?;
            let codes = Codes { pages: second as u32 };
            return Ok(Self::Packed { table, states, codes, root: first as usize });
        }
        let known = form == 1 && first <= second && second <= 1 << 31;
        require(known, EDGES, "one of two forms, with its classes of counts in order")?;
        let (wide, narrow) = (first as u32, second as u32);
        let (edges, counts) = (source.section(EDGES, 4)?, source.section(COUNTS, 1)?);
        Ok(Self::Fixed { edges, counts, wide, narrow })
    }

    /// Whether what follows from other bytes does so.
    pub(super) fn validate(&self) -> Result<(), FileError> {
        let Self::Packed { table, codes, .. } = self else { return Ok(()) };
        let entries = as_halves(table.words());
        let whole = entries.iter().zip(0..).all(|(entry, number)| {
            let follows = super::code::Head(entry.get() as u16).entry(codes.code(number).1);
            entry.get() == 0 || entry.get() == follows
        });
        require(whole, TABLE, "entries that follow from their heads")
    }

    /// The section of what the automaton is.
    pub(super) const fn payload(&self) -> Tag {
        match self {
            Self::Packed { .. } => STATES,
            Self::Fixed { .. } => EDGES,
        }
    }
}
