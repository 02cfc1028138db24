//! What `book` sets beside the sketches of *High Performance Python*: ours, at sizes like the
//! book's. Each counts a stream, and says how many tokens there were, or how many distinct ones.

use super::{Contender, Structure};
use crate::dataset::{Plan, TOKENS};
use crate::error::Outcome;
use crate::shapes::refused;
use crate::spool::{Bytes, Feed};
use lessram::filters::ScalableQuotient;
use lessram::mem::{Footprint, Global, Totals};
use lessram::sketches::{ExaLogLog, HyperLogLog, MorrisArray, Theta};
use lessram::tries::DynTrie;
use lessram::{AllocError, BuildError};

pub(super) fn stream() -> Vec<Contender> {
    vec![
        counter::<MorrisArray>(
            "morris_16",
            "one Morris counter of 16 bits, and the table of all counters",
            "let mut count = lessram::sketches::MorrisArray::new(16, 1)?; // count.add(0)",
        ),
        counter::<ExaLogLog>(
            "exa_log_log_14",
            "counts the distinct tokens, in 2^14 registers of 12 bits",
            "let mut count = lessram::sketches::ExaLogLog::new(14); // count.insert(token)",
        ),
        counter::<HyperLogLog>(
            "hyper_log_log_16",
            "counts the distinct tokens, in 2^16 registers",
            "let mut count = lessram::sketches::HyperLogLog::new(16); // count.insert(token)",
        ),
        counter::<Theta>(
            "theta_16",
            "counts the distinct tokens by their 2^16 least hashes",
            "let mut count = lessram::sketches::Theta::new(16); // count.insert(token)",
        ),
        counter::<ScalableQuotient>(
            "quotient_count",
            "a filter that grows, at 0.5 %: counts the tokens that are new to it",
            "new += u64::from(filter.insert(token)); // lessram::filters::ScalableQuotient",
        ),
        counter::<DynTrie>(
            "dyn_trie_count",
            "all distinct tokens, in order",
            "let mut set = lessram::tries::DynTrie::new(); // set.insert(token); set.len()",
        ),
    ]
}

fn counter<C: Counter>(name: &'static str, note: &'static str, rust: &str) -> Contender {
    let family = C::FAMILY;
    let mut one = Contender::in_memory::<Bytes, Counted<C>>(name, family, note, rust.to_owned());
    // Measured where it is named.
    one.entry.fits = |_| false;
    one
}

/// A thing that counts tokens.
trait Counter: Footprint + Sized {
    const FAMILY: &'static str;

    fn make() -> Result<Self, BuildError>;

    /// Takes a token; whether it was certainly new.
    fn take(&mut self, token: &[u8]) -> Result<bool, AllocError>;

    /// How many it counted, of which it took so many for new.
    fn count(&self, new: u64) -> f64;
}

/// A counter that has seen the stream.
struct Counted<C> {
    counter: C,
    new: u64,
}

impl<C: Counter> Structure<Bytes> for Counted<C> {
    const FEED: &'static str = TOKENS;
    const LOOKS_UP: bool = false;
    const EXACT: bool = false;

    fn build(feed: &mut Feed<Bytes>, _: &Plan) -> Outcome<Self> {
        let (mut counter, mut new) = (C::make().map_err(refused)?, 0);
        while let Some(token) = feed.next()? {
            new += u64::from(counter.take(token).map_err(refused)?);
        }
        Ok(Self { counter, new })
    }

    fn contains(&self, _: &[u8]) -> bool {
        false
    }

    fn estimate(&self) -> Option<f64> {
        Some(self.counter.count(self.new))
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals::of(&self.counter))
    }
}

/// A counter of a family: how it is made, how it takes a token, what it counted.
macro_rules! counters {
    ($($counter:ident $family:literal $make:expr, $take:expr, $count:expr;)*) => {$(
        impl Counter for $counter {
            const FAMILY: &'static str = $family;

            fn make() -> Result<Self, BuildError> {
                $make
            }

            fn take(&mut self, token: &[u8]) -> Result<bool, AllocError> {
                let take: fn(&mut Self, &[u8]) -> Result<bool, AllocError> = $take;
                take(self, token)
            }

            fn count(&self, new: u64) -> f64 {
                let count: fn(&Self, u64) -> f64 = $count;
                count(self, new)
            }
        }
    )*};
}

counters! {
    MorrisArray "sketches" Self::new(16, 1),
        |count, _| {
            count.add(0);
            Ok(false)
        },
        |count, _| count.get(0).unwrap_or(0.0);
    ExaLogLog "sketches"
        Self::try_new_in(14, 0, Global).map(Self::with_running_estimate),
        |count, token| count.try_insert(token).map(|_| false),
        |count, _| count.estimate();
    HyperLogLog "sketches" Self::try_new(16),
        |count, token| count.try_insert(token).map(|_| false),
        |count, _| count.estimate();
    Theta "sketches" Self::try_new_in(16, Global),
        |count, token| count.try_insert(token).map(|_| false),
        |count, _| count.estimate();
    ScalableQuotient "filters" Self::with_fpr(1 << 12, 0.005),
        |filter, token| Ok(filter.insert(token)),
        |_, new| new as f64;
    DynTrie "tries" Ok(Self::new()),
        |set, token| Ok(set.insert(token)),
        |_, new| new as f64;
}
