//! [`Policy`]: how full a table may be, and in which steps it grows. Bytes against speed, decided
//! by a type.

use crate::simd::tags;
use core::fmt::Debug;

/// Slots of a region from which on it grows in fine steps: half a million entries in the table.
const FINE: u64 = 8_192;

mod sealed {
    pub trait Sealed {}
}

/// What a [`Map`](super::Map) prefers: [`Compact`] or [`Quick`]. Sealed.
pub trait Policy: sealed::Sealed + Copy + Debug + Default + 'static {
    /// Tags and filter of a group.
    #[doc(hidden)]
    type Group: Copy;
    /// Slots of a group: at most 30, and so many bytes less 2 has a `Group`.
    #[doc(hidden)]
    const WIDTH: usize;
    /// Steps of regions that are small, and of the others.
    #[doc(hidden)]
    const STEPS: [Steps; 2];

    /// Parts of a large table, a power of two: each grows alone, so that a step is a part of it.
    /// At most 256: eight bits of a hash choose one.
    #[doc(hidden)]
    const REGIONS: usize = 64;

    /// Entries of the one region of a small table, before it is cut into
    /// [`REGIONS`](Self::REGIONS): where those take little beside the entries, but early: one block
    /// of more than 128 KiB comes from the system anew at each step.
    #[doc(hidden)]
    const SPLIT: usize = 8_000;

    /// Entries at which the regions of a table that shrinks become one again. Far below
    /// [`SPLIT`](Self::SPLIT), so that a table on the border does not go to and fro.
    #[doc(hidden)]
    const JOIN: usize = Self::SPLIT / 2;

    /// Of its groups, the part that the one region of a small table grows by.
    #[doc(hidden)]
    const PART: u32 = 4;

    /// Whether a look-up asks for its first group's slots before it has compared the tags: they
    /// are few bytes, and what it wants next lies elsewhere and cannot be asked for without them.
    #[doc(hidden)]
    const FETCHES: bool = false;

    /// Which slots of the group are empty: bit `i` for slot `i`.
    #[doc(hidden)]
    fn empty(group: &Self::Group) -> u32;

    /// Which slots of the group have the tag of a hash, which is its highest byte, or 1 if that is
    /// 0: bit `i` for slot `i`.
    #[doc(hidden)]
    fn tagged(group: &Self::Group, hash: u32) -> u32;

    /// The bits of the group's filter.
    #[doc(hidden)]
    fn filter(group: &Self::Group) -> u32;
}

/// A bit for each slot of a group.
#[inline(always)]
pub(super) const fn all_slots<P: Policy>() -> u32 {
    u32::MAX >> (u32::BITS as usize - P::WIDTH)
}

/// How full regions get, and how they grow.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Steps {
    /// Entries of 1,000 slots.
    load: u64,
    /// Slots after a step over slots before.
    factor: f64,
    /// `factor` to the power of `1 / REGIONS`: what lies between the ladders of neighbours.
    phase: f64,
    /// Entries it takes before it grows over entries it has, from which on it shrinks.
    wide: f64,
}

/// The fewest bytes: groups of 30, 98.5 % full, in steps of 18 % from half a million entries on.
/// The default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compact;

/// Fewer steps from group to group, for misses above all: groups of 14, 94 % full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quick;

/// For what is small beside what it leads to: groups of 14, 93 % full, in steps of 45 %. A
/// quarter of the moves of [`Quick`], which count where each needs a look at an entry elsewhere;
/// and four times the regions, so that a step does not take longer for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sparse;

impl sealed::Sealed for Compact {}
impl sealed::Sealed for Quick {}
impl sealed::Sealed for Sparse {}

impl Policy for Compact {
    type Group = [u8; 32];
    const WIDTH: usize = 30;
    const STEPS: [Steps; 2] = [
        Steps { load: 985, factor: 1.25, phase: 1.003_492_703_3, wide: 1.56 },
        Steps { load: 985, factor: 1.18, phase: 1.002_589_510_1, wide: 1.33 },
    ];

