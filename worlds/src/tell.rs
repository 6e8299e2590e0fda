//! What came of a run, in words and as a line of JSON: the same fields as the fast world's.

use std::fmt::Write as _;

use guildhall_plan::seed::Seed;
use guildhall_worlds::outcome::Outcome;
use serde_json::json;

/// One object.
pub(crate) fn line(name: &str, seed: Seed, outcome: &Outcome) -> String {
    let violation = |it: &guildhall_check::violation::Violation| {
        json!({
            "clause": it.clause.to_string(),
            "checker": it.checker,
            "subject": it.subject,
            "message": it.message,
        })
    };
    json!({
        "schema": "guildhall/1",
        "type": "seed",
        "scenario": name,
        "seed": seed.number(),
        "verdict": outcome.verdict.name(),
        "digest": outcome.digest.to_string(),
        "steps": outcome.steps,
        "deliveries": outcome.deliveries,
        "sim_ms": outcome.lasted.as_micros() / 1_000,
        "violation": outcome.violations.first().map(violation),
        "violations": outcome.violations.iter().map(violation).collect::<Vec<_>>(),
    })
    .to_string()
}

/// A few lines for people.
pub(crate) fn block(name: &str, seed: Seed, outcome: &Outcome) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{name} {seed}: {} after {} steps and {} deliveries, {:.3} s of its time, digest {}",
        outcome.verdict.name(),
        outcome.steps,
        outcome.deliveries,
        outcome.lasted.as_micros() as f64 / 1e6,
        outcome.digest,
    );
    for it in &outcome.violations {
        let _ = writeln!(text, "{}  {}: {}", it.clause, it.subject, it.message);
        let _ = writeln!(text, "  expected  {}", it.expected);
        let _ = writeln!(text, "  got       {}", it.got);
        let _ = writeln!(text, "  where     step {}", it.step);
    }
    text
}
