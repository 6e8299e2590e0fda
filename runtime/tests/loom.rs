//! Every hand-off between threads of the shell, in all the orders in which threads can meet.
//!
//! The modules are the shell's own, read again with the model checker's primitives. Each actor has a
//! thread of its own: with one in the main closure far fewer orders are explored. Of each hand-off a
//! planted bug must be found too, and more than one order must have been explored.

#![allow(clippy::duplicate_mod, reason = "one copy is sound, and each other has a bug planted")]

use std::mem::ManuallyDrop;
use std::sync::Arc as Plain;
use std::sync::atomic::{AtomicUsize, Ordering};

macro_rules! shell {
    ($name:ident, $planted:expr) => {
        #[path = "../src"]
        mod $name {
            pub(crate) mod sync {
                pub(crate) use loom::sync::{Arc, Mutex};
                pub(crate) use std::sync::PoisonError;

                #[derive(Clone, Copy, PartialEq, Eq, Debug)]
                #[allow(dead_code, reason = "each copy plants one bug or none")]
                pub(crate) enum Planted {
                    WakerLate,
                    WakesFirst,
                }
                pub(crate) const PLANTED: Option<Planted> = $planted;
            }
            #[allow(dead_code, unreachable_pub, reason = "only what is tested is used")]
            #[path = "inbox.rs"]
            pub(crate) mod inbox;
        }
    };
}

shell!(sound, None);
shell!(waker_late, Some(Planted::WakerLate));
shell!(wakes_first, Some(Planted::WakesFirst));

/// Explores `meet` in all orders with at most two pre-emptions, and says how many that were.
fn explore(meet: impl Fn() + Sync + Send + 'static) -> usize {
    let orders = Plain::new(AtomicUsize::new(0));
    let counted = orders.clone();
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        meet();
    });
    orders.load(Ordering::Relaxed)
}

/// Two put in two items each, one takes until it has all four.
macro_rules! meet_at_inbox {
    ($shell:ident) => {
        || {
            let (sender, inbox) = $shell::inbox::inbox::<(u8, u8)>(8, 800);
            let senders: Vec<_> = [sender.clone(), sender]
                .into_iter()
                .zip(0_u8..)
                .map(|(sender, who)| {
                    loom::thread::spawn(move || {
                        for nth in 0..if who == 0 { 2 } else { 1 } {
                            sender.send((who, nth), 100).expect("there is room for all");
                        }
                    })
                })
                .collect();
            let reader = loom::thread::spawn(move || {
                // Where a bug is found the model is torn down, and must not lock anything any more.
                let mut inbox = ManuallyDrop::new(inbox);
                let mut got = Vec::new();
                while got.len() < 3 {
                    let mut batch = Vec::new();
                    loom::future::block_on(inbox.take(&mut batch));
                    assert!(!batch.is_empty(), "it was woken for nothing");
                    got.extend(batch);
                }
                drop(ManuallyDrop::into_inner(inbox));
                got
            });
            for sender in senders {
                sender.join().expect("a sender ends well");
            }
            let got = reader.join().expect("the reader ends well");
            let of = |who| got.iter().filter(move |it| it.0 == who).map(|it| it.1);
            assert!(of(0).eq(0..2) && of(1).eq(0..1), "out of order: {got:?}");
        }
    };
}

#[test]
fn nothing_put_in_is_left_or_out_of_order() {
    let orders = explore(meet_at_inbox!(sound));
    assert!(orders > 100, "only {orders} orders were explored");
}

#[test]
fn whoever_has_no_room_is_told_and_nothing_is_lost_silently() {
    let orders = explore(|| {
        let (sender, mut inbox) = sound::inbox::inbox::<u8>(1, 100);
        let other = sender.clone();
        let one = loom::thread::spawn(move || sender.send(1, 60).is_ok());
        let two = loom::thread::spawn(move || other.send(2, 60).is_ok());
        let reader = loom::thread::spawn(move || {
            let mut got = Vec::new();
            loom::future::block_on(inbox.take(&mut got));
            (got, inbox)
        });
        let sent = usize::from(one.join().expect("ends")) + usize::from(two.join().expect("ends"));
        let (mut got, mut inbox) = reader.join().expect("ends");
        if got.len() < sent {
            loom::future::block_on(inbox.take(&mut got));
        }
        assert_eq!(got.len(), sent, "what was taken up and what came out differ");
    });
    assert!(orders > 10, "only {orders} orders were explored");
}

#[test]
#[ignore = "fails by design: `a_waker_left_too_late_is_found` runs it"]
fn planted_waker_late() {
    explore(meet_at_inbox!(waker_late));
}

#[test]
#[ignore = "fails by design: `a_reader_woken_too_early_is_found` runs it"]
fn planted_wakes_first() {
    explore(meet_at_inbox!(wakes_first));
}

/// A model that deadlocks tears its process down with it, so a planted bug is met in another one.
fn is_found(planted: &str) {
    let program = std::env::current_exe().expect("a test knows its program");
    let mut child = std::process::Command::new(program);
    let run = child.args(["--exact", planted, "--ignored", "--nocapture"]).output();
    let run = run.expect("the program runs once more");
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(!run.status.success(), "{planted} was not found");
    assert!(said.contains("deadlock"), "{planted} failed for another reason: {said}");
}

#[test]
fn a_waker_left_too_late_is_found() {
    is_found("planted_waker_late");
}

#[test]
fn a_reader_woken_too_early_is_found() {
    is_found("planted_wakes_first");
}
