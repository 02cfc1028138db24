//! The functions of each topic for x86-64.

pub(crate) mod lines;
pub(crate) mod unpack;
