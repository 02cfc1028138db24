//! Laws of memory: what a structure says it owns is what its allocator gave it, to the byte, after
//! every operation and every refusal.

use super::laws_array::run;
use super::laws_persist::{file_of, holds};
use super::row::{Look, Row, Subject, Verdict, ensure};
use crate::error::{AllocError, BuildError};
use crate::mem::{
    Counter, Footprint, Global, Part, PartKind, Parts, Refusals, Refusing, Totals, Tracked,
};

/// With every n-th request refused (the program's first byte says which), each refusal is an error
/// that changes nothing; bytes stay exact, and nothing is left after the drop.
///
/// # Errors
///
/// The operation that broke a law, and how.
pub fn survives_refusals<R: Row>(program: &[u8]) -> Verdict {
    let (first, program) = program.split_first().unwrap_or((&0, &[]));
    let refusals = Refusals::every(1 + usize::from(first % 7));
    let counter = Counter::new();
    let alloc = Tracked::new(&counter, Refusing::new(&refusals, Global));
    let mut refused_before = 0;
    let mut after = |subject: &R::In<_>, model: &R::Model, stop: Option<BuildError>| {
        let refused = refusals.count();
        match stop {
            None => {}
            Some(BuildError::Alloc(AllocError::Refused { bytes })) => {
                ensure!(refused > refused_before, "an error though {bytes} bytes were not refused");
            }
            Some(other) => return Err(std::format!("refused memory became {other:?}")),
        }
        refused_before = refused;
        subject.compare(model, Look::Glance)?;
        same_bytes(subject, &counter)
    };
    if let Some((subject, model)) = run::<R::Model, _, R::In<_>>(program, &alloc, &mut after)? {
        // Refusals left nothing behind that a file would show.
        holds::<R>(file_of(&subject)?.as_bytes(), &model)?;
    }
    nothing_left(&counter)
}

/// The bytes and blocks of a footprint are those of its allocator.
///
/// # Errors
///
/// The difference.
pub fn same_bytes(subject: &(impl Footprint + ?Sized), counter: &Counter) -> Verdict {
    let totals = Totals::of(subject);
    let (bytes, live) = (subject.heap_bytes(), counter.live());
    ensure!(bytes == live, "heap_bytes() is {bytes}, the allocator gave {live}");
    let (blocks, live) = (subject.heap_blocks(), counter.blocks());
    ensure!(blocks == live, "heap_blocks() is {blocks}, the allocator gave {live}");
    ensure!(totals.heap_bytes() == bytes && totals.blocks == blocks, "{totals:?} is not {bytes}");
    ensure!(!totals.estimated, "an estimate, where bytes are counted");
    Ok(())
}

/// After the last drop the allocator has everything back.
///
/// # Errors
///
/// What is left.
pub fn nothing_left(counter: &Counter) -> Verdict {
    let (bytes, blocks) = (counter.live(), counter.blocks());
    ensure!(bytes == 0 && blocks == 0, "{bytes} bytes in {blocks} blocks leaked");
    Ok(())
}

/// Bytes from which on growth takes the fine steps.
const FINE: usize = 128 << 10;

/// Watches that no request is much larger than what is put into it: by half below 128 KiB, by a
/// sixteenth above.
#[derive(Debug, Default)]
pub struct Growth {
    /// The most bytes that were in use in one block.
    used: usize,
}

impl Growth {
    /// To be called after each operation.
    ///
    /// # Errors
    ///
    /// A request that was too large.
    pub fn check(&mut self, subject: &(impl Footprint + ?Sized), counter: &Counter) -> Verdict {
        subject.parts(self);
        let slack = if self.used < FINE { self.used / 2 } else { self.used / 16 };
        // A few words more: the smallest blocks, and rounding to whole words.
        let most = self.used + slack + 64;
        let largest = counter.largest_request();
        ensure!(largest <= most, "{largest} bytes requested for {} in use", self.used);
        Ok(())
    }
}

impl Parts for Growth {
    fn block(&mut self, parts: &[Part]) {
        let used = parts.iter().filter(|part| part.kind != PartKind::Slack);
        self.used = self.used.max(used.map(|part| part.bytes).sum());
    }

    fn mapped(&mut self, _: &'static str, _: usize) {}

    fn shared(&mut self, _: &'static str, _: *const (), _: usize) -> bool {
        true
    }
}
