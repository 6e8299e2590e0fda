//! Hosts: their tasks, clocks and secrets.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::common::{NODE, address, constant_latency, seed, uniform_latency};
use guildhall_core::time::{Instant, Span};
use guildhall_runtime::rt::{Listener as _, Rt};
use guildhall_worlds::net::Host;
use guildhall_worlds::rt::{SimRt, SimTime, simulate};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Counts once every 10 ms of the host's own time.
fn count(on: &SimRt) -> Arc<AtomicU64> {
    let counted = Arc::new(AtomicU64::new(0));
    let (rt, counter) = (on.clone(), counted.clone());
    on.spawn(async move {
        loop {
            rt.sleep_until(rt.now().instant + Span::millis(10)).await;
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    counted
}

async fn passed(time: &SimTime, ms: u64) {
    time.sleep_until(time.now() + ms * 1_000).await;
}

#[test]
fn a_paused_host_runs_no_task_until_it_is_resumed() {
    simulate(seed(1), &constant_latency(1), async |hosts, _| {
        let time = hosts.net().time().clone();
        let counted = count(&hosts.build(NODE, 0));
        let counted = || counted.load(Ordering::Relaxed);
        passed(&time, 105).await;
        assert_eq!(counted(), 10);
        hosts.pause(NODE);
        passed(&time, 10_000).await;
        assert_eq!(counted(), 10);
        hosts.resume(NODE);
        passed(&time, 50).await;
        assert!((14..=16).contains(&counted()), "{}", counted());
    });
}

#[test]
fn data_for_a_paused_host_waits() {
    simulate(seed(1), &constant_latency(1), async |hosts, _| {
        let time = hosts.net().time().clone();
        let node = hosts.build(NODE, 0);
        let taken = Arc::new(AtomicU64::new(0));
        let (rt, counter) = (node.clone(), taken.clone());
        node.spawn(async move {
            let mut listener = rt.bind(address(80)).await.unwrap();
            let mut stream = listener.accept().await.unwrap();
            while let Ok(1..) = stream.read(&mut [0; 8]).await {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        });
        passed(&time, 1).await;
        hosts.pause(NODE);
        // The kernel of a paused host still responds.
        let mut stream = hosts.net().connect(Host::Client(0), address(80)).await.unwrap();
        stream.write_all(b"anybody?").await.unwrap();
        passed(&time, 10_000).await;
        assert_eq!(taken.load(Ordering::Relaxed), 0);
        hosts.resume(NODE);
        passed(&time, 10).await;
        assert!(taken.load(Ordering::Relaxed) > 0);
    });
}

#[test]
fn a_crash_drops_all_tasks_of_a_host() {
    struct CountsDrop(Arc<AtomicU64>);
    impl Drop for CountsDrop {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    for paused in [false, true] {
        simulate(seed(1), &constant_latency(1), async |hosts, _| {
            let time = hosts.net().time().clone();
            let first = hosts.build(NODE, 0);
            let (old, dropped) = (count(&first), Arc::new(AtomicU64::new(0)));
            let guard = CountsDrop(dropped.clone());
            first.spawn(async move {
                std::future::pending::<()>().await;
                drop(guard);
            });
            passed(&time, 105).await;
            if paused {
                hosts.pause(NODE);
                passed(&time, 105).await;
            }
            hosts.crash(NODE);
            passed(&time, 1_000).await;
            assert_eq!(old.load(Ordering::Relaxed), 10);
            assert_eq!(dropped.load(Ordering::Relaxed), 1);

            let second = hosts.restart(NODE).unwrap();
            let new = count(&second);
            // The runtime from before the crash cannot run anything any more.
            let stale = count(&first);
            passed(&time, 105).await;
            assert_eq!(new.load(Ordering::Relaxed), 10);
            assert_eq!(old.load(Ordering::Relaxed), 10);
            assert_eq!(stale.load(Ordering::Relaxed), 0);
        });
    }
}

#[test]
fn clocks_drift_and_wall_clocks_jump() {
    simulate(seed(1), &constant_latency(1), async |hosts, _| {
        let time = hosts.net().time().clone();
        let fast = hosts.build(NODE, 10_000);
        let slow = hosts.build(Host::Node(1), -10_000);
        passed(&time, 100_000).await;
        let (ahead, behind) = (fast.now(), slow.now());
        assert_eq!(ahead.instant.as_micros() / 10_000, 10_100);
        assert_eq!(behind.instant.as_micros() / 10_000, 9_900);
        hosts.jump_wall_clock(NODE, -3_600_000);
        let jumped = fast.now();
        assert_eq!(jumped.wall.0 + 3_600_000, ahead.wall.0);
        assert_eq!(jumped.instant.as_micros() / 10_000, 10_100);

        // Each sleep ends by the host's own clock.
        for rt in [fast, slow] {
            let until = rt.now().instant + Span::secs(10);
            rt.sleep_until(until).await;
            let late = rt.now().instant.since(until);
            assert!(rt.now().instant >= until && late < Span::micros(100), "{late}");
        }
        let began = time.now();
        hosts.build(Host::Node(2), 9_999).sleep_until(Instant::ZERO).await;
        assert_eq!(time.now(), began);
    });
}

#[test]
fn clocks_keep_running_through_crashes() {
    simulate(seed(1), &constant_latency(1), async |hosts, _| {
        let time = hosts.net().time().clone();
        let node = hosts.build(NODE, 500);
        let before = node.now().instant;
        hosts.crash(NODE);
        passed(&time, 1_000).await;
        let again = hosts.restart(NODE).unwrap();
        assert!(again.now().instant.since(before) >= Span::secs(1));
    });
}

#[test]
fn secrets_are_unique_and_determined_by_the_seed() {
    let secrets = |number| {
        simulate(seed(number), &constant_latency(1), async |hosts, _| {
            let mut secrets = Vec::new();
            for host in [NODE, Host::Node(1), Host::Client(0), Host::Client(1)] {
                let rt = hosts.build(host, 0);
                secrets.extend((0..50).map(|_| rt.secret()));
            }
            hosts.crash(NODE);
            let again = hosts.restart(NODE).unwrap();
            secrets.extend((0..50).map(|_| again.secret()));
            secrets
        })
    };
    assert_eq!(secrets(1), secrets(1));
    let all: BTreeSet<u128> = secrets(1).into_iter().chain(secrets(2)).collect();
    assert_eq!(all.len(), 500);
}

#[test]
fn a_dropped_sleep_leaves_no_timer() {
    simulate(seed(1), &uniform_latency(1, 5), async |hosts, _| {
        let time = hosts.net().time().clone();
        for _ in 0..1_000 {
            tokio::select! {
                biased;
                () = time.sleep_until(time.now() + 3_600_000_000) => panic!("an hour is not over"),
                () = time.sleep_until(time.now() + 10) => {}
            }
        }
        assert!(time.now() < 12_000, "a sleep of 10 us is no longer than that");
        assert_eq!(time.pending(), 0);
    });
}
