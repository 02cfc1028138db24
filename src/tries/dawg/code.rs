//! How an edge stands in bytes: a code for all that repeats, then where it leads and how many keys
//! it has.
//!
//! ```text
//! head    | label 8 | final 1 | last 1 | kind 3 | count 3 |
//! entry   | head 16 | bytes of the target 4 | of the count 4 | relative 1 | of the edge 4 | 0 3 |
//! edge    | code 1 or 2 bytes | target 0 to 4 bytes | keys 0, 1, 2 or 4 bytes |
//! ```
//!
//! A code is the number of an entry of the table. Frequent heads have codes of one byte.

/// Where an edge leads. The order is that of their costs: an edge takes the first that fits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Kind {
    /// To the state without edges.
    Leaf = 0,
    /// To the state behind this one, whose last edge it is.
    Next = 1,
    /// To an address of one byte.
    Near = 2,
    /// So many bytes behind the edge, in one byte.
    Skip = 3,
    /// To an address of two bytes.
    Short = 4,
    /// So many bytes behind the edge, in two bytes.
    Leap = 5,
    /// To an address of three bytes.
    Long = 6,
    /// To any address.
    Far = 7,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Leaf,
        Self::Next,
        Self::Near,
        Self::Skip,
        Self::Short,
        Self::Leap,
        Self::Long,
        Self::Far,
    ];

    pub(super) const fn of(bits: u8) -> Self {
        Self::ALL[(bits & 7) as usize]
    }

    /// Bytes of the target.
    const fn bytes(self) -> u32 {
        [0, 0, 1, 1, 2, 2, 3, 4][self as usize]
    }

    const fn is_relative(self) -> bool {
        matches!(self, Self::Next | Self::Skip | Self::Leap)
    }

    /// What is written to lead from an edge that ends at `end` to `target`, if it can.
    pub(super) fn reach(self, end: u32, target: u32) -> Option<u32> {
        let value = if self.is_relative() { target.checked_sub(end)? } else { target };
        (u64::from(value) >> (8 * self.bytes()) == 0).then_some(value)
    }
}

/// The largest count that is part of the head.
const INLINE: u32 = 4;
/// Counts of one, two and four bytes.
const COUNT_BYTES: [u32; 8] = [0, 0, 0, 0, 0, 1, 2, 4];

/// The number of codes that heads can have: all that 16 bits make.
pub(super) const HEADS: usize = 1 << 16;
/// The code that stands before a state with many edges; it is no edge. No code of two bytes begins
/// so, as heads have 25,600 values at most.
pub(super) const WIDE: u8 = 0;
/// The most edges of a state that has no directory, and the edges of a group of one that has. More
/// of them take fewer bytes, and a look-up passes over more edges; these are a guess between.
pub(super) const NARROW: usize = 8;
pub(super) const GROUP: usize = 4;
/// The flag beside the number of groups that counts take four bytes.
pub(super) const WIDE_COUNTS: u8 = 0x80;

/// The directory of a state with many edges. It tells of each group but the first.
///
/// ```text
/// | code 0 | groups, wide counts | first labels | rows: where it starts 2, keys before 2 or 4 |
/// ```
#[derive(Clone, Copy)]
pub(super) struct Directory {
    pub(super) groups: usize,
    pub(super) count_bytes: usize,
}

impl Directory {
    /// Of a state with so many edges, below which so many keys end; `None` if it has few edges.
    pub(super) const fn of(edges: usize, keys: u32) -> Option<Self> {
        let count_bytes = if keys > u16::MAX as u32 { 4 } else { 2 };
        if edges <= NARROW { None } else { Some(Self { groups: (edges - 1) / GROUP, count_bytes }) }
    }

    /// The second byte of the directory.
    pub(super) const fn byte(self) -> u8 {
        self.groups as u8 | if self.count_bytes == 4 { WIDE_COUNTS } else { 0 }
    }

    /// What the second byte says.
    pub(super) const fn from_byte(byte: u8) -> Self {
        let count_bytes = if byte & WIDE_COUNTS == 0 { 2 } else { 4 };
        Self { groups: (byte & !WIDE_COUNTS) as usize, count_bytes }
    }

    /// Where in the directory the labels stand, and the row of a group.
    pub(super) const LABELS: usize = 2;

