//! The search for a smaller plan: candidates are tried in order, and the first that fails the same
//! way is taken. How many are tried at a time changes neither the result nor what it has cost.

use std::ops::ControlFlow;

use super::{Budget, Progress, Same};
use crate::parallel::Parallel;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Outcome, Runner};
use guildhall_plan::size::Size;

/// A search in progress.
pub(super) struct Search<'a, R, P> {
    pub(super) runner: &'a R,
    /// The smallest plan so far that fails.
    pub(super) plan: Plan,
    step: Option<u64>,
    options: Options,
    same: &'a Same,
    left: Budget,
    parallel: &'a P,
    progress: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
    what: &'static str,
    runs: u64,
    hits: u64,
    over: bool,
}

/// What came of a candidate.
struct Tried {
    plan: Plan,
    steps: u64,
    /// The step of the violation, if it is the same one.
    fails: Option<u64>,
}

impl<'a, R: Runner, P: Parallel> Search<'a, R, P> {
    pub(super) fn new(
        runner: &'a R,
        plan: &Plan,
        options: Options,
        same: &'a Same,
        began: &Outcome,
        budget: Budget,
        parallel: &'a P,
        progress: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Self {
        // A candidate that goes on much longer than the plan itself is no smaller one.
        let most = began.steps.saturating_mul(4).saturating_add(10_000);
        Self {
            runner,
            plan: plan.clone(),
            step: began.violations.first().map(|first| first.step),
            options: options.up_to(most),
            same,
            left: budget,
            parallel,
            progress,
            what: "",
            runs: 0,
            hits: 0,
            over: false,
        }
    }

    /// Something else is made less from now on.
    pub(super) fn begin(&mut self, what: &'static str) {
        self.what = what;
    }

    /// Tries up to `count` candidates made of the plan and takes the first that fails the same way;
    /// returns which that was.
    pub(super) fn first(
        &mut self,
        count: usize,
        make: &(dyn Fn(&Plan, usize) -> Plan + Sync),
    ) -> Option<usize> {
        let mut from = 0;
        while from < count && !self.over {
            let width = self.parallel.width().clamp(1, count - from);
            let (runner, plan, options, same) = (self.runner, &self.plan, self.options, self.same);
            let tried = self.parallel.map(width, |nth| {
                let less = make(plan, from + nth);
                // What changes nothing is no step on the way, and would never end.
                if less == *plan { None } else { attempt(runner, less, options, same) }
            });
            for (tried, nth) in tried.into_iter().zip(from..) {
                if self.take(tried) {
                    return Some(nth);
                }
                if self.over {
                    return None;
                }
            }
            from += width;
        }
        None
    }

    /// Pays for a candidate, and takes it if it fails. Those that came after one that was taken are
    /// not paid for: one at a time, they would not have been tried.
    fn take(&mut self, tried: Option<Tried>) -> bool {
        // A plan that cannot be run costs nothing.
        let Some(Tried { plan, steps, fails }) = tried else { return false };
        if self.left.runs == 0 || self.left.steps < steps {
            self.over = true;
            return false;
        }
        self.left.runs -= 1;
        self.left.steps -= steps;
        self.runs += 1;
        if fails.is_some() {
            (self.plan, self.step) = (plan, fails);
            self.hits += 1;
        }
        let (what, runs, size) = (self.what, self.runs, Size::of(&self.plan));
        self.over = (self.progress)(Progress { what, runs, size }).is_break();
        fails.is_some()
    }

    /// The step at which the plan fails.
    pub(super) fn violation_step(&self) -> Option<u64> {
        self.step
    }

    pub(super) fn options(&self) -> Options {
        self.options
    }

    pub(super) fn same(&self) -> &Same {
        self.same
    }

    pub(super) fn runs(&self) -> u64 {
        self.runs
    }

    /// How many candidates were taken.
    pub(super) fn hits(&self) -> u64 {
        self.hits
    }

    /// Whether the budget has run out, or somebody has had enough.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }
}

fn attempt(runner: &impl Runner, plan: Plan, options: Options, same: &Same) -> Option<Tried> {
    let outcome = runner.run(&plan, options, &mut ()).ok()?;
    let first = outcome.violations.first();
    let fails = first.filter(|first| Same::of(first) == *same).map(|first| first.step);
    Some(Tried { plan, steps: outcome.steps, fails })
}
