//! When a client sends a request again that has no answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use guildhall_core::client::{Client, Identity, Input, Output};
use guildhall_core::dispatch::Intents;
use guildhall_core::id::{ChannelId, GuildId, NodeId, Nonce, Shard, UserId};
use guildhall_core::limits::Limits;
use guildhall_core::request::{Action, Origin, Request};
use guildhall_core::time::Instant;

use crate::world::token;

/// The number of requests that are sent at once.
const CROWD: u64 = 16;

/// The requests of one user, sent at once by clients on different nodes, and never answered: when
/// each attempt of each is sent.
fn attempts(limits: &Limits, attempts: usize) -> Vec<Vec<Instant>> {
    let user = UserId(1);
    let identity = Identity {
        user,
        token: token(1),
        intents: Intents::USUAL,
        shard: Shard::default(),
        home: NodeId(0),
        nodes: 1,
    };
    let sends = |nonce| {
        let mut client = Client::new(identity, Arc::new(limits.clone()), None);
        let (mut now, mut out, mut sent) = (Instant::ZERO, Vec::new(), Vec::new());
        let origin = Origin { user, nonce: Nonce(nonce) };
        let action =
            Action::Say { channel: ChannelId(1), content: "hello".into(), mentions: [].into() };
        let request = Request { origin, guild: GuildId(1), attempt: 0, action };
        client.handle(now.into(), Input::Ask(request), &mut out);
        while sent.len() < attempts {
            assert!(matches!(out[..], [Output::Request { .. }]), "{out:?}");
            out.clear();
            sent.push(now);
            now = client.poll_timeout().expect("it is sent again");
            client.handle_timeout(now.into(), &mut out);
        }
        sent
    };
    (0..CROWD).map(sends).collect()
}

#[test]
fn requests_that_are_sent_at_once_are_not_sent_again_at_once() {
    let limits = Limits::default();
    let sent = attempts(&limits, 6);
    for attempt in 1..6 {
        let first = limits.request_again.as_micros();
        // An owner commits a request in less than this time, so that the next finds room.
        let slots: BTreeSet<_> =
            sent.iter().map(|sent| sent[attempt].as_micros() * 64 / first).collect();
        assert!(slots.len() as u64 > CROWD / 2, "{attempt}: {slots:?}");
    }
}

#[test]
fn a_request_waits_for_three_quarters_of_its_time_at_least() {
    let limits = Limits::default();
    for sent in attempts(&limits, 12) {
        for (pair, attempt) in sent.windows(2).zip(1..) {
            let (waited, nominal) = (pair[1].since(pair[0]), limits.request_again(attempt));
            assert!(waited <= nominal && waited >= nominal.scaled(3, 4), "{attempt}: {waited}");
        }
    }
}
