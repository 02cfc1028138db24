//! The list of rules, each with small trees that break it.

use crate::rules::*;
use crate::tree::{TRACKED, Tree};

/// Files of a planted tree.
pub(crate) type Plant = &'static [(&'static str, &'static str)];

pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) find: fn(&Tree) -> Vec<String>,
    /// Trees that break the rule, with what the one message about it must start with.
    pub(crate) bad: &'static [(Plant, &'static str)],
    /// Trees close to the edge that keep it.
    pub(crate) good: &'static [Plant],
}

const ROW: &str = "macro_rules! family {\n    0x0101 packed_ints $crate::P, ints;\n}\n";

const fn text(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("plants are text"),
    }
}

/// A function of `N - 7` lines.
const fn tall<const N: usize>() -> [u8; N] {
    let (head, mut text, mut at) = (*b"fn f(){", [b'\n'; N], 0);
    while at < head.len() {
        text[at] = head[at];
        at += 1;
    }
    text[N - 1] = b'}';
    text
}

pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "layers",
        find: layers,
        bad: &[
            (&[("src/bits/word.rs", "\nuse crate::mem::Alloc;")], "src/bits/word.rs:2: `bits`"),
            (&[("src/mem/alloc.rs", "use crate::storage::W;")], "src/mem/alloc.rs:1: `mem`"),
            (&[("src/simd/x86.rs", "fn f() { crate::bits::g() }")], "src/simd/x86.rs:1: `simd`"),
            (
                &[(
                    "src/tries/dawg.rs",
                    "use crate::{\n    bits::word,\n    maps::{Map, Set},\n};",
                )],
                "src/tries/dawg.rs:3: `tries` must not use `maps`",
            ),
            (&[("src/error.rs", "use crate::registry::Kind;")], "src/error.rs:1: `error`"),
            (&[("src/arrays/a.rs", "use crate::Bloom;")], "src/arrays/a.rs:1: `crate::Bloom`"),
            (&[("src/arrays/a.rs", "use lessram::maps::M;")], "src/arrays/a.rs:1: write"),
            (&[("src/arrays/a.rs", "use super::super::maps;")], "src/arrays/a.rs:1: write"),
            (&[("src/arrays/mod.rs", "use super::maps::M;")], "src/arrays/mod.rs:1: write"),
            (&[("src/extra.rs", "")], "src/extra.rs:1: module `extra` has no layer"),
        ],
        good: &[
            &[("src/storage/words.rs", "use crate::{error::E, mem::{self, Alloc}};")],
            &[("src/registry.rs", "crate::family!(x); impl<W: crate::storage::Words> R for T {}")],
            &[("src/registry.rs", "macro_rules! family { () => { $crate::arrays::PackedInts } }")],
            &[("src/bits/word.rs", "// crate::maps\n#[cfg(test)]\nmod tests { use crate::maps; }")],
            &[
                ("src/bits/mod.rs", "#[cfg(test)]\nmod t;"),
                ("src/bits/t.rs", "use crate::maps::M;"),
            ],
            &[("src/arrays/a.rs", "use super::b; const C: &str = \"crate::maps\";")],
            &[("src/lib.rs", "pub use crate::maps::Map;"), ("tests/maps.rs", "use lessram::M;")],
        ],
    },
    Rule {
        name: "back doors",
        find: back_doors,
        bad: &[
            (
                &[("src/bin/x/main.rs", "#[path = \"../../mem/a.rs\"]\nmod a;")],
                "src/bin/x/main.rs:1",
            ),
            (&[("tests/a.rs", "\n\ninclude!(\"../src/bits/word.rs\");")], "tests/a.rs:3: source"),
        ],
        good: &[
            &[("src/bin/x/main.rs", "const S: &str = include_str!(\"sample.txt\");")],
            &[("fuzz/a.rs", "#[path = \"../tests/counting/mod.rs\"]\nmod counting;")],
        ],
    },
    Rule {
        name: "unsafe code",
        find: unsafe_code,
        bad: &[
            (&[("src/maps/map.rs", "\nfn f() { unsafe { g() } }")], "src/maps/map.rs:2: `unsafe`"),
            (
                &[("src/mem/allocs.rs", "unsafe impl Send for A {}")],
                "src/mem/allocs.rs:1: `unsafe`",
            ),
            (
                &[("src/mem/mod.rs", "#[allow(dead_code, unsafe_code)]\nmod alloc;")],
                "src/mem/mod.rs:1: unsafe code is let in",
            ),
            (&[("Cargo.toml", "[lints.rust]\n")], "Cargo.toml:1: [lints.rust]"),
        ],
        good: &[
            &[("src/simd/x86/avx2.rs", "#![allow(unsafe_code)]\nunsafe fn f() {}")],
            &[("src/mem/alloc.rs", "#![allow(unsafe_code)]\nunsafe fn f() {}")],
            &[("src/lib.rs", "#![deny(unsafe_code)] // unsafe\n")],
            &[("Cargo.toml", "[lints.rust]\nunsafe_code = \"deny\"\n")],
        ],
    },
    Rule {
        name: "file and line sizes",
        find: sizes,
        bad: &[
            (&[("src/a.rs", text(&[b'/'; MAX_COLUMNS + 1]))], "src/a.rs:1: 101 columns"),
            (&[("benches/a.rs", text(&[b'\n'; MAX_FILE_LINES + 1]))], "benches/a.rs:1001: 1001"),
            (&[(".ci/run", text(&[b'#'; MAX_COLUMNS + 1]))], ".ci/run:1: 101 columns"),
        ],
        good: &[
            &[("src/a.rs", text(&[b'/'; MAX_COLUMNS]))],
            &[("src/a.rs", text(&[b'\n'; MAX_FILE_LINES]))],
            &[("docs/A.md", text(&[b'|'; MAX_COLUMNS + 1]))],
        ],
    },
    Rule {
        name: "function sizes",
        find: function_sizes,
        bad: &[(&[("src/a.rs", text(&tall::<{ MAX_FN_LINES + 8 }>()))], "src/a.rs:1: fn f has 71")],
        good: &[
            &[("src/a.rs", text(&tall::<{ MAX_FN_LINES + 7 }>()))],
            &[("src/a.rs", "trait T { fn f(&self) -> [u8; 2]; }\ntype F = fn(u8) -> u8;")],
        ],
    },
    Rule {
        name: "nothing undone",
        find: undone,
        bad: &[
            (&[("src/a.rs", concat!("\n// TO", "DO: speed"))], "src/a.rs:2: `TO"),
            (&[("docs/A.md", concat!("FIX", "ME"))], "docs/A.md:1: `FIX"),
            (&[(".ci/run", concat!("# X", "XX"))], ".ci/run:1: `X"),
            (&[("src/a.rs", "fn f() { todo!() }")], "src/a.rs:1: `todo!`"),
            (&[("tests/a.rs", "fn f() { unimplemented!() }")], "tests/a.rs:1: `unimpl"),
            (&[("benches/a.rs", "fn f() { dbg!(1); }")], "benches/a.rs:1: `dbg!`"),
        ],
        good: &[&[("src/a.rs", concat!("const HEX: u32 = 0xTO", "DOS; fn todo() {} // todo!"))]],
    },
    Rule {
        name: "no path of a machine",
        find: machine_paths,
        bad: &[
            (&[("src/a.rs", concat!("// see /ho", "me/me/x"))], "src/a.rs:1: `/ho"),
            (&[("docs/A.md", concat!("\n/tm", "p/words"))], "docs/A.md:2: `/tm"),
            (&[("benches/record/a.tsv", concat!("a\t/ro", "ot/x"))], "benches/record/a.tsv:1: `"),
        ],
        good: &[
            &[(".ci/run", concat!("${TMPDIR:-/tm", "p}/x https://a.org/ho", "me/x"))],
            &[("docs/A.md", concat!("any path below /tm", "p/ does"))],
        ],
    },
    Rule {
        name: "no Cargo.lock",
        find: no_lock,
        bad: &[
            (&[(".gitignore", "/target\n")], ".gitignore:1: the line"),
            (&[(TRACKED, "README.md\nfuzz/Cargo.lock\n")], "(git ls-files):2: fuzz/Cargo.lock"),
        ],
        good: &[&[(".gitignore", "/target\nCargo.lock\n"), (TRACKED, "Cargo.toml\n")]],
    },
    Rule {
        name: "mod lines",
        find: mod_lines,
        bad: &[
            (&[("src/lib.rs", "// mod a;"), ("src/a.rs", "")], "src/a.rs:1: no `mod a;`"),
            (&[("src/lib.rs", "mod a;"), ("src/a/mod.rs", ""), ("src/a/b.rs", "")], "src/a/b.rs:1"),
            (&[("src/bin/x/main.rs", "mod ab;"), ("src/bin/x/a.rs", "")], "src/bin/x/a.rs:1"),
        ],
        good: &[
            &[("src/lib.rs", "pub(crate) mod a;"), ("src/a/mod.rs", "mod b;"), ("src/a/b.rs", "")],
            &[
                ("src/bin/x/main.rs", "mod a;"),
                ("src/bin/x/a.rs", "mod b;"),
                ("src/bin/x/a/b.rs", ""),
            ],
        ],
    },
    Rule {
        name: "golden files",
        find: golden_files,
        bad: &[
            (&[("src/registry.rs", ROW)], "src/registry.rs:2: `packed_ints` has no golden file"),
            (&[("src/registry.rs", "")], "src/registry.rs:1: no row"),
            (
                &[
                    ("src/registry.rs", ROW),
                    ("tests/golden/packed_ints-1.lram", ""),
                    ("tests/golden/packed-1.lram", ""),
                ],
                "tests/golden/packed-1.lram:1: no row",
            ),
        ],
        good: &[&[("src/registry.rs", ROW), ("tests/golden/packed_ints-v1.lram", "")]],
    },
    Rule {
        name: "format docs",
        find: format_docs,
        bad: &[
            (
                &[("src/registry.rs", ROW), ("docs/FORMAT.md", "0x0101 packed_int")],
                "src/registry.rs:2",
            ),
            (
                &[("src/registry.rs", ROW), ("docs/FORMAT.md", "packed_ints 0x01012")],
                "src/registry",
            ),
            (&[("src/registry.rs", ROW)], "docs/FORMAT.md:1: the file is missing"),
        ],
        good: &[&[("src/registry.rs", ROW), ("docs/FORMAT.md", "### 0x0101 `packed_ints`")]],
    },
    Rule {
        name: "architecture",
        find: architecture,
        bad: &[
            (
                &[("src/simd.rs", ""), ("docs/ARCHITECTURE.md", "`src/simd` | 2 | `simd` |")],
                "docs/ARCHITECTURE.md:1: layer 1 lacks `simd`",
            ),
            (
                &[
                    ("src/mem.rs", ""),
                    ("docs/ARCHITECTURE.md", "| 2 | `mem` | |\n| 3 | `arrays` | |"),
                ],
                "docs/ARCHITECTURE.md:2: there is no module `arrays`",
            ),
            (
                &[
                    ("src/mem.rs", ""),
                    ("src/error.rs", ""),
                    ("docs/ARCHITECTURE.md", "| 2 | `mem` | |\n| 0 | `error` | |"),
                ],
                "docs/ARCHITECTURE.md:2: stands below",
            ),
            (
                &[
                    ("src/mem/raw_vec.rs", ""),
                    ("docs/ARCHITECTURE.md", "| 2 | `mem` | |\n`mem/alloc`"),
                ],
                "docs/ARCHITECTURE.md:1: does not name `mem/raw_vec`",
            ),
        ],
        good: &[&[
            ("src/error.rs", ""),
            ("src/mem/alloc.rs", ""),
            (
                "docs/ARCHITECTURE.md",
                "| 0 | `error` | |\n| 2 | `mem` | |\n`mem/alloc` (allocators)",
            ),
        ]],
    },
    Rule {
        name: "commands in the README",
        find: readme_commands,
        bad: &[
            (
                &[("README.md", "<!-- ci: run -->\n```\ncargo run\n```\ncargo test")],
                "README.md:1: the marker `<!-- ci: test -->`",
            ),
            (
                &[(
                    "README.md",
                    "<!-- ci: run -->\n```\ncargo run\n```\n<!-- ci: test -->\n```\n```",
                )],
                "README.md:5: a fenced block",
            ),
        ],
        good: &[&[(
            "README.md",
            "<!-- ci: test -->\n```sh\ncargo test\n```\n<!-- ci: run -->\n\n```\ncargo run\n```\n",
        )]],
    },
    Rule {
        name: "features in the docs",
        find: feature_docs,
        bad: &[(
            &[
                (
                    "Cargo.toml",
                    "[features]\ndefault = [\"std\"]\n# std = 1\nstd = []\nmmap = []\n[lib]\na = 1",
                ),
                ("src/lib.rs", "//! | `std` |\nconst A: &str = \"`mmap`\";"),
            ],
            "Cargo.toml:5: the docs in src/lib.rs do not name the feature `mmap`",
        )],
        good: &[&[
            ("Cargo.toml", "[features]\nstd = []\ncli = [\n    \"std\",\n]\n[dependencies]\nx = 1"),
            ("src/lib.rs", "//! `std`, `cli`"),
        ]],
    },
];
