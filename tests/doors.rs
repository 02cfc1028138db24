//! Methods that no law calls, each beside what does the same.

use lessram::BuildError;
use lessram::arrays::{BitVec, PackedInts, RankSelect, SegVec, SlimVec};
use lessram::filters::{Building, Expiry, Fuse, Quotient, Ribbon, Sbbf, TimingBloom};
use lessram::hashing::KeyHash;
use lessram::maps::{CompactMap, IntMap, Map, Mphf, OrderedMap, OrderedSet, StaticBuilder, StrMap};
use lessram::mem::{Footprint, Global};
use lessram::sketches::{CountMin, HyperLogLog, Theta, TopK, TopKOptions};
use lessram::storage;
use lessram::tries::{DictMap, DynTrieMap, FrontDict, Layered, RearDict, Sorter};
use std::io;

/// Hashes of the numbers from 0 on.
fn hashes(count: u64) -> Vec<u64> {
    (0..count).map(|i| i.key_hash(7)).collect()
}

#[test]
fn vectors() {
    let mut bits: BitVec = (0..300).map(|i| i % 3 == 0).collect();
    let whole = RankSelect::new(bits.clone());
    assert_eq!((bits.count_zeros(..), bits.count_zeros(7..190)), (200, 122));
    assert!(*whole.as_bit_vec() == bits && whole.into_bit_vec() == bits);
    for tail in [0, 1, 63, 64, 65, 130] {
        let more: BitVec = (0..tail).map(|i| i % 5 == 0).collect();
        let expected: BitVec = bits.iter().chain(more.iter()).collect();
        bits.extend_from(&more);
        assert_eq!(bits, expected);
    }
    let ones = [5, 190, 5, 0].into_iter();
    let few = BitVec::try_from_ones(191, ones.clone()).unwrap();
    assert_eq!((few.len(), few.iter_ones().collect()), (191, vec![0, 5, 190]));
    assert!(matches!(BitVec::try_from_ones(190, ones), Err(BuildError::OutOfRange { .. })));

    let mut ints = PackedInts::new();
    ints.set_width(17);
    ints.extend([1, 2, 3]);
    assert_eq!((ints.width(), ints.iter().sum::<u64>()), (17, 6));

    let mut slim: SlimVec<u32> = SlimVec::new();
    slim.try_extend([3, 3, 5, 13, 8, 6]).unwrap();
    slim.as_mut_slice()[5] += 2;
    slim.dedup_by_key(|x| *x % 10);
    assert_eq!(slim[..], [3, 5, 13, 8]);
    slim.retain_mut(|x| {
        *x *= 2;
        *x != 10
    });
    assert_eq!(slim[..], [6, 26, 16]);

    let mut segments: SegVec<u64> = SegVec::new();
    segments.try_extend(0..10_000).unwrap();
    segments.segments_mut().flatten().for_each(|x| *x += 1);
    assert!(segments.iter().copied().eq(1..10_001));
    assert!(segments.segments_mut().len() > 1);
}

/// The same of every map whose entries give their value away.
macro_rules! into_mut {
    ($($map:ty, $occupied:path, $key:expr;)*) => {$({
        let mut map: $map = [($key, 1)].into_iter().collect();
        let $occupied(entry) = map.entry($key) else { panic!("an entry") };
        *entry.into_mut() += 6;
        assert!(map.values().eq([&7]));
    })*};
}

#[test]
fn entries() {
    use lessram::maps::{CompactEntry, Entry, IntEntry, OrderedEntry, StrEntry};
    into_mut! {
        Map<u64, u32>, Entry::Occupied, 5;
        CompactMap<u64, u32>, CompactEntry::Occupied, 5;
        IntMap<u32>, IntEntry::Occupied, 5_u64;
        StrMap<u32>, StrEntry::Occupied, "five";
        OrderedMap<u64, u32>, OrderedEntry::Occupied, 5;
    }
}

