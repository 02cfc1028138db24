//! What is checked. Each rule answers with one `path:line: message` for each finding.

use crate::rust::{declares, first_word, is_word, item_body, parents_of, words};
use crate::tree::{File, TRACKED, Tree, split_path};

/// Modules of the library with their layer. Code may name modules of lower numbers and its own.
const LAYERS: &[(&str, u32)] = &[
    ("error", 0),
    ("registry", 0),
    ("simd", 10),
    ("bits", 11),
    ("hashing", 12),
    ("mem", 20),
    ("storage", 21),
    ("shards", 22),
    ("arrays", 30),
    ("maps", 40),
    ("tries", 40),
    ("filters", 40),
    ("sketches", 40),
    ("testkit", 50),
];

/// Written exceptions to the layers: who, whom, and why.
const UPWARD: &[(&str, &str, &str)] =
    &[("registry", "storage", "`register!` bounds the storage parameter of every row")];

/// The modules that may hold `unsafe`. A new one needs a measured gain of 10 %, or fewer bytes.
const UNSAFE: &[&str] = &[
    "src/bits/field",
    "src/maps/buckets",
    "src/maps/table",
    "src/mem/alloc",
    "src/mem/api2",
    "src/mem/raw_vec",
    "src/mem/tracking",
    "src/simd",
    "src/storage/arena",
    "src/storage/mapped",
    "src/storage/words",
];

pub(crate) const MAX_FILE_LINES: usize = 1_000;
pub(crate) const MAX_FN_LINES: usize = 70;
pub(crate) const MAX_COLUMNS: usize = 100;

/// Words that mark work left undone. Spelled in halves, so that this file does not hold them.
const UNDONE: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];

/// Macros that mark work left undone, or a debugging session.
const UNDONE_MACROS: &[&str] = &["todo", "unimplemented", "dbg"];

/// Roots below which only one machine has that path. In halves for the same reason.
const MACHINE_ROOTS: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/tm", "p/"),
    concat!("/wo", "rk/"),
    concat!("/Us", "ers/"),
];

/// The command blocks of the README that CI runs: `<!-- ci: test -->` and then a fenced block.
const README_BLOCKS: &[&str] = &["test", "run"];

/// Whether the file is a module that its parent declares under `#[cfg(test)]` only.
fn is_test_module(tree: &Tree, file: &File) -> bool {
    let Some((parents, name)) = parents_of(&file.path) else { return false };
    let parents = || parents.iter().filter_map(|path| tree.get(path));
    parents().any(|p| declares(&p.code, name)) && !parents().any(|p| declares(&p.live, name))
}

/// The module of the library that a file belongs to; `None` for `lib.rs`, the command, the rest.
fn module_of(path: &str) -> Option<&str> {
    let inner = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    let module = inner.split('/').next()?;
    (module != "lib" && module != "bin").then_some(module)
}

fn layer_of(module: &str) -> Option<u32> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

/// The first words of what follows `crate::` at `at`: one, or one for each entry of `{..}`.
fn path_heads(code: &str, at: usize) -> Vec<usize> {
    let skip = |at: usize| at + code[at..].len() - code[at..].trim_start().len();
    let at = skip(at);
    if !code[at..].starts_with('{') {
        return vec![at];
    }
    let end = item_body(code, at).map_or(code.len(), |(_, end)| end);
    let (mut heads, mut depth) = (vec![skip(at + 1)], 0_usize);
    for (at, byte) in code.bytes().enumerate().take(end).skip(at) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 1 => heads.push(skip(at + 1)),
            _ => {}
        }
    }
    heads.retain(|&head| !code[head..].starts_with('}'));
    heads
}

