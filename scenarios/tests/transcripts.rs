//! One run of each story, told step by step: what changes here, changes for everybody.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use guildhall_scenarios::by_name;
use guildhall_sim::run::{Options, cast, run};
use guildhall_sim::script::Settings;
use guildhall_sim::seed::Seed;
use guildhall_sim::transcript::Transcript;

/// More than this nobody reads; the rest of a run is in its digest.
const MOST_LINES: usize = 120;

fn tell(name: &str, seed: u64, settings: &[&str]) {
    let scenario = by_name(name).unwrap();
    let settings = Settings::parse(settings).unwrap();
    let plan = scenario.plan(Seed::new(seed).unwrap(), &settings).unwrap();
    let (mut lines, mut more) = (Vec::new(), 0);
    let takes = |_: &_, line: &str| {
        if lines.len() < MOST_LINES {
            lines.push(line.to_owned());
        } else {
            more += 1;
        }
    };
    let mut transcript = Transcript::new(cast(&plan).unwrap(), takes);
    let outcome = run(&plan, Options::default(), &mut transcript).unwrap();
    drop(transcript);
    lines.push(format!("… and {more} steps more: {}", outcome.verdict.name()));
    let mut insta = insta::Settings::clone_current();
    insta.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/transcripts"));
    insta.set_prepend_module_to_snapshot(false);
    insta.set_omit_expression(true);
    insta.bind(|| insta::assert_snapshot!(name, lines.join("\n")));
}

#[test]
fn two_members() {
    tell("two-members", 1, &["lines=2"]);
}

#[test]
fn lost_connection() {
    tell("lost-connection", 0, &["drops=1"]);
}

#[test]
fn dead_session() {
    tell("dead-session", 0, &[]);
}

#[test]
fn second_drop() {
    tell("second-drop", 1, &["missed=10", "drops=1"]);
}

#[test]
fn half_open() {
    tell("half-open", 0, &["times=1"]);
}

#[test]
fn slow_consumer() {
    tell("slow-consumer", 3, &["listeners=1", "lines=20"]);
}

#[test]
fn hostile_client() {
    tell("hostile-client", 1, &["deeds=3"]);
}

#[test]
fn reconnect_storm() {
    tell("reconnect-storm", 0, &["sessions=3", "storms=1"]);
}
