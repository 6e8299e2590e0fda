//! The objects of `--json`, one per line. Their form is stable: `guildhall/2`, described in
//! docs/DATA.md.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use guildhall_check::judgements;
use guildhall_check::violation::{Clause, Violation};
use guildhall_core::step::Step;
use guildhall_explain::failure::Failure;
use guildhall_explain::shrink::{Shrunk, Signature};
use guildhall_plan::engine::Engine;
use guildhall_plan::run::Outcome;
pub(crate) use guildhall_plan::seed_line::SCHEMA;
use guildhall_plan::seed_line::{RunOrigin, RunResult, SeedLine};
use guildhall_plan::size::Size;
use guildhall_sim::run::engine;
use serde::{Deserialize, Serialize};

use crate::analysis::size;
use crate::conditions::Conditions;
use crate::covariates::Covariates;
use crate::failures::Occurrences;
use crate::meter::{self, Cost};
use crate::moment::{FaultKinds, Moment};
use crate::run_spec::RunSpec;

/// The name of the world in which this program runs plans.
pub(crate) const WORLD: &str = "fast";

/// A scenario of the catalogue.
#[derive(Serialize)]
pub(crate) struct ScenarioLine<'a> {
    pub(crate) schema: &'static str,
    pub(crate) r#type: &'static str,
    pub(crate) name: &'a str,
    pub(crate) summary: &'a str,
}

/// The beginning of an object about runs of this program.
#[derive(Serialize)]
pub(crate) struct Head {
    schema: &'static str,
    r#type: &'static str,
    engine: Engine,
    world: &'static str,
    conditions: String,
}

impl Head {
    pub(crate) fn new(r#type: &'static str, conditions: &Conditions) -> Self {
        let conditions = conditions.text();
        Self { schema: SCHEMA, r#type, engine: engine(), world: WORLD, conditions }
    }
}

/// A step of a run.
#[derive(Serialize)]
pub(crate) struct StepLine<'a> {
    #[serde(flatten)]
    pub(crate) head: &'a Head,
    #[serde(flatten)]
    pub(crate) step: &'a Step,
}

/// The line of a run, as an object of this type.
pub(crate) fn seed_line<'a>(
    r#type: &'static str,
    spec: &RunSpec,
    outcome: &'a Outcome,
) -> SeedLine<'a> {
    let scenario = spec.target.scenario().map(|scenario| scenario.name);
    let origin = RunOrigin {
        scenario,
        file: scenario.is_none().then(|| spec.target.name()),
        seed: spec.seed,
        world: WORLD,
        conditions: spec.conditions.text(),
    };
    let token = spec.token(Some(outcome.stamp)).map(|token| token.to_string());
    let result = RunResult {
        stamp: outcome.stamp,
        verdict: outcome.verdict,
        digest: outcome.digest,
        steps: outcome.steps,
        deliveries: outcome.deliveries,
        lasted: outcome.lasted,
        violations: &outcome.violations,
    };
    SeedLine::new(r#type, origin, token, result)
}

/// The result of a seed, and what its run had and did.
#[derive(Serialize)]
pub(crate) struct FullLine<'a> {
    #[serde(flatten)]
    pub(crate) result: SeedLine<'a>,
    #[serde(flatten)]
    pub(crate) covariates: Covariates,
}

/// A single run that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) outcome: Outcome,
    pub(crate) cost: Cost,
    /// The parts of the plan that did not come to happen.
    pub(crate) unmet: Vec<String>,
}

/// The result of a single run, with its cost.
#[derive(Serialize)]
pub(crate) struct RunLine<'a> {
    #[serde(flatten)]
    seed: SeedLine<'a>,
    cpu_us: u64,
    deliveries_per_cpu_s: u64,
    peak_rss_bytes: Option<u64>,
    faults: BTreeMap<&'static str, u64>,
    meetings: BTreeMap<String, u64>,
    marks: &'a BTreeMap<&'static str, u64>,
    /// How often each clause has judged something.
    judged: BTreeMap<Clause, u64>,
    /// The parts of the plan that did not come to happen.
    unmet: &'a [String],
    /// What a capsule expects, and whether the run ended so.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_expected: Option<bool>,
}

