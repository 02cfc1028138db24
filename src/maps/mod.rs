//! Hash maps and sets without a doubling cliff.
//!
//! | you have | take | heap bytes |
//! |---|---|---|
//! | a `HashMap` or `HashSet` of any type | [`Map`], [`Set`] | 1.19 times the entries, at any number of them |

#[cfg(feature = "serde")]
mod de;
mod entry;
mod iter;
mod map;
mod policy;
mod set;
mod table;

pub use entry::{Entry, OccupiedEntry, VacantEntry};
pub use iter::{
    Drain, ExtractIf, IntoIter, IntoKeys, IntoValues, Iter, IterMut, Keys, Values, ValuesMut,
};
pub use map::Map;
pub use policy::{Compact, Policy, Quick};
pub use set::{Difference, Intersection, Set, SetIntoIter, SetIter, SymmetricDifference, Union};
