//! Files: golden files of every kind, every storage, damage of every kind, and no request for
//! memory that a damaged file could drive up.

#![allow(unsafe_code)]

mod counting;

use counting::{Counting, counts, forget_largest};
use lessram::FileError;
use lessram::arrays::{BitVec, EliasFano, PackedInts, Prefer, RankSelect, SlicedSet, StrArray};
use lessram::mem::{Footprint, Global};
use lessram::storage::{self, HeapWords, MAJOR, Words};
use lessram::testkit::damage::{self, Aligned, Damage};
use lessram::testkit::data::Rng;
use lessram::testkit::model::Model;
use lessram::testkit::row::{Look, Row, Subject, SubjectMut};
use lessram::testkit::{RowLaws, cases, row::rows as row_types, rows};
use lessram::tries::Dawg;
use std::fs;
use std::path::{Path, PathBuf};

#[global_allocator]
static ALLOC: Counting = Counting;

/// So end the names of golden files of other data than the shape's.
const OTHER: &str = "-other.lram";

fn golden_path(row: &str, end: &str) -> PathBuf {
    let path = format!("tests/golden/{row}-{MAJOR}{end}");
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The golden files of a row with its shape's golden data, of all versions.
fn golden_files(row: &RowLaws) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let start = format!("{}-", row.kind.name);
    let of_row = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(&start) && !name.ends_with(OTHER)
    };
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(of_row).collect()
}

/// The golden file at `path`, which is what is saved today. With `LESSRAM_BLESS` set, it is written
/// if it is missing. What is there stays: files like it are out in the world.
fn golden_file(path: &Path, today: &HeapWords) -> Vec<u8> {
    if std::env::var_os("LESSRAM_BLESS").is_some() && !path.exists() {
        fs::write(path, today.as_bytes()).unwrap();
    }
    let file = fs::read(path);
    let file = file.unwrap_or_else(|_| panic!("{}: set LESSRAM_BLESS=1", path.display()));
    assert_eq!(file, today.as_bytes(), "{}", path.display());
    file
}

#[test]
fn golden_files_load_and_would_be_saved_as_they_are() {
    for row in rows() {
        let path = golden_path(row.kind.name, ".lram");
        golden_file(&path, &(row.golden)());
        let files = golden_files(row);
        assert!(files.contains(&path), "{} is not among {files:?}", path.display());
        for path in files {
            let file = fs::read(&path).unwrap();
            let held = (row.holds_golden)(&file);
            held.unwrap_or_else(|message| panic!("{}: {message}", path.display()));
        }
    }
}

/// `read` and, where there is one, `map` give what the other doors give; memory is told exactly.
fn opens_from_disk<R: Row>() {
    let folder = TempFolder::new();
    let path = folder.0.join("structure.lram");
    let samples = [R::Model::golden(), R::Model::generate(&mut Rng::new(3), 2_000)];
    for model in R::Model::edges().into_iter().chain(samples) {
        let built = R::Heap::build(&model, Global).unwrap();
        storage::save(&built, &path).unwrap();
        let file = fs::read(&path).unwrap();
        assert_eq!(file, storage::to_bytes(&built).unwrap().as_bytes());

        let before = counts();
        let heap = storage::read::<R::Heap>(&path).unwrap();
        let after = counts();
        assert_eq!(heap.heap_bytes() as isize, after.bytes - before.bytes);
        assert_eq!(heap.heap_blocks() as isize, after.blocks - before.blocks);
        heap.compare(&model, Look::Whole).unwrap();
        assert_eq!(storage::to_bytes(&heap).unwrap().as_bytes(), file);
        assert_eq!(storage::read_bytes(&path).unwrap().as_bytes(), file);
        #[cfg(feature = "mmap")]
        opens_by_map::<R>(&path, &file, &model);
    }
}

#[cfg(feature = "mmap")]
fn opens_by_map<R: Row>(path: &Path, file: &[u8], model: &R::Model) {
    use lessram::mem::Totals;
    use lessram::storage::Persist;

    let before = counts();
    // SAFETY: the file is this test's own, and nothing changes it while it is mapped.
    let mapped = unsafe { storage::map::<R::Mapped>(path) }.unwrap();
    assert!(counts().blocks - before.blocks <= 1, "mapping makes one small block");
    mapped.compare(model, Look::Whole).unwrap();
    mapped.validate().unwrap();
    let totals = Totals::of(&mapped);
    assert_eq!(totals.heap_bytes(), 0);
    assert!(totals.mapped <= file.len());
    assert_eq!(storage::to_bytes(&mapped).unwrap().as_bytes(), file);
    // Saving over a mapped file makes a new one and leaves the mapped one alone.
    storage::save(&R::Heap::build(&R::Model::default(), Global).unwrap(), path).unwrap();
    mapped.compare(model, Look::Whole).unwrap();
}

