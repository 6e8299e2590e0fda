//! Blame by counterfactual: how a run ends if one fault or one action is removed from its plan.
//!
//! Random decisions are keyed by what they are about, so everything else stays the same: if the run
//! holds without a part, the failure needs that part.

use guildhall_check::violation::Clause;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Outcome, Runner, Verdict};

use crate::cone::Part;
use crate::repeater::{Parallel, Repeater};
use crate::shrink::Signature;

/// How a run ends without a part of its plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counterfactual {
    /// It holds: the part is needed.
    Holds,
    /// It fails in the same way: the part alone makes no difference.
    SameFailure,
    /// It violates this clause first, or the same clause for another kind of subject.
    OtherFailure(Clause),
    /// It ran out of budget, or the plan is invalid.
    Unknown,
}

impl Part {
    /// All parts of a plan: its faults, then its actions.
    pub fn all(plan: &Plan) -> impl Iterator<Item = Self> {
        let faults = (0..plan.faults.len()).map(Self::Fault);
        faults.chain((0..plan.actions.len()).map(Self::Action))
    }

    /// The plan without this part.
    ///
    /// # Panics
    /// If the plan has no such part.
    #[must_use]
    pub fn removed_from(self, plan: &Plan) -> Plan {
        let mut plan = plan.clone();
        match self {
            Self::Fault(index) => drop(plan.faults.remove(index)),
            Self::Action(index) => drop(plan.actions.remove(index)),
        }
        plan
    }
}

impl Counterfactual {
    fn of(outcome: &Outcome, signature: &Signature) -> Self {
        match (outcome.verdict, outcome.violations.first()) {
            (Verdict::Held, _) => Self::Holds,
            (Verdict::Violated, Some(_)) if signature.matches(outcome) => Self::SameFailure,
            (Verdict::Violated, Some(first)) => Self::OtherFailure(first.clause),
            (Verdict::Violated, None) | (Verdict::Inconclusive, _) => Self::Unknown,
        }
    }
}

/// Runs the plan without each of its faults and actions, one at a time.
pub fn blame<R: Runner, P: Parallel>(
    repeater: Repeater<'_, R, P>,
    plan: &Plan,
    signature: &Signature,
) -> Vec<(Part, Counterfactual)> {
    let parts: Vec<_> = Part::all(plan).collect();
    repeater.parallel.map(parts.len(), |nth| {
        let ended = repeater.run(&parts[nth].removed_from(plan));
        let verdict = ended.map(|outcome| Counterfactual::of(&outcome, signature));
        (parts[nth], verdict.unwrap_or(Counterfactual::Unknown))
    })
}
