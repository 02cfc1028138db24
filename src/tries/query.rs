//! What is looked for, so that 16 bytes of it can be compared at once wherever they stand.

use super::phrases::PHRASE;

/// Bytes of keys that are copied.
const SHORT: usize = 64;

/// A key, or the place behind all keys that begin with it.
pub(super) trait Query {
    /// Whether the key is followed by something greater than every byte: all keys that begin with
    /// it are then smaller.
    const BEHIND: bool;

    /// The key.
    fn key(&self) -> &[u8];

    /// Sixteen bytes from `at <= key().len()` on, zeros where it ends, the first one lowest.
    fn load(&self, at: usize) -> u128;
}

/// A short key, with zeros behind it.
pub(super) struct Short<const BEHIND: bool> {
    bytes: [u8; SHORT + PHRASE],
    len: usize,
}

impl<const BEHIND: bool> Short<BEHIND> {
    /// `key`, if it is short.
    #[inline(always)]
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        let mut bytes = [0; SHORT + PHRASE];
        if key.len() > SHORT {
            return None;
        }
        bytes[..key.len()].copy_from_slice(key);
        Some(Self { bytes, len: key.len() })
    }
}

impl<const BEHIND: bool> Query for Short<BEHIND> {
    const BEHIND: bool = BEHIND;

    #[inline(always)]
    fn key(&self) -> &[u8] {
        &self.bytes[..self.len.min(SHORT)]
    }

    #[inline(always)]
    fn load(&self, at: usize) -> u128 {
        let bytes = self.bytes[at.min(SHORT)..].first_chunk::<PHRASE>();
        bytes.map_or(0, |bytes| u128::from_le_bytes(*bytes))
    }
}

/// A key of any length, where it is.
pub(super) struct Long<'k, const BEHIND: bool>(pub(super) &'k [u8]);

impl<const BEHIND: bool> Query for Long<'_, BEHIND> {
    const BEHIND: bool = BEHIND;

    fn key(&self) -> &[u8] {
        self.0
    }

    fn load(&self, at: usize) -> u128 {
        let rest = self.0.get(at..).unwrap_or(&[]);
        let mut bytes = [0; PHRASE];
        let len = rest.len().min(PHRASE);
        bytes[..len].copy_from_slice(&rest[..len]);
        u128::from_le_bytes(bytes)
    }
}

/// How `text`, which goes on at `at` where a key has matched the query so far, compares to it.
/// Returns how many bytes of the query match then, and the order of the text, which is `Equal` as
/// long as all of the text matches.
#[inline(always)]
pub(super) fn compare_text(
    text: &[u8],
    query: &impl Query,
    at: usize,
) -> (usize, core::cmp::Ordering) {
    let rest = query.key().get(at..).unwrap_or(&[]);
    let same = text.iter().zip(rest).take_while(|(a, b)| a == b).count();
    (at + same, order_at(text.get(same).copied(), query, at + same))
}

/// How a key that goes on with `next` compares to a query that it matches up to `at`: `Equal` if it
/// ends there.
#[inline(always)]
pub(super) fn order_at<Q: Query>(next: Option<u8>, query: &Q, at: usize) -> core::cmp::Ordering {
    match (next, query.key().get(at)) {
        (None, _) => core::cmp::Ordering::Equal,
        (Some(_), None) if Q::BEHIND => core::cmp::Ordering::Less,
        (Some(_), None) => core::cmp::Ordering::Greater,
        (Some(next), Some(byte)) => next.cmp(byte),
    }
}
