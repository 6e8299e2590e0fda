//! The connections of this node: admission, silence, and the end of each.
//!
//! A word about a connection that is not in the table, or that bears an older generation, is late
//! and touches nothing (PROTOCOL, rule 24).

use alloc::vec::Vec;

use super::stopping::Leave;
use super::{Cut, Detach, End, Note, Outbox, Output, Router};
use crate::census::{Line, Table};
use crate::context::Cx;
use crate::credit::Credit;
use crate::frame::{CONTROL_BYTES, ClientFrame, CloseCode, Farewell, Malformed, ServerFrame};
use crate::id::{Connection, Seq};
use crate::limits::Limits;
use crate::mutant::Mutant;
use crate::time::{Instant, Span};
use crate::timer::{Timer, Timers};

/// One open connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Socket {
    generation: u32,
    /// Since when it has been without a session, while it is.
    opened: Instant,
    /// The last proof of life: its opening, a heartbeat, or entering a session.
    heard: Instant,
    /// When its entry among the timers comes due.
    armed: Instant,
    /// What it takes, while no session writes to it.
    pub(super) credit: Credit,
    /// The slot of the session that writes to it.
    pub(super) session: Option<u32>,
    /// Frames since `minute` began.
    frames: u32,
    minute: Instant,
    /// When it has to go, if its node stops.
    pub(super) leave: Leave,
}

impl Socket {
    /// When it counts as silent.
    fn silent(&self, limits: &Limits) -> Instant {
        let silent = self.heard + limits.zombie_after();
        match self.session {
            Some(_) => silent,
            None => silent.min(self.opened + limits.unauthenticated),
        }
    }

