//! A run of a plan as data: its options, its result, and the trait of what runs plans.
//!
//! Nothing here runs anything. A world implements [`Runner`]; code that examines runs, such as the
//! shrinker, is generic over it.

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_check::cast::Cast;
use guildhall_check::summary::StateSummary;
use guildhall_check::violation::{Clause, Violation};
use guildhall_core::mutant::Mutant;
use guildhall_core::step::Observer;
use guildhall_core::time::Instant;

use crate::coverage::Coverage;
use crate::digest::Fingerprint;
use crate::engine::Stamp;
use crate::panics;
use crate::plan::{Plan, PlanError};
use crate::topology::Topology;

/// Runs plans and checks them against the contract. Several threads may call it at once.
pub trait Runner: Sync {
    /// The names of the custom checkers that judge its runs beside the contract.
    fn checkers(&self) -> Vec<String> {
        Vec::new()
    }

    /// Runs a plan to its end, and tells `observer` of every step.
    ///
    /// # Errors
    /// Returns an error if the plan is invalid.
    fn run(
        &self,
        plan: &Plan,
        options: Options,
        observer: &mut impl Observer,
    ) -> Result<Outcome, PlanError>;

    /// Returns the state of every participant after step `step` of a run, or at its end if that
    /// comes first.
    ///
    /// # Errors
    /// Returns an error if the plan is invalid.
    fn state_summary(
        &self,
        plan: &Plan,
        options: Options,
        step: u64,
    ) -> Result<Vec<StateSummary>, PlanError>;
}

/// The options of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// The bug to plant; needs the feature `mutants`.
    pub mutant: Option<Mutant>,
    /// The number of steps after which a run is inconclusive. `None` computes a budget from the
    /// plan.
    pub max_steps: Option<u64>,
    /// The world time after which a run is inconclusive.
    pub until: Option<Instant>,
}

impl Options {
    /// Returns the same options, but with at most `step` steps.
    #[must_use]
    pub fn up_to(self, step: u64) -> Self {
        Self { max_steps: Some(self.max_steps.map_or(step, |most| most.min(step))), ..self }
    }
}

/// The verdict on a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// The run kept the contract.
    Held,
    /// The run violated the contract.
    Violated,
    /// The budget ran out before the world had settled.
    Inconclusive,
}

impl Verdict {
    /// Returns the name, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Violated => "violated",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// The result of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The engine that ran it, and the id of the plan.
    pub stamp: Stamp,
    /// The verdict.
    pub verdict: Verdict,
    /// The digest over every step and every send.
    pub digest: Fingerprint,
    /// The digest after every 1,024 steps.
    pub blocks: Vec<Fingerprint>,
    /// The number of steps.
    pub steps: u64,
    /// The number of dispatches that clients processed; each was checked.
    pub deliveries: u64,
    /// The world time at the end.
    pub lasted: Instant,
    /// The violations, ordered by step, then in the contract's order.
    pub violations: Vec<Violation>,
    /// Which faults occurred in which states.
    pub coverage: Coverage,
    /// How often the run reached each named mark.
    pub marks: BTreeMap<&'static str, u64>,
    /// How often the run reached the planted bug.
    pub hits: u64,
}

/// Returns the participants of a plan.
///
/// # Errors
/// Returns an error if the plan is invalid.
pub fn cast(plan: &Plan) -> Result<Arc<Cast>, PlanError> {
    Topology::new(plan).map(|topology| topology.cast)
}

/// Returns a panic as a violation at the step in which it occurred. Its subject is the place of the
/// panic, if [`panics::catch`] has recorded it.
#[must_use]
pub fn panicked(panic: &(dyn std::any::Any + Send), step: u64, at: Instant) -> Violation {
    let (said, place) = (panics::message(panic), panics::place());
    Violation {
        clause: Clause::Panic,
        checker: "panic".to_owned(),
        kind: "code".to_owned(),
        subject: place.unwrap_or_else(|| "the code itself".to_owned()),
        message: format!("the code panicked: {said}"),
        expected: "no panic".to_owned(),
        got: said.to_owned(),
        step,
        at,
    }
}
