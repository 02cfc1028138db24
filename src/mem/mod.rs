//! Where the bytes are: footprints of values, counters of allocators, the report of a program.

mod alloc;
#[cfg(feature = "allocator-api2")]
mod api2;
mod footprint;
pub(crate) mod raw_vec;
#[cfg(all(feature = "track", not(loom)))]
mod report;
#[cfg(all(feature = "track", not(loom)))]
mod scope;
// The model checker sees the slots alone: its atomics cannot be `static`.
#[cfg(feature = "track")]
#[cfg_attr(loom, allow(dead_code))]
mod slot;
mod std_footprint;
#[cfg(all(feature = "track", not(loom)))]
mod tracking;

pub(crate) use self::alloc::refused;
pub use self::alloc::{Alloc, Counter, Global, Tracked};
#[cfg(any(feature = "testkit", all(test, feature = "std")))]
pub use self::alloc::{Refusals, Refusing};
#[cfg(feature = "allocator-api2")]
pub use self::api2::{Api2, AsApi2};
#[cfg(all(feature = "track", not(loom)))]
pub use self::{
    report::{Baseline, Report, Row},
    scope::{Scope, ScopeStats},
    tracking::{AllocStats, TrackingAlloc, alloc_stats, reset_peak},
};
pub use footprint::{Footprint, Part, PartKind, Parts, Totals, block_of};
