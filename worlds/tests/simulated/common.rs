//! Shared by these tests: a client, a node, and a connection between them.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::future::Future;
use std::net::SocketAddr;

use guildhall_core::time::Span;
use guildhall_plan::plan::{Latency, Network};
use guildhall_plan::seed::Seed;
use guildhall_runtime::rt::{Listener as _, Rt};
use guildhall_worlds::net::{Host, Listener, Stream};
use guildhall_worlds::rt::{Hosts, SimTime};

pub(crate) const NODE: Host = Host::Node(0);
pub(crate) const CLIENT: Host = Host::Client(0);

pub(crate) fn seed(number: u64) -> Seed {
    Seed::new(number).unwrap()
}

pub(crate) fn address(port: u16) -> SocketAddr {
    (NODE.ip(), port).into()
}

/// A network with a constant latency in milliseconds.
pub(crate) fn constant_latency(ms: u64) -> Network {
    let latency = Latency::Constant { span: Span::millis(ms) };
    Network { client: latency, peer: latency, ..Network::default() }
}

/// A network with a uniform latency in milliseconds.
pub(crate) fn uniform_latency(low: u64, high: u64) -> Network {
    let latency = Latency::Uniform { low: Span::millis(low), high: Span::millis(high) };
    Network { client: latency, peer: latency, ..Network::default() }
}

/// Both sides of a connection, and the listener that accepted it.
pub(crate) struct Duplex {
    pub(crate) client: Stream,
    pub(crate) node: Stream,
    pub(crate) listener: Listener,
}

pub(crate) async fn pair(hosts: &Hosts) -> Duplex {
    let node = hosts.build(NODE, 0);
    let mut listener = node.bind(address(80)).await.unwrap();
    let (client, node) = join(hosts, &mut listener).await;
    Duplex { client, node, listener }
}

/// Opens another connection of the client.
pub(crate) async fn join(hosts: &Hosts, listener: &mut Listener) -> (Stream, Stream) {
    let client = hosts.net().connect(CLIENT, address(80)).await.unwrap();
    (client, listener.accept().await.unwrap())
}

/// Whether a future completes within so many milliseconds.
pub(crate) async fn completes(time: &SimTime, ms: u64, what: impl Future) -> bool {
    tokio::select! {
        _ = what => true,
        () = time.sleep_until(time.now() + ms * 1_000) => false,
    }
}
