//! [`SizeTree`] and `assert_budget!`: a test that fails when a structure outgrows its bytes, and
//! shows which part did.

use super::{Footprint, Part, PartKind, Parts, Totals};
use core::fmt;

/// Rows of a tree at most: what is met after that is told as one row, so that nothing is allocated.
const ROWS: usize = 64;
/// Where a row has no parent.
const TOP: usize = usize::MAX;

/// The footprint of a value, part by part, to be printed. Parts of one name and kind in one
/// component are one row, as often as they come; the rows add up to the heap bytes.
///
/// Allocates nothing, and takes 3 KiB of the stack.
///
/// ```
/// use lessram::arrays::StrArray;
/// use lessram::mem::{Footprint, SizeTree};
///
/// let words: StrArray = ["some", "words"].iter().collect();
/// let tree = SizeTree::of(&words).to_string();
/// assert!(tree.starts_with(&format!("{} heap bytes in ", words.heap_bytes())), "{tree}");
/// assert!(tree.contains("payload"), "{tree}");
/// ```
#[derive(Clone)]
pub struct SizeTree {
    rows: [Node; ROWS],
    len: usize,
    /// The component that is being told, and those around it that found no row.
    within: usize,
    lost: usize,
    totals: Totals,
    /// Bytes of parts that found no row.
    other: usize,
}

/// A row: a component, or parts of one kind.
#[derive(Clone, Copy)]
struct Node {
    parent: usize,
    name: &'static str,
    kind: Option<PartKind>,
    bytes: usize,
}

impl SizeTree {
    /// The tree of `value`. Time is that of telling its footprint.
    #[must_use]
    pub fn of(value: &(impl Footprint + ?Sized)) -> Self {
        let empty = Node { parent: TOP, name: "", kind: None, bytes: 0 };
        let mut tree = Self {
            rows: [empty; ROWS],
            len: 0,
            within: TOP,
            lost: 0,
            totals: Totals::default(),
            other: 0,
        };
        value.parts(&mut tree);
        tree
    }

    /// Sums over all rows.
    #[must_use]
    pub const fn totals(&self) -> Totals {
        self.totals
    }

    /// The row of this name and kind in the component that is being told.
    fn row(&mut self, name: &'static str, kind: Option<PartKind>) -> Option<usize> {
        let rows = &self.rows[..self.len];
        let same = |row: &Node| (row.parent, row.name, row.kind) == (self.within, name, kind);
        if let Some(found) = rows.iter().position(same) {
            return Some(found);
        }
        let new = self.len;
        *self.rows.get_mut(new)? = Node { parent: self.within, name, kind, bytes: 0 };
        self.len += 1;
        Some(new)
    }

    /// Bytes of a row and of all rows under it.
    fn bytes_under(&self, row: usize) -> usize {
        let rows = self.rows[..self.len].iter().enumerate();
        let below = rows.filter(|(_, node)| node.parent == row);
        self.rows[row].bytes + below.map(|(at, _)| self.bytes_under(at)).sum::<usize>()
    }

    fn print(&self, parent: usize, depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, node) in self.rows[..self.len].iter().enumerate() {
            if node.parent == parent {
                let bytes = self.bytes_under(at);
                let width = 28_usize.saturating_sub(2 * depth);
                let kind = node.kind.map_or("", PartKind::name);
                let indent = 2 * (depth + 1);
                write!(f, "\n{:indent$}{:width$} {kind:7} {bytes:>14}", "", node.name)?;
                self.print(at, depth + 1, f)?;
            }
        }
        Ok(())
    }
}

impl Parts for SizeTree {
    fn block(&mut self, parts: &[Part]) {
        self.totals.block(parts);
        for part in parts {
            let found = if self.lost == 0 { self.row(part.name, Some(part.kind)) } else { None };
            match found {
                Some(row) => self.rows[row].bytes += part.bytes,
                None => self.other += part.bytes,
            }
        }
    }

    fn mapped(&mut self, name: &'static str, bytes: usize) {
        self.totals.mapped(name, bytes);
    }

    fn shared(&mut self, name: &'static str, address: *const (), bytes: usize) -> bool {
        self.totals.shared(name, address, bytes)
    }

    fn enter(&mut self, name: &'static str) {
        match self.row(name, None) {
            Some(row) if self.lost == 0 => self.within = row,
            _ => self.lost += 1,
        }
    }

    fn exit(&mut self) {
        match self.lost {
            0 => self.within = self.rows.get(self.within).map_or(TOP, |row| row.parent),
            _ => self.lost -= 1,
        }
    }

