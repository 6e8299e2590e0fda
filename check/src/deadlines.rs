//! Checks the deadlines of one node by the steps that the node takes.
//!
//! A paused node takes no steps, and after a pause it first gets the inputs that have waited. So it
//! has missed a deadline only if it has handled a timeout since without acting on it, or has been
//! awake long enough to do so.

use std::collections::BTreeSet;

use guildhall_core::time::{Instant, Span};

/// The longest time between two steps for which a node counts as awake.
const AWAKE: Span = Span::secs(1);

/// A set of keys, each with a deadline. A deadline may move, so it is looked up again when it
/// expires.
#[derive(Clone, Debug)]
pub(crate) struct Deadlines<K> {
    due: BTreeSet<(Instant, K)>,
    late: Vec<(K, Span)>,
    last: Instant,
}

impl<K> Default for Deadlines<K> {
    fn default() -> Self {
        Self { due: BTreeSet::new(), late: Vec::new(), last: Instant::ZERO }
    }
}

impl<K: Copy + Ord> Deadlines<K> {
    pub(crate) fn add(&mut self, at: Instant, what: K) {
        self.due.insert((at, what));
    }

    /// Ends a step of the node; `timeout` is whether the step handled its timeouts. Returns a key
    /// that is overdue by more than `grace` through the node's own fault.
    pub(crate) fn step(
        &mut self,
        now: Instant,
        timeout: bool,
        grace: Span,
        deadline: impl Fn(K) -> Option<Instant>,
    ) -> Option<(K, Instant)> {
        let awake = now.since(self.last).min(AWAKE);
        self.last = now;
        let mut found = None;
        let due = &mut self.due;
        self.late.retain_mut(|(what, overslept)| {
            let Some(at) = deadline(*what) else { return false };
            if at > now {
                due.insert((at, *what));
                return false;
            }
            *overslept += awake;
            let missed = now > at + grace && (timeout || *overslept > grace);
            if missed {
                found = Some((*what, at));
            }
            !missed
        });
        while let Some(&(at, what)) = self.due.first()
            && at <= now
        {
            self.due.pop_first();
            match deadline(what) {
                Some(at) if at > now => self.add(at, what),
                Some(at) if timeout && now > at + grace => found = Some((what, at)),
                Some(_) => self.late.push((what, Span::ZERO)),
                None => {}
            }
        }
        found
    }
}