    pub(super) const fn row(self, group: usize) -> usize {
        Self::LABELS + self.groups + group * (2 + self.count_bytes)
    }

    /// Bytes of all of it.
    pub(super) const fn bytes(self) -> usize {
        self.row(self.groups)
    }
}

/// What repeats of an edge.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Head(pub(super) u16);

impl Head {
    /// Of an edge on and below which so many `keys` end; they are told unless it is the last of
    /// its state or leads nowhere.
    pub(super) const fn new(
        label: u8,
        is_final: bool,
        is_last: bool,
        kind: Kind,
        keys: u32,
    ) -> Self {
        let count = match keys {
            _ if is_last || matches!(kind, Kind::Leaf) => 0,
            1..=INLINE => keys as u16,
            0..=0xFF => 5,
            0x100..=0xFFFF => 6,
            _ => 7,
        };
        let flags = (is_final as u16) << 8 | (is_last as u16) << 9;
        Self(label as u16 | flags | (kind as u16) << 10 | count << 13)
    }

    const fn kind(self) -> Kind {
        Kind::of((self.0 >> 10) as u8)
    }

    /// Bytes of the target and of the count.
    pub(super) const fn tail(self) -> (u32, u32) {
        (self.kind().bytes(), COUNT_BYTES[(self.0 >> 13) as usize])
    }

    /// The head as it stands in the table, with what follows from it and the length of its code.
    pub(super) const fn entry(self, code: u32) -> u32 {
        let (target, count) = self.tail();
        let relative = self.kind().is_relative() as u32;
        self.0 as u32 | target << 16 | count << 20 | relative << 24 | (code + target + count) << 25
    }
}

/// How codes of one and two bytes are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Codes {
    /// The first byte of codes of two bytes; 256 if there are none.
    pub(super) pages: u32,
}

impl Codes {
    /// For so many entries at least.
    pub(super) const fn for_entries(entries: usize) -> Self {
        let pages = if entries <= 256 { 0 } else { (entries - 256).div_ceil(255) as u32 };
        Self { pages: 256_u32.saturating_sub(pages) }
    }

    /// Entries that have codes.
    pub(super) const fn entries(self) -> usize {
        self.pages as usize + 256 * (256 - self.pages as usize)
    }

    /// The code of an entry: its bytes, lowest first, and how many there are.
    pub(super) const fn code(self, entry: u32) -> (u32, u32) {
        match entry.checked_sub(self.pages) {
            None => (entry, 1),
            Some(above) => ((self.pages + (above >> 8)) & 0xFF | (above & 0xFF) << 8, 2),
        }
    }

    /// The entry of the code that stands in the lowest bytes of `word`, and bytes of the code.
    #[inline(always)]
    pub(super) const fn entry(self, word: u64) -> (usize, u32) {
        let (first, second) = (word as u8 as u32, (word >> 8) as u8 as u32);
        match first.checked_sub(self.pages) {
            None => (first as usize, 1),
            Some(page) => ((self.pages + (page << 8) + second) as usize, 2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_has_one_code() {
        for entries in [1, 255, 256, 257, 511, 512, 2_000, HEADS] {
            let codes = Codes::for_entries(entries);
            assert!(codes.entries() >= entries);
            for entry in 0..entries as u32 {
                let (bytes, len) = codes.code(entry);
                assert_eq!(codes.entry(bytes.into()), (entry as usize, len));
            }
        }
    }

    #[test]
    fn targets_are_reached_in_as_few_bytes_as_can_be() {
        let best = |end, target| (2..8).map(Kind::of).find(|k| k.reach(end, target).is_some());
        let kinds =
            [(9, 255), (9, 256), (250, 256), (250, 65_535), (250, 65_700), (65_700, 65_699)];
        let kinds = kinds.map(|(end, target)| best(end, target).map(|kind| kind as u8));
        assert_eq!(kinds, [Some(2), Some(3), Some(3), Some(4), Some(5), Some(6)]);
        assert_eq!(best(9, 1 << 24).map(|kind| kind as u8), Some(7));
        assert_eq!(Kind::Next.reach(5, 5), Some(0));
        assert_eq!(Kind::Next.reach(5, 6), None);
    }
}
