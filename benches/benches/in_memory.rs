//! In-memory fan-out of the shell beside what one would build with tokio alone, in one run: a guild of
//! 10,000 and 100,000 sessions in one process, each of which checks the number of what it is told.
//!
//! One iteration is a burst of messages, from the first to the last session that has the last one.
//! Elements are deliveries. The shell's messages are acts: ordered, kept in a journal in memory,
//! rendered by permission. What the others do is no more than to hand over a shared payload.
#![allow(missing_docs, reason = "criterion's macros make public items")]
#![allow(clippy::disallowed_methods, reason = "a worker of the shell is a thread")]

#[path = "in_memory/house.rs"]
mod house;
#[path = "in_memory/peers.rs"]
mod peers;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use house::House;

/// How many messages a burst has, for so many sessions.
const SIZES: [(u32, u32); 2] = [(10_000, 200), (100_000, 20)];

fn in_memory(c: &mut Criterion) {
    let mut group = c.benchmark_group("in_memory");
    group.sample_size(10);
    for (sessions, burst) in SIZES {
        group.throughput(Throughput::Elements(u64::from(sessions) * u64::from(burst)));
        for workers in [1, 2] {
            let house = House::open(sessions, workers);
            let name = format!("guildhall/{workers} workers");
            group.bench_function(BenchmarkId::new(name, sessions), |b| {
                b.iter(|| house.publish(burst));
            });
        }
        for workers in [1, 2] {
            let crowd = peers::channels(sessions, workers);
            let name = format!("task and mpsc a session/{workers} workers");
            group.bench_function(BenchmarkId::new(name, sessions), |b| {
                b.iter(|| crowd.publish(burst));
            });
            let crowd = peers::broadcast(sessions, workers, burst);
            let name = format!("broadcast/{workers} workers");
            group.bench_function(BenchmarkId::new(name, sessions), |b| {
                b.iter(|| crowd.publish(burst));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, in_memory);
criterion_main!(benches);