macro_rules! open_each_from_disk {
    ($($id:literal $name:ident $ty:path, $shape:ident;)*) => {
        $(opens_from_disk::<row_types::$name>();)*
    };
}

#[test]
fn every_row_opens_from_disk() {
    lessram::family!(open_each_from_disk);
}

/// The most that a damaged file may make us request beyond its own length.
const MOST_EXTRA: usize = 1 << 20;

/// Damages `file` in each of these ways, raw and with hashes put right. Returns how many of the
/// latter opened.
fn sweep(row: &RowLaws, file: &[u8], damages: &[Damage]) -> usize {
    let mut opened = 0;
    for damage in damages {
        forget_largest();
        let borne = (row.bears)(file, damage);
        let largest = counts().largest;
        let [_, rehashed] = borne.unwrap_or_else(|message| panic!("{}: {message}", row.kind.name));
        let most = file.len() + MOST_EXTRA;
        assert!(largest <= most, "{}: {damage:?} requests {largest} bytes", row.kind.name);
        opened += usize::from(rehashed.viewed);
    }
    opened
}

#[test]
fn golden_files_withstand_every_bit_and_every_cut() {
    let budget = 64 * cases(256) as usize;
    for row in rows() {
        for path in golden_files(row) {
            let file = fs::read(path).unwrap();
            let mut rng = Rng::new(4);
            let flips = sweep(row, &file, &damage::flips(&file, budget, &mut rng));
            let cuts = sweep(row, &file, &damage::cuts(&file, budget, &mut rng));
            let writes = damage::spread(damage::writes(&file), budget, &mut rng);
            let writes = sweep(row, &file, &writes);
            assert!(
                flips > 100 && writes > 10,
                "{flips} and {writes} opened: too few to prove much"
            );
            // A file cut within its sections has a length that its table contradicts.
            assert_eq!(cuts, 0);
        }
    }
}

#[test]
fn fresh_files_withstand_damage() {
    let budget = cases(256) as usize;
    let mut rng = Rng::new(5);
    for row in rows() {
        for file in (row.edges)().iter().chain(&fresh(row)) {
            let file = file.as_bytes();
            let mut damages = damage::flips(file, budget, &mut rng);
            damages.extend(damage::cuts(file, budget / 4, &mut rng));
            damages.extend(damage::spread(damage::writes(file), budget, &mut rng));
            sweep(row, file, &damages);
        }
    }
}

/// Files of some thousand items.
fn fresh(row: &RowLaws) -> Vec<HeapWords> {
    (0..4).map(|seed| (row.generated)(&mut Rng::new(seed), 2_000)).collect()
}

/// What a stream claims to hold is not what it makes us request.
#[test]
fn a_stream_gets_memory_as_its_bytes_come_in() {
    for row in rows() {
        let file = (row.generated)(&mut Rng::new(2), 2_000);
        for claim in [1 << 30, 1 << 40, u64::MAX - 7] {
            let mut file = file.as_bytes().to_vec();
            // The last section, and so the file, claim to be longer.
            let sections = u32::from_le_bytes(file[20..24].try_into().unwrap()) as usize;
            let last = 64 + (sections - 1) * 32;
            let offset = u64::from_le_bytes(file[last + 8..last + 16].try_into().unwrap());
            file[24..32].copy_from_slice(&(claim & !63).to_le_bytes());
            file[last + 16..last + 24].copy_from_slice(&((claim & !63) - offset).to_le_bytes());
            damage::rehash(&mut file);
            forget_largest();
            let reaction = (row.withstand)(&file);
            assert_eq!((reaction.read, reaction.answers), (false, Ok(())));
            let largest = counts().largest;
            assert!(largest <= file.len() + MOST_EXTRA, "{}: {largest} bytes", row.kind.name);
        }
    }
}

/// Every inherent method of a structure that was opened from a damaged file.
fn exercise_ints<W: Words>(ints: &PackedInts<W>) {
    let len = ints.len();
    for at in [0, 1, len / 2, len.wrapping_sub(1), len, usize::MAX] {
        assert_eq!(ints.get(at).is_some(), at < len);
    }
    assert_eq!((ints.first().is_some(), ints.last().is_some()), (len > 0, len > 0));
    assert_eq!(ints.iter().len(), len);
    assert_eq!(ints.iter().take(100).count(), len.min(100));
    assert_eq!(ints.iter().rev().take(100).count(), len.min(100));
    assert_eq!(ints.iter().nth(len), None);
    // The first thousand: a damaged length may be astronomic.
    assert!(ints.iter().take(1_000).all(|value| value <= ints.max_value()));
    assert!(ints.partition_point(|value| value < 9) <= len);
    assert!(ints.to_heap().len() == len && ints.width() <= 64 && ints.is_empty() == (len == 0));
    if len < 10_000 {
        assert!(*ints == ints.to_heap() && !format!("{ints:?}").is_empty());
    }
}

