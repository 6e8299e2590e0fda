//! For tests: asserting that a run holds, and the panic message if it does not.

use std::ops::ControlFlow;

use super::{Line, Origin, examine};
use crate::repeater::{Repeater, Sequential};
use crate::shrink::{Budget, Goal, Signature};
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Options, Outcome, Runner, Verdict};

/// Runs a plan and asserts that it holds. The panic message has `name`, and `lines` as the commands to
/// paste.
///
/// # Errors
/// If the plan is invalid.
///
/// # Panics
/// If the run does not hold; the message explains the failure.
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
            panic!("{name} seed {} is inconclusive after {} steps", plan.seed, outcome.steps)
        }
    }
}

/// A failure of a run, shrunk and explained, as text.
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
    let (signature, budget) = (Signature::of(first), Budget::brief());
    let progress = &mut |_| ControlFlow::Continue(());
    let goal = Goal { signature: &signature, budget, progress };
    match examine(Repeater::new(runner, options, &Sequential), plan, &origin, goal) {
        Ok(mut examined) => {
            examined.failure.lines = lines.to_vec();
            // A panic message begins in the middle of a line.
            format!("\n{}\n", examined.failure)
        }
        Err(error) => format!("{name} seed {}: {}: {error}", plan.seed, super::sentence(first)),
    }
}
