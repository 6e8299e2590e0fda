//! Planted bugs: each must be reached and must break its clause within 200 seeds of its scenario.
//!
//! For each rule of the protocol, at least one bug must break a clause that the rule names.
//! The tests need the feature `mutants`, which `.ci/run` builds in a separate target folder.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![cfg(feature = "mutants")]

#[path = "mutants/table.rs"]
mod table;

use guildhall_check::violation::Clause;
use guildhall_core::mutant::Mutant;
use guildhall_explain::failure::{Line, assert_held};
use guildhall_plan::run::Options;
use guildhall_plan::script::Settings;
use guildhall_plan::seed::Seed;
use guildhall_scenarios::{ALL, by_name};
use guildhall_sim::run::{Fast, run};
use rayon::prelude::*;
use table::TABLE;

/// The clauses that each rule of docs/PROTOCOL.md names. Presence (P1) is not implemented yet.
const RULES: &[(u32, &str)] = &[
    (1, "D1, D3, L3"),
    (2, "L5, D1, D3, D5, L7"),
    (3, "D1, I1, I2, D5"),
    (4, "D5"),
    (5, "L3, P1"),
    (6, "D7, D5, D3, I1, I2"),
    (7, "D1, I1"),
    (8, "L3, D1, D2, I1"),
    (9, "D2"),
    (10, "L3, D2, P1"),
    (12, "L3"),
    (13, "D2"),
    (14, "D3, O2, I1"),
    (15, "D1, I1, D3"),
    (16, "I1, I2"),
    (17, "O4, D6"),
    (18, "D5, D6"),
    (19, "D5"),
    (20, "D5"),
    (21, "D6"),
    (22, "L3, D2"),
    (23, "L2, D1"),
    (24, "L2"),
    (25, "D4, D1"),
    (26, "L4"),
];

/// The seeds within which a planted bug must be found.
const SEEDS: u64 = 200;

/// The seeds of one parallel batch; the search stops after the batch that finds the bug.
const BATCH: u64 = 8;

/// A planted bug may keep a world busy for ever; a run without one takes far fewer steps.
const MAX_STEPS: u64 = 1_000_000;

/// How often one run reaches a planted bug, and the first clause that breaks.
fn try_seed(mutant: Mutant, scenario: &str, seed: u64) -> (u64, Option<Clause>) {
    let options = Options { mutant: Some(mutant), ..Options::default() }.up_to(MAX_STEPS);
    let plan = by_name(scenario).unwrap().plan(Seed::new(seed).unwrap(), &Settings::default());
    let outcome = run(&plan.unwrap(), options, &mut ()).unwrap();
    (outcome.hits, outcome.violations.first().map(|first| first.clause))
}

#[test]
fn every_planted_bug_is_in_the_table() {
    let mut planted: Vec<_> = TABLE.iter().map(|&(mutant, ..)| mutant).collect();
    planted.dedup();
    assert_eq!(planted, Mutant::ALL);
}

/// The rule that a planted bug breaks, according to its description.
fn rule_of(mutant: Mutant) -> Option<u32> {
    let (_, rest) = mutant.what().split_once("(rule ")?;
    rest.strip_suffix(')')?.parse().ok()
}

#[test]
fn the_rules_are_those_of_the_protocol() {
    let text = include_str!("../../docs/PROTOCOL.md");
    let (mut documented, mut rule) = (Vec::new(), 0);
    for line in text.lines() {
        let number = line.split_once(". **").and_then(|(number, _)| number.parse().ok());
        rule = number.unwrap_or(rule);
        let named = line.rsplit_once("*(").and_then(|(_, named)| named.strip_suffix(")*"));
        documented.extend(named.map(|named| (rule, named)));
    }
    assert_eq!(documented, RULES);
}

