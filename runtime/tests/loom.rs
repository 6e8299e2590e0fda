//! Model checking of everything that threads of this crate share: every interleaving is explored.
//!
//! The modules are compiled again with loom's primitives in place of `sync`. Each actor has a
//! thread of its own: with one in the main closure loom explores far fewer interleavings. Each test
//! also asserts that more than one interleaving was explored, and that a planted bug is found.

#![allow(clippy::duplicate_mod, reason = "one copy is sound, the others have a planted bug")]

use std::mem::ManuallyDrop;
use std::sync::Arc as Plain;
use std::sync::atomic::{AtomicUsize, Ordering};

macro_rules! inbox_copy {
    ($name:ident, $planted:expr) => {
        #[path = "../src"]
        mod $name {
            pub(crate) mod sync {
                pub(crate) use loom::sync::{Arc, Mutex};
                pub(crate) use std::sync::PoisonError;

                #[derive(Clone, Copy, PartialEq, Eq, Debug)]
                #[allow(dead_code, reason = "each copy plants at most one bug")]
                pub(crate) enum Planted {
                    LateWaker,
                    WakeBeforePush,
                }
                pub(crate) const PLANTED: Option<Planted> = $planted;
            }
            #[allow(dead_code, unreachable_pub, reason = "the test uses a part of the module")]
            #[path = "inbox.rs"]
            pub(crate) mod inbox;
        }
    };
}

inbox_copy!(sound, None);
inbox_copy!(late_waker, Some(Planted::LateWaker));
inbox_copy!(wake_before_push, Some(Planted::WakeBeforePush));

/// Explores all interleavings of `scenario` with at most two preemptions, and returns their number.
fn explore(scenario: impl Fn() + Sync + Send + 'static) -> usize {
    let count = Plain::new(AtomicUsize::new(0));
    let counted = count.clone();
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        scenario();
    });
    count.load(Ordering::Relaxed)
}

/// Two senders send three items in total, and the receiver takes them all.
macro_rules! exchange_through_inbox {
    ($copy:ident) => {
        || {
            let (sender, inbox) = $copy::inbox::inbox::<(u8, u8)>(8, 800);
            let senders: Vec<_> = [sender.clone(), sender]
                .into_iter()
                .zip(0_u8..)
                .map(|(sender, who)| {
                    loom::thread::spawn(move || {
                        for nth in 0..if who == 0 { 2 } else { 1 } {
                            sender.send((who, nth), 100).expect("there is room");
                        }
                    })
                })
                .collect();
            let reader = loom::thread::spawn(move || {
                // When loom finds a bug it tears the model down, and destructors must not lock any
                // more.
                let mut inbox = ManuallyDrop::new(inbox);
                let mut got = Vec::new();
                while got.len() < 3 {
                    let mut batch = Vec::new();
                    loom::future::block_on(inbox.recv_all(&mut batch));
                    assert!(!batch.is_empty(), "a spurious wake-up");
                    got.extend(batch);
                }
                drop(ManuallyDrop::into_inner(inbox));
                got
            });
            for sender in senders {
                sender.join().expect("the sender does not panic");
            }
            let got = reader.join().expect("the receiver does not panic");
            let of = |who| got.iter().filter(move |it| it.0 == who).map(|it| it.1);
            assert!(of(0).eq(0..2) && of(1).eq(0..1), "out of order: {got:?}");
        }
    };
}

#[test]
fn every_item_arrives_in_the_order_of_its_sender() {
    let explored = explore(exchange_through_inbox!(sound));
    assert!(explored > 100, "only {explored} interleavings were explored");
}

#[test]
fn a_full_inbox_refuses_and_loses_nothing() {
    let explored = explore(|| {
        let (sender, mut inbox) = sound::inbox::inbox::<u8>(1, 100);
        let other = sender.clone();
        let one = loom::thread::spawn(move || sender.send(1, 60).is_ok());
        let two = loom::thread::spawn(move || other.send(2, 60).is_ok());
        let reader = loom::thread::spawn(move || {
            let mut got = Vec::new();
            loom::future::block_on(inbox.recv_all(&mut got));
            (got, inbox)
        });
        let sent =
            usize::from(one.join().expect("no panic")) + usize::from(two.join().expect("no panic"));
        let (mut got, mut inbox) = reader.join().expect("no panic");
        if got.len() < sent {
            loom::future::block_on(inbox.recv_all(&mut got));
        }
        assert_eq!(got.len(), sent, "accepted and received items differ");
    });
    assert!(explored > 10, "only {explored} interleavings were explored");
}

#[test]
#[ignore = "fails by design: `loom_finds_a_waker_registered_too_late` runs it"]
fn planted_late_waker() {
    explore(exchange_through_inbox!(late_waker));
}

#[test]
#[ignore = "fails by design: `loom_finds_a_wake_before_the_push` runs it"]
fn planted_wake_before_push() {
    explore(exchange_through_inbox!(wake_before_push));
}

/// Runs a test that must deadlock in a child process, because loom's teardown of a deadlock ends
/// the process.
fn assert_loom_finds(planted: &str) {
    let program = std::env::current_exe().expect("the test binary has a path");
    let mut child = std::process::Command::new(program);
    let run = child.args(["--exact", planted, "--ignored", "--nocapture"]).output();
    let run = run.expect("the test binary runs");
    let stderr = String::from_utf8_lossy(&run.stderr);
    assert!(!run.status.success(), "{planted} was not found");
    assert!(stderr.contains("deadlock"), "{planted} failed for another reason: {stderr}");
}

#[test]
fn loom_finds_a_waker_registered_too_late() {
    assert_loom_finds("planted_late_waker");
}

#[test]
fn loom_finds_a_wake_before_the_push() {
    assert_loom_finds("planted_wake_before_push");
}
