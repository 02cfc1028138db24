//! Raw integers, the unit last in each field's name. Fields may be added, none renamed.

use super::{AllocStats, Report, Row, Totals};
use crate::mem::timeline::{TimePoint, timeline};
use crate::mem::tracking::size_histogram;
use serde::ser::{Serialize, SerializeStruct, Serializer};

const SCHEMA: u32 = 1;

fn totals<S: SerializeStruct>(
    out: &mut S,
    totals: &Totals,
    resident: Option<usize>,
) -> Result<(), S::Error> {
    out.serialize_field("payload_bytes", &totals.payload)?;
    out.serialize_field("index_bytes", &totals.index)?;
    out.serialize_field("slack_bytes", &totals.slack)?;
    out.serialize_field("header_bytes", &totals.header)?;
    out.serialize_field("requested_bytes", &totals.heap_bytes())?;
    out.serialize_field("rounded_bytes", &totals.rounded)?;
    out.serialize_field("shared_bytes", &totals.shared)?;
    out.serialize_field("mapped_bytes", &totals.mapped)?;
    out.serialize_field("resident_bytes", &resident)?;
    out.serialize_field("blocks", &totals.blocks)?;
    out.serialize_field("shared_blocks", &totals.shared_blocks)?;
    out.serialize_field("estimated", &totals.estimated)
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Row", 14)?;
        out.serialize_field("name", self.name())?;
        totals(&mut out, &self.totals, self.resident)?;
        out.serialize_field("components", &Rows(&self.components))?;
        out.end()
    }
}

/// Serde's `Vec` needs one of its features, a sequence does not.
struct Points<'p>(&'p [TimePoint]);

impl Serialize for Points<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0)
    }
}

struct Rows<'r>(&'r [Row]);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0)
    }
}

struct Total(Totals, Option<usize>);

impl Serialize for Total {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Total", 12)?;
        totals(&mut out, &self.0, self.1)?;
        out.end()
    }
}

/// The allocator's figures.
struct Program {
    baseline: i64,
    attributed: i64,
    unattributed: i64,
    stats: AllocStats,
}

impl Serialize for Program {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Program", 11)?;
        out.serialize_field("live_bytes", &self.stats.live)?;
        out.serialize_field("baseline_bytes", &self.baseline)?;
        out.serialize_field("attributed_bytes", &self.attributed)?;
        out.serialize_field("unattributed_bytes", &self.unattributed)?;
        out.serialize_field("peak_bytes", &self.stats.peak)?;
        out.serialize_field("total_bytes", &self.stats.total)?;
        out.serialize_field("allocs", &self.stats.allocs)?;
        out.serialize_field("frees", &self.stats.frees)?;
        out.serialize_field("reallocs", &self.stats.reallocs)?;
        let sizes = size_histogram();
        out.serialize_field("size_histogram", &Some(sizes).filter(|sizes| !sizes.is_empty()))?;
        let points = timeline();
        out.serialize_field("timeline", &(!points.is_empty()).then_some(Points(&points)))?;
        out.end()
    }
}

impl Serialize for Report {
    /// `{"schema":1,"structures":[..],"total":{..},"program":{..}}`, `program` null where
    /// nothing is counted. Histogram and timeline are those of the moment of writing, null where
    /// they are not kept.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let program = self.unattributed().map(|unattributed| Program {
            baseline: self.baseline.live,
            attributed: self.attributed(),
            unattributed,
            stats: self.stats,
        });
        let mut out = serializer.serialize_struct("Report", 4)?;
        out.serialize_field("schema", &SCHEMA)?;
        out.serialize_field("structures", &Rows(self.rows()))?;
        out.serialize_field("total", &Total(self.total(), self.resident()))?;
        out.serialize_field("program", &program)?;
        out.end()
    }
}
