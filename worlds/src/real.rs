//! The real world: sockets on loopback, the kernel's buffers and the machine's clock, behind a proxy
//! that breaks connections.
//!
//! Its time may run faster than the clock on the wall, so that a plan of minutes takes seconds; what
//! the kernel needs for a byte seems longer then. Nothing here is repeatable but the plan. A machine
//! that is paused runs none of its tasks; its kernel goes on.

mod gate;

use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use guildhall_core::id::NodeId;
use guildhall_core::time::{Instant, Now, Span};
use guildhall_plan::clock::Clock;
use guildhall_plan::fault::{Ending, Way};
use guildhall_plan::plan::{Latency, Network, Plan, PlanError};
use guildhall_plan::seed::{Domain, Key, Seed};
use guildhall_runtime::client::Address;
use guildhall_runtime::rt::Rt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::judge::Judge;
use crate::net::{Host, Post, Proxy, Struck};
use crate::outcome::{Outcome, judged};
use crate::play::{Options, Play};
use crate::rt::Timeline;
use crate::world::World;
use gate::Gate;

/// Time that runs so many times as fast as the clock.
#[derive(Clone, Copy, Debug)]
pub struct Paced {
    began: tokio::time::Instant,
    pace: u32,
}

impl Paced {
    /// How long that is on the clock.
    fn real(self, micros: u64) -> Duration {
        Duration::from_nanos(micros.saturating_mul(1_000) / u64::from(self.pace))
    }
}

impl Timeline for Paced {
    fn now(&self) -> u64 {
        let real = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        real.saturating_mul(u64::from(self.pace)) / 1_000
    }

    fn at(&self, at: u64, act: impl FnOnce() + Send + 'static) {
        let late = self.sleep_until(at);
        tokio::spawn(async move {
            late.await;
            act();
        });
    }

    fn sleep_until(&self, at: u64) -> impl Future<Output = ()> + Send + 'static {
        /// No play lasts for a year.
        const FAR: u64 = 365 * 86_400 * 1_000_000;
        let (time, at) = (*self, at.min(FAR));
        async move {
            // A clock that is asked a moment too early is asked again.
            while time.now() < at {
                tokio::time::sleep_until(time.began + time.real(at)).await;
            }
        }
    }
}

/// What a machine has to itself, and keeps through crashes.
struct Own {
    clock: Clock,
    secrets: Key,
    given: u64,
}

/// A machine of this world, as long as it runs.
#[derive(Clone)]
pub struct Machine {
    time: Paced,
    own: Arc<Mutex<Own>>,
    /// Cancelled when it crashes.
    power: CancellationToken,
    /// Shut while it is paused.
    gate: Gate,
    panics: Panics,
}

/// Tells of a task that has panicked: it would go unnoticed otherwise.
#[derive(Clone)]
struct Panics(mpsc::UnboundedSender<Box<dyn Any + Send>>);

