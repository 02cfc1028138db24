//! What every figure of `compare` means: for `--help` and for the page, so that they cannot differ.

use crate::text::wrap;

/// Each term and its meaning; those without a name go on with the one before.
pub(crate) const TERMS: &[(&str, &str)] = &[
    (
        "heap",
        "bytes requested from the allocator and live once built, key bytes included: per item (a \
         distinct key, or a token of a stream); x data: over the bytes of the keys (and values) \
         themselves; x limit: over log2 C(u, n) bits, below which no form of any n numbers < u can \
         go, and for filters over log2(1/rate) bits a key, below which no filter of that rate can",
    ),
    ("peak", "the most heap bytes that were live at once while it was built"),
    ("build", "time to build it from keys in memory, in a fresh process"),
    (
        "hit, miss",
        "time of a look-up of a random key that is there, or is not there but looks alike",
    ),
    ("get", "time of an access by random index"),
    ("file", "bytes of its file"),
    ("spread", "what lies between the quartiles of all passes, over their median"),
    (
        "*",
        "on the front: nothing that is asked for the same is both smaller and faster (hits, or \
         else gets)",
    ),
    (
        "~",
        "approximate: does not hold its keys. A filter answers maybe or no; of the keys that are \
         not there, each looked up once, the note says how many it takes for present. A count \
         answers nothing of single keys; the note says what it counted",
    ),
];

/// How it is measured.
pub(crate) const METHOD: &str = "Ordered forms are fed in order, the others in random order. \
     Bytes and times are taken in separate processes; a time is the median of several passes, and \
     the answer of every look-up is checked.";

/// Columns of the terms' names in the help.
const NAMES: usize = 11;
/// Columns of the help.
const WIDTH: usize = 99;

/// The end of the help of `compare`.
pub(crate) fn help() -> String {
    let mut out = String::from("Terms:\n");
    for (term, meaning) in TERMS {
        for (i, line) in wrap(meaning, WIDTH - NAMES - 2).lines().enumerate() {
            let name = if i == 0 { *term } else { "" };
            out += &format!("  {name:<NAMES$}{line}\n");
        }
    }
    out + "\n" + wrap(METHOD, WIDTH).trim_end()
}
