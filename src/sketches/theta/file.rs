//! The sketch as a file.

use super::buffer;
use super::run::Layout;
use super::{MAX_LG_K, MAX_THETA, MIN_LG_K, Theta};
use crate::error::{FileError, Tag};
#[cfg(feature = "alloc")]
use crate::storage::Sections;
use crate::storage::{Persist, Source, Words, doors, require};

/// The sections, in files and in errors.
const RUN: Tag = Tag(*b"run ");
const TABLE: Tag = Tag(*b"tabl");

impl<W: Words> Persist for Theta<W> {
    type Words = W;

    #[cfg(feature = "alloc")]
    fn store<'s>(&'s self, out: &mut Sections<'s>) {
        // For whoever inspects the file; not read back.
        out.items((self.estimate() + 0.5) as u64);
        out.seed(super::SEED);
        out.meta(&[self.lg_k.into(), self.theta, self.len.into(), self.buffered.into()]);
        out.section(RUN, 8, self.main.words());
        out.section(TABLE, 8, self.table.words());
    }

    fn load<S: Source<Words = W>>(source: &mut S) -> Result<Self, FileError> {
        require(source.header().seed == super::SEED, RUN, "seed 9001")?;
        let [lg_k, theta, len, buffered] = source.meta()?;
        let (main, table) = (source.section(RUN, 8)?, source.section(TABLE, 8)?);
        require((MIN_LG_K.into()..=MAX_LG_K.into()).contains(&lg_k), RUN, "lg_k from 4 to 26")?;
        require((1..=MAX_THETA).contains(&theta), RUN, "theta from 1 to 2^63 - 1")?;
        // An intersection keeps what the larger sketch had left over its k.
        require(len <= 2 << lg_k, RUN, "at most twice k hashes")?;
        let layout = Layout { len, bound: theta };
        require(layout.words() == main.words().len() as u64, RUN, "as many words as hashes need")?;
        let (lg_k, len, slots) = (lg_k as u8, len as u32, table.words().len());
        let sketch = Self { main, table, theta, bound: theta, len, buffered: 0, lg_k };
        let fits = slots <= sketch.most_slots() && buffered <= buffer::room(slots) as u64;
        require(fits, TABLE, "a table of at most k/12 slots, and three quarters of them taken")?;
        Ok(Self { buffered: buffered as u32, ..sketch })
    }

    fn validate(&self) -> Result<(), FileError> {
        let run = self.run();
        require(run.iter().count() == self.len as usize, RUN, "as many hashes as stated")?;
        let ascending = run.iter().is_sorted_by(|a, b| a < b);
        require(ascending && run.iter().next() != Some(0), RUN, "ascending hashes above 0")?;
        let sound = run.iter().all(|hash| hash < self.theta && run.contains(hash));
        require(sound, RUN, "hashes below theta, which the index finds")?;
        let table = self.table.words();
        let new = buffer::hashes(table).all(|hash| !run.contains(hash));
        let laid_out = buffer::is_laid_out(table, self.theta);
        require(new && laid_out, TABLE, "new hashes below theta, where probing finds them, once")?;
        let count = buffer::hashes(table).count();
        require(count == self.buffered as usize, TABLE, "as many hashes as stated")
    }
}

doors!(Theta);

#[cfg(all(feature = "serde", feature = "alloc"))]
mod with_serde {
    use super::{Theta, Words};
    use serde::{Serialize, Serializer};

    impl<W: Words> Serialize for Theta<W> {
        /// As bytes: the compressed image of DataSketches, and `lg_k` behind it.
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut bytes = self.to_datasketches_compressed();
            bytes.push(self.lg_k());
            serializer.serialize_bytes(&bytes)
        }
    }

    mod owned {
        use super::Theta;
        use crate::error::FileError;
        use crate::sketches::{de::read_bytes, theta::MAX_LG_K};
        use serde::{Deserialize, Deserializer};

        /// No image that is written is longer: three words, less than 64 bits a hash, and `lg_k`.
        const MOST_BYTES: usize = (8 << MAX_LG_K) + 24 + 1;

        fn read(bytes: &[u8]) -> Result<Theta, FileError> {
            let missing = FileError::Truncated { need: 9, have: 0 };
            let (lg_k, image) = bytes.split_last().ok_or(missing)?;
            Theta::from_datasketches(image, *lg_k)
        }

        impl<'de> Deserialize<'de> for Theta {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let what = "the bytes of a theta image of DataSketches, and lg_k";
                read_bytes(deserializer, what, MOST_BYTES, read)
            }
        }
    }
}
