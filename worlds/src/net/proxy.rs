//! A proxy on real sockets, between clients and nodes: it passes bytes on, as faults let it.
//!
//! To a client it is the node, and to the node the client. Faults have the names and meanings that
//! they have on the simulated network; how far one can fill what is under way is the kernel's
//! business here. It must not read what it carries.

mod line;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guildhall_plan::fault::{Ending, Way};
use guildhall_plan::plan::{Latency, Network};
use guildhall_plan::seed::{Domain, Seed};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::pipe::Flow;
use super::{Host, Struck};
use line::{Gate, Line};

/// The proxy. All clones are one; when the last is dropped, so are all connections.
#[derive(Clone)]
pub struct Proxy(Arc<Mutex<Desk>>);

struct Desk {
    seed: Seed,
    latency: Latency,
    /// Bytes per second, or 0 for no limit.
    bandwidth: u32,
    lines: BTreeMap<u64, Controls>,
    opened: u64,
    /// How many connections each client has had, and how slow its line is at the moment.
    clients: BTreeMap<Host, (u64, Option<u32>)>,
}

/// What a connection is told.
struct Controls {
    client: Host,
    node: SocketAddr,
    up: watch::Sender<Gate>,
    down: watch::Sender<Gate>,
    end: watch::Sender<Option<Ending>>,
}

impl Controls {
    fn set_flow(&self, way: Way, flow: Flow) {
        for (struck, gate) in [(way.is_up(), &self.up), (way.is_down(), &self.down)] {
            // What is dead stays dead.
            if struck {
                gate.send_if_modified(|gate| {
                    let changes = gate.flow != Flow::Dead && gate.flow != flow;
                    if changes {
                        gate.flow = flow;
                    }
                    changes
                });
            }
        }
    }

    fn release(&self) {
        for gate in [&self.up, &self.down] {
            gate.send_if_modified(|gate| {
                let stalled = gate.flow == Flow::Stalled;
                if stalled {
                    gate.flow = Flow::Open;
                }
                stalled
            });
        }
    }
}

impl Proxy {
    /// A proxy that adds to each piece the latency that a plan's network has for clients, and bounds
    /// the bandwidth as it does.
    #[must_use]
    pub fn new(seed: Seed, network: &Network) -> Self {
        let desk = Desk {
            seed,
            latency: network.client,
            bandwidth: network.bandwidth.unwrap_or(0),
            lines: BTreeMap::new(),
            opened: 0,
            clients: BTreeMap::new(),
        };
        Self(Arc::new(Mutex::new(desk)))
    }

    /// An address on loopback at which this client finds that node.
    ///
    /// # Errors
    /// If the system has no port left.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn front(&self, client: Host, node: SocketAddr) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let desk = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let Some(desk) = desk.upgrade() else { return };
                let (id, line) = Self(desk.clone()).desk().open(client, node);
                let desk = Arc::downgrade(&desk);
                tokio::spawn(async move {
                    carry(socket, node, line).await;
                    if let Some(desk) = desk.upgrade() {
                        Self(desk).desk().lines.remove(&id);
                    }
                });
            }
        });
        Ok(address)
    }

    /// The connections of a client end.
    pub fn cut(&self, client: Host, how: Ending) {
        for (_, line) in self.desk().of(client) {
            line.end.send_replace(Some(how));
        }
    }

    /// The connections of a client pass nothing on, until they are released.
    pub fn stall(&self, client: Host, way: Way) -> Struck {
        let desk = self.desk();
        let struck = desk.of(client).map(|(id, line)| {
            line.set_flow(way, Flow::Stalled);
            id
        });
        Struck(struck.collect())
    }

    /// What a stall has held back goes on its way.
    pub fn release(&self, struck: &Struck) {
        let desk = self.desk();
        struck.0.iter().filter_map(|id| desk.lines.get(id)).for_each(Controls::release);
    }

    /// The connections of a client are silently dead: what is sent is lost, and nobody is told.
    pub fn silence(&self, client: Host, way: Way) {
        self.desk().of(client).for_each(|(_, line)| line.set_flow(way, Flow::Dead));
    }

    /// The line of a client carries so many bytes per second in each direction, or as many as usual.
    pub fn slow(&self, client: Host, bandwidth: Option<u32>) {
        let mut desk = self.desk();
        desk.clients.entry(client).or_default().1 = bandwidth;
        let now = bandwidth.unwrap_or(desk.bandwidth);
        for (_, line) in desk.of(client) {
            for gate in [&line.up, &line.down] {
                gate.send_modify(|gate| gate.bandwidth = now);
            }
        }
    }

    /// A node crashes: its connections are reset.
    pub fn crash(&self, node: SocketAddr) {
        for line in self.desk().lines.values().filter(|line| line.node == node) {
            line.end.send_replace(Some(Ending::Reset));
        }
    }

    /// How many connections there are, those included of which one end is gone.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.desk().lines.len()
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    fn of(&self, client: Host) -> impl Iterator<Item = (u64, &Controls)> {
        self.lines
            .iter()
            .filter(move |(_, line)| line.client == client)
            .map(|(id, line)| (*id, line))
    }

    fn open(&mut self, client: Host, node: SocketAddr) -> (u64, Line) {
        let (nth, slow) = self.clients.entry(client).or_default();
        *nth += 1;
        let key = self.seed.key(Domain::Latency).with(client.number()).with(*nth);
        let bandwidth = slow.unwrap_or(self.bandwidth);
        let gate = Gate { flow: Flow::Open, bandwidth };
        let (up, at_up) = watch::channel(gate);
        let (down, at_down) = watch::channel(gate);
        let (end, at_end) = watch::channel(None);
        self.opened += 1;
        self.lines.insert(self.opened, Controls { client, node, up, down, end });
        let line = Line { key, latency: self.latency, up: at_up, down: at_down, end: at_end };
        (self.opened, line)
    }
}

/// Carries bytes between a client and its node until their connection is over.
async fn carry(client: TcpStream, node: SocketAddr, line: Line) {
    match TcpStream::connect(node).await {
        Ok(node) => line.run(client, node).await,
        // There is no way to refuse what the kernel has accepted already.
        Err(_) => line::reset(client),
    }
}
