//! The connections of this node: admission, heartbeats, answers and close.
//!
//! An input for a connection that is not in the table, or has another generation, is late and must
//! change nothing (PROTOCOL, rule 24).

use alloc::vec::Vec;

use super::stopping::Leave;
use super::{CloseReason, DetachReason, Outbox, Output, Router, SessionEnd, TraceEvent};
use crate::census::{Census, Table};
use crate::context::Cx;
use crate::credit::Credit;
use crate::frame::{CONTROL_BYTES, ClientFrame, CloseCode, Disconnect, Malformed, ServerFrame};
use crate::id::{Connection, Seq};
use crate::limits::Limits;
use crate::time::{Instant, Span};
use crate::timer::{Timer, Timers};

/// One open connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Socket {
    generation: u32,
    /// Since when it has been without a session, if it is.
    opened: Instant,
    /// The last proof of life: its opening, a heartbeat, or entering a session.
    heard: Instant,
    /// The deadline of its timer.
    pub(super) armed: Instant,
    /// Its credit, while no session writes to it.
    pub(super) credit: Credit,
    /// The slot of the session that writes to it.
    pub(super) session: Option<u32>,
    /// Frames since `minute` began.
    pub(super) frames: u32,
    minute: Instant,
    /// When it has to be closed, if its node stops.
    pub(super) leave: Leave,
}

impl Socket {
    /// When it times out.
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

