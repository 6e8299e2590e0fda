//! What these tests have in common: a client, a node, and a connection between them.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::future::Future;
use std::net::SocketAddr;

use guildhall_core::time::Span;
use guildhall_plan::plan::{Latency, Network};
use guildhall_plan::seed::Seed;
use guildhall_runtime::rt::{Listener as _, Rt};
use guildhall_worlds::net::{Host, Listener, Stream};
use guildhall_worlds::rt::{Machines, Time};

pub(crate) const NODE: Host = Host::Node(0);
pub(crate) const CLIENT: Host = Host::Client(0);

pub(crate) fn seed(number: u64) -> Seed {
    Seed::new(number).unwrap()
}

pub(crate) fn address(port: u16) -> SocketAddr {
    (NODE.ip(), port).into()
}

/// A network on which everything takes so many milliseconds.
pub(crate) fn steady(ms: u64) -> Network {
    let latency = Latency::Constant { span: Span::millis(ms) };
    Network { client: latency, peer: latency, ..Network::default() }
}

/// A network on which everything takes something between.
pub(crate) fn ragged(low: u64, high: u64) -> Network {
    let latency = Latency::Uniform { low: Span::millis(low), high: Span::millis(high) };
    Network { client: latency, peer: latency, ..Network::default() }
}

/// Both ends of a connection, and where it was accepted.
pub(crate) struct Duplex {
    pub(crate) client: Stream,
    pub(crate) node: Stream,
    pub(crate) listener: Listener,
}

pub(crate) async fn pair(machines: &Machines) -> Duplex {
    let node = machines.build(NODE, 0);
    let mut listener = node.bind(address(80)).await.unwrap();
    let (client, node) = join(machines, &mut listener).await;
    Duplex { client, node, listener }
}

/// One more connection of the client.
pub(crate) async fn join(machines: &Machines, listener: &mut Listener) -> (Stream, Stream) {
    let client = machines.net().connect(CLIENT, address(80)).await.unwrap();
    (client, listener.accept().await.unwrap())
}

/// Whether something is done within so many milliseconds.
pub(crate) async fn passes(time: &Time, ms: u64, what: impl Future) -> bool {
    tokio::select! {
        _ = what => true,
        () = time.sleep_until(time.now() + ms * 1_000) => false,
    }
}
