//! The recommendation at the end of `compare`, by a rule that it states.

use crate::rate::one_in;
use crate::report::{Row, Table};
use crate::text::wrap;
use serde::Serialize;

/// What to take, among the structures that are asked for the same thing.
#[derive(Debug, Serialize)]
pub(crate) struct Advice {
    /// What they are asked for: `"look-up"`, `"index"`, or `"filter"` for what is not exact.
    pub(crate) access: &'static str,
    /// Fewest heap bytes; of those within 1 %, the fastest.
    pub(crate) smallest: &'static str,
    /// Least time.
    pub(crate) fastest: &'static str,
    /// Least product of both.
    pub(crate) best: &'static str,
}

/// One piece of advice for the rows that look keys up, one for those that only go by index, one for
/// those that are not exact: they take the place of none of the others.
pub(crate) fn advise(rows: &[Row]) -> Vec<Advice> {
    ["look-up", "index", "filter"].into_iter().filter_map(|access| advice(access, rows)).collect()
}

/// What a row is asked for.
fn access(row: &Row) -> &'static str {
    match (row.exact, row.hit_ns.is_some()) {
        (false, _) => "filter",
        (true, true) => "look-up",
        (true, false) => "index",
    }
}

fn advice(asked: &'static str, rows: &[Row]) -> Option<Advice> {
    let rows = || {
        let of_group = rows.iter().filter(move |row| access(row) == asked);
        of_group.filter_map(|row| Some((row.structure, row.cost()?)))
    };
    let product = |cost: (u64, f64)| cost.0 as f64 * cost.1;
    let by_time = |a: &(_, (u64, f64)), b: &(_, (u64, f64))| a.1.1.total_cmp(&b.1.1);
    let least = rows().map(|row| row.1.0).min()?;
    // Nobody picks a slower structure for the sake of one byte in a hundred.
    let as_small = rows().filter(|row| row.1.0 <= least + least / 100);
    Some(Advice {
        access: asked,
        smallest: as_small.min_by(by_time)?.0,
        fastest: rows().min_by(by_time)?.0,
        best: rows().min_by(|a, b| product(a.1).total_cmp(&product(b.1)))?.0,
    })
}

/// What the best of both is.
pub(crate) const RULE: &str = "least bytes x time";

impl Advice {
    /// The sentence.
    pub(crate) fn sentence(&self, table: &Table) -> String {
        let told = |name: &str| {
            let row = table.rows.iter().find(|row| row.structure == name);
            let (bytes, ns) = row.and_then(Row::cost).unwrap_or((0, 0.0));
            format!("{name} ({:.2} B/item, {ns:.1} ns)", bytes as f64 / table.items as f64)
        };
        let take = match self.access {
            "filter" => format!(
                "If a false alarm in {} is fine, and nobody needs the keys back: take",
                one_in(table.fpr_promised).trim_start_matches("1 in ")
            ),
            _ => "Take".to_owned(),
        };
        let unit = if self.access == "index" { "access by index" } else { "hit" };
        let Self { smallest, fastest, best, .. } = *self;
        let (small, fast) = (told(smallest), told(fastest));
        let both_is = format!("the best of both ({RULE})");
        if smallest == fastest {
            format!("{take} {small}: the fewest bytes and the fastest {unit}.")
        } else if best == smallest {
            format!(
                "{take} {small} for the fewest bytes and {both_is}, {fast} for the fastest {unit}."
            )
        } else if best == fastest {
            format!(
                "{take} {small} for the fewest bytes, {fast} for the fastest {unit} and {both_is}."
            )
        } else {
            let both = told(best);
            format!(
                "{take} {small} for the fewest bytes, {fast} for the fastest {unit}, {both} for \
                 {both_is}."
            )
        }
    }

    /// The lines of Rust that build what the sentence names, the best first.
    pub(crate) fn rust<'t>(&self, table: &'t Table) -> Vec<&'t str> {
        let mut names: Vec<&str> = Vec::new();
        for name in [self.best, self.smallest, self.fastest] {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let row = |name| table.rows.iter().find(|row| row.structure == name);
        names.into_iter().filter_map(row).map(|row| row.rust.as_str()).collect()
    }

    /// Sentence and lines of Rust.
    pub(crate) fn text(&self, table: &Table, width: usize) -> String {
        let mut out = wrap(&self.sentence(table), width);
        for line in self.rust(table) {
            out += &format!("    {line}\n");
        }
        out
    }
}