pub(crate) fn layers(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for file in tree.files().filter(|file| !is_test_module(tree, file)) {
        let Some(module) = module_of(&file.path) else { continue };
        let Some(layer) = layer_of(module) else {
            found.push(file.at_line(1, format!("module `{module}` has no layer in LAYERS")));
            continue;
        };
        let code = &file.live;
        for at in words(code, "crate").filter(|&at| code[at..].starts_with("crate::")) {
            if code[..at].ends_with('$') {
                continue; // the path of a macro that somebody else will expand
            }
            for head in path_heads(code, at + "crate::".len()) {
                let name = first_word(&code[head..]);
                let excepted = UPWARD.iter().any(|(who, whom, _)| *who == module && *whom == name);
                let message = match layer_of(name) {
                    _ if excepted || name == module => continue,
                    Some(other) if other < layer => continue,
                    Some(_) => format!("`{module}` must not use `{name}`: see LAYERS"),
                    None if code[head + name.len()..].starts_with('!') => continue,
                    None => format!("`crate::{name}` hides its layer: name its module"),
                };
                found.push(file.at(head, message));
            }
        }
        for at in words(code, "lessram").filter(|&at| code[at..].starts_with("lessram::")) {
            found.push(file.at(at, "write `crate::`, so that the layer is checked"));
        }
        found.extend(supers(file));
    }
    found
}

/// `super::` chains that climb out of the layer's folder.
fn supers(file: &File) -> Vec<String> {
    let parts = file.path.split('/').count() - 1;
    let depth = if file.path.ends_with("/mod.rs") { parts - 1 } else { parts };
    let code = &file.live;
    words(code, "super")
        .filter(|&at| !code[..at].ends_with("super::"))
        .filter(|&at| {
            let mut rest = &code[at..];
            let mut climbs = 0;
            while let Some(next) = rest.strip_prefix("super::") {
                (rest, climbs) = (next, climbs + 1);
            }
            climbs >= depth
        })
        .map(|at| file.at(at, "write `crate::`, so that the layer is checked"))
        .collect()
}

/// The command, tests and benches see the library through its public API alone, and rustfmt sees
/// every file of it.
pub(crate) fn back_doors(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for file in tree.files().filter(|file| file.is_rust()) {
        let code = &file.code;
        let paths = code.match_indices("#[path").map(|(at, _)| at);
        let includes = words(code, "include").filter(|&at| code[at..].starts_with("include!"));
        for at in paths.chain(includes) {
            // beside the crate, tests may share helpers in this way
            let end = at + code[at..].find([']', ')', '}']).unwrap_or(0);
            if file.is_src() || file.text[at..end].contains("src/") {
                found.push(file.at(at, "source may not be pulled in past the module tree"));
            }
        }
    }
    found
}

fn may_be_unsafe(path: &str) -> bool {
    UNSAFE.iter().any(|module| {
        let rest = path.strip_prefix(module);
        rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    })
}

pub(crate) fn unsafe_code(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(manifest) = tree.get("Cargo.toml") {
        if !manifest.text.lines().any(|line| line.trim() == "unsafe_code = \"deny\"") {
            found.push(manifest.at_line(1, "[lints.rust] must say unsafe_code = \"deny\""));
        }
    }
    for file in tree.files().filter(|file| file.is_src() && !may_be_unsafe(&file.path)) {
        for at in words(&file.code, "unsafe") {
            found.push(file.at(at, "`unsafe` outside the modules that UNSAFE lists"));
        }
        for at in words(&file.code, "unsafe_code") {
            let attribute = &file.code[file.code[..at].rfind('#').unwrap_or(0)..at];
            if ["allow", "expect", "warn"].iter().any(|w| words(attribute, w).next().is_some()) {
                found.push(file.at(at, "unsafe code is let in outside the modules in UNSAFE"));
            }
        }
    }
    found
}

pub(crate) fn sizes(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for file in tree.files().filter(|f| f.is_rust() || f.path.starts_with(".ci/")) {
        let lines = file.text.lines().count();
        if lines > MAX_FILE_LINES {
            found.push(file.at_line(lines, format!("{lines} lines, {MAX_FILE_LINES} at most")));
        }
        for (index, line) in file.text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > MAX_COLUMNS && !cannot_be_wrapped(line) {
                let message = format!("{columns} columns, {MAX_COLUMNS} at most");
                found.push(file.at_line(index + 1, message));
            }
        }
    }
    found
}

/// A row of a table in a doc comment, or a comment that is one long link.
fn cannot_be_wrapped(line: &str) -> bool {
    let Some(comment) = line.trim_start().strip_prefix("//") else { return false };
    let comment = comment.trim_start_matches(['/', '!']).trim();
    let is_row = comment.starts_with('|') && comment.ends_with('|');
    let is_link = comment.contains("://") && comment.split_whitespace().count() <= 2;
    is_row || is_link
}

