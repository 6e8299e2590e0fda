//! The steps of clients, dispatches apart.

use guildhall_core::client::{Input, Output};
use guildhall_core::frame::{ClientFrame, ServerFrame};
use guildhall_core::id::Port;
use guildhall_core::request::{Act, Answer, Outcome};
use guildhall_core::step::{Actor, Head};

use super::Contract;
use crate::client::{c1, c3};
use crate::delivery::d5;
use crate::facts::clients::{Asked, Client};
use crate::findings::Complaint;
use crate::protocol;
use crate::sessions::l3;
use crate::violation::Clause;

impl Contract {
    pub(super) fn client_hears(&mut self, head: &Head, input: &Input) {
        self.busy = true;
        // An answered heartbeat changes nothing that anybody waits for.
        if !matches!(input, Input::Frame { frame: ServerFrame::HeartbeatAck, .. }) {
            self.stirs();
        }
        let Actor::Client(port) = head.actor else { return };
        let Some(client) = self.facts.client(port) else { return };
        if client.honest {
            let limits = &self.facts.cast.limits;
            self.ways.hears(limits, client, port, head.now.instant, input);
        }
        if let Input::Answer(answer) = input {
            self.answered(head, port, answer);
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
                    if code.is_some_and(protocol::stops_client) {
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
            Input::Ask(_) => self.settled = None,
            Input::Frame { .. } | Input::Dispatch { .. } | Input::Answer(_) => {}
        }
    }

    /// A client is answered. What is said to an older attempt counts only if it says that the act
    /// is done.
    fn answered(&mut self, head: &Head, port: Port, answer: &Answer) {
        let (origin, guild) = (answer.origin, answer.guild);
        let open = self.facts.client(port).and_then(|client| client.open.get(&origin)).copied();
        let latest = open.is_some_and(|open| open.attempt == answer.attempt);
        let mut settles = latest;
        match answer.outcome {
            Outcome::Done(position) => {
                settles = true;
                let verdict = self.fates.says_done(&self.facts, (origin, guild), position);
                let sound = verdict.is_none();
                self.blame(head, Clause::D5, verdict);
                if sound {
                    let verdict = self.causes.placed(&self.facts, origin, guild, position);
                    self.blame(head, Clause::O4, verdict);
                    self.causes.learns(port, guild, position);
                }
            }
            Outcome::Refused { at, .. } => {
                if let Some(at) = at {
                    self.causes.learns(port, guild, at);
                }
                if latest {
                    let verdict = self.fates.gives_up(&self.facts, (origin, guild));
                    self.blame(head, Clause::D5, verdict);
                }
            }
            Outcome::Busy => {
                settles = false;
                self.marks.add("request busy");
            }
        }
        let counts = self.facts.healed && matches!(answer.outcome, Outcome::Refused { .. });
        let Some(client) = self.facts.client_mut(port) else { return };
        if settles {
            client.open.remove(&origin);
        } else if let Some(open) = client.open.get_mut(&origin) {
            if latest {
                // Busy: it waits from now on.
                open.sent = head.now.instant;
            } else {
                open.misled = true;
                open.vain += u32::from(counts);
                let verdict = l3::in_vain(open.vain, origin);
                self.marks.add("request answered by an older attempt");
                self.fault(head, port, verdict.map(|complaint| (Clause::L3, complaint)));
            }
        }
    }

    pub(super) fn client_says(&mut self, head: &Head, output: &Output) {
        if !matches!(output, Output::Frame { frame: ClientFrame::Heartbeat { .. }, .. }) {
            self.stirs();
        }
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
                | Output::TooManyRequests(_)
                | Output::GaveUp(_) => None,
            };
            let wrong = way.map(|complaint| (Clause::C2, complaint));
            let wrong = wrong
                .or_else(|| Some((Clause::C3, c3::says(client, frame?)?)))
                .or_else(|| Some((Clause::C1, c1::says(client, frame?)?)));
            self.fault(head, port, wrong);
        }
        if let Output::Request { request, .. } = output {
            self.facts.asked.asks(request);
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
            Output::Request { request, .. } => {
                let (attempt, sent) = (request.attempt, head.now.instant);
                let vain = client.open.get(&request.origin).map_or(0, |asked| asked.vain);
                let asked = Asked { attempt, sent, misled: false, vain };
                // Nobody answers what nobody keeps.
                let kept = !matches!(request.act, Act::Type { .. });
                if kept && client.open.insert(request.origin, asked).is_some() {
                    self.marks.add("request retried");
                }
            }
            Output::Stopped(_) => {
                client.on = false;
                client.stopped = true;
            }
            Output::Frame { .. } => {}
            Output::TooManyRequests(_) => self.marks.add("too many requests"),
            Output::GaveUp(origin) => {
                client.open.remove(origin);
                self.marks.add("request given up");
            }
        }
    }

    pub(super) fn client_stepped(&mut self, head: &Head, port: Port) {
        let timeout = core::mem::take(&mut self.timeout);
        self.busy = false;
        let judged = |client: &&Client| client.honest && !client.spoilt;
        let Some(client) = self.facts.client(port).filter(judged) else { return };
        let (limits, now) = (&self.facts.cast.limits, head.now.instant);
        let believed = d5::believes(&self.facts, port, now, &client.open).filter(|_| timeout);
        let wrong = self.ways.stepped(limits, client, port, now, timeout);
        self.blame(head, Clause::D5, believed);
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