/// As for numbers.
fn exercise_strings<W: Words>(strings: &StrArray<W>) {
    let len = strings.len();
    for at in [0, 1, len / 2, len.wrapping_sub(1), len, usize::MAX] {
        let (string, text) = (strings.get(at), strings.get_str(at));
        assert_eq!((string.is_some(), text.is_some()), (at < len, at < len));
    }
    assert_eq!((strings.first().is_some(), strings.last().is_some()), (len > 0, len > 0));
    assert_eq!(strings.iter().len(), len);
    assert_eq!(strings.iter().take(100).count(), len.min(100));
    assert_eq!(strings.iter().rev().take(100).count(), len.min(100));
    assert_eq!(strings.iter().nth(len), None);
    assert!(strings.iter().take(1_000).all(|string| string.len() <= strings.as_blob().len()));
    assert!(strings.partition_point(|string| string < b"m") <= len);
    assert!(strings.to_heap().len() == len && strings.is_empty() == (len == 0));
    let indices: Vec<usize> = (0..len.min(100)).collect();
    let mut found = vec![&b""[..]; indices.len()];
    strings.get_many(&indices, &mut found);
    assert!(indices.iter().zip(found).all(|(index, found)| strings.get(*index) == Some(found)));
    if len < 10_000 {
        let mut changed = strings.to_heap();
        let _ = changed.try_compress_offsets_in(Global);
        let _ = changed.try_push("more");
        assert!(*strings == strings.to_heap() && !format!("{strings:?}").is_empty());
    }
}

/// The golden strings with their offsets compressed.
fn compressed_strings() -> HeapWords {
    use lessram::testkit::model::StringsModel;
    let mut strings: StrArray = StringsModel::golden().0.into_iter().collect();
    strings.compress_offsets();
    strings.to_bytes().unwrap()
}

/// A second golden file of strings: the other coding of their offsets.
#[test]
fn golden_strings_with_compressed_offsets_stay_as_they_are() {
    let path = golden_path("str_array", "-compressed.lram");
    let file = golden_file(&path, &compressed_strings());
    assert!(StrArray::read_from(&file[..], 1 << 20).unwrap().has_compressed_offsets());
}

/// A second golden file of bits with counts: their zeros are sampled, too.
#[test]
fn golden_bits_with_samples_of_zeros_stay_as_they_are() {
    use lessram::testkit::laws_bits::BitsModel;
    let sampled = |bits: BitVec| RankSelect::new(bits).with_select_zero(Global);
    let plain: BitVec = BitsModel::golden().0.into_iter().collect();
    let bits = sampled(plain.clone());
    let file = golden_file(&golden_path("rank_select", "-zeros.lram"), &bits.to_bytes().unwrap());
    let read = RankSelect::read_from(&file[..], 1 << 20).unwrap();
    read.validate().unwrap();
    assert_eq!(read.heap_bytes(), bits.heap_bytes());
    assert!(read.heap_bytes() > RankSelect::new(plain).heap_bytes(), "the samples are back");
    let deserts: BitVec = (0..200_003).map(|i| i % 17_000 < 9_000).collect();
    let bits = sampled(deserts);
    bits.validate().unwrap();
    assert!((0..bits.zeros()).map(|k| bits.select_zero(k).unwrap()).eq(bits.iter_zeros()));
    assert_eq!(bits.select_zero(bits.zeros()), None);
}

/// The golden keys as an automaton for which time is preferred.
fn timed_dawg() -> HeapWords {
    use lessram::testkit::laws_dict::Dict;
    let keys: Dawg = Dawg::build(&Dict::golden(), Global).unwrap();
    let mut builder = Dawg::builder_for(Prefer::Time);
    keys.iter().for_each(|key| builder.push(key).unwrap());
    builder.finish().unwrap().to_bytes().unwrap()
}

/// A second golden file of an automaton: its other form.
#[test]
fn golden_automata_of_both_forms_stay_as_they_are() {
    let file = golden_file(&golden_path("dawg", "-time.lram"), &timed_dawg());
    assert_eq!(Dawg::read_from(&file[..], 1 << 20).unwrap().prefer(), Prefer::Time);
}

/// A set whose slices are a bitmap, and Elias-Fano code with marks: the golden set has none, lest
/// it be too large for every bit of it to be damaged.
fn bitmap_set() -> HeapWords {
    SlicedSet::from_sorted_iter(bitmap_numbers()).unwrap().to_bytes().unwrap()
}

fn bitmap_numbers() -> impl Iterator<Item = u64> {
    (9 << 16..10 << 16).filter(|x| x % 5 < 2).chain((10 << 16..11 << 16).step_by(100))
}

