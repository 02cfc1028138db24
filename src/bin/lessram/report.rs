//! The result of `compare`: one [`Table`], from which text, page, JSON and TSV are
//! written alike.

use crate::contender::Contender;
use crate::dataset::Plan;
use crate::error::Outcome;
use crate::heap::{Moment, Requests};
use crate::input::group;
use crate::measure::{Alarms, PartsSeen, Run};
use crate::rate::one_in;
use crate::recommend::{Advice, advise};
use serde::Serialize;

/// All figures, rounded as they are shown. Fields of the JSON may be added, none renamed.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    schema: u32,
    pub(crate) version: &'static str,
    /// Processor and system that it was measured on.
    pub(crate) machine: String,
    pub(crate) dataset: String,
    pub(crate) kind: &'static str,
    pub(crate) items: u64,
    pub(crate) distinct: u64,
    pub(crate) lines: u64,
    /// Lines of the whole, if these are a sample of them.
    pub(crate) sampled_from: Option<u64>,
    pub(crate) payload_bytes: u64,
    pub(crate) limit_bytes: Option<u64>,
    /// The rate of false alarms that was asked of the rows that are not exact.
    pub(crate) fpr_promised: f64,
    pub(crate) seed: u64,
    pub(crate) rows: Vec<Row>,
    pub(crate) recommended: Vec<Advice>,
}

/// One structure's figures; what is not known is null.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) structure: &'static str,
    family: Option<&'static str>,
    pub(crate) peer: bool,
    pub(crate) items: u64,
    /// Lines of the whole, if only a sample of them was measured.
    sampled_from: Option<u64>,
    pub(crate) heap_bytes: Option<u64>,
    pub(crate) file_bytes: Option<u64>,
    pub(crate) peak_bytes: Option<u64>,
    pub(crate) build_ns_per_item: Option<f64>,
    pub(crate) hit_ns: Option<f64>,
    pub(crate) miss_ns: Option<f64>,
    pub(crate) get_ns: Option<f64>,
    /// What lies between the quartiles of the passes of hits, or else of gets, over their median.
    pub(crate) spread: Option<f64>,
    /// Whether it holds what it was given. If not, it is a filter or a count.
    pub(crate) exact: bool,
    pub(crate) note: String,
    blocks: Option<u64>,
    pub(crate) parts: Option<PartsSeen>,
    /// Of the absent keys, the share that it took for present, if it is a filter.
    pub(crate) fpr: Option<f64>,
    /// How many distinct items it counted, if that is all it does.
    pub(crate) estimate: Option<f64>,
    /// Bytes that no structure that does the same can go below, where that is known.
    pub(crate) limit_bytes: Option<u64>,
    /// Nothing of the table that is asked for the same is both smaller and faster.
    pub(crate) front: bool,
    pub(crate) processes: usize,
    pub(crate) hit_ns_passes: Vec<f64>,
    miss_ns_passes: Vec<f64>,
    pub(crate) get_ns_passes: Vec<f64>,
    /// Live bytes while it was built, whenever 64 KiB had come or gone.
    pub(crate) timeline: Vec<Moment>,
    /// How often it asked for blocks of which size.
    pub(crate) size_histogram: Vec<Requests>,
    /// The line of Rust that builds it.
    pub(crate) rust: String,
}

/// To one digit behind the point, as the table shows it.
fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// What `share` of the values, from 0 to 1, lie below; between two values the mean of both.
fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let place = share * values.len().checked_sub(1)? as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    Some(values[low].midpoint(values[high]))
}

/// The middle value, or the mean of the middle two.
fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5).map(rounded)
}

/// `None` of a single value, of which nothing is known.
fn spread(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let between = quantile(values, 0.75)? - quantile(values, 0.25)?;
    let middle = median(values).filter(|middle| *middle > 0.0)?;
    Some((between / middle * 100.0).round() / 100.0)
}

impl Alarms {
    /// To four digits: more is chance.
    fn rate(self) -> f64 {
        let rate = self.raised as f64 / self.asked.max(1) as f64;
        let unit = 10_f64.powf(3.0 - rate.max(1e-12).log10().floor());
        (rate * unit).round() / unit
    }
}

/// What a filter did, and what it promised.
fn told(alarms: Alarms, promised: f64) -> String {
    let measured = match alarms.raised {
        0 => format!("none in {}", group(alarms.asked)),
        _ => one_in(alarms.rate()),
    };
    format!("false alarms {measured}, promised {}", one_in(promised))
}

/// What a count said, and how far that is from the truth.
fn told_count(estimate: f64, truth: u64) -> String {
    let error = (estimate / truth.max(1) as f64 - 1.0) * 100.0;
    format!("{} of {}, off by {error:+.2} %", group(estimate.round() as u64), group(truth))
}

