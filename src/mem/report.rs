//! [`Report`]: which structure the program's bytes belong to, and how many belong to none.

#[cfg(feature = "serde")]
mod json;
mod table;

use super::footprint::{Footprint, Part, Parts, Totals};
use super::resident::resident;
use super::scope::Scope;
use super::tracking::{AllocStats, alloc_stats};
use core::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::borrow::Cow;
use std::collections::HashSet;
use std::vec::Vec;

/// Components nested deeper than this are counted in the one that holds them: a tree of nodes that
/// enters a component per node must not make a row per level.
const MAX_DEPTH: usize = 8;

/// Live bytes of the allocator that belong to reports: to all that exist, because a program may
/// keep one to compare it with the next.
static REPORTS: AtomicI64 = AtomicI64::new(0);

/// Bytes that were live before the part of the program that a report is about.
///
/// Take it first thing in `main`: what the runtime allocated before is then not held against the
/// program. It is a figure, not a lock: if some of those bytes are freed later, the unattributed
/// bytes of a report sink below 0 by as many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    live: i64,
}

impl Baseline {
    /// What the program's [`TrackingAlloc`](super::TrackingAlloc) says is live now. Allocates
    /// nothing.
    #[must_use]
    pub fn take() -> Self {
        Self { live: alloc_stats().live }
    }

    /// The bytes that were live.
    #[must_use]
    pub const fn live(&self) -> i64 {
        self.live
    }
}

/// Where a program's bytes are: a table of its structures, and what the allocator knows besides.
///
/// ```text
/// structure  payload  index  slack  header  requested  rounded  shared  mapped  resident  blocks
/// users       41,000    512  3,000      64     44,576   60,304       0       0         0   1,002
///   names     33,000      0  3,000       0     36,000   51,200       0       0         0   1,001
/// total       41,000    512  3,000      64     44,576   60,304       0       0         0   1,002
///
/// allocator live        45,700
///   before baseline        100
///   structures          44,576
///   unattributed         1,024
/// allocator peak        90,112
/// ```
///
/// **Requested** is payload + index + slack + header, the bytes of the blocks that a structure owns
/// alone; **rounded**, what glibc's malloc makes of them ([`malloc_bytes`](super::malloc_bytes): of
/// no meaning with another allocator inside). **Shared** blocks (an `Arc`'s) are counted where they
/// are met first, once in the whole report. **Mapped** sections are files, not heap; **resident**
/// are those of their bytes that are in pages of this process, by Linux's account (`-` where nobody
/// tells). A row under another is a component of it and is included there. `~` marks a structure
/// that could only estimate. The bar shows payload `█`, index `▓`, header `▒` and slack `░`.
///
/// **Unattributed** bytes belong to nothing that was added: live bytes of the program's
/// [`TrackingAlloc`](super::TrackingAlloc), less those from before the [`Baseline`], less requested
/// and shared bytes of all structures. They are 0, to the byte, when everything alive was added.
/// Without a `TrackingAlloc` (or before its start) there is the table alone.
///
/// A structure is measured when it is added, the allocator after each addition (at
/// [`new`](Self::new) when none follows), and the peak when the report is begun. The heap of this
/// and other reports is left out of live bytes.
///
/// # When not to use it
///
/// - While other threads allocate, or between changes to what was added: the figures are of
///   different moments then, and unattributed bytes are off by what changed between.
/// - For a structure added twice, or added beside one that holds it: its bytes count twice and
///   unattributed bytes go below 0. So they do where estimates are too high.
///
/// # Cost
///
/// Adding walks the structure's [`Footprint`]. The report's own heap is a row per component and a
/// set of the addresses of shared blocks.
///
/// # Example
///
/// ```
/// use lessram::mem::{Baseline, Report, TrackingAlloc};
///
/// #[global_allocator]
/// static ALLOC: TrackingAlloc = TrackingAlloc::system();
///
/// fn main() {
///     let baseline = Baseline::take();
///     let users = vec![String::from("Ada"), String::from("Grace")];
///     let forgotten = vec![0_u8; 1000];
///
///     let report = Report::since(baseline).add("users", &users);
///     assert_eq!(report.total().heap_bytes(), 2 * size_of::<String>() + 3 + 5);
///     assert_eq!(report.unattributed(), Some(1000));
///     println!("{report}");
///     # drop(forgotten);
/// }
/// ```
#[derive(Debug)]
pub struct Report {
    rows: Vec<Row>,
    seen: HashSet<usize>,
    /// This report's share of [`REPORTS`].
    own: i64,
    baseline: Baseline,
    /// `live` without [`REPORTS`], `peak` from before the first row.
    stats: AllocStats,
    counted: bool,
}

