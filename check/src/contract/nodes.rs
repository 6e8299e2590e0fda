//! The steps of nodes, except for dispatches.

use guildhall_core::directory::DirectoryRequest;
use guildhall_core::frame::{ClientFrame, ServerFrame};
use guildhall_core::guild::StepDown;
use guildhall_core::id::NodeId;
use guildhall_core::node::{GapReason, Input, Output, TraceEvent};
use guildhall_core::peer::{PeerMessage, RelayId};
use guildhall_core::step::{Actor, Head};

use super::Contract;
use crate::bounds::b3::commands::Asked;
use crate::clauses;
use crate::isolation::i8;
use crate::kinds::session_of;
use crate::marks::Mark;
use crate::node_step::{Emitted, StepInput};

impl Contract {
    pub(super) fn node_hears(&mut self, head: &Head, input: &Input) {
        let Actor::Node(node) = head.actor else { return };
        if !is_routine_to_hear(input) {
            self.stirs();
        }
        self.models.begin();
        self.step.begin(node);
        self.facts.walls.read(node, head);
        self.step.hear(&self.facts, input);
        match input {
            Input::Accepted { connection, window } => {
                self.facts.sockets.accept(node, *connection, *window);
            }
            Input::Closed { connection, .. } => {
                if !self.step.open {
                    let superseded = self.facts.sockets.was_superseded(node, *connection);
                    self.marks.add(if superseded {
                        Mark::LateCloseOfSuperseded
                    } else {
                        Mark::LateClose
                    });
                }
                self.facts.sockets.close(node, *connection);
                self.facts.stops.leave(node, *connection);
                self.facts.waits.end(node, *connection);
                self.models.shells.turns(&self.facts, node, head.at);
            }
            Input::Frame { frame: ClientFrame::Heartbeat { d: Some(d) }, .. } => {
                self.step.acknowledges = Some(d.0);
            }
            Input::Identify { connection, identify, session, .. } => {
                if self.step.open && self.step.session.is_none() {
                    self.facts.identifies(node, *connection, *identify, *session);
                }
            }
            Input::Peer { from, message } => self.peer_says(head, (*from, node), message),
            Input::Drained { connection, bytes } => self.facts.drain(node, *connection, *bytes),
            // A stopping node takes over no guild.
            Input::Own(_) if self.facts.stops.get(node).is_some() => {}
            Input::Own(guild) => self.facts.owners.own(node, *guild),
            Input::Journal { guild, reply } => {
                self.facts.owners.hears(node, *guild, reply);
                self.models.compactions.reads(node, *guild, reply);
            }
            Input::Down(other) => {
                self.facts.relays.down(node, head.now.instant, *other);
                self.models.typings.clear();
            }
            Input::Request { port, token, request } => {
                self.models.traffic.asks(&self.facts, *port, request.guild);
                let objection = i8::node::objection(&self.facts.cast, *token, request);
                self.step.request = Some((request.origin, objection));
            }
            Input::Directory(notice) => {
                let since = (head.now.instant, self.facts.cast.limits.stale_after);
                self.facts.owners.directed(node, notice, since);
                self.facts.named.hears(node, notice);
                self.models.occupancies.directed(node, notice);
                self.models.compactions.confirms(node, notice);
            }
            Input::Frame { .. } => {}
            Input::Stop => {
                if self.facts.stops.get(node).is_none() {
                    self.models.hand_offs.stops(&self.facts, node, head.at);
                }
                self.facts.stops(node, head.now.instant);
                self.models.exits.begin(&self.facts, node);
            }
        }
        self.models.hear(&self.step, &self.facts, head.now.instant);
    }

    pub(super) fn node_wakes(&mut self, head: &Head, node: NodeId) {
        self.models.begin();
        self.step.begin(node);
        self.facts.walls.read(node, head);
        self.step.input = StepInput::Timeout;
    }

    pub(super) fn node_says(&mut self, head: &Head, output: &Output) {
        if !is_routine_to_say(output) {
            self.stirs();
        }
        self.ask(head, clauses::OUTPUTS, output);
        match output {
            Output::Frame { connection, frame } => {
                self.says(head, Emitted::Frame(*connection, *frame))
            }
            Output::Close { connection, code } => {
                self.says(head, Emitted::Close(*connection, *code))
            }
            Output::Trace(note) => {
                let index = session_of(note).and_then(|id| self.facts.sessions.find(id));
                self.says(head, Emitted::Note(note, index));
            }
            Output::Stopped => {
                self.ask(head, clauses::STOPS, ());
                self.step.stopped = true;
            }
            Output::Peer { to, message } => {
                self.step.words += 1;
                self.says_to_peer(head, *to, message);
            }
            Output::Journal { guild, command } => {
                self.step.words += 1;
                self.asks_journal(head, self.step.node, *guild, command);
            }
            Output::Directory(word) => {
                self.step.words += 1;
                self.directs(head, word);
            }
            Output::Answer { answer, .. } => {
                self.step.words += 1;
                self.step.answers.push(*answer);
            }
            Output::Dispatch { connection, s, dispatch } => {
                self.writes(head, *connection, *s, dispatch);
            }
        }
    }

    /// A node asks the directory for something, for itself or for a guild that it owns.
    fn directs(&mut self, head: &Head, word: &DirectoryRequest) {
        if let Some(asked) = Asked::of_directory(word) {
            self.ask(head, clauses::COMMANDS, asked);
        }
        match word {
            DirectoryRequest::Ask { mark, .. } => {
                self.step.asks = true;
                if let (StepInput::Identify(_), Some(on)) = (self.step.input, self.step.connection)
                {
                    self.facts.waits.asks(self.step.node, on, *mark);
                }
            }
            DirectoryRequest::Enter { guild, .. }
            | DirectoryRequest::Remove { guild, .. }
            | DirectoryRequest::Dissolve { guild, .. } => {
                self.ask(head, clauses::DIRECTS, *guild);
                self.models.occupancies.directs(self.step.node, *guild, word);
            }
            DirectoryRequest::Forget { user, .. } => {
                self.step.unhosted.retain(|unhosted| unhosted != user);
            }
            DirectoryRequest::Since { .. } => {}
        }
    }

