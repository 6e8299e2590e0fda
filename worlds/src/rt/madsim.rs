//! Machines on madsim: each runs its tasks on a node of its own, reads clocks of its own, and speaks
//! over [`Net`].
//!
//! Nothing here decides when a machine fails.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guildhall_core::time::{Instant, Now};
use guildhall_plan::clock::Clock;
use guildhall_plan::seed::{Domain, Key, Seed};
use guildhall_runtime::rt::Rt;
use madsim::runtime::{Handle, NodeHandle};

use crate::net::{Host, Listener, Net, Stream};

use super::Time;

/// No world lasts for thirty years, and no clock is asked to say when they are over.
const NEVER: Instant = Instant::micros(1 << 50);

/// All machines of a world. All clones are one.
#[derive(Clone)]
pub struct Machines {
    seed: Seed,
    net: Net,
    cases: Arc<Mutex<BTreeMap<Host, Case>>>,
}

/// A machine, whatever runs on it at the moment.
#[derive(Clone)]
struct Case {
    node: NodeHandle,
    own: Arc<Mutex<Own>>,
}

/// What a machine has to itself, and keeps through crashes.
struct Own {
    clock: Clock,
    secrets: Key,
    /// How many secrets it has given away.
    given: u64,
}

/// A machine as long as it runs: after a crash there is another.
#[derive(Clone)]
pub struct Machine {
    host: Host,
    net: Net,
    case: Case,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Machines {
    /// None yet.
    #[must_use]
    pub fn new(seed: Seed, net: Net) -> Self {
        Self { seed, net, cases: Arc::default() }
    }

    /// The network between them.
    #[must_use]
    pub const fn net(&self) -> &Net {
        &self.net
    }

    /// A new machine, whose monotonic clock runs fast by `drift` millionths.
    ///
    /// # Panics
    /// Outside a madsim runtime.
    #[must_use]
    pub fn build(&self, host: Host, drift: i32) -> Machine {
        let node = Handle::current().create_node().name(host.to_string()).build();
        let secrets = self.seed.key(Domain::SessionId).with(host.number());
        let own = Own { clock: Clock::new(drift), secrets, given: 0 };
        let case = Case { node, own: Arc::new(Mutex::new(own)) };
        lock(&self.cases).insert(host, case.clone());
        Machine { host, net: self.net.clone(), case }
    }

    /// Nothing runs on a machine any more, and what comes over the network waits.
    pub fn pause(&self, host: Host) {
        if let Some(case) = self.case(host) {
            Handle::current().pause(case.node.id());
        }
    }

    /// It goes on where it was.
    pub fn resume(&self, host: Host) {
        if let Some(case) = self.case(host) {
            Handle::current().resume(case.node.id());
        }
    }

    /// All tasks of a machine are gone, and so are its connections: see [`Net::crash`].
    pub fn crash(&self, host: Host) {
        if let Some(case) = self.case(host) {
            // First of all, so that no task says good-bye when it is dropped.
            self.net.crash(host);
            Handle::current().kill(case.node.id());
        }
    }

    /// A machine that has crashed is there again, and nothing runs on it; it is paused no longer.
    /// Its clocks have gone on.
    #[must_use]
    pub fn restart(&self, host: Host) -> Option<Machine> {
        let id = self.case(host)?.node.id();
        let handle = Handle::current();
        handle.restart(id);
        self.net.restart(host);
        let node = handle.get_node(id)?;
        let mut cases = lock(&self.cases);
        let case = cases.get_mut(&host)?;
        case.node = node;
        Some(Machine { host, net: self.net.clone(), case: case.clone() })
    }

    /// The wall clock of a machine jumps by so many milliseconds.
    pub fn jump(&self, host: Host, by_ms: i64) {
        if let Some(case) = self.case(host) {
            lock(&case.own).clock.jump(by_ms);
        }
    }

    /// The world ends: all machines stop without a word. Whatever still waits for the executor is
    /// dropped when it runs next, so yield to it once.
    pub fn end(&self) {
        let handle = Handle::current();
        for (host, case) in std::mem::take(&mut *lock(&self.cases)) {
            self.net.crash(host);
            handle.kill(case.node.id());
        }
        self.net.end();
    }

    fn case(&self, host: Host) -> Option<Case> {
        lock(&self.cases).get(&host).cloned()
    }
}

impl Machine {
    /// Which machine it is.
    #[must_use]
    pub const fn host(&self) -> Host {
        self.host
    }

    fn time(&self) -> &Time {
        self.net.time()
    }
}

impl Rt for Machine {
    type Stream = Stream;
    type Listener = Listener;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.case.node.spawn(task);
    }

    fn now(&self) -> Now {
        lock(&self.case.own).clock.read(self.time().now())
    }

    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> + Send + 'static {
        let at = lock(&self.case.own).clock.reaches(at.min(NEVER));
        self.time().sleep_until(at)
    }

    fn secret(&self) -> u128 {
        let mut own = lock(&self.case.own);
        own.given += 1;
        own.secrets.with(own.given).wide()
    }

    async fn bind(&self, at: SocketAddr) -> io::Result<Listener> {
        self.net.bind(self.host, at)
    }

    async fn connect(&self, to: SocketAddr) -> io::Result<Stream> {
        self.net.connect(self.host, to).await
    }
}
