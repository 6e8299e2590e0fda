//! Where nothing goes wrong, all worlds tell everybody the same; and so they do where connections break
//! and are made again.

use guildhall_core::limits::Limits;
use guildhall_core::time::Instant;
use guildhall_plan::fault::Family;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Verdict};
use guildhall_sim::run::run;
use guildhall_worlds::parity::{Takings, Told};
use rayon::prelude::*;

use crate::{calm, holds, plan, simulate};

/// Stories in which nobody says or changes anything while somebody is still on the way in.
const STORIES: [&str; 6] = [
    "two-members",
    "busy-guild",
    "lost-connection",
    "half-open",
    "slow-journal",
    "done-then-crash",
];

/// Runs a plan in both worlds, and compares what everybody was told. Says how often a session was
/// resumed under madsim.
fn both_tell_the_same(name: &str, seed: u64, plan: &Plan) -> u64 {
    let mut takings = Takings::default();
    let fast = run(plan, Options::default(), &mut takings).unwrap();
    assert_eq!(fast.verdict, Verdict::Held, "{name} {seed}: {:?}", fast.violations.first());
    let simulated = simulate(plan);
    holds(&format!("{name} {seed}"), &simulated);
    let told: Vec<_> = takings.all().iter().map(Told::of).collect();
    let here: Vec<_> = simulated.taken.iter().map(Told::of).collect();
    assert_eq!(told.len(), here.len(), "{name} {seed}");
    assert!(told.iter().any(|it| !it.messages.is_empty()), "{name} {seed}: nobody said a word");
    for (client, (there, here)) in told.iter().zip(&here).enumerate() {
        assert_eq!(there, here, "{name} {seed}: client {client} was told something else");
    }
    simulated.marks.get("resume accepted").copied().unwrap_or(0)
}

#[test]
fn fast_and_madsim_tell_the_same() {
    let runs: Vec<_> = STORIES.iter().flat_map(|name| (0..4).map(move |it| (*name, it))).collect();
    runs.par_iter().for_each(|&(name, seed)| {
        both_tell_the_same(name, seed, &calm(name, seed));
    });
}

/// Stories in which connections break after everybody has come in.
const BROKEN: [&str; 3] = ["lost-connection", "half-open", "second-drop"];

/// A plan in which connections break and nothing else: nobody loses a session for that.
fn healed(name: &str, seed: u64) -> Plan {
    let mut plan = plan(name, seed);
    plan.limits = Limits::default();
    let all_are_in = Instant::micros(1_000_000);
    plan.faults.retain(|part| part.fault.family() == Family::Link && part.at >= all_are_in);
    plan
}

#[test]
fn fast_and_madsim_tell_the_same_when_what_broke_has_healed() {
    let runs: Vec<_> = BROKEN.iter().flat_map(|name| (0..8).map(move |it| (*name, it))).collect();
    let resumed = runs.par_iter().map(|&(name, seed)| {
        let plan = healed(name, seed);
        assert!(!plan.faults.is_empty(), "{name} {seed}: nothing breaks");
        both_tell_the_same(name, seed, &plan)
    });
    assert!(resumed.sum::<u64>() > 24, "connections break, and sessions are resumed");
}
