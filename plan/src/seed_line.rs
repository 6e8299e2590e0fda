//! The result of a seed as a line of JSON, which the programs of all worlds print.
//!
//! The format is stable: `guildhall/2`, described in docs/DATA.md. The same seed gives the same
//! bytes, so it contains no measurements.

use guildhall_check::violation::Violation;
use guildhall_core::time::{Instant, micros};
use serde::{Serialize, Serializer};

use crate::digest::Fingerprint;
use crate::engine::{Engine, Stamp};
use crate::run::Verdict;
use crate::seed::Seed;
use crate::short_hash::ShortHash;

/// The format version of all objects that the programs print.
pub const SCHEMA: &str = "guildhall/2";

/// The result of a seed.
#[derive(Serialize)]
pub struct SeedLine<'a> {
    schema: &'static str,
    r#type: &'static str,
    scenario: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    seed: u64,
    /// The token that repeats the run, if one can.
    token: Option<String>,
    engine: Engine,
    plan: ShortHash,
    world: &'static str,
    conditions: String,
    verdict: &'static str,
    #[serde(serialize_with = "as_text")]
    digest: Fingerprint,
    steps: u64,
    deliveries: u64,
    #[serde(rename = "lasted_us", with = "micros")]
    lasted: Instant,
    violations: &'a [Violation],
}

/// What was run, and where. Lines of the same scenario and seed can differ only if this differs.
#[derive(Clone, Debug)]
pub struct RunOrigin<'a> {
    /// The scenario, if the plan is from one.
    pub scenario: Option<&'a str>,
    /// The file of the plan, if it is from one.
    pub file: Option<String>,
    /// The seed.
    pub seed: Seed,
    /// The name of the world.
    pub world: &'static str,
    /// The flags that set the conditions of the run; empty for the usual ones.
    pub conditions: String,
}

/// The totals and findings of a run, in any world.
#[derive(Clone, Copy, Debug)]
pub struct RunResult<'a> {
    /// The engine that ran it, and the id of the plan.
    pub stamp: Stamp,
    /// The verdict.
    pub verdict: Verdict,
    /// The digest of all steps.
    pub digest: Fingerprint,
    /// The number of steps.
    pub steps: u64,
    /// The number of dispatches that clients received.
    pub deliveries: u64,
    /// The simulated time at the end.
    pub lasted: Instant,
    /// All violations, the earliest first.
    pub violations: &'a [Violation],
}

impl<'a> SeedLine<'a> {
    /// Returns the line of a run. `token` reproduces the run, if a token can.
    #[must_use]
    pub fn new(
        r#type: &'static str,
        origin: RunOrigin<'a>,
        token: Option<String>,
        result: RunResult<'a>,
    ) -> Self {
        let RunOrigin { scenario, file, seed, world, conditions } = origin;
        Self {
            schema: SCHEMA,
            r#type,
            scenario,
            file,
            seed: seed.number(),
            token,
            engine: result.stamp.engine,
            plan: result.stamp.plan,
            world,
            conditions,
            verdict: result.verdict.name(),
            digest: result.digest,
            steps: result.steps,
            deliveries: result.deliveries,
            lasted: result.lasted,
            violations: result.violations,
        }
    }
}

fn as_text<S: Serializer>(digest: &Fingerprint, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(digest)
}
