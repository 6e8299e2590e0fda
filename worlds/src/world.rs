//! The interface between a play and its world: hosts that fail, connections that break, and a
//! network for messages.
//!
//! A world performs what it is asked to. It must not decide when a fault begins or ends.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;

use guildhall_core::id::NodeId;
use guildhall_core::time::Span;
use guildhall_plan::fault::{CutKind, Direction};
use guildhall_runtime::client::NodeAddress;
use guildhall_runtime::rt::Rt;

use crate::net::{Host, PeerNetwork};
use crate::rt::Timeline;

/// A world. All clones share its hosts.
pub trait World: Clone + Send + Sync + 'static {
    /// The runtime of a host.
    type Rt: Rt;
    /// The time of the world.
    type Time: Timeline;
    /// The connections that a stall holds back.
    type Stall: Send;

    /// Its name.
    const NAME: &'static str;

    /// The time of the world.
    fn time(&self) -> &Self::Time;

    /// The network between nodes, journals and the directory.
    fn peer_network(&self) -> &PeerNetwork<Self::Time>;

    /// Runs a task that belongs to no host.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// Adds a host whose monotonic clock runs fast by `drift` parts per million.
    fn build(&self, host: Host, drift: i32) -> Self::Rt;

    /// The address at which a node must listen.
    fn listen_address(&self, node: NodeId) -> NodeAddress;

    /// Reports the address at which a node listens.
    fn set_address(&self, node: NodeId, at: NodeAddress);

    /// The addresses at which a client reaches the nodes.
    fn client_addresses(
        &self,
        client: u32,
        nodes: u16,
    ) -> impl Future<Output = BTreeMap<NodeId, NodeAddress>> + Send;

    /// The address at which a hostile client reaches a node's gateway.
    fn gateway_address(&self, node: NodeId) -> SocketAddr;

    /// By how much a message can be late without any fault. Where this is large, a bound of a few
    /// seconds cannot be judged.
    const EXTRA_LATENCY: Span;

    /// Suspends all tasks of a host. Data that arrives waits.
    fn pause(&self, host: Host);

    /// Resumes a paused host.
    fn resume(&self, host: Host);

    /// Drops all tasks of a host and ends its connections.
    fn crash(&self, host: Host);

    /// Restarts a host that has crashed. Returns its new runtime.
    fn restart(&self, host: Host) -> Option<Self::Rt>;

    /// Moves the wall clock of a host by so many milliseconds.
    fn jump_wall_clock(&self, host: Host, by_ms: i64);

    /// Ends the open connections of a client.
    fn cut(&self, client: Host, how: CutKind);

    /// Holds back everything on the open connections of a client until [`Self::release`].
    fn stall(&self, client: Host, way: Direction) -> Self::Stall;

    /// Ends a stall: what it held back arrives.
    fn release(&self, stall: &Self::Stall);

    /// Makes the open connections of a client lose everything silently.
    fn silence(&self, client: Host, way: Direction);

    /// Limits the bandwidth of a client, in bytes per second. `None` removes the limit.
    fn slow(&self, client: Host, bandwidth: Option<u32>);
}
