//! Shrinking: from a plan that fails to a small one that fails the same way.
//!
//! It begins with the causal cone of the violation, then takes out single faults and acts, then
//! whoever is no longer needed, then makes times and sizes less, round and round until nothing
//! changes any more. What it comes to hangs on the plan and the budget alone: not on how much is
//! tried at a time, and never on real time.

mod knobs;
mod list;
mod lists;
mod search;

use std::ops::ControlFlow;

use guildhall_check::violation::{Clause, Violation};

use crate::cone::{Cone, Parts};
use crate::parallel::Parallel;
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Options, Outcome, Runner, Verdict};
use guildhall_plan::size::Size;
use search::Search;

/// What makes two failures the same one: the clause broken first, and the kind of its subject.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Same {
    /// The clause.
    pub clause: Clause,
    /// The kind of thing that it is broken for.
    pub kind: String,
}

/// How much may be tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// Runs.
    pub runs: u64,
    /// Steps of all runs together.
    pub steps: u64,
}

/// How far shrinking is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What is being made less, in a word.
    pub what: &'static str,
    /// Runs so far.
    pub runs: u64,
    /// How large the smallest plan is that fails.
    pub size: Size,
}

/// What shrinking has come to.
#[derive(Clone, PartialEq, Debug)]
pub struct Shrunk {
    /// The small plan.
    pub plan: Plan,
    /// What comes of it.
    pub outcome: Outcome,
    /// How it fails.
    pub violation: Violation,
    /// How many runs it took.
    pub runs: u64,
    /// How large the plan was.
    pub from: Size,
    /// How large it is.
    pub to: Size,
    /// Whether nothing more can be taken out or made less: the budget was enough, and nobody had
    /// it end early.
    pub complete: bool,
}

/// Why nothing was shrunk.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ShrinkError {
    /// The plan cannot be run.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// It does not fail in the way that it is to.
    #[error("it does not fail: {0}")]
    Holds(String),
    /// What failed once did not again, or by other steps.
    #[error("nondeterminism: the same plan was run twice and took other steps the second time")]
    Nondeterminism,
}

impl Budget {
    /// Enough for most failures, and little enough to be spent on one that is only to be told.
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

impl Same {
    /// As what a violation counts.
    #[must_use]
    pub fn of(violation: &Violation) -> Self {
        Self { clause: violation.clause, kind: violation.kind.clone() }
    }

    /// Whether a run fails in this way.
    #[must_use]
    pub fn is(&self, outcome: &Outcome) -> bool {
        outcome.violations.first().is_some_and(|first| Self::of(first) == *self)
    }
}

/// Finds a small plan that fails as `same` says. `progress` is told of every few runs and may have
/// it end early; what has been found until then is the result.
///
/// # Errors
/// If the plan cannot be run, does not fail that way, or what it came to is not deterministic.
pub fn shrink(
    runner: &impl Runner,
    plan: &Plan,
    options: Options,
    same: &Same,
    budget: Budget,
    parallel: &impl Parallel,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Shrunk, ShrinkError> {
    let began = runner.run(plan, options, &mut ())?;
    if !same.is(&began) {
        return Err(ShrinkError::Holds(what_came(&began)));
    }
    let mut search = Search::new(runner, plan, options, same, &began, budget, parallel, progress);
    rounds(&mut search);
    verified(search, plan, options)
}

/// Goes through everything that can be made less, until a whole round has changed nothing.
fn rounds<R: Runner, P: Parallel>(search: &mut Search<'_, R, P>) {
    let phases = 1 + lists::ALL.len() + 1;
    let (mut phase, mut in_vain) = (0, 0);
    while in_vain < phases && !search.is_over() {
        let before = search.hits();
        match phase {
            0 => narrow(search),
            nth => match lists::ALL.get(nth - 1) {
                Some(&(what, walk)) => lists::thin_out(search, what, walk),
                None => knobs::turn_down(search),
            },
        }
        in_vain = if search.hits() == before { in_vain + 1 } else { 0 };
        // A phase that has changed something is at its own end, too: it need not follow itself.
        phase = (phase + 1) % phases;
    }
}

/// Keeps only what the violation stems from: the chain if that is enough, else the past.
fn narrow<R: Runner, P: Parallel>(search: &mut Search<'_, R, P>) {
    search.begin("causes");
    let Some(step) = search.violation_step() else { return };
    let Ok(Some(cone)) = Cone::of(search.runner, &search.plan, search.options(), step) else {
        return;
    };
    let candidates: Vec<Plan> = [&cone.near, &cone.past]
        .map(|parts| only(&search.plan, parts))
        .into_iter()
        .filter(|plan| *plan != search.plan)
        .collect();
    search.first(candidates.len(), &|_, nth| candidates[nth].clone());
}

/// A plan with no other faults and acts than these.
fn only(plan: &Plan, parts: &Parts) -> Plan {
    let mut plan = plan.clone();
    let mut place = 0..;
    plan.faults.retain(|_| place.next().is_some_and(|it| parts.faults.contains(&it)));
    let mut place = 0..;
    plan.acts.retain(|_| place.next().is_some_and(|it| parts.acts.contains(&it)));
    plan
}

/// Runs the result twice more, as the plan was run that it began with.
fn verified<R: Runner, P: Parallel>(
    search: Search<'_, R, P>,
    plan: &Plan,
    options: Options,
) -> Result<Shrunk, ShrinkError> {
    let (small, runs, complete) = (search.plan.clone(), search.runs(), !search.is_over());
    let runner = search.runner;
    let outcome = runner.run(&small, options, &mut ())?;
    let again = runner.run(&small, options, &mut ())?;
    let violation = outcome.violations.first().cloned();
    let Some(violation) = violation.filter(|first| Same::of(first) == *search.same()) else {
        return Err(ShrinkError::Nondeterminism);
    };
    if outcome != again {
        return Err(ShrinkError::Nondeterminism);
    }
    let (from, to) = (Size::of(plan), Size::of(&small));
    Ok(Shrunk { plan: small, outcome, violation, runs, from, to, complete })
}

fn what_came(outcome: &Outcome) -> String {
    match (outcome.verdict, outcome.violations.first()) {
        (_, Some(first)) => format!("it breaks {} for a {} instead", first.clause, first.kind),
        (Verdict::Inconclusive, None) => "it was given up before all had settled".to_owned(),
        (Verdict::Held | Verdict::Violated, None) => "the contract was kept".to_owned(),
    }
}
