//! Connections of the simulated network: what arrives, when, and which errors each side sees.

use std::io::ErrorKind;

use crate::common::{
    self, CLIENT, Duplex, NODE, address, completes, constant_latency, pair, seed, uniform_latency,
};
use guildhall_core::time::Span;
use guildhall_plan::fault::{CutKind, Direction};
use guildhall_runtime::rt::{Listener as _, Rt};
use guildhall_worlds::net::{ConnectionProfile, Host};
use guildhall_worlds::rt::simulate;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[test]
fn bytes_arrive_after_the_latency() {
    simulate(seed(1), &constant_latency(10), async |hosts, _| {
        let Duplex { mut client, mut node, .. } = pair(&hosts).await;
        let time = hosts.net().time().clone();
        let sent = time.now();
        client.write_all(b"hello").await.unwrap();
        let mut got = [0; 5];
        node.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"hello");
        let took = time.now() - sent;
        assert!((10_000..10_050).contains(&took), "10 ms, and took {took} us");
    });
}

#[test]
fn connecting_takes_a_round_trip_and_is_refused_without_a_listener() {
    simulate(seed(1), &constant_latency(10), async |hosts, _| {
        let node = hosts.build(NODE, 0);
        let client = hosts.build(CLIENT, 0);
        let time = hosts.net().time().clone();
        let began = time.now();
        let refused = client.connect(address(80)).await.err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        let took = time.now() - began;
        assert!((20_000..20_100).contains(&took), "two latencies of 10 ms, and took {took} us");

        let listener = node.bind(address(80)).await.unwrap();
        assert_eq!(node.bind(address(80)).await.err().unwrap().kind(), ErrorKind::AddrInUse);
        assert_eq!(
            client.bind(address(81)).await.err().unwrap().kind(),
            ErrorKind::AddrNotAvailable
        );
        let began = time.now();
        // The kernel completes the handshake; no task has accepted it.
        let stream = client.connect(address(80)).await.unwrap();
        let took = time.now() - began;
        assert!((20_000..20_100).contains(&took), "two latencies of 10 ms, and took {took} us");
        assert_eq!(stream.peer(), Some(NODE));
        drop(listener);
        assert_eq!(
            client.connect(address(80)).await.err().unwrap().kind(),
            ErrorKind::ConnectionRefused
        );
    });
}

