//! The objects of `--json`, one a line. Their form is a promise: `guildhall/1`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use guildhall_check::violation::{Clause, Violation};
use guildhall_core::step::Step;
use guildhall_explain::failure::Failure;
use guildhall_explain::shrink::Shrunk;
use guildhall_plan::digest::Fingerprint;
use guildhall_plan::run::Outcome;
use guildhall_plan::size::Size;
use serde::{Deserialize, Serialize, Serializer};

use crate::error::Error;
use crate::examined::weight;
use crate::failures::Kinds;
use crate::meter::{self, Cost};
use crate::recipe::Recipe;
use crate::seen::Seen;

/// The version of all these objects.
pub(crate) const SCHEMA: &str = "guildhall/1";

/// A scenario of the catalogue.
#[derive(Serialize)]
pub(crate) struct ScenarioLine<'a> {
    pub(crate) schema: &'static str,
    pub(crate) r#type: &'static str,
    pub(crate) name: &'a str,
    pub(crate) summary: &'a str,
}

/// A step of a run.
#[derive(Serialize)]
pub(crate) struct StepLine<'a> {
    pub(crate) schema: &'static str,
    pub(crate) r#type: &'static str,
    #[serde(flatten)]
    pub(crate) step: &'a Step,
}

/// A violation, in few words.
#[derive(Serialize)]
pub(crate) struct ViolationLine<'a> {
    clause: Clause,
    checker: &'a str,
    subject: &'a str,
    message: &'a str,
    token: Option<String>,
}

/// What came of a seed. The same seed gives the same bytes, so nothing here was measured.
#[derive(Serialize)]
pub(crate) struct SeedLine<'a> {
    schema: &'static str,
    r#type: &'static str,
    scenario: Option<&'static str>,
    seed: u64,
    verdict: &'static str,
    #[serde(serialize_with = "fingerprint")]
    digest: Fingerprint,
    steps: u64,
    deliveries: u64,
    sim_ms: u64,
    violation: Option<ViolationLine<'a>>,
    violations: &'a [Violation],
}

impl<'a> SeedLine<'a> {
    pub(crate) fn new(r#type: &'static str, recipe: &Recipe, outcome: &'a Outcome) -> Self {
        let token = recipe.token().map(|token| token.to_string());
        Self {
            schema: SCHEMA,
            r#type,
            scenario: recipe.subject.scenario().map(|scenario| scenario.name),
            seed: recipe.seed.number(),
            verdict: outcome.verdict.name(),
            digest: outcome.digest,
            steps: outcome.steps,
            deliveries: outcome.deliveries,
            sim_ms: outcome.lasted.as_micros() / 1_000,
            violation: outcome.violations.first().map(|first| ViolationLine {
                clause: first.clause,
                checker: &first.checker,
                subject: &first.subject,
                message: &first.message,
                token,
            }),
            violations: &outcome.violations,
        }
    }

    /// Writes it, and ends the line.
    pub(crate) fn write(&self, to: &mut Vec<u8>) -> Result<(), Error> {
        serde_json::to_writer(&mut *to, self)
            .map_err(|error| Error::Internal(error.to_string()))?;
        to.push(b'\n');
        Ok(())
    }
}

/// What came of a single run, and what it has cost.
#[derive(Serialize)]
pub(crate) struct RunLine<'a> {
    #[serde(flatten)]
    seed: SeedLine<'a>,
    engine: String,
    cpu_s: f64,
    deliveries_per_cpu_s: u64,
    peak_rss_bytes: Option<u64>,
    faults: BTreeMap<&'static str, u64>,
    meetings: BTreeMap<String, u64>,
    marks: &'a BTreeMap<&'static str, u64>,
    /// What a capsule expects, and whether it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_expected: Option<bool>,
}

impl<'a> RunLine<'a> {
    pub(crate) fn new(recipe: &Recipe, outcome: &'a Outcome, cost: Cost) -> Self {
        Self {
            seed: SeedLine::new("summary", recipe, outcome),
            engine: guildhall_plan::engine::ENGINE.to_string(),
            cpu_s: cost.cpu_s,
            deliveries_per_cpu_s: cost.per_cpu_s(outcome.deliveries),
            peak_rss_bytes: meter::peak_rss_bytes(),
            faults: outcome.coverage.families(),
            meetings: outcome.coverage.meetings(),
            marks: &outcome.marks,
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
    schema: &'static str,
    r#type: &'static str,
    path: String,
    violation: &'a Violation,
    from: Size,
    to: Size,
    runs: u64,
    complete: bool,
    wall_s: f64,
    cpu_s: f64,
}

impl<'a> ShrunkLine<'a> {
    pub(crate) fn new(path: &Path, shrunk: &'a Shrunk, cost: Cost) -> Self {
        Self {
            schema: SCHEMA,
            r#type: "capsule",
            path: path.display().to_string(),
            violation: &shrunk.violation,
            from: shrunk.from,
            to: shrunk.to,
            runs: shrunk.runs,
            complete: shrunk.complete,
            wall_s: cost.wall_s,
            cpu_s: cost.cpu_s,
        }
    }
}

/// A failure, explained.
#[derive(Serialize)]
pub(crate) struct Failed<'a> {
    schema: &'static str,
    r#type: &'static str,
    #[serde(flatten)]
    failure: &'a Failure,
}

impl<'a> Failed<'a> {
    pub(crate) fn new(failure: &'a Failure) -> Self {
        Self { schema: SCHEMA, r#type: "failure", failure }
    }
}

/// Failures of a sweep that are alike, one of them explained. Slices write them, and `merge` reads
/// them again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FailureLine {
    schema: Cow<'static, str>,
    r#type: Cow<'static, str>,
    #[serde(flatten)]
    pub(crate) seen: Seen,
    /// The kinds of faults that the small run has.
    pub(crate) faults: Kinds,
    /// The file that the small run was written into.
    pub(crate) capsule: Option<PathBuf>,
    #[serde(flatten)]
    pub(crate) failure: Failure,
}

impl FailureLine {
    pub(crate) fn new(
        seen: Seen,
        faults: Kinds,
        capsule: Option<PathBuf>,
        failure: Failure,
    ) -> Self {
        let (schema, r#type) = (SCHEMA.into(), "failure".into());
        Self { schema, r#type, seen, faults, capsule, failure }
    }

    /// Another slice has found the same: the smaller one stands for both.
    pub(crate) fn join(&mut self, other: &Self) {
        let mut seen = self.seen.clone();
        seen.join(&other.seen);
        if weight(&other.failure) < weight(&self.failure) {
            *self = other.clone();
        }
        self.seen = seen;
    }
}

fn fingerprint<S: Serializer>(digest: &Fingerprint, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(digest)
}
