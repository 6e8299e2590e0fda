//! The steps of nodes, dispatches apart.

use guildhall_core::frame::{ClientFrame, ServerFrame};
use guildhall_core::guild::StepDown;
use guildhall_core::id::{NodeId, SessionId};
use guildhall_core::node::{Input, Output, TraceEvent};
use guildhall_core::peer::PeerMessage;
use guildhall_core::step::{Actor, Head};

use super::Contract;
use crate::bounds::{b1, b2};
use crate::scene::{Said, Told};
use crate::sessions::{l1, l3, l4, l7};
use crate::violation::Clause;

impl Contract {
    pub(super) fn node_hears(&mut self, head: &Head, input: &Input) {
        let Actor::Node(node) = head.actor else { return };
        if !is_routine_to_hear(input) {
            self.stirs();
        }
        self.work.begin();
        self.scene.begin(node);
        self.scene.hear(&self.facts, input);
        match input {
            Input::Accepted { connection, window } => {
                self.facts.sockets.accept(node, *connection, *window);
            }
            Input::Closed { connection, .. } => {
                if !self.scene.open {
                    let superseded = self.facts.sockets.was_superseded(node, *connection);
                    self.marks.add(if superseded {
                        "late close of a superseded connection"
                    } else {
                        "late close of a connection"
                    });
                }
                self.facts.sockets.close(node, *connection);
                self.facts.stops.leave(node, *connection);
                self.facts.waits.end(node, *connection);
            }
            Input::Frame { frame: ClientFrame::Heartbeat { d: Some(d) }, .. } => {
                if let Some(index) = self.scene.session {
                    self.facts.sessions.acknowledge(index, d.0);
                }
            }
            Input::Identify { connection, identify, session, .. } => {
                if self.scene.open && self.scene.session.is_none() {
                    self.facts.identifies(node, *connection, *identify, *session);
                }
            }
            Input::Peer { message, .. } => self.peer_says(head, node, message),
            Input::Drained { connection, .. } => self.facts.sockets.drain(node, *connection),
            // Whoever stops takes no guild any more.
            Input::Own(_) if self.facts.stops.get(node).is_some() => {}
            Input::Own(guild) => self.facts.owners.own(node, *guild),
            Input::Journal { guild, reply } => self.facts.owners.hears(node, *guild, reply),
            Input::Down(other) => self.facts.relays.down(node, head.now.instant, *other),
            Input::Directory(_) | Input::Frame { .. } | Input::Request { .. } | Input::Census => {}
            Input::Stop => {
                if self.facts.stops.get(node).is_none() {
                    self.hand_offs.stops(&self.facts, node, head.at);
                }
                self.facts.stops(node, head.now.instant);
                self.exits.begin(&self.facts, node);
            }
        }
        self.zombies.hear(&self.scene, &self.facts, head.now.instant);
        self.admission.hear(&self.scene, head.now.instant);
    }

    pub(super) fn node_wakes(&mut self, node: NodeId) {
        self.work.begin();
        self.scene.begin(node);
        self.scene.told = Told::Timeout;
    }

    pub(super) fn node_says(&mut self, head: &Head, output: &Output) {
        if !is_routine_to_say(output) {
            self.stirs();
        }
        if self.scene.stopped || self.facts.stops.is_gone(self.scene.node) {
            let verdict = l7::speaks(&self.facts, self.scene.node);
            self.blame(head, Clause::L7, verdict);
        }
        match output {
            Output::Frame { connection, frame } => {
                self.says(head, Said::Frame(*connection, *frame))
            }
            Output::Close { connection, code } => self.says(head, Said::Close(*connection, *code)),
            Output::Trace(TraceEvent::Census(census)) => {
                let (facts, now) = (&self.facts, head.now.instant);
                let waits = l3::counted(facts, census);
                self.waiting.retain(|(node, _)| *node != census.node);
                let got = waits.as_ref().map(|(_, what)| (census.node, what.got.clone()));
                self.waiting.extend(got);
                let calm = self.settled.is_some_and(|since| head.at > since + l3::calm(facts));
                let waits = waits.filter(|_| calm);
                let found = [
                    (Clause::L1, l1::counted(facts, census)),
                    (Clause::L4, l4::counted(facts, now, census)),
                    (Clause::B2, b2::counted(facts, census)),
                    (Clause::B1, b1::counted(facts, census)),
                    (Clause::L3, waits),
                ];
                for (clause, verdict) in found {
                    self.blame(head, clause, verdict);
                }
                self.marks.add("census");
            }
            Output::Trace(note) => {
                let index = session_of(note).and_then(|id| self.facts.sessions.find(id));
                self.says(head, Said::Note(note, index));
            }
            Output::Stopped => {
                let verdict = l7::gone(&self.facts, self.scene.node, head.now.instant);
                self.blame(head, Clause::L7, verdict);
                self.scene.stopped = true;
            }
            Output::Peer { to, message } => {
                self.scene.words += 1;
                self.says_to_peer(head, *to, message);
            }
            Output::Journal { guild, command } => {
                self.scene.words += 1;
                self.asks_journal(head, self.scene.node, *guild, command);
            }
            Output::Directory(word) => {
                self.scene.words += 1;
                self.scene.asks |=
                    matches!(word, guildhall_core::directory::DirectoryRequest::Ask { .. });
            }
            Output::Answer { answer, .. } => {
                self.scene.words += 1;
                self.scene.answers.push(*answer);
            }
            Output::Dispatch { connection, s, dispatch } => {
                self.writes(head, *connection, *s, dispatch);
            }
        }
    }