    fn estimated(&mut self) {
        self.totals.estimated();
    }
}

impl fmt::Display for SizeTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bytes, blocks) = (self.totals.heap_bytes(), self.totals.blocks);
        write!(f, "{bytes} heap bytes in {blocks} blocks")?;
        if self.totals.estimated {
            f.write_str(", estimated")?;
        }
        self.print(TOP, 0, f)?;
        if self.other != 0 {
            write!(f, "\n  {:28} {:7} {:>14}", "other", "", self.other)?;
        }
        Ok(())
    }
}

impl fmt::Debug for SizeTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Panics if `value` has more than `bytes` heap bytes; called by `assert_budget!`.
///
/// # Panics
///
/// If it has, with its [`SizeTree`].
#[doc(hidden)]
#[track_caller]
pub fn check_budget(name: &str, value: &(impl Footprint + ?Sized), bytes: usize) {
    let heap_bytes = value.heap_bytes();
    assert!(
        heap_bytes <= bytes,
        "{name} exceeds its budget of {bytes} heap bytes by {}: {}",
        heap_bytes - bytes,
        SizeTree::of(value)
    );
}

/// Asserts that a structure's heap bytes do not exceed a budget; if they do, the panic names every
/// part of it.
///
/// The first expression is a reference to, or a place of, anything with a
/// [`Footprint`](crate::mem::Footprint), the second the bytes. Telling the footprint allocates
/// nothing.
///
/// ```
/// use lessram::arrays::PackedInts;
/// use lessram::assert_budget;
///
/// let ages: PackedInts = (0..1_000).map(|i| i % 100).collect();
/// assert_budget!(ages, 900);
/// ```
///
/// ```should_panic
/// # use lessram::{arrays::PackedInts, assert_budget};
/// # let ages: PackedInts = (0..1_000).map(|i| i % 100).collect();
/// // panicked: ages exceeds its budget of 500 heap bytes by 484: 984 heap bytes in 1 blocks
/// //   words ...
/// assert_budget!(ages, 500);
/// ```
#[macro_export]
macro_rules! assert_budget {
    ($value:expr, $bytes:expr $(,)?) => {
        $crate::mem::check_budget(::core::stringify!($value), &$value, $bytes)
    };
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use std::string::{String, ToString};
    use std::vec::Vec;

    /// So many components, each with a part.
    struct Wide(usize);

    /// Names that differ.
    const NAMES: &str =
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuv";

    impl Footprint for Wide {
        fn parts(&self, out: &mut dyn Parts) {
            for i in 0..self.0 {
                out.enter(&NAMES[..=i]);
                out.block(&[Part::payload("bytes", 10), Part::slack(1)]);
                out.exit();
            }
            out.block(&[Part::header("last", 5)]);
        }
    }

    fn sum_of_rows(tree: &SizeTree) -> usize {
        let tree = tree.to_string();
        let rows =
            tree.lines().skip(1).filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        rows.map(|row| row.split(' ').next_back().unwrap().parse::<usize>().unwrap()).sum()
    }

    #[test]
    fn rows_add_up_however_many_there_are() {
        for count in [0, 1, 3, 21, 22, 40, 70] {
            let tree = SizeTree::of(&Wide(count));
            assert_eq!(sum_of_rows(&tree), 11 * count + 5, "{tree}");
            assert_eq!(tree.totals(), Totals::of(&Wide(count)));
            assert_eq!(tree.to_string().contains("other"), count > 21, "{tree}");
        }
    }

    #[test]
    fn parts_of_one_name_are_one_row() {
        let names: Vec<String> = (0..1_000).map(|i| i.to_string()).collect();
        let tree = SizeTree::of(&names);
        assert!(tree.to_string().lines().count() <= 4, "{tree}");
        assert_eq!(sum_of_rows(&tree), names.heap_bytes());
    }

    #[test]
    fn a_budget_holds_or_names_the_parts() {
        let names: Vec<String> = ["a", "bc"].map(String::from).to_vec();
        let bytes = 2 * size_of::<String>() + 3;
        crate::assert_budget!(names, bytes);
        crate::assert_budget!(&names[..], 3);
        let panic = std::panic::catch_unwind(|| crate::assert_budget!(names, bytes - 1));
        let panic = panic.unwrap_err().downcast::<String>().unwrap();
        let said = std::format!(
            "names exceeds its budget of {} heap bytes by 1: {bytes} heap bytes",
            bytes - 1
        );
        assert!(panic.starts_with(&said) && panic.contains("payload"), "{panic}");
    }
}
