//! The README shows a scenario as it is, and a plan that runs.

mod transcript;

use guildhall_explain::transcript::Transcript;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Verdict, cast};
use guildhall_sim::run::run;
use transcript::{Excerpt, assert_transcript};

const README: &str = include_str!("../../README.md");

/// The text of the first block in this language.
fn block(language: &str) -> &'static str {
    let fence = format!("\n```{language}\n");
    let (_, rest) = README.split_once(fence.as_str()).expect("the README has such a block");
    rest.split_once("\n```").expect("the block has an end").0
}

#[test]
fn the_scenario_in_the_readme_is_the_file() {
    let file = include_str!("../src/lost_connection.rs");
    assert_eq!(block("rust").trim(), file.trim());
}

#[test]
fn the_plan_in_the_readme_runs_and_holds() {
    let plan = Plan::from_toml(block("toml")).expect("the block is a plan");
    let outcome = run(&plan, Options::default(), &mut ()).expect("the plan is valid");
    assert_eq!(outcome.verdict, Verdict::Held, "{:?}", outcome.violations);
    for mark in ["gap in a relay filled", "node crashed", "view lost a channel"] {
        assert!(outcome.marks.contains_key(mark), "the run does not reach the mark: {mark}");
    }
}

#[test]
fn the_plan_in_the_readme_has_a_transcript() {
    let plan = Plan::from_toml(block("toml")).expect("the block is a plan");
    let excerpt = Excerpt { from: "FAULT", shows: "CHANNEL_DELETE" };
    assert_transcript("plan-of-the-readme", &plan, &excerpt);
}

#[test]
fn the_run_in_the_readme_is_the_run_of_its_plan() {
    let plan = Plan::from_toml(block("toml")).expect("the block is a plan");
    let cast = cast(&plan).expect("the plan is valid");
    let mut printed = Vec::new();
    let mut transcript = Transcript::new(cast, |_, line| printed.push(line.to_owned()));
    let outcome = run(&plan, Options::default(), &mut transcript).expect("the plan is valid");
    transcript.finish();
    let (_, shown) = README.split_once("$ guildhall run my-plan.toml --steps").expect("a run");
    let (shown, _) = shown.split_once("\n```").expect("the block has an end");
    let steps: Vec<_> = shown.lines().filter(|line| line.starts_with('#')).collect();
    assert!(steps.len() > 20, "the README shows the run");
    for line in steps {
        let begins = line.strip_suffix('…').unwrap_or(line);
        let found = printed.iter().any(|printed| printed.starts_with(begins));
        assert!(found, "not in the run: {line}\n{}", printed.join("\n"));
    }
    let digest = format!("digest    {}", outcome.digest);
    assert!(shown.contains(&digest), "the README shows another digest than {digest}");
    let took = format!("took      {} steps, {} deliveries, ", outcome.steps, outcome.deliveries);
    assert!(shown.contains(&took), "the README shows another size than {took}");
}
