//! Sketches of Apache Spark, and what Spark makes of ours.
//!
//! `data/spark_golden.tsv` is what Spark answered, and every run of the tests compares with it.
//! `LESSRAM_SPARK=1 cargo test --test spark` asks Spark anew (`spark/run` installs it; some
//! minutes), `LESSRAM_BLESS=1` beside it writes the answers to that file.

use lessram::sketches::{Counting, HllType, HyperLogLog, KllF64, Theta, TopK, TopKOptions};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

const GOLDEN: &str = include_str!("../data/spark_golden.tsv");

/// Keys, as `answer.py` reads them: `lg_k:keys:first:end`.
const HLL_STREAMS: &[&str] = &[
    "12:int:0:0",
    "12:int:0:1",
    "12:int:0:5",
    "12:int:0:100",
    "12:int:0:1000",
    "12:int:0:10000",
    "12:minus:0:300",
    "12:str:0:5",
    "12:str:0:100",
    "12:str:0:10000",
    "12:bytes:0:100",
    "4:int:0:1000",
    "10:str:0:20000",
    "16:int:0:50000",
];

const THETA_STREAMS: &[&str] = &[
    "12:int:0:0",
    "12:int:0:1",
    "12:int:0:5",
    "12:int:0:100",
    "12:str:0:100",
    "12:bytes:0:50",
    "12:float:0:100",
    "12:int:0:4096",
    "12:int:0:100000",
    "8:str:0:20000",
];

/// Parts whose images go to Spark, to be put together there. In compact images sets are not met
/// with arrays: their slots are lost, Java fills them in another order than C++ and we do, and the
/// running estimate depends on it.
const HLL_PAIRS: &[[&str; 2]] = &[
    ["12:int:0:10000", "12:int:5000:15000"],
    ["12:int:0:100000", "12:str:0:50000"],
    ["12:int:0:5", "12:int:3:6"],
    ["12:int:0:100", "12:int:50:150"],
    ["12:int:0:0", "12:int:0:100"],
    ["12:int:0:0", "12:int:0:10000"],
    ["12:int:0:10000", "12:int:20000:20100"],
    ["12:int:0:100", "12:int:100:10000"],
    ["12:int:0:20000", "10:int:10000:30000"],
    ["10:int:0:20000", "12:int:10000:30000"],
];

const THETA_PAIRS: &[[&str; 2]] = &[
    ["12:int:0:10000", "12:int:5000:15000"],
    ["12:int:0:100000", "12:int:50000:150000"],
    ["12:int:0:100000", "12:int:0:100"],
    ["12:int:0:0", "12:int:0:100000"],
    ["12:int:0:5", "12:int:3:9"],
    ["12:int:0:5", "12:int:5:9"],
    ["12:str:0:30000", "12:str:20000:60000"],
];

const KLL_STREAMS: &[&str] = &["200:i:0:1", "200:i:0:5", "200:i:0:200", "50:i:0:3000"];

/// The fields of a stream's name.
fn fields(stream: &str) -> (u8, &str, std::ops::Range<u64>) {
    let fields: Vec<&str> = stream.split(':').collect();
    let number = |at: usize| fields[at].parse().unwrap();
    (number(0) as u8, fields[1], number(2)..number(3))
}

fn hll(stream: &str) -> HyperLogLog {
    let (lg_k, kind, keys) = fields(stream);
    let mut sketch = HyperLogLog::new(lg_k);
    for i in keys {
        match kind {
            "int" => sketch.insert_u64(i),
            "minus" => sketch.insert_i64(-(i as i64)),
            _ => sketch.insert(format!("key-{i}")),
        }
    }
    sketch
}

fn theta(stream: &str) -> Theta {
    let (lg_k, kind, keys) = fields(stream);
    let mut sketch = Theta::new(lg_k);
    for i in keys {
        match kind {
            "int" => sketch.insert_u64(i),
            "float" => sketch.insert_f64(i as f64 * 0.25 - 2.0),
            _ => sketch.insert(format!("key-{i}")),
        }
    }
    sketch.pack(); // of `k` hashes, as an image is
    sketch
}

fn kll(stream: &str) -> KllF64 {
    let (k, _, numbers) = fields(stream);
    let mut sketch = KllF64::new(k.into());
    numbers.for_each(|i| sketch.add((i * 7_919 % 10_007) as f64).unwrap());
    sketch
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}

