//! In-memory fan-out of the runtime, compared with simple designs on tokio alone: one guild with
//! 10,000 or 100,000 sessions in one process. Each session checks the sequence numbers it receives.
//!
//! One iteration is a burst of messages; it ends when every session has received the last one.
//! Elements are deliveries. The runtime's messages are requests: it orders them, stores them in an
//! in-memory journal and renders them by permission. The other designs only share a payload.
#![allow(missing_docs, reason = "criterion's macros make public items")]
#![allow(clippy::disallowed_methods, reason = "a worker of the runtime is a thread")]

#[path = "in_memory/house.rs"]
mod house;
#[path = "in_memory/peers.rs"]
mod peers;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use house::House;

/// The number of sessions, and the number of messages in a burst.
const SIZES: [(u32, u32); 2] = [(10_000, 200), (100_000, 20)];

fn in_memory(c: &mut Criterion) {
    let mut group = c.benchmark_group("in_memory");
    group.sample_size(10);
    for (sessions, burst) in SIZES {
        // One message to an idle system measures the latency until the last session has it.
        let mut bench = |name: &str, workers: u16, publish: &dyn Fn(u32)| {
            for (count, what) in [(burst, "a burst"), (1, "one message")] {
                group.throughput(Throughput::Elements(u64::from(sessions) * u64::from(count)));
                let name = format!("{name}/{workers} workers/{what}");
                group.bench_function(BenchmarkId::new(name, sessions), |b| {
                    b.iter(|| publish(count));
                });
            }
        };
        for workers in [1, 2] {
            let house = House::open(sessions, workers);
            bench("guildhall", workers, &|count| house.publish(count));
        }
        for workers in [1, 2] {
            let crowd = peers::channels(sessions, workers.into());
            bench("task and mpsc a session", workers, &|count| crowd.publish(count));
            let crowd = peers::broadcast(sessions, workers.into(), burst);
            bench("broadcast", workers, &|count| crowd.publish(count));
        }
    }
    group.finish();
}

criterion_group!(benches, in_memory);
criterion_main!(benches);
