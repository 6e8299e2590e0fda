//! The cost of sending a guild to 1,000 waiting sessions: the part that all of them share is
//! rendered once, whatever the number of members.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use guildhall_benches::{Stage, guild};
use guildhall_core::dispatch::Intents;
use guildhall_core::id::UserId;

const SESSIONS: u64 = 1_000;

fn snapshot(c: &mut Criterion) {
    let mut group = c.benchmark_group("snapshot");
    group.sample_size(10);
    group.throughput(Throughput::Elements(SESSIONS));
    for members in [1_000, 10_000, 70_000] {
        let mut stage = Stage::new(guild(members, 10, 50));
        (1..=SESSIONS).for_each(|user| stage.enter(UserId(user), Intents::ALL));
        group.bench_function(BenchmarkId::new("members", members), |b| {
            let run = |mut stage: Stage| {
                let before = stage.dispatches();
                stage.form();
                assert_eq!(stage.dispatches() - before, SESSIONS);
                stage
            };
            b.iter_batched(|| stage.clone(), run, BatchSize::LargeInput);
        });
    }
    group.finish();
}

criterion_group!(benches, snapshot);
criterion_main!(benches);