#[test]
fn ordered_maps() {
    for n in [3_u64, 12, 20, 700] {
        let mut map: OrderedMap<u64, u64> = (0..n).map(|i| (i * 7, i)).collect();
        let mut model: Vec<(u64, u64)> = (0..n).map(|i| (i * 7, i)).collect();
        *map.first_mut().unwrap().1 += 3;
        *map.get_index_mut(1).unwrap().1 += 4;
        (model[0].1, model[1].1) = (3, 5);
        assert!(map.get_index_mut(n as usize).is_none());
        assert_eq!(map.shift_remove_full(&7), Some((1, 7, 5)));
        model.remove(1);
        assert_eq!(map.swap_remove_entry(&0), Some((0, 3)));
        model.swap_remove(0);
        assert!(map.iter().map(|(key, value)| (*key, *value)).eq(model.iter().copied()));
        assert_eq!(map.try_insert_full(9, 1), Ok((n as usize - 2, None)));
        assert_eq!(map.try_insert_full(9, 2), Ok((n as usize - 2, Some(1))));
        model.push((9, 2));
        assert_eq!(map.shift_remove_index(0), Some(model.remove(0)));
        assert_eq!(map.swap_remove_index(0), Some(model.swap_remove(0)));
        assert_eq!(
            (map.shift_remove_index(n as usize), map.swap_remove_index(99_999)),
            (None, None)
        );
        assert!(map.iter().map(|(key, value)| (*key, *value)).eq(model.iter().copied()));
        assert!(model.iter().enumerate().all(|(i, (key, _))| map.get_index_of(key) == Some(i)));

        let mut set: OrderedSet<u64> = (0..n).collect();
        let mut model: Vec<u64> = (0..n).collect();
        assert_eq!((set.swap_take(&1), set.swap_take(&1)), (Some(model.swap_remove(1)), None));
        assert_eq!(set.shift_remove_index(0), Some(model.remove(0)));
        assert!(set.iter().eq(&model));
        assert_eq!(set.swap_remove_index(0), Some(model.swap_remove(0)));
        assert!(set.iter().eq(&model));
        assert!(model.iter().enumerate().all(|(i, key)| set.get_index_of(key) == Some(i)));
    }
}

#[test]
fn static_maps() {
    let keys = || 0..3_000_u64;
    let ids = Mphf::from_keys_in(keys(), Global).unwrap();
    let mut seen: Vec<usize> = keys().filter_map(|key| ids.id_of(&key)).collect();
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..3_000));
    let map = StaticBuilder::new().map_in(keys().map(|key| (key, key * 3)), Global).unwrap();
    assert!(keys().all(|key| map.get(&key) == Some(key * 3)));
    let set = StaticBuilder::new().set_in(keys(), Global).unwrap();
    assert!(keys().all(|key| set.contains(&key)) && set.len() == 3_000);
}

#[test]
fn filters() {
    let hashes = hashes(2_000);
    let how = Building::default();
    let fuse = Fuse::from_hashes_in(hashes.iter().copied(), 0.01, how, Global).unwrap();
    let ribbon = Ribbon::from_hashes_in(hashes.iter().copied(), 0.01, how, Global).unwrap();
    assert!(hashes.iter().all(|hash| fuse.contains_hash(*hash) && ribbon.contains_hash(*hash)));
    let mut quotient = Quotient::with_fpr(100, 1e-6).unwrap();
    for hash in &hashes {
        assert_eq!(quotient.try_insert_unique_hash(*hash), Ok(true));
        assert_eq!(quotient.try_insert_unique_hash(*hash), Ok(false));
    }
    assert_eq!(quotient.len(), 2_000);
    let mut blocks = Sbbf::with_fpr(2_000, 0.01).unwrap();
    hashes.iter().for_each(|hash| _ = blocks.insert_hash(*hash));
    let mut file = Vec::new();
    blocks.write_parquet(&mut file).unwrap();
    assert_eq!(file, blocks.to_parquet().unwrap());
    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    assert!(blocks.write_parquet(Full).is_err());
}

