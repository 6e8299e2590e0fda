//! A run of a plan as data: how it is to be run, what came of it, and the trait of whatever runs it.
//!
//! Nothing here runs anything. A world implements [`Runner`]; what looks into runs, such as shrinking,
//! is generic over it.

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
use crate::plan::{Plan, PlanError};
use crate::topology::Topology;

/// Runs plans and judges them. Several threads may call it at once.
pub trait Runner: Sync {
    /// The names of the custom checkers that judge its runs beside the contract.
    fn checkers(&self) -> Vec<String> {
        Vec::new()
    }

    /// Runs a plan to its end, and tells `observer` of every step.
    ///
    /// # Errors
    /// If the plan cannot be run.
    fn run(
        &self,
        plan: &Plan,
        options: Options,
        observer: &mut impl Observer,
    ) -> Result<Outcome, PlanError>;

    /// The state of every participant after a step of a plan's run, or at its end if that comes
    /// first.
    ///
    /// # Errors
    /// If the plan cannot be run.
    fn state_summary(
        &self,
        plan: &Plan,
        options: Options,
        step: u64,
    ) -> Result<Vec<StateSummary>, PlanError>;
}

/// How a plan is to be run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// The bug to plant, in a build that can.
    pub mutant: Option<Mutant>,
    /// Steps after which a run is given up as inconclusive; as many as its plan should ever need,
    /// where there is no number.
    pub max_steps: Option<u64>,
    /// The world's time after which a run is given up as inconclusive.
    pub until: Option<Instant>,
}

impl Options {
    /// The same, but no further than to a step.
    #[must_use]
    pub fn up_to(self, step: u64) -> Self {
        Self { max_steps: Some(self.max_steps.map_or(step, |most| most.min(step))), ..self }
    }
}

/// What a run has shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// The contract was kept.
    Held,
    /// It was not.
    Violated,
    /// The budget ran out before all had settled.
    Inconclusive,
}

impl Verdict {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Violated => "violated",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// What came of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// What it has shown.
    pub verdict: Verdict,
    /// Every step and every send, in one number.
    pub digest: Fingerprint,
    /// The digest after each 1,024 steps.
    pub blocks: Vec<Fingerprint>,
    /// How many steps were taken.
    pub steps: u64,
    /// How many dispatches clients took, each judged.
    pub deliveries: u64,
    /// How much time passed in the world.
    pub lasted: Instant,
    /// What was broken: the earliest step's first, ties in the contract's order.
    pub violations: Vec<Violation>,
    /// Which faults met which states.
    pub coverage: Coverage,
    /// How often the run came by each named mark.
    pub marks: BTreeMap<&'static str, u64>,
    /// How often the planted bug was reached.
    pub hits: u64,
}

/// Who takes part in a plan.
///
/// # Errors
/// If the plan cannot be run.
pub fn cast(plan: &Plan) -> Result<Arc<Cast>, PlanError> {
    Topology::new(plan).map(|topology| topology.cast)
}

/// A panic as a violation, at the step in which it happened.
#[must_use]
pub fn panicked(panic: &(dyn std::any::Any + Send), step: u64, at: Instant) -> Violation {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
    Violation {
        clause: Clause::Panic,
        checker: "panic".to_owned(),
        kind: "code".to_owned(),
        subject: "the code itself".to_owned(),
        message: format!("the code gave up by itself: {said}"),
        expected: "no panic".to_owned(),
        got: said.to_owned(),
        step,
        at,
    }
}
