//! The world under madsim: the shell's own code, tasks and timers on links that break, in one thread,
//! from one seed. The same seed gives the same steps.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use guildhall_core::id::NodeId;
use guildhall_core::time::Span;
use guildhall_plan::fault::{Ending, Way};
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_runtime::client::Address;

use crate::judge::Judge;
use crate::net::{Host, Post, Struck};
use crate::outcome::{Outcome, judged};
use crate::play::{Options, Play};
use crate::rt::{Machine, Machines, Time, simulate};
use crate::world::World;

/// Where nodes listen: for clients, and for requests.
const PORTS: (u16, u16) = (443, 444);

/// The world under madsim.
#[derive(Clone)]
pub struct Simulated {
    machines: Machines,
    post: Post<Time>,
    /// Whatever is on no machine of the plan.
    outside: Machine,
}

impl Simulated {
    fn new(machines: Machines, post: Post<Time>) -> Self {
        let outside = machines.build(Host::Service(1), 0);
        Self { machines, post, outside }
    }
}

fn address(node: NodeId) -> Address {
    let at = |port| SocketAddr::new(Host::Node(node.0).ip(), port);
    Address { gateway: at(PORTS.0), requests: at(PORTS.1) }
}

impl World for Simulated {
    type Rt = Machine;
    type Time = Time;
    type Struck = Struck;

    const NAME: &'static str = "madsim";
    const LATE: Span = Span::ZERO;

    fn time(&self) -> &Time {
        self.machines.net().time()
    }

    fn post(&self) -> &Post<Time> {
        &self.post
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        guildhall_runtime::rt::Rt::spawn(&self.outside, task);
    }

    fn build(&self, host: Host, drift: i32) -> Machine {
        self.machines.build(host, drift)
    }

    fn place(&self, node: NodeId) -> Address {
        address(node)
    }

    fn listens(&self, _: NodeId, _: Address) {}

    async fn addresses(&self, _: u32, nodes: u16) -> BTreeMap<NodeId, Address> {
        (0..nodes).map(NodeId).map(|node| (node, address(node))).collect()
    }

    fn door(&self, node: NodeId) -> SocketAddr {
        address(node).gateway
    }

    fn pause(&self, host: Host) {
        self.machines.pause(host);
    }

    fn resume(&self, host: Host) {
        self.machines.resume(host);
    }

    fn crash(&self, host: Host) {
        self.machines.crash(host);
    }

    fn restart(&self, host: Host) -> Option<Machine> {
        self.machines.restart(host)
    }

    fn jump(&self, host: Host, by_ms: i64) {
        self.machines.jump(host, by_ms);
    }

    fn cut(&self, client: Host, how: Ending) {
        self.machines.net().cut(client, how);
    }

    fn stall(&self, client: Host, way: Way) -> Struck {
        self.machines.net().stall(client, way)
    }

    fn release(&self, struck: &Struck) {
        self.machines.net().release(struck);
    }

    fn silence(&self, client: Host, way: Way) {
        self.machines.net().silence(client, way);
    }

    fn slow(&self, client: Host, bandwidth: Option<u32>) {
        self.machines.net().slow(client, bandwidth);
    }
}

/// Plays a plan under madsim, and judges it.
///
/// # Errors
/// If the plan cannot be played.
pub fn run(plan: &Arc<Plan>, options: Options) -> Result<Outcome, PlanError> {
    // A panic of the shell is a violation of its own; what was seen before it stays seen.
    let seen: Arc<Mutex<Option<Judge>>> = Arc::default();
    let keep = |judge: &Judge| {
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(judge.clone());
    };
    let ended = catch_unwind(AssertUnwindSafe(|| {
        simulate(plan.seed, &plan.network, |machines, post| async {
            let world = Simulated::new(machines, post);
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
    let judge = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    Ok(judged(judge.as_ref(), ended))
}
