//! What the runs of a sweep add up to: the last line of `sweep --json`, which `merge` reads again.

use std::borrow::Cow;
use std::collections::BTreeMap;

use guildhall_check::{Clause, judgements};
use guildhall_plan::engine::Engine;
use guildhall_plan::run::Outcome;
use guildhall_plan::seed::Seed;
use guildhall_plan::short_hash::ShortHash;
use guildhall_sim::run::engine;
use serde::{Deserialize, Serialize};

use crate::conditions::Conditions;
use crate::failures::Ending;
use crate::meter::{self, Cost};
use crate::program::Program;
use crate::records::{SCHEMA, WORLD};
use crate::seeds::{Partition, Seeds};
use crate::sweep_spec::SweepSpec;
use crate::target::Target;

/// The number of seeds of each scenario from which on what was never reached is a finding.
const FULL: u64 = 200;

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

/// The totals of one scenario or plan.
#[derive(Clone, Debug)]
pub(crate) struct ScenarioTotals {
    pub(crate) scenario: String,
    pub(crate) totals: Totals,
    /// How long its runs took. The threads may have begun with the next scenario before they ended.
    pub(crate) wall_us: u64,
}

/// The same, in the summary.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct OfScenario {
    #[serde(flatten)]
    pub(crate) totals: Totals,
    pub(crate) wall_us: u64,
}

/// Everything that a sweep has counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) schema: Cow<'static, str>,
    pub(crate) r#type: Cow<'static, str>,
    pub(crate) engine: Engine,
    pub(crate) world: Cow<'static, str>,
    pub(crate) conditions: String,
    #[serde(flatten)]
    pub(crate) totals: Totals,
    #[serde(flatten)]
    pub(crate) cost: Cost,
    pub(crate) seeds_per_s: u64,
    pub(crate) deliveries_per_cpu_s: u64,
    pub(crate) peak_rss_bytes: Option<u64>,
    pub(crate) faults: Counts,
    pub(crate) meetings: Counts,
    pub(crate) marks: Counts,
    /// How often each clause has judged something.
    #[serde(default)]
    pub(crate) judged: BTreeMap<Clause, u64>,
    /// The scenarios that were begun.
    #[serde(default)]
    pub(crate) scenarios: BTreeMap<String, OfScenario>,
    /// The marks that no seed reached.
    #[serde(default)]
    pub(crate) unreached: Vec<String>,
    /// How often each scenario reached what it expects.
    #[serde(default)]
    pub(crate) expectations: BTreeMap<String, Counts>,
    /// What a full sweep must reach and this one never did; empty if this is not a full one.
    #[serde(default)]
    pub(crate) missed: Vec<String>,
    /// Why this is not the whole sweep; empty if it is.
    #[serde(default)]
    pub(crate) incomplete: Vec<String>,
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
    pub(crate) engine: Engine,
    /// The names of the scenarios and of the files of plans.
    pub(crate) scenarios: Vec<String>,
    /// The plan in each file: its id, with the seed 0.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) plans: BTreeMap<String, ShortHash>,
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
    pub(crate) fn new(scenario: impl Into<String>) -> Self {
        Self { scenario: scenario.into(), totals: Totals::default(), wall_us: 0 }
    }
}

impl Swept {
    pub(crate) fn new(spec: &SweepSpec<'_>, ended: Ended) -> Self {
        Self {
            engine: engine(),
            scenarios: spec.names(),
            plans: spec.plans(),
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
            r#type: "sweep".into(),
            engine: engine(),
            world: WORLD.into(),
            conditions: String::new(),
            totals: Totals::default(),
            cost: Cost::default(),
            seeds_per_s: 0,
            deliveries_per_cpu_s: 0,
            peak_rss_bytes: None,
            faults: Counts::new(),
            meetings: Counts::new(),
            marks: Counts::new(),
            judged: BTreeMap::new(),
            scenarios: BTreeMap::new(),
            unreached: Vec::new(),
            expectations: BTreeMap::new(),
            missed: Vec::new(),
            incomplete: Vec::new(),
            swept: Vec::new(),
            mutant_hits: None,
        }
    }
}

impl Summary {
    /// The summary of no run of these scenarios and plans yet. A plan expects nothing.
    pub(crate) fn of(targets: &[Target]) -> Self {
        let zero = |mark: &'static str| (mark.to_owned(), 0);
        let of = |target: &Target| {
            let marks = target.scenario()?.expectations(Seed::default()).into_iter().map(zero);
            Some((target.name(), marks.collect()))
        };
        Self { expectations: targets.iter().filter_map(of).collect(), ..Self::default() }
    }

    /// Adds what a run of a scenario has reached.
    pub(crate) fn add_coverage(&mut self, scenario: &str, outcome: &Outcome) {
        for (mark, count) in self.expectations.get_mut(scenario).into_iter().flatten() {
            *count += outcome.marks.get(mark.as_str()).copied().unwrap_or(0);
        }
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
        for (scenario, marks) in &slice.expectations {
            add(self.expectations.entry(scenario.clone()).or_default(), of(marks));
        }
        self.cost.wall_us = self.cost.wall_us.max(slice.cost.wall_us);
        self.cost.cpu_us += slice.cost.cpu_us;
        self.peak_rss_bytes = self.peak_rss_bytes.max(slice.peak_rss_bytes);
        self.swept.extend(slice.swept.iter().cloned());
    }

    /// The summary of a sweep that has ended.
    pub(crate) fn ended(
        self,
        cost: Cost,
        spec: &SweepSpec<'_>,
        ended: Ended,
        scenarios: &[ScenarioTotals],
    ) -> Self {
        let (peak_rss_bytes, swept) = (meter::peak_rss_bytes(), vec![Swept::new(spec, ended)]);
        let conditions = spec.conditions.text();
        let summary = Self { conditions, cost, peak_rss_bytes, swept, ..self };
        summary.complete(spec.program, scenarios)
    }

