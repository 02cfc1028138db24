//! The list of all structures, and what makes a type one of them.
//!
//! One row of [`family!`](crate::family) gives a structure its number in files, its name on the
//! command line, its laws and memory law in the tests, its golden file, its fuzzing and its line in
//! `lessram compare`. To add a structure: write its file, its `mod` line, and its row.

/// What a structure is called in files and on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kind {
    /// Number in the file header: family byte << 8 | number within the family. Never reused.
    pub id: u32,
    /// The type's name in snake_case.
    pub name: &'static str,
}

/// A structure that has a row in the registry.
pub trait Registered {
    /// Its number and name.
    const KIND: Kind;
}

/// Calls a macro with the rows of the registry: `family!(my_macro)` expands to
/// `my_macro! { id name Type shape; ... }`.
///
/// | column | meaning |
/// |---|---|
/// | id | family byte << 8 \| number: 1 arrays, 2 maps, 3 tries, 4 filters, 5 sketches |
/// | name | the type's name in snake_case: command line, golden file, `compare` |
/// | Type | path of the type, generic over where its bytes live |
/// | shape | what it is built from and asked for: `ints` (a sequence of numbers), `static_ints` (one that is built once), `sorted` (an ascending sequence of numbers), `int_sets` (a set of numbers, in order), `strings` (a sequence of byte strings), `bits` (a sequence of bits), `ragged` (rows of numbers), `dicts` (an ordered set of keys, built once), `dict_maps` (such a set, with a number for each key), `filters` (an approximate set of hashes), `static_filters` (such a set, built at once), `key_ids` (a number for each key of a set of hashes, built at once), `key_values` (a value for each key of such a set), `counting_filters` (such a multiset, with removal), `distinct` (keys, counted), `counts` (keys, each counted), `top` (the most frequent keys), `counters` (counts by index), `quantiles` (numbers and their ranks) |
///
/// ```
/// macro_rules! names {
///     ($($id:literal $name:ident $ty:path, $shape:ident;)*) => { [$(stringify!($name)),*] };
/// }
/// assert!(lessram::family!(names).contains(&"packed_ints"));
/// ```
#[macro_export]
macro_rules! family {
    ($($callback:tt)+) => {
        $($callback)+! {
            0x0101 packed_ints $crate::arrays::PackedInts, ints;
            0x0102 str_array   $crate::arrays::StrArray, strings;
            0x0103 block_ints  $crate::arrays::BlockInts, static_ints;
            0x0104 rank_select $crate::arrays::RankSelect, bits;
            0x0105 ranked_bits $crate::arrays::RankedBits, bits;
            0x0106 bit_vec     $crate::arrays::BitVec, bits;
            0x0107 elias_fano  $crate::arrays::EliasFano, sorted;
            0x0108 ragged      $crate::arrays::RaggedU64, ragged;
            0x0109 sliced_set  $crate::arrays::SlicedSet, int_sets;
            0x0201 resolver    $crate::maps::Resolver, strings;

            0x0202 mphf        $crate::maps::Mphf, key_ids;
            0x0203 static_map  $crate::maps::StaticMap, key_values;
            0x0204 static_set  $crate::maps::StaticSet, key_ids;
            0x0301 rear_dict   $crate::tries::RearDict, dicts;
            0x0302 front_dict  $crate::tries::FrontDict, dicts;
            0x0303 dawg        $crate::tries::Dawg, dicts;
            0x0304 rear_map    $crate::tries::RearMapU64, dict_maps;
            0x0305 front_map   $crate::tries::FrontMapU64, dict_maps;
            0x0306 dawg_map    $crate::tries::DawgMapU64, dict_maps;
            0x0401 bloom       $crate::filters::Bloom, filters;
            0x0402 blocked_bloom $crate::filters::BlockedBloom, filters;
            0x0403 sbbf        $crate::filters::Sbbf, filters;
            0x0404 timing_bloom $crate::filters::TimingBloom, filters;
            0x0405 scalable_bloom $crate::filters::ScalableBloom, filters;
            0x0406 fuse        $crate::filters::Fuse, static_filters;
            0x0407 ribbon      $crate::filters::Ribbon, static_filters;
            0x0408 quotient    $crate::filters::Quotient, counting_filters;
            0x0409 scalable_quotient $crate::filters::ScalableQuotient, filters;
            0x0501 hyper_log_log $crate::sketches::HyperLogLog, distinct;
            0x0502 exa_log_log $crate::sketches::ExaLogLog, distinct;
            0x0503 theta       $crate::sketches::Theta, distinct;
            0x0504 hyper_min_hash $crate::sketches::HyperMinHash, distinct;
            0x0505 count_min   $crate::sketches::CountMin, counts;
            0x0506 top_k       $crate::sketches::TopK, top;
            0x0507 morris_array $crate::sketches::MorrisArray, counters;
            0x0508 kll         $crate::sketches::KllF64, quantiles;
            0x0509 dd_sketch   $crate::sketches::DdSketch, quantiles;
            0x050a kll_f32     $crate::sketches::KllF32, quantiles;
        }
    };
}

/// Implements [`Registered`] for each row, lists the kinds, and refuses a number or a name that
/// occurs twice.
macro_rules! register {
    ($($id:literal $name:ident $ty:path, $shape:ident;)*) => {
        $(register!(@impl $id $name $ty, $shape);)*

        /// All kinds, in the order of the registry.
        pub const KINDS: &[Kind] = &[$(Kind { id: $id, name: stringify!($name) }),*];
    };
    (@impl $id:literal $name:ident $ty:path, $shape:ident) => {
        const _: () = {
            use $ty as Type;
            impl<W: crate::storage::Words> Registered for Type<W> {
                const KIND: Kind = Kind { id: $id, name: stringify!($name) };
            }
        };
    };
}

crate::family!(register);

const _: () = {
    /// `a == b`, in a constant.
    const fn same(a: &str, b: &str) -> bool {
        let (a, b) = (a.as_bytes(), b.as_bytes());
        if a.len() != b.len() {
            return false;
        }
        let mut i = 0;
        while i < a.len() {
            if a[i] != b[i] {
                return false;
            }
            i += 1;
        }
        true
    }

    let mut i = 0;
    while i < KINDS.len() {
        let mut j = 0;
        while j < i {
            assert!(KINDS[i].id != KINDS[j].id, "two rows have the same id");
            assert!(!same(KINDS[i].name, KINDS[j].name), "two rows have the same name");
            j += 1;
        }
        i += 1;
    }
};

/// The kind with this number, if this build knows it. O(number of kinds).
#[must_use]
pub fn kind_of(id: u32) -> Option<Kind> {
    KINDS.iter().copied().find(|kind| kind.id == id)
}
