//! The files that the rules look at.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::{fmt, fs};

use crate::rust::{code_of, live_of};

/// Where `Tree::of_disk` puts the answer of `git ls-files`, as if it were a file.
pub(crate) const TRACKED: &str = "(git ls-files)";

/// One file: as written, without comments and literals, and without test code either.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
    /// Rust only: comments and literals are blanks, so that offsets and lines stay.
    pub(crate) code: String,
    /// Rust only: `code` with the items under `#[cfg(test)]` blanked too.
    pub(crate) live: String,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = if path.ends_with(".rs") { code_of(text) } else { String::new() };
        let live = live_of(&code);
        Self { path: path.to_owned(), text: text.to_owned(), code, live }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// A Rust file of the library or of the command.
    pub(crate) fn is_src(&self) -> bool {
        self.is_rust() && self.path.starts_with("src/")
    }

    /// Written by hand, for people: what the rules about text look at.
    pub(crate) fn is_prose(&self) -> bool {
        let (_, name) = split_path(&self.path);
        self.is_rust()
            || self.path.starts_with(".ci/")
            || [".md", ".toml", ".sh", ".yml"].iter().any(|end| name.ends_with(end))
    }

    pub(crate) fn at(&self, offset: usize, message: impl fmt::Display) -> String {
        let line = 1 + self.text[..offset].bytes().filter(|&byte| byte == b'\n').count();
        self.at_line(line, message)
    }

    pub(crate) fn at_line(&self, line: usize, message: impl fmt::Display) -> String {
        format!("{}:{line}: {message}", self.path)
    }
}

/// All files that the rules look at, by path from the crate's folder.
pub(crate) struct Tree(BTreeMap<String, File>);

impl Tree {
    pub(crate) fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(files.into_iter().map(|(path, text)| (path.into(), File::new(path, text))).collect())
    }

    pub(crate) fn of_disk(root: &Path) -> Self {
        let mut files = Vec::new();
        walk(root, "", &mut files);
        if let Some(tracked) = git_files(root) {
            files.push((TRACKED.to_owned(), tracked));
        }
        Self::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &File> {
        self.0.values()
    }

    pub(crate) fn get(&self, path: &str) -> Option<&File> {
        self.0.get(path)
    }

    /// The file, or an entry in `found` that says it is missing.
    pub(crate) fn need(&self, path: &str, found: &mut Vec<String>) -> Option<&File> {
        let file = self.get(path);
        if file.is_none() {
            found.push(format!("{path}:1: the file is missing"));
        }
        file
    }
}

/// Adds the files below `folder` to `out`. Big files, and those that are not UTF-8, count with an
/// empty text. What lies around in the crate's folder beside its own folders is nobody's concern.
fn walk(root: &Path, folder: &str, out: &mut Vec<(String, String)>) {
    const OWN: &[&str] = &[".ci", "benches", "docs", "examples", "fuzz", "src", "tests"];
    // `.git` is a file in a linked worktree.
    const SKIP: &[&str] = &[".git", "target", "corpus", "artifacts", "Cargo.lock"];
    const BIG: u64 = 1 << 20;
    for entry in fs::read_dir(root.join(folder)).expect("the crate's folder is readable") {
        let entry = entry.expect("the crate's folder is readable");
        let name = entry.file_name().into_string().expect("file names are UTF-8");
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        let meta = entry.metadata().expect("the kind of a file is known");
        if SKIP.contains(&name.as_str()) {
            continue;
        } else if meta.is_dir() && (!folder.is_empty() || OWN.contains(&name.as_str())) {
            walk(root, &path, out);
        } else if meta.is_file() && meta.len() > BIG {
            out.push((path, String::new()));
        } else if meta.is_file() {
            let bytes = fs::read(entry.path()).expect("the crate's files are readable");
            out.push((path, String::from_utf8(bytes).unwrap_or_default()));
        }
    }
}

/// What git tracks, one path a line; `None` outside a repository (an unpacked package).
fn git_files(root: &Path) -> Option<String> {
    // a CI job often runs as another user than the one who owns the clone
    let out = Command::new("git")
        .args(["-c", "safe.directory=*", "ls-files"])
        .current_dir(root)
        .output()
        .ok()?;
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).into_owned())
}

pub(crate) fn split_path(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}
