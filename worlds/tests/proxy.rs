//! The proxy, on real sockets. Where a test says that nothing arrives, a slow machine can only make
//! it pass; whatever is to arrive is waited for.

#![cfg(madsim)]
#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use guildhall_core::time::Span;
use guildhall_plan::fault::{Ending, Way};
use guildhall_plan::plan::{Latency, Network};
use guildhall_plan::seed::Seed;
use guildhall_worlds::net::{Host, Proxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const CLIENT: Host = Host::Client(0);
const OTHER: Host = Host::Client(1);

/// A node, and a proxy before it.
struct World {
    proxy: Proxy,
    node: TcpListener,
}

impl World {
    async fn new() -> Self {
        let latency = Latency::Uniform { low: Span::ZERO, high: Span::millis(2) };
        let network = Network { client: latency, ..Network::default() };
        let proxy = Proxy::new(Seed::new(1).unwrap(), &network);
        Self { proxy, node: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    fn node(&self) -> SocketAddr {
        self.node.local_addr().unwrap()
    }

    /// Both ends of a connection through the proxy.
    async fn pair(&self, client: Host) -> (TcpStream, TcpStream) {
        let front = self.proxy.front(client, self.node()).await.unwrap();
        let client = TcpStream::connect(front).await.unwrap();
        let (mut client, (mut node, _)) = (client, self.node.accept().await.unwrap());
        // The proxy has it on its list.
        client.write_all(b"!").await.unwrap();
        assert_eq!(node.read(&mut [0; 1]).await.unwrap(), 1);
        (client, node)
    }
}

async fn is_stuck(what: impl Future) -> bool {
    timeout(Duration::from_millis(100), what).await.is_err()
}

async fn is_reset(stream: &mut TcpStream) -> bool {
    stream.read(&mut [0; 64]).await.is_err_and(|it| it.kind() == ErrorKind::ConnectionReset)
}

fn bytes(count: usize) -> Vec<u8> {
    (0..=250).cycle().take(count).collect()
}

#[tokio::test]
async fn all_bytes_pass_both_ways_and_then_the_end() {
    let world = World::new().await;
    let (client, node) = world.pair(CLIENT).await;
    let speak = async |stream: TcpStream, bytes: Vec<u8>| {
        let (mut reader, mut writer) = stream.into_split();
        let mut got = Vec::new();
        let write = async {
            writer.write_all(&bytes).await.unwrap();
            writer.shutdown().await.unwrap();
        };
        tokio::join!(write, async { reader.read_to_end(&mut got).await.unwrap() });
        got
    };
    let (up, down) = (bytes(300_000), bytes(200_000));
    let (at_client, at_node) = tokio::join!(speak(client, up.clone()), speak(node, down.clone()));
    assert_eq!(at_node, up);
    assert_eq!(at_client, down);
}

#[tokio::test]
async fn an_end_that_is_shut_still_reads() {
    let world = World::new().await;
    let (mut client, mut node) = world.pair(CLIENT).await;
    client.write_all(b"question").await.unwrap();
    client.shutdown().await.unwrap();
    let mut got = Vec::new();
    node.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"question");
    node.write_all(b"answer").await.unwrap();
    drop(node);
    got.clear();
    client.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"answer");
}

#[tokio::test]
async fn a_writer_is_held_up_until_somebody_reads() {
    let world = World::new().await;
    let (mut client, node) = world.pair(CLIENT).await;
    let flood = async {
        let block = vec![7; 65_536];
        let mut sent = 0;
        while !is_stuck(async { sent += node.try_write(&block).unwrap_or(0) }).await {
            if is_stuck(node.writable()).await {
                break;
            }
        }
        sent
    };
    let sent = flood.await;
    assert!(sent > 0);
    let mut got = vec![0; sent];
    client.read_exact(&mut got).await.unwrap();
    node.writable().await.unwrap();
}

#[tokio::test]
async fn a_cut_is_the_end_or_a_reset_for_both() {
    let world = World::new().await;
    let (mut client, mut node) = world.pair(CLIENT).await;
    let (mut other, mut its) = world.pair(OTHER).await;
    world.proxy.cut(CLIENT, Ending::Fin);
    assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    assert_eq!(node.read(&mut [0; 8]).await.unwrap(), 0);
    drop((client, node));

    let (mut client, mut node) = world.pair(CLIENT).await;
    world.proxy.cut(CLIENT, Ending::Reset);
    assert!(is_reset(&mut client).await && is_reset(&mut node).await);
    let (mut client, mut node) = world.pair(CLIENT).await;
    world.proxy.cut(CLIENT, Ending::HalfOpen { late: Span::millis(300) });
    assert!(is_reset(&mut client).await);
    assert!(is_stuck(node.read(&mut [0; 8])).await, "the node is told later");
    assert!(is_reset(&mut node).await);

    other.write_all(b"still here").await.unwrap();
    its.read_exact(&mut [0; 10]).await.unwrap();
}

#[tokio::test]
async fn what_was_sent_before_a_polite_end_arrives() {
    let world = World::new().await;
    let (client, mut node) = world.pair(CLIENT).await;
    let struck = world.proxy.stall(CLIENT, Way::Up);
    let mut client = client;
    client.write_all(b"last words").await.unwrap();
    // The proxy has them when it has carried what the node said after them.
    node.write_all(b"?").await.unwrap();
    client.read_exact(&mut [0; 1]).await.unwrap();
    assert!(is_stuck(node.read(&mut [0; 8])).await);
    world.proxy.cut(CLIENT, Ending::Fin);
    assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    assert!(is_stuck(node.read(&mut [0; 8])).await, "the end waits, too");
    world.proxy.release(&struck);
    let mut got = Vec::new();
    node.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"last words");
}

