//! What is to blame, by name: the faults and actions without which a run holds, those without which it
//! fails in another way, and how many make no difference.

use guildhall_check::violation::{Clause, Violation};
use serde::{Deserialize, Serialize};

use crate::blame::Counterfactual;
use crate::cone::Part;
use crate::transcript::Words;
use guildhall_plan::plan::Plan;
use guildhall_plan::text::at;
use guildhall_plan::topology::{ResolvedAction, Topology};

/// Which parts of the plan a failure needs.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Blame {
    /// The parts of the plan without which the run holds.
    pub needed: Vec<String>,
    /// Those without which it violates another clause first.
    pub instead: Vec<Instead>,
    /// How many make no difference, each by itself.
    pub free: Counts,
    /// How many are unknown: without them the run is inconclusive, or the plan is invalid.
    pub unknown: Counts,
}

/// A part of the plan without which a run violates another clause first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Instead {
    /// The part.
    pub part: String,
    /// The clause.
    pub clause: Clause,
}

/// Numbers of parts of a plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Faults.
    pub faults: u64,
    /// Acts.
    pub actions: u64,
}

impl Blame {
    pub(super) fn new(
        plan: &Plan,
        topology: &Topology,
        verdicts: &[(Part, Counterfactual)],
    ) -> Self {
        let mut blame = Self::default();
        for &(part, without) in verdicts {
            match without {
                Counterfactual::Holds => blame.needed.push(name(part, plan, topology)),
                Counterfactual::OtherFailure(clause) => {
                    blame.instead.push(Instead { part: name(part, plan, topology), clause });
                }
                Counterfactual::SameFailure => blame.free.add(part),
                Counterfactual::Unknown => blame.unknown.add(part),
            }
        }
        blame
    }
}

impl Counts {
    fn add(&mut self, part: Part) {
        match part {
            Part::Fault(_) => self.faults += 1,
            Part::Action(_) => self.actions += 1,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.faults + self.actions == 0
    }
}

/// The parts for the chain to show: those that make a difference, in the order of time.
pub(super) fn parts_to_show(plan: &Plan, verdicts: &[(Part, Counterfactual)]) -> Vec<Part> {
    let shown = verdicts.iter().filter(|(_, without)| match without {
        Counterfactual::Holds | Counterfactual::OtherFailure(_) => true,
        Counterfactual::SameFailure | Counterfactual::Unknown => false,
    });
    let when = |part: &Part| match *part {
        Part::Fault(index) => plan.faults[index].at,
        Part::Action(index) => plan.actions[index].at,
    };
    let mut shown: Vec<_> = shown.map(|(part, _)| *part).collect();
    shown.sort_by_key(|part| (when(part), *part));
    shown
}

/// The violation with descriptions of actions: checkers identify an action by its user and a number.
pub(super) fn with_acts(mut violation: Violation, topology: &Topology) -> Violation {
    let words = Words { cast: topology.cast.clone() };
    for (_, what) in &topology.actions {
        let ResolvedAction::Ask(request) = what else { continue };
        let number = request.origin.nonce.0.to_string();
        let name = format!("{}'s {number}", topology.cast.user(request.origin.user));
        for text in [&mut violation.subject, &mut violation.message, &mut violation.got] {
            if text.contains(&number) {
                *text = text.replace(&name, &words.request(request));
                *text = text.replace(&number, &words.request(request));
            }
        }
    }
    violation
}

/// The name and time of a part of a plan.
fn name(part: Part, plan: &Plan, topology: &Topology) -> String {
    match part {
        Part::Fault(index) => {
            let fault = &plan.faults[index];
            let when = if fault.when.is_some() { "from" } else { "at" };
            format!("{} ({when} {})", fault.fault, at(fault.at))
        }
        Part::Action(index) => {
            let words = Words { cast: topology.cast.clone() };
            let action = &plan.actions[index];
            let what = match &topology.actions[index].1 {
                ResolvedAction::Ask(request) => words.request(request),
                ResolvedAction::Quit { .. } => format!("{} quits", action.client),
                ResolvedAction::Start => format!("{} starts again", action.client),
                ResolvedAction::Rest => format!("{} does nothing", action.client),
            };
            format!("{what} (at {})", at(action.at))
        }
    }
}
