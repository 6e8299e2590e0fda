//! How a client connects to a node, enters a session, and backs off after a failure.
//!
//! What the node dispatches in the session is not handled here.

use super::heartbeat::{Beat, Heartbeat};
use super::requests::Requests;
use super::{Client, Identity, Jitter, Output, Phase, Place};
use crate::frame::{ClientFrame, CloseCode, Identify, Resume, ServerFrame};
use crate::id::{Connection, NodeId, Seq};
use crate::machine::Sink;
use crate::mutant::Mutant;
use crate::time::Instant;

/// The number of failures in a row after which a client tries other nodes; after a RECONNECT, one.
const PATIENCE: u32 = 2;

impl Client {
    pub(super) fn connect(&mut self, now: Instant, out: &mut impl Sink<Output>) {
        self.phase = Phase::Connecting { since: now };
        let (next, home, own) = (self.next_node(), self.identity.home, self.own_node());
        self.node = self.setup.cx(now.into()).bent(next, (home, own));
        out.emit(Output::Connect(self.node));
    }

    /// The node of its session, or its home.
    fn own_node(&self) -> NodeId {
        self.session.map_or(self.identity.home, |(_, node)| node)
    }

    /// The node to try: its own. After some failures in a row the others
    /// follow in turn: a session does not move, but if its node is gone, another node says so.
    /// After a RECONNECT the others follow from the first failure on: the node may be about to
    /// stop.
    fn next_node(&self) -> NodeId {
        let own = self.own_node();
        let patience = if self.sent_away { 1 } else { PATIENCE };
        let step = self.failures.saturating_sub(patience) % u32::from(self.identity.nodes.max(1));
        let count = u32::from(self.identity.nodes).max(u32::from(own.0) + 1);
        let next = (u32::from(own.0) + step) % count;
        NodeId(u16::try_from(next).unwrap_or(own.0))
    }

    pub(super) fn opened(
        &mut self,
        now: Instant,
        connection: Connection,
        jitter: Jitter,
        out: &mut impl Sink<Output>,
    ) {
        if !matches!(self.phase, Phase::Connecting { .. }) {
            // The client has given up on it: it uses one connection at a time (C2).
            return out.emit(Output::Close { connection, code: 4000 });
        }
        self.connection = Some(connection);
        self.jitter = jitter;
        self.phase = Phase::AwaitingHello { since: now };
    }

    pub(super) fn closed(
        &mut self,
        now: Instant,
        connection: Option<Connection>,
        code: Option<CloseCode>,
        jitter: Jitter,
        out: &mut impl Sink<Output>,
    ) {
        let is_current = match connection {
            Some(_) => connection == self.connection,
            None => matches!(self.phase, Phase::Connecting { .. }),
        };
        if !is_current {
            return;
        }
        self.jitter = jitter;
        match code {
            Some(code) if code.is_final() => {
                self.stop();
                out.emit(Output::Stopped(code));
            }
            Some(_) | None => self.back_off(now),
        }
    }

    /// Gives up the session and stops.
    fn stop(&mut self) {
        self.phase = Phase::Off;
        self.connection = None;
        self.heartbeat = None;
        self.session = None;
        self.sent_away = false;
        self.last = Seq::ZERO;
    }

    /// Forgets everything but a stored place, and connects. The connection ended with the process
    /// that had it.
    pub(super) fn restore(
        &mut self,
        now: Instant,
        place: Option<Place>,
        out: &mut impl Sink<Output>,
    ) {
        self.stop();
        self.failures = 0;
        self.requests = Requests::default();
        if let Some(Place { session, node, seq }) = place {
            (self.session, self.last) = (Some((session, node)), seq);
        }
        self.connect(now, out);
    }

    pub(super) fn quit(&mut self, code: u16, out: &mut impl Sink<Output>) {
        if let Some(connection) = self.connection {
            out.emit(Output::Close { connection, code });
        }
        self.stop();
    }

    /// Closes the current connection, and keeps the session.
    pub(super) fn abandon(&mut self, now: Instant, out: &mut impl Sink<Output>) {
        if let Some(connection) = self.connection {
            out.emit(Output::Close { connection, code: 4000 });
        }
        self.back_off(now);
    }

    fn back_off(&mut self, now: Instant) {
        let nominal = self.setup.limits.backoff(self.failures);
        // Between half and one and a half of the nominal wait, to spread reconnects.
        let wait = nominal.scaled(1, 2) + self.jitter.of(nominal);
        let until = now + self.setup.cx(now.into()).bent(wait, nominal);
        self.failures += 1;
        self.connection = None;
        self.heartbeat = None;
        self.phase = Phase::BackingOff { until };
    }

    pub(super) fn frame(
        &mut self,
        now: Instant,
        connection: Connection,
        frame: ServerFrame,
        out: &mut impl Sink<Output>,
    ) {
        let is_ack = matches!(frame, ServerFrame::HeartbeatAck);
        if !(is_ack && self.setup.cx(now.into()).bug(Mutant::AckNotBelieved)) {
            self.hears();
        }
        match frame {
            ServerFrame::Hello { heartbeat_interval } => {
                let first = now + self.jitter.of(heartbeat_interval);
                let every = self.setup.cx(now.into()).bent(heartbeat_interval, ());
                self.heartbeat = Some(Heartbeat::new(every, first));
                let Identity { token, .. } = self.identity;
                match self.session {
                    Some((session, _)) => {
                        self.phase = Phase::AwaitingSession;
                        let resume = Resume { token, session, seq: self.last };
                        let frame = ClientFrame::Resume(resume);
                        out.emit(Output::Frame { connection, frame });
                    }
                    None => self.identify(out),
                }
            }
            ServerFrame::HeartbeatAck => {}
            ServerFrame::Reconnect => {
                self.sent_away = true;
                self.abandon(now, out);
            }
            ServerFrame::InvalidSession { resumable: _ } => {
                // What was received stays received until a READY starts a new session (C1).
                self.session = None;
                let wait = self.setup.limits.identify_every;
                self.phase = Phase::DelayingIdentify { until: now + wait + self.jitter.of(wait) };
            }
        }
    }

    pub(super) fn identify(&mut self, out: &mut impl Sink<Output>) {
        let Some(connection) = self.connection else { return };
        let Identity { token, intents, shard, .. } = self.identity;
        self.phase = Phase::AwaitingSession;
        let frame = ClientFrame::Identify(Identify { token, intents, shard });
        out.emit(Output::Frame { connection, frame });
    }

    /// Sends the heartbeat that is due. If nothing has arrived since the last one, the connection
    /// is dead.
    pub(super) fn beat(&mut self, now: Instant, out: &mut impl Sink<Output>) {
        let (Some(connection), Some(heartbeat)) = (self.connection, &mut self.heartbeat) else {
            return;
        };
        let beat = heartbeat.beat(now);
        match self.setup.cx(now.into()).bent(beat, ()) {
            Beat::NotDue => {}
            Beat::Dead => self.abandon(now, out),
            Beat::Send => {
                let d = (self.last > Seq::ZERO).then_some(self.last);
                out.emit(Output::Frame { connection, frame: ClientFrame::Heartbeat { d } });
            }
        }
    }
}
