//! Laws of files: one form whatever the storage, every door gives the same structure, and damage
//! gives an error or wrong answers, never a panic.

use super::damage::{self, Aligned, Damage};
use super::data::Rng;
use super::laws_array::run;
use super::model::Model;
use super::row::{Look, Row, Subject, SubjectMut, Verdict, ensure};
use crate::error::FileError;
use crate::mem::{Counter, Footprint, Global, Refusals, Refusing, Tracked};
use crate::storage::{self, Container, HeapWords, Persist};
use std::format;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::{String, ToString};
use std::vec::Vec;

/// What a program builds, as its files: with its slack, and shrunk; and its oracle.
fn built<R: Row>(program: &[u8]) -> Result<([HeapWords; 2], R::Model), String> {
    let (counter, refusals) = (Counter::new(), Refusals::every(0));
    let alloc = Tracked::new(&counter, Refusing::new(&refusals, Global));
    let built = run::<_, _, R::In<_>>(program, &alloc, &mut |_, _, stop| {
        ensure!(stop.is_none(), "refused, with memory to be had: {stop:?}");
        Ok(())
    })?;
    let (mut built, model) = built.ok_or("refused, with memory to be had")?;
    let file = file_of(&built)?;
    let mut written = Vec::new();
    let put = storage::write_to(&built, &mut written);
    ensure!(put.is_ok() && written == file.as_bytes(), "write_to and to_bytes differ");
    built.shrink().map_err(|error| format!("shrinking: {error}"))?;
    Ok(([file, file_of(&built)?], model))
}

/// The file of a structure.
pub(super) fn file_of(structure: &impl Persist) -> Result<HeapWords, String> {
    storage::to_bytes(structure).map_err(|error| format!("to_bytes: {error}"))
}

/// What a program builds makes one file, whatever the slack and the storage; each door but `map`
/// gives the same structure back; other kinds and unknown sections are told apart.
///
/// # Errors
///
/// What broke.
pub fn round_trips<R: Row>(program: &[u8]) -> Verdict {
    let ([file, shrunk], model) = built::<R>(program)?;
    holds::<R>(file.as_bytes(), &model)?;
    let fresh = R::Heap::build(&model, Global).map_err(|error| format!("building: {error}"))?;
    let fresh = file_of(&fresh)?;
    let same = shrunk.as_bytes() == fresh.as_bytes() || !R::Model::CANONICAL;
    ensure!(same, "shrunk and built anew, the files differ");
    holds::<R>(fresh.as_bytes(), &model)?;
    tells_kinds_apart::<R>(fresh.as_bytes())?;
    let newer = Aligned::new(&damage::with_unknown_section(fresh.as_bytes()));
    let view = storage::view::<R::View<'_>>(newer.bytes());
    let view = view.map_err(|error| format!("with an unknown section: {error}"))?;
    view.compare(&model, Look::Glance)
}

/// `file` is sound, holds `model` through each door but `map`, and is what it would be saved as
/// again.
pub(super) fn holds<R: Row>(file: &[u8], model: &R::Model) -> Verdict {
    let said = |what: &'static str| move |error: FileError| format!("{what}: {error}");
    let aligned = Aligned::new(file);
    let container = Container::open(aligned.bytes()).map_err(said("open"))?;
    let items = container.header().items;
    let right = model.items().is_none_or(|expected| items == expected as u64);
    ensure!(right, "the header states {items} items");
    storage::verify::<R::View<'_>>(aligned.bytes()).map_err(said("verify"))?;

    let view = storage::view::<R::View<'_>>(aligned.bytes()).map_err(said("view"))?;
    view.compare(model, Look::Whole)?;
    view.validate().map_err(said("validate, as view"))?;
    ensure!(view.heap_bytes() == 0, "a view of {} heap bytes", view.heap_bytes());
    ensure!(file_of(&view)?.as_bytes() == file, "the view's file differs");

    let len = file.len() as u64;
    let heap = storage::read_from::<R::Heap>(file, len).map_err(said("read_from"))?;
    heap.compare(model, Look::Whole)?;
    heap.validate().map_err(said("validate, on the heap"))?;
    ensure!(file_of(&heap)?.as_bytes() == file, "the heap's file differs");

    let short = storage::read_from::<R::Heap>(file, len - 1);
    let refused = matches!(short, Err(FileError::Truncated { .. }));
    ensure!(refused, "read_from beyond its limit");
    Ok(())
}

/// The file of another kind is refused as such.
fn tells_kinds_apart<R: Row>(file: &[u8]) -> Verdict {
    let other = R::KIND.id ^ 0x80;
    let aligned = Aligned::new(&damage::repaired(file, other));
    let is_kind = |error: Option<FileError>| {
        let kinds = (R::KIND.id, other);
        matches!(error, Some(FileError::Kind { expected, found }) if (expected, found) == kinds)
    };
    let view = storage::view::<R::View<'_>>(aligned.bytes()).err();
    ensure!(is_kind(view), "view takes another kind's file");
    let read = storage::read_from::<R::Heap>(aligned.bytes(), u64::MAX).err();
    ensure!(is_kind(read), "read_from takes another kind's file");
    Ok(())
}

/// What came of opening bytes that may be damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Whether `view` took them.
    pub viewed: bool,
    /// Whether `read_from` took them.
    pub read: bool,
    /// Whether `verify` found nothing.
    pub verified: bool,
    /// Whether all that opened could be used: an error tells of a panic or an impossible answer.
    pub answers: Verdict,
}

