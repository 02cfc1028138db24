//! A very small reader of Rust: enough to tell code from comments, literals and tests.

use crate::tree::split_path;

pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `text` with comments and the insides of literals as blanks; bytes and lines keep their places.
pub(crate) fn code_of(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = literal_end(bytes, at).min(bytes.len());
        if end > at {
            blank(&mut code[at..end]);
            at = end;
        } else if is_word(char::from(bytes[at])) {
            // a whole word at once, so that the `r` of `for"` is not read as a raw string
            at += bytes[at..].iter().take_while(|&&b| is_word(char::from(b))).count();
        } else {
            at += 1;
        }
    }
    String::from_utf8(code).expect("only whole literals and comments were blanked")
}

fn blank(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
}

/// Where the comment or literal that starts at `at` ends; `at` if none starts there.
fn literal_end(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let find = |needle: &[u8], from: usize| {
        let hay = &rest[from.min(rest.len())..];
        hay.windows(needle.len()).position(|w| w == needle).map_or(bytes.len(), |i| at + from + i)
    };
    match rest {
        [b'/', b'/', ..] => find(b"\n", 2),
        [b'/', b'*', ..] => block_comment_end(bytes, at),
        [b'"', ..] => quoted_end(bytes, at + 1, b'"'),
        [b'b' | b'c', b'"', ..] => quoted_end(bytes, at + 2, b'"'),
        [b'b', b'\'', ..] => quoted_end(bytes, at + 2, b'\''),
        [b'\'', b'\\', ..] => quoted_end(bytes, at + 1, b'\''),
        // 'x' is a character and 'x a lifetime; characters of several bytes start above 0x7f
        [b'\'', _, b'\'', ..] => at + 3,
        [b'\'', 0x80..=0xff, ..] => quoted_end(bytes, at + 1, b'\''),
        [b'r', ..] | [b'b' | b'c', b'r', ..] => {
            let prefix = if rest[0] == b'r' { 1 } else { 2 };
            let hashes = rest[prefix..].iter().take_while(|&&byte| byte == b'#').count();
            if rest.get(prefix + hashes) != Some(&b'"') {
                return at;
            }
            let close = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
            find(&close, prefix + hashes + 1) + close.len()
        }
        _ => at,
    }
}

fn quoted_end(bytes: &[u8], from: usize, quote: u8) -> usize {
    let mut at = from;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

fn block_comment_end(bytes: &[u8], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0_usize);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// `code` with each item under `#[cfg(test)]` or `#[cfg(all(test, ..))]` as blanks.
pub(crate) fn live_of(code: &str) -> String {
    let mut live = code.as_bytes().to_vec();
    for head in ["#[cfg(test)]", "#[cfg(all(test,", "#![cfg(test)]"] {
        for (start, _) in code.match_indices(head) {
            let end = if head.starts_with("#!") {
                code.len()
            } else {
                let attribute = start + code[start..].find(']').unwrap_or(0) + 1;
                item_body(code, attribute).map_or_else(|end| end, |(_, end)| end)
            };
            blank(&mut live[start..end]);
        }
    }
    String::from_utf8(live).expect("whole items were blanked")
}

/// The braces of the item that starts at `from`: `Ok((open, end))`, or `Err(end)` without any.
pub(crate) fn item_body(code: &str, from: usize) -> Result<(usize, usize), usize> {
    let mut depth = 0_usize;
    let mut open = None;
    for (at, byte) in code.bytes().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'{' => {
                open = open.or((depth == 0).then_some(at));
                depth += 1;
            }
            b'}' => {
                depth = depth.saturating_sub(1);
                match open {
                    Some(open) if depth == 0 => return Ok((open, at + 1)),
                    _ => {}
                }
            }
            b';' if depth == 0 => return Err(at + 1),
            _ => {}
        }
    }
    Err(code.len())
}

/// Where `word` stands in `text` as a whole word.
pub(crate) fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        !text[..at].ends_with(is_word) && !text[at + word.len()..].starts_with(is_word)
    })
}

/// The word that `text` starts with, after blanks. Empty if there is none.
pub(crate) fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())]
}

/// Whether `code` has the line `mod name;`, of whatever visibility.
pub(crate) fn declares(code: &str, name: &str) -> bool {
    words(code, "mod").any(|at| {
        let rest = code[at + 3..].trim_start();
        first_word(rest) == name && rest[name.len()..].trim_start().starts_with(';')
    })
}

/// The files in which the module `path` may be declared and its name; `None` for a crate's root.
pub(crate) fn parents_of(path: &str) -> Option<(Vec<String>, &str)> {
    let (mut folder, file) = split_path(path);
    let mut name = file.strip_suffix(".rs")?;
    let is_root = ["lib", "main"].contains(&name) && (folder == "src" || in_bin(folder));
    if is_root || folder == "src/bin" {
        return None;
    }
    if name == "mod" {
        (folder, name) = split_path(folder);
    }
    let beside = if folder == "src" { "lib.rs" } else { "mod.rs" };
    let mut parents = vec![format!("{folder}/{beside}"), format!("{folder}.rs")];
    if in_bin(folder) {
        parents.push(format!("{folder}/main.rs"));
    }
    Some((parents, name))
}

fn in_bin(folder: &str) -> bool {
    folder.starts_with("src/bin/")
}
