//! The commands that a failed test prints, to be pasted into a shell.

use guildhall_explain::failure::Line;
use guildhall_plan::script::Scenario;
use guildhall_plan::seed::Seed;
use guildhall_plan::token::RunToken;

/// The token of one run: a scenario under a seed.
#[allow(dead_code, reason = "not every test runs scenarios")]
pub(crate) fn token(scenario: &Scenario, seed: Seed) -> String {
    RunToken { scenario: scenario.name.to_owned(), seed, stamp: None }.to_string()
}

/// The commands for `what`: a token, or the path of a capsule.
pub(crate) fn lines(what: &str) -> Vec<Line> {
    let line =
        |does, command: &str| Line::new(does, format!("cargo run --release -- {command} {what}"));
    vec![line("repeat", "replay"), line("shrink", "shrink"), line("explain", "explain")]
}
