//! What a play needs of a world: machines that can fail, lines that can break, and a post.
//!
//! A world does what it is told, or says that it cannot: not every fault exists everywhere.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;

use guildhall_core::id::NodeId;
use guildhall_core::time::Span;
use guildhall_plan::fault::{Ending, Way};
use guildhall_runtime::client::Address;
use guildhall_runtime::rt::Rt;

use crate::net::{Host, Post};
use crate::rt::Timeline;

/// A world to play in. All clones are one.
pub trait World: Clone + Send + Sync + 'static {
    /// What runs on a machine.
    type Rt: Rt;
    /// The world's time.
    type Time: Timeline;
    /// Connections that a fault has struck, for it to let go of.
    type Struck: Send;

    /// Its name.
    const NAME: &'static str;

    /// The world's time.
    fn time(&self) -> &Self::Time;

    /// Messages between nodes, journals and the directory.
    fn post(&self) -> &Post<Self::Time>;

    /// Runs something that is on no machine.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// A new machine, whose monotonic clock runs fast by `drift` millionths.
    fn build(&self, host: Host, drift: i32) -> Self::Rt;

    /// Where a node is to listen.
    fn place(&self, node: NodeId) -> Address;

    /// A node listens here.
    fn listens(&self, node: NodeId, at: Address);

    /// Where a client finds the nodes.
    fn addresses(
        &self,
        client: u32,
        nodes: u16,
    ) -> impl Future<Output = BTreeMap<NodeId, Address>> + Send;

    /// Where a stranger finds a node.
    fn door(&self, node: NodeId) -> SocketAddr;

    /// How late a message may be though nothing strikes it: where that is much, what has to be done
    /// within seconds cannot be judged.
    const LATE: Span;

    /// A machine does nothing, and what comes waits.
    fn pause(&self, host: Host);

    /// It goes on where it was.
    fn resume(&self, host: Host);

    /// All tasks of a machine are gone, and so are its connections.
    fn crash(&self, host: Host);

    /// A machine that has crashed is there again, and nothing runs on it.
    fn restart(&self, host: Host) -> Option<Self::Rt>;

    /// The wall clock of a machine jumps.
    fn jump(&self, host: Host, by_ms: i64);

    /// The connections of a client end.
    fn cut(&self, client: Host, how: Ending);

    /// They pass nothing on, until released.
    fn stall(&self, client: Host, way: Way) -> Self::Struck;

    /// What a stall has held back goes on its way.
    fn release(&self, struck: &Self::Struck);

    /// They are silently dead.
    fn silence(&self, client: Host, way: Way);

    /// The line of a client carries so many bytes per second, or as many as usual.
    fn slow(&self, client: Host, bandwidth: Option<u32>);
}
