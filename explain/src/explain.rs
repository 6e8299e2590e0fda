//! Why a run fails: the chain of causes, what is to blame, and the state of everyone involved.
//!
//! All of it is found by repeating the run: once to find the cause of each step, and once without each
//! fault and each action. Nothing is guessed, and nothing is judged here.

mod blame;
mod cause;
mod chain;
mod cycle;
mod diagram;
mod fold;
mod idle;
mod limits;
mod state;

use guildhall_check::summary::StateSummary;
use guildhall_check::violation::Violation;
use serde::{Deserialize, Serialize};

use crate::cone::Causes;
use crate::repeater::{Parallel, Repeater};
use crate::shrink::Signature;
use guildhall_plan::digest::Fingerprint;
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::Runner;
use guildhall_plan::topology::Topology;

pub use blame::{Blame, Counts, Instead};
pub use chain::{Chain, Link};
pub use cycle::Cycle;
pub use fold::Folded;
pub use limits::OtherLimits;
pub use state::never_happened;

/// Why a run fails.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Explanation {
    /// The first violation.
    pub violation: Violation,
    /// The number of further violations of the same run.
    pub more: u64,
    /// The number of steps of the run.
    pub steps: u64,
    /// The run's digest.
    pub digest: Fingerprint,
    /// The limits of the plan that differ from the defaults.
    #[serde(default, skip_serializing_if = "OtherLimits::is_empty")]
    pub limits: OtherLimits,
    /// The causes of the violation, newest last.
    pub chain: Chain,
    /// For something that never happens, what goes on instead until the violation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cycles: Vec<Cycle>,
    /// The parts of the plan that the failure needs.
    pub blame: Blame,
    /// The state of everyone involved at that step.
    pub state: Vec<StateSummary>,
}

/// Returns a violation with the descriptions of requests in place of their numbers.
///
/// # Errors
/// If the plan is invalid.
pub fn named(violation: Violation, plan: &Plan) -> Result<Violation, PlanError> {
    Ok(blame::with_acts(violation, &Topology::new(plan)?))
}

/// Explains why a plan fails; `None` if it holds.
///
/// # Errors
/// If the plan is invalid.
pub fn explain<R: Runner, P: Parallel>(
    repeater: Repeater<'_, R, P>,
    plan: &Plan,
) -> Result<Option<Explanation>, PlanError> {
    let outcome = repeater.run(plan)?;
    let Some(violation) = outcome.violations.first() else { return Ok(None) };
    let verdicts = crate::blame::blame(repeater, plan, &Signature::of(violation));
    let Repeater { runner, options, .. } = repeater;
    let topology = Topology::new(plan)?;
    let causes = Causes::of(runner, plan, options, violation.step)?;
    let chain = match causes {
        Some(causes) => {
            let causes = match state::waiting_actor(violation, &topology.cast) {
                Some(actor) => causes.of_last_step_of(actor),
                None => causes,
            };
            let parts = blame::parts_to_show(plan, &verdicts);
            let subjects = state::subjects(violation, &topology.cast);
            Chain::of(runner, (plan, &topology.cast), options, &causes, (parts, &subjects))?
        }
        None => Chain::default(),
    };
    let all = runner.state_summary(plan, options, violation.step)?;
    Ok(Some(Explanation {
        violation: blame::with_acts(violation.clone(), &topology),
        more: outcome.violations.len() as u64 - 1,
        steps: outcome.steps,
        digest: outcome.digest,
        limits: OtherLimits::of(&plan.limits),
        state: state::involved(all, violation, &chain),
        blame: Blame::new(plan, &topology, &verdicts),
        cycles: cycle::cycles(runner, (plan, &topology.cast), options, violation)?,
        chain,
    }))
}
