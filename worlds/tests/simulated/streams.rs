//! Connections of the simulated network: what arrives, when, and what is told to whom.

use std::io::ErrorKind;

use crate::common::{self, CLIENT, Duplex, NODE, address, pair, passes, ragged, seed, steady};
use guildhall_core::time::Span;
use guildhall_plan::fault::{Ending, Way};
use guildhall_runtime::rt::{Listener as _, Rt};
use guildhall_worlds::net::{Host, Law};
use guildhall_worlds::rt::simulate;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[test]
fn bytes_arrive_after_the_latency_of_the_link_and_not_before() {
    simulate(seed(1), &steady(10), async |machines, _| {
        let Duplex { mut client, mut node, .. } = pair(&machines).await;
        let time = machines.net().time().clone();
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
fn a_connection_takes_a_round_trip_and_is_refused_where_nobody_listens() {
    simulate(seed(1), &steady(10), async |machines, _| {
        let node = machines.build(NODE, 0);
        let client = machines.build(CLIENT, 0);
        let time = machines.net().time().clone();
        let began = time.now();
        let refused = client.connect(address(80)).await.err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        let took = time.now() - began;
        assert!((20_000..20_100).contains(&took), "two ways of 10 ms, and took {took} us");

        let listener = node.bind(address(80)).await.unwrap();
        assert_eq!(node.bind(address(80)).await.err().unwrap().kind(), ErrorKind::AddrInUse);
        assert_eq!(
            client.bind(address(81)).await.err().unwrap().kind(),
            ErrorKind::AddrNotAvailable
        );
        let began = time.now();
        // Nobody has accepted it: that is the kernel's business.
        let stream = client.connect(address(80)).await.unwrap();
        let took = time.now() - began;
        assert!((20_000..20_100).contains(&took), "two ways of 10 ms, and took {took} us");
        assert_eq!(stream.peer(), Some(NODE));
        drop(listener);
        assert_eq!(
            client.connect(address(80)).await.err().unwrap().kind(),
            ErrorKind::ConnectionRefused
        );
    });
}

#[test]
fn callers_beyond_the_backlog_are_refused() {
    simulate(seed(1), &steady(1), async |machines, _| {
        let node = machines.build(NODE, 0);
        let client = machines.build(CLIENT, 0);
        let mut listener = node.bind(address(80)).await.unwrap();
        let mut streams = Vec::new();
        for _ in 0..128 {
            streams.push(client.connect(address(80)).await.unwrap());
        }
        let refused = client.connect(address(80)).await.err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        listener.accept().await.unwrap();
        streams.push(client.connect(address(80)).await.unwrap());
        // Those that were never accepted are turned away.
        drop(listener);
        let told = streams[100].read(&mut [0; 8]).await.err().unwrap();
        assert_eq!(told.kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_writer_is_held_up_until_somebody_reads() {
    simulate(seed(1), &steady(1), async |machines, _| {
        let Duplex { client, mut node, .. } = pair(&machines).await;
        let time = machines.net().time().clone();
        let block = vec![7; 65_536];
        node.write_all(&block).await.unwrap();
        assert!(!passes(&time, 60_000, node.write(b"x")).await, "the window is full for a minute");
        let mut client = client;
        let mut got = vec![0; 65_536 / 4];
        client.read_exact(&mut got).await.unwrap();
        assert!(passes(&time, 2, node.write(b"x")).await, "a quarter was read: there is room");
    });
}

#[test]
fn what_a_reader_has_taken_is_told_over_the_other_way() {
    simulate(seed(1), &steady(1), async |machines, _| {
        let Duplex { mut client, mut node, .. } = pair(&machines).await;
        let time = machines.net().time().clone();
        node.write_all(&vec![7; 65_536]).await.unwrap();
        let struck = machines.net().stall(CLIENT, Way::Up);
        client.read_exact(&mut vec![0; 65_536]).await.unwrap();
        assert!(!passes(&time, 60_000, node.write(b"x")).await, "nobody could tell the node");
        machines.net().release(&struck);
        assert!(passes(&time, 2, node.write(b"x")).await);
    });
}

#[test]
fn a_slow_line_takes_its_time() {
    simulate(seed(1), &steady(0), async |machines, _| {
        let Duplex { mut client, mut node, .. } = pair(&machines).await;
        let time = machines.net().time().clone();
        machines.net().slow(CLIENT, Some(1_000));
        let began = time.now();
        node.write_all(&[7; 2_000]).await.unwrap();
        client.read_exact(&mut [0; 2_000]).await.unwrap();
        let took = time.now() - began;
        assert!((2_000_000..2_001_000).contains(&took), "two seconds, and took {took} us");
        machines.net().slow(CLIENT, None);
        let began = time.now();
        node.write_all(&[7; 2_000]).await.unwrap();
        client.read_exact(&mut [0; 2_000]).await.unwrap();
        assert!(time.now() - began < 1_000);
    });
}

#[test]
fn a_dropped_end_is_read_as_the_end_after_all_that_was_written() {
    simulate(seed(1), &ragged(1, 50), async |machines, _| {
        let Duplex { client, mut node, .. } = pair(&machines).await;
        let mut client = client;
        client.write_all(&[1; 10_000]).await.unwrap();
        drop(client);
        let mut all = Vec::new();
        node.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, [1; 10_000]);
        // What is written to an end that is gone is answered with a reset.
        node.write_all(b"anybody?").await.unwrap();
        let told = loop {
            match node.read(&mut [0; 8]).await {
                Ok(_) => {
                    machines.net().time().sleep_until(machines.net().time().now() + 1_000).await
                }
                Err(error) => break error,
            }
        };
        assert_eq!(told.kind(), ErrorKind::ConnectionReset);
        drop(node);
        assert_eq!(machines.net().connections(), 0);
    });
}

#[test]
fn an_end_that_is_shut_still_reads() {
    simulate(seed(1), &ragged(1, 50), async |machines, _| {
        let Duplex { mut client, mut node, .. } = pair(&machines).await;
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
fn an_end_dropped_with_something_unread_resets_the_connection() {
    simulate(seed(1), &steady(1), async |machines, _| {
        let Duplex { mut client, mut node, .. } = pair(&machines).await;
        let time = machines.net().time().clone();
        node.write_all(b"unread").await.unwrap();
        client.write_all(b"lost").await.unwrap();
        time.sleep_until(time.now() + 5_000).await;
        drop(client);
        time.sleep_until(time.now() + 5_000).await;
        // What had arrived before the reset is lost with it.
        let told = node.read(&mut [0; 8]).await.err().unwrap();
        assert_eq!(told.kind(), ErrorKind::ConnectionReset);
        assert_eq!(node.write(b"x").await.err().unwrap().kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_cut_is_the_end_or_a_reset() {
    simulate(seed(1), &steady(5), async |machines, _| {
        let Duplex { mut client, mut node, mut listener } = pair(&machines).await;
        node.write_all(b"last words").await.unwrap();
        machines.net().cut(CLIENT, Ending::Fin);
        assert_eq!(node.write(b"more").await.err().unwrap().kind(), ErrorKind::BrokenPipe);
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"last words");
        assert_eq!(node.read(&mut [0; 8]).await.unwrap(), 0);
        drop((client, node));

        let (client, node) = common::join(&machines, &mut listener).await;
        let (mut client, mut node) = (client, node);
        node.write_all(b"last words").await.unwrap();
        machines.net().cut(CLIENT, Ending::Reset);
        for end in [&mut client, &mut node] {
            let told = end.read(&mut [0; 8]).await.err().unwrap();
            assert_eq!(told.kind(), ErrorKind::ConnectionReset);
        }
    });
}

#[test]
fn of_a_half_open_connection_the_node_is_told_late() {
    simulate(seed(1), &steady(5), async |machines, _| {
        let Duplex { mut client, mut node, .. } = pair(&machines).await;
        let time = machines.net().time().clone();
        let began = time.now();
        machines.net().cut(CLIENT, Ending::HalfOpen { late: Span::secs(30) });
        assert!(client.read(&mut [0; 8]).await.is_err());
        assert_eq!(time.now() / 100, began / 100, "the client is told at once");
        drop(client);
        node.write_all(b"into the void").await.unwrap();
        assert_eq!(node.read(&mut [0; 8]).await.err().unwrap().kind(), ErrorKind::ConnectionReset);
        let took = time.now() - began;
        assert!((30_000_000..30_001_000).contains(&took), "30 s, and took {took} us");
    });
}

#[test]
fn what_a_stall_holds_back_comes_when_it_is_released_and_neither_end_nor_reset_before() {
    simulate(seed(1), &steady(5), async |machines, _| {
        let Duplex { client, mut node, .. } = pair(&machines).await;
        let time = machines.net().time().clone();
        let struck = machines.net().stall(CLIENT, Way::Up);
        let mut client = client;
        client.write_all(b"held").await.unwrap();
        drop(client);
        let mut got = [0; 4];
        assert!(!passes(&time, 3_600_000, node.read_exact(&mut got)).await, "for an hour");
        machines.net().release(&struck);
        node.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"held");
        assert_eq!(node.read(&mut got).await.unwrap(), 0);
    });
}

#[test]
fn the_end_of_a_stream_does_not_pass_a_silent_line() {
    for way in [Way::Up, Way::Both] {
        simulate(seed(1), &steady(5), async |machines, _| {
            let Duplex { mut client, mut node, .. } = pair(&machines).await;
            let time = machines.net().time().clone();
            // What is under way when the line goes dead is lost, too.
            client.write_all(b"lost").await.unwrap();
            machines.net().silence(CLIENT, way);
            assert!(!passes(&time, 1_000, node.read(&mut [0; 8])).await);
            machines.net().cut(CLIENT, Ending::Fin);
            drop(client);
            assert!(!passes(&time, 3_600_000, node.read(&mut [0; 8])).await, "for an hour");
            // The node fills the window, and is told nothing.
            let much = vec![7; 100_000];
            assert!(!passes(&time, 3_600_000, node.write_all(&much)).await || way == Way::Up);
        });
    }
}

#[test]
fn a_call_over_a_silent_line_is_given_up() {
    simulate(seed(1), &steady(5), async |machines, _| {
        let node = machines.build(NODE, 0);
        let client = machines.build(CLIENT, 0);
        let _listener = node.bind(address(80)).await.unwrap();
        let time = machines.net().time().clone();
        let net = machines.net().clone();
        time.at(time.now() + 2_000, move || net.silence(CLIENT, Way::Both));
        let told = client.connect(address(80)).await.err().unwrap();
        assert_eq!(told.kind(), ErrorKind::TimedOut);
        assert_eq!(machines.net().connections(), 0);
    });
}

#[test]
fn a_law_of_ones_own_holds_for_ones_own_calls() {
    simulate(seed(1), &steady(10), async |machines, _| {
        let node = machines.build(NODE, 0);
        let _listener = node.bind(address(80)).await.unwrap();
        let front = machines.build(Host::Front(0), 0);
        let near = Law { latency: steady(0).near(), window: 64, bandwidth: 0, ragged: false };
        machines.net().set_law(Host::Front(0), near);
        let time = machines.net().time().clone();
        let began = time.now();
        let mut stream = front.connect(address(80)).await.unwrap();
        assert!(time.now() - began < 100);
        assert_eq!(stream.write(&[0; 100]).await.unwrap(), 64);
    });
}