    fn deadline(&self, limits: &Limits) -> Instant {
        let silent = self.silent(limits);
        self.leave.due().map_or(silent, |leave| leave.min(silent))
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Connections {
    slots: Vec<Option<Socket>>,
    open: u64,
}

impl Connections {
    pub(super) fn get_mut(&mut self, connection: Connection) -> Option<&mut Socket> {
        let socket = self.slots.get_mut(connection.slot as usize)?.as_mut()?;
        (socket.generation == connection.generation).then_some(socket)
    }

    fn insert(&mut self, connection: Connection, socket: Socket) {
        let slot = connection.slot as usize;
        if slot >= self.slots.len() {
            self.slots.resize(slot + 1, None);
        }
        assert!(self.slots[slot].is_none(), "the driver gave out a slot that is in use");
        self.slots[slot] = Some(socket);
        self.open += 1;
    }

    fn remove(&mut self, connection: Connection) -> Option<Socket> {
        let socket = *self.get_mut(connection)?;
        self.slots[connection.slot as usize] = None;
        self.open -= 1;
        Some(socket)
    }

    /// All of them, by slot.
    pub(super) fn open(&self) -> Vec<Connection> {
        let name = |(slot, generation)| Connection { slot, generation };
        let slots = self.slots.iter().zip(0..);
        let open = slots.filter_map(|(socket, slot)| Some((slot, socket.as_ref()?.generation)));
        open.map(name).collect()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.open == 0
    }

    pub(super) fn count(&self, lines: &mut Vec<Line>) {
        lines.push(Line { table: Table::Connections, count: self.open, bytes: 0 });
    }
}

impl Router {
    pub(super) fn accepted(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        window: u32,
        out: &mut impl Outbox,
    ) {
        let mut socket = Socket {
            generation: connection.generation,
            opened: cx.now.instant,
            heard: cx.now.instant,
            armed: cx.now.instant,
            credit: Credit::new(window),
            session: None,
            frames: 0,
            minute: cx.now.instant,
            leave: Leave::Never,
        };
        socket.armed = socket.deadline(cx.limits);
        self.timers.arm(socket.armed, Timer::Silence(connection));
        self.connections.insert(connection, socket);
        if self.is_stopping() && !cx.bug(Mutant::StopTakesSessions) {
            return self.turn_away(cx, connection, out);
        }
        let heartbeat_interval = cx.limits.heartbeat_interval;
        self.say(cx, connection, ServerFrame::Hello { heartbeat_interval }, out);
    }

    /// Whether a frame may be looked at: it is not too long, and not one too many (B4).
    ///
    /// Windows of a minute, one after the other, each with room for the limit: nobody is cut who
    /// keeps to the limit in every minute, and nobody gets through with more than twice of it in any.
    pub(super) fn admit(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        bytes: u32,
        out: &mut impl Outbox,
    ) -> bool {
        let Some(socket) = self.connections.get_mut(connection) else { return false };
        if cx.now.instant.since(socket.minute) >= Span::secs(60) {
            (socket.minute, socket.frames) = (cx.now.instant, 0);
        }
        socket.frames += 1;
        let many = socket.frames > cx.limits.frames_per_minute;
        let code = if many && !cx.bug(Mutant::FramesNotCounted) {
            CloseCode::RateLimited
        } else if bytes > cx.limits.frame_bytes {
            CloseCode::Decode
        } else {
            return true;
        };
        self.cut(cx, connection, Cut::Misbehaved(code), out);
        false
    }

    pub(super) fn frame(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        frame: ClientFrame,
        out: &mut impl Outbox,
    ) {
        match frame {
            ClientFrame::Heartbeat { d } => self.heartbeat(cx, connection, d, out),
            ClientFrame::Resume(resume) => self.resume(cx, connection, resume, out),
            // The driver gives an IDENTIFY an id for its session; without one it is unreadable.
            ClientFrame::Identify(_) | ClientFrame::Malformed(Malformed::Payload) => {
                self.cut(cx, connection, Cut::Misbehaved(CloseCode::Decode), out);
            }
            ClientFrame::Malformed(Malformed::Opcode) => {
                self.cut(cx, connection, Cut::Misbehaved(CloseCode::UnknownOpcode), out);
            }
            ClientFrame::Other => self.other(cx, connection, out),
        }
    }

    /// Within a session it is only counted, which it is by now.
    fn other(&mut self, cx: &mut Cx<'_>, connection: Connection, out: &mut impl Outbox) {
        let Some(socket) = self.connections.get_mut(connection) else { return };
        if socket.session.is_none() {
            self.cut(cx, connection, Cut::Misbehaved(CloseCode::NotAuthenticated), out);
        }
    }

    fn heartbeat(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        d: Option<Seq>,
        out: &mut impl Outbox,
    ) {
        let Some(socket) = self.connections.get_mut(connection) else { return };
        socket.heard = cx.now.instant;
        if let (Some(slot), Some(seq)) = (socket.session, d) {
            self.sessions.at(slot).acknowledge(cx, seq, &self.relays);
        }
        let replays = socket.session.is_some_and(|slot| self.sessions.at(slot).is_replaying());
        if replays && cx.bug(Mutant::HeartbeatUnanswered) {
            return;
        }
        self.say(cx, connection, ServerFrame::HeartbeatAck, out);
    }

    /// Writes an answer. A peer that asks and never reads is cut.
    pub(super) fn say(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        frame: ServerFrame,
        out: &mut impl Outbox,
    ) {
        let Some(socket) = self.connections.get_mut(connection) else { return };
        out.emit(Output::Frame { connection, frame });
        let reads = match socket.session {
            Some(slot) => self.sessions.at(slot).charge(CONTROL_BYTES, cx.limits),
            None => socket.credit.charge(CONTROL_BYTES, cx.limits),
        };
        if !reads && !cx.bug(Mutant::AnswersNotCounted) {
            self.cut(cx, connection, Cut::Slow, out);
        }
    }

    pub(super) fn drained(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        bytes: u32,
        out: &mut impl Outbox,
    ) {
        let Some(socket) = self.connections.get_mut(connection) else { return };
        match socket.session {
            Some(slot) => {
                self.sessions.at(slot).drained(bytes);
                self.pump(cx, slot, out);
            }
            None => socket.credit.refill(bytes),
        }
    }

    /// A connection has come to its deadline, or to one that has moved since.
    pub(super) fn silence(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        out: &mut impl Outbox,
    ) {
        let Some(socket) = self.connections.get_mut(connection) else { return };
        let deadline = socket.deadline(cx.limits);
        if cx.now.instant < deadline {
            socket.armed = deadline;
            self.timers.arm(deadline, Timer::Silence(connection));
        } else if cx.now.instant < socket.silent(cx.limits) {
            self.must_leave(cx, connection, out);
        } else {
            self.cut(cx, connection, Cut::Silent, out);
        }
    }

    /// From now on a connection has to go at another moment.
    pub(super) fn leave(&mut self, cx: &Cx<'_>, connection: Connection, leave: Leave) {
        let Some(socket) = self.connections.get_mut(connection) else { return };
        socket.leave = leave;
        Self::rearm(socket, connection, cx.limits, &mut self.timers);
    }

    /// The deadline of a connection may have moved nearer than its entry among the timers.
    fn rearm(socket: &mut Socket, on: Connection, limits: &Limits, timers: &mut Timers) {
        let (armed, deadline) = (socket.armed, socket.deadline(limits));
        socket.armed = deadline;
        timers.disarm(armed, Timer::Silence(on));
        timers.arm(deadline, Timer::Silence(on));
    }

    /// A connection writes for a session from now on, and has proved that it lives.
    pub(super) fn enter(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        slot: u32,
        resumed: bool,
    ) {
        let Some(socket) = self.connections.get_mut(connection) else { return };
        socket.session = Some(slot);
        socket.heard = cx.now.instant;
        if resumed && cx.bug(Mutant::HeartbeatNotRearmed) {
            self.timers.disarm(socket.armed, Timer::Silence(connection));
        }
    }

    /// Closes a connection; its session, if it has one, waits for its client.
    pub(super) fn cut(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        why: Cut,
        out: &mut impl Outbox,
    ) {
        let Some(socket) = self.forget(connection, out) else { return };
        let code = match why {
            Cut::Silent | Cut::Slow | Cut::Stopping => CloseCode::Unknown,
            Cut::Misbehaved(code) => code,
        };
        out.emit(Output::Close { connection, code });
        if let Some(slot) = socket.session {
            self.detach(cx, slot, Detach::Cut(why), out);
        }
    }

    /// Another connection has taken over the session of this one (L2).
    pub(super) fn supersede(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        out: &mut impl Outbox,
    ) {
        if cx.bug(Mutant::OldNotClosed) {
            return;
        }
        if let Some(Socket { session: Some(slot), .. }) = self.forget(connection, out) {
            cx.remember(connection, self.sessions.at(slot).id);
            out.emit(Output::Close { connection, code: CloseCode::Unknown });
        }
    }

    /// The client's end is gone.
    pub(super) fn closed(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        how: Farewell,
        out: &mut impl Outbox,
    ) {
        let Some(Socket { session: Some(slot), .. }) = self.forget(connection, out) else {
            if let Some(session) = cx.recall(connection) {
                self.detach_late(cx, session, how, out);
            }
            return;
        };
        if how.ends_session() {
            self.end(cx, slot, End::Quit, out);
        } else {
            self.detach(cx, slot, Detach::Gone(how), out);
        }
    }

    fn forget(&mut self, connection: Connection, out: &mut impl Outbox) -> Option<Socket> {
        let socket = self.connections.remove(connection)?;
        self.stop_identifying(connection, out);
        self.timers.disarm(socket.armed, Timer::Silence(connection));
        Some(socket)
    }

    /// A session's connection carries no session any more, but stays open (L6).
    pub(super) fn release(&mut self, cx: &mut Cx<'_>, connection: Connection, credit: Credit) {
        if let Some(socket) = self.connections.get_mut(connection) {
            socket.session = None;
            socket.credit = credit;
            // It is without a session from now on, not since it was opened.
            socket.opened = cx.now.instant;
            Self::rearm(socket, connection, cx.limits, &mut self.timers);
        }
    }

    /// Says something for the record.
    pub(super) fn note(note: Note, out: &mut impl Outbox) {
        out.emit(Output::Note(note));
    }
}
