//! Where results go. What cannot be written to is refused before the work is done.

use crate::error::{Failure, Outcome};
use lessram::FileError;
use std::fs;
use std::path::Path;

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
