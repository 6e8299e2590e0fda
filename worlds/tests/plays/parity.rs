//! Clients receive the same in all worlds if nothing goes wrong, and also if connections break and
//! are restored.

use guildhall_core::limits::Limits;
use guildhall_core::time::Instant;
use guildhall_plan::fault::Family;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Verdict};
use guildhall_sim::run::run;
use guildhall_worlds::parity::{ClientView, DeliveryRecorder};
use rayon::prelude::*;

use crate::{calm, holds, plan, simulate};

/// Scenarios in which nothing is posted or changed while a client is still connecting.
const SCENARIOS: [&str; 6] = [
    "two-members",
    "busy-guild",
    "lost-connection",
    "half-open",
    "slow-journal",
    "done-then-crash",
];

/// Runs a plan in both worlds and compares what the clients received. Returns how often a session
/// was resumed under madsim.
fn assert_same_views(name: &str, seed: u64, plan: &Plan) -> u64 {
    let mut recorder = DeliveryRecorder::default();
    let fast = run(plan, Options::default(), &mut recorder).unwrap();
    assert_eq!(fast.verdict, Verdict::Held, "{name} {seed}: {:?}", fast.violations.first());
    let simulated = simulate(plan);
    holds(&format!("{name} {seed}"), &simulated);
    let expected: Vec<_> = recorder.all().iter().map(ClientView::of).collect();
    let actual: Vec<_> = simulated.taken.iter().map(ClientView::of).collect();
    assert_eq!(expected.len(), actual.len(), "{name} {seed}");
    assert!(
        expected.iter().any(|it| !it.messages.is_empty()),
        "{name} {seed}: no message was received"
    );
    for (client, (expected, actual)) in expected.iter().zip(&actual).enumerate() {
        assert_eq!(expected, actual, "{name} {seed}: client {client} received something else");
    }
    simulated.marks.get("resume accepted").copied().unwrap_or(0)
}

#[test]
fn clients_receive_the_same_in_both_worlds() {
    let runs: Vec<_> =
        SCENARIOS.iter().flat_map(|name| (0..4).map(move |it| (*name, it))).collect();
    runs.par_iter().for_each(|&(name, seed)| {
        let mut plan = calm(name, seed);
        // With a tiny ring it depends on the latency whether a relay has a gap, and what it hides.
        plan.limits.catch_up_bytes = Limits::default().catch_up_bytes;
        assert_same_views(name, seed, &plan);
    });
}

/// Scenarios in which connections break after all clients have connected.
const BROKEN: [&str; 3] = ["lost-connection", "half-open", "second-drop"];

/// A plan with link faults only: no client loses its session.
fn healed(name: &str, seed: u64) -> Plan {
    let mut plan = plan(name, seed);
    plan.limits = Limits::default();
    let all_are_in = Instant::micros(1_000_000);
    plan.faults.retain(|part| part.fault.family() == Family::Link && part.at >= all_are_in);
    plan
}

#[test]
fn clients_receive_the_same_in_both_worlds_after_link_faults() {
    let runs: Vec<_> = BROKEN.iter().flat_map(|name| (0..8).map(move |it| (*name, it))).collect();
    let resumed = runs.par_iter().map(|&(name, seed)| {
        let plan = healed(name, seed);
        assert!(!plan.faults.is_empty(), "{name} {seed}: the plan has no link fault");
        assert_same_views(name, seed, &plan)
    });
    assert!(resumed.sum::<u64>() > 24, "some sessions are resumed");
}
