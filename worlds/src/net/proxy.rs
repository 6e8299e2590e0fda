//! A proxy on real sockets between clients and nodes, which forwards bytes and injects faults.
//!
//! Faults have the same names and meanings as in the simulated network, but the kernel decides how
//! much data can be in flight. The proxy must not interpret what it carries.

mod connection;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guildhall_plan::fault::{CutKind, Direction};
use guildhall_plan::plan::{Latency, Network};
use guildhall_plan::seed::{Domain, Seed};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::direction::Flow;
use super::{Host, StalledConnections};
use connection::{ProxiedConnection, Shaping};

/// The proxy. All clones share its connections, which close when the last clone is dropped.
#[derive(Clone)]
pub struct Proxy(Arc<Mutex<ProxyState>>);

struct ProxyState {
    seed: Seed,
    latency: Latency,
    /// Bytes per second in each direction, or 0 for no limit.
    bandwidth: u32,
    connections: BTreeMap<u64, ConnectionControl>,
    opened: u64,
    /// By client: the number of connections it has opened, and its bandwidth limit.
    clients: BTreeMap<Host, (u64, Option<u32>)>,
}

/// Controls a running connection.
struct ConnectionControl {
    client: Host,
    node: SocketAddr,
    up: watch::Sender<Shaping>,
    down: watch::Sender<Shaping>,
    end: watch::Sender<Option<CutKind>>,
}

impl ConnectionControl {
    fn set_flow(&self, way: Direction, flow: Flow) {
        for (affected, shaping) in [(way.is_up(), &self.up), (way.is_down(), &self.down)] {
            // A dead direction stays dead.
            if affected {
                shaping.send_if_modified(|shaping| {
                    let changes = shaping.flow != Flow::Dead && shaping.flow != flow;
                    if changes {
                        shaping.flow = flow;
                    }
                    changes
                });
            }
        }
    }

    fn release(&self) {
        for shaping in [&self.up, &self.down] {
            shaping.send_if_modified(|shaping| {
                let stalled = shaping.flow == Flow::Stalled;
                if stalled {
                    shaping.flow = Flow::Open;
                }
                stalled
            });
        }
    }
}

impl Proxy {
    /// A proxy that delays each chunk by the plan's latency for clients and limits the bandwidth.
    #[must_use]
    pub fn new(seed: Seed, network: &Network) -> Self {
        let state = ProxyState {
            seed,
            latency: network.client,
            bandwidth: network.bandwidth.unwrap_or(0),
            connections: BTreeMap::new(),
            opened: 0,
            clients: BTreeMap::new(),
        };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Listens on loopback for connections of this client to that node, and returns the address.
    ///
    /// # Errors
    /// If the system has no port left.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn listen_for(&self, client: Host, node: SocketAddr) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let Some(state) = state.upgrade() else { return };
                let (id, connection) = Self(state.clone()).state().open(client, node);
                let state = Arc::downgrade(&state);
                tokio::spawn(async move {
                    carry(socket, node, connection).await;
                    if let Some(state) = state.upgrade() {
                        Self(state).state().connections.remove(&id);
                    }
                });
            }
        });
        Ok(address)
    }

    /// Ends the open connections of a client.
    pub fn cut(&self, client: Host, how: CutKind) {
        for (_, connection) in self.state().of(client) {
            connection.end.send_replace(Some(how));
        }
    }

    /// Holds back everything on the open connections of a client until [`Self::release`].
    pub fn stall(&self, client: Host, way: Direction) -> StalledConnections {
        let state = self.state();
        let stalled = state.of(client).map(|(id, connection)| {
            connection.set_flow(way, Flow::Stalled);
            id
        });
        StalledConnections(stalled.collect())
    }

    /// Ends a stall: what it held back arrives.
    pub fn release(&self, stalled: &StalledConnections) {
        let state = self.state();
        stalled
            .0
            .iter()
            .filter_map(|id| state.connections.get(id))
            .for_each(ConnectionControl::release);
    }

    /// Makes the open connections of a client lose everything silently.
    pub fn silence(&self, client: Host, way: Direction) {
        self.state().of(client).for_each(|(_, connection)| connection.set_flow(way, Flow::Dead));
    }

    /// Limits the bandwidth of a client in each direction, in bytes per second. `None` removes the
    /// limit.
    pub fn slow(&self, client: Host, bandwidth: Option<u32>) {
        let mut state = self.state();
        state.clients.entry(client).or_default().1 = bandwidth;
        let now = bandwidth.unwrap_or(state.bandwidth);
        for (_, connection) in state.of(client) {
            for shaping in [&connection.up, &connection.down] {
                shaping.send_modify(|shaping| shaping.bandwidth = now);
            }
        }
    }

    /// Resets the connections of a node that crashes.
    pub fn crash(&self, node: SocketAddr) {
        for connection in
            self.state().connections.values().filter(|connection| connection.node == node)
        {
            connection.end.send_replace(Some(CutKind::Reset));
        }
    }

    /// The number of connections, including those that one side has closed.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state().connections.len()
    }

    fn state(&self) -> MutexGuard<'_, ProxyState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProxyState {
    fn of(&self, client: Host) -> impl Iterator<Item = (u64, &ConnectionControl)> {
        self.connections
            .iter()
            .filter(move |(_, connection)| connection.client == client)
            .map(|(id, connection)| (*id, connection))
    }

    fn open(&mut self, client: Host, node: SocketAddr) -> (u64, ProxiedConnection) {
        let (nth, slow) = self.clients.entry(client).or_default();
        *nth += 1;
        let key = self.seed.key(Domain::Latency).with(client.number()).with(*nth);
        let bandwidth = slow.unwrap_or(self.bandwidth);
        let shaping = Shaping { flow: Flow::Open, bandwidth };
        let (up, at_up) = watch::channel(shaping);
        let (down, at_down) = watch::channel(shaping);
        let (end, at_end) = watch::channel(None);
        self.opened += 1;
        self.connections.insert(self.opened, ConnectionControl { client, node, up, down, end });
        let connection =
            ProxiedConnection { key, latency: self.latency, up: at_up, down: at_down, end: at_end };
        (self.opened, connection)
    }
}

/// Forwards bytes between a client and its node until their connection ends.
async fn carry(client: TcpStream, node: SocketAddr, connection: ProxiedConnection) {
    match TcpStream::connect(node).await {
        Ok(node) => connection.run(client, node).await,
        // The kernel has accepted the client already, so it cannot be refused.
        Err(_) => connection::reset(client),
    }
}
