//! The latest hashes: an open table of `u64`, 0 free, until they are merged into the run.

use crate::storage::Le64;

/// Hashes that a table takes: three quarters of its slots.
pub(super) const fn room(slots: usize) -> usize {
    slots / 4 * 3
}

/// The slot that a hash wants: by its low bits, as the high ones are alike.
#[inline]
fn home(hash: u64, slots: usize) -> usize {
    (((hash & u64::from(u32::MAX)) * slots as u64) >> 32) as usize
}

/// The slot of a hash, or the free one where it belongs. At most as many steps as slots.
#[inline]
fn find(table: &[Le64], hash: u64) -> Result<usize, Option<usize>> {
    let mut slot = home(hash, table.len());
    for _ in 0..table.len() {
        match table[slot].get() {
            0 => return Err(Some(slot)),
            found if found == hash => return Ok(slot),
            _ => slot = if slot + 1 == table.len() { 0 } else { slot + 1 },
        }
    }
    Err(None)
}

#[inline]
pub(super) fn contains(table: &[Le64], hash: u64) -> bool {
    find(table, hash).is_ok()
}

/// Puts a hash in that is not there; in a damaged table without a free slot it is lost.
#[inline]
pub(super) fn insert(table: &mut [Le64], hash: u64) {
    if let Err(Some(slot)) = find(table, hash) {
        table[slot] = Le64::new(hash);
    }
}

/// The hashes, in the order of their slots.
pub(super) fn hashes(table: &[Le64]) -> impl Iterator<Item = u64> {
    table.iter().map(|word| word.get()).filter(|hash| *hash != 0)
}

/// Moves the hashes to the front, in ascending order. Returns how many there are.
pub(super) fn sort(table: &mut [Le64]) -> usize {
    let mut count = 0;
    for slot in 0..table.len() {
        if table[slot].get() != 0 {
            table[count] = table[slot];
            count += 1;
        }
    }
    let (hashes, rest) = table.split_at_mut(count);
    hashes.sort_unstable_by_key(|word| word.get());
    rest.fill(Le64::default());
    count
}

/// Brings sorted hashes back to where probing finds them.
pub(super) fn unsort(table: &mut [Le64]) {
    /// Marks a hash that is in its place: hashes have 63 bits.
    const PLACED: u64 = 1 << 63;
    for start in 0..table.len() {
        let mut hash = table[start].get();
        if hash == 0 || hash & PLACED != 0 {
            continue;
        }
        table[start] = Le64::default();
        let mut slot = home(hash, table.len());
        // Each turn places a hash, or passes one that was placed.
        while hash != 0 {
            let found = table[slot].get();
            if found & PLACED == 0 {
                table[slot] = Le64::new(hash | PLACED);
                hash = found;
                slot = home(hash, table.len());
            } else {
                slot = if slot + 1 == table.len() { 0 } else { slot + 1 };
            }
        }
    }
    for word in table {
        *word = Le64::new(word.get() & !PLACED);
    }
}

/// Whether each hash is where probing finds it, once, and below `bound`.
pub(super) fn is_laid_out(table: &[Le64], bound: u64) -> bool {
    table.iter().enumerate().all(|(slot, word)| {
        let hash = word.get();
        hash == 0 || hash < bound && find(table, hash) == Ok(slot)
    })
}
