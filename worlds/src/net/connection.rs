//! A TCP connection: two directions, and the socket on each side.
//!
//! It responds as a kernel does, independently of the tasks that hold the sockets: data for a
//! closed socket is answered with a reset, and a host that is off does not respond. It must not
//! decide whether anything listens at a port.

use std::io::ErrorKind;

use guildhall_plan::seed::Key;

use super::Host;
use super::direction::Direction;
use super::effects::{Effects, NetworkEvent};
use super::profile::ConnectionProfile;
use super::segment::Segment;
use super::side::{PerSide, Side};
use super::socket::{Socket, SocketState};

/// A TCP connection.
pub(super) struct TcpConnection {
    pub(super) id: u64,
    /// The host on each side.
    pub(super) hosts: [Host; 2],
    /// The port that the initiator connected to.
    pub(super) port: u16,
    pub(super) directions: PerSide<Direction>,
    pub(super) sockets: PerSide<Socket>,
}

impl TcpConnection {
    /// A connection whose initiator is about to send its SYN. `key` determines its randomness.
    pub(super) fn new(
        id: u64,
        hosts: [Host; 2],
        port: u16,
        key: Key,
        profile: ConnectionProfile,
    ) -> Self {
        Self {
            id,
            hosts,
            port,
            directions: PerSide::new(
                Direction::new(key.with(0), profile),
                Direction::new(key.with(1), profile),
            ),
            sockets: PerSide::new(
                Socket::new(SocketState::Connecting),
                Socket::new(SocketState::Unopened),
            ),
        }
    }

    pub(super) fn host(&self, side: Side) -> Host {
        self.hosts[side as usize]
    }

    pub(super) fn send(&mut self, from: Side, segment: Segment, effects: &mut Effects) {
        if let Some(at) = self.directions[from].send(effects.now, segment) {
            effects.events.push((at, NetworkEvent::Arrive(self.id, from)));
        }
    }

    /// Handles a segment that arrives at a host that is on. SYNs are handled elsewhere.
    pub(super) fn receive(&mut self, at: Side, segment: Segment, effects: &mut Effects) {
        match self.sockets[at].state {
            SocketState::Connecting | SocketState::Open => self.deliver(at, segment, effects),
            SocketState::Dropped => match segment {
                Segment::Data(_) | Segment::SynAck => self.send(at, Segment::Rst, effects),
                Segment::Syn | Segment::WindowUpdate(_) | Segment::Fin | Segment::Rst => {}
            },
            SocketState::Crashed => match segment {
                Segment::Rst => {}
                Segment::Syn
                | Segment::SynAck
                | Segment::Data(_)
                | Segment::WindowUpdate(_)
                | Segment::Fin => {
                    self.send(at, Segment::Rst, effects);
                }
            },
            SocketState::Unopened | SocketState::Failed(_) => {}
        }
    }

    fn deliver(&mut self, at: Side, segment: Segment, effects: &mut Effects) {
        let socket = &mut self.sockets[at];
        match segment {
            Segment::Syn => {}
            Segment::SynAck => {
                socket.state = SocketState::Open;
                effects.wake(&mut socket.reader);
            }
            Segment::Data(bytes) => {
                self.directions[at.other()].receive(bytes);
                effects.wake(&mut socket.reader);
            }
            Segment::WindowUpdate(bytes) => {
                self.directions[at].acknowledge(bytes);
                effects.wake(&mut socket.writer);
            }
            Segment::Fin => {
                self.directions[at.other()].finish();
                effects.wake(&mut socket.reader);
            }
            Segment::Rst if socket.state == SocketState::Connecting => {
                self.fail(at, ErrorKind::ConnectionRefused, effects);
            }
            Segment::Rst => self.fail(at, ErrorKind::ConnectionReset, effects),
        }
    }

    /// Fails a socket. Data that it has not read is lost.
    pub(super) fn fail(&mut self, at: Side, error: ErrorKind, effects: &mut Effects) {
        let socket = &mut self.sockets[at];
        if !socket.state.is_usable() {
            return;
        }
        socket.state = SocketState::Failed(error);
        effects.wake(&mut socket.reader);
        effects.wake(&mut socket.writer);
        self.directions[at.other()].discard();
    }

    /// Closes a dropped socket: with a FIN, or with a reset if it has unread data.
    pub(super) fn drop(&mut self, at: Side, effects: &mut Effects) {
        let was = std::mem::replace(&mut self.sockets[at].state, SocketState::Dropped);
        match was {
            SocketState::Open if self.directions[at.other()].has_unread() => {
                self.send(at, Segment::Rst, effects);
            }
            SocketState::Open => self.shutdown(at, effects),
            SocketState::Crashed => self.sockets[at].state = was,
            SocketState::Unopened
            | SocketState::Connecting
            | SocketState::Failed(_)
            | SocketState::Dropped => {}
        }
        self.directions[at.other()].discard();
    }

    /// Closes the write side of a socket.
    pub(super) fn shutdown(&mut self, at: Side, effects: &mut Effects) {
        if self.directions[at].is_open() {
            self.send(at, Segment::Fin, effects);
        }
        effects.wake(&mut self.sockets[at].writer);
    }

    /// The host on this side crashes. If its kernel survives, it sends a reset.
    pub(super) fn crash(&mut self, at: Side, sends_rst: bool, effects: &mut Effects) {
        let socket = &mut self.sockets[at];
        if matches!(
            socket.state,
            SocketState::Unopened | SocketState::Dropped | SocketState::Crashed
        ) {
            return;
        }
        let was = std::mem::replace(&mut socket.state, SocketState::Crashed);
        effects.wake(&mut socket.reader);
        effects.wake(&mut socket.writer);
        self.directions[at.other()].discard();
        if sends_rst && was == SocketState::Open {
            self.send(at, Segment::Rst, effects);
        }
    }

    /// Whether neither side can notice that the connection ever existed.
    pub(super) fn is_over(&self) -> bool {
        let (initiator, responder) =
            (self.sockets[Side::Initiator].state, self.sockets[Side::Responder].state);
        let never_reached =
            responder == SocketState::Unopened && self.directions[Side::Initiator].is_idle();
        initiator.is_closed() && (responder.is_closed() || never_reached)
    }
}
