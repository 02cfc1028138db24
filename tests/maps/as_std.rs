//! Programs that std's map and set take, which are to compile and run with ours: each is here
//! because it once did not.

use lessram::maps::{
    Entry, IntoIter, IntoKeys, IntoValues, Iter, IterMut, Keys, Map, OccupiedEntry, OrderedSet,
    Set, SetDrain, SetExtractIf, SetIntoIter, SetIter, VacantEntry, Values, ValuesMut,
};
use std::cell::RefCell;
use std::fmt::Debug;
use std::hash::RandomState;
use std::iter::FusedIterator;
use std::rc::Rc;

#[test]
fn what_is_borrowed_goes_with_the_map() {
    let mut counts = Map::new();
    let text = String::from("to be or not to be");
    for word in text.split(' ') {
        *counts.entry(word).or_insert(0) += 1;
    }
    assert_eq!((counts["be"], counts.len()), (2, 4));

    let mut seen = Set::new();
    let key = 5;
    assert!(seen.insert(&key));

    struct Node<'n> {
        next: RefCell<Map<u8, &'n Node<'n>>>,
    }
    let node = || Node { next: RefCell::default() };
    let (first, second) = (node(), node());
    first.next.borrow_mut().insert(1, &second);
    second.next.borrow_mut().insert(1, &first);
    assert!(first.next.borrow()[&1].next.borrow().contains_key(&1));
}

#[test]
fn what_is_owned_is_dropped_once() {
    let value = Rc::new(());
    let mut map = Map::new();
    for n in [1, 3, 40, 9_000] {
        map.extend((0..n).map(|i| (i, Rc::clone(&value))));
        let (taken, emptied) = (map.clone(), map.clone().into_iter());
        assert_eq!(Rc::strong_count(&value), 1 + 3 * n);
        drop((taken, emptied));
        assert_eq!(Rc::strong_count(&value), 1 + n);
    }
    drop(map);
    assert_eq!(Rc::strong_count(&value), 1);
}

#[test]
fn hashers_are_all_that_a_constructor_is_told() {
    let mut map = Map::with_hasher(RandomState::new());
    map.insert(1, 2);
    let mut set = Set::with_capacity_and_hasher(3, RandomState::new());
    set.insert("a");
    assert_eq!((map.len(), set.len()), (1, 1));
}

// No bounds that std does not ask for.
fn room<K, V, S>(hasher: S) -> (Map<K, V, S>, Map<K, V>) {
    (Map::with_capacity_and_hasher(30, hasher), Map::with_capacity(30))
}
fn key<'e, K, V>(entry: &'e Entry<'_, K, V>) -> &'e K {
    entry.key()
}
fn both<'e, K, V>(entry: &'e OccupiedEntry<'_, K, V>) -> (&'e K, &'e V) {
    (entry.key(), entry.get())
}
fn own<K, V>(entry: VacantEntry<'_, K, V>) -> K {
    entry.into_key()
}
struct Silent;

#[test]
fn generic_code_asks_for_no_more() {
    let (map, _) = room::<Silent, Silent, Silent>(Silent);
    assert!(map.capacity() >= 30);
    let mut map = Map::from([(1, 'a')]);
    assert_eq!(key(&map.entry(1)), &1);
    match (map.entry(1), Map::<u8, u8>::new().entry(2)) {
        (Entry::Occupied(entry), Entry::Vacant(vacant)) => {
            assert_eq!((both(&entry), own(vacant)), ((&1, &'a'), 2));
        }
        _ => panic!("1 is there, and 2 is not"),
    }
    fn prints<T: Debug>(shown: T) -> String {
        format!("{shown:?}")
    }
    let silent = || Map::from([(1, ())]).into_iter().map(|(key, ())| (key, Silent));
    let mut map: Map<u8, Silent> = silent().collect();
    assert_eq!((prints(map.keys()), prints(map.into_keys())), ("[1]".into(), "[1]".into()));
    map = silent().collect();
    assert_eq!(map.drain().count(), 1);
    map.entry(1).and_modify(|_| panic!("1 is gone"));
}

#[test]
fn functions_are_named_as_types() {
    fn small(key: &u8, _: &mut u8) -> bool {
        *key < 3
    }
    let mut map: Map<u8, u8> = (0..9).map(|i| (i, i)).collect();
    map.retain::<fn(&u8, &mut u8) -> bool>(small);
    fn nine() -> u8 {
        9
    }
    assert_eq!(*map.entry(7).or_insert_with::<fn() -> u8>(nine), 9);
    assert_eq!(map.len(), 4);
}

#[test]
fn iterators_have_a_default_and_a_name() {
    fn is_empty<I: Default + Iterator>() -> bool {
        I::default().next().is_none()
    }
    assert!(is_empty::<Iter<'_, u8, u8>>() && is_empty::<IterMut<'_, u8, u8>>());
    assert!(is_empty::<Keys<'_, u8, u8>>() && is_empty::<Values<'_, u8, u8>>());
    assert!(is_empty::<ValuesMut<'_, u8, u8>>() && is_empty::<IntoIter<u8, u8>>());
    assert!(is_empty::<IntoKeys<u8, u8>>() && is_empty::<IntoValues<u8, u8>>());
    assert!(is_empty::<SetIter<'_, u8>>() && is_empty::<SetIntoIter<u8>>());

    fn fused<I: FusedIterator + Debug>(items: I) -> usize {
        items.count()
    }
    let mut set: Set<u8> = (0..100).collect();
    let odd: SetExtractIf<'_, u8, fn(&u8) -> bool> = set.extract_if(|key| key % 2 == 1);
    assert_eq!(fused(odd), 50);
    let rest: SetDrain<'_, u8> = set.drain();
    assert_eq!((rest.len(), fused(rest)), (50, 50));
    set.drain();
    assert!(set.is_empty());
    let mut map = Map::from([(1, 1), (2, 2)]);
    assert_eq!(fused(map.extract_if(|key, _| *key == 1)), 1);
}

#[test]
fn a_replaced_key_is_the_stored_one() {
    #[derive(Clone, Debug)]
    struct Named(u8, &'static str);
    impl PartialEq for Named {
        fn eq(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }
    impl Eq for Named {}
    impl std::hash::Hash for Named {
        fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
            self.0.hash(hasher);
        }
    }
    let mut set: Set<Named> = (0..50).map(|i| Named(i, "old")).collect();
    set.reserve(1);
    let order: Vec<u8> = set.iter().map(|key| key.0).collect();
    assert_eq!(set.replace(Named(7, "new")).unwrap().1, "old");
    assert!(set.replace(Named(50, "new")).is_none());
    assert_eq!((set.get(&Named(7, "")).unwrap().1, set.len()), ("new", 51));
    set.remove(&Named(50, ""));
    assert!(set.iter().map(|key| key.0).eq(order), "a replaced key stays where it was");
}

#[test]
fn keys_of_an_ordered_set_are_replaced_and_moved_in_place() {
    let mut set: OrderedSet<String> = ["a", "b", "c"].map(String::from).into();
    let address = |set: &OrderedSet<String>| set.get_index(1).map(|key| key.as_ptr());
    let before = address(&set);
    assert_eq!(set.replace("b".into()).as_deref(), Some("b"));
    assert!(before != address(&set) && set.replace("d".into()).is_none());
    assert!(set.shift_insert(0, "e".into()) && !set.shift_insert(3, "a".into()));
    assert!(set.iter().eq(["e", "b", "c", "a", "d"]), "{set:?}");
    assert!(set.iter().all(|key| set.contains(key)));
}