impl Default for Report {
    fn default() -> Self {
        Self::new()
    }
}

impl Report {
    /// A report that holds every live byte of the allocator against the program, those that the
    /// runtime allocated before `main` among them.
    #[must_use]
    pub fn new() -> Self {
        Self::since(Baseline::default())
    }

    /// A report on what has been allocated since `baseline`.
    #[must_use]
    pub fn since(baseline: Baseline) -> Self {
        let mut report = Self {
            rows: Vec::new(),
            seen: HashSet::new(),
            own: 0,
            baseline,
            stats: AllocStats::default(),
            counted: false,
        };
        report.ask_allocator();
        report.stats.peak = alloc_stats().peak;
        report
    }

    fn ask_allocator(&mut self) {
        let stats = alloc_stats();
        self.counted = stats != AllocStats::default();
        let live = stats.live - REPORTS.load(Relaxed);
        self.stats = AllocStats { live, peak: self.stats.peak, ..stats };
    }

    /// Measures `value` and adds it under `name`.
    ///
    /// Time is that of its [`Footprint::parts`].
    #[must_use]
    pub fn add(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: &(impl Footprint + ?Sized),
    ) -> Self {
        let name = name.into();
        let given = if let Cow::Owned(text) = &name { text.capacity() } else { 0 };
        // On this thread nobody else allocates between these two ends: what stays is the report's.
        let scope = Scope::enter("report");
        let mut row = Row::new(name);
        let mut visit =
            Visit { root: &mut row, path: Vec::new(), skipped: 0, seen: &mut self.seen };
        value.parts(&mut visit);
        drop(visit);
        row.roll_up();
        self.rows.push(row);
        let own = scope.finish().live_delta + given as i64;
        self.own += own;
        REPORTS.fetch_add(own, Relaxed);
        self.ask_allocator();
        self
    }

    /// One row for each structure, in the order in which they were added.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The sums over all structures.
    #[must_use]
    pub fn total(&self) -> Totals {
        let mut total = Totals::default();
        self.rows.iter().for_each(|row| add_to(&mut total, &row.totals));
        total
    }

    /// Of the mapped bytes of all structures, those in RAM when they were added; `None` where
    /// nobody tells. A file that was added twice counts twice.
    #[must_use]
    pub fn resident(&self) -> Option<usize> {
        self.rows.iter().map(|row| row.resident).sum()
    }

    /// Bytes live in the allocator without those of reports, or `None` where nothing was counted:
    /// there is no [`TrackingAlloc`](super::TrackingAlloc), or it has not been started, or nothing
    /// was allocated yet.
    #[must_use]
    pub fn live(&self) -> Option<i64> {
        self.counted.then_some(self.stats.live)
    }

    /// Bytes that were live in the allocator at once, as known when the report was begun.
    #[must_use]
    pub fn peak(&self) -> Option<i64> {
        self.live().map(|_| self.stats.peak)
    }

    /// Live bytes that are neither from before the baseline nor in any structure added; `None` as
    /// [`live`](Self::live). Below 0 when structures claim more than has been counted: something
    /// was added twice, is older than the baseline or the start of counting, was an estimate, or
    /// does not live in the global allocator.
    #[must_use]
    pub fn unattributed(&self) -> Option<i64> {
        self.live().map(|live| live - self.baseline.live - self.attributed())
    }

