//! Runs every scenario in the real shell: all under madsim, some on real sockets.

#![cfg(madsim)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "plays/corners.rs"]
mod corners;
#[path = "plays/corpus.rs"]
mod corpus;
#[path = "plays/inputs.rs"]
mod inputs;
#[path = "plays/parity.rs"]
mod parity;
#[path = "plays/real.rs"]
mod real;
#[path = "plays/scenarios.rs"]
mod scenarios;

use std::sync::Arc;

use guildhall_plan::plan::Plan;
use guildhall_plan::run::Verdict;
use guildhall_plan::script::Settings;
use guildhall_plan::seed::Seed;
use guildhall_worlds::outcome::Outcome;
use guildhall_worlds::play::Options;
use guildhall_worlds::simulated;

/// The plan that a scenario draws from a seed.
fn plan(scenario: &str, seed: u64) -> Plan {
    let scenario = guildhall_scenarios::by_name(scenario).unwrap();
    scenario.plan(Seed::new(seed).unwrap(), &Settings::default()).unwrap()
}

/// The same plan without faults.
fn calm(scenario: &str, seed: u64) -> Plan {
    Plan { faults: Vec::new(), ..plan(scenario, seed) }
}

fn simulate(plan: &Plan) -> Outcome {
    simulated::run(&Arc::new(plan.clone()), Options::default()).unwrap()
}

#[track_caller]
fn holds(what: &str, outcome: &Outcome) {
    let first = outcome.violations.first();
    assert_eq!(outcome.verdict, Verdict::Held, "{what}: {first:#?}");
}