    #[inline(always)]
    fn empty(group: &[u8; 32]) -> u32 {
        tags::equal32(group, 0) & all_slots::<Self>()
    }

    #[inline(always)]
    fn tagged(group: &[u8; 32], hash: u32) -> u32 {
        tags::tagged32(group, hash) & all_slots::<Self>()
    }

    #[inline(always)]
    fn filter(group: &[u8; 32]) -> u32 {
        u32::from(u16::from_le_bytes([group[30], group[31]]))
    }
}

impl Policy for Quick {
    type Group = [u8; 16];
    const WIDTH: usize = 14;
    const STEPS: [Steps; 2] = [
        Steps { load: 940, factor: 1.25, phase: 1.003_492_703_3, wide: 1.56 },
        Steps { load: 940, factor: 1.22, phase: 1.003_111_876_5, wide: 1.36 },
    ];

    #[inline(always)]
    fn empty(group: &[u8; 16]) -> u32 {
        tags::equal16(group, 0) & all_slots::<Self>()
    }

    #[inline(always)]
    fn tagged(group: &[u8; 16], hash: u32) -> u32 {
        tags::tagged16(group, hash) & all_slots::<Self>()
    }

    #[inline(always)]
    fn filter(group: &[u8; 16]) -> u32 {
        u32::from(u16::from_le_bytes([group[14], group[15]]))
    }
}

impl Policy for Sparse {
    type Group = [u8; 16];
    const WIDTH: usize = 14;
    const STEPS: [Steps; 2] =
        [Steps { load: 930, factor: 1.45, phase: 1.001_452_474_0, wide: 2.1 }; 2];
    const REGIONS: usize = 256;
    const SPLIT: usize = 24_000;
    const PART: u32 = 2;
    const FETCHES: bool = true;

    #[inline(always)]
    fn empty(group: &[u8; 16]) -> u32 {
        Quick::empty(group)
    }

    #[inline(always)]
    fn tagged(group: &[u8; 16], hash: u32) -> u32 {
        Quick::tagged(group, hash)
    }

    #[inline(always)]
    fn filter(group: &[u8; 16]) -> u32 {
        Quick::filter(group)
    }
}

/// How large a region is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) groups: u32,
    /// Entries it takes before it grows. The slots, if there is only one group.
    pub(super) limit: u32,
}

fn steps<P: Policy>(groups: u64) -> Steps {
    P::STEPS[usize::from(groups * P::WIDTH as u64 >= FINE)]
}

impl Size {
    pub(super) const NONE: Self = Self { groups: 0, limit: 0 };

    /// So many groups; one group has all of its slots.
    fn of_groups<P: Policy>(groups: u32) -> Self {
        let slots = u64::from(groups) * P::WIDTH as u64;
        let load = if groups < 2 { 1_000 } else { steps::<P>(u64::from(groups)).load };
        Self { groups, limit: u32::try_from(slots * load / 1_000).unwrap_or(u32::MAX) }
    }

    /// The smallest that takes `entries`; `None` beyond what a region can hold.
    pub(super) fn fitting<P: Policy>(entries: usize) -> Option<Self> {
        if entries <= P::WIDTH {
            let limit = entries as u32;
            return Some(Self { groups: limit.min(1), limit });
        }
        let slots = |load: u64| (entries as u64).checked_mul(1_000).map(|x| x.div_ceil(load));
        let groups = |load: u64| slots(load).map(|slots| slots.div_ceil(P::WIDTH as u64));
        let mut found = groups(P::STEPS[0].load)?.max(2);
        if found * P::WIDTH as u64 >= FINE {
            // Not below where the fine steps begin: there the coarse load holds.
            found = groups(P::STEPS[1].load)?.max(FINE.div_ceil(P::WIDTH as u64));
        }
        let size = Self::of_groups::<P>(u32::try_from(found).ok()?);
        (size.limit as usize >= entries).then_some(size)
    }