    /// Heap bytes of all structures.
    fn attributed(&self) -> i64 {
        let total = self.total();
        (total.heap_bytes() + total.shared) as i64
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        REPORTS.fetch_sub(self.own, Relaxed);
    }
}

/// The figures of one structure, or of one component of it.
#[derive(Clone, Debug)]
pub struct Row {
    name: Cow<'static, str>,
    totals: Totals,
    resident: Option<usize>,
    components: Vec<Self>,
}

impl Row {
    fn new(name: Cow<'static, str>) -> Self {
        Self { name, totals: Totals::default(), resident: Some(0), components: Vec::new() }
    }

    /// What it was added as, or what its owner calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its bytes and blocks, those of its components among them.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Of its mapped bytes, those in RAM when it was added; `None` where nobody tells.
    #[must_use]
    pub fn resident(&self) -> Option<usize> {
        self.resident
    }

    /// Its components, if it names any. They need not add up to the whole.
    #[must_use]
    pub fn components(&self) -> &[Self] {
        &self.components
    }

    /// Adds what components hold to those that hold them.
    fn roll_up(&mut self) {
        for component in &mut self.components {
            component.roll_up();
            add_to(&mut self.totals, &component.totals);
            self.resident = add(self.resident, component.resident);
        }
    }
}

/// A sum of which all must be known.
fn add(sum: Option<usize>, part: Option<usize>) -> Option<usize> {
    Some(sum? + part?)
}

fn add_to(sum: &mut Totals, part: &Totals) {
    sum.payload += part.payload;
    sum.index += part.index;
    sum.slack += part.slack;
    sum.header += part.header;
    sum.shared += part.shared;
    sum.mapped += part.mapped;
    sum.rounded += part.rounded;
    sum.blocks += part.blocks;
    sum.shared_blocks += part.shared_blocks;
    sum.estimated |= part.estimated;
}

/// Fills a row from a footprint. Components of the same name in the same place share a row.
struct Visit<'r> {
    root: &'r mut Row,
    /// From the root to the component being told of, as positions among components.
    path: Vec<usize>,
    /// Components entered beyond [`MAX_DEPTH`].
    skipped: usize,
    seen: &'r mut HashSet<usize>,
}

impl Visit<'_> {
    fn here(&mut self) -> &mut Row {
        let mut row = &mut *self.root;
        for &position in &self.path {
            row = &mut row.components[position];
        }
        row
    }
}

impl Parts for Visit<'_> {
    fn block(&mut self, parts: &[Part]) {
        self.here().totals.block(parts);
    }

    fn mapped(&mut self, name: &'static str, bytes: usize) {
        let row = self.here();
        row.totals.mapped(name, bytes);
        row.resident = None;
    }

    fn mapped_at(&mut self, name: &'static str, address: *const (), bytes: usize) {
        let row = self.here();
        row.totals.mapped(name, bytes);
        row.resident = add(row.resident, resident(address.addr(), bytes));
    }

    fn shared(&mut self, name: &'static str, address: *const (), bytes: usize) -> bool {
        let new = self.seen.insert(address.addr());
        if new {
            self.here().totals.shared(name, address, bytes);
        }
        new
    }

    fn enter(&mut self, name: &'static str) {
        if self.path.len() == MAX_DEPTH {
            self.skipped += 1;
            return;
        }
        let components = &mut self.here().components;
        let known = components.iter().position(|row| row.name == name);
        let position = known.unwrap_or(components.len());
        if known.is_none() {
            components.push(Row::new(Cow::Borrowed(name)));
        }
        self.path.push(position);
    }

    fn exit(&mut self) {
        if self.skipped > 0 {
            self.skipped -= 1;
        } else {
            self.path.pop();
        }
    }

    fn estimated(&mut self) {
        self.here().totals.estimated = true;
    }
}
