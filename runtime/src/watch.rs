//! Who listens to the machines: nobody in a gateway that serves, the checkers in a world that tests.
//!
//! Whoever drives a machine takes each of its steps under a [`Watch`]. A watch that keeps a history
//! lets one step happen at a time, so that the history is one line in which every cause comes before
//! its effect. It must not act.

use guildhall_core::id::NodeId;
use guildhall_core::step::{Actor, Head, Observer};
use guildhall_core::time::Now;

/// Listens to all machines of a world.
pub trait Watch: Clone + Send + Sync + 'static {
    /// Listens to one step. Whoever drives the machine tells it the input, then each output, then
    /// that the step is over.
    type Step<'a>: Observer;

    /// A machine begins a step.
    fn step(&self, actor: Actor, now: Now, cause: u64) -> (Head, Self::Step<'_>);

    /// A planted bug has made a difference, so many times since this was last said.
    fn reached(&self, times: u64) {
        let _ = times;
    }

    /// A node has been started, as its `boot`th start.
    fn started(&self, node: NodeId, boot: u32) {
        let _ = (node, boot);
    }
}

/// Nobody listens.
impl Watch for () {
    type Step<'a> = ();

    fn step(&self, actor: Actor, now: Now, cause: u64) -> (Head, ()) {
        (Head { step: 0, cause, at: now.instant, now, actor }, ())
    }
}
