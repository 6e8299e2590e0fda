//! Every scenario holds under many seeds, and its runs are deterministic.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "one test compares numbers of threads")]

mod pasted;

use guildhall_explain::failure::assert_held;
use guildhall_plan::digest::Fingerprint;
use guildhall_plan::met::MetParts;
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
    jobs.iter().map(|&(at, seed)| outcome(&ALL[at], seed).digest).collect()
}

#[test]
fn every_scenario_holds_under_its_first_seeds() {
    for scenario in ALL {
        (0..60_u64).into_par_iter().for_each(|seed| {
            let seed = Seed::new(seed).unwrap();
            let plan = scenario.plan(seed, &Settings::default()).unwrap();
            let lines = lines(&token(scenario, seed));
            assert_held(&Fast::new(), scenario.name, &plan, Options::default(), &lines).unwrap();
        });
    }
}

/// A run that settles shows that its clients speak and type, or why they do not (L9).
#[test]
fn clients_speak_and_type_in_a_settled_world_or_the_run_says_why_not() {
    let jobs: Vec<_> = (0..ALL.len()).flat_map(|at| (0..20).map(move |seed| (at, seed))).collect();
    let wrong = jobs.par_iter().filter_map(|&(at, seed)| {
        let marks = outcome(&ALL[at], seed).marks;
        let shows =
            |all: &[&str]| marks.keys().any(|mark| all.iter().any(|it| mark.starts_with(it)));
        let speaks = shows(&["no probe: ", "probe done in a settled world"]);
        let types = shows(&["no probe", "probe of typing"]);
        let is_full = shows(&["no probe: a table of nonces may be full"]);
        (!speaks || !types || is_full).then(|| (ALL[at].name, seed))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), []);
}

/// `guildhall run` says which parts of a plan did not happen; in some scenarios a part of the plan stands
/// for many clients.
#[test]
fn most_parts_of_every_scenario_happen() {
    let few: Vec<_> = ALL
        .par_iter()
        .filter(|scenario| {
            let (mut parts, mut unmet) = (0, 0);
            for seed in 0..8 {
                let seed = Seed::new(seed).unwrap();
                let plan = scenario.plan(seed, &Settings::default()).unwrap();
                let mut met = MetParts::new(&plan).unwrap();
                run(&plan, Options::default(), &mut met).unwrap();
                parts += plan.faults.len() + plan.actions.len();
                unmet += met.unmet(&plan).len();
            }
            2 * unmet > parts
        })
        .map(|scenario| scenario.name)
        .collect();
    assert!(few.is_empty(), "fewer than half of the parts happen: {few:?}");
}

#[test]
fn a_thousand_seeds_give_a_thousand_plans() {
    for scenario in ALL {
        let mut plans: Vec<String> = (0..1_000)
            .map(|seed| {
                let seed = Seed::new(seed).unwrap();
                let mut plan = scenario.plan(seed, &Settings::default()).unwrap();
                // The seed is part of the plan; two plans must differ in more than that.
                plan.seed = Seed::default();
                plan.to_toml()
            })
            .collect();
        plans.sort_unstable();
        plans.dedup();
        assert_eq!(plans.len(), 1_000, "{}: some seeds give the same plan", scenario.name);
    }
}

#[test]
fn two_runs_of_one_plan_have_one_digest() {
    let jobs: Vec<_> =
        (0..ALL.len()).flat_map(|at| (100..104).map(move |seed| (at, seed))).collect();
    assert_eq!(digests(&jobs), digests(&jobs));
}

#[test]
fn neither_the_order_nor_the_number_of_threads_changes_a_digest() {
    let jobs: Vec<_> =
        (0..ALL.len()).flat_map(|at| (200..204).map(move |seed| (at, seed))).collect();
    let alone = digests(&jobs);
    let mut shuffled: Vec<usize> = (0..jobs.len()).collect();
    shuffled.sort_by_key(|&at| (at * 7_919) % 101);
    for &at in &shuffled {
        assert_eq!(digests(&jobs[at..=at])[0], alone[at], "run in another order: {:?}", jobs[at]);
    }
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let together: Vec<_> = pool.install(|| {
            jobs.par_iter().map(|&(at, seed)| outcome(&ALL[at], seed).digest).collect()
        });
        assert_eq!(together, alone, "{threads} threads");
    }
}

#[test]
fn names_fit_into_a_run_token() {
    for scenario in ALL {
        let is_plain = scenario.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(is_plain && !scenario.name.contains("-0x"), "{}", scenario.name);
        assert!(scenario.summary().ends_with('.'), "{} has no plot", scenario.name);
    }
}

#[test]
fn every_scenario_expects_something_and_the_same_for_every_seed() {
    for scenario in ALL {
        let of = |seed| scenario.expectations(Seed::new(seed).unwrap());
        assert!(!of(0).is_empty(), "{} expects nothing", scenario.name);
        assert!((1..50).all(|seed| of(seed) == of(0)), "{} depends on its seed", scenario.name);
    }
}
