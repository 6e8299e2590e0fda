//! C2: it stops when told to, identifies after op 9 and else resumes, means one socket at a time, and
//! waits longer and longer before it tries again.

mod way;

use guildhall_core::client::{Input, Output};
use guildhall_core::frame::{ClientFrame, ServerFrame};
use guildhall_core::id::Port;
use guildhall_core::limits::Limits;
use guildhall_core::time::Instant;

use crate::facts::clients::Client;
use crate::findings::Complaint;
use crate::protocol;
use way::Way;

/// All clients.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ways {
    ways: Vec<Way>,
}

impl Ways {
    fn way(&mut self, port: Port) -> &mut Way {
        let at = port.0 as usize;
        if at >= self.ways.len() {
            self.ways.resize_with(at + 1, Way::default);
        }
        &mut self.ways[at]
    }

    /// Something happens to an honest client; before the facts take note of it.
    pub(crate) fn hears(
        &mut self,
        limits: &Limits,
        client: &Client,
        port: Port,
        now: Instant,
        input: &Input,
    ) {
        let way = self.way(port);
        match input {
            Input::Start => way.ended = None,
            Input::Opened { connection, .. } => match way.opening.take() {
                Some(since) if now < since + limits.connect_patience => {}
                // It may have given up on this one by now, or not.
                Some(since) => way.ended = Some(since + limits.connect_patience),
                None => way.unwanted = Some(*connection),
            },
            Input::Closed { connection, code, .. } => {
                let ended = match (connection, way.opening) {
                    (Some(_), _) => (*connection == client.meant).then_some(now),
                    (None, since) => {
                        way.opening = None;
                        since.map(|since| now.min(since + limits.connect_patience))
                    }
                };
                if ended.is_some() {
                    (way.ended, way.attempts) = (ended, way.attempts + 1);
                    way.must_stop = code.is_some_and(protocol::stops_client);
                }
            }
            Input::Quit => (way.opening, way.ended) = (None, None),
            Input::Frame { connection, frame: ServerFrame::Reconnect } => {
                way.must_leave = client.meant.filter(|meant| meant == connection);
            }
            Input::Frame { .. } | Input::Dispatch { .. } | Input::Ask(_) | Input::Answer(_) => {}
        }
    }

    /// The client is in a session.
    pub(crate) fn enters(&mut self, port: Port) {
        self.way(port).attempts = 0;
    }

    /// An honest client asks for something; before the facts take note of it.
    pub(crate) fn says(
        &mut self,
        limits: &Limits,
        client: &Client,
        port: Port,
        now: Instant,
        output: &Output,
    ) -> Option<Complaint> {
        let way = self.way(port);
        match output {
            Output::Connect(_) => way.connects(limits, client, now),
            Output::Frame { connection, .. } if client.meant != Some(*connection) => {
                let got = connection.to_string();
                Some(Complaint::new("a client speaks on a socket it does not mean", "none", got))
            }
            Output::Frame { frame: ClientFrame::Identify(_), .. } if client.session.is_some() => {
                Some(Complaint::new("a client identifies needlessly", "a RESUME", "an IDENTIFY"))
            }
            Output::Frame { frame: ClientFrame::Resume(_), .. } if client.session.is_none() => {
                Some(Complaint::new("a client resumes nothing", "an IDENTIFY", "a RESUME"))
            }
            Output::Close { connection, code } => {
                way.must_leave = way.must_leave.filter(|told| told != connection);
                if way.unwanted == Some(*connection) {
                    way.unwanted = None;
                } else if client.meant == Some(*connection) && *code != 1000 {
                    (way.ended, way.attempts) = (Some(way.ended.unwrap_or(now)), way.attempts + 1);
                }
                None
            }
            Output::Stopped(code) => {
                way.must_stop = false;
                let got = format!("it stops at {}", code.code());
                let complaint = Complaint::new("a client stops needlessly", "it comes back", got);
                (!protocol::stops_client(*code)).then_some(complaint)
            }
            Output::Frame { .. }
            | Output::Request { .. }
            | Output::TooManyRequests(_)
            | Output::GaveUp(_) => None,
        }
    }

    /// The step of an honest client is over.
    pub(crate) fn stepped(
        &mut self,
        limits: &Limits,
        client: &Client,
        port: Port,
        now: Instant,
        timeout: bool,
    ) -> Option<Complaint> {
        let way = self.way(port);
        if let Some(unwanted) = way.unwanted.take() {
            let message = "a client keeps a socket that it did not ask for";
            return Some(Complaint::new(message, "a close", unwanted.to_string()));
        }
        if let Some(told) = way.must_leave.take() {
            let message = "a client stays where it was told to go";
            return Some(Complaint::new(message, "a close", told.to_string()));
        }
        if core::mem::take(&mut way.must_stop) {
            return Some(Complaint::new("a client does not stop", "it stops", "it goes on"));
        }
        if client.meant.is_some() {
            way.ended = None;
        }
        // Judged where the client looks at its deadlines, so that a pause is no fault of its.
        let longest = limits.backoff_most.scaled(3, 2);
        let idle = way.opening.is_none() && client.meant.is_none() && client.on;
        let ended = way.ended.filter(|ended| timeout && idle && now > *ended + longest)?;
        let got = format!("it waits since {ended}");
        Some(Complaint::new("a client does not come back", format!("within {longest}"), got))
    }
}
