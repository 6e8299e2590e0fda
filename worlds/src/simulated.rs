//! The world under madsim: the shell's own code, tasks and timers in one thread, on a simulated
//! network. A seed determines every step.
//!
//! It must not judge what happens.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use guildhall_core::id::NodeId;
use guildhall_core::time::Span;
use guildhall_plan::fault::{CutKind, Direction};
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_runtime::client::NodeAddress;

use crate::judge::Judge;
use crate::net::{Host, PeerNetwork, StalledConnections};
use crate::outcome::{Outcome, judged};
use crate::play::{Options, Play};
use crate::rt::{Hosts, SimRt, SimTime, simulate};
use crate::world::World;

/// The ports of a node for clients and for requests.
const PORTS: (u16, u16) = (443, 444);

/// The world under madsim. All clones share its hosts.
#[derive(Clone)]
pub struct SimulatedWorld {
    hosts: Hosts,
    peer_network: PeerNetwork<SimTime>,
    /// Runs tasks that belong to no host of the plan.
    outside: SimRt,
}

impl SimulatedWorld {
    fn new(hosts: Hosts, peer_network: PeerNetwork<SimTime>) -> Self {
        let outside = hosts.build(Host::Service(1), 0);
        Self { hosts, peer_network, outside }
    }
}

fn address(node: NodeId) -> NodeAddress {
    let at = |port| SocketAddr::new(Host::Node(node.0).ip(), port);
    NodeAddress { gateway: at(PORTS.0), requests: at(PORTS.1) }
}

impl World for SimulatedWorld {
    type Rt = SimRt;
    type Time = SimTime;
    type Stall = StalledConnections;

    const NAME: &'static str = "madsim";
    const EXTRA_LATENCY: Span = Span::ZERO;

    fn time(&self) -> &SimTime {
        self.hosts.net().time()
    }

    fn peer_network(&self) -> &PeerNetwork<SimTime> {
        &self.peer_network
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        guildhall_runtime::rt::Rt::spawn(&self.outside, task);
    }

    fn build(&self, host: Host, drift: i32) -> SimRt {
        self.hosts.build(host, drift)
    }

    fn listen_address(&self, node: NodeId) -> NodeAddress {
        address(node)
    }

    fn set_address(&self, _: NodeId, _: NodeAddress) {}

    async fn client_addresses(&self, _: u32, nodes: u16) -> BTreeMap<NodeId, NodeAddress> {
        (0..nodes).map(NodeId).map(|node| (node, address(node))).collect()
    }

    fn gateway_address(&self, node: NodeId) -> SocketAddr {
        address(node).gateway
    }

    fn pause(&self, host: Host) {
        self.hosts.pause(host);
    }

    fn resume(&self, host: Host) {
        self.hosts.resume(host);
    }

    fn crash(&self, host: Host) {
        self.hosts.crash(host);
    }

    fn restart(&self, host: Host) -> Option<SimRt> {
        self.hosts.restart(host)
    }

    fn jump_wall_clock(&self, host: Host, by_ms: i64) {
        self.hosts.jump_wall_clock(host, by_ms);
    }

    fn cut(&self, client: Host, how: CutKind) {
        self.hosts.net().cut(client, how);
    }

    fn stall(&self, client: Host, way: Direction) -> StalledConnections {
        self.hosts.net().stall(client, way)
    }

    fn release(&self, stall: &StalledConnections) {
        self.hosts.net().release(stall);
    }

    fn silence(&self, client: Host, way: Direction) {
        self.hosts.net().silence(client, way);
    }

    fn slow(&self, client: Host, bandwidth: Option<u32>) {
        self.hosts.net().slow(client, bandwidth);
    }
}

/// Runs a plan under madsim, and judges the run.
///
/// # Errors
/// If the plan is invalid.
pub fn run(plan: &Arc<Plan>, options: Options) -> Result<Outcome, PlanError> {
    // A panic of the shell is a violation; what was observed before it is kept.
    let started: Arc<Mutex<Option<Judge>>> = Arc::default();
    let keep = |judge: &Judge| {
        *started.lock().unwrap_or_else(PoisonError::into_inner) = Some(judge.clone());
    };
    let ended = catch_unwind(AssertUnwindSafe(|| {
        simulate(plan.seed, &plan.network, |hosts, peer_network| async {
            let world = SimulatedWorld::new(hosts, peer_network);
            let mut play = Play::new(world, plan.clone(), options).await?;
            keep(play.judge());
            Ok(play.run().await)
        })
    }));
    let ended = match ended {
        Ok(Ok(ending)) => Ok(ending),
        Ok(Err(error)) => return Err(error),
        Err(panic) => Err(panic),
    };
    let judge = started.lock().unwrap_or_else(PoisonError::into_inner).take();
    Ok(judged(judge.as_ref(), ended))
}
