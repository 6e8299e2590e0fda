//! The cost of catch-up on a node: 1,000 messages arrive at once, in order or reversed, and go to
//! 1,000 sessions.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use guildhall_benches::{Stage, guild};
use guildhall_core::dispatch::{Intents, Message};
use guildhall_core::event::Event;
use guildhall_core::id::{ChannelId, MessageId, Nonce, UserId};

const SESSIONS: u64 = 1_000;
const EVENTS: u64 = 1_000;

fn said(number: u64) -> Event {
    Event::Message(Message {
        id: MessageId(number),
        channel: ChannelId(1_000),
        author: UserId(1),
        nonce: Nonce(number),
        content: "well".into(),
        mentions: Arc::default(),
    })
}

fn catch_up(c: &mut Criterion) {
    let mut stage = Stage::new(guild(SESSIONS, 10, 50));
    (1..=SESSIONS).for_each(|user| stage.enter(UserId(user), Intents::USUAL));
    stage.form();
    let before = stage.dispatches();
    let mut group = c.benchmark_group("catch_up");
    group.sample_size(10);
    group.throughput(Throughput::Elements(SESSIONS * EVENTS));
    for (name, is_reversed) in [("in_order", false), ("reversed", true)] {
        group.bench_function(name, |b| {
            let setup = || {
                let mut stage = stage.clone();
                let mut records: Vec<_> = (1..=EVENTS).map(|n| stage.record(said(n))).collect();
                if is_reversed {
                    records.reverse();
                }
                (stage, records)
            };
            let run = |(mut stage, records): (Stage, Vec<_>)| {
                records.into_iter().for_each(|record| stage.arrive(record));
                assert_eq!(stage.dispatches() - before, SESSIONS * EVENTS);
                stage
            };
            b.iter_batched(setup, run, BatchSize::LargeInput);
        });
    }
    group.finish();
}

criterion_group!(benches, catch_up);
criterion_main!(benches);
