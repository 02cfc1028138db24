//! Tells the code what there is: `cfg(has_select)`, a choice that must not become a branch (since
//! Rust 1.88); `cfg(x86_vectors)`, SSE2, which every x86-64 has and kernels' code must not use; and
//! `cfg(has_avx512)`, that the compiler knows its intrinsics too (since 1.89). Neither of the two
//! with `--cfg lessram_scalar`.

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
    let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    let sse2 = target("FEATURE").split(',').any(|name| name == "sse2");
    let scalar = env::var_os("CARGO_CFG_LESSRAM_SCALAR").is_some();
    let vectors = target("ARCH") == "x86_64" && sse2 && !scalar;
    let knows = |since| minor().is_some_and(|minor| minor >= since);
    if vectors {
        println!("cargo::rustc-cfg=x86_vectors");
    }
    if knows(88) {
        println!("cargo::rustc-cfg=has_select");
    }
    if vectors && knows(89) {
        println!("cargo::rustc-cfg=has_avx512");
    }
}
