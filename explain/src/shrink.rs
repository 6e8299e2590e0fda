//! Shrinking: from a failing plan to a small one that fails in the same way.
//!
//! It begins with the causal cone of the violation, then removes single faults and actions, then other
//! parts that are no longer needed, then reduces times and sizes, and repeats this until nothing
//! changes. The result depends on the plan and the budget alone: not on the number of threads, and
//! never on real time.

mod ddmin;
mod knobs;
mod removals;
mod search;

use std::ops::ControlFlow;

use guildhall_check::violation::{Clause, Violation};

use crate::cone::{Cone, Parts};
use crate::repeater::{Parallel, Repeater};
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Outcome, Runner, Verdict};
use guildhall_plan::size::Size;
use search::Search;

/// What identifies a failure: the clause that is violated first, and the kind of its subject. Panics
/// at two places are two failures.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Signature {
    /// The clause.
    pub clause: Clause,
    /// The kind of its subject; for a panic, its place.
    pub kind: String,
}

/// The limit of the effort.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// Runs.
    pub runs: u64,
    /// Steps of all runs in total.
    pub steps: u64,
}

/// What to shrink towards, and how far.
pub struct Goal<'a> {
    /// How the shrunk plan must fail.
    pub signature: &'a Signature,
    /// The limit of the effort.
    pub budget: Budget,
    /// Called after each run; it may stop the shrinking, with the result so far.
    pub progress: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
}

/// The progress of shrinking.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What is being reduced, in a word.
    pub what: &'static str,
    /// Runs so far.
    pub runs: u64,
    /// The size of the smallest failing plan.
    pub size: Size,
}

/// The result of shrinking.
#[derive(Clone, PartialEq, Debug)]
pub struct Shrunk {
    /// The shrunk plan.
    pub plan: Plan,
    /// Its outcome.
    pub outcome: Outcome,
    /// Its first violation.
    pub violation: Violation,
    /// The number of runs.
    pub runs: u64,
    /// The size of the original plan.
    pub from: Size,
    /// The size of the shrunk plan.
    pub to: Size,
    /// Whether nothing more can be removed or reduced: it was not stopped early, by the budget or by
    /// the progress callback.
    pub complete: bool,
}

/// Why a plan cannot be shrunk.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ShrinkError {
    /// The plan is invalid.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// It does not fail in the expected way.
    #[error("it does not fail: {0}")]
    Holds(String),
    /// A repeated run took different steps.
    #[error("nondeterminism: the same plan was run twice and took different steps the second time")]
    Nondeterminism,
}

impl Budget {
    /// Enough for most failures, and cheap enough for each failure of a report.
    #[must_use]
    pub const fn brief() -> Self {
        Self { runs: 4_000, steps: 20_000_000 }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self { runs: 20_000, steps: 100_000_000 }
    }
}

impl Signature {
    /// The signature of a violation.
    #[must_use]
    pub fn of(violation: &Violation) -> Self {
        let Violation { clause, kind, subject, .. } = violation;
        Self {
            clause: *clause,
            kind: if *clause == Clause::Panic { subject } else { kind }.clone(),
        }
    }

    /// Whether a run fails in this way.
    #[must_use]
    pub fn matches(&self, outcome: &Outcome) -> bool {
        outcome.violations.first().is_some_and(|first| Self::of(first) == *self)
    }
}

/// Finds a small plan with the signature of the goal.
///
/// # Errors
/// If the plan is invalid or does not fail in that way, or if a run is not deterministic.
pub fn shrink<'a, R: Runner, P: Parallel>(
    repeater: Repeater<'a, R, P>,
    plan: &Plan,
    goal: Goal<'a>,
) -> Result<Shrunk, ShrinkError> {
    let original = repeater.run(plan)?;
    if !goal.signature.matches(&original) {
        return Err(ShrinkError::Holds(ending(&original)));
    }
    let mut search = Search::new(repeater, plan, &original, goal);
    rounds(&mut search);
    verified(&search, repeater, plan)
}

/// Goes through everything that can be reduced, until a whole round changes nothing.
fn rounds<R: Runner, P: Parallel>(search: &mut Search<'_, R, P>) {
    let phases = 1 + removals::ALL.len() + 1;
    let (mut phase, mut unchanged) = (0, 0);
    while unchanged < phases && !search.is_over() {
        let before = search.hits();
        match phase {
            0 => narrow(search),
            nth => match removals::ALL.get(nth - 1) {
                Some(&(what, walk)) => removals::remove_all_of(search, what, walk),
                None => knobs::turn_down(search),
            },
        }
        unchanged = if search.hits() == before { unchanged + 1 } else { 0 };
        // Each phase repeats itself until it changes nothing, so it need not follow itself.
        phase = (phase + 1) % phases;
    }
}

/// Keeps only the causes of the violation: the chain if that fails too, otherwise the past.
fn narrow<R: Runner, P: Parallel>(search: &mut Search<'_, R, P>) {
    search.begin("causes");
    let Some(step) = search.violation_step() else { return };
    let Ok(Some(cone)) = Cone::of(search.runner(), &search.plan, search.options(), step) else {
        return;
    };
    let candidates: Vec<Plan> = [&cone.near, &cone.past]
        .map(|parts| only(&search.plan, parts))
        .into_iter()
        .filter(|plan| *plan != search.plan)
        .collect();
    search.first(candidates.len(), &|_, nth| candidates[nth].clone());
}

/// The plan with only these faults and actions.
fn only(plan: &Plan, parts: &Parts) -> Plan {
    let mut plan = plan.clone();
    let mut index = 0..;
    plan.faults.retain(|_| index.next().is_some_and(|it| parts.faults.contains(&it)));
    let mut index = 0..;
    plan.actions.retain(|_| index.next().is_some_and(|it| parts.actions.contains(&it)));
    plan
}

/// Runs the result twice more, under the options of the original plan.
fn verified<R: Runner, P: Parallel>(
    search: &Search<'_, R, P>,
    repeater: Repeater<'_, R, P>,
    plan: &Plan,
) -> Result<Shrunk, ShrinkError> {
    let (small, runs, complete) = (search.plan.clone(), search.runs(), !search.is_over());
    let (outcome, again) = (repeater.run(&small)?, repeater.run(&small)?);
    let violation = outcome.violations.first().cloned();
    let Some(violation) = violation.filter(|first| Signature::of(first) == *search.signature())
    else {
        return Err(ShrinkError::Nondeterminism);
    };
    if outcome != again {
        return Err(ShrinkError::Nondeterminism);
    }
    let (from, to) = (Size::of(plan), Size::of(&small));
    Ok(Shrunk { plan: small, outcome, violation, runs, from, to, complete })
}

fn ending(outcome: &Outcome) -> String {
    match (outcome.verdict, outcome.violations.first()) {
        (_, Some(first)) => format!("it violates {} for a {} instead", first.clause, first.kind),
        (Verdict::Inconclusive, None) => "it was stopped before it settled".to_owned(),
        (Verdict::Held | Verdict::Violated, None) => "it keeps the contract".to_owned(),
    }
}