/// A filter from a file forgets when the one that was saved does.
#[test]
fn files_of_filters_that_forget() {
    for expiry in [Expiry::Never, Expiry::Keys, Expiry::Age(0), Expiry::Age(60)] {
        let mut filter = TimingBloom::expiring_in(100, 0.01, expiry, 3, Global).unwrap();
        filter.advance(1_000);
        filter.extend(0..150_u32);
        let file = filter.to_bytes().unwrap();
        let mut read = TimingBloom::read_from(file.as_bytes(), 1 << 20).unwrap();
        assert_eq!((read.expiry(), &read), (expiry, &filter));
        for filter in [&mut filter, &mut read] {
            filter.advance(1_070);
            filter.extend(150..280_u32);
        }
        assert_eq!(read, filter);
        let known = (0..100_u32).filter(|key| read.contains(key)).count();
        assert_eq!(known > 60, expiry == Expiry::Never || expiry == Expiry::Age(60), "{known}");
    }
}

#[test]
fn sketches() {
    let hashes = hashes(5_000).iter().map(|hash| hash % 1_000).collect::<Vec<u64>>();
    for rows in 1..=4 {
        let new = || CountMin::with_bytes_in(4_096, rows, 7, Global).unwrap();
        let (mut one, mut all) = (new(), new());
        hashes.iter().for_each(|hash| _ = one.add_hash(*hash, 1));
        all.add_hashes(&hashes);
        assert_eq!((&all, all.total()), (&one, 5_000));
    }
    let options = TopKOptions::for_keys(10);
    let new = || TopK::try_with_options_in(options, Global).unwrap();
    let (mut one, mut all) = (new(), new());
    hashes.iter().for_each(|hash| one.add_hash(*hash, 1));
    all.add_hashes(&hashes);
    assert!(all == one && !all.keeps_keys() && TopK::keeping_keys(10).keeps_keys());
    let (mut theta, mut distinct) = (Theta::new(5), HyperLogLog::new(8));
    (0..32_u64).for_each(|key| theta.insert_u64(key));
    assert!(!theta.is_estimate());
    (32..2_000_u64).for_each(|key| theta.insert_u64(key));
    assert!(theta.is_estimate());
    (0..2_000_u64).for_each(|key| distinct.insert_u64(key));
    let image = distinct.to_datasketches_compact();
    assert_eq!(HyperLogLog::from_datasketches_in(&image, Global).unwrap(), distinct);
}

#[test]
fn tries() {
    let keys = || (0..500_u32).map(|i| format!("{i:04}"));
    let dict: DictMap<FrontDict, u32> = DictMap::from_sorted(keys().zip(0..)).unwrap();
    let mut entries = dict.entries_in(10..12, [0; 4]);
    assert_eq!(entries.next_entry(), Some((&b"0010"[..], 10)));
    assert_eq!(entries.next_entry().map(|(key, value)| (key.len(), value)), Some((4, 11)));
    assert_eq!(entries.next_entry(), None);
    let mut map: DynTrieMap<u32> = keys().zip(0..).collect();
    *map.value_of_mut(40).unwrap() += 1_000;
    assert_eq!((map["0040"], map.value_of_mut(500)), (1_040, None));
    let mut layered = Layered::new(FrontDict::from_sorted(keys()).unwrap());
    layered.remove("0007");
    layered.insert("0007a");
    let merged: RearDict = layered.try_merge_in(16, Global).unwrap();
    assert!(merged.iter().eq(layered.iter()) && merged.len() == 500);
    let mut sorter = Sorter::in_folder(0, std::env::temp_dir());
    keys().rev().for_each(|key| sorter.push(key).unwrap());
    assert!(sorter.finish().unwrap().map(Result::unwrap).eq(keys().map(String::into_bytes)));
}

#[test]
fn heads_of_files() {
    let path = std::env::temp_dir().join(format!("lessram-doors-{}.lram", std::process::id()));
    let ints: PackedInts = (0..1_000).collect();
    ints.save(&path).unwrap();
    let (header, sections) = storage::read_head(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!((header.items, sections.len()), (1_000, 2));
    let file = ints.to_bytes().unwrap();
    let container = storage::Container::open(file.as_bytes()).unwrap();
    let words: usize = sections.iter().map(|section| container.words_of(section).len()).sum();
    assert!(words * 8 >= ints.heap_bytes() && words > 100);
}
