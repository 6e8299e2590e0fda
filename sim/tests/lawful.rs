//! Lawful runs that look as if a clause were broken: each must hold.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Verdict};
use guildhall_sim::run::run;

fn holds(plan: &str) {
    let plan = Plan::from_toml(plan).unwrap();
    let outcome = run(&plan, Options::default(), &mut ()).unwrap();
    assert_eq!(outcome.violations, []);
    assert_eq!(outcome.verdict, Verdict::Held);
}

#[test]
fn a_message_goes_with_its_channel() {
    holds(include_str!("lawful/channel-made-anew.toml"));
}

#[test]
fn a_gap_stands_below_an_event_that_was_not_wanted() {
    holds(include_str!("lawful/gap-below-an-unwanted-event.toml"));
}

#[test]
fn a_join_waits_beside_a_removal() {
    holds(include_str!("lawful/join-beside-a-removal.toml"));
}

#[test]
fn a_refused_frame_at_a_stopping_node_ends_its_session() {
    holds(include_str!("lawful/refused-frame-at-a-stopping-node.toml"));
}
