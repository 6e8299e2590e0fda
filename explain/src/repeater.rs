//! Repeating runs: by a runner, under the same options, several at a time if there are threads.
//!
//! This crate has no threads of its own. It hands over work and takes the results in order, so the
//! number of threads never changes a result.

use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Options, Outcome, Runner};

/// Does several pieces of work, perhaps in parallel.
pub trait Parallel: Sync {
    /// How many pieces it works on at a time. It does not help to hand over more than that.
    fn width(&self) -> usize;

    /// The results of the pieces 0 to `count - 1`, in order.
    fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T>;
}

/// One piece of work after the other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequential;

impl Parallel for Sequential {
    fn width(&self) -> usize {
        1
    }

    fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
        (0..count).map(work).collect()
    }
}

/// What it takes to repeat a run, with or without changes to its plan.
#[derive(Debug)]
pub struct Repeater<'a, R, P> {
    /// What runs plans.
    pub runner: &'a R,
    /// How all runs are run.
    pub options: Options,
    /// The threads.
    pub parallel: &'a P,
}

impl<R, P> Clone for Repeater<'_, R, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, P> Copy for Repeater<'_, R, P> {}

impl<'a, R: Runner, P: Parallel> Repeater<'a, R, P> {
    /// Repeats runs by `runner` under these options.
    pub const fn new(runner: &'a R, options: Options, parallel: &'a P) -> Self {
        Self { runner, options, parallel }
    }

    /// Runs a plan.
    ///
    /// # Errors
    /// If the plan is invalid.
    pub fn run(&self, plan: &Plan) -> Result<Outcome, PlanError> {
        self.runner.run(plan, self.options, &mut ())
    }
}
