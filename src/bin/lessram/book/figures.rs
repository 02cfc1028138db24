//! The figures of the book, as its three editions and the authors' own result files print them, and
//! which structures of today stand beside each row.

use serde::Serialize;

/// A row of the table of containers.
#[derive(Debug, Serialize)]
pub(super) struct Container {
    pub(super) name: &'static str,
    pub(super) editions: &'static [Figures],
    /// The nearest of the standard library, or of another crate.
    pub(super) peer: Option<&'static str>,
    pub(super) ours: &'static str,
}

/// What an edition says of a container.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    year: u32,
    /// Whether it was built, or loaded from a file.
    state: &'static str,
    /// Megabytes by which the process grew.
    mib: f64,
    /// The same a token, where the number of tokens is given.
    bytes_per_token: Option<f64>,
    build_s: Option<f64>,
    lookup_us: f64,
}

const fn figures(
    year: u32,
    state: &'static str,
    mib: f64,
    bytes_per_token: Option<f64>,
    build_s: Option<f64>,
    lookup_us: f64,
) -> Figures {
    Figures { year, state, mib, bytes_per_token, build_s, lookup_us }
}

impl Container {
    /// The structures that are measured for it.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.peer.into_iter().chain([self.ours])
    }

    /// Bytes a token, of each edition that says them.
    pub(super) fn bytes(&self) -> String {
        let mark = |figures: &Figures| match figures.state {
            "built" => "(b)",
            "loaded" => "(f)",
            _ => "",
        };
        let known = self.editions.iter();
        let known = known.filter_map(|one| Some(format!("{}{}", one.bytes_per_token?, mark(one))));
        let known: Vec<String> = known.collect();
        if known.is_empty() { "-".to_owned() } else { known.join(" ") }
    }

    /// Microseconds of a look-up, of each edition.
    pub(super) fn times(&self) -> String {
        let times: Vec<String> =
            self.editions.iter().map(|one| one.lookup_us.to_string()).collect();
        times.join(" ")
    }
}

/// Growth of the process over 8,545,076 tokens in 2014, 11,595,290 in 2020 and about as many in
/// 2025; the row of datrie over 499,048 words, as it failed with more.
pub(super) const CONTAINERS: &[Container] = &[
    Container {
        name: "list + bisect",
        editions: &[
            figures(2014, "", 932.0, Some(113.0), Some(47.9), 2.01),
            figures(2020, "", 872.0, Some(75.5), Some(21.2), 1.09),
            figures(2025, "", 840.0, None, Some(12.4), 0.67),
        ],
        peer: Some("std_vec"),
        ours: "str_array",
    },
    Container {
        name: "set",
        editions: &[
            figures(2014, "", 1123.0, Some(137.0), Some(31.6), 0.33),
            figures(2020, "", 1295.0, Some(114.0), Some(24.0), 0.23),
            figures(2025, "", 1251.0, None, Some(17.7), 0.11),
        ],
        peer: Some("std_hash_set"),
        ours: "str_set",
    },
    Container {
        name: "dict",
        editions: &[figures(2025, "", 1580.0, None, Some(21.0), 0.10)],
        peer: Some("indexmap"),
        ours: "interner",
    },
    Container {
        name: "DAWG",
        editions: &[
            figures(2014, "built", 969.0, Some(118.0), Some(63.1), 0.49),
            figures(2020, "built", 201.0, Some(14.7), Some(31.6), 0.51),
            figures(2020, "loaded", 70.6, Some(6.4), None, 0.44),
        ],
        peer: Some("fst_set"),
        ours: "dawg",
    },
    Container {
        name: "Marisa trie",
        editions: &[
            figures(2014, "built", 305.0, Some(36.0), Some(55.3), 1.01),
            figures(2020, "loaded", 38.2, Some(3.45), Some(35.1), 0.92),
            figures(2025, "loaded", 39.0, None, Some(25.0), 0.55),
        ],
        peer: None,
        ours: "rear_dict",
    },
    Container {
        name: "HAT trie",
        editions: &[figures(2014, "", 254.0, Some(30.0), Some(44.7), 0.51)],
        peer: Some("hashbrown_box_str"),
        ours: "dyn_trie",
    },
    Container {
        name: "datrie",
        editions: &[figures(2014, "", 31.0, Some(66.0), Some(53.5), 0.55)],
        peer: Some("std_btree_set"),
        ours: "dyn_trie",
    },
];

/// A row of the table of counts.
#[derive(Debug, Serialize)]
pub(super) struct Count {
    pub(super) name: &'static str,
    pub(super) estimate: u64,
    pub(super) error_percent: f64,
    /// Its seconds over its tokens.
    pub(super) add_ns: f64,
    pub(super) size: &'static str,
    pub(super) ours: &'static str,
    /// Whether it counts all tokens, and not the distinct ones.
    pub(super) of_all: bool,
}

const fn count(
    name: &'static str,
    estimate: u64,
    error_percent: f64,
    add_ns: f64,
    size: &'static str,
    ours: &'static str,
) -> Count {
    Count { name, estimate, error_percent, add_ns, size, ours, of_all: false }
}

/// Of 1,148,708,949 tokens, 4,956,262 of them distinct. The errors of LogLog and SuperLogLog are
/// those of a constant that belongs to HyperLogLog; the second was left out of the printed table.
pub(super) const COUNTS: &[Count] = &[
    Count {
        of_all: true,
        ..count("Morris counter", 1_073_741_824, -6.52, 654.0, "5 bits", "morris_16")
    },
    count("LogLog, one register", 1_048_576, -78.84, 1471.0, "5 bits", "exa_log_log_14"),
    count("LogLog, p = 16", 4_522_232, -8.76, 1839.0, "40 KB", "exa_log_log_14"),
    count("SuperLogLog, p = 16", 1_628_946, -67.13, 2103.0, "40 KB", "exa_log_log_14"),
    count("HyperLogLog, p = 16", 4_983_171, 0.54, 2531.0, "40 KB", "hyper_log_log_16"),
    count("K-minimum values, k = 65536", 4_912_818, -0.88, 3050.0, "256 KB", "theta_16"),
    count("scaling Bloom, 0.5 %", 4_949_358, -0.14, 9047.0, "11,509 KB", "quotient_count"),
    count("datrie, exact", 4_505_514, 0.0, 12727.0, "114,068 KB", "dyn_trie_count"),
];
