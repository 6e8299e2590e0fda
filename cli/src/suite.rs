//! What a sweep has found, scenario by scenario: kept for the forms that are written at its end.

use std::collections::BTreeMap;

use guildhall_check::violation::{Clause, Violation};
use guildhall_sim::run::{Outcome, Verdict};

use crate::recipe::Recipe;
use crate::tell;

/// What was found in one scenario.
#[derive(Debug)]
pub(crate) struct Suite {
    pub(crate) scenario: &'static str,
    pub(crate) seeds: u64,
    pub(crate) steps: u64,
    pub(crate) deliveries: u64,
    /// The seeds that did not hold, in order.
    pub(crate) cases: Vec<Case>,
}

/// A seed that did not hold.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) recipe: Recipe,
    pub(crate) ending: Ending,
}

/// How it ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// The contract was broken; this was first, and so many more were found.
    Violated { first: Violation, more: usize },
    /// It was given up.
    Inconclusive,
    /// It could not be judged, for a mistake of ours.
    Broken(String),
}

/// Failures that look alike; the lowest seed stands for all.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    pub(crate) count: u64,
    pub(crate) lowest: &'a Case,
}

impl Ending {
    /// How a run ended, unless it held.
    pub(crate) fn of(outcome: &Outcome) -> Option<Self> {
        match (outcome.verdict, outcome.violations.as_slice()) {
            (Verdict::Held, _) | (Verdict::Violated, []) => None,
            (Verdict::Violated, [first, more @ ..]) => {
                Some(Self::Violated { first: first.clone(), more: more.len() })
            }
            (Verdict::Inconclusive, _) => Some(Self::Inconclusive),
        }
    }

    pub(crate) fn clause(&self) -> Option<Clause> {
        match self {
            Self::Violated { first, .. } => Some(first.clause),
            Self::Inconclusive | Self::Broken(_) => None,
        }
    }

    /// What kind of ending it is, in a word: the clause that was broken, or what else.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Violated { first, .. } => first.clause.to_string(),
            Self::Inconclusive => "inconclusive".to_owned(),
            Self::Broken(_) => "internal".to_owned(),
        }
    }

    /// What is wrong, in a sentence.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Violated { first, .. } => format!("{}: {}", first.subject, first.message),
            Self::Inconclusive => "given up before all had settled".to_owned(),
            Self::Broken(why) => why.clone(),
        }
    }
}

impl Case {
    /// The failure as it is told anywhere: what, expected and got, where, and the line to paste.
    pub(crate) fn block(&self) -> String {
        let repeat = self.recipe.paste();
        match &self.ending {
            Ending::Violated { first, more } => {
                let block = tell::violation(first, &repeat);
                match more {
                    0 => block,
                    more => format!("{block}\n{}", tell::item("also", &format!("{more} more"))),
                }
            }
            Ending::Inconclusive | Ending::Broken(_) => {
                let (kind, sentence) = (self.ending.kind(), self.ending.sentence());
                format!("{kind}  {sentence}\n{}", tell::item("repeat", &repeat))
            }
        }
    }
}

impl Suite {
    pub(crate) fn new(scenario: &'static str) -> Self {
        Self { scenario, seeds: 0, steps: 0, deliveries: 0, cases: Vec::new() }
    }

    /// Takes note of a run that was judged.
    pub(crate) fn add(&mut self, steps: u64, deliveries: u64, case: Option<Case>) {
        self.seeds += 1;
        self.steps += steps;
        self.deliveries += deliveries;
        self.cases.extend(case);
    }

    /// Takes note of a run that could not be.
    pub(crate) fn add_broken(&mut self, recipe: Recipe, why: String) {
        self.cases.push(Case { recipe, ending: Ending::Broken(why) });
    }

    /// Whether nothing of it was run.
    pub(crate) fn is_empty(&self) -> bool {
        self.seeds == 0 && self.cases.is_empty()
    }

    pub(crate) fn failing(&self) -> u64 {
        self.count(|ending| matches!(ending, Ending::Violated { .. }))
    }

    pub(crate) fn inconclusive(&self) -> u64 {
        self.count(|ending| matches!(ending, Ending::Inconclusive))
    }

    pub(crate) fn broken(&self) -> u64 {
        self.count(|ending| matches!(ending, Ending::Broken(_)))
    }

    /// Its failures by what was broken first, those without a verdict at the end.
    pub(crate) fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: BTreeMap<_, Group<'_>> = BTreeMap::new();
        for case in &self.cases {
            let (clause, kind) = (case.ending.clause(), case.ending.kind());
            let group = groups.entry((clause.is_none(), clause, kind));
            group.or_insert(Group { count: 0, lowest: case }).count += 1;
        }
        groups.into_values().collect()
    }

    fn count(&self, which: impl Fn(&Ending) -> bool) -> u64 {
        self.cases.iter().filter(|case| which(&case.ending)).count() as u64
    }
}
