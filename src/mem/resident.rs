//! Which bytes of a mapping are in RAM, from Linux's `/proc/self/pagemap`.
//!
//! Not from `smaps`, which knows mappings and no parts of them: the sections of a file are parts of
//! one mapping.

/// Of the `bytes` from `address` on, those in pages that this process has in RAM. `None` where
/// nobody tells: other systems than Linux, and Linux where `/proc` is closed or belongs to another
/// machine (emulation). Allocates nothing; reads 8 bytes for each page.
#[cfg(target_os = "linux")]
pub(super) fn resident(address: usize, bytes: usize) -> Option<usize> {
    linux::resident(address, bytes)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn resident(_: usize, _: usize) -> Option<usize> {
    None
}

#[cfg(target_os = "linux")]
mod linux {
    use core::sync::atomic::{AtomicU8, Ordering::Relaxed};
    use std::fs::File;
    use std::os::unix::fs::FileExt;

    /// Bytes of what `/proc/self/pagemap` says of a page, and the bit that says it is in RAM.
    const ENTRY: usize = 8;
    const PRESENT: u64 = 1 << 63;

    pub(super) fn resident(address: usize, bytes: usize) -> Option<usize> {
        let pages = Pages { size: page_size()?, map: File::open("/proc/self/pagemap").ok()? };
        if pages.tell_of_this_process()? { pages.resident(address, bytes) } else { None }
    }

    struct Pages {
        size: usize,
        map: File,
    }

    impl Pages {
        /// Whether code, data and stack are in RAM, and nothing is at address 0. An emulator hands
        /// out the account of its own process, in which other things are at these addresses.
        fn tell_of_this_process(&self) -> Option<bool> {
            static DATA: AtomicU8 = AtomicU8::new(1);
            let (code, data, stack) = (page_size as fn() -> _, &raw const DATA, 0_u8);
            DATA.store(2, Relaxed);
            let used = [code as usize, data.addr(), (&raw const stack).addr()];
            let mut told = true;
            for address in used {
                told &= self.resident(address, 1)? == 1;
            }
            Some(told && self.resident(0, 1)? == 0)
        }

        fn resident(&self, address: usize, bytes: usize) -> Option<usize> {
            let mut buffer = [0; 512 * ENTRY];
            let (mut at, end, mut sum) = (address, address.checked_add(bytes)?, 0);
            while at < end {
                let pages = end.div_ceil(self.size) - at / self.size;
                let batch = buffer.len().min(pages * ENTRY);
                let entries = &mut buffer[..batch];
                self.map.read_exact_at(entries, (at / self.size * ENTRY) as u64).ok()?;
                for entry in entries.chunks_exact(ENTRY) {
                    // The last page of the address space has no end.
                    let next = (at / self.size * self.size).saturating_add(self.size).min(end);
                    let entry = u64::from_ne_bytes(entry.try_into().ok()?);
                    sum += if entry & PRESENT != 0 { next - at } else { 0 };
                    at = next;
                }
            }
            Some(sum)
        }
    }

    /// From what the kernel gave the process at its start.
    fn page_size() -> Option<usize> {
        const PAGE_SIZE: usize = 6;
        const WORD: usize = size_of::<usize>();
        let mut buffer = [0; 128 * WORD];
        let len = File::open("/proc/self/auxv").ok()?.read_at(&mut buffer, 0).ok()?;
        let word = |bytes: &[u8]| bytes.try_into().map_or(0, usize::from_ne_bytes);
        let mut pairs = buffer[..len].chunks_exact(2 * WORD);
        let found = pairs.find(|pair| word(&pair[..WORD]) == PAGE_SIZE)?;
        Some(word(&found[WORD..])).filter(|size| size.is_power_of_two())
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use std::vec;

        #[test]
        fn what_was_touched_is_resident() {
            let Some(page) = page_size() else { return };
            // Emulators hand through what the host's kernel says, in the host's order of bytes.
            if cfg!(target_endian = "big") {
                return;
            }
            // Zeroed memory of this size comes from the kernel, untouched (not under valgrind).
            let mut block = vec![0_u8; 64 << 20];
            let start = block.as_ptr().addr().next_multiple_of(page);
            let skip = start - block.as_ptr().addr();
            let Some(fresh) = resident(start, 40 << 20) else { return };
            let huge = 2 << 20; // A touch may bring in a huge page.
            // A kernel that is short of memory may take a page away as soon as it is touched.
            let touched_are_resident = (1..100).any(|touch| {
                let pages = [0, 7, 600, 9000].map(|at| start + at * page);
                pages.iter().for_each(|at| block[skip + at - start] = touch);
                let touched = resident(start, 40 << 20).unwrap();
                pages.iter().all(|at| resident(*at, page) == Some(page))
                    && resident(start + 10, 3) == Some(3)
                    && ((4 * page..=4 * huge).contains(&touched) || fresh > 0)
            });
            assert!(touched_are_resident);
            assert_eq!(resident(start + 10, 0), Some(0));
            assert_eq!(resident(usize::MAX - 1, 5), None);
            drop(block);
        }
    }
}
