//! What every figure of `compare` means: for `--help`, for `help terms` and for the page, so that
//! they cannot differ.

use crate::error::{Code, Outcome};
use crate::text::wrap;
use std::io::Write;

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

/// The other words of the tables, and the columns of JSON and TSV.
const WORDS: &[(&str, &str)] = &[
    ("structure", "its name: for `build`, `predict` and --only"),
    ("family", "arrays, maps, tries, filters, sketches; of the standard library or a crate, none"),
    ("peer", "whether it is not ours, but the standard library's or another crate's"),
    ("items", "distinct keys, or tokens of a stream"),
    ("distinct", "different items"),
    ("lines", "lines read, repeated ones among them"),
    ("sampled_from", "lines of the whole, if only a sample was measured: --sample"),
    ("heap_bytes", "the heap, in bytes for all items"),
    ("file_bytes", "the file, in bytes"),
    ("peak_bytes", "the peak, in bytes"),
    ("payload_bytes", "bytes of the items themselves"),
    ("limit_bytes", "bytes that nothing which does the same can go below, where that is known"),
    ("blocks", "pieces that the heap bytes were requested in"),
    ("parts", "what its heap bytes are for: payload, index, slack and header add up to them"),
    ("payload", "of the parts: the data themselves, in whatever encoding"),
    ("index", "of the parts: what finds the data, such as offsets, tags, samples"),
    ("slack", "of the parts: room that holds nothing yet"),
    ("header", "of the parts: fixed bookkeeping, such as padding and lengths"),
    ("build_ns_per_item", "build, in nanoseconds an item: the median of the processes"),
    ("hit_ns, miss_ns, get_ns", "hit, miss and get, in nanoseconds: medians of all passes"),
    ("hit_ns_passes", "the single passes; also miss_ns_passes, get_ns_passes"),
    ("processes", "how many timed it"),
    ("exact", "whether it holds what it was given; if not, it is marked ~"),
    ("fpr", "of absent keys, the share that a filter took for present"),
    ("fpr_promised", "the share that it was made for: --fpr"),
    ("estimate", "how many it counted, if that is what it does"),
    ("error", "the estimate over the truth, less 1"),
    ("front", "whether it is marked *"),
    ("note", "what exactly was built, or why it was not measured"),
    ("recommended", "of those asked for the same: the smallest, the fastest, the least product"),
    ("rust", "the line of Rust that builds it"),
    ("timeline", "live bytes while it was built, taken whenever 64 KiB had come or gone"),
    ("size_histogram", "how often it asked for blocks, by size: from a power of two to the next"),
    ("requests", "blocks asked for, or resized, while it was built"),
    ("live", "allocated and not freed yet"),
    ("B, KiB, MiB", "bytes, 2^10 and 2^20 of them; JSON and TSV have bytes"),
];

/// Columns of the help.
const WIDTH: usize = 99;

/// The end of the help of `compare`.
pub(crate) fn help() -> String {
    let example = "Examples: lessram compare names.txt.gz --html report.html\n          \
                   lessram compare ids.bin --u64le --only elias_fano,roaring --json";
    let terms = list(TERMS, 11);
    format!("Terms, and more of them in `lessram help terms`:\n{terms}\n{}\n\n{example}", method())
}

/// The help of `terms`.
pub(crate) fn all() -> String {
    let (terms, words) = (list(TERMS, 11), list(WORDS, 25));
    let example = "Example: lessram help terms";
    format!(
        "Figures:\n{terms}\nOther words, and columns of JSON and TSV:\n{words}\n{}\n\n{example}",
        method()
    )
}

pub(crate) fn run() -> Outcome<Code> {
    writeln!(std::io::stdout(), "{}", all())?;
    Ok(Code::Done)
}

fn method() -> String {
    wrap(METHOD, WIDTH).trim_end().to_owned()
}

/// Each term and its meaning, which begins in the same column.
fn list(terms: &[(&str, &str)], names: usize) -> String {
    let mut out = String::new();
    for (term, meaning) in terms {
        for (i, line) in wrap(meaning, WIDTH - names - 2).lines().enumerate() {
            let name = if i == 0 { *term } else { "" };
            out += &format!("  {name:<names$}{line}\n");
        }
    }
    out
}
