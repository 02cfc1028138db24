//! The functions of each topic for x86-64.

pub(crate) mod lines;
pub(crate) mod unpack;
#[cfg(all(has_avx512, not(lessram_scalar)))]
pub(crate) mod wide;
#[cfg(all(has_avx512, not(lessram_scalar)))]
mod wide_numbers;
