//! The result of a run, as text and as a line of JSON.

use std::fmt::Write as _;

use guildhall_core::mutant::Mutant;
use guildhall_plan::engine::Stamp;
use guildhall_plan::seed::Seed;
use guildhall_plan::seed_line::{RunOrigin, RunResult, SeedLine};
use guildhall_worlds::outcome::Outcome;

/// One object, as the fast world's program prints it.
pub(crate) fn line(
    origin: RunOrigin<'_>,
    stamp: Stamp,
    outcome: &Outcome,
) -> Result<String, serde_json::Error> {
    let result = RunResult {
        stamp,
        verdict: outcome.verdict,
        digest: outcome.digest,
        steps: outcome.steps,
        deliveries: outcome.deliveries,
        lasted: outcome.lasted,
        violations: &outcome.violations,
    };
    serde_json::to_string(&SeedLine::new("seed", origin, None, result))
}

/// What was run: the scenario or the file, its conditions, and the world.
pub(crate) fn origin<'a>(
    name: &'a str,
    seed: Seed,
    conditions: &str,
    world: &'static str,
) -> RunOrigin<'a> {
    RunOrigin { scenario: Some(name), file: None, seed, world, conditions: conditions.to_owned() }
}

/// The flags that set the conditions of a run.
pub(crate) fn conditions(set: &[String], mutant: Option<Mutant>) -> String {
    let set = set.iter().map(|set| format!("--set {set}"));
    let mutant = mutant.map(|mutant| format!("--mutant {}", mutant.word()));
    set.chain(mutant).collect::<Vec<_>>().join(" ")
}

/// A few lines for people.
pub(crate) fn block(name: &str, seed: Seed, outcome: &Outcome) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{name} {seed}: {} after {} steps and {} deliveries, {:.3} s simulated, digest {}",
        outcome.verdict.name(),
        outcome.steps,
        outcome.deliveries,
        outcome.lasted.as_micros() as f64 / 1e6,
        outcome.digest,
    );
    for violation in &outcome.violations {
        let _ =
            writeln!(text, "{}  {}: {}", violation.clause, violation.subject, violation.message);
        let _ = writeln!(text, "  expected  {}", violation.expected);
        let _ = writeln!(text, "  got       {}", violation.got);
        let _ = writeln!(text, "  where     step {}", violation.step);
    }
    text
}
