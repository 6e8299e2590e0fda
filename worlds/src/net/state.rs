//! The state of the simulated network: hosts, listening sockets and connections.
//!
//! It acts as the kernels of the hosts do. It must not wake tasks or arm timers itself: it collects
//! them as [`Effects`].

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::task::Waker;

use guildhall_plan::seed::{Domain, Seed};

use super::Host;
use super::connection::TcpConnection;
use super::effects::{Effects, NetworkEvent};
use super::profile::ConnectionProfile;
use super::segment::Segment;
use super::side::Side;
use super::socket::SocketState;

/// How many connections wait at a listener to be accepted. Further ones are refused.
const BACKLOG: usize = 128;

/// The first port that binding to port 0 picks.
const FIRST_EPHEMERAL_PORT: u16 = 49_152;

/// The state of the network.
pub(super) struct NetworkState {
    pub(super) seed: Seed,
    pub(super) default_profile: ConnectionProfile,
    pub(super) hosts: BTreeMap<Host, HostEntry>,
    pub(super) listen_sockets: BTreeMap<SocketAddr, ListenSocket>,
    listeners: u64,
    pub(super) connections: BTreeMap<u64, TcpConnection>,
    /// How many connections were opened so far.
    opened: u64,
    pub(super) effects: Effects,
}

/// What the network knows of a host.
#[derive(Default)]
pub(super) struct HostEntry {
    /// The profile of its connections, if it is not the default.
    pub(super) profile: Option<ConnectionProfile>,
    /// Its bandwidth limit, if a fault is in force.
    pub(super) bandwidth: Option<u32>,
    /// How many connections it has opened.
    pub(super) connects: u64,
    pub(super) crashes: u64,
    /// It is off and does not respond.
    pub(super) off: bool,
}

/// A listening socket.
pub(super) struct ListenSocket {
    /// Distinguishes it from an earlier one at the same address.
    pub(super) id: u64,
    /// Connections that were not accepted yet.
    pub(super) backlog: VecDeque<u64>,
    pub(super) waker: Option<Waker>,
}

impl NetworkState {
    pub(super) fn new(seed: Seed, default_profile: ConnectionProfile) -> Self {
        Self {
            seed,
            default_profile,
            hosts: BTreeMap::new(),
            listen_sockets: BTreeMap::new(),
            listeners: 0,
            connections: BTreeMap::new(),
            opened: 0,
            effects: Effects::default(),
        }
    }

    pub(super) fn host(&mut self, host: Host) -> &mut HostEntry {
        self.hosts.entry(host).or_default()
    }

    pub(super) fn bind(&mut self, host: Host, mut at: SocketAddr) -> io::Result<(SocketAddr, u64)> {
        if at.ip().is_unspecified() {
            at.set_ip(host.ip());
        }
        if Host::at(at.ip()) != Some(host) {
            return Err(ErrorKind::AddrNotAvailable.into());
        }
        if at.port() == 0 {
            let free = |port: &u16| !self.listen_sockets.contains_key(&(at.ip(), *port).into());
            let port = (FIRST_EPHEMERAL_PORT..=u16::MAX).find(free).ok_or(ErrorKind::AddrInUse)?;
            at.set_port(port);
        }
        if self.listen_sockets.contains_key(&at) {
            return Err(ErrorKind::AddrInUse.into());
        }
        self.listeners += 1;
        let id = self.listeners;
        self.listen_sockets.insert(at, ListenSocket { id, backlog: VecDeque::new(), waker: None });
        Ok((at, id))
    }

    pub(super) fn connect(&mut self, from: Host, to: SocketAddr) -> io::Result<u64> {
        let responder = Host::at(to.ip()).ok_or(ErrorKind::AddrNotAvailable)?;
        let default_profile = self.default_profile;
        let entry = self.host(from);
        let mut profile = entry.profile.unwrap_or(default_profile);
        profile.bandwidth = entry.bandwidth.unwrap_or(profile.bandwidth);
        entry.connects += 1;
        let nth = entry.connects;
        let key = self.seed.key(Domain::Latency).with(from.number()).with(nth);
        self.opened += 1;
        let id = self.opened;
        let mut connection = TcpConnection::new(id, [from, responder], to.port(), key, profile);
        connection.send(Side::Initiator, Segment::Syn, &mut self.effects);
        self.connections.insert(id, connection);
        Ok(id)
    }

    /// Runs `act` on a connection, and removes the connection if it is over afterwards.
    pub(super) fn on<T>(
        &mut self,
        id: u64,
        act: impl FnOnce(&mut TcpConnection, &mut Effects) -> T,
    ) -> Option<T> {
        let connection = self.connections.get_mut(&id)?;
        let out = act(connection, &mut self.effects);
        if connection.is_over() {
            self.connections.remove(&id);
        }
        Some(out)
    }

    pub(super) fn handle(&mut self, event: NetworkEvent) {
        match event {
            NetworkEvent::Arrive(id, from) => self.arrive(id, from),
            NetworkEvent::Reset(id, at) => {
                self.on(id, |connection, effects| {
                    connection.fail(at, ErrorKind::ConnectionReset, effects)
                });
            }
        }
    }

    /// Delivers everything from this side that has arrived by now.
    fn arrive(&mut self, id: u64, from: Side) {
        while let Some(connection) = self.connections.get_mut(&id)
            && let Some(segment) = connection.directions[from].arrive(self.effects.now)
        {
            let at = from.other();
            self.effects.record(connection, from, &segment);
            let host = connection.host(at);
            if self.host(host).off {
                continue;
            }
            match segment {
                Segment::Syn => self.accept_syn(id),
                Segment::SynAck
                | Segment::Data(_)
                | Segment::WindowUpdate(_)
                | Segment::Fin
                | Segment::Rst => {
                    self.on(id, |connection, effects| connection.receive(at, segment, effects));
                }
            }
        }
        self.on(id, |_, _| ());
    }

    /// Responds to a SYN as a kernel does, whether or not a task accepts.
    fn accept_syn(&mut self, id: u64) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let effects = &mut self.effects;
        let at = SocketAddr::new(connection.host(Side::Responder).ip(), connection.port);
        match self.listen_sockets.get_mut(&at).filter(|socket| socket.backlog.len() < BACKLOG) {
            None => connection.send(Side::Responder, Segment::Rst, effects),
            Some(socket) => {
                socket.backlog.push_back(id);
                effects.wake(&mut socket.waker);
                connection.sockets[Side::Responder].state = SocketState::Open;
                connection.send(Side::Responder, Segment::SynAck, effects);
            }
        }
    }

    /// Closes a listener, and resets the connections in its backlog.
    pub(super) fn stop_listening(&mut self, at: SocketAddr, id: u64) {
        if self.listen_sockets.get(&at).is_none_or(|socket| socket.id != id) {
            return;
        }
        let backlog =
            self.listen_sockets.remove(&at).map(|socket| socket.backlog).unwrap_or_default();
        for waiting in backlog {
            self.on(waiting, |connection, effects| {
                connection.directions[Side::Responder].is_open().then(|| {
                    connection.send(Side::Responder, Segment::Rst, effects);
                });
                connection.drop(Side::Responder, effects);
            });
        }
    }
}
