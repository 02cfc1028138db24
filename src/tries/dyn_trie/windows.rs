//! [`Windows`]: of each separator of a node eight bytes, side by side in the node itself.

use super::super::query::{WINDOW, window};
use super::super::spool::common;
use super::block::{Block, Place};
use super::node::FAN;
use crate::mem::Alloc;

/// The most bytes that are left out of windows, as all separators begin with them.
const SKIP: usize = 16;

/// What separators begin with, and the next eight bytes of each, the first one highest; zeros where
/// it ends.
#[derive(Clone, Copy)]
pub(super) struct Windows {
    skip: usize,
    prefix: [u8; SKIP],
    heads: [u64; FAN - 1],
}

impl Windows {
    pub(super) const fn new() -> Self {
        Self { skip: 0, prefix: [0; SKIP], heads: [0; FAN - 1] }
    }

    /// How many of the `count` separators are not greater than `key`, if windows can say.
    #[inline]
    pub(super) fn find(&self, count: usize, key: &[u8]) -> Option<usize> {
        let prefix = &self.prefix[..self.skip];
        if !key.starts_with(prefix) {
            return None;
        }
        let window = window(key, self.skip);
        let (mut below, mut equal) = (0, 0);
        for head in &self.heads[..count] {
            below += usize::from(*head < window);
            equal += usize::from(*head == window);
        }
        (equal == 0).then_some(below)
    }

    /// Takes the windows of `seps`.
    pub(super) fn fit<A: Alloc>(&mut self, seps: &Block<A>) {
        let (mut key, mut first) = ([0; SKIP + WINDOW], [0; SKIP]);
        let (mut place, mut len) = (Place::default(), 0);
        for index in 0..seps.count() {
            seps.spell(&mut place, &mut key);
            let here = &key[..place.before.min(SKIP)];
            if index == 0 {
                first[..here.len()].copy_from_slice(here);
                len = here.len();
            }
            // They ascend: what the first and the last one share, all do.
            self.skip = common(&first[..len], here);
        }
        self.prefix = first;
        place = Place::default();
        for head in &mut self.heads[..seps.count()] {
            seps.spell(&mut place, &mut key);
            let len = place.before.min(key.len());
            *head = window(&key[..len], self.skip);
        }
    }
}
