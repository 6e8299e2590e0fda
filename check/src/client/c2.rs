//! C2 reconnecting: a client stops on final codes, identifies after op 9 and resumes otherwise,
//! uses one socket at a time, leaves none that lives, and backs off before it tries again.

mod hearing;
mod reconnect;
mod storm;

use guildhall_core::client::{Input, Output};
use guildhall_core::frame::{ClientFrame, ServerFrame};
use guildhall_core::id::Port;
use guildhall_core::limits::Limits;
use guildhall_core::time::Instant;

use crate::facts::Facts;
use crate::facts::clients::Client;
use crate::findings::Complaint;
use crate::protocol;
use reconnect::Reconnect;
use storm::Storms;

/// All clients.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reconnects {
    all: Vec<Reconnect>,
    storms: Storms,
}

impl Reconnects {
    fn reconnect(&mut self, port: Port) -> (&mut Reconnect, &mut Storms) {
        let at = port.0 as usize;
        if at >= self.all.len() {
            self.all.resize_with(at + 1, Reconnect::default);
        }
        (&mut self.all[at], &mut self.storms)
    }

    /// An honest client gets an input at this instant of its own clock, and of the world; called
    /// before the facts are updated.
    pub(crate) fn hears(
        &mut self,
        limits: &Limits,
        client: &Client,
        port: Port,
        (now, at): (Instant, Instant),
        input: &Input,
    ) {
        let (reconnect, storms) = self.reconnect(port);
        reconnect.hearing.hears(client, (now, reconnect.opening.is_some()), input);
        match input {
            Input::Start => reconnect.ended = None,
            Input::Opened { connection, .. } => {
                if reconnect.opening.take().is_none() {
                    reconnect.unwanted = Some(*connection);
                }
            }
            Input::Closed { connection, code, .. } => {
                let is_its = match connection {
                    Some(_) => *connection == client.meant,
                    None => reconnect.opening.take().is_some(),
                };
                if !is_its {
                    return;
                }
                reconnect.must_stop = code.is_some_and(protocol::stops_client);
                if !reconnect.must_stop {
                    reconnect.loses(now);
                    reconnect.is_cut(limits, storms, at);
                }
            }
            Input::Quit { .. } => {
                (reconnect.opening, reconnect.ended, reconnect.quits) = (None, None, true);
            }
            Input::Frame { connection, frame: ServerFrame::Reconnect } => {
                reconnect.must_leave = client.meant.filter(|meant| meant == connection);
            }
            // The new process has no socket, and has waited for none.
            Input::Restore(_) => *reconnect = Reconnect::default(),
            Input::Frame { .. }
            | Input::Dispatch { .. }
            | Input::Partial { .. }
            | Input::Ask(_)
            | Input::Answer(_) => {}
        }
    }

    /// How often a client has lost its socket, or could not have one, since it was last in a session.
    pub(crate) fn losses(&mut self, port: Port) -> u32 {
        self.reconnect(port).0.attempts
    }

    /// A suspended client wakes.
    pub(crate) fn wakes(&mut self, port: Port) {
        self.reconnect(port).0.slept = true;
    }

    /// The client has got READY or RESUMED.
    pub(crate) fn enters(&mut self, port: Port) {
        let (reconnect, _) = self.reconnect(port);
        reconnect.attempts = 0;
    }

    /// An honest client emits an output; called before the facts are updated.
    pub(crate) fn says(
        &mut self,
        facts: &Facts,
        client: &Client,
        port: Port,
        now: Instant,
        output: &Output,
    ) -> Option<Complaint> {
        let (reconnect, storms) = self.reconnect(port);
        match output {
            Output::Connect(_) => reconnect.connects(facts, client, storms, now),
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
            Output::Frame { frame: ClientFrame::Heartbeat { .. }, .. } => {
                reconnect.hearing.beats(client, now);
                None
            }
            Output::Close { connection, .. } if reconnect.unwanted == Some(*connection) => {
                reconnect.unwanted = None;
                None
            }
            Output::Close { connection, .. }
                if client.meant == Some(*connection) && !reconnect.quits =>
            {
                let told = reconnect.must_leave.take_if(|told| told == connection).is_some();
                reconnect.loses(now);
                if told { None } else { reconnect.hearing.leaves(facts, client, now) }
            }
            Output::Close { .. } => None,
            Output::Stopped(code) => {
                reconnect.must_stop = false;
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

    /// The step of an honest client has ended.
    pub(crate) fn stepped(
        &mut self,
        limits: &Limits,
        client: &Client,
        port: Port,
        now: Instant,
        timeout: bool,
    ) -> Option<Complaint> {
        let (reconnect, _) = self.reconnect(port);
        reconnect.quits = false;
        if let Some(unwanted) = reconnect.unwanted.take() {
            let message = "a client keeps a socket that it did not ask for";
            return Some(Complaint::new(message, "a close", unwanted.to_string()));
        }
        if let Some(told) = reconnect.must_leave.take() {
            let message = "a client stays where it was told to go";
            return Some(Complaint::new(message, "a close", told.to_string()));
        }
        if core::mem::take(&mut reconnect.must_stop) {
            return Some(Complaint::new("a client does not stop", "it stops", "it goes on"));
        }
        if timeout {
            reconnect.gives_up(limits, now);
        }
        if client.meant.is_some() {
            reconnect.ended = None;
        }
        // Judged where the client looks at its deadlines, so that a pause is no fault of its.
        let longest = reconnect.longest(limits);
        let idle = reconnect.opening.is_none() && client.meant.is_none() && client.on;
        let ended = reconnect.ended.filter(|ended| timeout && idle && now > *ended + longest)?;
        let got = format!("it waits since {ended}");
        Some(Complaint::new("a client does not come back", format!("within {longest}"), got))
    }
}