#[tokio::test]
async fn a_stall_holds_bytes_ends_and_resets_back() {
    let world = World::new().await;
    for rude in [false, true] {
        let (mut client, mut node) = world.pair(CLIENT).await;
        let struck = world.proxy.stall(CLIENT, Way::Up);
        node.write_all(b"down").await.unwrap();
        client.read_exact(&mut [0; 4]).await.unwrap();
        client.write_all(b"up").await.unwrap();
        if rude {
            client.set_zero_linger().unwrap();
        }
        drop(client);
        assert!(is_stuck(node.read(&mut [0; 8])).await);
        world.proxy.release(&struck);
        if rude {
            while node.read(&mut [0; 8]).await.is_ok_and(|count| count > 0) {}
            assert!(node.write_all(b"x").await.is_err() || is_reset(&mut node).await);
        } else {
            let mut got = Vec::new();
            node.read_to_end(&mut got).await.unwrap();
            assert_eq!(got, b"up");
        }
    }
}

#[tokio::test]
async fn neither_end_nor_reset_passes_a_silent_line() {
    let world = World::new().await;
    for way in [Way::Up, Way::Both] {
        let (mut client, mut node) = world.pair(CLIENT).await;
        world.proxy.silence(CLIENT, way);
        client.write_all(b"lost").await.unwrap();
        assert!(is_stuck(node.read(&mut [0; 8])).await);
        // What is dead stays dead.
        let struck = world.proxy.stall(CLIENT, Way::Both);
        world.proxy.release(&struck);
        world.proxy.cut(CLIENT, Ending::Fin);
        drop(client);
        assert!(is_stuck(node.read(&mut [0; 8])).await);
    }
}

#[tokio::test]
async fn a_slow_line_holds_up_what_is_longer() {
    let world = World::new().await;
    let (mut client, mut node) = world.pair(CLIENT).await;
    world.proxy.slow(CLIENT, Some(1));
    node.write_all(&[7; 100]).await.unwrap();
    assert!(is_stuck(client.read(&mut [0; 8])).await, "it takes 100 s");
    drop((client, node));
    world.proxy.slow(CLIENT, None);
    let (mut client, mut node) = world.pair(CLIENT).await;
    node.write_all(&[7; 100]).await.unwrap();
    client.read_exact(&mut [0; 100]).await.unwrap();
}

#[tokio::test]
async fn a_client_that_resets_and_a_node_that_crashes_are_heard_of() {
    let world = World::new().await;
    let (client, mut node) = world.pair(CLIENT).await;
    client.set_zero_linger().unwrap();
    drop(client);
    assert!(is_reset(&mut node).await);
    let (mut client, mut node) = world.pair(CLIENT).await;
    world.proxy.crash(world.node());
    assert!(is_reset(&mut client).await && is_reset(&mut node).await);

    let node = world.node();
    let front = world.proxy.front(CLIENT, node).await.unwrap();
    drop(world.node);
    let mut client = TcpStream::connect(front).await.unwrap();
    assert!(is_reset(&mut client).await, "nobody is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_threads_may_use_it_beside_madsim() {
    let world = World::new().await;
    let mut pairs = Vec::new();
    for number in 0..20 {
        pairs.push(world.pair(Host::Client(number)).await);
    }
    let talks = pairs.into_iter().map(|(mut client, mut node)| {
        tokio::spawn(async move {
            client.write_all(&bytes(50_000)).await.unwrap();
            let mut got = vec![0; 50_000];
            node.read_exact(&mut got).await.unwrap();
            assert_eq!(got, bytes(50_000));
        })
    });
    for talk in talks.collect::<Vec<_>>() {
        talk.await.unwrap();
    }
}
