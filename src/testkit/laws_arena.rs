//! The law of arenas: a structure that is frozen into one answers as before, and takes the bytes of
//! its sections there.

use super::data::Rng;
use super::laws_persist::file_of;
use super::model::Model;
use super::row::{Look, Row, Subject, SubjectMut, Verdict, ensure};
use crate::error::FileError;
use crate::mem::{Footprint, Global};
use crate::storage::container::META;
use crate::storage::{Container, HeapWords, freeze_in, view};
use bumpalo::Bump;
use std::format;
use std::string::String;

/// Frozen from any storage, a structure answers as before, makes the same file, and takes the bytes
/// of its sections: the edges of the shape, its fixed data, and some of any kind.
///
/// # Errors
///
/// What broke.
pub fn freezes<R: Row>() -> Verdict {
    let samples = [R::Model::golden(), R::Model::generate(&mut Rng::new(5), 2_000)];
    R::Model::edges().into_iter().chain(samples).try_for_each(|model| freezes_as::<R>(&model))
}

fn freezes_as<R: Row>(model: &R::Model) -> Verdict {
    let built = R::Heap::build(model, Global).map_err(|error| format!("building: {error}"))?;
    let file = file_of(&built)?;
    let bytes = section_bytes(&file)?;
    let mut bump = Bump::with_capacity(bytes);
    let room = bump.allocated_bytes();
    {
        let frozen: R::View<'_> = freeze_in(&built, &bump).map_err(said("from the heap"))?;
        frozen.compare(model, Look::Whole)?;
        ensure!(file_of(&frozen)?.as_bytes() == file.as_bytes(), "the frozen one's file differs");
        let heap = (frozen.heap_bytes(), frozen.heap_blocks());
        ensure!(heap == (0, 0), "frozen, with bytes and blocks of the heap: {heap:?}");
    }
    takes(&mut bump, bytes)?;
    ensure!(bump.allocated_bytes() == room, "one chunk of just {bytes} bytes is not enough");
    bump.reset();
    {
        let viewed: R::View<'_> = view(file.as_bytes()).map_err(said("view"))?;
        let frozen: R::View<'_> = freeze_in(&viewed, &bump).map_err(said("from a view"))?;
        frozen.compare(model, Look::Whole)?;
    }
    takes(&mut bump, bytes)
}

fn said(what: &'static str) -> impl Fn(FileError) -> String {
    move |error| format!("{what}: {error}")
}

/// Whether just so many bytes have been taken from `bump`.
fn takes(bump: &mut Bump, bytes: usize) -> Verdict {
    let taken: usize = bump.iter_allocated_chunks().map(<[_]>::len).sum();
    ensure!(taken == bytes, "{taken} bytes taken for {bytes}");
    Ok(())
}

/// Bytes of all sections of a file but the parameters, which a structure keeps in its fields.
fn section_bytes(file: &HeapWords) -> Result<usize, String> {
    let container = Container::open(file.as_bytes()).map_err(said("open"))?;
    let sections = container.sections().filter(|section| section.tag != META);
    Ok(sections.map(|section| section.len as usize).sum())
}
