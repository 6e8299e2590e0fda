//! Planted bugs under madsim: which of those that the fast world finds show through the real shell.
//!
//! A bug that does not is masked by the shell: it needs an order of things, or a burst, that the shell
//! does not let happen or that these links do not bring about. In how many seeds it was reached is told. Those are known by name; one more, or
//! one fewer, is a finding. The tests exist only in a build with the feature `mutants`.

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

/// Seeds that are tried together.
const TOGETHER: u64 = 8;

/// Steps after which a bug has kept a world busy for long enough.
const MOST_STEPS: u64 = 200_000;

/// The bugs that the shell masks.
const MASKED: &[&str] = &["stale-snapshot", "create-below-epoch"];

/// How often a bug was reached under one seed, and the clause that it breaks first.
fn try_seed(mutant: Mutant, story: &str, seed: u64) -> (u64, Option<Clause>) {
    let options = Options { mutant: Some(mutant), max_steps: MOST_STEPS };
    let story = guildhall_scenarios::by_name(story).unwrap();
    let plan = story.plan(Seed::new(seed).unwrap(), &Settings::default()).unwrap();
    let outcome = simulated::run(&Arc::new(plan), options).unwrap();
    (outcome.hits, outcome.violations.first().map(|first| first.clause))
}

#[test]
fn what_the_fast_world_finds_shows_through_the_shell() {
    let mut masked = Vec::new();
    for &(mutant, clause, story) in TABLE {
        let (mut tried, mut reached, mut found) = (0, 0, None);
        while found.is_none() && tried < SEEDS {
            let together: Vec<_> = (tried..tried + TOGETHER)
                .into_par_iter()
                .map(|seed| (seed, try_seed(mutant, story, seed)))
                .collect();
            reached += together.iter().filter(|(_, (hits, _))| *hits > 0).count();
            let broken = together.iter().filter_map(|(seed, (_, red))| Some((*seed, (*red)?)));
            found = broken.min();
            tried += TOGETHER;
        }
        let word = mutant.word();
        print!("reached in {reached:>3} of {tried:>3}  ");
        match found {
            Some((seed, red)) => {
                println!("{word:<24} {story:<22} {red} at {seed} (fast: {clause})")
            }
            None => {
                println!("{word:<24} {story:<22} masked (fast: {clause})");
                masked.push(word);
            }
        }
    }
    masked.dedup();
    assert_eq!(masked, MASKED, "the bugs that the shell masks have changed");
}
