//! What is looked for, so that 16 bytes of it can be compared at once wherever they stand.

use super::phrases::PHRASE;

/// Bytes of keys that are copied.
const SHORT: usize = 64;

/// Bytes of a key that are compared as one number.
pub(super) const WINDOW: usize = 8;

/// Eight bytes of `key` from `skip <= key.len()` on as a number, the first one highest; zeros where
/// it ends.
#[inline]
pub(super) fn window(key: &[u8], skip: usize) -> u64 {
    let rest = &key[skip..];
    if let Some(bytes) = rest.first_chunk::<WINDOW>() {
        return u64::from_be_bytes(*bytes);
    }
    if rest.is_empty() {
        return 0;
    }
    // The last eight bytes of the key, without those that it skips.
    if let Some(bytes) = key.last_chunk::<WINDOW>() {
        return u64::from_be_bytes(*bytes) << (8 * (WINDOW - rest.len()));
    }
    rest.iter().rev().fold(0, |window, byte| window >> 8 | u64::from(*byte) << 56)
}

/// A key, or the place behind all keys that begin with it.
pub(super) trait Query {
    /// Whether the key is followed by something greater than every byte: all keys that begin with
    /// it are then smaller.
    const BEHIND: bool;

    /// The key.
    fn key(&self) -> &[u8];

    /// Byte `at <= key().len()`, zero where it ends.
    fn byte(&self, at: usize) -> u8;

    /// Sixteen bytes from `at <= key().len()` on, zeros where it ends, the first one lowest.
    fn load(&self, at: usize) -> u128;

    /// Eight bytes from `at <= key().len() + 7` on, zeros where it ends, the first one lowest.
    fn part(&self, at: usize) -> u64;

    /// Eight bytes from `at <= key().len()` on as a number, the first one highest; where the key
    /// ends zeros, or ones if something greater than every byte follows.
    #[inline(always)]
    fn window(&self, at: usize) -> u64 {
        let (bytes, left) = (self.part(at).swap_bytes(), self.key().len() - at);
        let fill = u64::MAX.checked_shr(8 * left.min(8) as u32).unwrap_or(0);
        if Self::BEHIND { bytes | fill } else { bytes }
    }
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
        let mut short = Self { bytes: [0; SHORT + PHRASE], len: key.len() };
        short.fill(key)?;
        Some(short)
    }

    /// Copies a short key by words of which the last two overlap: most have 8 to 32 bytes, and a
    /// call for so few takes longer.
    #[inline(always)]
    fn fill(&mut self, key: &[u8]) -> Option<()> {
        let len = key.len();
        let room = self.bytes.get_mut(..len).filter(|_| len <= SHORT)?;
        if let (Some(first), Some(last)) = (key.first_chunk::<16>(), key.last_chunk::<16>()) {
            *room.first_chunk_mut()? = *first;
            if len > 32 {
                room[16..len - 16].copy_from_slice(&key[16..len - 16]);
            }
            *room.last_chunk_mut()? = *last;
        } else if let (Some(first), Some(last)) = (key.first_chunk::<8>(), key.last_chunk::<8>()) {
            *room.first_chunk_mut()? = *first;
            *room.last_chunk_mut()? = *last;
        } else if let (Some(first), Some(last)) = (key.first_chunk::<4>(), key.last_chunk::<4>()) {
            *room.first_chunk_mut()? = *first;
            *room.last_chunk_mut()? = *last;
        } else {
            room.iter_mut().zip(key).for_each(|(room, byte)| *room = *byte);
        }
        Some(())
    }
}

impl<const BEHIND: bool> Query for Short<BEHIND> {
    const BEHIND: bool = BEHIND;

    #[inline(always)]
    fn key(&self) -> &[u8] {
        &self.bytes[..self.len.min(SHORT)]
    }

    #[inline(always)]
    fn byte(&self, at: usize) -> u8 {
        self.bytes[at.min(SHORT)]
    }

    #[inline(always)]
    fn load(&self, at: usize) -> u128 {
        let bytes = self.bytes[at.min(SHORT)..].first_chunk::<PHRASE>();
        bytes.map_or(0, |bytes| u128::from_le_bytes(*bytes))
    }

    #[inline(always)]
    fn part(&self, at: usize) -> u64 {
        let bytes = self.bytes[at.min(SHORT + PHRASE - 8)..].first_chunk();
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}

/// A key of any length, where it is.
pub(super) struct Long<'k, const BEHIND: bool>(pub(super) &'k [u8]);

impl<const BEHIND: bool> Query for Long<'_, BEHIND> {
    const BEHIND: bool = BEHIND;

    fn key(&self) -> &[u8] {
        self.0
    }

    fn byte(&self, at: usize) -> u8 {
        self.0.get(at).copied().unwrap_or(0)
    }

    fn load(&self, at: usize) -> u128 {
        let rest = self.0.get(at..).unwrap_or(&[]);
        let mut bytes = [0; PHRASE];
        let len = rest.len().min(PHRASE);
        bytes[..len].copy_from_slice(&rest[..len]);
        u128::from_le_bytes(bytes)
    }

    fn part(&self, at: usize) -> u64 {
        self.load(at) as u64
    }
}

/// How a text, the first `len` of these bytes, which goes on at `at` where a key has matched the
/// query so far, compares to it. Returns how many bytes of the query match then, and the order of
/// the text, which is `Equal` as long as all of the text matches.
///
/// Sixteen bytes at a time, and what stands behind the text with them: no loop over as many bytes
/// as nobody can guess.
#[inline(always)]
pub(super) fn compare_text(
    bytes: &[u8],
    len: usize,
    query: &impl Query,
    at: usize,
) -> (usize, core::cmp::Ordering) {
    let wanted = query.key().len();
    let (mut done, mut at) = (0, at.min(wanted));
    while let Some(chunk) = bytes.get(done..).and_then(<[u8]>::first_chunk::<PHRASE>) {
        let text = u128::from_le_bytes(*chunk);
        let most = (len - done).min(PHRASE);
        let same = (text ^ query.load(at)).trailing_zeros() as usize / 8;
        let same = same.min(most).min(wanted - at);
        at += same;
        if same < most {
            return (at, order_at(Some((text >> (8 * same)) as u8), query, at));
        }
        done += same;
        if done == len {
            return (at, core::cmp::Ordering::Equal);
        }
    }
    compare_end(bytes.get(done..len).unwrap_or(&[]), query, at)
}

/// As [`compare_text`], byte by byte: what is written last has less than sixteen bytes behind it.
#[cold]
fn compare_end(text: &[u8], query: &impl Query, at: usize) -> (usize, core::cmp::Ordering) {
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
