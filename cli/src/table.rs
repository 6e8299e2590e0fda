//! The table that a sweep is told by: a line a scenario.

use std::io;

use crate::out::Out;
use crate::suite::Suite;
use crate::words::{counted, grouped};

/// How many groups of failures are told to people.
const MOST_TOLD: usize = 5;

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
pub(crate) fn tell(suites: &[Suite], out: &mut Out) -> io::Result<()> {
    out.line(head())?;
    for suite in suites {
        let (failing, open) = (suite.failing(), suite.inconclusive());
        let counts = [suite.seeds, failing, open, suite.steps, suite.deliveries];
        out.line(row(suite.scenario, counts))?;
    }
    let groups: Vec<_> = suites.iter().flat_map(Suite::groups).collect();
    for group in groups.iter().take(MOST_TOLD) {
        let (seeds, case) = (counted(group.count, "seed"), group.lowest);
        let scenario = case.recipe.subject.name();
        out.line(format_args!("\n{scenario}, {seeds}; the lowest:\n{}", case.block()))?;
    }
    if let Some(more @ 1..) = groups.len().checked_sub(MOST_TOLD) {
        let more = counted(more as u64, "more group");
        out.line(format_args!("\n… and {more} of failures, which --json lists"))?;
    }
    let total = |count: fn(&Suite) -> u64| suites.iter().map(count).sum::<u64>();
    out.line(format_args!(
        "\n{}: {} failing, {} inconclusive",
        counted(total(|suite| suite.seeds), "seed"),
        grouped(total(Suite::failing)),
        grouped(total(Suite::inconclusive))
    ))
}
