//! The steps of clients, dispatches apart.

use guildhall_core::client::{Input, Output};
use guildhall_core::frame::{ClientFrame, ServerFrame};
use guildhall_core::id::Port;
use guildhall_core::request::Outcome;
use guildhall_core::step::{Actor, Head};

use super::Contract;
use crate::client::{c1, c3};
use crate::facts::clients::Client;
use crate::facts::ledger::wants_any;
use crate::findings::Complaint;
use crate::violation::Clause;

impl Contract {
    pub(super) fn client_hears(&mut self, head: &Head, input: &Input) {
        self.busy = true;
        let Actor::Client(port) = head.actor else { return };
        let Some(client) = self.facts.client(port) else { return };
        if client.honest {
            let limits = &self.facts.cast.limits;
            self.ways.hears(limits, client, port, head.now.instant, input);
        }
        if let Input::Answer(answer) = input {
            let verdict = self.requests.answered(&self.facts, answer);
            let sound = verdict.is_none();
            self.blame(head, Clause::D6, verdict);
            if let (Outcome::Done(position), true) = (answer.outcome, sound) {
                let (origin, guild) = (answer.origin, answer.guild);
                let verdict = self.causes.placed(&self.facts, origin, guild, position);
                self.blame(head, Clause::O4, verdict);
                self.causes.learns(port, guild, position);
            }
        }
        let Some(client) = self.facts.client_mut(port) else { return };
        match input {
            Input::Start => (client.on, client.stopped) = (true, false),
            Input::Quit => {
                client.on = false;
                client.opening = false;
                client.give_up();
                client.last = 0;
            }
            Input::Opened { connection, .. } if client.opening => {
                client.lose();
                (client.meant, client.opening) = (Some(*connection), false);
            }
            Input::Opened { .. } => {}
            Input::Closed { connection, code, .. } => {
                let meant = match connection {
                    Some(_) => client.meant == *connection,
                    None => client.opening,
                };
                if meant {
                    client.opening = client.opening && connection.is_some();
                    client.lose();
                    if code.is_some_and(guildhall_core::frame::CloseCode::is_final) {
                        (client.on, client.stopped) = (false, true);
                        client.give_up();
                    }
                }
            }
            Input::Frame { connection, frame: ServerFrame::InvalidSession { .. } } => {
                if client.meant == Some(*connection) {
                    client.live = false;
                    client.give_up();
                }
            }
            Input::Answer(answer) => match answer.outcome {
                Outcome::Done(_) | Outcome::Refused { .. } => {
                    client.open.remove(&answer.origin);
                }
                Outcome::Busy => self.marks.add("request busy"),
            },
            Input::Frame { .. } | Input::Dispatch { .. } | Input::Ask(_) => {}
        }
    }

    pub(super) fn client_says(&mut self, head: &Head, output: &Output) {
        let Actor::Client(port) = head.actor else { return };
        let Some(client) = self.facts.client(port) else { return };
        if client.honest && !client.spoilt {
            let limits = &self.facts.cast.limits;
            let way = self.ways.says(limits, client, port, head.now.instant, output);
            let frame = match output {
                Output::Frame { frame, .. } => Some(frame),
                Output::Connect(_)
                | Output::Close { .. }
                | Output::Request { .. }
                | Output::Stopped(_)
                | Output::TooManyRequests(_) => None,
            };
            let wrong = way.map(|complaint| (Clause::C2, complaint));
            let wrong = wrong
                .or_else(|| Some((Clause::C3, c3::says(client, frame?)?)))
                .or_else(|| Some((Clause::C1, c1::says(client, frame?)?)));
            self.fault(head, port, wrong);
        }
        if let Output::Request { request, .. } = output {
            self.requests.asks(request);
            self.causes.sends(&self.facts, port, request.origin, request.guild);
        }
        let Some(client) = self.facts.client_mut(port) else { return };
        match output {
            Output::Connect(_) => client.opening = true,
            Output::Close { connection, .. } => {
                if client.meant == Some(*connection) {
                    client.lose();
                }
            }
            Output::Frame { frame: ClientFrame::Identify(identify), .. } => {
                client.wants = wants_any(identify.intents);
            }
            Output::Request { request, .. } => {
                if client.open.insert(request.origin, request.guild).is_some() {
                    self.marks.add("request retried");
                }
            }
            Output::Stopped(_) => {
                client.on = false;
                client.stopped = true;
            }
            Output::Frame { .. } => {}
            Output::TooManyRequests(_) => self.marks.add("too many requests"),
        }
    }

    pub(super) fn client_stepped(&mut self, head: &Head, port: Port) {
        let timeout = core::mem::take(&mut self.timeout);
        self.busy = false;
        let judged = |client: &&Client| client.honest && !client.spoilt;
        let Some(client) = self.facts.client(port).filter(judged) else { return };
        let limits = &self.facts.cast.limits;
        let wrong = self.ways.stepped(limits, client, port, head.now.instant, timeout);
        self.fault(head, port, wrong.map(|complaint| (Clause::C2, complaint)));
    }

    /// A client does what it must not.
    fn fault(&mut self, head: &Head, port: Port, wrong: Option<(Clause, Complaint)>) {
        if let Some((clause, complaint)) = wrong {
            let subject = self.facts.client_name(port);
            self.blame(head, clause, Some((subject, complaint)));
        }
    }
}
