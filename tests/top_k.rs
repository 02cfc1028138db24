//! TopK's images against those of Apache DataSketches' frequent-items sketches.
//!
//! `tests/data/make_top_k_golden.py` says how the golden figures were made. With `LESSRAM_BLESS=1`
//! the test writes the images that the script reads.

mod figures;

use figures::{hex, number, unhex};
use lessram::FileError;
use lessram::hashing::KeyHash;
use lessram::sketches::{Counting, TopK, TopKOptions};
use std::collections::HashMap;

/// What the Python package of Apache DataSketches 5.2.0 gave.
const GOLDEN: &str = include_str!("data/top_k_golden.tsv");

fn golden(kind: &str) -> impl Iterator<Item = Vec<&'static str>> {
    figures::rows(GOLDEN, kind)
}

fn sketch(slots: usize, strings: bool) -> TopK {
    let counting = Counting::Bounds;
    let options = TopKOptions { slots, counting, keeps_keys: strings, seed: 5 };
    TopK::try_with_options(options).unwrap()
}

fn add(sketch: &mut TopK, strings: bool, key: u64) {
    if strings {
        sketch.add(format!("key-{key}"));
    } else {
        sketch.add_number(key);
    }
}

fn image(sketch: &TopK, strings: bool) -> Vec<u8> {
    if strings {
        sketch.to_datasketches_strings().unwrap()
    } else {
        sketch.to_datasketches_numbers().unwrap()
    }
}

