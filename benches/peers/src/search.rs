//! Lower bounds in a sorted slice, half of the queries hits: ns per query, one after the other,
//! each waiting for the answer before it, and many at once.

use crate::race::{Contender, Random, contender, race, weigh};
use lessram::arrays::{RadixTable, STree, SearchKey, SortedSearch};
use ordsearch::OrderedCollection;
use pgm_index::PGMIndex;
use std::collections::BTreeSet;
use std::error::Error;

const N: usize = 1_000_000;
const QUERIES: usize = 200_000;

/// Runs all.
pub fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    let rounds = rounds.min(31);
    let mut random = Random(1);
    let mut items: Vec<u64> = (0..N).map(|_| random.number()).collect();
    items.sort_unstable();
    let queries: Vec<u64> = (0..QUERIES)
        .map(|i| if i % 2 == 0 { items[random.below(N)] } else { random.number() })
        .collect();
    wide(&items, &queries, rounds)?;
    let small = |numbers: &[u64]| numbers.iter().map(|x| (x >> 32) as u32).collect::<Vec<_>>();
    ours("u32", &small(&items), &small(&queries), rounds)
}

/// Those of ours and `slice::binary_search`, each with its own copy of the slice.
fn ours<K: SearchKey>(
    kind: &str,
    items: &[K],
    queries: &[K],
    rounds: usize,
) -> Result<(), Box<dyn Error>> {
    let copies = [(); 4].map(|()| items.to_vec());
    let (tree_bytes, tree) = weigh(|| STree::new(&copies[0]));
    let (table_bytes, table) = weigh(|| RadixTable::new(&copies[1]));
    let search = SortedSearch::new(&copies[2]);
    let slice = &copies[3][..];
    let std = |x: &K| slice.binary_search(x).unwrap_or_else(|at| at);
    let contenders = [
        contender("binary", 0, || sum(queries, |x| search.lower_bound(x))),
        contender("s_tree", tree_bytes, || sum(queries, |x| tree.lower_bound(*x))),
        contender("radix_table", table_bytes, || sum(queries, |x| table.lower_bound(*x))),
        contender("binary, many", 0, || many(queries, |q, out| search.lower_bound_many(q, out))),
        contender("s_tree, many", tree_bytes, || {
            many(queries, |q, out| tree.lower_bound_many(q, out))
        }),
        contender("radix_table, many", table_bytes, || {
            many(queries, |q, out| table.lower_bound_many(q, out))
        }),
        contender("slice::binary_search", 0, || sum(queries, std)),
    ];
    race("search", &format!("{kind}, n {N}"), rounds, queries.len(), false, &contenders)
}

/// All of them, and each query waiting for the answer before it.
fn wide(items: &[u64], queries: &[u64], rounds: usize) -> Result<(), Box<dyn Error>> {
    ours("u64", items, queries, rounds)?;
    let copies = [(); 4].map(|()| items.to_vec());
    let (tree, table) = (STree::new(&copies[0]), RadixTable::new(&copies[1]));
    let (search, slice) = (SortedSearch::new(&copies[2]), &copies[3][..]);
    let (ordered_bytes, ordered) = weigh(|| OrderedCollection::from_sorted_iter(items.to_vec()));
    let (pgm_bytes, pgm) = weigh(|| PGMIndex::new(items.to_vec(), 16));
    let (set_bytes, set) = weigh(|| items.iter().copied().collect::<BTreeSet<u64>>());
    let chained = |find: &dyn Fn(u64) -> usize| {
        let mut last = 0;
        for x in queries {
            last = find(x ^ (last as u64 & 1));
        }
        last as u64
    };
    let contenders: [Contender<'_>; 4] = [
        contender("binary", 0, || chained(&|x| search.lower_bound(&x))),
        contender("s_tree", 0, || chained(&|x| tree.lower_bound(x))),
        contender("radix_table", 0, || chained(&|x| table.lower_bound(x))),
        contender("slice::binary_search", 0, || {
            chained(&|x| slice.binary_search(&x).unwrap_or_else(|at| at))
        }),
    ];
    race("search", "u64, each waits", rounds, queries.len(), false, &contenders)?;
    let value = |found: Option<&u64>| found.copied().unwrap_or(0);
    let total =
        |find: &dyn Fn(u64) -> u64| queries.iter().fold(0_u64, |sum, x| sum.wrapping_add(find(*x)));
    let contenders = [
        contender("s_tree", 0, || total(&|x| value(items.get(tree.lower_bound(x))))),
        contender("ordsearch", ordered_bytes, || total(&|x| value(ordered.find_gte(x)))),
        contender("BTreeSet", set_bytes, || total(&|x| value(set.range(x..).next()))),
    ];
    race("search", "u64, the next item", rounds, queries.len(), true, &contenders)?;
    // Every second one is not there.
    let mixed: Vec<u64> = (0..).zip(queries).map(|(i, x)| x ^ (i & 1)).collect();
    let found = |find: &dyn Fn(u64) -> bool| mixed.iter().filter(|x| find(**x)).count() as u64;
    let (ours, theirs) = (found(&|x| tree.contains(x)), found(&|x| set.contains(&x)));
    assert_eq!((ours, found(&|x| table.contains(x))), (theirs, theirs));
    let contenders = [
        contender("s_tree", 0, || found(&|x| tree.contains(x))),
        contender("radix_table", 0, || found(&|x| table.contains(x))),
        contender("pgm_index", pgm_bytes, || found(&|x| pgm.get(x).is_some())),
        contender("BTreeSet", set_bytes, || found(&|x| set.contains(&x))),
    ];
    // They do not agree: of numbers that are all there, `PGMIndex::get` finds about half.
    race("search", "u64, contains", rounds, queries.len(), false, &contenders)
}

fn sum<K>(queries: &[K], find: impl Fn(&K) -> usize) -> u64 {
    queries.iter().fold(0, |sum, x| sum + find(x) as u64)
}

fn many<K>(queries: &[K], find: impl Fn(&[K], &mut [usize])) -> u64 {
    let mut out = vec![0; queries.len()];
    find(queries, &mut out);
    out.iter().fold(0, |sum, at| sum + *at as u64)
}
