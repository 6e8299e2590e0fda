//! Clients on lines that are slow and never break: they are served.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Verdict};
use guildhall_sim::run::run;

/// A guild of 20,001 members at the usual limits: its GUILD_CREATE takes longer than a heartbeat
/// interval. The crowd starts after the end of the run, so only the bot has a session.
const LARGE_GUILD: &str = r#"
seed = 1
weather = "180s"

[network]
client = { law = "constant", span = "50ms" }
bandwidth = 30000

[[node]]
name = "berlin"

[[guild]]
name = "big"
owner = "berlin"
channels = ["general"]

[[client]]
name = "bot"
node = "berlin"
guilds = ["big"]

[[client]]
name = "crowd"
node = "berlin"
guilds = ["big"]
count = 20000
starts = "3h"
"#;

#[test]
fn a_large_guild_reaches_a_client_on_a_slow_line_at_the_usual_limits() {
    let plan = Plan::from_toml(LARGE_GUILD).unwrap();
    let outcome = run(&plan, Options::default(), &mut ()).unwrap();
    assert_eq!(outcome.verdict, Verdict::Held, "{:#?}", outcome.violations);
    let marks = &outcome.marks;
    // READY and GUILD_CREATE, on the first connection, and what it says when the world has settled.
    assert_eq!(outcome.deliveries, 3);
    assert!(!marks.keys().any(|mark| mark.starts_with("connection gone")), "{marks:?}");
}
