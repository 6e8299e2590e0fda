//! The steps of clients, except for dispatches.

use guildhall_core::client::{Input, Output};
use guildhall_core::frame::{ClientFrame, ServerFrame};
use guildhall_core::id::Port;
use guildhall_core::request::{Action, Answer, Outcome};
use guildhall_core::step::{Actor, Head};

use super::Contract;
use crate::clauses;
use crate::facts::clients::{Client, OpenRequest};
use crate::facts::sockets::NONE;
use crate::judgements::Judgement;
use crate::marks::Mark;
use crate::protocol;
use crate::violation::Clause;

impl Contract {
    pub(super) fn client_hears(&mut self, head: &Head, input: &Input) {
        self.busy = true;
        // An answered heartbeat changes nothing that anybody waits for, nor does a part of a frame.
        if !matches!(
            input,
            Input::Frame { frame: ServerFrame::HeartbeatAck, .. } | Input::Partial { .. }
        ) {
            self.stirs();
        }
        let Actor::Client(port) = head.actor else { return };
        let Some(client) = self.facts.client(port) else { return };
        if client.honest {
            let limits = &self.facts.cast.limits;
            let now = (head.now.instant, head.at);
            self.models.reconnects.hears(limits, client, port, now, input);
        }
        if let Input::Answer(answer) = input {
            self.answered(head, port, answer);
        }
        if matches!(input, Input::Ask(_) | Input::Start | Input::Quit { .. }) {
            self.models.traffic.end();
        }
        let model = if let Input::Restore(Some(place)) = input {
            self.facts.sessions.find(place.session).unwrap_or(NONE)
        } else {
            NONE
        };
        if let Input::Ask(request) = input {
            self.settled = None;
            self.models.probes.asks(&self.facts, port, request, head.at);
        }
        if matches!(input, Input::Restore(_)) {
            // The new process does not know what the old one has asked for.
            let asked: Vec<_> = self.facts.clients[port.0 as usize].open.keys().copied().collect();
            asked.into_iter().for_each(|origin| self.models.duties.gives_up(origin));
        }
        if *input == Input::Start {
            self.models.duties.starts(port, head.at);
        }
        let Some(client) = self.facts.client_mut(port) else { return };
        match input {
            Input::Partial { connection } if client.meant == Some(*connection) => {
                client.arrives(head.at);
            }
            Input::Start => (client.on, client.stopped) = (true, false),
            Input::Quit { .. } => {
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
            Input::Restore(place) if client.on => client.restore(*place, model),
            Input::Frame { connection, frame: ServerFrame::HeartbeatAck } => {
                if client.meant == Some(*connection) && client.asks {
                    client.doubtful = false;
                }
            }
            Input::Ask(_)
            | Input::Frame { .. }
            | Input::Dispatch { .. }
            | Input::Partial { .. }
            | Input::Restore(_)
            | Input::Answer(_) => {}
        }
    }

    /// A client's process is suspended, or wakes.
    pub(super) fn sleeps(&mut self, port: Port, asleep: bool) {
        if let Some(client) = self.facts.client_mut(port) {
            client.asleep = asleep;
        }
    }

    /// A client is answered. An answer to an older attempt counts only if the action is done.
    fn answered(&mut self, head: &Head, port: Port, answer: &Answer) {
        let (origin, guild) = (answer.origin, answer.guild);
        let open = self.facts.client(port).and_then(|client| client.open.get(&origin)).copied();
        let latest = open.is_some_and(|open| open.attempt == answer.attempt);
        let mut settles = latest;
        let found = self.ask(head, clauses::ANSWERED, (answer, latest));
        self.models.duties.answered(&self.facts, answer);
        match answer.outcome {
            Outcome::Done(position) => {
                settles = true;
                self.marks.add(Mark::RequestDone);
                if self.models.probes.done(origin) {
                    self.facts.judges(Judgement::Probe);
                    self.marks.add(Mark::ProbeDone);
                }
                if !found.contains(&Clause::D5) {
                    self.models.causes.learns(port, guild, position);
                }
            }
            Outcome::Refused { why, at } => {
                self.marks.add(Mark::of_refusal(why));
                if let Some(at) = at {
                    self.models.causes.learns(port, guild, at);
                }
            }
            Outcome::Busy(_) => {
                settles = false;
                self.models.duties.waits(origin, guild, head.at);
                self.marks.add(Mark::RequestBusy);
            }
        }
        let counts = self.facts.healed && matches!(answer.outcome, Outcome::Refused { .. });
        let Some(client) = self.facts.client_mut(port) else { return };
        if settles {
            client.open.remove(&origin);
            self.models.duties.ends(origin, guild);
        } else if let Some(open) = client.open.get_mut(&origin) {
            if latest {
                // Busy: it waits from now on.
                open.sent = head.now.instant;
            } else {
                open.misled = true;
                open.vain += u32::from(counts);
                let vain = open.vain;
                self.marks.add(Mark::OlderAttemptAnswered);
                self.ask(head, clauses::REFUSALS, (port, origin, vain));
            }
        }
    }

    pub(super) fn client_says(&mut self, head: &Head, output: &Output) {
        if !matches!(output, Output::Frame { frame: ClientFrame::Heartbeat { .. }, .. }) {
            self.stirs();
        }
        let Actor::Client(port) = head.actor else { return };
        let Some(client) = self.facts.client(port) else { return };
        let honest = client.honest;
        if honest && !client.spoilt {
            self.ask_first(head, clauses::CLIENT_SAYS, (port, output));
        }
        if let Output::Connect(node) = output {
            self.models.shells.turns(&self.facts, *node, head.at);
        }
        if let Output::Request { node, token, request, .. } = output {
            self.models.shells.asks(&self.facts, *node, head.at);
            // A request with an unknown token, or with that of another user, asks for nothing.
            if self.facts.cast.cluster.accounts.get(token) == Some(&request.origin.user) {
                if honest {
                    self.models.duties.asks(&self.facts, (port, *node), request, head.at);
                    self.models.typings.asks(&self.facts, (port, *node), request, head.at);
                }
                self.facts.requests.asks(request);
            }
            self.models.causes.sends(&self.facts, port, request.origin, request.guild);
        }
        let Some(client) = self.facts.client_mut(port) else { return };
        match output {
            Output::Connect(_) => (client.opening, client.doubtful) = (true, false),
            Output::Close { connection, .. } => {
                if client.meant == Some(*connection) {
                    client.lose();
                }
            }
            Output::Request { request, .. } => {
                let (attempt, sent) = (request.attempt, head.now.instant);
                let vain = client.open.get(&request.origin).map_or(0, |asked| asked.vain);
                let asked = OpenRequest { attempt, sent, misled: false, vain };
                // Ephemeral requests are not answered.
                let kept = !matches!(request.action, Action::Type { .. });
                if kept && client.open.insert(request.origin, asked).is_some() {
                    self.marks.add(Mark::RequestRetried);
                }
            }
            Output::Stopped(_) => {
                client.on = false;
                client.stopped = true;
            }
            Output::Frame { frame: ClientFrame::Heartbeat { .. }, .. } => client.asks = true,
            Output::Frame { .. } => {}
            Output::TooManyRequests(_) => self.marks.add(Mark::TooManyRequests),
            Output::GaveUp(origin) => {
                client.open.remove(origin);
                self.models.duties.gives_up(*origin);
                self.marks.add(Mark::RequestGivenUp);
            }
        }
    }

    pub(super) fn client_stepped(&mut self, head: &Head, port: Port) {
        let timeout = core::mem::take(&mut self.timeout);
        self.busy = false;
        let judged = |client: &&Client| client.honest && !client.spoilt;
        if self.facts.client(port).filter(judged).is_some() {
            self.ask(head, clauses::CLIENT_STEPS, (port, timeout));
        }
    }
}
