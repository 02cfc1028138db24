//! The rules of the tree that no compiler checks. `docs/STYLE.md` says them in prose.
//!
//! Each rule is a function over a `Tree` of files, not over the disk. So every rule carries
//! small planted trees that break it, and the self-test below fails when a plant goes unnoticed:
//! a check that cannot fail is worth nothing.
//!
//! Std only and no feature: this runs in plain `cargo test`.

mod plants;
mod rules;
mod rust;
mod tree;

use std::path::Path;

use plants::{Plant, RULES};
use rust::{code_of, live_of};
use tree::Tree;

#[test]
fn the_tree_is_tidy() {
    let tree = Tree::of_disk(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(tree.get("src/lib.rs").is_some(), "the walk does not reach the sources");
    let mut found: Vec<String> = RULES.iter().flat_map(|rule| (rule.find)(&tree)).collect();
    found.dedup(); // two rules may miss the same file
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_rule_finds_what_is_planted() {
    for rule in RULES {
        let tree = |plant: Plant| Tree::new(plant.iter().copied());
        assert!(!rule.bad.is_empty() && !rule.good.is_empty(), "{}: no plants", rule.name);
        for (plant, start) in rule.bad {
            let found = (rule.find)(&tree(plant));
            let hit = matches!(found.as_slice(), [one] if one.starts_with(start));
            assert!(hit, "{}: {found:?} instead of {start:?}", rule.name);
        }
        for plant in rule.good {
            let found = (rule.find)(&tree(plant));
            assert!(found.is_empty(), "{}: {found:?} in {plant:?}", rule.name);
        }
    }
}

#[test]
fn comments_and_literals_are_blanks() {
    for (text, code) in [
        ("a // b", "a     "),
        ("a /* b /* c */ d */ e", "a                   e"),
        (r#"f("x\"y") z"#, "f(      ) z"),
        (r##"f(r#"a"b"#) z"##, "f(        ) z"),
        ("br\"\\\" z", "      z"),
        ("r#fn z", "r#fn z"),
        (r"'{' b'\'' '\\' 'é' z", "                    z"),
        ("&'a T, 'b: loop {}", "&'a T, 'b: loop {}"),
    ] {
        assert_eq!(code_of(text), code, "{text}");
    }
}

#[test]
fn test_items_are_not_live() {
    let live = |text| live_of(&code_of(text)).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(live("a; #[cfg(test)] #[rustfmt::skip] mod t { fn f() {} } b;"), "a; b;");
    assert_eq!(live("a; #[cfg(all(test, unix))] use x::{y, z}; b;"), "a; ; b;");
    assert_eq!(
        live("a; #[cfg(any(test, unix))] mod b; c;"),
        "a; #[cfg(any(test, unix))] mod b; c;"
    );
}
