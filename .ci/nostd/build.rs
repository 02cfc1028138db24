//! Links without any library, and finds the file that the program embeds.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    for argument in ["-nostartfiles", "-nodefaultlibs", "-static", "-Wl,--no-undefined"] {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
    let golden = Path::new("../../tests/golden");
    let mut files: Vec<PathBuf> =
        fs::read_dir(golden).expect("golden files").map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let is_ints = |path: &&PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("packed_ints-"))
    };
    let newest = files.iter().rfind(is_ints).expect("a golden file of packed_ints");
    let copy = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("ints.lram");
    fs::copy(newest, copy).expect("a copy of the golden file");
    println!("cargo:rerun-if-changed={}", golden.display());
}
