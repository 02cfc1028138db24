//! Set operations: what is known below the smaller theta of both is known of both.

use super::{Theta, bounds};
#[cfg(feature = "alloc")]
use crate::error::{AllocError, MergeError};
#[cfg(feature = "alloc")]
use crate::mem::refused;
use crate::storage::Words;

/// How similar two sets are: the size of their intersection over that of their union, between
/// bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jaccard {
    /// The true figure is larger, with the probability that was asked for.
    pub lower: f64,
    /// The likeliest figure.
    pub estimate: f64,
    /// The true figure is smaller, with the probability that was asked for.
    pub upper: f64,
}

impl<W: Words> Theta<W> {
    /// The keys of both sketches, as a packed sketch. O(k); requests 5.7 bytes a hash that both
    /// keep.
    ///
    /// # Panics
    ///
    /// If memory cannot be had.
    #[must_use]
    #[track_caller]
    #[cfg(feature = "alloc")]
    pub fn intersection<V: Words>(&self, other: &Theta<V>) -> Theta {
        self.selected(other, true).unwrap_or_else(|error| refused(error))
    }

    /// The keys of this sketch that `other` does not have, as a packed sketch. Time and memory as
    /// of [`intersection`](Self::intersection).
    ///
    /// # Panics
    ///
    /// If memory cannot be had.
    #[must_use]
    #[track_caller]
    #[cfg(feature = "alloc")]
    pub fn difference<V: Words>(&self, other: &Theta<V>) -> Theta {
        self.selected(other, false).unwrap_or_else(|error| refused(error))
    }

    /// The hashes that `other` has, or has not.
    #[cfg(feature = "alloc")]
    fn selected<V: Words>(&self, other: &Theta<V>, both: bool) -> Result<Theta, AllocError> {
        // No more than this one keeps, even where it keeps more than its `k`.
        let lg_k = self.lg_k.max((self.retained().max(1) as u64).next_power_of_two().ilog2() as u8);
        let mut result = Theta::new(lg_k.min(super::MAX_LG_K));
        if self.is_empty() || both && other.is_empty() {
            result.lg_k = self.lg_k;
            return Ok(result);
        }
        let theta = self.theta.min(other.theta);
        result.try_lower(theta)?;
        for hash in self.hashes() {
            if hash < theta && other.contains(hash) == both {
                result.try_put(hash)?;
            }
        }
        result.try_pack()?;
        result.lg_k = self.lg_k;
        Ok(result)
    }

    /// The Jaccard similarity of both sets of keys, between bounds of so many standard deviations:
    /// 84, 97.7 and 99.87 % on each side for 1, 2 and 3. Two empty sets are alike. O(k), allocates
    /// nothing.
    #[must_use]
    pub fn jaccard<V: Words>(&self, other: &Theta<V>, deviations: f64) -> Jaccard {
        let theta = self.theta.min(other.theta);
        let below = |hash: &u64| *hash < theta;
        let both = self.hashes().filter(|hash| below(hash) && other.contains(*hash)).count() as f64;
        let [one, two] =
            [self.hashes().filter(below).count(), other.hashes().filter(below).count()];
        let all = (one + two) as f64 - both;
        if all <= 0.0 {
            let known = !self.is_estimate() && !other.is_estimate();
            return Jaccard { lower: if known { 1.0 } else { 0.0 }, estimate: 1.0, upper: 1.0 };
        }
        let estimate = both / all;
        if theta == super::MAX_THETA {
            return Jaccard { lower: estimate, estimate, upper: estimate };
        }
        let bound = |deviations: f64| bounds::of_share(both, all, deviations);
        Jaccard { lower: bound(-deviations), estimate, upper: bound(deviations) }
    }
}

#[cfg(feature = "alloc")]
impl<W: Words> Theta<W> {
    /// The keys of either sketch, as a sketch of this one's `lg_k`. O(k).
    ///
    /// # Panics
    ///
    /// If memory cannot be had.
    #[must_use]
    #[track_caller]
    pub fn union<V: Words>(&self, other: &Theta<V>) -> Theta {
        let mut all = self.to_heap();
        if let Err(MergeError::Alloc(error)) = all.merge(other) {
            refused(error);
        }
        all
    }
}
