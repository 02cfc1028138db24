//! A small generator of random numbers, the same on every machine: SplitMix64.

/// Seeded random numbers. Good enough to shuffle keys; not for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    /// Streams of different names are independent of each other under the same seed.
    pub(crate) fn new(seed: u64, stream: &str) -> Self {
        let name = stream.bytes().fold(0, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let mut rng = Self(seed ^ name.rotate_left(32));
        rng.next();
        rng
    }

    /// 64 random bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0. The bias is below `bound` / 2^64.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// An index below `len`, which is not 0.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// Puts `items` in random order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }

    /// `count` numbers below `len` in random order; none occurs again before all have occurred.
    pub(crate) fn draws(&mut self, len: usize, count: usize) -> Vec<u32> {
        let mut all: Vec<u32> = (0..len as u32).collect();
        let mut draws = Vec::with_capacity(count);
        while draws.len() < count && len > 0 {
            self.shuffle(&mut all);
            draws.extend(all.iter().take(count - draws.len()));
        }
        draws
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_use_every_index_before_one_again() {
        let mut draws = Rng::new(1, "test").draws(10, 25);
        draws[..10].sort_unstable();
        draws[10..20].sort_unstable();
        let all: Vec<u32> = (0..10).collect();
        assert_eq!((&draws[..10], &draws[10..20], draws.len()), (&all[..], &all[..], 25));
    }

    #[test]
    fn streams_differ() {
        assert_ne!(Rng::new(1, "hits").next(), Rng::new(1, "misses").next());
        assert_eq!(Rng::new(7, "hits").next(), Rng::new(7, "hits").next());
    }
}
