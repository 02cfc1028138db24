//! Tells the code whether the compiler knows AVX-512 (since Rust 1.89), as `cfg(has_avx512)`.

use std::env;
use std::process::Command;

/// The `89` of `rustc 1.89.0 (...)`.
fn minor() -> Option<u32> {
    let rustc = env::var_os("RUSTC")?;
    let output = Command::new(rustc).arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    version.split('.').nth(1)?.parse().ok()
}

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if minor().is_some_and(|minor| minor >= 89) {
        println!("cargo::rustc-cfg=has_avx512");
    }
}
