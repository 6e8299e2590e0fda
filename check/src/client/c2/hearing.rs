//! What a client has heard on its socket since its last heartbeat: it may leave only a dead one.

use std::num::NonZero;

use guildhall_core::client::Input;
use guildhall_core::frame::ServerFrame;
use guildhall_core::time::{Instant, Span};

use crate::facts::Facts;
use crate::facts::clients::Client;
use crate::findings::Complaint;
use crate::judgements::Judgement;

/// What one client has heard on the socket that it means.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hearing {
    /// When the socket opened, or when the last heartbeat was sent.
    since: Instant,
    /// The interval that HELLO names, once it has come.
    interval: Option<Span>,
    /// Whether a heartbeat was sent.
    beaten: bool,
    /// Whether a frame, or a part of one, has come since then.
    heard: bool,
    /// The number that was due then. Dispatches move it, so that the hot path keeps no other record
    /// of them.
    due: Option<NonZero<u64>>,
}

impl Hearing {
    /// The client gets an input other than a dispatch; `opening` is whether it waits for a socket.
    pub(super) fn hears(
        &mut self,
        client: &Client,
        (now, opening): (Instant, bool),
        input: &Input,
    ) {
        match input {
            Input::Opened { .. } if opening => *self = Self { since: now, ..Self::default() },
            Input::Frame { connection, frame } if client.meant == Some(*connection) => {
                self.heard = true;
                if let ServerFrame::Hello { heartbeat_interval } = frame {
                    self.interval = Some(*heartbeat_interval);
                }
            }
            Input::Partial { connection } if client.meant == Some(*connection) => self.heard = true,
            Input::Start
            | Input::Opened { .. }
            | Input::Quit { .. }
            | Input::Closed { .. }
            | Input::Frame { .. }
            | Input::Partial { .. }
            | Input::Dispatch { .. }
            | Input::Restore(_)
            | Input::Ask(_)
            | Input::Answer(_) => {}
        }
    }

    /// The client sends a heartbeat.
    pub(super) const fn beats(&mut self, client: &Client, now: Instant) {
        (self.since, self.beaten, self.heard, self.due) = (now, true, false, client.due);
    }

    /// The client leaves its socket of its own accord: no HELLO came in time, or nothing since its
    /// last heartbeat.
    pub(super) fn leaves(&self, facts: &Facts, client: &Client, now: Instant) -> Option<Complaint> {
        facts.judges(Judgement::Leave);
        let is_dead = match self.interval {
            None => now >= self.since + facts.cast.limits.connect_patience,
            Some(interval) => {
                let silent = !self.heard && client.due == self.due;
                self.beaten && silent && now >= self.since + interval
            }
        };
        (!is_dead).then(|| {
            let message = "a client leaves a connection that lives";
            let expected = "nothing heard for a heartbeat interval";
            Complaint::new(message, expected, format!("it leaves at {now}"))
        })
    }
}
