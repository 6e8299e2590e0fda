//! For tests: a run that has to hold, and the block that a test panics with where it does not.

use std::ops::ControlFlow;

use super::{Line, Origin, examine};
use crate::parallel::Alone;
use crate::shrink::{Budget, Same};
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Options, Outcome, Runner, Verdict};

/// Runs a plan that has to hold. `name` is what it is called in the block, `lines` are what is to be
/// pasted to have it again.
///
/// # Errors
/// If the plan cannot be run.
///
/// # Panics
/// If the run does not hold, with the failure explained.
pub fn assert_held(
    runner: &impl Runner,
    name: &str,
    plan: &Plan,
    options: Options,
    lines: &[Line],
) -> Result<Outcome, PlanError> {
    let outcome = runner.run(plan, options, &mut ())?;
    match outcome.verdict {
        Verdict::Held => Ok(outcome),
        Verdict::Violated => panic!("{}", block(runner, name, plan, options, &outcome, lines)),
        Verdict::Inconclusive => {
            panic!("{name} seed {} was given up after {} steps", plan.seed, outcome.steps)
        }
    }
}

/// A failure of a run, made small and explained, as text.
#[must_use]
pub fn block(
    runner: &impl Runner,
    name: &str,
    plan: &Plan,
    options: Options,
    outcome: &Outcome,
    lines: &[Line],
) -> String {
    let Some(first) = outcome.violations.first() else { return format!("{name} holds") };
    let origin = Origin { name: name.to_owned(), digest: Some(outcome.digest) };
    let (same, budget) = (Same::of(first), Budget::brief());
    let go_on = &mut |_| ControlFlow::Continue(());
    match examine(runner, plan, options, &origin, &same, budget, &Alone, go_on) {
        Ok(mut examined) => {
            examined.failure.lines = lines.to_vec();
            // A panic message begins in the midst of a line.
            format!("\n{}\n", examined.failure)
        }
        Err(error) => format!("{name} seed {}: {}: {error}", plan.seed, super::sentence(first)),
    }
}