pub(crate) fn function_sizes(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for file in tree.files().filter(|file| file.is_src()) {
        for at in words(&file.code, "fn") {
            let rest = file.code[at + 2..].trim_start();
            let name = first_word(rest.trim_start_matches('$'));
            // `fn(u8)` is a type, and a declaration that ends in `;` has no body
            let Ok((_, end)) = item_body(&file.code, at) else { continue };
            let lines = file.code[at..end].lines().count();
            if !name.is_empty() && lines > MAX_FN_LINES {
                let message = format!("fn {name} has {lines} lines, {MAX_FN_LINES} at most");
                found.push(file.at(at, message));
            }
        }
    }
    found
}

pub(crate) fn undone(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for file in tree.files().filter(|file| file.is_prose()) {
        for word in UNDONE {
            for at in words(&file.text, word) {
                found.push(file.at(at, format!("`{word}`: finish it, or say what holds instead")));
            }
        }
        for name in UNDONE_MACROS {
            for at in words(&file.code, name) {
                if file.code[at + name.len()..].starts_with('!') {
                    found.push(file.at(at, format!("`{name}!` must not be committed")));
                }
            }
        }
    }
    found
}

pub(crate) fn machine_paths(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for file in tree.files().filter(|file| file.path != TRACKED) {
        for root in MACHINE_ROOTS {
            for (at, _) in file.text.match_indices(root) {
                // `$HOME/..`, `example.org/..` and `a/b/..` are not absolute
                let relative = |c: char| is_word(c) || ".-~/)}".contains(c);
                let named = file.text[at + root.len()..].starts_with(|c: char| is_word(c));
                if named && !file.text[..at].ends_with(relative) {
                    found.push(file.at(at, format!("`{root}..` is a path of one machine")));
                }
            }
        }
    }
    found
}

pub(crate) fn no_lock(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(ignore) = tree.get(".gitignore") {
        if !ignore.text.lines().any(|line| line.trim() == "Cargo.lock") {
            found.push(ignore.at_line(1, "the line `Cargo.lock` is missing"));
        }
    }
    for (index, path) in tree.get(TRACKED).into_iter().flat_map(|f| f.text.lines().enumerate()) {
        if split_path(path).1 == "Cargo.lock" {
            found.push(format!("{TRACKED}:{}: {path} must not be in git", index + 1));
        }
    }
    found
}

pub(crate) fn mod_lines(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for file in tree.files().filter(|file| file.is_src()) {
        let Some((parents, name)) = parents_of(&file.path) else { continue };
        let mut parents = parents.iter().filter_map(|path| tree.get(path));
        if !parents.any(|parent| declares(&parent.code, name)) {
            found.push(file.at_line(1, format!("no `mod {name};` leads to this file")));
        }
    }
    found
}

/// Rows of `family!`: line, id as written, name.
fn rows(registry: &File) -> Vec<(usize, &str, &str)> {
    let lines = registry.code.lines().enumerate();
    lines
        .skip_while(|(_, line)| !line.contains("macro_rules! family"))
        .take_while(|(_, line)| *line != "}")
        .filter(|(_, line)| line.trim_start().starts_with("0x"))
        .filter_map(|(index, line)| {
            let mut parts = line.split_whitespace();
            Some((index + 1, parts.next()?, parts.next()?))
        })
        .collect()
}

pub(crate) fn golden_files(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    let Some(registry) = tree.need("src/registry.rs", &mut found) else { return found };
    let rows = rows(registry);
    if rows.is_empty() {
        found.push(registry.at_line(1, "no row of `family!` was recognised"));
    }
    let golden = |file: &File| {
        let name = file.path.strip_prefix("tests/golden/")?.strip_suffix(".lram")?;
        Some(name.split_once('-').map_or_else(|| name.to_owned(), |(row, _)| row.to_owned()))
    };
    for (line, _, name) in &rows {
        if !tree.files().any(|file| golden(file).is_some_and(|row| row == *name)) {
            let message = format!("`{name}` has no golden file tests/golden/{name}-*.lram");
            found.push(registry.at_line(*line, message));
        }
    }
    for file in tree.files() {
        if golden(file).is_some_and(|row| !rows.iter().any(|(_, _, name)| row == *name)) {
            found.push(file.at_line(1, "no row of `family!` has this golden file's name"));
        }
    }
    found
}

