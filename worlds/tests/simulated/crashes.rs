//! Nodes that crash, and what their clients hear of it.

use std::io::ErrorKind;

use crate::common::{CLIENT, Duplex, NODE, address, pair, passes, seed, steady};
use guildhall_plan::fault::Way;
use guildhall_runtime::rt::{Listener as _, Rt};
use guildhall_worlds::rt::simulate;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Seeds under which the first crash of the node leaves its kernel running, or does not.
fn seeds(off: bool) -> Vec<u64> {
    let is_off = |number: &u64| {
        simulate(seed(*number), &steady(1), async |machines, _| {
            machines.net().crash(NODE);
            machines.net().is_off(NODE)
        })
    };
    (0..16).filter(|number| is_off(number) == off).collect()
}

#[test]
fn crashes_are_of_both_kinds() {
    assert!(seeds(true).len() >= 3 && seeds(false).len() >= 3);
}

#[test]
fn a_process_that_dies_resets_its_connections() {
    for number in seeds(false) {
        simulate(seed(number), &steady(5), async |machines, _| {
            let Duplex { mut client, node, mut listener } = pair(&machines).await;
            let time = machines.net().time().clone();
            let began = time.now();
            machines.crash(NODE);
            let told = client.read(&mut [0; 8]).await.err().unwrap();
            assert_eq!(told.kind(), ErrorKind::ConnectionReset);
            assert!((5_000..5_100).contains(&(time.now() - began)), "it takes its latency");
            assert_eq!(listener.accept().await.err().unwrap().kind(), ErrorKind::NotConnected);
            let refused = machines.net().connect(CLIENT, address(80)).await.err().unwrap();
            assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
            drop((client, node));
            assert_eq!(machines.net().connections(), 0);
        });
    }
}

#[test]
fn a_reset_does_not_pass_a_silent_line() {
    for number in seeds(false) {
        simulate(seed(number), &steady(5), async |machines, _| {
            let Duplex { mut client, node, .. } = pair(&machines).await;
            machines.net().silence(CLIENT, Way::Both);
            machines.crash(NODE);
            drop(node);
            let time = machines.net().time().clone();
            assert!(!passes(&time, 3_600_000, client.read(&mut [0; 8])).await);
        });
    }
}

#[test]
fn a_machine_that_is_off_says_nothing_and_resets_what_it_does_not_know_later() {
    for number in seeds(true) {
        simulate(seed(number), &steady(5), async |machines, _| {
            let Duplex { mut client, node, listener } = pair(&machines).await;
            let time = machines.net().time().clone();
            machines.crash(NODE);
            // Dropped after the crash, as tasks that were killed do it: no good-bye.
            drop((node, listener));
            assert!(!passes(&time, 3_600_000, client.read(&mut [0; 8])).await, "for an hour");
            let timed_out = machines.net().connect(CLIENT, address(80)).await.err().unwrap();
            assert_eq!(timed_out.kind(), ErrorKind::TimedOut);
            client.write_all(b"lost").await.unwrap();
            assert!(!passes(&time, 1_000, client.read(&mut [0; 8])).await);

            let again = machines.restart(NODE).unwrap();
            assert!(!passes(&time, 60_000, client.read(&mut [0; 8])).await, "nobody said anything");
            client.write_all(b"who are you?").await.unwrap();
            let told = client.read(&mut [0; 8]).await.err().unwrap();
            assert_eq!(told.kind(), ErrorKind::ConnectionReset);
            let mut listener = again.bind(address(80)).await.unwrap();
            machines.net().connect(CLIENT, address(80)).await.unwrap();
            listener.accept().await.unwrap();
        });
    }
}

#[test]
fn what_was_sent_before_a_crash_arrives() {
    for number in seeds(true) {
        simulate(seed(number), &steady(5), async |machines, _| {
            let Duplex { mut client, mut node, .. } = pair(&machines).await;
            node.write_all(b"last words").await.unwrap();
            machines.crash(NODE);
            let mut got = [0; 10];
            client.read_exact(&mut got).await.unwrap();
            assert_eq!(&got, b"last words");
        });
    }
}

#[test]
fn the_listener_of_a_life_before_does_not_close_that_of_this_one() {
    simulate(seed(1), &steady(5), async |machines, _| {
        let node = machines.build(NODE, 0);
        let old = node.bind(address(80)).await.unwrap();
        machines.crash(NODE);
        let node = machines.restart(NODE).unwrap();
        let mut new = node.bind(address(80)).await.unwrap();
        drop(old);
        machines.net().connect(CLIENT, address(80)).await.unwrap();
        new.accept().await.unwrap();
    });
}
