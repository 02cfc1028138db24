use super::*;
use crate::error::BuildError;
use crate::mem::{Counter, Global, Tracked};
use std::vec::Vec;

/// Rows of many lengths, some of them empty.
fn samples() -> Vec<Vec<u64>> {
    (0..3_000_u64).map(|i| (0..i * i % 23).map(|j| i << 20 | j).collect()).collect()
}

/// They survive being built and saved with items of type `T`.
fn round_trip<T: Plain>(item: impl Fn(u64) -> T)
where
    Ragged<T>: Registered,
    for<'a> Ragged<T, &'a [crate::storage::Le64]>: Registered,
{
    let cut = |row: &Vec<u64>| -> Vec<T> { row.iter().map(|x| item(*x)).collect() };
    let rows: Vec<Vec<T>> = samples().iter().map(cut).collect();
    let ragged: Ragged<T> = rows.iter().collect();
    let file = crate::storage::to_bytes(&ragged).unwrap();
    let view: Ragged<T, &[_]> = crate::storage::view(file.as_bytes()).unwrap();
    view.validate().unwrap();
    assert!(view == ragged && view.to_heap() == ragged);
    assert!(view.iter().zip(&rows).all(|(row, right)| row == right[..]));
    assert_eq!(view.flat().to_vec(), rows.concat());
    // The same bytes are no rows of another type.
    let other = match T::BYTES {
        4 => crate::storage::view::<Ragged<i64, &[_]>>(file.as_bytes()).err(),
        _ => crate::storage::view::<Ragged<f32, &[_]>>(file.as_bytes()).err(),
    };
    assert!(matches!(other, Some(FileError::Corrupt { .. })));
}

#[test]
fn items_of_every_type_come_back() {
    round_trip(|x| x as u8);
    round_trip(|x| x as u16);
    round_trip(|x| x as u32);
    round_trip(|x| x);
    round_trip(|x| x as i8);
    round_trip(|x| x as i16);
    round_trip(|x| x as i32);
    round_trip(|x| x as i64);
    round_trip(|x| x as f32 / 7.0);
    round_trip(|x| x as f64 / 7.0);
}

#[test]
fn types_of_one_size_are_told_apart() {
    let ragged: Ragged<u32> = [[1, 2], [3, 4]].iter().collect();
    let file = ragged.to_bytes().unwrap();
    assert!(Ragged::<u32, _>::view(file.as_bytes()).is_ok());
    let floats = Ragged::<f32, _>::view(file.as_bytes()).err();
    assert!(matches!(floats, Some(FileError::Corrupt { section: ITEMS, .. })));
}

#[test]
fn rows_are_those_that_were_pushed() {
    let rows = samples();
    let ragged: Ragged = rows.iter().collect();
    assert_eq!((ragged.len(), ragged.item_count()), (rows.len(), rows.concat().len()));
    for (i, right) in rows.iter().enumerate() {
        let row = ragged.get(i).unwrap();
        assert_eq!((row.to_vec(), ragged.row_len(i)), (right.clone(), Some(right.len())));
        assert_eq!((row.first(), row.last()), (right.first().copied(), right.last().copied()));
        assert_eq!((row.get(right.len()), row.get(usize::MAX)), (None, None));
        let mut out = [7; 24];
        assert_eq!(row.copy_to(&mut out), right.len());
        assert!(row == out[..right.len()] && row.iter().rev().eq(right.iter().rev().copied()));
    }
    assert_eq!((ragged.get(rows.len()), ragged.get(usize::MAX)), (None, None));
    let right = |i: usize| rows.get(i).map(Vec::as_slice);
    let mut iter = ragged.iter();
    assert!(iter.nth(5).is_some_and(|row| row == *right(5).unwrap()));
    assert!(iter.next().is_some_and(|row| row == *right(6).unwrap()));
    assert!(iter.next_back().is_some_and(|row| row == *right(2_999).unwrap()));
    assert_eq!((iter.len(), iter.clone().count()), (2_992, 2_992));
    assert!(iter.zip(&rows[7..]).all(|(row, right)| row == right[..]));
    assert_eq!(std::format!("{:?}", [[1_u8, 2]].iter().collect::<Ragged<u8>>()), "[[1, 2]]");
    assert!(Ragged::<i16>::default().is_empty());
}

#[test]
fn a_builder_takes_what_was_announced_and_no_more() {
    let mut builder = Ragged::<u16>::builder(2, 3).unwrap();
    let too_many = |len, max| Err(BuildError::TooMany { len, max });
    assert_eq!(builder.push(&[1, 2, 3, 4]), too_many(4, 3));
    assert_eq!(builder.push(&[1, 2]), Ok(()));
    assert_eq!(builder.push(&[3, 4]), too_many(4, 3));
    assert_eq!(builder.push(&[3]), Ok(()));
    assert_eq!(builder.push(&[]), too_many(3, 2));
    assert_eq!(builder.finish().unwrap(), [&[1, 2][..], &[3]].iter().collect());
    let mut builder = Ragged::<u16>::builder(2, 3).unwrap();
    builder.push(&[1, 2, 3]).unwrap();
    let missing = builder.finish().err();
    assert_eq!(missing, Some(BuildError::OutOfRange { name: "rows", value: 1, min: 2, max: 2 }));
    let empty = Ragged::<u16>::builder(1, 0).unwrap();
    assert!(empty.finish().is_err());
    assert!(Ragged::<u16>::builder(0, 0).unwrap().finish().unwrap().is_empty());
    assert!(Ragged::<u64>::builder(1, usize::MAX).is_err());
}

#[test]
fn rows_of_nine_take_72_66_bytes_and_building_no_more() {
    let counter = Counter::new();
    let alloc = Tracked::new(&counter, Global);
    let mut builder = RaggedBuilder::<u64, _>::new_in(100_000, 900_000, alloc).unwrap();
    (0..100_000).for_each(|i| builder.push(&[i; 9]).unwrap());
    let rows = builder.finish().unwrap();
    let bytes = rows.heap_bytes();
    assert_eq!((bytes, counter.live()), (7_266_432, 7_266_432));
    assert!(counter.peak() as f64 <= bytes as f64 * 1.02, "{} of {bytes}", counter.peak());
}
