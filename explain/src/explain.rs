//! Why a run fails: the chain of causes, what is to blame, and how those concerned stand.
//!
//! All of it is found by having the run again: once to see what came of what, and once more for each
//! fault and each act that is taken out of it. Nothing is guessed, and nothing is judged here.

mod chain;
mod concern;
mod diagram;
mod guilt;
mod lead;

use guildhall_check::standing::Standing;
use guildhall_check::violation::Violation;
use serde::{Deserialize, Serialize};

use crate::cone::Causes;
use crate::parallel::Parallel;
use crate::shrink::Same;
use guildhall_plan::digest::Fingerprint;
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Options, Runner};
use guildhall_plan::topology::Topology;

pub use chain::{Chain, Link};
pub use guilt::{Blame, Counts, Instead};

/// Why a run fails.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Explanation {
    /// What is broken first.
    pub violation: Violation,
    /// How many more violations were found in the same run.
    pub more: u64,
    /// How many steps the run takes.
    pub steps: u64,
    /// The run's digest.
    pub digest: Fingerprint,
    /// How it came to that, newest last.
    pub chain: Chain,
    /// What it needs to come to that.
    pub blame: Blame,
    /// How those concerned stand at that step.
    pub state: Vec<Standing>,
}

/// Explains why a plan fails; `None` if it does not.
///
/// # Errors
/// If the plan cannot be run.
pub fn explain(
    runner: &impl Runner,
    plan: &Plan,
    options: Options,
    parallel: &impl Parallel,
) -> Result<Option<Explanation>, PlanError> {
    let outcome = runner.run(plan, options, &mut ())?;
    let Some(violation) = outcome.violations.first() else { return Ok(None) };
    let verdicts = crate::blame::blame(runner, plan, options, &Same::of(violation), parallel);
    let topology = Topology::new(plan)?;
    let causes = Causes::of(runner, plan, options, violation.step)?;
    let chain = match causes {
        Some(causes) => {
            let causes = match concern::who_waits(violation, &topology.cast) {
                Some(actor) => causes.of_what_happened_to(actor),
                None => causes,
            };
            let parts = guilt::to_show(plan, &verdicts);
            Chain::of(runner, (plan, &topology.cast), options, &causes, parts)?
        }
        None => Chain::default(),
    };
    let all = runner.standing(plan, options, violation.step)?;
    Ok(Some(Explanation {
        violation: guilt::with_acts(violation.clone(), &topology),
        more: outcome.violations.len() as u64 - 1,
        steps: outcome.steps,
        digest: outcome.digest,
        state: concern::concerned(all, violation, &chain),
        blame: Blame::new(plan, &topology, &verdicts),
        chain,
    }))
}
