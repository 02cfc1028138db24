//! Where results go. What cannot be written to is refused before the work is done.

use crate::error::{Failure, Outcome};
use lessram::FileError;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

/// Refuses a place that cannot be written to.
pub(crate) fn check_target(out: &Path) -> Outcome<()> {
    if out.is_dir() {
        return Err(Failure::file(out, "is a folder: name the file to write in it"));
    }
    match out.parent() {
        Some(folder) if folder != Path::new("") && !folder.is_dir() => {
            Err(Failure::file(out, "its folder does not exist: make it first"))
        }
        _ => Ok(()),
    }
}

/// As [`check_target`], of an index: saving it would take the place of a device or a pipe.
pub(crate) fn check_index(out: &Path) -> Outcome<()> {
    if out == Path::new("-") {
        let why = "an index is mapped, so it must be a file: name one (./- if it is called so)";
        return Err(Failure::file(out, why));
    }
    check_target(out)?;
    match fs::metadata(out).is_ok_and(|old| !old.is_file()) {
        true => Err(Failure::file(out, FileError::NotAFile)),
        false => Ok(()),
    }
}

/// Refuses results that cannot be written to, or that would take the place of the input or of one
/// another.
pub(crate) fn check_all(input: Option<&Path>, outs: &[&PathBuf]) -> Outcome<()> {
    for (at, out) in outs.iter().enumerate() {
        check_target(out)?;
        check_apart(input, out)?;
        let place = place(out);
        if place.is_some() && outs[..at].iter().any(|other| self::place(other) == place) {
            let why = "two results would be written to this file: name another for one of them";
            return Err(Failure::file(out, why));
        }
    }
    Ok(())
}

/// Refuses to write to the input.
pub(crate) fn check_apart(input: Option<&Path>, out: &Path) -> Outcome<()> {
    // Standard input may be a file as well.
    let stdin = Path::new("/dev/stdin");
    let input = input.map(|input| if input == Path::new("-") { stdin } else { input });
    let out_place = place(out);
    if out_place.is_some() && out_place == input.and_then(place) {
        return Err(Failure::file(out, "is the input, which would be lost: name another file"));
    }
    Ok(())
}

/// Where a file is, or will be, however it is named.
#[derive(PartialEq)]
enum Place {
    There(Id),
    Later(PathBuf),
}

/// None of what is no file: nothing is lost there.
fn place(path: &Path) -> Option<Place> {
    match fs::metadata(path) {
        Ok(info) => info.is_file().then(|| id(path, &info)).flatten().map(Place::There),
        Err(_) => resolved(path).map(Place::Later),
    }
}

/// The path without links, of what need not be there yet.
pub(crate) fn resolved(path: &Path) -> Option<PathBuf> {
    if let Ok(path) = fs::canonicalize(path) {
        return Some(path);
    }
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
    Some(folder.join(path.file_name()?))
}

#[cfg(unix)]
type Id = (u64, u64);

/// Names differ where there are links: numbers do not.
#[cfg(unix)]
fn id(_: &Path, info: &Metadata) -> Option<Id> {
    use std::os::unix::fs::MetadataExt;
    Some((info.dev(), info.ino()))
}

#[cfg(not(unix))]
type Id = PathBuf;

#[cfg(not(unix))]
fn id(path: &Path, _: &Metadata) -> Option<Id> {
    fs::canonicalize(path).ok()
}