impl<'a> RunLine<'a> {
    pub(crate) fn new(spec: &RunSpec, ran: &'a Ran) -> Self {
        let Ran { outcome, cost, unmet } = ran;
        Self {
            seed: seed_line("run", spec, outcome),
            cpu_us: cost.cpu_us,
            deliveries_per_cpu_s: cost.per_cpu_s(outcome.deliveries),
            peak_rss_bytes: meter::peak_rss_bytes(),
            faults: outcome.coverage.families(),
            meetings: outcome.coverage.meetings(),
            marks: &outcome.marks,
            judged: judgements(&outcome.marks),
            unmet,
            expected: None,
            as_expected: None,
        }
    }

    pub(crate) fn judged(mut self, expected: String, as_expected: bool) -> Self {
        (self.expected, self.as_expected) = (Some(expected), Some(as_expected));
        self
    }
}

/// A failure that was shrunk and written as a capsule.
#[derive(Serialize)]
pub(crate) struct ShrunkLine<'a> {
    #[serde(flatten)]
    head: Head,
    /// The file; nothing if it could not be written.
    path: Option<String>,
    violation: &'a Violation,
    from: Size,
    to: Size,
    runs: u64,
    complete: bool,
    wall_us: u64,
    cpu_us: u64,
}

impl<'a> ShrunkLine<'a> {
    pub(crate) fn new(spec: &RunSpec, path: Option<&Path>, shrunk: &'a Shrunk, cost: Cost) -> Self {
        Self {
            head: Head::new("capsule", &spec.conditions),
            path: path.map(|path| path.display().to_string()),
            violation: &shrunk.violation,
            from: shrunk.from,
            to: shrunk.to,
            runs: shrunk.runs,
            complete: shrunk.complete,
            wall_us: cost.wall_us,
            cpu_us: cost.cpu_us,
        }
    }
}

/// The beginning of an object about a failure, which names its engine itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct FailureHead {
    schema: Cow<'static, str>,
    r#type: Cow<'static, str>,
    world: Cow<'static, str>,
    conditions: String,
}

impl FailureHead {
    fn new(conditions: &Conditions) -> Self {
        let conditions = conditions.text();
        Self { schema: SCHEMA.into(), r#type: "failure".into(), world: WORLD.into(), conditions }
    }
}

/// A failure, explained.
#[derive(Serialize)]
pub(crate) struct Failed<'a> {
    #[serde(flatten)]
    head: FailureHead,
    #[serde(flatten)]
    failure: &'a Failure,
}

impl<'a> Failed<'a> {
    pub(crate) fn new(failure: &'a Failure, conditions: &Conditions) -> Self {
        Self { head: FailureHead::new(conditions), failure }
    }
}

/// A group of failures of a sweep, with one of them explained. Slices write these lines, and `merge`
/// reads them again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FailureLine {
    #[serde(flatten)]
    head: FailureHead,
    #[serde(flatten)]
    pub(crate) occurrences: Occurrences,
    /// The moment of the violation in the shrunk run.
    pub(crate) moment: Moment,
    /// The kinds of faults of the shrunk run.
    pub(crate) faults: FaultKinds,
    /// The clauses that other runs of the group violate first, and this run later.
    pub(crate) also: BTreeSet<String>,
    /// The file of the shrunk run's capsule.
    pub(crate) capsule: Option<PathBuf>,
    #[serde(flatten)]
    pub(crate) failure: Failure,
}

impl FailureLine {
    pub(crate) fn new(
        conditions: &Conditions,
        occurrences: Occurrences,
        (moment, faults, also): (Moment, FaultKinds, BTreeSet<String>),
        capsule: Option<PathBuf>,
        failure: Failure,
    ) -> Self {
        let head = FailureHead::new(conditions);
        Self { head, occurrences, moment, faults, also, capsule, failure }
    }

    /// What identifies the failure.
    pub(crate) fn signature(&self) -> Signature {
        Signature::of(&self.failure.explanation.violation)
    }

    /// Whether another one probably has the same cause.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.signature() == other.signature() && self.moment.is_like(&other.moment)
    }

    /// Merges the same failure of another slice. The smaller one represents both.
    pub(crate) fn merge(&mut self, other: &Self) {
        let mut occurrences = self.occurrences.clone();
        occurrences.add_all(&other.occurrences);
        let also = self.also.union(&other.also).cloned().collect();
        if size(&other.failure) < size(&self.failure) {
            *self = other.clone();
        }
        (self.occurrences, self.also) = (occurrences, also);
    }
}