#[test]
fn connections_beyond_the_backlog_are_refused() {
    simulate(seed(1), &constant_latency(1), async |hosts, _| {
        let node = hosts.build(NODE, 0);
        let client = hosts.build(CLIENT, 0);
        let mut listener = node.bind(address(80)).await.unwrap();
        let mut streams = Vec::new();
        for _ in 0..128 {
            streams.push(client.connect(address(80)).await.unwrap());
        }
        let refused = client.connect(address(80)).await.err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        listener.accept().await.unwrap();
        streams.push(client.connect(address(80)).await.unwrap());
        // Connections that were never accepted are reset.
        drop(listener);
        let error = streams[100].read(&mut [0; 8]).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_full_window_blocks_the_writer() {
    simulate(seed(1), &constant_latency(1), async |hosts, _| {
        let Duplex { client, mut node, .. } = pair(&hosts).await;
        let time = hosts.net().time().clone();
        let block = vec![7; 65_536];
        node.write_all(&block).await.unwrap();
        assert!(
            !completes(&time, 60_000, node.write(b"x")).await,
            "the window is full for a minute"
        );
        let mut client = client;
        let mut got = vec![0; 65_536 / 4];
        client.read_exact(&mut got).await.unwrap();
        assert!(completes(&time, 2, node.write(b"x")).await, "a quarter of the window was read");
    });
}

#[test]
fn window_updates_travel_in_the_other_direction() {
    simulate(seed(1), &constant_latency(1), async |hosts, _| {
        let Duplex { mut client, mut node, .. } = pair(&hosts).await;
        let time = hosts.net().time().clone();
        node.write_all(&vec![7; 65_536]).await.unwrap();
        let stalled = hosts.net().stall(CLIENT, Direction::Up);
        client.read_exact(&mut vec![0; 65_536]).await.unwrap();
        assert!(!completes(&time, 60_000, node.write(b"x")).await, "the window update cannot pass");
        hosts.net().release(&stalled);
        assert!(completes(&time, 2, node.write(b"x")).await);
    });
}

#[test]
fn bandwidth_limits_delay_bytes() {
    simulate(seed(1), &constant_latency(0), async |hosts, _| {
        let Duplex { mut client, mut node, .. } = pair(&hosts).await;
        let time = hosts.net().time().clone();
        hosts.net().slow(CLIENT, Some(1_000));
        let began = time.now();
        node.write_all(&[7; 2_000]).await.unwrap();
        client.read_exact(&mut [0; 2_000]).await.unwrap();
        let took = time.now() - began;
        assert!((2_000_000..2_001_000).contains(&took), "two seconds, and took {took} us");
        hosts.net().slow(CLIENT, None);
        let began = time.now();
        node.write_all(&[7; 2_000]).await.unwrap();
        client.read_exact(&mut [0; 2_000]).await.unwrap();
        assert!(time.now() - began < 1_000);
    });
}

#[test]
fn bytes_that_wait_for_a_slow_line_arrive_when_it_is_slow_no_more() {
    simulate(seed(1), &uniform_latency(1, 50), async |hosts, _| {
        let Duplex { mut client, mut node, .. } = pair(&hosts).await;
        let time = hosts.net().time().clone();
        hosts.net().slow(CLIENT, Some(300));
        let began = time.now();
        let bytes: Vec<u8> = (0..=255).cycle().take(20_000).collect();
        node.write_all(&bytes).await.unwrap();
        time.sleep_until(began + 3_000_000).await;
        hosts.net().slow(CLIENT, None);
        let mut got = vec![0; bytes.len()];
        client.read_exact(&mut got).await.unwrap();
        assert_eq!(got, bytes);
        assert!(time.now() - began < 3_100_000);
    });
}

#[test]
fn dropping_a_stream_ends_it_after_all_written_bytes() {
    simulate(seed(1), &uniform_latency(1, 50), async |hosts, _| {
        let Duplex { client, mut node, .. } = pair(&hosts).await;
        let mut client = client;
        client.write_all(&[1; 10_000]).await.unwrap();
        drop(client);
        let mut all = Vec::new();
        node.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, [1; 10_000]);
        // Data for a closed socket is answered with a reset.
        node.write_all(b"anybody?").await.unwrap();
        let error = loop {
            match node.read(&mut [0; 8]).await {
                Ok(_) => hosts.net().time().sleep_until(hosts.net().time().now() + 1_000).await,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        drop(node);
        assert_eq!(hosts.net().connections(), 0);
    });
}

#[test]
fn a_stream_can_be_read_after_its_shutdown() {
    simulate(seed(1), &uniform_latency(1, 50), async |hosts, _| {
        let Duplex { mut client, mut node, .. } = pair(&hosts).await;
        client.write_all(b"question").await.unwrap();
        client.shutdown().await.unwrap();
        assert_eq!(client.write(b"more").await.err().unwrap().kind(), ErrorKind::BrokenPipe);
        let mut all = Vec::new();
        node.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"question");
        node.write_all(b"answer").await.unwrap();
        drop(node);
        all.clear();
        client.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"answer");
    });
}

#[test]
fn dropping_a_stream_with_unread_data_resets_the_connection() {
    simulate(seed(1), &constant_latency(1), async |hosts, _| {
        let Duplex { mut client, mut node, .. } = pair(&hosts).await;
        let time = hosts.net().time().clone();
        node.write_all(b"unread").await.unwrap();
        client.write_all(b"lost").await.unwrap();
        time.sleep_until(time.now() + 5_000).await;
        drop(client);
        time.sleep_until(time.now() + 5_000).await;
        // Data that had arrived before the reset is lost.
        let error = node.read(&mut [0; 8]).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(node.write(b"x").await.err().unwrap().kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_cut_is_a_fin_or_a_reset() {
    simulate(seed(1), &constant_latency(5), async |hosts, _| {
        let Duplex { mut client, mut node, mut listener } = pair(&hosts).await;
        node.write_all(b"last words").await.unwrap();
        hosts.net().cut(CLIENT, CutKind::Fin);
        assert_eq!(node.write(b"more").await.err().unwrap().kind(), ErrorKind::BrokenPipe);
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"last words");
        assert_eq!(node.read(&mut [0; 8]).await.unwrap(), 0);
        drop((client, node));

        let (client, node) = common::join(&hosts, &mut listener).await;
        let (mut client, mut node) = (client, node);
        node.write_all(b"last words").await.unwrap();
        hosts.net().cut(CLIENT, CutKind::Reset);
        for end in [&mut client, &mut node] {
            let error = end.read(&mut [0; 8]).await.err().unwrap();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
    });
}

#[test]
fn a_half_open_connection_fails_late_at_the_node() {
    simulate(seed(1), &constant_latency(5), async |hosts, _| {
        let Duplex { mut client, mut node, .. } = pair(&hosts).await;
        let time = hosts.net().time().clone();
        let began = time.now();
        hosts.net().cut(CLIENT, CutKind::HalfOpen { late: Span::secs(30) });
        assert!(client.read(&mut [0; 8]).await.is_err());
        assert_eq!(time.now() / 100, began / 100, "the client fails at once");
        drop(client);
        node.write_all(b"into the void").await.unwrap();
        assert_eq!(node.read(&mut [0; 8]).await.err().unwrap().kind(), ErrorKind::ConnectionReset);
        let took = time.now() - began;
        assert!((30_000_000..30_001_000).contains(&took), "30 s, and took {took} us");
    });
}

#[test]
fn a_stall_holds_back_data_and_fin_until_released() {
    simulate(seed(1), &constant_latency(5), async |hosts, _| {
        let Duplex { client, mut node, .. } = pair(&hosts).await;
        let time = hosts.net().time().clone();
        let stalled = hosts.net().stall(CLIENT, Direction::Up);
        let mut client = client;
        client.write_all(b"held").await.unwrap();
        drop(client);
        let mut got = [0; 4];
        assert!(!completes(&time, 3_600_000, node.read_exact(&mut got)).await, "for an hour");
        hosts.net().release(&stalled);
        node.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"held");
        assert_eq!(node.read(&mut got).await.unwrap(), 0);
    });
}

#[test]
fn a_fin_does_not_pass_a_dead_direction() {
    for way in [Direction::Up, Direction::Both] {
        simulate(seed(1), &constant_latency(5), async |hosts, _| {
            let Duplex { mut client, mut node, .. } = pair(&hosts).await;
            let time = hosts.net().time().clone();
            // Data in flight when the direction dies is lost as well.
            client.write_all(b"lost").await.unwrap();
            hosts.net().silence(CLIENT, way);
            assert!(!completes(&time, 1_000, node.read(&mut [0; 8])).await);
            hosts.net().cut(CLIENT, CutKind::Fin);
            drop(client);
            assert!(!completes(&time, 3_600_000, node.read(&mut [0; 8])).await, "for an hour");
            // The node fills the window and receives no update.
            let much = vec![7; 100_000];
            assert!(
                !completes(&time, 3_600_000, node.write_all(&much)).await || way == Direction::Up
            );
        });
    }
}

#[test]
fn connecting_through_a_dead_connection_times_out() {
    simulate(seed(1), &constant_latency(5), async |hosts, _| {
        let node = hosts.build(NODE, 0);
        let client = hosts.build(CLIENT, 0);
        let _listener = node.bind(address(80)).await.unwrap();
        let time = hosts.net().time().clone();
        let net = hosts.net().clone();
        time.at(time.now() + 2_000, move || net.silence(CLIENT, Direction::Both));
        let error = client.connect(address(80)).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(hosts.net().connections(), 0);
    });
}

#[test]
fn a_profile_applies_to_connections_of_its_host() {
    simulate(seed(1), &constant_latency(10), async |hosts, _| {
        let node = hosts.build(NODE, 0);
        let _listener = node.bind(address(80)).await.unwrap();
        let front = hosts.build(Host::Front(0), 0);
        let near = ConnectionProfile {
            latency: constant_latency(0).near(),
            window: 64,
            bandwidth: 0,
            short_io: false,
        };
        hosts.net().set_profile(Host::Front(0), near);
        let time = hosts.net().time().clone();
        let began = time.now();
        let mut stream = front.connect(address(80)).await.unwrap();
        assert!(time.now() - began < 100);
        assert_eq!(stream.write(&[0; 100]).await.unwrap(), 64);
    });
}
