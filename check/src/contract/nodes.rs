//! The steps of nodes, dispatches apart.

use guildhall_core::frame::ClientFrame;
use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::node::{Input, Note, Output};
use guildhall_core::peer::{PeerMessage, Record};
use guildhall_core::step::Head;
use std::sync::Arc;

use super::Contract;
use crate::bounds::{b1, b2};
use crate::facts::ledger::Sight;
use crate::isolation::i8;
use crate::ordering::o5;
use crate::scene::{Said, Told};
use crate::sessions::{l1, l4};
use crate::violation::Clause;

impl Contract {
    pub(super) fn node_hears(&mut self, head: &Head, input: &Input) {
        let guildhall_core::step::Actor::Node(node) = head.actor else { return };
        self.scene.begin(node);
        self.scene.hear(&self.facts, input);
        if let Input::Peer { message, .. } = input {
            self.facts.relays.hear(node, message);
        }
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
            }
            Input::Frame { frame: ClientFrame::Heartbeat { d: Some(d) }, .. } => {
                if let Some(index) = self.scene.session {
                    self.facts.sessions.acknowledge(index, d.0);
                }
            }
            Input::Peer { message: PeerMessage::CatchUp { .. }, .. } => {
                self.scene.catches_up = true;
                self.marks.add("relay asked to catch up");
            }
            Input::Drained { connection, .. } => self.facts.sockets.drain(node, *connection),
            Input::Own(_)
            | Input::Frame { .. }
            | Input::Identify { .. }
            | Input::Request { .. }
            | Input::Peer { .. }
            | Input::Census => {}
        }
        self.zombies.hear(&self.scene, &self.facts, head.now.instant);
        self.admission.hear(&self.scene, head.now.instant);
    }

    pub(super) fn node_wakes(&mut self, node: NodeId) {
        self.scene.begin(node);
        self.scene.told = Told::Timeout;
    }

    pub(super) fn node_says(&mut self, head: &Head, output: &Output) {
        match output {
            Output::Frame { connection, frame } => {
                self.says(head, Said::Frame(*connection, *frame))
            }
            Output::Close { connection, code } => self.says(head, Said::Close(*connection, *code)),
            Output::Note(Note::Census(census)) => {
                self.blame(head, Clause::L1, l1::counted(&self.facts, census));
                self.blame(head, Clause::L4, l4::counted(&self.facts, census));
                self.blame(head, Clause::B2, b2::counted(&self.facts, census));
                self.blame(head, Clause::B1, b1::counted(&self.facts, census));
                self.marks.add("census");
            }
            Output::Note(note) => {
                let index = session_of(note).and_then(|id| self.facts.sessions.find(id));
                self.says(head, Said::Note(note, index));
            }
            Output::Peer { message, .. } => {
                self.scene.words += 1;
                match message {
                    PeerMessage::Stream { guild, record, .. } => self.emits(head, *guild, record),
                    PeerMessage::Answer { answer, .. } => {
                        let verdict = self.requests.answered(&self.facts, answer);
                        self.blame(head, Clause::D6, verdict);
                    }
                    PeerMessage::Subscribe { .. }
                    | PeerMessage::Unsubscribe { .. }
                    | PeerMessage::CatchUp { .. }
                    | PeerMessage::Chunk { .. }
                    | PeerMessage::Tip { .. }
                    | PeerMessage::Request { .. } => {}
                }
            }
            Output::Answer { answer, .. } => {
                self.scene.words += 1;
                let verdict = self.requests.answered(&self.facts, answer);
                self.blame(head, Clause::D6, verdict);
            }
            Output::Dispatch { connection, s, dispatch } => {
                self.writes(head, *connection, *s, dispatch);
            }
        }
    }

    /// A guild tells a relay of an event.
    fn emits(&mut self, head: &Head, guild: GuildId, record: &Arc<Record>) {
        if core::mem::take(&mut self.scene.catches_up) {
            self.marks.add("gap in a relay filled");
        }
        let sight = self.facts.ledger.observe(guild, record);
        if sight == Sight::Same {
            return;
        }
        let guildhall_core::peer::Event::Message(message) = &record.event;
        let origin = guildhall_core::request::Origin { user: message.author, nonce: message.nonce };
        let event = (record.position, &record.event);
        let verdict = self.requests.emitted(&self.facts, guild, event, sight);
        let sound = verdict.is_none();
        self.blame(head, Clause::D6, verdict);
        if sight != Sight::Differs {
            self.blame(head, Clause::I8, i8::emitted(&self.facts, guild, record));
            self.blame(head, Clause::O5, o5::emitted(&self.facts, guild, record.position));
        }
        if sound {
            let verdict = self.causes.placed(&self.facts, origin, guild, record.position);
            self.blame(head, Clause::O4, verdict);
        }
    }

    /// A node says something of a connection or a session.
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
                self.scene.frames.push((on, frame));
            }
            Said::Close(on, code) => {
                self.scene.closes.push((on, code, facts.session_on(node, on)));
                facts.sockets.close(node, on);
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
    fn follow(&mut self, note: &Note, head: &Head) {
        let (node, now) = (self.scene.node, head.now.instant);
        match note {
            Note::Begun { connection, user, shard, session, .. } => {
                self.zombies.moves(node, *connection, now);
                self.admission.begins(node, *user, *shard, now);
                let index = self.facts.sessions.find(*session);
                if index.is_some_and(|index| self.facts.sessions.has_sibling(index)) {
                    self.marks.add("ready while another session of the user lives");
                }
            }
            Note::Resumed { connection, .. } => self.zombies.moves(node, *connection, now),
            Note::ResumeRefused { .. } => self.scene.refused = true,
            Note::Detached { session, .. } => {
                if let Some(index) = self.facts.sessions.find(*session) {
                    self.orphans.detached(&self.scene, &self.facts, index);
                }
            }
            Note::Ended { .. } => {
                if let Some((_, _, Some(on))) = self.scene.notes.last() {
                    let on = *on;
                    self.zombies.moves(node, on, now);
                }
            }
            Note::IdentifyRefused { .. }
            | Note::RelayOpened { .. }
            | Note::RelayClosed { .. }
            | Note::RelayGap { .. }
            | Note::Census(_) => {}
        }
    }
}

fn session_of(note: &Note) -> Option<guildhall_core::id::SessionId> {
    match note {
        Note::Begun { session, .. }
        | Note::Resumed { session, .. }
        | Note::ResumeRefused { session, .. }
        | Note::Detached { session, .. }
        | Note::Ended { session, .. } => Some(*session),
        Note::IdentifyRefused { .. }
        | Note::RelayOpened { .. }
        | Note::RelayClosed { .. }
        | Note::RelayGap { .. }
        | Note::Census(_) => None,
    }
}
