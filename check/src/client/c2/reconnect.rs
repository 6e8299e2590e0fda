//! One client's reconnection: what it waits for, and since when.

use guildhall_core::id::Connection;
use guildhall_core::limits::Limits;
use guildhall_core::time::{Instant, Span};

use super::hearing::Hearing;
use crate::facts::clients::Client;
use crate::findings::Complaint;

/// What one client is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Reconnect {
    /// Since when it waits for a socket.
    pub(super) opening: Option<Instant>,
    /// When its last socket was lost, or not to be had.
    pub(super) ended: Option<Instant>,
    /// How often that happened since it was last in a session; not more than it really did.
    pub(super) attempts: u32,
    /// A socket that it must close in this step, and one after which it must stop.
    pub(super) unwanted: Option<Connection>,
    pub(super) must_stop: bool,
    /// A socket on which it received op 7.
    pub(super) must_leave: Option<Connection>,
    /// What it has heard on its socket.
    pub(super) hearing: Hearing,
}

/// The nominal wait before a try, jitter apart.
fn wait(limits: &Limits, attempts: u32) -> Span {
    limits.backoff_first.scaled(1 << attempts.min(16), 1).min(limits.backoff_most)
}

impl Reconnect {
    /// It opens a socket: no other is meant, and it has waited for long enough.
    pub(super) fn connects(
        &mut self,
        limits: &Limits,
        client: &Client,
        now: Instant,
    ) -> Option<Complaint> {
        if let Some(since) = self.opening.replace(now) {
            let given_up = since + limits.connect_patience;
            if now < given_up {
                let expected = "one socket at a time";
                return Some(Complaint::new("a client opens two sockets", expected, "another"));
            }
            (self.ended, self.attempts) = (Some(given_up), self.attempts + 1);
        }
        if client.stopped {
            return Some(Complaint::new("a client comes back", "it has stopped", "a new socket"));
        }
        if client.meant.is_some() {
            let expected = "one socket at a time";
            return Some(Complaint::new("a client opens two sockets", expected, "another"));
        }
        let ended = self.ended.take()?;
        let (waited, nominal) = (now.since(ended), wait(limits, self.attempts.saturating_sub(1)));
        let least = nominal.scaled(1, 2);
        (waited < least).then(|| {
            let expected = format!("at least {least}");
            Complaint::new("a client comes back too soon", expected, format!("{waited}"))
        })
    }
}
