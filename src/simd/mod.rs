//! Instructions of one processor, each beside the plain code that does the same. Core only.

#[allow(dead_code)]
pub(crate) mod deposit;
mod prefetch;

pub(crate) use prefetch::prefetch;
