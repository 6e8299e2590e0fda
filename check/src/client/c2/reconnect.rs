//! One client's reconnection: what it waits for, and since when.

use guildhall_core::id::Connection;
use guildhall_core::limits::Limits;
use guildhall_core::time::{Instant, Span};

use super::hearing::Hearing;
use super::storm::Storms;
use crate::facts::Facts;
use crate::facts::clients::Client;
use crate::findings::Complaint;
use crate::judgements::Judgement;

/// How late a client may handle a deadline.
const LATE: Span = Span::secs(1);

/// What one client is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Reconnect {
    /// Since when it waits for a socket.
    pub(super) opening: Option<Instant>,
    /// When its last socket was lost, or not to be had.
    pub(super) ended: Option<Instant>,
    /// How often that happened since it was last in a session.
    pub(super) attempts: u32,
    /// The storm in which it lost its socket.
    pub(super) storm: Option<usize>,
    /// Whether it was told to quit in this step.
    pub(super) quits: bool,
    /// A socket that it must close in this step, and one after which it must stop.
    pub(super) unwanted: Option<Connection>,
    pub(super) must_stop: bool,
    /// A socket on which it received op 7.
    pub(super) must_leave: Option<Connection>,
    /// What it has heard on its socket.
    pub(super) hearing: Hearing,
    /// Whether it was suspended since it last asked for a socket: its timers expire late.
    pub(super) slept: bool,
}

/// The nominal wait before a try, jitter apart.
fn wait(limits: &Limits, attempts: u32) -> Span {
    limits.backoff_first.scaled(1 << attempts.min(16), 1).min(limits.backoff_most)
}

impl Reconnect {
    /// It opens a socket: no other is meant, and it has waited for long enough.
    pub(super) fn connects(
        &mut self,
        facts: &Facts,
        client: &Client,
        storms: &mut Storms,
        now: Instant,
    ) -> Option<Complaint> {
        let opens_already = self.opening.replace(now).is_some();
        if client.stopped {
            return Some(Complaint::new("a client comes back", "it has stopped", "a new socket"));
        }
        if opens_already || client.meant.is_some() {
            let expected = "one socket at a time";
            return Some(Complaint::new("a client opens two sockets", expected, "another"));
        }
        self.returns(facts, storms, now)
    }

    /// It has waited for as long as it should: between half the nominal wait and one and a half of
    /// it, and not all that were cut with it the same.
    fn returns(&mut self, facts: &Facts, storms: &mut Storms, now: Instant) -> Option<Complaint> {
        let limits = &facts.cast.limits;
        let storm = self.storm.take();
        let slept = std::mem::take(&mut self.slept);
        let waited = now.since(self.ended.take()?);
        facts.judges(Judgement::Wait);
        let least = self.least(limits);
        if waited < least {
            let expected = format!("at least {least}");
            return Some(Complaint::new(
                "a client comes back too soon",
                expected,
                format!("{waited}"),
            ));
        }
        if slept {
            return None;
        }
        let longest = self.longest(limits);
        if waited > longest {
            let expected = format!("at most {longest}");
            return Some(Complaint::new(
                "a client comes back too late",
                expected,
                format!("{waited}"),
            ));
        }
        let storm = storm?;
        if storms.is_crowd(storm) {
            facts.judges(Judgement::Storm);
        }
        let (came, clients) = storms.ends(storm, waited)?;
        let expected = format!("a quarter of {clients} within a tenth of the wait");
        let message = "clients that were cut at once come back at once";
        Some(Complaint::new(message, expected, format!("{came} of them")))
    }

    fn least(&self, limits: &Limits) -> Span {
        wait(limits, self.attempts.saturating_sub(1)).scaled(1, 2)
    }

    /// The longest wait, jitter included.
    pub(super) fn longest(&self, limits: &Limits) -> Span {
        wait(limits, self.attempts.saturating_sub(1)).scaled(3, 2) + LATE
    }

    /// It has lost its socket, or could not have it.
    pub(super) fn loses(&mut self, at: Instant) {
        self.ended = Some(at);
        self.attempts += 1;
    }

    /// It looks at its deadlines: it gives up on a socket that has not opened in time.
    pub(super) fn gives_up(&mut self, limits: &Limits, now: Instant) {
        if self.opening.take_if(|since| now >= *since + limits.connect_patience).is_some() {
            self.loses(now);
        }
    }

    /// It has lost its socket by no doing of its own, at the instant `at` of the world.
    pub(super) fn is_cut(&mut self, limits: &Limits, storms: &mut Storms, at: Instant) {
        let nominal = wait(limits, self.attempts.saturating_sub(1));
        self.storm = Some(storms.begins(at, nominal));
    }
}