/// An image as the answers have it.
fn text(image: &[u8]) -> String {
    if image.len() <= 1_100 {
        return hex(image);
    }
    let fnv = image.iter().fold(0xcbf2_9ce4_8422_2325_u64, |state, byte| {
        (state ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    format!("{}:{fnv:016x}", image.len())
}

/// What Spark has to answer: the estimate to the last bit, the rounded one, the image.
fn expected(estimate: f64, image: &[u8]) -> String {
    format!("{:016x}\t{}\t{}", estimate.to_bits(), estimate.round(), text(image))
}

/// The same of a theta sketch. Java multiplies by one over theta where C++ and we divide by theta:
/// the last bit may differ, and no other.
fn expected_of_theta(sketch: &Theta) -> String {
    let (image, estimate) = (sketch.to_datasketches(), sketch.estimate());
    let theirs = match image.get(16..24) {
        Some(theta) if image[0] == 3 => {
            let theta = u64::from_le_bytes(theta.try_into().unwrap());
            sketch.retained() as f64 * (i64::MAX as f64 / theta as f64)
        }
        _ => estimate,
    };
    assert!(estimate.to_bits().abs_diff(theirs.to_bits()) <= 1, "{estimate} and {theirs}");
    expected(theirs, &sketch.to_datasketches_compressed())
}

fn hll_images(sketch: &HyperLogLog) -> [(&'static str, Vec<u8>); 4] {
    [
        ("updatable", sketch.as_datasketches_updatable().to_vec()),
        ("compact", sketch.to_datasketches_compact()),
        ("HLL_4", sketch.to_datasketches_compact_as(HllType::Hll4)),
        ("HLL_6", sketch.to_datasketches_updatable_as(HllType::Hll6)),
    ]
}

/// One thing that Spark is asked, and what it shall say; nothing of sketches of numbers, whose
/// bytes differ each time: [`check_numbers`] looks at those.
struct Case {
    name: String,
    request: String,
    expected: Option<String>,
}

fn hll_cases(cases: &mut Vec<Case>) {
    for stream in HLL_STREAMS {
        let sketch = hll(stream);
        let answer = expected(sketch.estimate(), sketch.as_datasketches_updatable());
        cases.push(Case {
            name: format!("hll sketch {stream}"),
            request: format!("hll\tsketch\t{stream}"),
            expected: Some(answer),
        });
        for (form, image) in hll_images(&sketch) {
            cases.push(Case {
                name: format!("hll read {stream} {form}"),
                request: format!("hll\tread\t{}", hex(&image)),
                expected: Some(expected(sketch.estimate(), &image)),
            });
        }
    }
    for [a, b] in HLL_PAIRS {
        let parts = [hll(a), hll(b)];
        let mut union = parts[0].clone();
        union.merge(&parts[1]).unwrap();
        let images = parts.each_ref().map(hll_images);
        let form = |sketch: &HyperLogLog| sketch.as_datasketches_updatable()[0];
        let set_meets_array = parts.iter().any(|part| form(part) == 3) && form(&union) == 10;
        for form in 0..if set_meets_array { 1 } else { 2 } {
            let [(name, first), (_, second)] = [&images[0][form], &images[1][form]];
            cases.push(Case {
                name: format!("hll union {a} {b} {name}"),
                request: format!("hll\tunion\t{}\t{}", hex(first), hex(second)),
                expected: Some(expected(union.estimate(), union.as_datasketches_updatable())),
            });
        }
    }
}

fn theta_cases(cases: &mut Vec<Case>) {
    for stream in THETA_STREAMS {
        let sketch = theta(stream);
        let answer = expected_of_theta(&sketch);
        cases.push(Case {
            name: format!("theta sketch {stream}"),
            request: format!("theta\tsketch\t{stream}"),
            expected: Some(answer),
        });
    }
    for [a, b] in THETA_PAIRS {
        let (left, right) = (theta(a), theta(b));
        let results = [
            ("union", left.union(&right)),
            ("intersection", left.intersection(&right)),
            ("difference", left.difference(&right)),
        ];
        for (operation, mut result) in results {
            result.pack();
            // plain and compressed images of ours, together
            let (first, second) = (left.to_datasketches(), right.to_datasketches_compressed());
            cases.push(Case {
                name: format!("theta {operation} {a} {b}"),
                request: format!("theta\t{operation}\t{}\t{}", hex(&first), hex(&second)),
                expected: Some(expected_of_theta(&result)),
            });
        }
    }
}

fn kll_cases(cases: &mut Vec<Case>) {
    for stream in KLL_STREAMS {
        let image = kll(stream).to_datasketches();
        let requests = [("sketch", (*stream).to_string()), ("read", hex(&image))].map(
            |(operation, argument)| {
                (format!("kll {operation} {stream}"), format!("kll\t{operation}\t{argument}"))
            },
        );
        for (name, request) in requests {
            cases.push(Case { name, request, expected: None });
        }
    }
}

/// Numbers and strings in 64 slots, key `i` came `1,000 / i` times; and what Spark shall say is
/// most frequent.
fn top_cases(cases: &mut Vec<Case>) {
    for kind in ["bigint", "string"] {
        let strings = kind == "string";
        let counting = Counting::Bounds;
        let options = TopKOptions { slots: 64, counting, keeps_keys: strings, seed: 7 };
        let mut sketch = TopK::try_with_options(options).unwrap();
        for key in (1..=1_000).flat_map(|turn| (1..100).take_while(move |key| key * turn <= 1_000))
        {
            if strings {
                sketch.add(format!("key-{key}"));
            } else {
                sketch.add_number(key);
            }
        }
        let image = if strings {
            sketch.to_datasketches_strings()
        } else {
            sketch.to_datasketches_numbers()
        };
        let image = image.unwrap();
        let offset = u64::from_le_bytes(image[24..32].try_into().unwrap());
        let mut items: Vec<_> = sketch.iter().filter(|entry| entry.at_least > 0).collect();
        items.sort_by_key(|entry| (u64::MAX - entry.at_least, entry.hash));
        let shown = items.iter().take(10).map(|entry| {
            let count = entry.at_least + offset;
            let key = entry.key.map(|key| String::from_utf8(key.to_vec()).unwrap());
            format!("{}={count}", key.unwrap_or_else(|| entry.number().to_string()))
        });
        cases.push(Case {
            name: format!("top {kind}"),
            // behind its sketches Spark has the number of nulls
            request: format!("top\t{kind}\t{}{:016x}", hex(&image), 0),
            expected: Some(shown.collect::<Vec<_>>().join("\t")),
        });
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    hll_cases(&mut cases);
    theta_cases(&mut cases);
    kll_cases(&mut cases);
    top_cases(&mut cases);
    cases
}

/// Spark's image of a stream, where its bytes are at hand, is read as the sketch that is made here.
fn check_read(name: &str, image: &str) {
    let words: Vec<&str> = name.split(' ').collect();
    if image.contains(':') || words[1] != "sketch" {
        return; // a hash of the bytes: they are ours, and those are read elsewhere
    }
    let image = unhex(image);
    if words[0] == "hll" {
        assert_eq!(HyperLogLog::from_datasketches(&image).unwrap(), hll(words[2]), "{name}");
    } else {
        let ours = theta(words[2]);
        let theirs = Theta::from_datasketches(&image, ours.lg_k()).unwrap();
        assert_eq!((theirs.estimate(), theirs), (ours.estimate(), ours), "{name}");
    }
}

/// Whether an answer says the same in other bytes, in one of the ways in which Java does:
///
/// - of an empty theta sketch it leaves the seed's hash out, and it marks one of one hash;
/// - in an array without zeros it counts the registers of the smallest value, where C++ and we
///   count those that are 0;
/// - it fills the slots of a set in another order.
fn alike(name: &str, answer: &str, expected: &str) -> bool {
    if name.starts_with("top") {
        let sorted = |answer: &str| {
            let mut items: Vec<_> = answer.split('\t').map(str::to_owned).collect();
            items.sort();
            items
        };
        return sorted(answer) == sorted(expected); // items of one count in any order
    }
    let [(figures, image), (same, ours)] = [answer, expected].map(|a| a.rsplit_once('\t').unwrap());
    if figures != same {
        return false;
    }
    let mut image = unhex(image);
    if name.starts_with("theta") {
        let (theirs, ours) = (Theta::from_datasketches(&image, 12), unhex(ours));
        let heads = [&[0x1e, 0, 0][..], &[0x3a, 0xcc, 0x93]];
        return heads.contains(&&image[5..8])
            && theirs.unwrap() == Theta::from_datasketches(&ours, 12).unwrap();
    }
    let read = HyperLogLog::from_datasketches(&image).unwrap();
    if image[0] == 10 {
        let smallest = *image[40..].iter().min().unwrap();
        let count = image[40..].iter().filter(|&&register| register == smallest).count();
        assert_eq!((image[6], &image[32..36]), (smallest, &(count as u32).to_le_bytes()[..]));
        image[6] = 0;
        image[32..36].fill(0);
        return smallest > 0
            && text(&image) == ours
            && text(read.as_datasketches_updatable()) == ours;
    }
    let coupons = |image: &[u8]| {
        let mut coupons: Vec<_> = image[12..].chunks(4).map(<[u8]>::to_vec).collect();
        coupons.sort();
        (image[..12].to_vec(), coupons)
    };
    name.ends_with("compact") && coupons(&image) == coupons(&unhex(ours))
}

/// Spark's quantiles of a sketch of numbers are ours of the same image; and the image is ours as
/// long as no coin was tossed.
fn check_numbers(name: &str, answer: &[&str]) {
    let image = unhex(answer[12]);
    let read = KllF64::from_datasketches(&image, 1).unwrap();
    assert_eq!(answer[0], read.len().to_string(), "{name}");
    for tenth in 0..=10 {
        let ours = match tenth {
            // Java has the ends of all numbers here, C++ and ours those that were kept.
            0 => read.min(),
            10 => read.max(),
            _ => read.quantile(f64::from(tenth) / 10.0),
        };
        let ours = format!("{:016x}", ours.unwrap().to_bits());
        assert_eq!(answer[1 + tenth as usize], ours, "{name}, {tenth} tenths");
    }
    assert_eq!(read.to_datasketches(), image, "{name}");
    let stream = name.rsplit(' ').next().unwrap();
    let (k, _, numbers) = fields(stream);
    assert_eq!(read.len(), numbers.end, "{name}");
    if name.starts_with("kll read") || numbers.end <= k.into() {
        assert_eq!(hex(&kll(stream).to_datasketches()), answer[12], "{name}");
    }
}

/// Spark answered as it has to.
fn check(answers: &str, cases: &[Case]) {
    let answers: Vec<&str> = answers.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(answers.len(), cases.len());
    let mut wrong = String::new();
    for (answer, case) in answers.iter().zip(cases) {
        let (name, answer) = answer.split_once('\t').unwrap();
        assert_eq!(name, case.name);
        let Some(expected) = &case.expected else {
            check_numbers(name, &answer.split('\t').collect::<Vec<_>>());
            continue;
        };
        if answer != expected && !alike(name, answer, expected) {
            writeln!(wrong, "{name}\n  Spark   {answer}\n  lessram {expected}").unwrap();
            continue;
        }
        if name.starts_with("top") {
            continue;
        }
        check_read(name, answer.rsplit('\t').next().unwrap());
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Answers of Spark itself, asked now.
fn ask(cases: &[Case]) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let requests = std::env::temp_dir().join(format!("lessram-spark-{}.tsv", std::process::id()));
    let lines = cases.iter().map(|case| format!("{}\t{}\n", case.name, case.request));
    std::fs::write(&requests, lines.collect::<String>()).unwrap();
    let output = Command::new(here.join("spark/run")).arg(&requests).output().unwrap();
    std::fs::remove_file(&requests).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers = String::from_utf8(output.stdout).unwrap();
    if std::env::var_os("LESSRAM_BLESS").is_some() {
        std::fs::write(here.join("data/spark_golden.tsv"), &answers).unwrap();
    }
    answers
}

#[test]
fn spark_said_what_we_say() {
    check(GOLDEN, &cases());
}

#[test]
fn spark_says_what_we_say() {
    if std::env::var_os("LESSRAM_SPARK").is_none() {
        eprintln!("skipped: LESSRAM_SPARK=1 asks Spark itself");
        return;
    }
    let cases = cases();
    check(&ask(&cases), &cases);
}

/// A wrong bit in an answer is found.
#[test]
fn a_wrong_answer_is_found() {
    let cases = cases();
    let at = GOLDEN.find("hll union 12:int:0:10000").unwrap();
    let end = at + GOLDEN[at..].find('\n').unwrap();
    let last = if &GOLDEN[end - 1..end] == "0" { "1" } else { "0" };
    let forged = format!("{}{last}{}", &GOLDEN[..end - 1], &GOLDEN[end..]);
    assert!(std::panic::catch_unwind(|| check(&forged, &cases)).is_err());
}
