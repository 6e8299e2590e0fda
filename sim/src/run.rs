//! One run of one plan, and what came of it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
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
use crate::world::World;

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

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Settled,
    Stuck(String),
    OutOfBudget,
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

/// Runs a plan, reports every step to `observer`, and judges it.
///
/// # Errors
/// If the plan cannot be run.
pub fn run(
    plan: &Plan,
    options: Options,
    observer: &mut impl Observer,
) -> Result<Outcome, PlanError> {
    let mut world = World::new(plan, options, observer)?;
    // A panic of the machines is a violation of its own, and must not end a sweep. What was found
    // before it stays found; the unwound world is only asked for what it had counted.
    let ended = catch_unwind(AssertUnwindSafe(|| world.run()));
    let hits = world.hits();
    let mut stage = world.into_stage();
    let contract = &mut stage.watch.0;
    match &ended {
        Ok(End::Settled) => contract.finish(true, None),
        Ok(End::Stuck(reason)) => contract.finish(true, Some(reason.clone())),
        Ok(End::OutOfBudget) => contract.finish(false, None),
        Err(_) => {}
    }
    let mut violations = contract.violations().to_vec();
    if let Err(panic) = &ended {
        violations.push(panicked(&**panic, stage.steps, Instant::micros(stage.now)));
    }
    violations.sort_by_key(|violation| (violation.step, violation.clause));
    let verdict = match ended {
        _ if !violations.is_empty() => Verdict::Violated,
        Ok(End::OutOfBudget) => Verdict::Inconclusive,
        Ok(End::Settled | End::Stuck(_)) | Err(_) => Verdict::Held,
    };
    Ok(Outcome {
        verdict,
        digest: stage.digest.fingerprint(),
        blocks: std::mem::take(&mut stage.blocks),
        steps: stage.steps,
        deliveries: stage.watch.0.deliveries(),
        lasted: Instant::micros(stage.now),
        violations,
        marks: stage.watch.0.marks().iter().map(|(&name, &count)| (name, count)).collect(),
        coverage: std::mem::take(&mut stage.coverage),
        hits,
    })
}

/// How everybody stands after a step of a plan's run, or at its end if that comes first.
///
/// # Errors
/// If the plan cannot be run.
pub fn standing(plan: &Plan, options: Options, step: u64) -> Result<Vec<StateSummary>, PlanError> {
    let mut world = World::new(plan, options.up_to(step), ())?;
    // A run that ends in a panic stands as it stood just before.
    let _ = catch_unwind(AssertUnwindSafe(|| world.run()));
    Ok(world.into_stage().watch.0.state_summary())
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
