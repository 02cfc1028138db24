//! Data structures for programs whose data must fit in less RAM, with heap bytes reported exactly.
//!
//! # Which one do I take?
//!
//! | I have | I take | it costs |
//! |---|---|---|
//! | a column of numbers below 2^w | [`arrays::PackedInts`] | w bits a number |
//! | numbers near their neighbours, such as times, that stay | [`arrays::BlockInts`] | the bits of their spread over 128 in a row, and 0.6 |
//! | ascending numbers, by position, or looked up by value | [`arrays::EliasFano`] | 2 bits + log2(mean gap) a number, 0.2 to 0.6 more |
//! | a set of numbers, in order; unions, intersections and differences of two | [`arrays::SlicedSet`] | 8.8 bits a number at gaps of 100, less in clusters and runs |
//! | the same, while it changes | [`arrays::SlicedSetMut`] | 15 bits a number at gaps of 100 |
//! | flags, or a set of small numbers, that change | [`arrays::BitVec`] | 1 bit each |
//! | bits that stay, and the question how many ones come before, or where the k-th one is | [`arrays::RankSelect`] | 1.036 bits each |
//! | the same, and ranks are all that is asked | [`arrays::RankedBits`] | 1.034 bits each |
//! | a `Vec` that grows, and no room for twice of it | [`arrays::SlimVec`], [`arrays::SegVec`] | 3 % of slack, 0.1 % |
//! | a sorted slice, looked up often | [`arrays::SortedSearch`], [`arrays::STree`], [`arrays::RadixTable`] | nothing, a sixteenth, half a percent |
//! | many strings, by position, or sorted and looked up | [`arrays::StrArray`] | their bytes + log2(all bytes) bits a string |
//! | rows of numbers of any lengths, such as a graph's neighbours | [`arrays::Ragged`] | theirs + 2.2 bits + log2(mean length) a row |
//! | many strings, in order, that stay: by key, by number, by prefix | [`tries::RearDict`] | 1.8 bytes a word of the command's sample |
//! | the same, millions of them, and time counts before bytes | [`tries::FrontDict`] | 3.2 bytes a word of that sample |
//! | the same, of which endings repeat: forms of words, paths; or near a word | [`tries::Dawg`] | 1.8 bytes a word of that sample |
//! | strings in order that stay, each with a number or a few | [`tries::DictMap`] | as one of these, and the numbers' bits |
//! | such strings, of which few come and go | [`tries::Layered`] | as one of these, and the changes |
//! | strings in order that come and go, alone or with values, by key, by rank, by prefix | [`tries::DynTrie`], [`tries::DynTrieMap`] | 5.6 bytes a word of 9.4 |
//! | a `HashMap` or a `HashSet` | [`maps::Map`], [`maps::Set`], with std's API | about 1.2 times its entries, at any number of them |
//! | a `HashMap`, and every byte counts | [`maps::CompactMap`], with std's API | 1.10 times entries of 16 bytes, less of larger ones |
//! | the same, and the order in which keys came | [`maps::OrderedMap`], [`maps::OrderedSet`] | 1.03 times the entries, and 7 bytes each |
//! | strings that come and go, alone or with values | [`maps::StrSet`], [`maps::StrMap`] | the strings, the values, and 3 bytes each |
//! | integers that come and go, alone or with values | [`maps::IntSet`], [`maps::IntMap`] | 6.5 to 7 bytes a `u64`, and the values |
//! | strings, to numbers and back | [`maps::Interner`], [`maps::Resolver`] | the strings and 7 bytes each; 1.1 when no more come |
//! | keys that are all known, to be numbered | [`maps::Mphf`] | 1.9 bits a key |
//! | the same, with numbers that never change, or to be known from others | [`maps::StaticMap`], [`maps::StaticSet`] | 1.9 bits a key, the bits of the largest number, and 0 to 64 to know the key by |
//! | keys, and the question whether one was seen before, with a rate of false alarms | [`filters::Bloom`] | 11.5 bits a key at 1/256 |
//! | the same, from several threads at once | [`filters::AtomicBloom`] | 11.5 bits a key at 1/256 |
//! | the same, and every nanosecond counts | [`filters::BlockedBloom`] | 12.2 bits a key at 1/256 |
//! | the same, and nobody knows how many keys will come | [`filters::ScalableBloom`] | 29 bits a key at 1/256, on average |
//! | the same, and bytes count more than time | [`filters::ScalableQuotient`] | 16 bits a key at 1/256, on average |
//! | the same, of keys seen lately | [`filters::TimingBloom`] | 27.8 bits for each key of a generation, of which it holds two, at 1/256 |
//! | the same, in Parquet files | [`filters::Sbbf`] | 12.9 to 25.7 bits a key at 1/256 |
//! | the same, and keys go again, or are counted | [`filters::Quotient`] | 10.8 bits a key at 1/256 |
//! | all keys at once, and the question whether one is among them | [`filters::Fuse`] | 8.6 bits a key at 1/256 |
//! | the same, at any rate, and bytes count more than time | [`filters::Ribbon`] | 8.03 bits a key at 1/256 |
//! | a stream, and the question how many different keys it has | [`sketches::ExaLogLog`] | up to 3 KiB for 1.2 % |
//! | the same, for DataSketches, Spark or Druid to read | [`sketches::HyperLogLog`] | 40 bytes to 4 KiB for 1.3 % |
//! | two streams, and the question how many keys they share | [`sketches::Theta`] | 26 KB for 1.6 % |
//! | the same, and how similar they are is all that is asked | [`sketches::HyperMinHash`] | 8 KiB for 0.007 |
//! | a stream, and the question how often a key came | [`sketches::CountMin`] | any number of bytes, never an estimate too small |
//! | a stream, and the question which keys come most | [`sketches::TopK`] | 96 bytes for each of them |
//! | numbers, and the question what their median or 99th percentile is | [`sketches::DdSketch`], [`sketches::Kll`] | 1.6 KB for 1 % of the number; 2.5 KB (`f32`) or 5 KB (`f64`) for 1.3 % in rank |
//! | words, for a model of scikit-learn | [`sketches::FeatureHasher`] | nothing |
//! | many counters by index, which may be off by some percent | [`sketches::MorrisArray`] | 8, 12 or 16 bits each for 20, 4.5 or 1 % |
//! | a structure that many processes read | its `save`, then `map` (feature `mmap`) | one copy in the page cache for all of them |
//! | the same, saved again and again by one of them | `storage::Latest` (feature `mmap`) | a microsecond to ask for a new version |
//! | counters and flags that processes share | `storage::SharedCounters` (feature `mmap`) | 8 bytes each, for all of them |
//! | a table in the program itself, without an allocator | its `view` over [`embed!`] | no heap at all |
//! | a type of my own, and the question what it weighs | [`mem::Footprint`] | nothing until asked |
//! | a program, and the question where its RAM is | `mem::TrackingAlloc` and `mem::Report` (feature `track`) | 1 to 2 ns per allocation |
//! | a file, and the question what each structure would cost | the command: `lessram compare FILE` (feature `cli`) | |
//!
//! Each type says when *not* to take it, what it costs in bytes and time, and how it is laid out.
//!
//! # What holds everywhere
//!
//! - **Reported bytes are the allocator's, to the byte.** [`Footprint`](mem::Footprint) tells every
//!   heap block; a law in the tests compares the sum with what an allocator counted, after every
//!   operation of every structure.
//! - **Nothing large is copied to double it.** Buffers above 128 KiB grow by a sixteenth, hash maps
//!   of more than 8,000 entries a 64th at a time.
//! - **A file from anywhere is safe to open.** It gives an error or wrong answers, never a panic,
//!   undefined behaviour, or memory sized by what it claims. The same file opens on every machine,
//!   32 or 64 bits, either byte order.
//! - **Looking up allocates nothing.** What returns a key of its own or a list (`key_of` of a
//!   dictionary, `fuzzy`, `top`) allocates that, and says so.
//! - **Memory may be refused.** Growing methods end the program then, as std's do
//!   (`handle_alloc_error`, which no `catch_unwind` catches), and panic where a size overflows.
//!   Each has a `try_` twin that returns the error; where a value is put into an entry,
//!   `try_reserve` comes first.
//!
//! # Where the bytes live
//!
//! A structure takes one parameter: the handle to its words. It is built and changed on the heap
//! ([`storage::HeapWords`], the default, over any [`mem::Alloc`]), and read from wherever it is:
//!
//! ```
//! # #[cfg(feature = "std")] {
//! use lessram::arrays::StrArray;
//!
//! let words: StrArray = ["ant", "bee", "cat"].into_iter().collect();
//! let file = words.to_bytes()?;                 // or words.save("words.lram")?
//!
//! let view = StrArray::view(file.as_bytes())?;  // borrowed: no copy, no heap
//! assert_eq!(view.binary_search("bee"), Ok(1));
//! # }
//! # Ok::<(), lessram::FileError>(())
//! ```
//!
//! # Features
//!
//! | feature | gives | needs |
//! |---|---|---|
//! | (none) | structures over borrowed words, `#![no_std]`, no allocator | |
//! | `alloc` | owned storage, building, `to_bytes` | an allocator |
//! | `std` (default) | files, streams | std |
//! | `mmap` | `unsafe map(path)` | memmap2 |
//! | `arena` | `freeze_in(&bump)`: structures in bumpalo arenas, at their exact size | bumpalo |
//! | `bitvec` | conversions from and to bit vectors of the `bitvec` crate, on machines of 64 bits | bitvec |
//! | `fst` | conversions from and to sets of the `fst` crate | fst |
//! | `regex` | `tries::Regex`: keys that a regular expression matches | regex-automata |
//! | `allocator-api2` | adaptors to and from the allocators of allocator-api2 0.2 | allocator-api2 |
//! | `serde` | `Serialize`, `Deserialize` | serde |
//! | `track` | `TrackingAlloc`, `Scope`, `Report` | std |
//! | `testkit` | the laws of every structure, for tests and fuzz targets | std |
//! | `cli` | the command `lessram` | its own dependencies |
//!
//! The library builds with Rust 1.85; the command with current stable.

#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod arrays;
mod bits;
mod error;
pub mod filters;
pub mod hashing;
pub mod maps;
pub mod mem;
pub mod registry;
mod shards;
mod simd;
pub mod sketches;
pub mod storage;
#[cfg(any(feature = "testkit", all(test, feature = "std")))]
pub mod testkit;
pub mod tries;

pub use error::{AllocError, BuildError, FileError, MergeError, Tag};
