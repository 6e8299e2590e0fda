//! The last line of a sweep as JSON: what it was to sweep, how it ended, and what it came to.
//!
//! `merge` reads it again, and writes the one of the whole.

use std::borrow::Cow;
use std::collections::BTreeMap;

use guildhall_plan::engine::{ENGINE, EngineId};
use serde::{Deserialize, Serialize};

use crate::field::Field;
use crate::json::SCHEMA;
use crate::meter::{self, Cost};
use crate::partition::Partition;
use crate::seeds::Seeds;
use crate::settings::Conditions;
use crate::tally::Tally;

/// The line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) schema: Cow<'static, str>,
    pub(crate) r#type: Cow<'static, str>,
    pub(crate) seeds: u64,
    pub(crate) failing: u64,
    pub(crate) inconclusive: u64,
    /// Seeds that could not be judged, for a mistake of ours; they have no line.
    pub(crate) broken: u64,
    pub(crate) deliveries: u64,
    pub(crate) steps: u64,
    pub(crate) wall_s: f64,
    pub(crate) cpu_s: f64,
    pub(crate) seeds_per_s: u64,
    pub(crate) deliveries_per_cpu_s: u64,
    pub(crate) peak_rss_bytes: Option<u64>,
    pub(crate) faults: Counts,
    pub(crate) meetings: Counts,
    pub(crate) marks: Counts,
    /// The marks that no seed came by.
    #[serde(default)]
    pub(crate) unreached: Vec<String>,
    /// One item for a sweep, those of all its slices for a merged one.
    pub(crate) swept: Vec<Swept>,
}

/// How often each of these things has come up.
pub(crate) type Counts = BTreeMap<String, u64>;

/// What was to be swept, and why that has ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Swept {
    pub(crate) engine: EngineId,
    pub(crate) scenarios: Vec<String>,
    #[serde(flatten)]
    pub(crate) seeds: Seeds,
    pub(crate) partition: Partition,
    pub(crate) conditions: Conditions,
    pub(crate) ended: Ended,
}

/// Why a sweep has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ended {
    /// All was swept.
    Done,
    /// Its time was over.
    Time,
    /// Enough had failed.
    Failures,
    /// Somebody asked for it.
    Interrupted,
}

impl Swept {
    pub(crate) fn new(field: &Field, ended: Ended) -> Self {
        Self {
            engine: ENGINE,
            scenarios: field.scenarios.iter().map(|scenario| scenario.name.to_owned()).collect(),
            seeds: field.seeds.range(),
            partition: field.seeds.partition(),
            conditions: field.conditions.clone(),
            ended,
        }
    }
}

impl Summary {
    pub(crate) fn new(tally: &Tally, cost: Cost, swept: Swept) -> Self {
        Self {
            seeds: tally.seeds,
            failing: tally.failing,
            inconclusive: tally.inconclusive,
            broken: tally.broken,
            deliveries: tally.deliveries,
            steps: tally.steps,
            wall_s: cost.wall_s,
            cpu_s: cost.cpu_s,
            peak_rss_bytes: meter::peak_rss_bytes(),
            faults: named(&tally.faults),
            meetings: tally.meetings.clone(),
            marks: named(&tally.marks),
            swept: vec![swept],
            ..Self::empty()
        }
        .rated()
    }

    /// One of nothing.
    pub(crate) fn empty() -> Self {
        Self {
            schema: SCHEMA.into(),
            r#type: "summary".into(),
            seeds: 0,
            failing: 0,
            inconclusive: 0,
            broken: 0,
            deliveries: 0,
            steps: 0,
            wall_s: 0.0,
            cpu_s: 0.0,
            seeds_per_s: 0,
            deliveries_per_cpu_s: 0,
            peak_rss_bytes: None,
            faults: Counts::new(),
            meetings: Counts::new(),
            marks: Counts::new(),
            unreached: Vec::new(),
            swept: Vec::new(),
        }
    }

    /// With what follows from the rest: rates, and marks that are missing.
    pub(crate) fn rated(self) -> Self {
        let cost = Cost { wall_s: self.wall_s, cpu_s: self.cpu_s };
        let seeds_per_s = cost.per_s(self.seeds);
        let deliveries_per_cpu_s = cost.per_cpu_s(self.deliveries);
        let all = guildhall_check::all_marks().iter();
        let missed = all.filter(|mark| !self.marks.contains_key(**mark));
        let unreached = missed.map(|mark| (*mark).to_owned()).collect();
        Self { seeds_per_s, deliveries_per_cpu_s, unreached, ..self }
    }
}

fn named(counts: &BTreeMap<&'static str, u64>) -> Counts {
    counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}
