//! Capsules: saved runs, each with everything that is needed to reproduce it.
//!
//! A capsule holds values, not random bits, so it survives changes to the generator of its plan.
//! Its expected result is checked on every engine; its digests are compared only on the engine that
//! wrote it, and only while its plan is as it was.

use guildhall_check::violation::Clause;
use guildhall_core::mutant::Mutant;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::{BLOCK, Fingerprint};
use crate::engine::Engine;
use crate::file::Document;
use crate::plan::{Plan, PlanError};
use crate::run::{Options, Outcome, Runner, Verdict};
use crate::schema::MutantName;
use crate::short_hash::ShortHash;
use crate::size::Size;

/// The version of the capsule format.
pub const SCHEMA: u32 = 1;

/// A saved run.
#[derive(Clone, PartialEq, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capsule {
    /// The version of the format.
    pub schema: u32,
    /// The scenario that generated the plan, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// A sentence that says what the run shows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// The planted bug, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<MutantName>")]
    pub mutant: Option<Mutant>,
    /// The custom checkers that judged the run: a program that does not have them cannot judge it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checkers: Vec<String>,
    /// What must come of it.
    pub expect: Expect,
    /// The engine that wrote the capsule.
    pub engine: Engine,
    /// The id of the plan when the capsule was written. The digests are those of that plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<ShortHash>,
    /// The run's digest on that engine.
    pub digest: Fingerprint,
    /// The digest after every 1,024 steps on that engine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<Fingerprint>,
    /// The size of the plan before it was shrunk, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shrunk_from: Option<Size>,
    /// The plan.
    pub plan: Plan,
}

/// The expected result of a capsule's run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expect {
    /// The run keeps the contract.
    Pass,
    /// The run violates this clause first: the bug is still open, or planted.
    Violation(Clause),
}

/// A capsule needs a custom checker that a program does not have.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("it needs the custom checker `{0}`, which this program does not have")]
pub struct MissingChecker(
    /// The name of the checker.
    pub String,
);

/// How a capsule's run differs from what it says.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Mismatch {
    /// The result differs.
    #[error("expected {expected}, got {got}")]
    Outcome {
        /// The result in the capsule.
        expected: String,
        /// The result of the run.
        got: String,
    },
    /// The result is the same, but the steps differ on the same engine: the run is not
    /// deterministic.
    #[error("the digest differs, first in the block of steps {from} to {to}")]
    Digest {
        /// The first step of the first block that differs.
        from: u64,
        /// The last step of that block.
        to: u64,
    },
}

impl Capsule {
    /// Runs a plan and saves the run.
    ///
    /// # Errors
    /// Returns an error if the plan is invalid.
    pub fn of(
        runner: &impl Runner,
        plan: Plan,
        options: Options,
    ) -> Result<(Self, Outcome), PlanError> {
        let outcome = runner.run(&plan, options, &mut ())?;
        let capsule = Self::from_outcome(plan, options, &outcome);
        Ok((Self { checkers: runner.checkers(), ..capsule }, outcome))
    }

    /// Saves a run that has ended.
    #[must_use]
    pub fn from_outcome(plan: Plan, options: Options, outcome: &Outcome) -> Self {
        Self {
            schema: SCHEMA,
            scenario: None,
            about: String::new(),
            mutant: options.mutant,
            checkers: Vec::new(),
            expect: Expect::of(outcome),
            engine: outcome.stamp.engine,
            plan_id: Some(outcome.stamp.plan),
            digest: outcome.digest,
            blocks: outcome.blocks.clone(),
            shrunk_from: None,
            plan,
        }
    }

    /// Parses a capsule.
    ///
    /// # Errors
    /// Returns an error with line and column if the text is not a capsule, or if its version is not
    /// [`SCHEMA`].
    pub fn from_toml(text: &str) -> Result<Self, PlanError> {
        Document::parse(text)?.capsule()
    }

    /// Formats the capsule as TOML.
    ///
    /// # Panics
    /// Never panics: every part of a capsule has a TOML form.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("every part of a capsule has a TOML form")
    }

    /// Refuses a runner that does not have all custom checkers of this capsule.
    ///
    /// # Errors
    /// Names the first checker that is missing.
    pub fn require_checkers(&self, runner: &impl Runner) -> Result<(), MissingChecker> {
        let known = runner.checkers();
        match self.checkers.iter().find(|name| !known.contains(name)) {
            Some(missing) => Err(MissingChecker(missing.clone())),
            None => Ok(()),
        }
    }

    /// Whether the plan was edited after the capsule was written.
    #[must_use]
    pub fn is_edited(&self) -> bool {
        self.plan_id.is_some_and(|then| then != self.plan.id())
    }

    /// Compares what came of its run with what it says.
    ///
    /// # Errors
    /// Returns the first difference.
    pub fn judge(&self, outcome: &Outcome) -> Result<(), Mismatch> {
        if Expect::of(outcome) != self.expect || outcome.verdict == Verdict::Inconclusive {
            let got = match outcome.verdict {
                Verdict::Inconclusive => "inconclusive".to_owned(),
                Verdict::Held | Verdict::Violated => Expect::of(outcome).to_string(),
            };
            return Err(Mismatch::Outcome { expected: self.expect.to_string(), got });
        }
        let is_other = self.engine != outcome.stamp.engine || self.is_edited();
        if is_other || self.digest == outcome.digest {
            return Ok(());
        }
        let pairs = self.blocks.iter().zip(&outcome.blocks);
        let same = pairs.take_while(|(then, now)| then == now).count() as u64;
        let to = ((same + 1) * BLOCK).min(outcome.steps);
        Err(Mismatch::Digest { from: same * BLOCK + 1, to })
    }
}

impl Expect {
    /// Returns the result of a run.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        outcome.violations.first().map_or(Self::Pass, |first| Self::Violation(first.clause))
    }
}

impl std::fmt::Display for Expect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pass => f.write_str("pass"),
            Self::Violation(clause) => write!(f, "{clause}"),
        }
    }
}

impl Serialize for Expect {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Expect {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "pass" {
            return Ok(Self::Pass);
        }
        let clause: serde::de::value::StrDeserializer<'_, D::Error> =
            serde::de::IntoDeserializer::into_deserializer(text.as_str());
        Clause::deserialize(clause).map(Self::Violation)
    }
}
