//! Under madsim every scenario holds, and a seed determines the run.

use std::collections::BTreeSet;

use guildhall_plan::script::Settings;
use guildhall_plan::seed::Seed;
use rayon::prelude::*;

use crate::{holds, plan, simulate};

/// Seeds of each scenario. A sweep of the program covers far more.
const SEEDS: u64 = 4;

#[test]
fn every_scenario_holds() {
    let all = guildhall_scenarios::ALL.iter().map(|scenario| scenario.name);
    let runs: Vec<_> = all.flat_map(|name| (0..SEEDS).map(move |seed| (name, seed))).collect();
    runs.par_iter().for_each(|&(name, seed)| {
        let outcome = simulate(&plan(name, seed));
        holds(&format!("{name} {seed}"), &outcome);
        assert!(outcome.deliveries > 0, "{name} {seed}: no client received anything");
        assert!(outcome.shells > 0, "{name} {seed}: no shell was counted");
    });
}

/// Most scenarios have a few clients. Here forty more are in every guild.
#[test]
fn every_scenario_holds_in_a_crowd() {
    let settings = Settings::parse(["crowd=40"]).unwrap();
    guildhall_scenarios::ALL.par_iter().for_each(|scenario| {
        let plan = scenario.plan(Seed::new(7).unwrap(), &settings).unwrap();
        assert!(plan.sessions() >= 40, "{}", scenario.name);
        holds(scenario.name, &simulate(&plan));
    });
}

#[test]
fn the_same_seed_gives_the_same_steps() {
    let mut digests = BTreeSet::new();
    for name in ["lost-connection", "stale-owner", "hostile-client", "rolling-restart"] {
        for seed in 0..3 {
            let plan = plan(name, seed);
            let (one, two) = rayon::join(|| simulate(&plan), || simulate(&plan));
            assert_eq!(one.digest, two.digest, "{name} {seed}: two runs differ");
            assert_eq!((one.steps, one.deliveries), (two.steps, two.deliveries));
            assert!(digests.insert(one.digest), "{name} {seed}: another run has the same digest");
        }
    }
}

/// The shell does reach the situations that the faults aim at.
#[test]
fn scenarios_reach_their_point() {
    let mut reached = BTreeSet::new();
    for name in ["half-open", "hostile-client", "done-then-crash", "slow-consumer", "false-alarm"] {
        for seed in 0..6 {
            let outcome = simulate(&plan(name, seed));
            reached.extend(outcome.marks.into_iter().filter(|it| it.1 > 0).map(|it| it.0));
        }
    }
    for mark in ["resume with a non-empty replay", "superseded connection", "node crashed"] {
        assert!(reached.contains(mark), "{mark} is not among {reached:?}");
    }
}