/// A golden file of a set that its shape's golden data do not make.
#[test]
fn golden_bitmaps_stay_as_they_are() {
    let file = golden_file(&golden_path("sliced_set", OTHER), &bitmap_set());
    let set = SlicedSet::read_from(&file[..], 1 << 20).unwrap();
    set.validate().unwrap();
    // The bits, their counts; marks, high and low parts; the padding, and three slots.
    assert_eq!(set.heap_bytes(), 8_192 + 32 + 6 + 210 + 492 + 36 + 48);
    assert!(set.iter().eq(bitmap_numbers()));
    assert!(bitmap_numbers().all(|x| set.contains(x) && !set.contains(x ^ 3 << 20)));
}

/// As for numbers.
fn exercise_ascending<W: Words>(numbers: &EliasFano<W>) {
    let len = numbers.len();
    assert_eq!((numbers.first().is_some(), numbers.last().is_some()), (len > 0, len > 0));
    assert_eq!((numbers.iter().len(), numbers.iter().nth(len)), (len, None));
    assert!(numbers.is_empty() == (len == 0) && numbers.to_heap().len() == len);
    for x in [0, 1, 5_000, 40_000, numbers.max_value(), u64::MAX] {
        assert!(numbers.rank_after(x) <= len && numbers.count(x) <= len);
        assert!(numbers.range(x..).len() <= len && numbers.range(..=x).rev().len() <= len);
        assert!(numbers.partition_point(|value| value < x) <= len);
        std::hint::black_box((numbers.contains(x), numbers.has_succ()));
        let mut cursor = numbers.cursor_at(x);
        std::hint::black_box((cursor.move_prev(), cursor.move_next(), cursor.seek(x)));
        assert!(cursor.index() <= len);
    }
    let indices: Vec<usize> = (0..len.min(100)).collect();
    let mut values = vec![0; indices.len()];
    numbers.get_many(&indices, &mut values);
    assert!(values.iter().zip(0..).all(|(value, index)| numbers.get(index) == Some(*value)));
    let mut cursor = numbers.cursor(len / 2);
    assert!((0..1_000).filter_map(|_| cursor.move_next()).count() <= len);
    assert!((0..1_000).filter_map(|_| cursor.move_prev()).count() <= len);
    if len < 10_000 {
        assert!(*numbers == numbers.to_heap() && !format!("{numbers:?}").is_empty());
    }
}

/// However short a stream is, the error tells where in the file it ends.
#[test]
fn a_cut_stream_is_told_as_such() {
    let file = compressed_strings();
    let file = file.as_bytes();
    assert!(StrArray::read_from(file, file.len() as u64).is_ok());
    for cut in 0..file.len() {
        let Err(error) = StrArray::read_from(&file[..cut], file.len() as u64) else {
            panic!("{cut} of {} bytes are read", file.len());
        };
        let FileError::Truncated { need, have } = error else {
            panic!("{cut} of {} bytes: {error}", file.len());
        };
        assert_eq!(have, cut as u64);
        assert!(have < need && need <= file.len() as u64, "{need} of {} bytes", file.len());
    }
}

#[test]
fn every_method_withstands_damage() {
    let budget = 64 * cases(256) as usize;
    let mut rng = Rng::new(6);
    let mut exercised = 0;
    let mut files: Vec<_> = rows().iter().map(|row| (row.golden)()).collect();
    files.push(compressed_strings());
    for file in &files {
        let file = file.as_bytes();
        let writes = damage::spread(damage::writes(file), budget, &mut rng);
        for damage in damage::flips(file, budget, &mut rng).iter().chain(&writes) {
            let mut bytes = damage.apply(file);
            damage::rehash(&mut bytes);
            let bytes = Aligned::new(&bytes);
            let bytes = bytes.bytes();
            if let Ok(ints) = PackedInts::view(bytes) {
                exercise_ints(&ints);
                exercised += 1;
            }
            if let Ok(ints) = PackedInts::read_from(bytes, u64::MAX) {
                exercise_ints(&ints);
            }
            if let Ok(numbers) = EliasFano::view(bytes) {
                exercise_ascending(&numbers);
                exercised += 1;
            }
            if let Ok(strings) = StrArray::view(bytes) {
                exercise_strings(&strings);
                exercised += 1;
            }
            if let Ok(strings) = StrArray::read_from(bytes, u64::MAX) {
                exercise_strings(&strings);
            }
        }
    }
    assert!(exercised > 100);
}

/// A folder of its own, removed with all that is in it.
struct TempFolder(PathBuf);

impl TempFolder {
    fn new() -> Self {
        use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (process, count) = (std::process::id(), COUNT.fetch_add(1, Relaxed));
        let path = std::env::temp_dir().join(format!("lessram-persist-{process}-{count}"));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
