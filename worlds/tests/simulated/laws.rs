//! What holds whatever strikes: bytes arrive in order and none twice, whole if nothing strikes; and
//! a seed says all.

use crate::common::{CLIENT, Duplex, pair, ragged, seed};
use guildhall_core::time::Span;
use guildhall_plan::digest::Fingerprint;
use guildhall_plan::fault::{Ending, Way};
use guildhall_worlds::net::{Net, Stream};
use guildhall_worlds::rt::{Time, simulate};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Something that is done to the client's connection.
#[derive(Clone, Copy, Debug)]
enum Strike {
    Cut(Ending),
    Stall(Way, u64),
    Silence(Way),
    Slow(u32, u64),
}

/// When something strikes, in milliseconds.
type Script = Vec<(u64, Strike)>;

/// What has come at each end, and how the run went.
#[derive(PartialEq, Eq, Debug)]
struct Outcome {
    up: Vec<u8>,
    down: Vec<u8>,
    digest: Fingerprint,
    took: u64,
}

fn strike(net: &Net, strike: Strike) {
    let later = |ms: u64, act: Box<dyn FnOnce(&Net) + Send>| {
        let (time, net) = (net.time().clone(), net.clone());
        time.at(time.now() + ms * 1_000, move || act(&net));
    };
    match strike {
        Strike::Cut(how) => net.cut(CLIENT, how),
        Strike::Stall(way, ms) => {
            let struck = net.stall(CLIENT, way);
            later(ms, Box::new(move |net| net.release(&struck)));
        }
        Strike::Silence(way) => net.silence(CLIENT, way),
        Strike::Slow(bandwidth, ms) => {
            net.slow(CLIENT, Some(bandwidth));
            later(ms, Box::new(|net| net.slow(CLIENT, None)));
        }
    }
}

/// Writes all of this, in pieces of that size, and says good-bye, as far as it comes; reads
/// meanwhile, until there is no more or time is up.
async fn speak(stream: Stream, bytes: &[u8], piece: usize, time: &Time) -> Vec<u8> {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut got = Vec::new();
    let speaks = async {
        for piece in bytes.chunks(piece) {
            writer.write_all(piece).await?;
        }
        writer.shutdown().await
    };
    let hears = async { while reader.read_buf(&mut got).await.is_ok_and(|bytes| bytes > 0) {} };
    tokio::select! {
        _ = async { tokio::join!(speaks, hears) } => {}
        () = time.sleep_until(3_600_000_000) => {}
    }
    got
}

fn run(number: u64, up: &[u8], down: &[u8], piece: usize, script: &Script) -> Outcome {
    simulate(seed(number), &ragged(1, 50), async |machines, _| {
        let Duplex { client, node, .. } = pair(&machines).await;
        let (net, time) = (machines.net().clone(), machines.net().time().clone());
        for (at, what) in script.clone() {
            let net = net.clone();
            time.at(time.now() + at * 1_000, move || strike(&net, what));
        }
        let (at_client, at_node) =
            tokio::join!(speak(client, up, piece, &time), speak(node, down, piece, &time));
        Outcome { up: at_node, down: at_client, digest: net.digest(), took: time.now() }
    })
}

fn bytes(count: usize) -> Vec<u8> {
    (0..=250).cycle().take(count).collect()
}

fn ways() -> impl Strategy<Value = Way> {
    prop_oneof![Just(Way::Up), Just(Way::Down), Just(Way::Both)]
}

fn strikes() -> impl Strategy<Value = Strike> {
    let late = (0u64..2_000).prop_map(|ms| Ending::HalfOpen { late: Span::millis(ms) });
    let ending = prop_oneof![Just(Ending::Fin), Just(Ending::Reset), late];
    prop_oneof![
        ending.prop_map(Strike::Cut),
        (ways(), 0u64..2_000).prop_map(|(way, ms)| Strike::Stall(way, ms)),
        ways().prop_map(Strike::Silence),
        (1u32..1_000_000, 0u64..2_000).prop_map(|(bandwidth, ms)| Strike::Slow(bandwidth, ms)),
    ]
}

/// What only makes things late.
fn delays() -> impl Strategy<Value = Strike> {
    prop_oneof![
        (ways(), 0u64..2_000).prop_map(|(way, ms)| Strike::Stall(way, ms)),
        (1_000u32..1_000_000, 0u64..2_000).prop_map(|(bandwidth, ms)| Strike::Slow(bandwidth, ms)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_strikes_what_arrives_is_a_beginning_of_what_was_written(
        number in 0u64..1_000_000,
        lengths in (0usize..200_000, 0usize..200_000),
        piece in 1usize..100_000,
        script in prop::collection::vec((0u64..1_000, strikes()), 0..6),
    ) {
        let (up, down) = (bytes(lengths.0), bytes(lengths.1));
        let outcome = run(number, &up, &down, piece, &script);
        prop_assert!(up.starts_with(&outcome.up), "{} of {}", outcome.up.len(), up.len());
        prop_assert!(down.starts_with(&outcome.down), "{} of {}", outcome.down.len(), down.len());
    }

    #[test]
    fn all_of_it_arrives_if_it_is_only_late(
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
    fn the_same_seed_is_the_same_run(
        number in 0u64..1_000_000,
        script in prop::collection::vec((0u64..1_000, strikes()), 0..6),
    ) {
        let (up, down) = (bytes(20_000), bytes(50_000));
        prop_assert_eq!(run(number, &up, &down, 777, &script), run(number, &up, &down, 777, &script));
    }
}

#[test]
fn another_seed_is_another_run() {
    let run = |number| run(number, &bytes(20_000), &bytes(20_000), 777, &Vec::new());
    let (one, other) = (run(1), run(2));
    assert_ne!(one.digest, other.digest);
    assert_ne!(one.took, other.took);
}
