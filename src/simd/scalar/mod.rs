//! The functions of each topic for any machine, in safe code: what the vector code must equal.

pub(crate) mod lines;
pub(crate) mod unpack;
