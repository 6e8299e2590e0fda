//! The heartbeat of one connection.
//!
//! It decides when to beat; the client sends.

use crate::time::{Instant, Span};

/// The heartbeat of the current connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Heartbeat {
    every: Span,
    next: Instant,
    /// Whether the last heartbeat was acknowledged.
    acknowledged: bool,
}

/// What has to be done now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Beat {
    NotDue,
    /// Send a heartbeat.
    Send,
    /// The last heartbeat has no ACK: nobody is at the other end.
    Dead,
}

impl Heartbeat {
    /// A heartbeat `every` so often, for the first time at `first`.
    pub(super) const fn new(every: Span, first: Instant) -> Self {
        Self { every, next: first, acknowledged: true }
    }

    /// When the next one is due.
    pub(super) const fn due(&self) -> Instant {
        self.next
    }

    /// The node has acknowledged the last one.
    pub(super) const fn acknowledged(&mut self) {
        self.acknowledged = true;
    }

    /// Whether to send one now.
    pub(super) fn beat(&mut self, now: Instant) -> Beat {
        if now < self.next {
            return Beat::NotDue;
        }
        if !self.acknowledged {
            return Beat::Dead;
        }
        self.acknowledged = false;
        self.next = now + self.every;
        Beat::Send
    }
}
