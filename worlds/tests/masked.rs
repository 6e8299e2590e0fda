//! Planted bugs under madsim: which of those that the fast world finds also show through the real
//! shell.
//!
//! A bug that does not show is masked: it needs an ordering or a burst that the shell or the
//! simulated network does not produce. The test prints in how many seeds each bug was reached. The
//! masked bugs are listed by name, and a change of the list is a finding. The test exists only with
//! the feature `mutants`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![cfg(all(feature = "mutants", madsim))]

#[path = "../../scenarios/tests/mutants/table.rs"]
mod table;

use std::sync::Arc;

use guildhall_check::violation::Clause;
use guildhall_core::mutant::Mutant;
use guildhall_plan::script::Settings;
use guildhall_plan::seed::Seed;
use guildhall_worlds::play::Options;
use guildhall_worlds::simulated;
use rayon::prelude::*;
use table::TABLE;

/// Seeds after which a bug counts as masked.
const SEEDS: u64 = 200;

/// Seeds that run in parallel.
const TOGETHER: u64 = 8;

/// The step limit of a run.
const MOST_STEPS: u64 = 200_000;

/// The bugs that the shell masks.
const MASKED: &[&str] = &[];

/// The scenarios in which refusing everything must be red at once.
const REFUSED: [&str; 4] = ["two-members", "lost-connection", "rolling-restart", "random-plan"];

/// How often a bug was reached with one seed, and the clause that it violates first.
fn try_seed(mutant: Mutant, scenario: &str, seed: u64) -> (u64, Option<Clause>) {
    let options = Options { mutant: Some(mutant), max_steps: MOST_STEPS };
    let scenario = guildhall_scenarios::by_name(scenario).unwrap();
    let plan = scenario.plan(Seed::new(seed).unwrap(), &Settings::default()).unwrap();
    let outcome = simulated::run(&Arc::new(plan), options).unwrap();
    (outcome.hits, outcome.violations.first().map(|first| first.clause))
}

#[test]
fn bugs_that_the_fast_world_finds_show_through_the_shell() {
    let mut masked = Vec::new();
    for &(mutant, clause, scenario) in TABLE {
        let (mut tried, mut reached, mut found) = (0, 0, None);
        while found.is_none() && tried < SEEDS {
            let together: Vec<_> = (tried..tried + TOGETHER)
                .into_par_iter()
                .map(|seed| (seed, try_seed(mutant, scenario, seed)))
                .collect();
            reached += together.iter().filter(|(_, (hits, _))| *hits > 0).count();
            let broken =
                together.iter().filter_map(|(seed, (_, violated))| Some((*seed, (*violated)?)));
            found = broken.min();
            tried += TOGETHER;
        }
        let word = mutant.word();
        print!("reached in {reached:>3} of {tried:>3}  ");
        match found {
            Some((seed, violated)) => {
                println!("{word:<24} {scenario:<22} {violated} at {seed} (fast: {clause})")
            }
            None => {
                println!("{word:<24} {scenario:<22} masked (fast: {clause})");
                masked.push(word);
            }
        }
    }
    masked.dedup();
    assert_eq!(masked, MASKED, "the list of masked bugs has changed");
}

/// A world that refuses everything serves no client (D10, L9).
#[test]
fn a_world_that_refuses_everything_is_red_at_seed_0() {
    let green: Vec<_> = REFUSED
        .par_iter()
        .filter(|name| try_seed(Mutant::AllRefused, name, 0).1.is_none())
        .collect();
    assert!(green.is_empty(), "held: {green:?}");
}
