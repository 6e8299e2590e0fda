//! What many runs come to together.

use std::collections::BTreeMap;

use guildhall_plan::run::{Outcome, Verdict};

use crate::exit::Exit;

/// What many runs come to together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) seeds: u64,
    pub(crate) failing: u64,
    pub(crate) inconclusive: u64,
    /// Seeds that could not be judged for a mistake of ours.
    pub(crate) broken: u64,
    /// Whether a run took other steps the second time.
    pub(crate) parted: bool,
    pub(crate) steps: u64,
    pub(crate) deliveries: u64,
    pub(crate) hits: u64,
    pub(crate) faults: BTreeMap<&'static str, u64>,
    pub(crate) meetings: BTreeMap<String, u64>,
    pub(crate) marks: BTreeMap<&'static str, u64>,
}

impl Tally {
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        self.seeds += 1;
        match outcome.verdict {
            Verdict::Held => {}
            Verdict::Violated => self.failing += 1,
            Verdict::Inconclusive => self.inconclusive += 1,
        }
        self.steps += outcome.steps;
        self.deliveries += outcome.deliveries;
        self.hits += outcome.hits;
        sum(&mut self.faults, outcome.coverage.families());
        sum(&mut self.meetings, outcome.coverage.meetings());
        sum(&mut self.marks, outcome.marks.clone());
    }

    /// The marks that no run came by.
    pub(crate) fn unreached(&self) -> Vec<&'static str> {
        let all = guildhall_check::all_marks().iter().copied();
        all.filter(|mark| !self.marks.contains_key(mark)).collect()
    }

    /// How a sweep that came to this ends.
    pub(crate) fn exit(&self, interrupted: bool) -> Exit {
        if self.seeds + self.broken == 0 && !interrupted {
            return Exit::NothingRan;
        }
        let met = [
            (interrupted, Exit::Interrupted),
            (self.broken > 0, Exit::Internal),
            (self.parted, Exit::Nondeterminism),
            (self.failing > 0, Exit::Violation),
            (self.inconclusive > 0, Exit::Inconclusive),
        ];
        let met = met.into_iter().filter_map(|(happened, exit)| happened.then_some(exit));
        Exit::first_of(&met.collect::<Vec<_>>())
    }
}

fn sum<K: Ord>(totals: &mut BTreeMap<K, u64>, counts: BTreeMap<K, u64>) {
    for (name, count) in counts {
        *totals.entry(name).or_default() += count;
    }
}
