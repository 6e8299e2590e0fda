//! Every story holds under many seeds, and is the same story whenever and wherever it is told.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "one of these tests is about threads")]

mod pasted;

use guildhall_explain::failure::assert_held;
use guildhall_plan::digest::Fingerprint;
use guildhall_plan::run::{Options, Outcome};
use guildhall_plan::script::{Scenario, Settings};
use guildhall_plan::seed::Seed;
use guildhall_scenarios::ALL;
use guildhall_sim::run::{Fast, run};
use pasted::{lines, token};
use rayon::prelude::*;

fn outcome(scenario: &Scenario, seed: u64) -> Outcome {
    let seed = Seed::new(seed).unwrap();
    let plan = scenario.plan(seed, &Settings::default()).unwrap();
    run(&plan, Options::default(), &mut ()).unwrap()
}

fn digests(jobs: &[(usize, u64)]) -> Vec<Fingerprint> {
    jobs.iter().map(|&(story, seed)| outcome(&ALL[story], seed).digest).collect()
}

#[test]
fn every_story_holds_under_its_first_seeds() {
    for scenario in ALL {
        (0..60_u64).into_par_iter().for_each(|seed| {
            let seed = Seed::new(seed).unwrap();
            let plan = scenario.plan(seed, &Settings::default()).unwrap();
            let lines = lines(&token(scenario, seed));
            assert_held(&Fast::new(), scenario.name, &plan, Options::default(), &lines).unwrap();
        });
    }
}

#[test]
fn a_thousand_seeds_are_a_thousand_different_runs() {
    for scenario in ALL {
        let mut plans: Vec<String> = (0..1_000)
            .map(|seed| {
                let seed = Seed::new(seed).unwrap();
                let mut plan = scenario.plan(seed, &Settings::default()).unwrap();
                // The seed itself is part of a plan; two runs must differ in more than that.
                plan.seed = Seed::default();
                plan.to_toml()
            })
            .collect();
        plans.sort_unstable();
        plans.dedup();
        assert_eq!(plans.len(), 1_000, "{}: some seeds tell the same story", scenario.name);
    }
}

#[test]
fn a_story_told_twice_has_one_digest() {
    let jobs: Vec<_> =
        (0..ALL.len()).flat_map(|story| (100..104).map(move |n| (story, n))).collect();
    assert_eq!(digests(&jobs), digests(&jobs));
}

#[test]
fn neither_the_order_nor_the_number_of_threads_changes_a_digest() {
    let jobs: Vec<_> =
        (0..ALL.len()).flat_map(|story| (200..204).map(move |n| (story, n))).collect();
    let alone = digests(&jobs);
    let mut shuffled: Vec<usize> = (0..jobs.len()).collect();
    shuffled.sort_by_key(|&at| (at * 7_919) % 101);
    for &at in &shuffled {
        assert_eq!(digests(&jobs[at..=at])[0], alone[at], "told in another order: {:?}", jobs[at]);
    }
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let together: Vec<_> = pool.install(|| {
            jobs.par_iter().map(|&(story, seed)| outcome(&ALL[story], seed).digest).collect()
        });
        assert_eq!(together, alone, "{threads} threads");
    }
}

#[test]
fn names_are_words_that_a_run_token_can_carry() {
    for scenario in ALL {
        let word = scenario.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(word && !scenario.name.contains("-0x"), "{}", scenario.name);
        assert!(scenario.summary().ends_with('.'), "{} has no plot", scenario.name);
    }
}
