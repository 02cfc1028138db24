use super::*;
use crate::mem::{Counter, Global, Tracked};
use alloc::vec;
use alloc::vec::Vec;

#[test]
fn reserved_room_suffices() {
    let counter = Counter::new();
    let alloc = Tracked::new(&counter, Global);
    let mut strings = StrArray::new_in(alloc, alloc);
    for round in 1..4 {
        strings.try_reserve(1_000, 9_000).unwrap();
        let requests = counter.requests();
        (0..1_000).for_each(|_| strings.push("ninebytes"));
        assert_eq!((strings.len(), counter.requests()), (1_000 * round, requests));
    }
}

/// Strings of many lengths, some of them empty.
fn samples() -> StrArray {
    (0..3_000_usize).map(|i| vec![b'a' + (i % 26) as u8; i * i % 23]).collect()
}

#[test]
fn compressed_offsets_answer_alike() {
    let (packed, mut compressed) = (samples(), samples());
    compressed.compress_offsets();
    assert!(compressed.has_compressed_offsets() && compressed == packed);
    assert!(compressed.iter().rev().eq(packed.iter().rev()));
    for at in [0, 1, 1_000, 2_999, 3_000, usize::MAX] {
        assert_eq!(compressed.get(at), packed.get(at));
        assert!(compressed.iter().skip(at).eq(packed.iter().skip(at)));
    }
    let indices: Vec<usize> = (0..3_000).map(|i| i * 7 % 3_000).collect();
    for strings in [&packed, &compressed] {
        let mut out = vec![&b""[..]; 3_000];
        strings.get_many(&indices, &mut out);
        assert!(indices.iter().zip(&out).all(|(i, s)| packed.get(*i) == Some(*s)));
    }
    let saving = packed.heap_bytes() - compressed.heap_bytes();
    assert_eq!((packed.offsets.heap_bytes(), saving), (5_640, 3_680));
    // Any change expands them, and what comes then is what always came.
    compressed.push("more");
    assert!(!compressed.has_compressed_offsets() && compressed.last() == Some(b"more"));
    compressed.compress_offsets();
    compressed.truncate(3_000);
    assert_eq!((&compressed, compressed.has_compressed_offsets()), (&packed, false));
    compressed.compress_offsets();
    compressed.clear();
    assert_eq!((compressed.len(), compressed.iter().next()), (0, None));
}

#[test]
fn compressed_offsets_are_saved_as_such() {
    let mut strings = samples();
    strings.compress_offsets();
    let file = strings.to_bytes().unwrap();
    let view = StrArray::view(file.as_bytes()).unwrap();
    assert!(view.has_compressed_offsets() && view == samples());
    view.validate().unwrap();
    assert_eq!(view.to_heap().to_bytes().unwrap().as_bytes(), file.as_bytes());
}

#[test]
fn strings_come_behind_bytes_of_none_in_damaged_arrays() {
    let mut strings: StrArray = ["stale"].into_iter().collect();
    strings.offsets.truncate(0);
    strings.push("new");
    assert_eq!((strings.len(), strings.get(0)), (1, Some(&b"new"[..])));
    // Now the first offset is not 0, as in other damaged files.
    strings.clear();
    strings.push("newer");
    assert_eq!((strings.len(), strings.get(0)), (1, Some(&b"newer"[..])));
    strings.validate().unwrap();
}

#[test]
fn compressing_tells_every_byte_and_changes_nothing_when_refused() {
    use crate::mem::{Refusals, Refusing};
    for every in 2..7 {
        let (counter, refusals) = (Counter::new(), Refusals::every(every));
        let alloc = Tracked::new(&counter, Refusing::new(&refusals, Global));
        let mut strings = StrArray::new_in(alloc, alloc);
        for string in &samples() {
            while strings.try_push(string).is_err() {}
        }
        for _ in 0..4 {
            let done = strings.try_compress_offsets_in(alloc);
            assert_eq!(done.is_ok(), strings.has_compressed_offsets());
            assert_eq!(strings.heap_bytes(), counter.live());
            assert!(strings == samples());
            let pushed = strings.try_push("x");
            assert_eq!(strings.heap_bytes(), counter.live());
            if pushed.is_ok() {
                strings.truncate(3_000);
            }
        }
    }
}

#[test]
fn truncating_compressed_offsets_may_be_refused_and_changes_nothing_then() {
    use crate::mem::{Refusals, Refusing, refusing_every};
    let refusals = Refusals::every(usize::MAX);
    let alloc = Refusing::new(&refusals, Global);
    let mut strings = StrArray::new_in(alloc, alloc);
    samples().iter().for_each(|string| strings.push(string));
    strings.try_compress_offsets_in(alloc).unwrap();
    assert!(refusing_every(1, || strings.try_truncate(7)).0.is_err());
    assert!(strings.has_compressed_offsets() && strings == samples());
    // Nothing is asked for where all stay, or none.
    assert_eq!((strings.try_truncate(3_000), strings.len()), (Ok(()), 3_000));
    assert_eq!((strings.try_truncate(0), strings.len()), (Ok(()), 0));
}

#[test]
fn offsets_of_damaged_files_are_compressed_or_stay_as_they_are() {
    use crate::error::BuildError;
    use crate::testkit::damage::each_flip;
    let strings: StrArray = (0..40_usize).map(|i| "x".repeat(i * 7 % 11)).collect();
    let file = strings.to_bytes().unwrap();
    let mut refused = 0;
    each_flip(file.as_bytes(), |bit, bytes| {
        let Ok(view) = StrArray::view(bytes) else { return };
        let mut strings = view.to_heap();
        match strings.try_compress_offsets_in(Global) {
            Ok(()) => assert!(strings.has_compressed_offsets() || strings.is_empty()),
            Err(error) => {
                assert_eq!(error, BuildError::Damaged);
                assert!(!strings.has_compressed_offsets());
                refused += 1;
            }
        }
        assert!(strings.iter().eq(&view), "answers changed with bit {bit}");
        strings.compress_offsets();
        strings.push("one more");
        assert_eq!(strings.len(), view.len() + 1);
    });
    assert!(refused > 40, "{refused} refused: too few to prove much");
}