    pub(super) fn insert(&mut self, connection: Connection, socket: Socket) {
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

    pub(super) fn count(&self, census: &mut Census) {
        let Self { slots, open: _ } = self;
        census.add(Table::Connections, slots.iter().flatten().count());
        census.add(Table::ConnectionSlots, slots.len());
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
        if self.is_stopping() {
            return self.turn_away(cx, connection, out);
        }
        let heartbeat_interval = cx.limits.heartbeat_interval;
        self.say(cx, connection, ServerFrame::Hello { heartbeat_interval }, out);
    }

    /// Whether a frame is accepted: it is not too long, and within the rate limit (B4).
    ///
    /// The limit applies to successive windows of a minute. No client that keeps to it in every
    /// minute is cut, and none sends more than twice as much in any.
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
        let code = if socket.frames > cx.limits.frames_per_minute {
            CloseCode::RateLimited
        } else if bytes > cx.limits.frame_bytes {
            CloseCode::Decode
        } else {
            return true;
        };
        self.cut(cx, connection, CloseReason::Misbehaved(code), out);
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
                self.cut(cx, connection, CloseReason::Misbehaved(CloseCode::Decode), out);
            }
            ClientFrame::Malformed(Malformed::Opcode) => {
                self.cut(cx, connection, CloseReason::Misbehaved(CloseCode::UnknownOpcode), out);
            }
            ClientFrame::Other => self.other(cx, connection, out),
        }
    }

    /// A frame that has no meaning here. Within a session it is ignored.
    fn other(&mut self, cx: &mut Cx<'_>, connection: Connection, out: &mut impl Outbox) {
        let Some(socket) = self.connections.get_mut(connection) else { return };
        if socket.session.is_none() {
            self.cut(cx, connection, CloseReason::Misbehaved(CloseCode::NotAuthenticated), out);
        }
    }

    fn heartbeat(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        d: Option<Seq>,
        out: &mut impl Outbox,
    ) {
        if self.beat(cx, connection, d) {
            self.say(cx, connection, ServerFrame::HeartbeatAck, out);
        }
    }

    /// Records a heartbeat, and what the client has received. Returns whether there is such a
    /// connection.
    pub(super) fn beat(&mut self, cx: &mut Cx<'_>, connection: Connection, d: Option<Seq>) -> bool {
        let Some(socket) = self.connections.get_mut(connection) else { return false };
        socket.heard = cx.now.instant;
        if let (Some(slot), Some(seq)) = (socket.session, d) {
            self.sessions.at(slot).acknowledge(cx, seq, &self.relays);
        }
        true
    }

    /// Writes a frame that is no dispatch. A peer that never reads its answers is cut.
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
        if !cx.bent(reads, connection) {
            self.cut(cx, connection, CloseReason::Slow, out);
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
                let session = self.sessions.at(slot);
                let had_room = session.has_room();
                session.drained(bytes);
                // With room, everything is written, and no introduction waits for the connection.
                if !had_room {
                    self.pump(cx, slot, out);
                }
            }
            None => socket.credit.refill(bytes),
        }
    }

    /// The timer of a connection has come due; its deadline may have moved since.
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
            self.cut(cx, connection, CloseReason::Silent, out);
        }
    }

    /// Changes when a connection has to be closed.
    pub(super) fn leave(&mut self, cx: &Cx<'_>, connection: Connection, leave: Leave) {
        let Some(socket) = self.connections.get_mut(connection) else { return };
        socket.leave = leave;
        Self::rearm(socket, connection, cx.limits, &mut self.timers);
    }

    /// Arms the timer anew: the deadline may have moved nearer.
    fn rearm(socket: &mut Socket, on: Connection, limits: &Limits, timers: &mut Timers) {
        let (armed, deadline) = (socket.armed, socket.deadline(limits));
        socket.armed = deadline;
        timers.disarm(armed, Timer::Silence(on));
        timers.arm(deadline, Timer::Silence(on));
    }

    /// A session writes to the connection from now on. Its frame counts as a heartbeat.
    pub(super) fn enter(&mut self, cx: &Cx<'_>, connection: Connection, slot: u32) {
        let Some(socket) = self.connections.get_mut(connection) else { return };
        socket.session = Some(slot);
        socket.heard = cx.now.instant;
    }

    /// Closes a connection; its session, if it has one, waits for a RESUME.
    pub(super) fn cut(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        why: CloseReason,
        out: &mut impl Outbox,
    ) {
        let Some(socket) = self.forget(connection, out) else { return };
        let code = match why {
            CloseReason::Silent | CloseReason::Slow | CloseReason::Stopping => CloseCode::Unknown,
            CloseReason::Misbehaved(code) => code,
        };
        out.emit(Output::Close { connection, code });
        if let Some(slot) = socket.session {
            self.detach(cx, slot, DetachReason::Cut(why), out);
        }
    }

    /// Closes a connection whose session another one has resumed (L2).
    pub(super) fn supersede(&mut self, connection: Connection, out: &mut impl Outbox) {
        if self.forget(connection, out).is_some_and(|socket| socket.session.is_some()) {
            out.emit(Output::Close { connection, code: CloseCode::Unknown });
        }
    }

    /// The client's end is gone.
    pub(super) fn closed(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        how: Disconnect,
        out: &mut impl Outbox,
    ) {
        let Some(Socket { session: Some(slot), .. }) = self.forget(connection, out) else {
            return;
        };
        if how.ends_session() {
            self.end(cx, slot, SessionEnd::Quit, out);
        } else {
            self.detach(cx, slot, DetachReason::Gone(how), out);
        }
    }

    fn forget(&mut self, connection: Connection, out: &mut impl Outbox) -> Option<Socket> {
        let socket = self.connections.remove(connection)?;
        self.stop_identifying(connection, out);
        self.timers.disarm(socket.armed, Timer::Silence(connection));
        Some(socket)
    }

    /// A session has ended, but its connection stays open (L6).
    pub(super) fn release(&mut self, cx: &mut Cx<'_>, connection: Connection, credit: Credit) {
        if let Some(socket) = self.connections.get_mut(connection) {
            socket.session = None;
            socket.credit = credit;
            // The time without a session starts now, not when it was opened.
            socket.opened = cx.now.instant;
            Self::rearm(socket, connection, cx.limits, &mut self.timers);
        }
    }

    /// Emits a note.
    pub(super) fn note(note: TraceEvent, out: &mut impl Outbox) {
        out.emit(Output::Trace(note));
    }
}
