//! The functions of each topic for x86-64.

pub(crate) mod lines;
pub(crate) mod unpack;
#[cfg(has_avx512)]
pub(crate) mod wide;
#[cfg(has_avx512)]
mod wide_numbers;
