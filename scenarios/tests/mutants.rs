//! Planted bugs: each must be reached, and must turn its clause red within 200 seeds.
//!
//! These tests exist only in a build with the feature `mutants`, which `.ci/run` makes in a target
//! folder of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![cfg(feature = "mutants")]

use guildhall_check::violation::Clause;
use guildhall_core::mutant::Mutant;
use guildhall_scenarios::ALL;
use guildhall_sim::run::{Options, run};
use guildhall_sim::script::Settings;
use guildhall_sim::seed::Seed;
use rayon::prelude::*;

/// Each planted bug and the clause that it breaks.
const TABLE: &[(Mutant, Clause)] = &[
    (Mutant::LateCloseDetaches, Clause::L2),
    (Mutant::ReplayFromSeq, Clause::D4),
    (Mutant::HeartbeatNotRearmed, Clause::L1),
];

/// Seeds that a sweep may need until a planted bug is found.
const SEEDS: u64 = 200;

#[test]
fn every_planted_bug_is_in_the_table() {
    let planted: Vec<_> = TABLE.iter().map(|&(mutant, _)| mutant).collect();
    assert_eq!(planted, Mutant::ALL);
}

#[test]
fn every_planted_bug_is_reached_and_turns_its_clause_red() {
    let mut missed = Vec::new();
    for &(mutant, clause) in TABLE {
        let options = Options { mutant: Some(mutant), ..Options::default() };
        let found: Vec<(u64, Vec<Clause>)> = (0..SEEDS)
            .into_par_iter()
            .map(|seed| {
                let mut hits = 0;
                let mut first = Vec::new();
                for scenario in ALL {
                    let plan = scenario.plan(Seed::new(seed).unwrap(), &Settings::default());
                    let outcome = run(&plan.unwrap(), options, &mut ()).unwrap();
                    hits += outcome.hits;
                    first.extend(outcome.violations.first().map(|first| first.clause));
                }
                (hits, first)
            })
            .collect();
        let reached = found.iter().filter(|(hits, _)| *hits > 0).count();
        let red = found.iter().position(|(_, first)| first.contains(&clause));
        println!(
            "{:<24} {clause}  reached in {reached} of {SEEDS} seeds, red at {red:?}",
            mutant.word()
        );
        if reached == 0 || red.is_none() {
            missed.push(mutant.word());
        }
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
}

#[test]
fn without_a_planted_bug_this_build_holds() {
    for scenario in ALL {
        let plan = scenario.plan(Seed::new(0).unwrap(), &Settings::default()).unwrap();
        let outcome = run(&plan, Options::default(), &mut ()).unwrap();
        assert_eq!((outcome.violations.len(), outcome.hits), (0, 0), "{}", scenario.name);
    }
}
