//! What the runs of a sweep add up to: the last line of `sweep --json`, which `merge` reads again.

use std::borrow::Cow;
use std::collections::BTreeMap;

use guildhall_plan::engine::{ENGINE, EngineId};
use guildhall_plan::run::Outcome;
use serde::{Deserialize, Serialize};

use crate::conditions::Conditions;
use crate::failures::Ending;
use crate::meter::{self, Cost};
use crate::records::SCHEMA;
use crate::seeds::{Partition, Seeds};
use crate::sweep_spec::SweepSpec;

/// How many runs ended in which way, and how much they did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Totals {
    /// Seeds with a verdict or inconclusive; not those that are broken.
    pub(crate) seeds: u64,
    pub(crate) failing: u64,
    pub(crate) inconclusive: u64,
    /// Seeds that could not be judged because of an internal error; they have no line.
    pub(crate) broken: u64,
    pub(crate) deliveries: u64,
    pub(crate) steps: u64,
}

/// The totals of one scenario.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScenarioTotals {
    pub(crate) scenario: &'static str,
    pub(crate) totals: Totals,
}

/// Everything that a sweep has counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) schema: Cow<'static, str>,
    pub(crate) r#type: Cow<'static, str>,
    #[serde(flatten)]
    pub(crate) totals: Totals,
    pub(crate) wall_s: f64,
    pub(crate) cpu_s: f64,
    pub(crate) seeds_per_s: u64,
    pub(crate) deliveries_per_cpu_s: u64,
    pub(crate) peak_rss_bytes: Option<u64>,
    pub(crate) faults: Counts,
    pub(crate) meetings: Counts,
    pub(crate) marks: Counts,
    /// The marks that no seed reached.
    #[serde(default)]
    pub(crate) unreached: Vec<String>,
    /// One item for a sweep; for merged slices, those of all slices.
    pub(crate) swept: Vec<Swept>,
    /// How often the planted bug made a difference; unknown for merged slices.
    #[serde(skip)]
    pub(crate) mutant_hits: Option<u64>,
}

/// How often each of these things occurred.
pub(crate) type Counts = BTreeMap<String, u64>;

/// What was to be swept, and why the sweep ended.
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

/// Why a sweep ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ended {
    /// All seeds were swept.
    Done,
    /// The time limit was reached.
    Time,
    /// The limit of failures was reached.
    Failures,
    /// It was interrupted.
    Interrupted,
}

impl Totals {
    /// Counts a run that was judged.
    pub(crate) fn add(&mut self, ending: Option<&Ending>, steps: u64, deliveries: u64) {
        match ending {
            None => {}
            Some(Ending::Violated { .. }) => self.failing += 1,
            Some(Ending::Inconclusive) => self.inconclusive += 1,
            Some(Ending::Broken(_)) => {
                self.broken += 1;
                return;
            }
        }
        self.seeds += 1;
        self.steps += steps;
        self.deliveries += deliveries;
    }

    pub(crate) fn add_all(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.failing += other.failing;
        self.inconclusive += other.inconclusive;
        self.broken += other.broken;
        self.deliveries += other.deliveries;
        self.steps += other.steps;
    }

    /// The number of seeds that were run.
    pub(crate) fn done(&self) -> u64 {
        self.seeds + self.broken
    }
}

impl ScenarioTotals {
    pub(crate) fn new(scenario: &'static str) -> Self {
        Self { scenario, totals: Totals::default() }
    }
}

impl Swept {
    pub(crate) fn new(spec: &SweepSpec, ended: Ended) -> Self {
        Self {
            engine: ENGINE,
            scenarios: spec.scenarios.iter().map(|scenario| scenario.name.to_owned()).collect(),
            seeds: spec.seeds.range(),
            partition: spec.seeds.partition(),
            conditions: spec.conditions.clone(),
            ended,
        }
    }
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            schema: SCHEMA.into(),
            r#type: "summary".into(),
            totals: Totals::default(),
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
            mutant_hits: None,
        }
    }
}

impl Summary {
    /// Adds what a run has reached.
    pub(crate) fn add_coverage(&mut self, outcome: &Outcome) {
        add(&mut self.faults, outcome.coverage.families());
        add(&mut self.meetings, outcome.coverage.meetings());
        add(&mut self.marks, outcome.marks.iter().map(|(name, count)| (*name, *count)));
        *self.mutant_hits.get_or_insert_default() += outcome.hits;
    }

    /// Adds all counts of another slice except the totals.
    pub(crate) fn add_slice(&mut self, slice: &Self) {
        let of = |counts: &Counts| counts.clone().into_iter();
        add(&mut self.faults, of(&slice.faults));
        add(&mut self.meetings, of(&slice.meetings));
        add(&mut self.marks, of(&slice.marks));
        self.wall_s = self.wall_s.max(slice.wall_s);
        self.cpu_s += slice.cpu_s;
        self.peak_rss_bytes = self.peak_rss_bytes.max(slice.peak_rss_bytes);
        self.swept.extend(slice.swept.iter().cloned());
    }

    /// The summary of a sweep that has ended.
    pub(crate) fn ended(self, cost: Cost, swept: Swept) -> Self {
        let Cost { wall_s, cpu_s } = cost;
        let (peak_rss_bytes, swept) = (meter::peak_rss_bytes(), vec![swept]);
        Self { wall_s, cpu_s, peak_rss_bytes, swept, ..self }.complete()
    }

    /// Fills in what follows from the rest: rates, and the marks that are missing.
    pub(crate) fn complete(self) -> Self {
        let cost = Cost { wall_s: self.wall_s, cpu_s: self.cpu_s };
        let seeds_per_s = cost.per_s(self.totals.seeds);
        let deliveries_per_cpu_s = cost.per_cpu_s(self.totals.deliveries);
        let all = guildhall_check::all_marks().iter();
        let unreached = all.filter(|mark| !self.marks.contains_key(**mark));
        let unreached = unreached.map(|mark| (*mark).to_owned()).collect();
        Self { seeds_per_s, deliveries_per_cpu_s, unreached, ..self }
    }
}

fn add<K: AsRef<str>>(totals: &mut Counts, counts: impl IntoIterator<Item = (K, u64)>) {
    for (name, count) in counts {
        match totals.get_mut(name.as_ref()) {
            Some(total) => *total += count,
            None => {
                totals.insert(name.as_ref().to_owned(), count);
            }
        }
    }
}
