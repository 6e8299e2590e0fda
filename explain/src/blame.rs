//! Blame by counterfactual: what comes of a run when one fault or one act is taken out of it.
//!
//! What is left to chance is keyed by what it is about (law 3), so all else stays as it was: a part
//! without which the run holds is needed for the failure. Nothing here is guessed.

use guildhall_check::violation::Clause;

use crate::cone::Part;
use crate::parallel::Parallel;
use crate::shrink::Same;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Outcome, Runner, Verdict};

/// What comes of a run without a part of its plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Without {
    /// It holds: the part is needed.
    Holds,
    /// It fails the same way: the part is not needed, by itself.
    Same,
    /// It breaks this clause first, or the same one for another kind of thing.
    Otherwise(Clause),
    /// It shows nothing: it ran out of budget, or cannot be run.
    Unknown,
}

impl Part {
    /// All of a plan: its faults, then its acts.
    pub fn all(plan: &Plan) -> impl Iterator<Item = Self> {
        let faults = (0..plan.faults.len()).map(Self::Fault);
        faults.chain((0..plan.acts.len()).map(Self::Act))
    }

    /// The plan without it.
    ///
    /// # Panics
    /// If the plan has no such part.
    #[must_use]
    pub fn taken_out_of(self, plan: &Plan) -> Plan {
        let mut plan = plan.clone();
        match self {
            Self::Fault(index) => drop(plan.faults.remove(index)),
            Self::Act(index) => drop(plan.acts.remove(index)),
        }
        plan
    }
}

impl Without {
    fn of(outcome: &Outcome, same: &Same) -> Self {
        match (outcome.verdict, outcome.violations.first()) {
            (Verdict::Held, _) => Self::Holds,
            (Verdict::Violated, Some(_)) if same.is(outcome) => Self::Same,
            (Verdict::Violated, Some(first)) => Self::Otherwise(first.clause),
            (Verdict::Violated, None) | (Verdict::Inconclusive, _) => Self::Unknown,
        }
    }
}

/// Runs the plan without each of its faults and acts, one at a time.
pub fn blame(
    runner: &impl Runner,
    plan: &Plan,
    options: Options,
    same: &Same,
    parallel: &impl Parallel,
) -> Vec<(Part, Without)> {
    let parts: Vec<_> = Part::all(plan).collect();
    parallel.map(parts.len(), |nth| {
        let ran = runner.run(&parts[nth].taken_out_of(plan), options, &mut ());
        (parts[nth], ran.map_or(Without::Unknown, |outcome| Without::of(&outcome, same)))
    })
}