    /// A node emits something about a connection, a session, a relay or a guild.
    fn says(&mut self, head: &Head, said: Emitted<'_>) {
        let now = head.now.instant;
        if !self.step.complained {
            self.judge(head, said);
        }
        if self.step.refused && self.step.complained {
            // I4 has reported it already; the facts stay as they should be.
            return;
        }
        self.marks.said(&self.step, &self.facts, said);
        let (node, facts) = (self.step.node, &mut self.facts);
        match said {
            Emitted::Frame(on, frame) => {
                facts.answer(node, on);
                if frame == ServerFrame::Reconnect {
                    let answer = !matches!(self.step.input, StepInput::Timeout);
                    facts.stops.tell(node, on, now, answer);
                }
                self.step.frames.push((on, frame));
            }
            Emitted::Close(on, code) => {
                self.step.closes.push((on, code, facts.session_on(node, on)));
                facts.sockets.close(node, on);
                facts.stops.leave(node, on);
                facts.waits.end(node, on);
                self.models.shells.turns(facts, node, head.at);
            }
            Emitted::Note(note, index) => {
                let attached = index.and_then(|index| facts.sessions.get(index).connection);
                facts.noted(node, now, note);
                self.step.notes.push((note.clone(), index, attached));
                self.follow(note, head);
            }
        }
    }

    /// What the clauses' own models make of a note.
    fn follow(&mut self, note: &TraceEvent, head: &Head) {
        let (node, now) = (self.step.node, head.now.instant);
        self.models.peaks.noted(node, note);
        match note {
            TraceEvent::Begun { connection, session, .. } => {
                self.models.zombies.moves(node, *connection, now);
                let index = self.facts.sessions.find(*session);
                if index.is_some_and(|index| self.facts.sessions.has_sibling(index)) {
                    self.marks.add(Mark::SecondSession);
                }
                if let Some(index) = index {
                    self.models.introductions.begins(&self.facts, index, head.at);
                }
            }
            TraceEvent::Resumed { connection, session, .. } => {
                self.models.zombies.moves(node, *connection, now);
                if let Some(index) = self.facts.sessions.find(*session) {
                    self.models.introductions.resumes(index, head.at);
                }
            }
            TraceEvent::ResumeRefused { .. } => self.step.refused = true,
            TraceEvent::Detached { session, .. } => {
                if let Some(index) = self.facts.sessions.find(*session) {
                    self.models.typings.tellings.detached(index);
                    self.models.orphans.detached(&self.step, &self.facts, index);
                }
            }
            TraceEvent::Ended { .. } => {
                self.models.orphans.ended(&self.step, &self.facts, now);
                if let Some((_, _, Some(on))) = self.step.notes.last() {
                    let on = *on;
                    self.models.zombies.moves(node, on, now);
                }
            }
            TraceEvent::RelayGap { relay, why, .. } => self.gap(head, *relay, *why),
            TraceEvent::Opened { guild, .. } => {
                if self.models.hand_offs.is_under_way(*guild) {
                    self.marks.add(Mark::GuildHandedOff);
                }
                self.ask(head, clauses::SERVES, *guild);
                self.facts.weather.serves(*guild, head.at);
                self.models.occupancies.opens(&self.facts, node, *guild, head.at);
                self.models.compactions.opens(node, *guild);
                self.models.commands.opens(node, *guild);
            }
            TraceEvent::SteppedDown { guild, why, .. } => {
                if *why == StepDown::Failed {
                    self.models.hand_offs.fails(*guild);
                }
                self.models.occupancies.closes(node, *guild);
                self.models.compactions.closes(node, *guild);
            }
            TraceEvent::RelayHeld { relay, .. } => {
                if let Some(guild) = self.facts.relays.guild(*relay) {
                    self.models.typings.tellings.misses(&self.facts, node, guild);
                }
            }
            TraceEvent::IdentifyRefused { .. }
            | TraceEvent::RelayOpened { .. }
            | TraceEvent::RelayClosed { .. }
            | TraceEvent::GivenUp { .. } => {}
        }
    }
}

/// What the clauses' own models make of a gap of a relay.
impl Contract {
    fn gap(&mut self, head: &Head, relay: RelayId, why: GapReason) {
        let Some(guild) = self.facts.relays.guild(relay) else { return };
        self.models.typings.tellings.misses(&self.facts, relay.node, guild);
        match why {
            GapReason::Unreachable => self.models.hand_offs.gap(&self.facts, relay, head.at),
            GapReason::Behind => {
                if self.models.probes.misses(&self.facts, relay.node, guild) {
                    self.marks.add(Mark::ProbeInGap);
                }
            }
        }
    }
}

/// Routine inputs, which go on after the world has settled and leave nothing pending (L3).
fn is_routine_to_hear(input: &Input) -> bool {
    match input {
        Input::Directory(_) | Input::Drained { .. } => true,
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
        Output::Frame { .. } | Output::Directory(_) => true,
        Output::Peer { message, .. } => matches!(message, PeerMessage::Tip { .. }),
        Output::Dispatch { .. }
        | Output::Close { .. }
        | Output::Journal { .. }
        | Output::Answer { .. }
        | Output::Trace(_)
        | Output::Stopped => false,
    }
}
