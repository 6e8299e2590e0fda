//! The heartbeat of one connection.
//!
//! It decides when to beat, and when the other end is dead; the client sends. Any byte that arrives
//! is a sign of life, not only an ACK: on a slow line the ACK is behind a frame that takes longer
//! than the interval.

use crate::time::{Instant, Span};

/// The heartbeat of the current connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Heartbeat {
    every: Span,
    next: Instant,
    /// Whether anything has arrived since the last heartbeat.
    heard: bool,
}

/// What has to be done now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Beat {
    NotDue,
    /// Send a heartbeat.
    Send,
    /// Nothing has arrived since the last heartbeat: nobody is at the other end.
    Dead,
}

impl Heartbeat {
    /// A heartbeat `every` so often, for the first time at `first`.
    pub(super) const fn new(every: Span, first: Instant) -> Self {
        Self { every, next: first, heard: true }
    }

    /// When the next one is due.
    pub(super) const fn due(&self) -> Instant {
        self.next
    }

    /// Bytes have arrived.
    #[inline]
    pub(super) const fn hears(&mut self) {
        self.heard = true;
    }

    /// Whether to send one now.
    pub(super) fn beat(&mut self, now: Instant) -> Beat {
        if now < self.next {
            return Beat::NotDue;
        }
        if !self.heard {
            return Beat::Dead;
        }
        self.heard = false;
        self.next = now + self.every;
        Beat::Send
    }
}
