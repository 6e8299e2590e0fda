//! Verified deliveries of the whole simulation: one guild with 1,000 to 100,000 sessions.
//!
//! Each dispatch is ordered, checked by all checkers and added to the digest. The run includes the
//! start of the sessions, so it sends enough messages to outweigh it. Elements are deliveries.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use guildhall_plan::run::Options;
use guildhall_plan::script::Settings;
use guildhall_plan::seed::Seed;
use guildhall_scenarios::by_name;
use guildhall_sim::run::run;

fn fan_out(c: &mut Criterion) {
    let mut group = c.benchmark_group("fan_out");
    group.sample_size(10);
    for (sessions, messages) in [(1_000, 4_000), (10_000, 1_000), (100_000, 100)] {
        let settings = [
            format!("sessions={sessions}"),
            format!("messages={messages}"),
            "period_ms=5".to_owned(),
        ];
        let settings = Settings::parse(settings).expect("settings");
        let scenario = by_name("busy-guild").expect("the scenario exists");
        let plan = scenario.plan(Seed::new(1).expect("a seed"), &settings).expect("a plan");
        let deliveries = run(&plan, Options::default(), &mut ()).expect("a run").deliveries;
        group.throughput(Throughput::Elements(deliveries));
        group.bench_with_input(BenchmarkId::from_parameter(sessions), &plan, |b, plan| {
            b.iter(|| run(plan, Options::default(), &mut ()).expect("a run").digest);
        });
    }
    group.finish();
}

criterion_group!(benches, fan_out);
criterion_main!(benches);