#[test]
fn a_planted_bug_breaks_a_clause_of_every_rule() {
    for (rule, named) in RULES {
        let named: Vec<_> = named.split(", ").collect();
        let is_broken = TABLE.iter().any(|&(mutant, clause, _)| {
            rule_of(mutant) == Some(*rule) && named.contains(&clause.to_string().as_str())
        });
        assert!(is_broken, "rule {rule}: no planted bug breaks one of {named:?}");
    }
}

#[test]
fn the_documented_table_is_this_one() {
    let text = include_str!("../../docs/RULES.md");
    let mut documented: Vec<(String, String, String)> = Vec::new();
    for line in text.lines().filter(|line| line.contains("| `")) {
        let cells: Vec<_> =
            line.split('|').map(|cell| cell.trim_matches([' ', '`', '*'])).collect();
        let [.., bug, clause, scenario, _, _] = cells[..] else { continue };
        documented.push((bug.to_owned(), clause.to_owned(), scenario.to_owned()));
    }
    let row = |&(mutant, clause, scenario): &(Mutant, Clause, &str)| {
        (mutant.word().to_owned(), clause.to_string(), scenario.to_owned())
    };
    let planted: Vec<_> = TABLE.iter().map(row).collect();
    for row in &documented {
        assert!(planted.contains(row), "{row:?} is documented but not tested");
    }
    for row in TABLE.iter().filter(|row| rule_of(row.0).is_some()).map(row) {
        assert!(documented.contains(&row), "{row:?} is not documented");
    }
}

#[test]
fn every_planted_bug_is_reached_and_breaks_its_clause() {
    let mut missed = Vec::new();
    for &(mutant, clause, scenario) in TABLE {
        let (mut tried, mut reached, mut red) = (0, 0, None);
        while red.is_none() && tried < SEEDS {
            let seeds = tried..SEEDS.min(tried + BATCH);
            let found: Vec<_> =
                seeds.into_par_iter().map(|seed| try_seed(mutant, scenario, seed)).collect();
            reached += found.iter().filter(|(hits, _)| *hits > 0).count();
            let at = found.iter().position(|(_, first)| *first == Some(clause));
            red = at.map(|at| tried + at as u64);
            tried = SEEDS.min(tried + BATCH);
        }
        println!(
            "{:<24} {clause:<3} {scenario:<22} reached in {reached}/{tried} seeds, red at {red:?}",
            mutant.word()
        );
        if reached == 0 || red.is_none() {
            missed.push(mutant.word());
        }
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
}

/// The message of a failed test shows the failure block.
#[test]
fn a_failed_test_panics_with_the_failure_block() {
    let plan = by_name("half-open").unwrap().plan(Seed::new(1).unwrap(), &Settings::default());
    let options = Options { mutant: Some(Mutant::LateCloseDetaches), ..Options::default() };
    let lines = [Line::new("repeat", "cargo run --release -- replay gh1-half-open-0x1-abcdef")];
    let failing =
        || assert_held(&Fast::new(), "half-open", plan.as_ref().unwrap(), options, &lines);
    let panic = std::panic::catch_unwind(failing).unwrap_err();
    let block = panic.downcast_ref::<String>().unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/cli"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"engine [0-9a-f]{6}(\+dirty\.[0-9a-f]{6})?", "engine [ours]");
    settings.bind(|| insta::assert_snapshot!("red-test", block));
}

#[test]
fn without_a_planted_bug_every_scenario_holds() {
    for scenario in ALL {
        let plan = scenario.plan(Seed::new(0).unwrap(), &Settings::default()).unwrap();
        let outcome = run(&plan, Options::default(), &mut ()).unwrap();
        assert_eq!((outcome.violations.len(), outcome.hits), (0, 0), "{}", scenario.name);
    }
}

/// A world that refuses everything serves nobody (D10, L9).
#[test]
fn a_world_that_refuses_everything_is_red_at_seed_0_of_every_scenario() {
    let green: Vec<_> = ALL
        .par_iter()
        .map(|scenario| scenario.name)
        .filter(|name| try_seed(Mutant::AllRefused, name, 0).1.is_none())
        .collect();
    assert!(green.is_empty(), "held: {green:?}");
}
