//! The search for a smaller plan: candidates are tried in order, and the first that fails in the same
//! way is taken. How many are tried at a time changes neither the result nor its cost.

use std::ops::ControlFlow;

use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Outcome, Runner};
use guildhall_plan::size::Size;

use super::{Budget, Goal, Progress, Signature};
use crate::repeater::{Parallel, Repeater};

/// A search in progress.
pub(super) struct Search<'a, R, P> {
    repeater: Repeater<'a, R, P>,
    /// The smallest failing plan so far.
    pub(super) plan: Plan,
    /// The step of its violation.
    step: Option<u64>,
    signature: &'a Signature,
    left: Budget,
    progress: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
    what: &'static str,
    runs: u64,
    hits: u64,
    over: bool,
}

/// A candidate that was run.
struct Tried {
    plan: Plan,
    steps: u64,
    /// The step of the violation, if it has the signature.
    fails: Option<u64>,
}

impl<'a, R: Runner, P: Parallel> Search<'a, R, P> {
    pub(super) fn new(
        repeater: Repeater<'a, R, P>,
        plan: &Plan,
        original: &Outcome,
        goal: Goal<'a>,
    ) -> Self {
        // A candidate that runs much longer than the plan itself is not smaller.
        let most = original.steps.saturating_mul(4).saturating_add(10_000);
        let Goal { signature, budget, progress } = goal;
        Self {
            repeater: Repeater { options: repeater.options.up_to(most), ..repeater },
            plan: plan.clone(),
            step: original.violations.first().map(|first| first.step),
            signature,
            left: budget,
            progress,
            what: "",
            runs: 0,
            hits: 0,
            over: false,
        }
    }

    /// Begins to reduce something else.
    pub(super) fn begin(&mut self, what: &'static str) {
        self.what = what;
    }

    /// Tries up to `count` candidates and takes the first that fails in the same way; returns its
    /// index.
    pub(super) fn first(
        &mut self,
        count: usize,
        make: &(dyn Fn(&Plan, usize) -> Plan + Sync),
    ) -> Option<usize> {
        let mut from = 0;
        while from < count && !self.over {
            let (repeater, plan, signature) = (self.repeater, &self.plan, self.signature);
            let width = repeater.parallel.width().clamp(1, count - from);
            let tried = repeater.parallel.map(width, |nth| {
                let candidate = make(plan, from + nth);
                // An unchanged plan is no progress; taking it would never end.
                if candidate == *plan { None } else { attempt(repeater, candidate, signature) }
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

    /// Charges a candidate to the budget, and takes it if it fails. Candidates after one that is taken
    /// are not charged: without threads they would not have been tried.
    fn take(&mut self, tried: Option<Tried>) -> bool {
        // An invalid plan costs nothing.
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

    /// The step of the violation.
    pub(super) fn violation_step(&self) -> Option<u64> {
        self.step
    }

    pub(super) fn runner(&self) -> &'a R {
        self.repeater.runner
    }

    pub(super) fn options(&self) -> Options {
        self.repeater.options
    }

    pub(super) fn signature(&self) -> &Signature {
        self.signature
    }

    pub(super) fn runs(&self) -> u64 {
        self.runs
    }

    /// The number of candidates that were taken.
    pub(super) fn hits(&self) -> u64 {
        self.hits
    }

    /// Whether the budget is used up, or the progress callback has stopped the search.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }
}

fn attempt<R: Runner, P: Parallel>(
    repeater: Repeater<'_, R, P>,
    plan: Plan,
    signature: &Signature,
) -> Option<Tried> {
    let outcome = repeater.run(&plan).ok()?;
    let first = outcome.violations.first();
    let fails = first.filter(|first| Signature::of(first) == *signature).map(|first| first.step);
    Some(Tried { plan, steps: outcome.steps, fails })
}
