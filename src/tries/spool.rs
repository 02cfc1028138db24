//! [`Spool`]: keys that come in ascending order, kept as what each adds to the one before, until
//! all are there.

#[cfg(feature = "std")]
use crate::error::AllocError;
use crate::error::BuildError;
use crate::mem::Alloc;
use crate::mem::raw_vec::RawVec;
#[cfg(feature = "std")]
use crate::storage::Temp;
#[cfg(feature = "std")]
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
#[cfg(feature = "std")]
use std::path::Path;

/// The longest key.
pub(super) const MAX_KEY: usize = 65_535;
/// Of a spool in a file, bytes that are written, and read, at once.
#[cfg(feature = "std")]
const BUFFER: usize = 1 << 17;

/// Distinct keys in ascending order, front-coded: in one block, or in a file and what is to be
/// written next.
pub(super) struct Spool<A: Alloc> {
    /// For each key the bytes that it shares with the one before and those that follow, both as
    /// variable-length numbers, and then these.
    bytes: RawVec<u8, A>,
    /// And how many bytes before those are in it.
    #[cfg(feature = "std")]
    file: Option<(Temp, u64)>,
    last: RawVec<u8, A>,
    len: usize,
    longest: usize,
    /// Bytes that keys add to those before them.
    added: u64,
    used: [bool; 256],
}

/// A part of building, told as a share of the whole, which goes from 0 to 1.
pub(super) struct Pass<'t> {
    tell: &'t mut dyn FnMut(f64),
    from: f64,
    to: f64,
}

impl<'t> Pass<'t> {
    /// The part from one share of the whole to another.
    pub(super) fn new(tell: &'t mut dyn FnMut(f64), from: f64, to: f64) -> Self {
        Self { tell, from, to }
    }

    /// Tells that `done` steps of `all` are done.
    pub(super) fn at(&mut self, done: usize, all: usize) {
        let share = if all == 0 { 1.0 } else { done as f64 / all as f64 };
        (self.tell)(self.from + (self.to - self.from) * share);
    }
}

/// Keys between two calls of whoever wants to know how far building is.
const TELL_EVERY: usize = 1 << 12;

/// How many bytes `a` and `b` share from the start.
pub(super) fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}

/// How many bytes the key number `index` shares with `last`, the one before, if there is one.
///
/// # Errors
///
/// If it is not greater, or too long.
pub(super) fn shared_in_order(last: &[u8], key: &[u8], index: usize) -> Result<usize, BuildError> {
    let shared = common(last, key);
    if index > 0 {
        match (last.get(shared), key.get(shared)) {
            (None, None) => return Err(BuildError::DuplicateKey { index }),
            (Some(last), next) if next.is_none_or(|next| next < last) => {
                return Err(BuildError::NotSorted { index });
            }
            _ => {}
        }
    }
    if key.len() > MAX_KEY {
        let (value, max) = (key.len() as u64, MAX_KEY as u64);
        return Err(BuildError::OutOfRange { name: "key length", value, min: 0, max });
    }
    Ok(shared)
}

impl<A: Alloc + Clone> Spool<A> {
    /// No keys.
    pub(super) const fn new(bytes: A, last: A) -> Self {
        Self {
            bytes: RawVec::new_in(bytes),
            #[cfg(feature = "std")]
            file: None,
            last: RawVec::new_in(last),
            len: 0,
            longest: 0,
            added: 0,
            used: [false; 256],
        }
    }

    /// From here on keys wait in a file in this folder.
    #[cfg(feature = "std")]
    pub(super) fn wait_in(&mut self, folder: &Path) -> Result<(), BuildError> {
        if self.file.is_none() {
            self.file = Some((Temp::unnamed(folder, "keys")?, 0));
        }
        Ok(())
    }

    /// Writes what waits, if that is much and there is a file; changes nothing if that fails.
    #[cfg(feature = "std")]
    fn write_behind(&mut self) -> io::Result<()> {
        let Some((file, written)) = &mut self.file else { return Ok(()) };
        if self.bytes.len() >= BUFFER {
            file.seek(SeekFrom::Start(*written))?;
            file.write_all(&self.bytes)?;
            *written += self.bytes.len() as u64;
            self.bytes.truncate(0);
        }
        Ok(())
    }

    /// Appends `key`; unchanged if that is refused.
    pub(super) fn push(&mut self, key: &[u8]) -> Result<(), BuildError> {
        let shared = shared_in_order(&self.last, key, self.len)?;
        #[cfg(feature = "std")]
        self.write_behind()?;
        self.bytes.try_reserve(key.len() - shared + 6)?;
        self.last.try_reserve(key.len())?;
        // Room enough: nothing is refused from here on.
        self.bytes.try_extend_from_slice(varint(shared, &mut [0; 10]))?;
        self.bytes.try_extend_from_slice(varint(key.len() - shared, &mut [0; 10]))?;
        self.bytes.try_extend_from_slice(&key[shared..])?;
        self.last.truncate(shared);
        self.last.try_extend_from_slice(&key[shared..])?;
        key[shared..].iter().for_each(|byte| self.used[usize::from(*byte)] = true);
        self.len += 1;
        self.added += (key.len() - shared) as u64;
        self.longest = self.longest.max(key.len());
        Ok(())
    }

    /// How many keys there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Bytes of the longest key.
    pub(super) const fn longest(&self) -> usize {
        self.longest
    }

    /// Bytes that keys add to those before them.
    pub(super) const fn added(&self) -> u64 {
        self.added
    }

    /// Which bytes occur in keys.
    pub(super) const fn used(&self) -> &[bool; 256] {
        &self.used
    }

