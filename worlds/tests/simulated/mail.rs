//! Messages between nodes, journals and the directory.

use crate::common::{ragged, seed, steady};
use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::time::Span;
use guildhall_plan::mail::{Law, Spots, Strikes};
use guildhall_plan::plan::Network;
use guildhall_plan::topology::guild_id;
use guildhall_runtime::bus::{Bus, End, Letter, Mail};
use guildhall_runtime::inbox::Inbox;
use guildhall_worlds::net::{Post, spot};
use guildhall_worlds::rt::{Time, simulate};

const A: End = End::Node(NodeId(0));
const B: End = End::Node(NodeId(1));
const JOURNAL: End = End::Journal(guild_id(0));
const NONE: [u64; 0] = [];

fn letter(from: End, number: u64) -> Letter {
    Letter { from, mail: Mail::Own(GuildId(number)), cause: 0 }
}

fn law(from: End, to: End, strikes: Strikes) -> Law {
    Law { from: Spots::One(spot(from)), to: Spots::One(spot(to)), both: false, strikes }
}

/// What has come, in the order in which it came.
async fn numbers(inbox: &mut Inbox<Letter>, time: &Time, ms: u64) -> Vec<u64> {
    let mut all = Vec::new();
    let until = time.now() + ms * 1_000;
    loop {
        let mut some = Vec::new();
        tokio::select! {
            biased;
            () = inbox.take(&mut some) => all.extend(some),
            () = time.sleep_until(until) => break,
        }
    }
    let number =
        |letter: Letter| if let Mail::Own(guild) = letter.mail { guild.0 } else { u64::MAX };
    all.into_iter().map(number).collect()
}

/// What becomes of 1,000 messages from A to B under some laws.
fn under(number: u64, network: &Network, laws: &[Law]) -> Vec<u64> {
    simulate(seed(number), network, async |machines, post: Post<_>| {
        let mut inbox = post.join(B);
        for (fault, law) in (0..).zip(laws) {
            post.begin(fault, *law);
        }
        (0..1_000).for_each(|number| post.send(B, letter(A, number)));
        numbers(&mut inbox, machines.net().time(), 60_000).await
    })
}

fn sorted(mut numbers: Vec<u64>) -> Vec<u64> {
    numbers.sort_unstable();
    numbers
}

#[test]
fn messages_overtake_each_other_and_all_arrive_once() {
    let came = under(1, &ragged(1, 5), &[]);
    assert!(!came.is_sorted());
    assert_eq!(sorted(came), (0..1_000).collect::<Vec<_>>());
}

#[test]
fn some_are_lost_and_some_arrive_twice() {
    let lost = under(1, &ragged(1, 5), &[law(A, B, Strikes::Loses(30))]);
    assert!((600..800).contains(&lost.len()), "{}", lost.len());
    let mut twice = sorted(under(1, &ragged(1, 5), &[law(A, B, Strikes::Repeats(30))]));
    assert!((1_200..1_400).contains(&twice.len()), "{}", twice.len());
    twice.dedup();
    assert_eq!(twice.len(), 1_000);
    assert_eq!(under(1, &ragged(1, 5), &[law(A, B, Strikes::Loses(100))]), NONE);
    // Faults of others strike none of these.
    let others = [law(B, A, Strikes::Cuts), law(A, JOURNAL, Strikes::Cuts)];
    assert_eq!(under(1, &ragged(1, 5), &others).len(), 1_000);
}

#[test]
fn what_is_lost_hangs_on_the_message_and_not_on_other_faults() {
    let lossy = law(A, B, Strikes::Loses(30));
    let slow = law(A, B, Strikes::Delays(Span::secs(3)));
    let alone = sorted(under(1, &ragged(1, 5), &[lossy]));
    assert_eq!(alone, sorted(under(1, &ragged(1, 5), &[slow, lossy])));
    assert_ne!(alone, sorted(under(2, &ragged(1, 5), &[lossy])));
}

#[test]
fn a_delay_is_that_long_at_most() {
    simulate(seed(1), &steady(2), async |machines, post: Post<_>| {
        let time = machines.net().time().clone();
        let mut inbox = post.join(B);
        post.begin(7, law(A, B, Strikes::Delays(Span::secs(3))));
        (0..100).for_each(|number| post.send(B, letter(A, number)));
        let soon = numbers(&mut inbox, &time, 1_000).await.len();
        assert!((10..60).contains(&soon), "{soon}");
        assert_eq!(soon + numbers(&mut inbox, &time, 2_003).await.len(), 100);
    });
}

#[test]
fn a_partition_is_one_way_or_both() {
    for both in [false, true] {
        simulate(seed(1), &steady(2), async |machines, post: Post<_>| {
            let time = machines.net().time().clone();
            let (mut a, mut b) = (post.join(A), post.join(B));
            post.begin(7, Law { both, ..law(A, B, Strikes::Cuts) });
            post.send(B, letter(A, 1));
            post.send(A, letter(B, 2));
            assert_eq!(numbers(&mut b, &time, 10).await, NONE);
            assert_eq!(numbers(&mut a, &time, 10).await.len(), usize::from(!both));
            post.relieve(7);
            post.send(B, letter(A, 3));
            assert_eq!(numbers(&mut b, &time, 10).await, [3], "what was lost is lost");
        });
    }
}

#[test]
fn what_is_held_comes_when_all_is_over() {
    simulate(seed(1), &steady(2), async |machines, post: Post<_>| {
        let time = machines.net().time().clone();
        let mut journal = post.join(JOURNAL);
        let holds =
            Law { from: Spots::Nodes, to: Spots::Journals, both: false, strikes: Strikes::Holds };
        post.begin(7, holds);
        post.begin(8, law(B, JOURNAL, Strikes::Holds));
        post.send(JOURNAL, letter(A, 1));
        post.send(JOURNAL, letter(B, 2));
        assert_eq!(numbers(&mut journal, &time, 60_000).await, NONE);
        post.relieve(8);
        assert_eq!(numbers(&mut journal, &time, 60_000).await, NONE, "the first fault holds both");
        post.relieve(7);
        assert_eq!(numbers(&mut journal, &time, 10).await, [1, 2]);
    });
}

#[test]
fn a_message_to_oneself_is_quick_and_nothing_strikes_it() {
    simulate(seed(1), &steady(2), async |machines, post: Post<_>| {
        let time = machines.net().time().clone();
        let mut inbox = post.join(A);
        post.begin(7, law(A, A, Strikes::Cuts));
        post.send(A, letter(A, 1));
        assert_eq!(numbers(&mut inbox, &time, 1).await, [1]);
    });
}

#[test]
fn what_comes_to_nobody_is_lost_and_a_late_message_finds_whoever_is_there_now() {
    simulate(seed(1), &steady(20), async |machines, post: Post<_>| {
        let time = machines.net().time().clone();
        let first = post.join(B);
        post.send(B, letter(A, 1));
        drop(first);
        assert_eq!(numbers(&mut post.join(A), &time, 100).await, NONE);
        post.send(B, letter(A, 2));
        // It was sent to the one before.
        let mut second = post.join(B);
        assert_eq!(numbers(&mut second, &time, 100).await, [2]);
        post.leave(B);
        post.send(B, letter(A, 3));
        assert_eq!(numbers(&mut second, &time, 100).await, NONE);
    });
}
