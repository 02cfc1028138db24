//! Golden figures of other programs, as the files in `tests/data` have them: lines of columns with
//! tabs between, of which the first says what kind of case it is.

// Not every test reads all that a file can hold.
#![allow(dead_code)]

/// The columns of all cases of this kind.
pub(crate) fn rows(file: &'static str, kind: &str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = file.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    lines.filter(move |columns| columns[0] == kind)
}

pub(crate) fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}

/// FNV-1a-64, which stands for images that are too long to be written down.
pub(crate) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |state, byte| {
        (state ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}
