//! Clients on lines that are slow and never break: they are served.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Verdict};
use guildhall_sim::run::run;

#[test]
fn a_large_guild_reaches_a_client_on_a_slow_line_at_the_usual_limits() {
    let plan =
        Plan::from_toml(include_str!("../../scenarios/inputs/large-guild-on-a-slow-line.toml"))
            .unwrap();
    let outcome = run(&plan, Options::default(), &mut ()).unwrap();
    assert_eq!(outcome.verdict, Verdict::Held, "{:#?}", outcome.violations);
    let marks = &outcome.marks;
    // READY and GUILD_CREATE, on the first connection, and what it says when the world has settled.
    assert_eq!(outcome.deliveries, 3);
    assert!(!marks.keys().any(|mark| mark.starts_with("connection gone")), "{marks:?}");
}
