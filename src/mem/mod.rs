//! Where the bytes are: footprints of values, counters of allocators, the report of a program.
//!
//! | I want to know | I take |
//! |---|---|
//! | what a value owns, part by part | [`Footprint`], which I can implement in three lines |
//! | a test that fails when a value outgrows its bytes | [`assert_budget!`](crate::assert_budget), which prints its [`SizeTree`] |
//! | what one structure took from its allocator, and its peak | [`Tracked`] and its [`Counter`] |
//! | the same for all structures of a purpose, at no byte in them | `tracked_static!` (feature `alloc`) |
//! | the same for hashbrown and others that take foreign allocators | `AsApi2` (feature `allocator-api2`) |
//! | what the whole program has live, had at its peak, asks for | `TrackingAlloc` (feature `track`) |
//! | what a stretch of code allocates | `Scope` (feature `track`) |
//! | which structure the program's bytes belong to, and how many to none | `Report` (feature `track`) |
//!
//! # Bytes
//!
//! Bytes are those *requested* from the allocator, in all of these, so that they can be compared to
//! the byte. What the allocator makes of a request is a figure apart: [`malloc_bytes`].
//!
//! # Reports
//!
//! A `Report` shows, for each structure: payload, index, slack and header, which add up to what was
//! requested; what malloc rounds that up to; blocks shared with others; mapped files, and how much
//! of them is in RAM. Below the table it says what the allocator has besides.

mod alloc;
#[cfg(feature = "allocator-api2")]
mod api2;
mod budget;
mod footprint;
pub(crate) mod range;
pub(crate) mod raw_vec;
#[cfg(all(feature = "track", not(loom)))]
mod report;
#[cfg(all(feature = "track", not(loom)))]
mod resident;
#[cfg(all(feature = "track", not(loom)))]
mod scope;
#[cfg(all(feature = "track", not(loom)))]
mod sizes;
// The model checker sees the slots alone: its atomics cannot be `static`.
#[cfg(feature = "track")]
#[cfg_attr(loom, allow(dead_code))]
mod slot;
mod std_footprint;
#[cfg(all(feature = "track", not(loom)))]
mod timeline;
#[cfg(all(feature = "track", not(loom)))]
mod tracking;

pub use self::alloc::{Alloc, Counter, Global, Tracked};
#[cfg(any(feature = "testkit", all(test, feature = "std")))]
pub use self::alloc::{Refusals, Refusing, refusing_every};
pub(crate) use self::alloc::{granted, refused};
#[cfg(feature = "allocator-api2")]
pub use self::api2::{Api2, AsApi2};
#[cfg(all(feature = "track", not(loom)))]
pub use self::{
    report::{Baseline, Report, Row},
    scope::{Scope, ScopeStats},
    sizes::SizeHistogram,
    timeline::{TimePoint, timeline},
    tracking::{AllocStats, TrackingAlloc, alloc_stats, reset_peak, size_histogram},
};
pub use budget::SizeTree;
#[doc(hidden)]
pub use budget::check_budget;
pub use footprint::{Footprint, Part, PartKind, Parts, Totals, block_of, malloc_bytes};
