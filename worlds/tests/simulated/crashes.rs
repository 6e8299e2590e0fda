//! Crashes of nodes, and what their clients observe.

use std::io::ErrorKind;

use crate::common::{CLIENT, Duplex, NODE, address, completes, constant_latency, pair, seed};
use guildhall_plan::fault::Direction;
use guildhall_runtime::rt::{Listener as _, Rt};
use guildhall_worlds::rt::simulate;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Seeds with which the first crash of the node turns the host off, or leaves its kernel running.
fn seeds(off: bool) -> Vec<u64> {
    let is_off = |number: &u64| {
        simulate(seed(*number), &constant_latency(1), async |hosts, _| {
            hosts.net().crash(NODE);
            hosts.net().is_off(NODE)
        })
    };
    (0..16).filter(|number| is_off(number) == off).collect()
}

#[test]
fn crashes_of_both_kinds_occur() {
    assert!(seeds(true).len() >= 3 && seeds(false).len() >= 3);
}

#[test]
fn a_crashed_process_resets_its_connections() {
    for number in seeds(false) {
        simulate(seed(number), &constant_latency(5), async |hosts, _| {
            let Duplex { mut client, node, mut listener } = pair(&hosts).await;
            let time = hosts.net().time().clone();
            let began = time.now();
            hosts.crash(NODE);
            let error = client.read(&mut [0; 8]).await.err().unwrap();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            assert!((5_000..5_100).contains(&(time.now() - began)), "the reset takes one latency");
            assert_eq!(listener.accept().await.err().unwrap().kind(), ErrorKind::NotConnected);
            let refused = hosts.net().connect(CLIENT, address(80)).await.err().unwrap();
            assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
            drop((client, node));
            assert_eq!(hosts.net().connections(), 0);
        });
    }
}

#[test]
fn a_reset_does_not_pass_a_dead_connection() {
    for number in seeds(false) {
        simulate(seed(number), &constant_latency(5), async |hosts, _| {
            let Duplex { mut client, node, .. } = pair(&hosts).await;
            hosts.net().silence(CLIENT, Direction::Both);
            hosts.crash(NODE);
            drop(node);
            let time = hosts.net().time().clone();
            assert!(!completes(&time, 3_600_000, client.read(&mut [0; 8])).await);
        });
    }
}

#[test]
fn a_host_that_is_off_is_silent_and_resets_unknown_connections_after_its_restart() {
    for number in seeds(true) {
        simulate(seed(number), &constant_latency(5), async |hosts, _| {
            let Duplex { mut client, node, listener } = pair(&hosts).await;
            let time = hosts.net().time().clone();
            hosts.crash(NODE);
            // Dropped after the crash, as the sockets of killed tasks are: no FIN is sent.
            drop((node, listener));
            assert!(!completes(&time, 3_600_000, client.read(&mut [0; 8])).await, "for an hour");
            let timed_out = hosts.net().connect(CLIENT, address(80)).await.err().unwrap();
            assert_eq!(timed_out.kind(), ErrorKind::TimedOut);
            client.write_all(b"lost").await.unwrap();
            assert!(!completes(&time, 1_000, client.read(&mut [0; 8])).await);

            let again = hosts.restart(NODE).unwrap();
            assert!(!completes(&time, 60_000, client.read(&mut [0; 8])).await, "nothing was sent");
            client.write_all(b"who are you?").await.unwrap();
            let error = client.read(&mut [0; 8]).await.err().unwrap();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            let mut listener = again.bind(address(80)).await.unwrap();
            hosts.net().connect(CLIENT, address(80)).await.unwrap();
            listener.accept().await.unwrap();
        });
    }
}

#[test]
fn data_sent_before_a_crash_arrives() {
    for number in seeds(true) {
        simulate(seed(number), &constant_latency(5), async |hosts, _| {
            let Duplex { mut client, mut node, .. } = pair(&hosts).await;
            node.write_all(b"last words").await.unwrap();
            hosts.crash(NODE);
            let mut got = [0; 10];
            client.read_exact(&mut got).await.unwrap();
            assert_eq!(&got, b"last words");
        });
    }
}

#[test]
fn dropping_a_listener_from_before_a_crash_does_not_close_the_new_one() {
    simulate(seed(1), &constant_latency(5), async |hosts, _| {
        let node = hosts.build(NODE, 0);
        let old = node.bind(address(80)).await.unwrap();
        hosts.crash(NODE);
        let node = hosts.restart(NODE).unwrap();
        let mut new = node.bind(address(80)).await.unwrap();
        drop(old);
        hosts.net().connect(CLIENT, address(80)).await.unwrap();
        new.accept().await.unwrap();
    });
}
