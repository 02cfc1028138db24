//! The functions of each topic for AArch64.

pub(crate) mod lines;
