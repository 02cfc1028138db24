//! Tells the code what the compiler knows: `cfg(has_select)`, a choice that must not become a
//! branch (since Rust 1.88), and `cfg(has_avx512)` (since 1.89).

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
    let knows = |since| minor().is_some_and(|minor| minor >= since);
    if knows(88) {
        println!("cargo::rustc-cfg=has_select");
    }
    if knows(89) {
        println!("cargo::rustc-cfg=has_avx512");
    }
}
