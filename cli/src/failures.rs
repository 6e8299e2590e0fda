//! The failures of a sweep, grouped by what they have in common.

use std::collections::BTreeMap;
use std::io;

use guildhall_check::violation::{Clause, Violation};
use guildhall_sim::run::Outcome;

use crate::out::Out;
use crate::recipe::Recipe;
use crate::tell;
use crate::words::counted;

/// How many groups are told to people.
const MOST_TOLD: usize = 5;

/// The failures of a sweep, by the scenario's place in it and the clause broken first.
#[derive(Default)]
pub(crate) struct Failures {
    groups: BTreeMap<(usize, Clause), Group>,
}

/// Failures that look alike; the lowest seed stands for all.
struct Group {
    count: u64,
    scenario: String,
    lowest: Violation,
    paste: String,
}

impl Failures {
    /// Takes note of a run. Runs come by scenario and seed, so the first of a group is its lowest.
    pub(crate) fn add(&mut self, place: usize, recipe: &Recipe, outcome: &Outcome) {
        let Some(first) = outcome.violations.first() else { return };
        let group = self.groups.entry((place, first.clause)).or_insert_with(|| Group {
            count: 0,
            scenario: recipe.subject.name(),
            lowest: first.clone(),
            paste: recipe.paste(),
        });
        group.count += 1;
    }

    pub(crate) fn tell(&self, out: &mut Out) -> io::Result<()> {
        for group in self.groups.values().take(MOST_TOLD) {
            let (seeds, what) = (counted(group.count, "seed"), &group.scenario);
            let told = tell::violation(&group.lowest, &group.paste);
            out.line(format_args!("\n{what}, {seeds}; the lowest:\n{told}"))?;
        }
        match self.groups.len().checked_sub(MOST_TOLD) {
            Some(more @ 1..) => {
                let groups = counted(more as u64, "more group");
                out.line(format_args!("\n… and {groups} of failures, which --json lists"))
            }
            Some(0) | None => Ok(()),
        }
    }
}