/// Key number `i` of a stream in which few keys are frequent.
fn skewed(i: u64) -> u64 {
    let random = i.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let random = (random ^ random >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 44;
    (1 << 20) / (random + 1)
}

/// The head of an image, and its items with their weights, in an order of their own.
fn parts(image: &[u8], strings: bool) -> (Vec<u8>, Vec<(u64, Vec<u8>)>) {
    if image.len() == 8 {
        return (image.to_vec(), Vec::new());
    }
    let word = |at: usize| u64::from_le_bytes(image[at..at + 8].try_into().unwrap());
    let count = word(8) as usize;
    let mut at = 32 + 8 * count;
    let mut items = Vec::new();
    for i in 0..count {
        let len = if strings { 4 + word_of_four(image, at) } else { 8 };
        items.push((word(32 + 8 * i), image[at..at + len].to_vec()));
        at += len;
    }
    assert_eq!(at, image.len());
    items.sort();
    (image[..32].to_vec(), items)
}

fn word_of_four(image: &[u8], at: usize) -> usize {
    u32::from_le_bytes(image[at..at + 4].try_into().unwrap()) as usize
}

/// Where all keys have a slot, the bytes are theirs but for the order of items, which is that of
/// their hash table.
#[test]
fn images_are_those_of_datasketches() {
    let mut cases = 0;
    for case in golden("same") {
        let (strings, theirs) = (case[1] == "strings", unhex(case[4]));
        let keys: u64 = number(case[3]);
        // Slots of 8 keys each: enough that no bucket is full.
        let mut sketch = sketch((3 << number::<u32>(case[2])) / 4, strings);
        for key in 0..keys {
            (0..=key % 7).for_each(|_| add(&mut sketch, strings, key));
        }
        let ours = image(&sketch, strings);
        assert_eq!(parts(&ours, strings), parts(&theirs, strings), "{:?}", &case[..4]);
        if keys < 2 {
            assert_eq!(ours, theirs);
        }
        cases += 1;
    }
    assert_eq!(cases, 10);
}

/// Theirs says of our images what we say, and it is true.
#[test]
fn datasketches_reads_our_images() {
    let mut lines = String::new();
    for (strings, slots, keys) in
        [(false, 64, 5_000), (true, 64, 5_000), (false, 8, 100), (true, 24, 40)]
    {
        let mut sketch = sketch(slots, strings);
        let mut truth: HashMap<u64, u64> = HashMap::new();
        for i in 0..keys {
            add(&mut sketch, strings, skewed(i));
            *truth.entry(skewed(i)).or_insert(0) += 1;
        }
        let kind = if strings { "strings" } else { "numbers" };
        let image = image(&sketch, strings);
        let name = format!("{kind} {slots} {keys}");
        lines.push_str(&format!("read\t{name}\t{}\n", hex(&image)));
        let case = golden("read").find(|case| case[1] == name);
        assert!(case.is_some() || std::env::var_os("LESSRAM_BLESS").is_some(), "no line {name}");
        let Some(case) = case else { continue };
        assert_eq!(case[2], hex(&image), "{name}");
        let (_, items) = parts(&image, strings);
        let offset: u64 = number(case[4]);
        assert_eq!([number(case[3]), case.len() as u64 - 5], [keys, items.len() as u64]);
        for item in &case[5..] {
            let fields: Vec<&str> = item.split(' ').collect();
            let [lower, upper]: [u64; 2] = [1, 2].map(|at| number(fields[at]));
            let key: u64 = number(fields[0].trim_start_matches("key-"));
            let known = if strings {
                sketch.iter().find(|entry| entry.key == Some(fields[0].as_bytes()))
            } else {
                sketch.iter().find(|entry| entry.number() == key)
            };
            assert_eq!((known.unwrap().at_least, lower + offset), (lower, upper), "{name}");
            assert!((lower..=upper).contains(&truth[&key]), "{name}: {item}");
            assert!(upper >= known.unwrap().count);
        }
        let shown = |key: u64| {
            case[5..].iter().any(|item| {
                item.split(' ').next().unwrap().trim_start_matches("key-") == key.to_string()
            })
        };
        assert!(truth.iter().all(|(&key, &count)| shown(key) || count <= offset), "{name}");
    }
    if std::env::var_os("LESSRAM_BLESS").is_some() {
        std::fs::write("tests/data/top_k_golden.tsv", lines).unwrap();
    } else {
        assert_eq!(golden("read").count(), 4);
    }
}

fn read(image: &[u8], slots: usize, strings: bool) -> Result<TopK, FileError> {
    let counting = Counting::Estimates; // read as bounds all the same
    let options = TopKOptions { slots, counting, keeps_keys: strings, seed: 5 };
    if strings {
        TopK::from_datasketches_strings(image, options)
    } else {
        TopK::from_datasketches_numbers(image, options)
    }
}

/// What theirs wrote comes out as it went in, from a file too.
#[test]
fn images_of_datasketches_are_read() {
    for case in golden("same") {
        let (strings, theirs) = (case[1] == "strings", unhex(case[4]));
        let sketch = read(&theirs, (3 << number::<u32>(case[2])) / 4, strings).unwrap();
        assert_eq!(parts(&image(&sketch, strings), strings), parts(&theirs, strings));
        sketch.validate().unwrap();
        let mut file = Vec::new();
        sketch.write_to(&mut file).unwrap();
        assert!(TopK::read_from(&file[..], u64::MAX).unwrap() == sketch);
    }
}

/// Bounds stay bounds: through an image, in fewer slots, merged, and of keys that come later.
#[test]
fn bounds_outlive_images() {
    for (strings, slots, into) in [(false, 64, 64), (true, 64, 256), (false, 128, 16)] {
        let mut truth: HashMap<u64, u64> = HashMap::new();
        let mut halves = [sketch(slots, strings), sketch(slots, strings)];
        for i in 0..6_000 {
            add(&mut halves[i as usize % 2], strings, skewed(i));
            *truth.entry(skewed(i)).or_insert(0) += 1;
        }
        let [one, other] = halves.map(|half| read(&image(&half, strings), into, strings).unwrap());
        let mut all = one;
        all.merge(&other).unwrap();
        for key in [1, 2, 77_777_777_u64] {
            add(&mut all, strings, key);
            *truth.entry(key).or_insert(0) += 1;
        }
        assert_eq!((all.total(), all.counting()), (6_003, Counting::Bounds));
        all.validate().unwrap();
        let hash = |key: u64| match strings {
            true => format!("key-{key}").key_hash(5),
            false => key.key_hash(5),
        };
        for (key, count) in &truth {
            let (least, most) = all.bounds_of_hash(hash(*key));
            assert!(least <= *count && *count <= most, "{key}: {count} in {least}..={most}");
        }
        let absent = all.bounds_of_hash(hash(123_456_789));
        assert!(absent.0 == 0 && absent.1 > 0, "it may have been left out");
        let top = all.top(1)[0];
        assert_eq!(top.hash, hash(*truth.iter().max_by_key(|(_, count)| **count).unwrap().0));
        let again = read(&image(&all, strings), into, strings).unwrap();
        assert!(again.bounds_of_hash(top.hash).1 >= top.count);
    }
}

/// Cut or changed anywhere, an image is refused, or it is a sound sketch.
#[test]
fn damaged_images_are_refused_or_read_as_others() {
    for strings in [false, true] {
        let mut sketch = sketch(16, strings);
        (0..200).for_each(|i| add(&mut sketch, strings, skewed(i)));
        let whole = image(&sketch, strings);
        for len in 0..whole.len() {
            let Err(FileError::Truncated { need, have }) = read(&whole[..len], 16, strings) else {
                panic!("{len} bytes");
            };
            // Both count from the start, and what is read next ends within the whole image.
            assert!(have == len as u64 && (len + 1..=whole.len()).contains(&(need as usize)));
        }
        for (at, bit) in (0..whole.len()).flat_map(|at| [0, 3, 7].map(|bit| (at, bit))) {
            let mut other = whole.clone();
            other[at] ^= 1 << bit;
            if let Ok(sketch) = read(&other, 16, strings) {
                sketch.validate().unwrap();
            }
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert!(read(&longer, 16, strings).is_err());
        assert!(read(&whole, 0, strings).is_err(), "no slots");
    }
}

#[test]
fn only_bounds_have_an_image() {
    let mut estimates = TopK::keeping_keys(10);
    estimates.add("a");
    assert_eq!(estimates.to_datasketches_strings(), None);
    assert_eq!(estimates.to_datasketches_numbers(), None);
    let mut numbers = sketch(64, false);
    numbers.add_number(3);
    assert_eq!(numbers.to_datasketches_strings(), None, "keys are not kept");
    assert!(numbers.to_datasketches_numbers().is_some());
}
