//! Observation of the machines' steps: `()` in production, the checkers in tests.
//!
//! A driver takes each step under a [`Tracer`]. A tracer that records a history serialises the
//! steps, so that every cause precedes its effect in the history. A tracer must not influence the
//! machines.

use guildhall_core::census::Census;
use guildhall_core::step::{Actor, Head, Observed, Observer};
use guildhall_core::time::Now;

/// Observes the steps of all machines of a process.
pub trait Tracer: Clone + Send + Sync + 'static {
    /// Observes one step. The driver reports the input, then each output, then the end of the step.
    type Step<'a>: Observer;

    /// Begins a step of `actor`. `cause` is the number of the step that sent its input, or 0.
    /// Returns the head to report with everything in this step.
    fn step(&self, actor: Actor, now: Now, cause: u64) -> (Head, Self::Step<'_>);

    /// Reports everything that an actor keeps, as a step of its own.
    fn count(&self, actor: Actor, now: Now, census: &Census) {
        let (head, mut step) = self.step(actor, now, 0);
        step.observe(&head, Observed::Census(census));
        step.observe(&head, Observed::StepEnded);
    }

    /// The planted bug made a difference `times` more times.
    fn bug_reached(&self, times: u64) {
        let _ = times;
    }
}

/// Observes nothing.
impl Tracer for () {
    type Step<'a> = ();

    fn step(&self, actor: Actor, now: Now, cause: u64) -> (Head, ()) {
        (Head { step: 0, cause, at: now.instant, now, actor }, ())
    }
}
