//! The real world: sockets on loopback, the kernel's buffers and the system's clock, behind a proxy
//! that injects faults into connections.
//!
//! Its time may run faster than the system's clock, so that a plan of minutes takes seconds; the
//! kernel's delays then seem longer. Only the plan is reproducible, not the run. A paused host runs
//! none of its tasks, but its kernel keeps working. The world must not judge what happens.

mod panics;
mod pause_gate;
mod rt;
mod time;

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guildhall_core::id::NodeId;
use guildhall_core::time::Span;
use guildhall_plan::fault::{CutKind, Direction};
use guildhall_plan::plan::{Latency, Network, Plan, PlanError};
use guildhall_plan::seed::Seed;
use guildhall_runtime::client::NodeAddress;
use tokio_util::sync::CancellationToken;

use crate::judge::Judge;
use crate::net::{Host, PeerNetwork, Proxy, StalledConnections};
use crate::outcome::{Outcome, judged};
use crate::play::{Options, Play};
use crate::rt::HostState;
use crate::world::World;
use panics::PanicReporter;
use pause_gate::PauseGate;
pub use rt::RealRt;
pub use time::ScaledTime;

/// The real world. All clones share its hosts.
#[derive(Clone)]
pub struct RealWorld {
    seed: Seed,
    time: ScaledTime,
    peer_network: PeerNetwork<ScaledTime>,
    proxy: Proxy,
    panics: PanicReporter,
    hosts: Arc<Mutex<BTreeMap<Host, RealRt>>>,
    addresses: Arc<Mutex<BTreeMap<NodeId, NodeAddress>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RealWorld {
    fn new(plan: &Plan, pace: u32, panics: PanicReporter) -> Self {
        let time = ScaledTime::start(pace);
        Self {
            seed: plan.seed,
            time,
            peer_network: PeerNetwork::new(plan.seed, time, &plan.network),
            proxy: Proxy::new(plan.seed, &scaled(&plan.network, pace)),
            panics,
            hosts: Arc::default(),
            addresses: Arc::default(),
        }
    }

    fn host(&self, host: Host) -> Option<RealRt> {
        lock(&self.hosts).get(&host).cloned()
    }
}

/// A network as it must behave on the system's clock.
fn scaled(network: &Network, pace: u32) -> Network {
    let span = |span: Span| Span::micros(span.as_micros() / u64::from(pace));
    let client = match network.client {
        Latency::Constant { span: of } => Latency::Constant { span: span(of) },
        Latency::Uniform { low, high } => Latency::Uniform { low: span(low), high: span(high) },
        Latency::LongTail { low, high } => Latency::LongTail { low: span(low), high: span(high) },
    };
    let bandwidth = network.bandwidth.map(|of| of.saturating_mul(pace));
    Network { client, bandwidth, ..network.clone() }
}

impl World for RealWorld {
    type Rt = RealRt;
    type Time = ScaledTime;
    type Stall = StalledConnections;

    const NAME: &'static str = "tokio";
    // At ten times the pace, a thread that waits 50 ms for a core is half a second late.
    const EXTRA_LATENCY: Span = Span::millis(500);

    fn time(&self) -> &ScaledTime {
        &self.time
    }

    fn peer_network(&self) -> &PeerNetwork<ScaledTime> {
        &self.peer_network
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.panics.spawn(task);
    }

    fn build(&self, host: Host, drift: i32) -> RealRt {
        let rt = RealRt {
            time: self.time,
            state: HostState::new(self.seed, host, drift),
            crashed: CancellationToken::new(),
            gate: PauseGate::default(),
            panics: self.panics.clone(),
        };
        lock(&self.hosts).insert(host, rt.clone());
        rt
    }

    fn listen_address(&self, node: NodeId) -> NodeAddress {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let known = lock(&self.addresses).get(&node).copied();
        known.unwrap_or(NodeAddress { gateway: any, requests: any })
    }

    fn set_address(&self, node: NodeId, address: NodeAddress) {
        lock(&self.addresses).insert(node, address);
    }

    async fn client_addresses(&self, client: u32, nodes: u16) -> BTreeMap<NodeId, NodeAddress> {
        let host = Host::Client(client);
        let mut addresses = BTreeMap::new();
        for node in (0..nodes).map(NodeId) {
            let NodeAddress { gateway, requests } = self.listen_address(node);
            let listen = async |to| self.proxy.listen_for(host, to).await.expect("a free port");
            let (gateway, requests) = (listen(gateway).await, listen(requests).await);
            addresses.insert(node, NodeAddress { gateway, requests });
        }
        addresses
    }

    fn gateway_address(&self, node: NodeId) -> SocketAddr {
        self.listen_address(node).gateway
    }

    fn pause(&self, host: Host) {
        if let Some(rt) = self.host(host) {
            rt.gate.close();
        }
    }

    fn resume(&self, host: Host) {
        if let Some(rt) = self.host(host) {
            rt.gate.open();
        }
    }

    fn crash(&self, host: Host) {
        if let Some(rt) = self.host(host) {
            // In this order: a task that is being polled must not take a step after the crash.
            rt.gate.stop();
            rt.crashed.cancel();
        }
        if let Host::Node(node) = host {
            let NodeAddress { gateway, requests } = self.listen_address(NodeId(node));
            self.proxy.crash(gateway);
            self.proxy.crash(requests);
        }
    }

    fn restart(&self, host: Host) -> Option<RealRt> {
        let mut hosts = lock(&self.hosts);
        let rt = hosts.get_mut(&host)?;
        (rt.crashed, rt.gate) = (CancellationToken::new(), PauseGate::default());
        Some(rt.clone())
    }

    fn jump_wall_clock(&self, host: Host, by_ms: i64) {
        if let Some(rt) = self.host(host) {
            rt.state.jump_wall_clock(by_ms);
        }
    }

    fn cut(&self, client: Host, how: CutKind) {
        let how = match how {
            CutKind::HalfOpen { late } => {
                let late = Span::micros(late.as_micros() / u64::from(self.time.pace()));
                CutKind::HalfOpen { late }
            }
            CutKind::Fin | CutKind::Reset => how,
        };
        self.proxy.cut(client, how);
    }

    fn stall(&self, client: Host, way: Direction) -> StalledConnections {
        self.proxy.stall(client, way)
    }

    fn release(&self, stall: &StalledConnections) {
        self.proxy.release(stall);
    }

    fn silence(&self, client: Host, way: Direction) {
        self.proxy.silence(client, way);
    }

    fn slow(&self, client: Host, bandwidth: Option<u32>) {
        self.proxy.slow(client, bandwidth.map(|of| of.saturating_mul(self.time.pace())));
    }
}

/// Runs a plan on real sockets, `pace` times as fast as the system's clock, and judges the run. It
/// takes at least the plan's duration divided by `pace`.
///
/// # Errors
/// If the plan is invalid.
///
/// # Panics
/// If the system has no thread or no port left.
pub fn run(plan: &Arc<Plan>, options: Options, pace: u32) -> Result<Outcome, PlanError> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("the system has threads");
    let started: Arc<Mutex<Option<Judge>>> = Arc::default();
    let ended = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let (reporter, mut panics) = PanicReporter::new();
            let world = RealWorld::new(plan, pace, reporter);
            let mut play = Play::new(world, plan.clone(), options).await?;
            *lock(&started) = Some(play.judge().clone());
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
    let judge = lock(&started).take();
    Ok(judged(judge.as_ref(), ended))
}
