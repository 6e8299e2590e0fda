//! Laws of shrinking and blame, tested on runs with a planted bug.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![cfg(feature = "mutants")]

use std::ops::ControlFlow;

use guildhall_core::mutant::Mutant;
use guildhall_explain::blame::{Without, blame};
use guildhall_explain::explain::explain;
use guildhall_explain::parallel::{Alone, Parallel};
use guildhall_explain::shrink::{Budget, Same, Shrunk, shrink};
use guildhall_plan::plan::Plan;
use guildhall_plan::run::Options;
use guildhall_plan::script::Settings;
use guildhall_plan::seed::Seed;
use guildhall_scenarios::by_name;
use guildhall_sim::run::{Fast, run};

/// Claims this many threads, and works in reverse order.
struct Wide(usize);

impl Parallel for Wide {
    fn width(&self) -> usize {
        self.0
    }

    fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
        // Nothing may rely on the order.
        let mut done: Vec<_> = (0..count).rev().map(work).collect();
        done.reverse();
        done
    }
}

/// The run of the lowest seed that finds a planted bug.
fn failing(mutant: Mutant, scenario: &str) -> (Plan, Options, Same) {
    let options = Options { mutant: Some(mutant), ..Options::default() };
    let found = (0..500).find_map(|seed| {
        let plan = by_name(scenario).unwrap().plan(Seed::new(seed).unwrap(), &Settings::default());
        let outcome = run(plan.as_ref().unwrap(), options, &mut ()).unwrap();
        outcome.violations.first().map(|first| (plan.unwrap(), options, Same::of(first)))
    });
    found.unwrap()
}

fn shrunk(failing: &(Plan, Options, Same), budget: Budget, parallel: &impl Parallel) -> Shrunk {
    let (plan, options, same) = failing;
    let keep_going = &mut |_| ControlFlow::Continue(());
    shrink(&Fast, plan, *options, same, budget, parallel, keep_going).unwrap()
}

const BUGS: [(Mutant, &str); 4] = [
    (Mutant::LateCloseDetaches, "half-open"),
    (Mutant::PrevIgnored, "crash-before-fan-out"),
    (Mutant::StagedTold, "stale-owner"),
    (Mutant::RelayNeverAsks, "far-behind"),
];

#[test]
fn the_number_of_threads_changes_neither_the_result_nor_its_cost() {
    for (mutant, scenario) in BUGS {
        let failing = failing(mutant, scenario);
        let alone = shrunk(&failing, Budget::default(), &Alone);
        for width in [2, 5, 16] {
            assert_eq!(shrunk(&failing, Budget::default(), &Wide(width)), alone, "{width}");
        }
    }
}

#[test]
fn a_shrunk_run_needs_each_of_its_faults_and_acts() {
    for (mutant, scenario) in BUGS {
        let failing = failing(mutant, scenario);
        let small = shrunk(&failing, Budget::default(), &Alone);
        let (_, options, same) = failing;
        assert!(small.complete && Same::of(&small.violation) == same, "{mutant:?}");
        let verdicts = blame(&Fast, &small.plan, options, &same, &Alone);
        assert!(verdicts.iter().all(|(_, without)| *without != Without::Same), "{verdicts:?}");
    }
}

#[test]
fn an_exhausted_budget_keeps_the_best_run_so_far() {
    let failing = failing(Mutant::StagedTold, "stale-owner");
    let whole = shrunk(&failing, Budget::default(), &Alone);
    let part = shrunk(&failing, Budget { runs: 10, ..Budget::default() }, &Alone);
    assert!(!part.complete && part.runs <= 10);
    assert_eq!(Same::of(&part.violation), failing.2);
    let size = |shrunk: &Shrunk| shrunk.to.faults + shrunk.to.acts + shrunk.to.clients;
    assert!(size(&whole) < size(&part) && size(&part) <= part.from.faults + part.from.acts + 9);
}

#[test]
fn the_chain_shows_each_fault_that_is_blamed() {
    for (mutant, scenario) in BUGS {
        let failing = failing(mutant, scenario);
        let small = shrunk(&failing, Budget::default(), &Alone);
        let explained = explain(&Fast, &small.plan, failing.1, &Alone).unwrap().unwrap();
        assert!(!explained.blame.needed.is_empty(), "{mutant:?}: no fault and no act is blamed");
        let is_shown = |fault: &str| {
            let fault = format!("FAULT {fault}");
            explained.chain.links.iter().any(|link| link.what == fault)
        };
        for part in &small.plan.faults {
            let name = part.fault.to_string();
            let needed = explained.blame.needed.iter().any(|named| named.starts_with(&name));
            assert!(!needed || is_shown(&name), "{mutant:?}: {name} is not in the chain");
        }
        assert!(explained.chain.links.is_sorted_by_key(|link| link.step));
        assert_eq!(explained.digest, small.outcome.digest);
    }
}
