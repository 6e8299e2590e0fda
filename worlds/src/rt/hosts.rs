//! The hosts of a simulated world. Each runs its tasks on a madsim node, has its own clocks, and
//! connects through [`SimNetwork`].
//!
//! Nothing here decides when a host fails.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guildhall_core::time::{Instant, Now};
use guildhall_plan::seed::Seed;
use guildhall_runtime::rt::Rt;
use madsim::runtime::{Handle, NodeHandle};

use crate::net::{Host, Listener, SimNetwork, Stream};

use super::{HostState, SimTime};

/// All hosts of a world. All clones share them.
#[derive(Clone)]
pub struct Hosts {
    seed: Seed,
    net: SimNetwork,
    entries: Arc<Mutex<BTreeMap<Host, SimHost>>>,
}

/// A host, whatever runs on it at the moment.
#[derive(Clone)]
struct SimHost {
    node: NodeHandle,
    state: HostState,
}

/// The runtime of one host, from its start to its crash. A restart gives a new one.
#[derive(Clone)]
pub struct SimRt {
    host: Host,
    net: SimNetwork,
    entry: SimHost,
}

impl Hosts {
    /// No hosts.
    #[must_use]
    pub fn new(seed: Seed, net: SimNetwork) -> Self {
        Self { seed, net, entries: Arc::default() }
    }

    /// The network that connects the hosts.
    #[must_use]
    pub const fn net(&self) -> &SimNetwork {
        &self.net
    }

    /// Adds a host whose monotonic clock runs fast by `drift` parts per million.
    ///
    /// # Panics
    /// Outside a madsim runtime.
    #[must_use]
    pub fn build(&self, host: Host, drift: i32) -> SimRt {
        let node = Handle::current().create_node().name(host.to_string()).build();
        let entry = SimHost { node, state: HostState::new(self.seed, host, drift) };
        self.entries().insert(host, entry.clone());
        SimRt { host, net: self.net.clone(), entry }
    }

    /// Suspends all tasks of a host. Data that arrives over the network waits.
    pub fn pause(&self, host: Host) {
        if let Some(entry) = self.entry(host) {
            Handle::current().pause(entry.node.id());
        }
    }

    /// Resumes a paused host.
    pub fn resume(&self, host: Host) {
        if let Some(entry) = self.entry(host) {
            Handle::current().resume(entry.node.id());
        }
    }

    /// Drops all tasks of a host and ends its connections: see [`SimNetwork::crash`].
    pub fn crash(&self, host: Host) {
        if let Some(entry) = self.entry(host) {
            // The network comes first: a task that is dropped must not close its connections.
            self.net.crash(host);
            Handle::current().kill(entry.node.id());
        }
    }

    /// Restarts a host that has crashed. It has no tasks and is not paused; its clocks have kept
    /// running.
    #[must_use]
    pub fn restart(&self, host: Host) -> Option<SimRt> {
        let id = self.entry(host)?.node.id();
        let handle = Handle::current();
        handle.restart(id);
        self.net.restart(host);
        let node = handle.get_node(id)?;
        let mut entries = self.entries();
        let entry = entries.get_mut(&host)?;
        entry.node = node;
        Some(SimRt { host, net: self.net.clone(), entry: entry.clone() })
    }

    /// Moves the wall clock of a host by so many milliseconds.
    pub fn jump_wall_clock(&self, host: Host, by_ms: i64) {
        if let Some(entry) = self.entry(host) {
            entry.state.jump_wall_clock(by_ms);
        }
    }

    /// Crashes all hosts and ends the network. The executor drops the tasks when it runs next, so
    /// the caller must yield to it.
    pub fn end(&self) {
        let handle = Handle::current();
        for (host, entry) in std::mem::take(&mut *self.entries()) {
            self.net.crash(host);
            handle.kill(entry.node.id());
        }
        self.net.end();
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<Host, SimHost>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entry(&self, host: Host) -> Option<SimHost> {
        self.entries().get(&host).cloned()
    }
}

impl SimRt {
    /// The host that it runs on.
    #[must_use]
    pub const fn host(&self) -> Host {
        self.host
    }

    fn time(&self) -> &SimTime {
        self.net.time()
    }
}

impl Rt for SimRt {
    type Stream = Stream;
    type Listener = Listener;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.entry.node.spawn(task);
    }

    fn now(&self) -> Now {
        self.entry.state.now(self.time().now())
    }

    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> + Send + 'static {
        self.time().sleep_until(self.entry.state.reaches(at))
    }

    fn secret(&self) -> u128 {
        self.entry.state.secret()
    }

    async fn bind(&self, at: SocketAddr) -> io::Result<Listener> {
        self.net.bind(self.host, at)
    }

    async fn connect(&self, to: SocketAddr) -> io::Result<Stream> {
        self.net.connect(self.host, to).await
    }
}
