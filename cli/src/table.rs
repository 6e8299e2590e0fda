//! The table that a sweep is told by: a line a scenario.

use std::io;

use crate::finding::Finding;
use crate::json::FailureLine;
use crate::out::Out;
use crate::suite::Suite;
use crate::words::{counted, grouped};

/// The names of its columns.
pub(crate) fn head() -> String {
    let names = ["scenario", "seeds", "failing", "inconclusive", "steps", "deliveries"];
    line(names.map(str::to_owned))
}

/// A scenario's line.
pub(crate) fn row(scenario: &str, counts: [u64; 5]) -> String {
    let [seeds, failing, inconclusive, steps, deliveries] = counts.map(grouped);
    line([scenario.to_owned(), seeds, failing, inconclusive, steps, deliveries])
}

fn line(cells: [String; 6]) -> String {
    let [name, seeds, failing, open, steps, deliveries] = cells;
    format!("{name:<18}{seeds:>9}{failing:>9}{open:>14}{steps:>16}{deliveries:>14}")
}

/// The whole table, the failures below it.
pub(crate) fn tell(
    suites: &[Suite],
    findings: &[Finding],
    more: u64,
    out: &mut Out,
) -> io::Result<()> {
    out.line(head())?;
    for suite in suites {
        let (failing, open) = (suite.failing(), suite.inconclusive());
        let counts = [suite.seeds, failing, open, suite.steps, suite.deliveries];
        out.line(row(suite.scenario, counts))?;
    }
    tell_findings(findings, more, out)?;
    let total = |count: fn(&Suite) -> u64| suites.iter().map(count).sum::<u64>();
    out.line(format_args!(
        "\n{}: {} failing, {} inconclusive",
        counted(total(|suite| suite.seeds), "seed"),
        grouped(total(Suite::failing)),
        grouped(total(Suite::inconclusive))
    ))
}

/// The capsules that were written.
pub(crate) fn tell_saved(lines: &[FailureLine], out: &mut Out) -> io::Result<()> {
    let saved: Vec<_> = lines.iter().filter_map(|line| line.capsule.as_ref()).collect();
    if !saved.is_empty() {
        out.line(format_args!("\nsaved, the smallest run of each kind of failure:"))?;
    }
    saved.into_iter().try_for_each(|path| out.line(format_args!("  {}", path.display())))
}

/// The failures, a block each.
pub(crate) fn tell_findings(findings: &[Finding], more: u64, out: &mut Out) -> io::Result<()> {
    for finding in findings {
        out.line(format_args!("\n{}\n{}", finding.head(), finding.block))?;
    }
    if more > 0 {
        let groups = counted(more, "more group");
        out.line(format_args!("\n… and {groups} of failures; --explain has more of them told"))?;
    }
    Ok(())
}
