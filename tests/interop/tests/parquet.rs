//! Filters of Parquet files: those of the `parquet` crate read by the library, and the other way.

use lessram::filters::Sbbf;
use lessram::hashing::KeyHash;
use parquet::basic::Compression;
use parquet::bloom_filter::Sbbf as Theirs;
use parquet::data_type::{AsBytes, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::sync::Arc;

/// Both answer alike about `keys`, some of which are in.
fn agree<K: KeyHash, T: AsBytes>(ours: &Sbbf, theirs: &Theirs, keys: &[(K, T)]) -> usize {
    let mut found = 0;
    for (key, their_key) in keys {
        assert_eq!(ours.contains(key), theirs.check(their_key));
        found += usize::from(ours.contains(key));
    }
    found
}

fn words(range: std::ops::Range<u32>) -> Vec<(String, ByteArray)> {
    range.map(|i| (format!("word {i}"), ByteArray::from(format!("word {i}").as_str()))).collect()
}

fn written(theirs: &Theirs) -> Vec<u8> {
    let mut bytes = Vec::new();
    theirs.write(&mut bytes).unwrap();
    bytes
}

#[test]
fn their_filters_are_ours() {
    let mut theirs = Theirs::new_with_ndv_fpp(10_000, 0.01).unwrap();
    words(0..5_000).iter().for_each(|(_, word)| theirs.insert(word));
    (0..2_500_i32).for_each(|i| theirs.insert(&i));
    (0..2_500_i64).for_each(|i| theirs.insert(&i));
    let bytes = written(&theirs);
    let ours = Sbbf::from_parquet(&bytes).unwrap();
    assert_eq!(ours.to_parquet().unwrap(), bytes);
    assert_eq!(ours.bits(), theirs.num_blocks() as u64 * 256);
    assert!((ours.estimate() / 10_000.0 - 1.0).abs() < 0.03, "{}", ours.estimate());

    let found = agree(&ours, &theirs, &words(0..20_000));
    assert!((5_000..5_500).contains(&found), "{found}");
    let narrow: Vec<(i32, i32)> = (0..20_000).map(|i| (i, i)).collect();
    assert!((2_500..3_000).contains(&agree(&ours, &theirs, &narrow)));
    let wide: Vec<(i64, i64)> = (0..20_000).map(|i| (i, i)).collect();
    assert!((2_500..3_000).contains(&agree(&ours, &theirs, &wide)));
}

#[test]
fn our_filters_are_theirs() {
    for capacity in [0, 1, 100, 10_000] {
        let mut ours = Sbbf::with_fpr(capacity, 0.01).unwrap();
        ours.extend((0..capacity as u32).map(|i| format!("word {i}")));
        let bytes = ours.to_parquet().unwrap();
        let theirs = Theirs::from_bytes(&bytes).unwrap();
        assert_eq!(written(&theirs), bytes);
        let found = agree(&ours, &theirs, &words(0..capacity as u32 + 1_000));
        assert!(found >= capacity && found < capacity + 40, "{capacity}: {found}");
    }
}

#[test]
fn folding_is_theirs() {
    let mut ours = Sbbf::with_fpr(100_000, 1e-4).unwrap();
    let mut theirs = Theirs::from_bytes(&ours.to_parquet().unwrap()).unwrap();
    for (word, their_word) in words(0..3_000) {
        ours.insert(&word);
        theirs.insert(&their_word);
    }
    theirs.fold_to_target_fpp(0.01);
    while ours.bits() > theirs.num_blocks() as u64 * 256 {
        assert!(ours.fold());
    }
    assert_eq!(ours.to_parquet().unwrap(), written(&theirs));
}

/// The file of three columns, with filters.
fn file() -> Vec<u8> {
    let schema = "message m { required int32 narrow; required double real; \
                  required byte_array name (utf8); required int64 wide; }";
    let properties = WriterProperties::builder()
        .set_bloom_filter_enabled(true)
        .set_bloom_filter_fpp(0.01)
        .set_compression(Compression::UNCOMPRESSED)
        .build();
    let mut out = Vec::new();
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(&mut out, schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let narrow: Vec<i32> = (0..1_000).map(|i| i * 7 - 500).collect();
    column.typed::<Int32Type>().write_batch(&narrow, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let real: Vec<f64> = (0..1_000).map(|i| f64::from(i) / 8.0).collect();
    column.typed::<DoubleType>().write_batch(&real, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let names: Vec<ByteArray> = words(0..1_000).into_iter().map(|(_, word)| word).collect();
    column.typed::<ByteArrayType>().write_batch(&names, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let wide: Vec<i64> = (0..1_000).map(|i| i << 40).collect();
    column.typed::<Int64Type>().write_batch(&wide, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    out
}

#[test]
fn filters_are_found_in_a_file() {
    let file = file();
    let reader = SerializedFileReader::new(bytes::Bytes::from(file.clone())).unwrap();
    let group = reader.metadata().row_group(0);
    let filters: Vec<Sbbf> = (0..4)
        .map(|column| {
            let offset = group.column(column).bloom_filter_offset().unwrap();
            Sbbf::from_parquet(&file[offset as usize..]).unwrap()
        })
        .collect();
    assert!((0..1_000).all(|i| filters[0].contains(&(i * 7 - 500))));
    assert!((0..1_000).all(|i| filters[1].contains(&(f64::from(i) / 8.0).to_le_bytes())));
    assert!((0..1_000).all(|i| filters[2].contains(&format!("word {i}"))));
    assert!((0..1_000_i64).all(|i| filters[3].contains(&(i << 40))));
    for filter in &filters {
        let found = (0..10_000).filter(|i| filter.contains(&format!("absent {i}"))).count();
        assert!(found < 150, "{found} of 10,000");
    }
}