    /// Fills in what follows from the rest: rates, judgements, and the marks that are missing.
    pub(crate) fn complete(self, program: &Program, scenarios: &[ScenarioTotals]) -> Self {
        let seeds_per_s = self.cost.per_s(self.totals.seeds);
        let deliveries_per_cpu_s = self.cost.per_cpu_s(self.totals.deliveries);
        let all = guildhall_check::all_marks().iter();
        let unreached = all.filter(|mark| !self.marks.contains_key(**mark));
        let unreached: Vec<_> = unreached.map(|mark| (*mark).to_owned()).collect();
        let missed = self.missed(&unreached, program, scenarios);
        let begun = scenarios.iter().filter(|scenario| scenario.totals.done() > 0);
        let of = |it: &ScenarioTotals| OfScenario { totals: it.totals, wall_us: it.wall_us };
        let scenarios = begun.map(|it| (it.scenario.to_owned(), of(it))).collect();
        let judged = judgements(&self.marks);
        Self { seeds_per_s, deliveries_per_cpu_s, judged, scenarios, unreached, missed, ..self }
    }

    /// What a full sweep must reach and this one never did: what each scenario expects and, if all
    /// scenarios of a program that expects every mark were swept, every mark but excuses.
    fn missed(
        &self,
        unreached: &[String],
        program: &Program,
        scenarios: &[ScenarioTotals],
    ) -> Vec<String> {
        let is_usual = self.swept.iter().all(|swept| swept.conditions.set.is_empty());
        let is_full = scenarios.iter().all(|scenario| scenario.totals.seeds >= FULL);
        if !is_usual || !is_full {
            return Vec::new();
        }
        let unmet = self.expectations.iter().flat_map(|(scenario, marks)| {
            let never = marks.iter().filter(|(_, count)| **count == 0);
            never.map(move |(mark, _)| format!("{scenario}: {mark}"))
        });
        let names = scenarios.iter().map(|totals| totals.scenario.as_str());
        let all = program.expects_every_mark_of(names);
        let marks =
            unreached.iter().filter(|mark| all && !guildhall_check::is_excuse(mark)).cloned();
        unmet.chain(marks).collect()
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use std::slice::from_ref;

    use super::*;

    fn program() -> Program {
        Program::new(guildhall_scenarios::ALL).expect_every_mark()
    }

    /// A sweep of this many seeds of a scenario that reached what it expects so many times.
    fn swept(seeds: u64, times: u64) -> (Summary, ScenarioTotals) {
        let scenario = guildhall_scenarios::by_name("half-open").unwrap();
        let mut summary = Summary::of(&[Target::Scenario(scenario)]);
        for count in summary.expectations.values_mut().flat_map(BTreeMap::values_mut) {
            *count = times;
        }
        let totals = Totals { seeds, ..Totals::default() };
        (summary, ScenarioTotals { totals, ..ScenarioTotals::new(scenario.name) })
    }

    #[test]
    fn a_full_sweep_misses_what_it_never_reached() {
        let (summary, totals) = swept(FULL, 0);
        let missed = summary.complete(&program(), &[totals]).missed;
        assert!(missed.contains(&"half-open: superseded connection".to_owned()), "{missed:?}");
        let (summary, totals) = swept(FULL, 1);
        assert_eq!(summary.complete(&program(), &[totals]).missed, Vec::<String>::new());
    }

    #[test]
    fn a_full_sweep_of_all_scenarios_misses_every_mark_but_excuses() {
        let totals = |scenario: &guildhall_plan::script::Scenario| {
            let totals = Totals { seeds: FULL, ..Totals::default() };
            ScenarioTotals { totals, ..ScenarioTotals::new(scenario.name) }
        };
        let totals: Vec<_> = guildhall_scenarios::ALL.iter().map(totals).collect();
        let missed = Summary::default().complete(&program(), &totals).missed;
        assert!(missed.contains(&"resume accepted".to_owned()), "{missed:?}");
        let excuses = missed.iter().filter(|mark| mark.starts_with("no probe"));
        assert_eq!(excuses.count(), 0, "{missed:?}");
    }

    #[test]
    fn a_sweep_of_few_seeds_misses_nothing() {
        let (summary, totals) = swept(FULL - 1, 0);
        assert_eq!(summary.complete(&program(), &[totals]).missed, Vec::<String>::new());
    }

    #[test]
    fn what_one_slice_reaches_no_slice_misses() {
        let mut whole = Summary::default();
        for times in [0, 1] {
            whole.add_slice(&swept(FULL / 2, times).0);
        }
        let (_, totals) = swept(FULL, 0);
        let missed = whole.clone().complete(&program(), from_ref(&totals)).missed;
        assert_eq!(missed, Vec::<String>::new());
        let mut whole = Summary::default();
        whole.add_slice(&swept(FULL, 0).0);
        assert!(!whole.complete(&program(), &[totals]).missed.is_empty());
    }

    #[test]
    fn settings_may_keep_a_scenario_from_its_point() {
        let (mut summary, totals) = swept(FULL, 0);
        summary.swept.push(Swept {
            engine: engine(),
            scenarios: vec!["half-open".to_owned()],
            plans: BTreeMap::new(),
            seeds: Seeds { first: 0, count: FULL },
            partition: Partition::default(),
            conditions: Conditions { set: vec!["times=0".to_owned()], ..Conditions::default() },
            ended: Ended::Done,
        });
        assert_eq!(summary.complete(&program(), &[totals]).missed, Vec::<String>::new());
    }
}
