//! Messages between nodes, journals and the directory.

use crate::common::{constant_latency, seed, uniform_latency};
use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::time::Span;
use guildhall_plan::fault::{MailEffect, MailEndpoint, Places};
use guildhall_plan::mail::{EndpointId, MailRule};
use guildhall_plan::plan::Network;
use guildhall_plan::topology::guild_id;
use guildhall_runtime::bus::{Bus, BusMessage, Endpoint, Envelope};
use guildhall_runtime::inbox::Inbox;
use guildhall_worlds::net::{PeerNetwork, spot};
use guildhall_worlds::rt::{SimTime, simulate};

const A: Endpoint = Endpoint::Node(NodeId(0));
const B: Endpoint = Endpoint::Node(NodeId(1));
const JOURNAL: Endpoint = Endpoint::Journal(guild_id(0));
const NONE: [u64; 0] = [];

fn envelope(from: Endpoint, number: u64) -> Envelope {
    Envelope { from, message: BusMessage::OwnGuild(GuildId(number)), cause: 0 }
}

fn rule(from: Endpoint, to: Endpoint, effect: MailEffect) -> MailRule {
    let one = |end| match spot(end) {
        EndpointId::Node(node) => MailEndpoint::<Places>::Node(node),
        EndpointId::Journal(guild) => MailEndpoint::Journal(guild),
        EndpointId::Directory => MailEndpoint::Directory,
    };
    MailRule { from: one(from), to: one(to), both: false, effect }
}

/// The numbers of the messages that arrive within `ms` milliseconds, in order.
async fn numbers(inbox: &mut Inbox<Envelope>, time: &SimTime, ms: u64) -> Vec<u64> {
    let mut all = Vec::new();
    let until = time.now() + ms * 1_000;
    loop {
        let mut some = Vec::new();
        tokio::select! {
            biased;
            () = inbox.recv_all(&mut some) => all.extend(some),
            () = time.sleep_until(until) => break,
        }
    }
    let number = |envelope: Envelope| {
        if let BusMessage::OwnGuild(guild) = envelope.message { guild.0 } else { u64::MAX }
    };
    all.into_iter().map(number).collect()
}

/// The numbers of those of 1,000 messages from A to B that arrive while some faults are in force.
fn delivered(number: u64, network: &Network, rules: &[MailRule]) -> Vec<u64> {
    simulate(seed(number), network, async |hosts, peers: PeerNetwork<_>| {
        let mut inbox = peers.register(B);
        for (fault, rule) in (0..).zip(rules) {
            peers.begin_fault(fault, *rule);
        }
        (0..1_000).for_each(|number| peers.send(B, envelope(A, number)));
        numbers(&mut inbox, hosts.net().time(), 60_000).await
    })
}

fn sorted(mut numbers: Vec<u64>) -> Vec<u64> {
    numbers.sort_unstable();
    numbers
}

#[test]
fn messages_are_reordered_and_arrive_once() {
    let arrived = delivered(1, &uniform_latency(1, 5), &[]);
    assert!(!arrived.is_sorted());
    assert_eq!(sorted(arrived), (0..1_000).collect::<Vec<_>>());
}

#[test]
fn faults_lose_and_duplicate_messages() {
    let lost = delivered(1, &uniform_latency(1, 5), &[rule(A, B, MailEffect::Lose(30))]);
    assert!((600..800).contains(&lost.len()), "{}", lost.len());
    let mut received =
        sorted(delivered(1, &uniform_latency(1, 5), &[rule(A, B, MailEffect::Duplicate(30))]));
    assert!((1_200..1_400).contains(&received.len()), "{}", received.len());
    received.dedup();
    assert_eq!(received.len(), 1_000);
    assert_eq!(delivered(1, &uniform_latency(1, 5), &[rule(A, B, MailEffect::Lose(100))]), NONE);
    // Faults on other links do not affect these messages.
    let others = [rule(B, A, MailEffect::LoseAll), rule(A, JOURNAL, MailEffect::LoseAll)];
    assert_eq!(delivered(1, &uniform_latency(1, 5), &others).len(), 1_000);
}

