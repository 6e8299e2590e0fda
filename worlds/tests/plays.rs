//! Every story, acted out by the real shell: under madsim, and some of them on real sockets.

#![cfg(madsim)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "plays/corpus.rs"]
mod corpus;
#[path = "plays/parity.rs"]
mod parity;
#[path = "plays/real.rs"]
mod real;
#[path = "plays/stories.rs"]
mod stories;

use std::sync::Arc;

use guildhall_plan::plan::Plan;
use guildhall_plan::run::Verdict;
use guildhall_plan::script::Settings;
use guildhall_plan::seed::Seed;
use guildhall_worlds::outcome::Outcome;
use guildhall_worlds::play::Options;
use guildhall_worlds::simulated;

/// What a story draws from a seed.
fn plan(story: &str, seed: u64) -> Plan {
    let story = guildhall_scenarios::by_name(story).unwrap();
    story.plan(Seed::new(seed).unwrap(), &Settings::default()).unwrap()
}

/// A plan in which nothing goes wrong.
fn calm(story: &str, seed: u64) -> Plan {
    Plan { faults: Vec::new(), ..plan(story, seed) }
}

fn simulate(plan: &Plan) -> Outcome {
    simulated::run(&Arc::new(plan.clone()), Options::default()).unwrap()
}

#[track_caller]
fn holds(what: &str, outcome: &Outcome) {
    let first = outcome.violations.first();
    assert_eq!(outcome.verdict, Verdict::Held, "{what}: {first:#?}");
}
