//! The recommendation at the end of `compare`, by a rule that it states.

use crate::report::{Row, Table, wrap};
use serde::Serialize;
use std::fmt::Write;

/// What to take, among the structures that are asked for the same thing.
#[derive(Debug, Serialize)]
pub(crate) struct Advice {
    /// What they are asked for: `"look-up"` or `"index"`.
    access: &'static str,
    /// Fewest heap bytes; of those within 1 %, the fastest.
    smallest: &'static str,
    /// Least time.
    fastest: &'static str,
    /// Least product of both.
    best: &'static str,
}

/// One piece of advice for the rows that look keys up, one for those that only go by index.
pub(crate) fn advise(rows: &[Row]) -> Vec<Advice> {
    let groups = [("look-up", true), ("index", false)];
    groups
        .into_iter()
        .filter_map(|(access, by_key)| {
            let rows = || {
                let of_group = rows.iter().filter(move |row| row.hit_ns.is_some() == by_key);
                of_group.filter_map(|row| Some((row.structure, row.cost()?)))
            };
            let product = |cost: (u64, f64)| cost.0 as f64 * cost.1;
            let by_time = |a: &(_, (u64, f64)), b: &(_, (u64, f64))| a.1.1.total_cmp(&b.1.1);
            let least = rows().map(|row| row.1.0).min()?;
            // Nobody picks a slower structure for the sake of one byte in a hundred.
            let as_small = rows().filter(|row| row.1.0 <= least + least / 100);
            Some(Advice {
                access,
                smallest: as_small.min_by(by_time)?.0,
                fastest: rows().min_by(by_time)?.0,
                best: rows().min_by(|a, b| product(a.1).total_cmp(&product(b.1)))?.0,
            })
        })
        .collect()
}

impl Advice {
    /// The sentence, and the lines of Rust.
    pub(crate) fn text(&self, table: &Table, width: usize) -> String {
        let told = |name: &str| {
            let row = table.rows.iter().find(|row| row.structure == name);
            let (bytes, ns) = row.and_then(Row::cost).unwrap_or((0, 0.0));
            format!("{name} ({:.2} B/item, {ns:.1} ns)", bytes as f64 / table.items as f64)
        };
        let unit = if self.access == "index" { "access by index" } else { "hit" };
        let Self { smallest, fastest, best, .. } = *self;
        let (small, fast) = (told(smallest), told(fastest));
        const RULE: &str = "the best of both (least bytes x time)";
        let sentence = if smallest == fastest {
            format!("Take {small}: the fewest bytes and the fastest {unit}.")
        } else if best == smallest {
            format!("Take {small} for the fewest bytes and {RULE}, {fast} for the fastest {unit}.")
        } else if best == fastest {
            format!("Take {small} for the fewest bytes, {fast} for the fastest {unit} and {RULE}.")
        } else {
            let both = told(best);
            format!(
                "Take {small} for the fewest bytes, {fast} for the fastest {unit}, {both} for \
                 {RULE}."
            )
        };
        let mut out = wrap(&sentence, width);
        let mut named: Vec<&str> = Vec::new();
        for name in [best, smallest, fastest] {
            let row = table.rows.iter().find(|row| row.structure == name);
            if let Some(row) = row.filter(|_| !named.contains(&name)) {
                let _ = writeln!(out, "    {}", row.rust);
                named.push(name);
            }
        }
        out
    }
}