    /// The next size of the region of a small table, at least for `entries`: single slots in the
    /// one group that there is at first, then groups, by the part that the policy says.
    pub(super) fn after<P: Policy>(self, entries: usize) -> Option<Self> {
        let slots = self.limit as usize;
        if self.groups < 2 && entries <= P::WIDTH {
            let grown = (slots + slots / 4).clamp(entries, P::WIDTH);
            return Self::fitting::<P>(grown);
        }
        let least = Self::fitting::<P>(entries)?;
        let groups = self.groups.checked_add((self.groups / P::PART).max(1))?;
        Some(Self::of_groups::<P>(least.groups.max(groups)))
    }

    /// The next rung, at least for `entries`, of the ladder of region `region` of a large table.
    ///
    /// The ladders have the same steps and begin at as many points spread evenly within one: at any
    /// moment the loads of the regions are spread evenly too, and the whole takes the same bytes an
    /// entry whatever the number of entries.
    pub(super) fn rung_after<P: Policy>(self, region: usize, entries: usize) -> Option<Self> {
        let least = Self::fitting::<P>(entries)?.groups.max(self.groups.checked_add(1)?);
        let steps = steps::<P>(u64::from(least));
        // Neighbours far apart, so that any few regions are spread evenly as well.
        let place = (region as u32).reverse_bits() >> (u32::BITS - P::REGIONS.ilog2());
        let mut rung = (0..place).fold(1.0, |rung, _| rung * steps.phase);
        while rung + 0.5 < f64::from(least) {
            rung *= steps.factor;
        }
        Some(Self::of_groups::<P>((rung + 0.5) as u32))
    }

    /// Whether a region with `len` entries holds so much room that it is to shrink.
    pub(super) fn is_wide_for<P: Policy>(self, len: usize) -> bool {
        let wide = steps::<P>(u64::from(self.groups)).wide;
        self.groups > 1 && len as f64 * wide < f64::from(self.limit)
    }

    /// Slots, used or not.
    pub(super) fn slots<P: Policy>(self) -> usize {
        if self.groups < 2 { self.limit as usize } else { self.groups as usize * P::WIDTH }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_size_fits<P: Policy>() {
        let mut entries = 0;
        while entries < 40_000_000 {
            let size = Size::fitting::<P>(entries).unwrap();
            assert!(size.limit as usize >= entries && size.slots::<P>() >= entries, "{entries}");
            if entries > P::WIDTH {
                let smaller = Size::of_groups::<P>(size.groups - 1);
                assert!((smaller.limit as usize) < entries || size.groups == 2, "{entries}");
            }
            let next = size.after::<P>(entries + 1).unwrap();
            assert!(next.limit as usize > entries, "{entries}");
            for region in [0, 1, P::REGIONS - 1] {
                let rung = size.rung_after::<P>(region, entries + 1).unwrap();
                assert!(rung.limit as usize > entries && rung.groups > size.groups, "{entries}");
                let step = P::STEPS[0].factor + 0.01;
                assert!(rung.groups as f64 <= f64::from(size.groups + 2) * step, "{entries}");
            }
            entries += 1 + entries / 50;
        }
    }

    #[test]
    fn sizes_are_the_smallest_that_fit_and_grow_in_small_steps() {
        every_size_fits::<Compact>();
        every_size_fits::<Quick>();
        every_size_fits::<Sparse>();
    }

    #[test]
    fn regions_are_as_many_as_bits_choose_and_phases_equal_parts_of_a_step() {
        fn of<P: Policy>() {
            assert!(P::REGIONS.is_power_of_two() && P::REGIONS <= 256, "{}", P::REGIONS);
            for steps in P::STEPS {
                let product = (0..P::REGIONS).fold(1.0, |product, _| product * steps.phase);
                assert!((product / steps.factor - 1.0).abs() < 1e-6, "{steps:?}: {product}");
            }
        }
        of::<Compact>();
        of::<Quick>();
        of::<Sparse>();
    }

    #[test]
    fn more_than_a_region_can_hold_is_refused() {
        #[cfg(target_pointer_width = "64")]
        assert_eq!(Size::fitting::<Compact>(usize::MAX), None);
        assert_eq!(Size { groups: u32::MAX, limit: u32::MAX }.after::<Compact>(9), None);
    }
}
