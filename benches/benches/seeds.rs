//! Seeds per second of small scenarios: the speed of a sweep on one core.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use guildhall_plan::run::Options;
use guildhall_plan::script::Settings;
use guildhall_plan::seed::Seed;
use guildhall_scenarios::by_name;
use guildhall_sim::run::run;

fn seeds(c: &mut Criterion) {
    let mut group = c.benchmark_group("seeds");
    for name in ["two-members", "lost-connection", "reconnect-storm"] {
        let scenario = by_name(name).expect("the scenario exists");
        group.throughput(Throughput::Elements(1));
        let mut seed = 0;
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| {
                seed += 1;
                let seed = Seed::new(seed).expect("a seed");
                let plan = scenario.plan(seed, &Settings::default()).expect("a plan");
                run(&plan, Options::default(), &mut ()).expect("a run").digest
            });
        });
    }
    group.finish();
}

criterion_group!(benches, seeds);
criterion_main!(benches);
