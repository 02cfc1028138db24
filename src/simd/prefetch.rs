//! Asking for memory ahead of its use.
//!
//! Invariants:
//!
//! 1. Prefetching reads nothing that a program can see, and faults at no address.

#![allow(unsafe_code, unused_unsafe)]

/// Bytes of a structure from which on what it reads at several places is asked for ahead. Nearer
/// bytes come in time, and asking takes as long as a third of an answer (measured on filters: 4 MiB
/// are a tie).
pub(crate) const FAR: usize = 4 << 20;

/// Asks for the cache line of `bytes[at]` to be fetched. Whether that exists is not checked; on
/// machines without such an instruction known here, nothing is done.
#[inline(always)]
pub(crate) fn prefetch(bytes: &[u8], at: usize) {
    let address = bytes.as_ptr().wrapping_add(at);
    #[cfg(x86_vectors)]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: any address may be asked for (invariant 1); the instruction came with SSE.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(not(x86_vectors))]
    let _ = address;
}
