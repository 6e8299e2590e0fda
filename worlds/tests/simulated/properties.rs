//! Properties under arbitrary faults: bytes arrive in order and never received, completely if faults
//! only delay them; and a seed determines the run.

use crate::common::{CLIENT, Duplex, pair, seed, uniform_latency};
use guildhall_core::time::Span;
use guildhall_plan::digest::Fingerprint;
use guildhall_plan::fault::{CutKind, Direction};
use guildhall_worlds::net::{SimNetwork, Stream};
use guildhall_worlds::rt::{SimTime, simulate};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A fault on the client's connection.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Cut(CutKind),
    Stall(Direction, u64),
    Blackhole(Direction),
    Slow(u32, u64),
}

/// Faults, each with its time in milliseconds.
type Script = Vec<(u64, Fault)>;

/// What arrived on each side, and how the run went.
#[derive(PartialEq, Eq, Debug)]
struct Outcome {
    up: Vec<u8>,
    down: Vec<u8>,
    digest: Fingerprint,
    took: u64,
}

fn inject(net: &SimNetwork, fault: Fault) {
    let later = |ms: u64, act: Box<dyn FnOnce(&SimNetwork) + Send>| {
        let (time, net) = (net.time().clone(), net.clone());
        time.at(time.now() + ms * 1_000, move || act(&net));
    };
    match fault {
        Fault::Cut(how) => net.cut(CLIENT, how),
        Fault::Stall(way, ms) => {
            let stalled = net.stall(CLIENT, way);
            later(ms, Box::new(move |net| net.release(&stalled)));
        }
        Fault::Blackhole(way) => net.silence(CLIENT, way),
        Fault::Slow(bandwidth, ms) => {
            net.slow(CLIENT, Some(bandwidth));
            later(ms, Box::new(|net| net.slow(CLIENT, None)));
        }
    }
}

/// Writes all bytes in pieces of that size and closes the write side; reads meanwhile, until the
/// stream ends or an hour has passed.
async fn exchange(stream: Stream, bytes: &[u8], piece: usize, time: &SimTime) -> Vec<u8> {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut got = Vec::new();
    let writing = async {
        for piece in bytes.chunks(piece) {
            writer.write_all(piece).await?;
        }
        writer.shutdown().await
    };
    let reading = async { while reader.read_buf(&mut got).await.is_ok_and(|bytes| bytes > 0) {} };
    tokio::select! {
        _ = async { tokio::join!(writing, reading) } => {}
        () = time.sleep_until(3_600_000_000) => {}
    }
    got
}

fn run(number: u64, up: &[u8], down: &[u8], piece: usize, script: &Script) -> Outcome {
    simulate(seed(number), &uniform_latency(1, 50), async |hosts, _| {
        let Duplex { client, node, .. } = pair(&hosts).await;
        let (net, time) = (hosts.net().clone(), hosts.net().time().clone());
        for (at, what) in script.clone() {
            let net = net.clone();
            time.at(time.now() + at * 1_000, move || inject(&net, what));
        }
        let (at_client, at_node) =
            tokio::join!(exchange(client, up, piece, &time), exchange(node, down, piece, &time));
        Outcome { up: at_node, down: at_client, digest: net.digest(), took: time.now() }
    })
}

fn bytes(count: usize) -> Vec<u8> {
    (0..=250).cycle().take(count).collect()
}

fn directions() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Up), Just(Direction::Down), Just(Direction::Both)]
}

fn faults() -> impl Strategy<Value = Fault> {
    let late = (0u64..2_000).prop_map(|ms| CutKind::HalfOpen { late: Span::millis(ms) });
    let ending = prop_oneof![Just(CutKind::Fin), Just(CutKind::Reset), late];
    prop_oneof![
        ending.prop_map(Fault::Cut),
        (directions(), 0u64..2_000).prop_map(|(way, ms)| Fault::Stall(way, ms)),
        directions().prop_map(Fault::Blackhole),
        (1u32..1_000_000, 0u64..2_000).prop_map(|(bandwidth, ms)| Fault::Slow(bandwidth, ms)),
    ]
}

/// Faults that only delay bytes.
fn delays() -> impl Strategy<Value = Fault> {
    prop_oneof![
        (directions(), 0u64..2_000).prop_map(|(way, ms)| Fault::Stall(way, ms)),
        (1_000u32..1_000_000, 0u64..2_000).prop_map(|(bandwidth, ms)| Fault::Slow(bandwidth, ms)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn received_bytes_are_a_prefix_of_the_written_bytes(
        number in 0u64..1_000_000,
        lengths in (0usize..200_000, 0usize..200_000),
        piece in 1usize..100_000,
        script in prop::collection::vec((0u64..1_000, faults()), 0..6),
    ) {
        let (up, down) = (bytes(lengths.0), bytes(lengths.1));
        let outcome = run(number, &up, &down, piece, &script);
        prop_assert!(up.starts_with(&outcome.up), "{} of {}", outcome.up.len(), up.len());
        prop_assert!(down.starts_with(&outcome.down), "{} of {}", outcome.down.len(), down.len());
    }

    #[test]
    fn delays_lose_no_bytes(
        number in 0u64..1_000_000,
        lengths in (0usize..200_000, 0usize..200_000),
        piece in 1usize..100_000,
        script in prop::collection::vec((0u64..1_000, delays()), 0..6),
    ) {
        let (up, down) = (bytes(lengths.0), bytes(lengths.1));
        let outcome = run(number, &up, &down, piece, &script);
        prop_assert_eq!(up, outcome.up);
        prop_assert_eq!(down, outcome.down);
    }

    #[test]
    fn the_same_seed_gives_the_same_run(
        number in 0u64..1_000_000,
        script in prop::collection::vec((0u64..1_000, faults()), 0..6),
    ) {
        let (up, down) = (bytes(20_000), bytes(50_000));
        prop_assert_eq!(run(number, &up, &down, 777, &script), run(number, &up, &down, 777, &script));
    }
}

#[test]
fn different_seeds_give_different_runs() {
    let run = |number| run(number, &bytes(20_000), &bytes(20_000), 777, &Vec::new());
    let (one, other) = (run(1), run(2));
    assert_ne!(one.digest, other.digest);
    assert_ne!(one.took, other.took);
}