    /// A node says something of a connection, a session, a relay or a guild.
    fn says(&mut self, head: &Head, said: Said<'_>) {
        let now = head.now.instant;
        if !self.scene.complained {
            self.judge(head, said);
        }
        if self.scene.refused && self.scene.complained {
            // I4 has said so already; the facts stay as they should be.
            return;
        }
        self.marks.said(&self.scene, &self.facts, said);
        let (node, facts) = (self.scene.node, &mut self.facts);
        match said {
            Said::Frame(on, frame) => {
                facts.sockets.answer(node, on);
                if frame == ServerFrame::Reconnect {
                    let answer = !matches!(self.scene.told, Told::Timeout);
                    facts.stops.tell(node, on, now, answer);
                }
                self.scene.frames.push((on, frame));
            }
            Said::Close(on, code) => {
                self.scene.closes.push((on, code, facts.session_on(node, on)));
                facts.sockets.close(node, on);
                facts.stops.leave(node, on);
                facts.waits.end(node, on);
            }
            Said::Note(note, index) => {
                let attached = index.and_then(|index| facts.sessions.get(index).connection);
                facts.noted(node, now, note);
                self.scene.notes.push((note.clone(), index, attached));
                self.follow(note, head);
            }
        }
    }

    /// What the clauses' own models make of a note.
    fn follow(&mut self, note: &TraceEvent, head: &Head) {
        let (node, now) = (self.scene.node, head.now.instant);
        match note {
            TraceEvent::Begun { connection, session, .. } => {
                self.zombies.moves(node, *connection, now);
                let index = self.facts.sessions.find(*session);
                if index.is_some_and(|index| self.facts.sessions.has_sibling(index)) {
                    self.marks.add("ready while another session of the user lives");
                }
            }
            TraceEvent::Resumed { connection, .. } => self.zombies.moves(node, *connection, now),
            TraceEvent::ResumeRefused { .. } => self.scene.refused = true,
            TraceEvent::Detached { session, .. } => {
                if let Some(index) = self.facts.sessions.find(*session) {
                    self.orphans.detached(&self.scene, &self.facts, index);
                }
            }
            TraceEvent::Ended { .. } => {
                if let Some((_, _, Some(on))) = self.scene.notes.last() {
                    let on = *on;
                    self.zombies.moves(node, on, now);
                }
            }
            TraceEvent::RelayGap { relay, .. } => self.hand_offs.gap(&self.facts, *relay, head.at),
            TraceEvent::Opened { guild, .. } => {
                if self.hand_offs.is_under_way(*guild) {
                    self.marks.add("guild handed off while all was well");
                }
                let verdict = self.hand_offs.opened(&self.facts, node, *guild, head.at);
                self.blame(head, Clause::L7, verdict);
            }
            TraceEvent::SteppedDown { guild, why: StepDown::Failed, .. } => {
                self.hand_offs.fails(*guild)
            }
            TraceEvent::IdentifyRefused { .. }
            | TraceEvent::RelayOpened { .. }
            | TraceEvent::RelayClosed { .. }
            | TraceEvent::SteppedDown { .. }
            | TraceEvent::GivenUp { .. }
            | TraceEvent::Census(_) => {}
        }
    }
}

/// What goes on in a world in which nothing is pending, and makes nothing pending (L3).
fn is_routine_to_hear(input: &Input) -> bool {
    match input {
        Input::Census | Input::Directory(_) | Input::Drained { .. } => true,
        Input::Frame { frame, .. } => matches!(frame, ClientFrame::Heartbeat { .. }),
        Input::Peer { message, .. } => matches!(message, PeerMessage::Tip { .. }),
        Input::Own(_)
        | Input::Journal { .. }
        | Input::Down(_)
        | Input::Accepted { .. }
        | Input::Identify { .. }
        | Input::Closed { .. }
        | Input::Request { .. }
        | Input::Stop => false,
    }
}

fn is_routine_to_say(output: &Output) -> bool {
    match output {
        Output::Frame { .. } | Output::Directory(_) | Output::Trace(TraceEvent::Census(_)) => true,
        Output::Peer { message, .. } => matches!(message, PeerMessage::Tip { .. }),
        Output::Dispatch { .. }
        | Output::Close { .. }
        | Output::Journal { .. }
        | Output::Answer { .. }
        | Output::Trace(_)
        | Output::Stopped => false,
    }
}

fn session_of(note: &TraceEvent) -> Option<SessionId> {
    match note {
        TraceEvent::Begun { session, .. }
        | TraceEvent::Resumed { session, .. }
        | TraceEvent::ResumeRefused { session, .. }
        | TraceEvent::Detached { session, .. }
        | TraceEvent::Ended { session, .. } => Some(*session),
        TraceEvent::IdentifyRefused { .. }
        | TraceEvent::RelayOpened { .. }
        | TraceEvent::RelayClosed { .. }
        | TraceEvent::RelayGap { .. }
        | TraceEvent::Opened { .. }
        | TraceEvent::SteppedDown { .. }
        | TraceEvent::GivenUp { .. }
        | TraceEvent::Census(_) => None,
    }
}