#[test]
fn loss_depends_on_the_message_and_not_on_other_faults() {
    let lossy = rule(A, B, MailEffect::Lose(30));
    let slow = rule(A, B, MailEffect::Delay(Span::secs(3)));
    let alone = sorted(delivered(1, &uniform_latency(1, 5), &[lossy]));
    assert_eq!(alone, sorted(delivered(1, &uniform_latency(1, 5), &[slow, lossy])));
    assert_ne!(alone, sorted(delivered(2, &uniform_latency(1, 5), &[lossy])));
}

#[test]
fn a_delay_is_bounded() {
    simulate(seed(1), &constant_latency(2), async |hosts, peers: PeerNetwork<_>| {
        let time = hosts.net().time().clone();
        let mut inbox = peers.register(B);
        peers.begin_fault(7, rule(A, B, MailEffect::Delay(Span::secs(3))));
        (0..100).for_each(|number| peers.send(B, envelope(A, number)));
        let soon = numbers(&mut inbox, &time, 1_000).await.len();
        assert!((10..60).contains(&soon), "{soon}");
        assert_eq!(soon + numbers(&mut inbox, &time, 2_003).await.len(), 100);
    });
}

#[test]
fn a_partition_cuts_one_direction_or_both() {
    for both in [false, true] {
        simulate(seed(1), &constant_latency(2), async |hosts, peers: PeerNetwork<_>| {
            let time = hosts.net().time().clone();
            let (mut a, mut b) = (peers.register(A), peers.register(B));
            peers.begin_fault(7, MailRule { both, ..rule(A, B, MailEffect::LoseAll) });
            peers.send(B, envelope(A, 1));
            peers.send(A, envelope(B, 2));
            assert_eq!(numbers(&mut b, &time, 10).await, NONE);
            assert_eq!(numbers(&mut a, &time, 10).await.len(), usize::from(!both));
            peers.end_fault(7);
            peers.send(B, envelope(A, 3));
            assert_eq!(numbers(&mut b, &time, 10).await, [3], "what was lost is lost");
        });
    }
}

#[test]
fn held_messages_arrive_when_the_fault_ends() {
    simulate(seed(1), &constant_latency(2), async |hosts, peers: PeerNetwork<_>| {
        let time = hosts.net().time().clone();
        let mut journal = peers.register(JOURNAL);
        let holds = MailRule {
            from: MailEndpoint::Nodes,
            to: MailEndpoint::Journals,
            both: false,
            effect: MailEffect::Hold,
        };
        peers.begin_fault(7, holds);
        peers.begin_fault(8, rule(B, JOURNAL, MailEffect::Hold));
        peers.send(JOURNAL, envelope(A, 1));
        peers.send(JOURNAL, envelope(B, 2));
        assert_eq!(numbers(&mut journal, &time, 60_000).await, NONE);
        peers.end_fault(8);
        assert_eq!(numbers(&mut journal, &time, 60_000).await, NONE, "the first fault holds both");
        peers.end_fault(7);
        assert_eq!(numbers(&mut journal, &time, 10).await, [1, 2]);
    });
}

#[test]
fn messages_to_oneself_are_fast_and_unaffected_by_faults() {
    simulate(seed(1), &constant_latency(2), async |hosts, peers: PeerNetwork<_>| {
        let time = hosts.net().time().clone();
        let mut inbox = peers.register(A);
        peers.begin_fault(7, rule(A, A, MailEffect::LoseAll));
        peers.send(A, envelope(A, 1));
        assert_eq!(numbers(&mut inbox, &time, 1).await, [1]);
    });
}

#[test]
fn messages_reach_the_inbox_registered_at_their_arrival() {
    simulate(seed(1), &constant_latency(20), async |hosts, peers: PeerNetwork<_>| {
        let time = hosts.net().time().clone();
        let first = peers.register(B);
        peers.send(B, envelope(A, 1));
        drop(first);
        assert_eq!(numbers(&mut peers.register(A), &time, 100).await, NONE);
        peers.send(B, envelope(A, 2));
        // It was sent to the endpoint's previous inbox.
        let mut second = peers.register(B);
        assert_eq!(numbers(&mut second, &time, 100).await, [2]);
        peers.unregister(B);
        peers.send(B, envelope(A, 3));
        assert_eq!(numbers(&mut second, &time, 100).await, NONE);
    });
}
