//! Laws of shrinking and blame, tested on runs with a planted bug.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![cfg(feature = "mutants")]

use std::ops::ControlFlow;

use guildhall_core::mutant::Mutant;
use guildhall_explain::blame::{Counterfactual, blame};
use guildhall_explain::explain::explain;
use guildhall_explain::repeater::{Parallel, Repeater, Sequential};
use guildhall_explain::shrink::{Budget, Goal, Shrunk, Signature, shrink};
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

/// The lowest seed of a scenario that finds a planted bug.
fn failing(mutant: Mutant, scenario: &str) -> (Plan, Options, Signature) {
    let options = Options { mutant: Some(mutant), ..Options::default() };
    let found = (0..500).find_map(|seed| {
        let plan = by_name(scenario).unwrap().plan(Seed::new(seed).unwrap(), &Settings::default());
        let outcome = run(plan.as_ref().unwrap(), options, &mut ()).unwrap();
        outcome.violations.first().map(|first| (plan.unwrap(), options, Signature::of(first)))
    });
    found.unwrap()
}

fn shrunk(
    failing: &(Plan, Options, Signature),
    budget: Budget,
    parallel: &impl Parallel,
) -> Shrunk {
    let (plan, options, signature) = failing;
    let (runner, progress) = (Fast::new(), &mut |_| ControlFlow::Continue(()));
    let repeater = Repeater::new(&runner, *options, parallel);
    shrink(repeater, plan, Goal { signature, budget, progress }).unwrap()
}

const BUGS: [(Mutant, &str); 4] = [
    (Mutant::LateCloseDetaches, "half-open"),
    (Mutant::PrevIgnored, "crash-before-fan-out"),
    (Mutant::StagedTold, "stale-owner"),
    (Mutant::RelayNeverAsks, "far-behind"),
];

#[test]
fn how_many_candidates_are_tried_together_changes_neither_the_result_nor_its_cost() {
    for (mutant, scenario) in BUGS {
        let failing = failing(mutant, scenario);
        let alone = shrunk(&failing, Budget::default(), &Sequential);
        for width in [2, 5, 16] {
            assert_eq!(shrunk(&failing, Budget::default(), &Wide(width)), alone, "{width}");
        }
    }
}

#[test]
fn of_what_was_shrunk_no_single_fault_or_act_can_go() {
    for (mutant, scenario) in BUGS {
        let failing = failing(mutant, scenario);
        let small = shrunk(&failing, Budget::default(), &Sequential);
        let (_, options, signature) = failing;
        assert!(small.complete && Signature::of(&small.violation) == signature, "{mutant:?}");
        let runner = Fast::new();
        let verdicts = blame(Repeater::new(&runner, options, &Sequential), &small.plan, &signature);
        let is_needed = |verdict: &Counterfactual| *verdict != Counterfactual::SameFailure;
        assert!(verdicts.iter().all(|(_, verdict)| is_needed(verdict)), "{verdicts:?}");
    }
}

#[test]
fn an_exhausted_budget_keeps_the_best_run_so_far() {
    let failing = failing(Mutant::StagedTold, "stale-owner");
    let whole = shrunk(&failing, Budget::default(), &Sequential);
    let part = shrunk(&failing, Budget { runs: 10, ..Budget::default() }, &Sequential);
    assert!(!part.complete && part.runs <= 10);
    assert_eq!(Signature::of(&part.violation), failing.2);
    let size = |shrunk: &Shrunk| shrunk.to.faults + shrunk.to.actions + shrunk.to.clients;
    assert!(size(&whole) < size(&part) && size(&part) <= part.from.faults + part.from.actions + 9);
}

#[test]
fn what_is_blamed_is_needed_and_the_chain_shows_it() {
    for (mutant, scenario) in BUGS {
        let failing = failing(mutant, scenario);
        let small = shrunk(&failing, Budget::default(), &Sequential);
        let runner = Fast::new();
        let explained = explain(Repeater::new(&runner, failing.1, &Sequential), &small.plan);
        let explained = explained.unwrap().unwrap();
        assert!(!explained.blame.needed.is_empty(), "{mutant:?} is to blame for all of it");
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