    /// Calls `visit(shared, key)` for each key in order, `shared` being the bytes that it has in
    /// common with the key before; tells how far that is.
    pub(super) fn each(
        &self,
        mut pass: Pass<'_>,
        mut visit: impl FnMut(usize, &[u8]) -> Result<(), BuildError>,
    ) -> Result<(), BuildError> {
        let mut number = 0;
        self.walk(|shared, key| {
            if number % TELL_EVERY == 0 {
                pass.at(number, self.len);
            }
            number += 1;
            visit(shared, key)
        })?;
        pass.at(self.len, self.len);
        Ok(())
    }

    fn walk(
        &self,
        mut visit: impl FnMut(usize, &[u8]) -> Result<(), BuildError>,
    ) -> Result<(), BuildError> {
        let mut key = RawVec::new_in(self.bytes.alloc().clone());
        key.try_reserve_exact(self.longest)?;
        #[cfg(feature = "std")]
        if let Some((file, written)) = &self.file {
            let mut file = file.file();
            file.rewind()?;
            let written = BufReader::with_capacity(BUFFER, file).take(*written);
            let mut from = written.chain(&self.bytes[..]);
            for _ in 0..self.len {
                let shared = read_key::<_, BuildError>(&mut from, &mut key)?;
                visit(shared, &key)?;
            }
            return Ok(());
        }
        let mut rest = &self.bytes[..];
        while !rest.is_empty() {
            let shared = take(&mut rest);
            let added = take(&mut rest);
            let (suffix, behind) = rest.split_at(added);
            rest = behind;
            key.truncate(shared);
            key.try_extend_from_slice(suffix)?;
            visit(shared, &key)?;
        }
        Ok(())
    }
}

/// A number as some bytes: seven bits each, the lowest first.
pub(super) fn varint(mut number: usize, bytes: &mut [u8; 10]) -> &[u8] {
    let mut len = 0;
    while number >= 128 {
        bytes[len] = number as u8 | 128;
        number >>= 7;
        len += 1;
    }
    bytes[len] = number as u8;
    &bytes[..=len]
}

/// Takes a number that [`varint`] has made.
fn take(rest: &mut &[u8]) -> usize {
    let (mut number, mut shift) = (0, 0);
    while let Some((byte, behind)) = rest.split_first() {
        *rest = behind;
        number |= usize::from(byte & 127) << shift;
        shift += 7;
        if *byte < 128 {
            break;
        }
    }
    number
}

/// Reads a key, as a spool writes them, in the place of the one before it; how many bytes they
/// share.
#[cfg(feature = "std")]
pub(super) fn read_key<A: Alloc, E: From<io::Error> + From<AllocError>>(
    from: &mut impl Read,
    key: &mut RawVec<u8, A>,
) -> Result<usize, E> {
    let (shared, added) = (read_number(from)?.min(key.len()), read_number(from)?);
    key.truncate(shared);
    key.try_resize(shared + added, 0)?;
    from.read_exact(&mut key[shared..])?;
    Ok(shared)
}

/// As [`take`], from a file.
#[cfg(feature = "std")]
fn read_number(file: &mut impl Read) -> io::Result<usize> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let mut byte = [0];
        file.read_exact(&mut byte)?;
        number |= usize::from(byte[0] & 127) << shift;
        shift += 7;
        if byte[0] < 128 || shift >= usize::BITS {
            return Ok(number);
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::mem::Global;
    use std::vec::Vec;

    #[test]
    fn keys_come_back_and_others_are_refused() {
        keys_come_back(Spool::new(Global, Global));
    }

    #[test]
    fn so_they_do_from_a_file() {
        let mut spool = Spool::new(Global, Global);
        spool.wait_in(&std::env::temp_dir()).unwrap();
        let keys = || (0..60_000_u32).map(u32::to_be_bytes);
        for key in keys() {
            spool.push(&key).unwrap();
        }
        assert!(spool.bytes.len() < 2 * BUFFER && spool.bytes.capacity() < 2 * BUFFER);
        for _ in 0..2 {
            let mut expected = keys();
            let mut see = |_: usize, key: &[u8]| {
                assert_eq!(expected.next().as_ref().map(<[u8; 4]>::as_slice), Some(key));
                Ok(())
            };
            spool.walk(&mut see).unwrap();
            assert!(expected.next().is_none());
        }
        let mut spool = Spool::new(Global, Global);
        let refused = spool.wait_in(Path::new("no/such/folder"));
        assert_eq!(refused, Err(BuildError::Io(io::ErrorKind::NotFound)));
        spool.wait_in(&std::env::temp_dir()).unwrap();
        keys_come_back(spool);
    }

    fn keys_come_back(mut spool: Spool<Global>) {
        let keys = [&b""[..], b"a", b"a\0", b"a\0b", &[b'a'; 300], b"\xFF"];
        for key in keys {
            spool.push(key).unwrap();
        }
        assert_eq!(spool.push(b"\xFF"), Err(BuildError::DuplicateKey { index: 6 }));
        assert_eq!(spool.push(b"\xFE\xFF"), Err(BuildError::NotSorted { index: 6 }));
        assert_eq!(spool.push(b""), Err(BuildError::NotSorted { index: 6 }));
        let long = [0xFF; MAX_KEY + 1];
        assert!(matches!(spool.push(&long), Err(BuildError::OutOfRange { value: 65_536, .. })));
        spool.push(&long[1..]).unwrap();
        let mut seen = Vec::new();
        let mut see = |_: usize, key: &[u8]| {
            seen.push(key.to_vec());
            Ok(())
        };
        spool.walk(&mut see).unwrap();
        assert!(seen.iter().take(6).eq(keys.iter()) && seen.len() == spool.len());
        assert_eq!((spool.longest(), seen[6].len()), (MAX_KEY, MAX_KEY));
    }
}