impl Panics {
    fn watch(&self, task: impl Future<Output = ()> + Send + 'static) {
        let tell = self.0.clone();
        tokio::spawn(async move {
            if let Err(panic) = AssertUnwindSafe(task).catch_unwind().await {
                let _ = tell.send(panic);
            }
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Rt for Machine {
    type Stream = TcpStream;
    type Listener = TcpListener;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let (power, gate) = (self.power.clone(), self.gate.clone());
        self.panics.watch(async move {
            power.run_until_cancelled(gate.through(task)).await;
        });
    }

    fn now(&self) -> Now {
        lock(&self.own).clock.read(self.time.now())
    }

    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> + Send + 'static {
        let at = lock(&self.own).clock.reaches(at.min(Instant::micros(1 << 50)));
        self.time.sleep_until(at)
    }

    fn secret(&self) -> u128 {
        let mut own = lock(&self.own);
        own.given += 1;
        own.secrets.with(own.given).wide()
    }

    async fn bind(&self, at: SocketAddr) -> io::Result<TcpListener> {
        TcpListener::bind(at).await
    }

    async fn connect(&self, to: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// The real world. All clones are one.
#[derive(Clone)]
pub struct Real {
    seed: Seed,
    time: Paced,
    post: Post<Paced>,
    proxy: Proxy,
    panics: Panics,
    machines: Arc<Mutex<BTreeMap<Host, Machine>>>,
    places: Arc<Mutex<BTreeMap<NodeId, Address>>>,
}

impl Real {
    fn new(plan: &Plan, pace: u32, panics: Panics) -> Self {
        let time = Paced { began: tokio::time::Instant::now(), pace };
        Self {
            seed: plan.seed,
            time,
            post: Post::new(plan.seed, time, &plan.network),
            proxy: Proxy::new(plan.seed, &paced(&plan.network, time)),
            panics,
            machines: Arc::default(),
            places: Arc::default(),
        }
    }

    fn machine(&self, host: Host) -> Option<Machine> {
        lock(&self.machines).get(&host).cloned()
    }
}

/// A network as it is for those who go by the clock.
fn paced(network: &Network, time: Paced) -> Network {
    let span = |span: Span| Span::micros(span.as_micros() / u64::from(time.pace));
    let client = match network.client {
        Latency::Constant { span: of } => Latency::Constant { span: span(of) },
        Latency::Uniform { low, high } => Latency::Uniform { low: span(low), high: span(high) },
        Latency::LongTail { low, high } => Latency::LongTail { low: span(low), high: span(high) },
    };
    let bandwidth = network.bandwidth.map(|of| of.saturating_mul(time.pace));
    Network { client, bandwidth, ..network.clone() }
}

impl World for Real {
    type Rt = Machine;
    type Time = Paced;
    type Struck = Struck;

    const NAME: &'static str = "tokio";
    // Ten times as fast, a thread that waits for its turn for 50 ms is half a second late.
    const LATE: Span = Span::millis(500);

    fn time(&self) -> &Paced {
        &self.time
    }

    fn post(&self) -> &Post<Paced> {
        &self.post
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.panics.watch(task);
    }

    fn build(&self, host: Host, drift: i32) -> Machine {
        let secrets = self.seed.key(Domain::SessionId).with(host.number());
        let own = Own { clock: Clock::new(drift), secrets, given: 0 };
        let own = Arc::new(Mutex::new(own));
        let (power, panics) = (CancellationToken::new(), self.panics.clone());
        let gate = Gate::default();
        let machine = Machine { time: self.time, own, power, gate, panics };
        lock(&self.machines).insert(host, machine.clone());
        machine
    }

    fn place(&self, node: NodeId) -> Address {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let known = lock(&self.places).get(&node).copied();
        known.unwrap_or(Address { gateway: any, requests: any })
    }

    fn listens(&self, node: NodeId, at: Address) {
        lock(&self.places).insert(node, at);
    }

    async fn addresses(&self, client: u32, nodes: u16) -> BTreeMap<NodeId, Address> {
        let host = Host::Client(client);
        let mut addresses = BTreeMap::new();
        for node in (0..nodes).map(NodeId) {
            let Address { gateway, requests } = self.place(node);
            let front = async |to| self.proxy.front(host, to).await.expect("a port is free");
            let (gateway, requests) = (front(gateway).await, front(requests).await);
            addresses.insert(node, Address { gateway, requests });
        }
        addresses
    }

    fn door(&self, node: NodeId) -> SocketAddr {
        self.place(node).gateway
    }

    fn pause(&self, host: Host) {
        if let Some(machine) = self.machine(host) {
            machine.gate.shut();
        }
    }

    fn resume(&self, host: Host) {
        if let Some(machine) = self.machine(host) {
            machine.gate.open();
        }
    }

    fn crash(&self, host: Host) {
        if let Some(machine) = self.machine(host) {
            machine.power.cancel();
        }
        if let Host::Node(node) = host {
            let Address { gateway, requests } = self.place(NodeId(node));
            self.proxy.crash(gateway);
            self.proxy.crash(requests);
        }
    }

    fn restart(&self, host: Host) -> Option<Machine> {
        let mut machines = lock(&self.machines);
        let machine = machines.get_mut(&host)?;
        (machine.power, machine.gate) = (CancellationToken::new(), Gate::default());
        Some(machine.clone())
    }

    fn jump(&self, host: Host, by_ms: i64) {
        if let Some(machine) = self.machine(host) {
            lock(&machine.own).clock.jump(by_ms);
        }
    }

    fn cut(&self, client: Host, how: Ending) {
        let how = match how {
            Ending::HalfOpen { late } => {
                let late = Span::micros(late.as_micros() / u64::from(self.time.pace));
                Ending::HalfOpen { late }
            }
            Ending::Fin | Ending::Reset => how,
        };
        self.proxy.cut(client, how);
    }

    fn stall(&self, client: Host, way: Way) -> Struck {
        self.proxy.stall(client, way)
    }

    fn release(&self, struck: &Struck) {
        self.proxy.release(struck);
    }

    fn silence(&self, client: Host, way: Way) {
        self.proxy.silence(client, way);
    }

    fn slow(&self, client: Host, bandwidth: Option<u32>) {
        self.proxy.slow(client, bandwidth.map(|of| of.saturating_mul(self.time.pace)));
    }
}

/// Plays a plan on real sockets, `pace` times as fast as it says, and judges it. Takes at least the
/// plan's time divided by that.
///
/// # Errors
/// If the plan cannot be played.
///
/// # Panics
/// If the system has no threads or no ports to give.
pub fn run(plan: &Arc<Plan>, options: Options, pace: u32) -> Result<Outcome, PlanError> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("the system gives threads");
    let seen: Arc<Mutex<Option<Judge>>> = Arc::default();
    let ended = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let (tell, mut panics) = mpsc::unbounded_channel();
            let world = Real::new(plan, pace, Panics(tell));
            let mut play = Play::new(world, plan.clone(), options).await?;
            *lock(&seen) = Some(play.judge().clone());
            tokio::select! {
                biased;
                ending = play.run() => Ok(ending),
                Some(panic) = panics.recv() => resume_unwind(panic),
            }
        })
    }));
    runtime.shutdown_background();
    let ended = match ended {
        Ok(Ok(ending)) => Ok(ending),
        Ok(Err(error)) => return Err(error),
        Err(panic) => Err(panic),
    };
    let judge = lock(&seen).take();
    Ok(judged(judge.as_ref(), ended))
}