/// Opens `file` through each door but `map` and uses what opens in every way: asks, validates,
/// saves, changes.
#[must_use]
pub fn withstand<R: Row>(file: &[u8]) -> Reaction {
    let mut reaction = Reaction { viewed: false, read: false, verified: false, answers: Ok(()) };
    let used = catch_unwind(AssertUnwindSafe(|| use_all::<R>(file, &mut reaction)));
    reaction.answers = used.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("panicked: {}", text.unwrap_or("without a message")))
    });
    reaction
}

fn use_all<R: Row>(file: &[u8], reaction: &mut Reaction) -> Verdict {
    let aligned = Aligned::new(file);
    let bytes = aligned.bytes();
    reaction.verified = storage::verify::<R::View<'_>>(bytes).is_ok();
    let view = storage::view::<R::View<'_>>(bytes);
    reaction.viewed = view.is_ok();
    if let Ok(view) = view {
        view.exercise()?;
        let valid = view.validate().is_ok();
        let saved = file_of(&view)?;
        let again = storage::view::<R::View<'_>>(saved.as_bytes());
        let again = again.map_err(|error| format!("opened, saved, not opened: {error}"))?;
        again.exercise()?;
        ensure!(again.validate().is_ok() == valid, "saving changed what validate says");
    }
    // What is read from a stream may claim any length: the limit is the caller's.
    let unlimited = storage::read_from::<R::Heap>(bytes, u64::MAX).is_ok();
    let read = storage::read_from::<R::Heap>(bytes, bytes.len() as u64);
    reaction.read = read.is_ok();
    ensure!(unlimited || !reaction.read, "a file is refused only without a limit");
    if let Ok(mut heap) = read {
        heap.exercise()?;
        heap.churn()?;
        if let Ok(mut unchanged) = storage::read_from::<R::Heap>(bytes, bytes.len() as u64) {
            heap.mix(&unchanged, &Global)?;
            unchanged.mix(&heap, &Global)?;
        }
    }
    Ok(())
}

/// How many bytes of damaged files one program is worth.
const DAMAGED_BYTES: usize = 64 << 10;

/// The file of what a program builds, damaged here and there, raw and with hashes put right.
///
/// # Errors
///
/// The damage that was not withstood.
pub fn withstands_damage<R: Row>(program: &[u8]) -> Verdict {
    let ([file, _], _) = built::<R>(program)?;
    let seed = program.iter().fold(0, |seed: u64, byte| seed.rotate_left(8) ^ u64::from(*byte));
    let mut rng = Rng::new(seed);
    // Long files take long to hash: fewer damages each, and never none.
    let budget = (DAMAGED_BYTES / file.as_bytes().len()).clamp(1, 16);
    let mut damages = damage::flips(file.as_bytes(), budget, &mut rng);
    damages.extend(damage::cuts(file.as_bytes(), budget.div_ceil(4), &mut rng));
    let writes = damage::writes(file.as_bytes());
    damages.extend((0..budget).map(|_| writes[rng.below(writes.len())].clone()));
    damages.iter().try_for_each(|damage| bears::<R>(file.as_bytes(), damage).map(drop))
}

/// Damages `file` once, raw and with hashes put right, and returns how each was taken.
///
/// # Errors
///
/// If the raw damage goes unnoticed, or either cannot be used.
pub fn bears<R: Row>(file: &[u8], damage: &Damage) -> Result<[Reaction; 2], String> {
    let mut bytes = damage.apply(file);
    let raw = withstand::<R>(&bytes);
    seen(damage, &raw).map_err(|message| format!("{damage:?}: {message}"))?;
    damage::rehash(&mut bytes);
    let rehashed = withstand::<R>(&bytes);
    let answers = rehashed.answers.clone();
    answers.map_err(|message| format!("{damage:?} with the hashes put right: {message}"))?;
    Ok([raw, rehashed])
}

/// Raw damage is seen: by each door if the file is cut, else by those that look at all bytes.
fn seen(damage: &Damage, reaction: &Reaction) -> Verdict {
    reaction.answers.clone()?;
    ensure!(!reaction.verified, "verify sees nothing");
    match damage {
        Damage::Cut { .. } => ensure!(!reaction.viewed && !reaction.read, "a door opens"),
        // A stream may go on behind the file.
        Damage::Longer { .. } => ensure!(!reaction.viewed, "view opens"),
        Damage::Flip { .. } | Damage::Writes(_) => ensure!(!reaction.read, "read_from opens"),
    }
    Ok(())
}

/// The file of a row's fixed data.
///
/// # Panics
///
/// If it cannot be built.
#[must_use]
pub fn golden<R: Row>() -> HeapWords {
    file_from::<R>(&R::Model::golden())
}

/// Small files at the edges: empty, one item, items without content.
///
/// # Panics
///
/// If they cannot be built.
#[must_use]
pub fn edges<R: Row>() -> Vec<HeapWords> {
    R::Model::edges().iter().map(file_from::<R>).collect()
}

/// The file of about `len` items of a distribution that `rng` picks.
///
/// # Panics
///
/// If it cannot be built.
#[must_use]
pub fn generated<R: Row>(rng: &mut Rng, len: usize) -> HeapWords {
    file_from::<R>(&R::Model::generate(rng, len))
}

fn file_from<R: Row>(model: &R::Model) -> HeapWords {
    let built = R::Heap::build(model, Global).map_err(|error| error.to_string());
    match built.and_then(|heap| file_of(&heap)) {
        Ok(file) => file,
        Err(message) => panic!("{}: {message}", R::KIND.name),
    }
}

/// Whether `file` holds a row's fixed data through each door but `map`, and would be saved as is.
///
/// # Errors
///
/// The difference.
pub fn holds_golden<R: Row>(file: &[u8]) -> Verdict {
    holds::<R>(file, &R::Model::golden())
}
