//! The README is true: its story is the one that is told, and its plan runs.

mod telling;

use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Verdict};
use guildhall_sim::run::run;
use telling::tell;

const README: &str = include_str!("../../README.md");

/// The text of the first block in this language.
fn block(language: &str) -> &'static str {
    let fence = format!("\n```{language}\n");
    let (_, rest) = README.split_once(fence.as_str()).expect("the block begins");
    rest.split_once("\n```").expect("the block ends").0
}

#[test]
fn the_story_in_the_readme_is_the_one_that_is_told() {
    let told = include_str!("../src/lost_connection.rs");
    assert_eq!(block("rust").trim(), told.trim());
}

#[test]
fn the_plan_in_the_readme_runs_and_holds() {
    let plan = Plan::from_toml(block("toml")).expect("it is a plan");
    let outcome = run(&plan, Options::default(), &mut ()).expect("it can be run");
    assert_eq!(outcome.verdict, Verdict::Held, "{:?}", outcome.violations);
    for mark in ["gap in a relay filled", "node crashed", "view lost a channel"] {
        assert!(outcome.marks.contains_key(mark), "it does not come to this: {mark}");
    }
}

#[test]
fn the_plan_in_the_readme_tells_its_story() {
    tell("plan-of-the-readme", &Plan::from_toml(block("toml")).expect("it is a plan"), "");
}
