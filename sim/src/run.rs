//! Runs a plan in the fast world.

use std::panic::{AssertUnwindSafe, catch_unwind};

use guildhall_check::standing::Standing;
use guildhall_core::step::Witness;
use guildhall_core::time::Instant;
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Options, Outcome, Runner, Verdict, panicked};
use guildhall_plan::settling::RunEnd;

use crate::world::World;

/// The fast world as a [`Runner`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fast;

impl Runner for Fast {
    fn run(
        &self,
        plan: &Plan,
        options: Options,
        witness: &mut impl Witness,
    ) -> Result<Outcome, PlanError> {
        run(plan, options, witness)
    }

    fn standing(
        &self,
        plan: &Plan,
        options: Options,
        step: u64,
    ) -> Result<Vec<Standing>, PlanError> {
        standing(plan, options, step)
    }
}

/// Runs a plan, tells `witness` of every step, and judges it.
///
/// # Errors
/// Returns an error if the plan is invalid.
pub fn run(
    plan: &Plan,
    options: Options,
    witness: &mut impl Witness,
) -> Result<Outcome, PlanError> {
    let mut world = World::new(plan, options, witness)?;
    // A panic of the machines is a violation, and must not end a sweep. Violations found before it
    // are kept; the unwound world is only asked for its counters.
    let ended = catch_unwind(AssertUnwindSafe(|| world.run()));
    let hits = world.hits();
    let mut stage = world.into_stage();
    let contract = &mut stage.watch.0;
    match &ended {
        Ok(RunEnd::Settled) => contract.finish(true, None),
        Ok(RunEnd::Stuck(reason)) => contract.finish(true, Some(reason.clone())),
        Ok(RunEnd::OutOfBudget) => contract.finish(false, None),
        Err(_) => {}
    }
    let mut violations = contract.violations().to_vec();
    if let Err(panic) = &ended {
        violations.push(panicked(&**panic, stage.steps, Instant::micros(stage.now)));
    }
    violations.sort_by_key(|violation| (violation.step, violation.clause));
    let verdict = match ended {
        _ if !violations.is_empty() => Verdict::Violated,
        Ok(RunEnd::OutOfBudget) => Verdict::Inconclusive,
        Ok(RunEnd::Settled | RunEnd::Stuck(_)) | Err(_) => Verdict::Held,
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

/// Returns the state of every participant after step `step` of a run, or at its end if that comes
/// first.
///
/// # Errors
/// Returns an error if the plan is invalid.
pub fn standing(plan: &Plan, options: Options, step: u64) -> Result<Vec<Standing>, PlanError> {
    let mut world = World::new(plan, options.up_to(step), ())?;
    // If the run panics, this is the state just before the panic.
    let _ = catch_unwind(AssertUnwindSafe(|| world.run()));
    Ok(world.into_stage().watch.0.standing())
}
