//! The proxy on real sockets. A test that expects nothing to arrive may pass by mistake on a slow
//! machine, but cannot fail there: everything that must arrive is awaited.

#![cfg(madsim)]
#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use guildhall_core::time::Span;
use guildhall_plan::fault::{CutKind, Direction};
use guildhall_plan::plan::{Latency, Network};
use guildhall_plan::seed::Seed;
use guildhall_worlds::net::{Host, Proxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const CLIENT: Host = Host::Client(0);
const OTHER: Host = Host::Client(1);

/// A node, and a proxy in front of it.
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

    /// Both sides of a connection through the proxy.
    async fn pair(&self, client: Host) -> (TcpStream, TcpStream) {
        let listen = self.proxy.listen_for(client, self.node()).await.unwrap();
        let client = TcpStream::connect(listen).await.unwrap();
        let (mut client, (mut node, _)) = (client, self.node.accept().await.unwrap());
        // After this the proxy has registered the connection.
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
async fn all_bytes_pass_in_both_directions() {
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
async fn a_stream_can_be_read_after_its_shutdown() {
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
async fn a_full_window_blocks_the_writer() {
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
async fn a_cut_is_a_fin_or_a_reset_for_both_sides() {
    let world = World::new().await;
    let (mut client, mut node) = world.pair(CLIENT).await;
    let (mut other, mut its) = world.pair(OTHER).await;
    world.proxy.cut(CLIENT, CutKind::Fin);
    assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    assert_eq!(node.read(&mut [0; 8]).await.unwrap(), 0);
    drop((client, node));

    let (mut client, mut node) = world.pair(CLIENT).await;
    world.proxy.cut(CLIENT, CutKind::Reset);
    assert!(is_reset(&mut client).await && is_reset(&mut node).await);
    let (mut client, mut node) = world.pair(CLIENT).await;
    world.proxy.cut(CLIENT, CutKind::HalfOpen { late: Span::millis(300) });
    assert!(is_reset(&mut client).await);
    assert!(is_stuck(node.read(&mut [0; 8])).await, "the node fails later");
    assert!(is_reset(&mut node).await);

    other.write_all(b"still here").await.unwrap();
    its.read_exact(&mut [0; 10]).await.unwrap();
}

#[tokio::test]
async fn what_was_sent_before_a_polite_end_arrives() {
    let world = World::new().await;
    let (client, mut node) = world.pair(CLIENT).await;
    let stalled = world.proxy.stall(CLIENT, Direction::Up);
    let mut client = client;
    client.write_all(b"last words").await.unwrap();
    // Once this has arrived, the proxy holds the client's bytes.
    node.write_all(b"?").await.unwrap();
    client.read_exact(&mut [0; 1]).await.unwrap();
    assert!(is_stuck(node.read(&mut [0; 8])).await);
    world.proxy.cut(CLIENT, CutKind::Fin);
    assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    assert!(is_stuck(node.read(&mut [0; 8])).await, "the FIN waits as well");
    world.proxy.release(&stalled);
    let mut got = Vec::new();
    node.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"last words");
}

#[tokio::test]
async fn a_stall_holds_back_bytes_fins_and_resets() {
    let world = World::new().await;
    for rude in [false, true] {
        let (mut client, mut node) = world.pair(CLIENT).await;
        let stalled = world.proxy.stall(CLIENT, Direction::Up);
        node.write_all(b"down").await.unwrap();
        client.read_exact(&mut [0; 4]).await.unwrap();
        client.write_all(b"up").await.unwrap();
        if rude {
            client.set_zero_linger().unwrap();
        }
        drop(client);
        assert!(is_stuck(node.read(&mut [0; 8])).await);
        world.proxy.release(&stalled);
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
async fn nothing_passes_a_dead_direction() {
    let world = World::new().await;
    for way in [Direction::Up, Direction::Both] {
        let (mut client, mut node) = world.pair(CLIENT).await;
        world.proxy.silence(CLIENT, way);
        client.write_all(b"lost").await.unwrap();
        assert!(is_stuck(node.read(&mut [0; 8])).await);
        // A dead direction stays dead.
        let stalled = world.proxy.stall(CLIENT, Direction::Both);
        world.proxy.release(&stalled);
        world.proxy.cut(CLIENT, CutKind::Fin);
        drop(client);
        assert!(is_stuck(node.read(&mut [0; 8])).await);
    }
}

#[tokio::test]
async fn a_bandwidth_limit_delays_bytes() {
    let world = World::new().await;
    let (mut client, mut node) = world.pair(CLIENT).await;
    world.proxy.slow(CLIENT, Some(1));
    node.write_all(&[7; 100]).await.unwrap();
    assert!(is_stuck(client.read(&mut [0; 8])).await, "100 bytes take 100 s");
    drop((client, node));
    world.proxy.slow(CLIENT, None);
    let (mut client, mut node) = world.pair(CLIENT).await;
    node.write_all(&[7; 100]).await.unwrap();
    client.read_exact(&mut [0; 100]).await.unwrap();
}

#[tokio::test]
async fn resets_and_crashes_reach_the_other_side() {
    let world = World::new().await;
    let (client, mut node) = world.pair(CLIENT).await;
    client.set_zero_linger().unwrap();
    drop(client);
    assert!(is_reset(&mut node).await);
    let (mut client, mut node) = world.pair(CLIENT).await;
    world.proxy.crash(world.node());
    assert!(is_reset(&mut client).await && is_reset(&mut node).await);

    let node = world.node();
    let listen = world.proxy.listen_for(CLIENT, node).await.unwrap();
    drop(world.node);
    let mut client = TcpStream::connect(listen).await.unwrap();
    assert!(is_reset(&mut client).await, "nothing listens");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_proxy_works_on_many_threads_beside_madsim() {
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