impl Row {
    fn new(plan: &Plan, contender: &Contender, run: &Run) -> Self {
        let all = |pick: fn(&crate::measure::TimesSeen) -> &[f64]| -> Vec<f64> {
            run.times.iter().flat_map(pick).map(|ns| rounded(*ns)).collect()
        };
        let (hits, misses, gets) =
            (all(|times| &times.hit), all(|times| &times.miss), all(|times| &times.get));
        let builds: Vec<f64> = run.times.iter().map(|times| times.build).collect();
        let bytes = run.bytes.as_ref();
        let (exact, note) = (contender.entry.exact, contender.entry.note);
        let alarms = bytes.and_then(|bytes| bytes.alarms);
        let estimate = bytes.and_then(|bytes| bytes.estimate);
        Self {
            structure: contender.name,
            family: contender.family,
            peer: contender.family.is_none(),
            items: plan.items,
            sampled_from: plan.sampled_from,
            heap_bytes: bytes.map(|bytes| bytes.heap_bytes),
            file_bytes: bytes.and_then(|bytes| bytes.file_bytes),
            peak_bytes: bytes.map(|bytes| bytes.peak_bytes),
            build_ns_per_item: median(&builds),
            hit_ns: median(&hits),
            miss_ns: median(&misses),
            get_ns: median(&gets),
            spread: spread(if hits.is_empty() { &gets } else { &hits }),
            exact,
            note: match (&run.failure, alarms, estimate) {
                (Some(failure), ..) => format!("not measured: {}", failure.why),
                (None, Some(alarms), _) => format!("{note}: {}", told(alarms, plan.fpr)),
                (None, None, Some(estimate)) => {
                    format!("{note}: {}", told_count(estimate, plan.distinct))
                }
                (None, None, None) => note.to_owned(),
            },
            blocks: bytes.map(|bytes| bytes.blocks),
            parts: bytes.and_then(|bytes| bytes.parts),
            fpr: alarms.map(|alarms| alarms.rate()),
            estimate: estimate.map(rounded),
            limit_bytes: match exact {
                true => plan.limit_bytes(),
                false => alarms.map(|_| plan.filter_limit_bytes()),
            },
            front: false,
            processes: run.times.len(),
            hit_ns_passes: hits,
            miss_ns_passes: misses,
            get_ns_passes: gets,
            timeline: bytes.map_or(Vec::new(), |bytes| bytes.timeline.clone()),
            size_histogram: bytes.map_or(Vec::new(), |bytes| bytes.size_histogram.clone()),
            rust: contender.rust.clone(),
        }
    }

    /// Whether both are asked for the same, so that their figures compare.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        (self.exact, self.hit_ns.is_some()) == (other.exact, other.hit_ns.is_some())
    }

    /// Heap bytes and nanoseconds of what the row is asked for; `None` if one is not known.
    pub(crate) fn cost(&self) -> Option<(u64, f64)> {
        Some((self.heap_bytes?, self.hit_ns.or(self.get_ns)?))
    }
}

impl Table {
    pub(crate) fn new(plan: &Plan, contenders: &[Contender], runs: &[Run]) -> Self {
        let rows = contenders.iter().zip(runs);
        let mut rows: Vec<Row> = rows.map(|(one, run)| Row::new(plan, one, run)).collect();
        rows.sort_by_key(|row| (row.heap_bytes.unwrap_or(u64::MAX), row.structure));
        let fronts: Vec<bool> = rows.iter().map(|row| on_front(row, &rows)).collect();
        for (row, front) in rows.iter_mut().zip(fronts) {
            row.front = front;
        }
        Self {
            schema: 1,
            version: env!("CARGO_PKG_VERSION"),
            machine: format!("{} {}", std::env::consts::ARCH, std::env::consts::OS),
            dataset: plan.dataset.clone(),
            kind: plan.kind.name(),
            items: plan.items,
            distinct: plan.distinct,
            lines: plan.lines,
            sampled_from: plan.sampled_from,
            payload_bytes: plan.payload_bytes,
            limit_bytes: plan.limit_bytes(),
            fpr_promised: plan.fpr,
            seed: plan.seed,
            recommended: advise(&rows),
            rows,
        }
    }

    pub(crate) fn json(&self) -> Outcome<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// One line a structure, all figures as in the JSON; what is not known is empty.
    pub(crate) fn tsv(&self) -> String {
        let mut out = String::from(
            "structure\tfamily\tpeer\titems\theap_bytes\tfile_bytes\tpeak_bytes\t\
             build_ns_per_item\thit_ns\tmiss_ns\tget_ns\tspread\texact\tfpr\testimate\t\
             limit_bytes\tfront\tsampled_from\tnote\n",
        );
        for row in &self.rows {
            let fields = [
                row.structure.to_owned(),
                row.family.unwrap_or("").to_owned(),
                row.peer.to_string(),
                row.items.to_string(),
                known(row.heap_bytes),
                known(row.file_bytes),
                known(row.peak_bytes),
                known(row.build_ns_per_item),
                known(row.hit_ns),
                known(row.miss_ns),
                known(row.get_ns),
                known(row.spread),
                row.exact.to_string(),
                known(row.fpr),
                known(row.estimate),
                known(row.limit_bytes),
                row.front.to_string(),
                known(row.sampled_from),
                row.note.replace(['\t', '\n'], " "),
            ];
            out += &fields.join("\t");
            out.push('\n');
        }
        out
    }
}

/// A cell of a TSV.
pub(crate) fn known(value: Option<impl ToString>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}

/// Whether no row that is asked for the same is both smaller and faster.
fn on_front(row: &Row, rows: &[Row]) -> bool {
    let Some((bytes, ns)) = row.cost() else { return false };
    !rows.iter().filter(|other| other.is_like(row)).any(|other| {
        other.cost().is_some_and(|(b, t)| b <= bytes && t <= ns && (b < bytes || t < ns))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_four_digits() {
        let rate = |raised, asked| Alarms { asked, raised }.rate();
        assert_eq!((rate(0, 10), rate(1, 3), rate(391, 99_991)), (0.0, 0.3333, 0.00391));
        assert_eq!(rate(1, 1_000_000), 1e-6);
        let text = told(Alarms { asked: 10_000, raised: 0 }, 1e-6);
        assert_eq!(text, "false alarms none in 10,000, promised 1 in 1,000,000");
    }

    #[test]
    fn medians() {
        assert_eq!((median(&[]), spread(&[]), spread(&[7.0])), (None, None, None));
        assert_eq!(median(&[3.0, 1.0, 2.04]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(spread(&[5.0, 1.0, 2.0, 3.0, 4.0]), Some(0.67));
    }
}