pub(crate) fn format_docs(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    let Some(registry) = tree.need("src/registry.rs", &mut found) else { return found };
    let Some(format) = tree.need("docs/FORMAT.md", &mut found) else { return found };
    for (line, id, name) in rows(registry) {
        for word in [id, name] {
            if words(&format.text, word).next().is_none() {
                let message = format!("docs/FORMAT.md does not describe `{word}`");
                found.push(registry.at_line(line, message));
            }
        }
    }
    found
}

/// The drawing of the layers, and the list of unsafe modules, against what is checked and there.
pub(crate) fn architecture(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    let Some(page) = tree.need("docs/ARCHITECTURE.md", &mut found) else { return found };
    let drawn: Vec<(usize, u32, &str)> =
        page.text.lines().enumerate().filter_map(layer_row).collect();
    let mut modules: Vec<&str> = tree.files().filter_map(|file| module_of(&file.path)).collect();
    modules.dedup();
    for module in &modules {
        let Some(layer) = layer_of(module) else { continue };
        if !drawn.iter().any(|(_, level, name)| name == module && *level == layer / 10) {
            found.push(page.at_line(1, format!("layer {} lacks `{module}`", layer / 10)));
        }
    }
    for (line, _, name) in &drawn {
        if layer_of(name).is_some() && !modules.contains(name) {
            found.push(page.at_line(*line, format!("there is no module `{name}`")));
        }
    }
    let layers = drawn.iter().filter_map(|(line, _, name)| Some((line, layer_of(name)?)));
    for ((_, above), (line, below)) in layers.clone().zip(layers.skip(1)) {
        if below < above {
            found.push(page.at_line(*line, "stands below a layer that may use it"));
        }
    }
    for module in UNSAFE {
        let there = tree.files().any(|file| file.path.starts_with(module));
        let name = format!("`{}`", module.trim_start_matches("src/"));
        if there && !page.text.contains(&name) {
            found.push(page.at_line(1, format!("does not name {name}, which may be unsafe")));
        }
    }
    found
}

/// Line, layer and module of a row `| 2 | `mem` | ..`.
fn layer_row((index, line): (usize, &str)) -> Option<(usize, u32, &str)> {
    let mut cells = line.strip_prefix("| ")?.split(" | ");
    let level = cells.next()?.parse().ok()?;
    let module = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
    Some((index + 1, level, module))
}

pub(crate) fn readme_commands(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    let Some(readme) = tree.need("README.md", &mut found) else { return found };
    for block in README_BLOCKS {
        let marker = format!("<!-- ci: {block} -->");
        let mut lines = readme.text.lines().enumerate().skip_while(|(_, line)| *line != marker);
        let Some((index, _)) = lines.next() else {
            found.push(readme.at_line(1, format!("the marker `{marker}` is missing")));
            continue;
        };
        let mut lines = lines.map(|(_, line)| line).skip_while(|line| line.is_empty());
        let fenced = lines.next().is_some_and(|line| line.starts_with("```"));
        let command = lines.next().is_some_and(|line| line.starts_with("cargo "));
        if !fenced || !command {
            let message = "a fenced block that starts with a cargo command must follow";
            found.push(readme.at_line(index + 1, message));
        }
    }
    found
}

pub(crate) fn feature_docs(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    let Some(manifest) = tree.need("Cargo.toml", &mut found) else { return found };
    let Some(lib) = tree.need("src/lib.rs", &mut found) else { return found };
    let docs: String = lib.text.lines().filter(|line| line.starts_with("//!")).collect();
    let lines = manifest.text.lines().enumerate().skip_while(|(_, line)| *line != "[features]");
    for (index, line) in lines.skip(1).take_while(|(_, line)| !line.starts_with('[')) {
        let Some((feature, _)) = line.split_once('=') else { continue };
        let feature = feature.trim();
        let is_key = line.starts_with(|c: char| is_word(c)) && feature != "default";
        if is_key && !docs.contains(&format!("`{feature}`")) {
            let message = format!("the docs in src/lib.rs do not name the feature `{feature}`");
            found.push(manifest.at_line(index + 1, message));
        }
    }
    found
}
