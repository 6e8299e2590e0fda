//! The runs of a sweep that did not hold, grouped by what they have in common: the clause that was
//! violated first, the kind of its subject, and the moment of the violation. The run with the fewest
//! steps represents its group; among equals, the first.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use guildhall_check::violation::Violation;
use guildhall_explain::shrink::Signature;
use guildhall_plan::digest::Fingerprint;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Outcome, Runner, Verdict};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::moment::Moment;
use crate::panics;
use crate::run_spec::RunSpec;
use crate::text::{counted, counts};

/// How a run ended that did not hold.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// The contract was violated: the first violation, and the number of further ones.
    Violated { first: Violation, more: usize },
    /// The run was stopped before it settled.
    Inconclusive,
    /// The run could not be judged because of an internal error.
    Broken(String),
}

/// A run that did not hold.
#[derive(Debug)]
pub(crate) struct FailedRun {
    pub(crate) spec: RunSpec,
    pub(crate) ending: Ending,
    pub(crate) steps: u64,
    /// The run's digest, if known.
    pub(crate) digest: Option<Fingerprint>,
}

/// What the runs of a group have in common.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum GroupKey {
    /// What was violated, and when.
    Violation(Signature, Moment),
    /// Without a verdict: the scenario, and the kind of ending.
    NoVerdict(String, String),
}

/// Runs that failed in the same way.
#[derive(Debug)]
pub(crate) struct FailureGroup {
    pub(crate) occurrences: Occurrences,
    pub(crate) smallest: FailedRun,
}

/// How many seeds failed in the same way: in total, and of each scenario.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Occurrences {
    pub(crate) seeds: u64,
    scenarios: BTreeMap<String, u64>,
}

/// The failures of a sweep.
#[derive(Default)]
pub(crate) struct FailureGroups(BTreeMap<GroupKey, FailureGroup>);

impl Ending {
    /// How a run ended; `None` if it held.
    pub(crate) fn of(outcome: &Outcome) -> Option<Self> {
        Self::new(outcome.verdict == Verdict::Inconclusive, &outcome.violations)
    }

    pub(crate) fn new(inconclusive: bool, violations: &[Violation]) -> Option<Self> {
        match violations {
            [first, more @ ..] => Some(Self::Violated { first: first.clone(), more: more.len() }),
            [] => inconclusive.then_some(Self::Inconclusive),
        }
    }

    /// Its kind in a word; for a violation, the clause.
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
            Self::Inconclusive => "stopped before it settled".to_owned(),
            Self::Broken(why) => why.clone(),
        }
    }
}

/// The moment of a run's first violation.
pub(crate) fn moment(
    runner: &impl Runner,
    spec: &RunSpec,
    plan: &Plan,
    outcome: &Outcome,
) -> Result<Moment, Error> {
    let Some(first) = outcome.violations.first() else { return Ok(Moment::default()) };
    let options = spec.conditions.options();
    let moment = panics::silenced(|| Moment::of(runner, plan, options, first));
    moment.map_err(|error| spec.invalid(&error))
}

impl FailureGroups {
    /// Adds a failed run. Runs come in order, so the first of equals has the lowest seed.
    pub(crate) fn add(&mut self, run: FailedRun, moment: Moment) {
        let scenario = run.spec.target.name();
        let key = match &run.ending {
            Ending::Violated { first, .. } => GroupKey::Violation(Signature::of(first), moment),
            Ending::Inconclusive | Ending::Broken(_) => {
                GroupKey::NoVerdict(scenario.clone(), run.ending.kind())
            }
        };
        match self.0.entry(key) {
            Entry::Vacant(vacant) => {
                let mut occurrences = Occurrences::default();
                occurrences.add(&scenario);
                vacant.insert(FailureGroup { occurrences, smallest: run });
            }
            Entry::Occupied(mut group) => {
                let group = group.get_mut();
                group.occurrences.add(&scenario);
                if run.steps < group.smallest.steps {
                    group.smallest = run;
                }
            }
        }
    }

    /// The groups: violations before runs without a verdict, then the most frequent first.
    pub(crate) fn into_sorted(self) -> Vec<(GroupKey, FailureGroup)> {
        let mut groups: Vec<_> = self.0.into_iter().collect();
        groups.sort_by_key(|(key, group)| {
            let has_no_verdict = matches!(key, GroupKey::NoVerdict(..));
            (has_no_verdict, std::cmp::Reverse(group.occurrences.seeds))
        });
        groups
    }
}

impl Occurrences {
    /// Counts one more seed of this scenario.
    fn add(&mut self, scenario: &str) {
        self.seeds += 1;
        *self.scenarios.entry(scenario.to_owned()).or_default() += 1;
    }

    /// Whether a seed of this scenario is among them.
    pub(crate) fn includes(&self, scenario: &str) -> bool {
        self.scenarios.contains_key(scenario)
    }

    pub(crate) fn add_all(&mut self, other: &Self) {
        self.seeds += other.seeds;
        for (name, count) in &other.scenarios {
            *self.scenarios.entry(name.clone()).or_default() += count;
        }
    }
}

impl fmt::Display for Occurrences {
    /// `3 seeds of half-open`, or `5 seeds: half-open 3, two-members 2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seeds = counted(self.seeds, "seed");
        match self.scenarios.first_key_value() {
            Some((only, _)) if self.scenarios.len() == 1 => write!(f, "{seeds} of {only}"),
            Some(_) | None => write!(f, "{seeds}: {}", counts(&self.scenarios)),
        }
    }
}
