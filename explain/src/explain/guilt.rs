//! What is to blame, in names: the faults and acts without which a run holds, those without which it
//! fails otherwise, and how many change nothing.

use guildhall_check::violation::{Clause, Violation};
use serde::{Deserialize, Serialize};

use crate::blame::Without;
use crate::cone::Part;
use crate::transcript::Words;
use guildhall_plan::plan::Plan;
use guildhall_plan::text::at;
use guildhall_plan::topology::{Move, Topology};

/// What a failure needs, and what it does not.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Blame {
    /// The parts of the plan without which the run holds.
    pub needed: Vec<String>,
    /// Those without which it breaks something else first.
    pub instead: Vec<Instead>,
    /// How many change nothing, each by itself.
    pub free: Counts,
    /// How many show nothing: without them the run goes on for too long, or is none.
    pub unknown: Counts,
}

/// A part of the plan without which a run breaks something else first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Instead {
    /// The part.
    pub part: String,
    /// What is broken first without it.
    pub clause: Clause,
}

/// How many parts of a plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Faults.
    pub faults: u64,
    /// Acts.
    pub acts: u64,
}

impl Blame {
    pub(super) fn new(plan: &Plan, topology: &Topology, verdicts: &[(Part, Without)]) -> Self {
        let mut blame = Self::default();
        for &(part, without) in verdicts {
            match without {
                Without::Holds => blame.needed.push(name(part, plan, topology)),
                Without::Otherwise(clause) => {
                    blame.instead.push(Instead { part: name(part, plan, topology), clause });
                }
                Without::Same => blame.free.add(part),
                Without::Unknown => blame.unknown.add(part),
            }
        }
        blame
    }
}

impl Counts {
    fn add(&mut self, part: Part) {
        match part {
            Part::Fault(_) => self.faults += 1,
            Part::Act(_) => self.acts += 1,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.faults + self.acts == 0
    }
}

/// The parts that the chain is to show: all without which it would be another.
pub(super) fn to_show(plan: &Plan, verdicts: &[(Part, Without)]) -> Vec<Part> {
    let shown = verdicts.iter().filter(|(_, without)| match without {
        Without::Holds | Without::Otherwise(_) => true,
        Without::Same | Without::Unknown => false,
    });
    let when = |part: &Part| match *part {
        Part::Fault(index) => plan.faults[index].at,
        Part::Act(index) => plan.acts[index].at,
    };
    let mut shown: Vec<_> = shown.map(|(part, _)| *part).collect();
    shown.sort_by_key(|part| (when(part), *part));
    shown
}

/// A violation that names acts by what they are: checkers know them by who acts, and by a number.
pub(super) fn with_acts(mut violation: Violation, topology: &Topology) -> Violation {
    let words = Words { cast: topology.cast.clone() };
    for (_, what) in &topology.acts {
        let Move::Ask(request) = what else { continue };
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

/// What a part of a plan is, and when.
fn name(part: Part, plan: &Plan, topology: &Topology) -> String {
    match part {
        Part::Fault(index) => {
            let fault = &plan.faults[index];
            let when = if fault.when.is_some() { "from" } else { "at" };
            format!("{} ({when} {})", fault.fault, at(fault.at))
        }
        Part::Act(index) => {
            let words = Words { cast: topology.cast.clone() };
            let act = &plan.acts[index];
            let what = match &topology.acts[index].1 {
                Move::Ask(request) => words.request(request),
                Move::Quit => format!("{} quits", act.client),
                Move::Start => format!("{} starts again", act.client),
                Move::Rest => format!("{} does nothing", act.client),
            };
            format!("{what} (at {})", at(act.at))
        }
    }
}
