//! What a sweep has found as a page of Markdown, for the summary of a CI job.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use crate::suite::{Case, Suite};
use crate::words::{counted, grouped};

/// How many groups of failures are told. A summary may have 1 MiB, and nobody reads that much.
const MOST_TOLD: usize = 20;

/// The page. `diagram` draws what a failure came from, in the language of Mermaid.
pub(crate) fn page(suites: &[Suite], diagram: impl Fn(&Case) -> Option<String>) -> String {
    let total = |count: fn(&Suite) -> u64| suites.iter().map(count).sum::<u64>();
    let mut page = format!(
        "### Guildhall: {}, {} failing, {} inconclusive\n\n",
        counted(total(|suite| suite.seeds), "seed"),
        grouped(total(Suite::failing)),
        grouped(total(Suite::inconclusive)),
    );
    if total(Suite::broken) > 0 {
        let broken = counted(total(Suite::broken), "seed");
        let _ = writeln!(page, "{broken} could not be judged, for an error of guildhall itself.\n");
    }
    failures(&mut page, suites, diagram);
    table(&mut page, suites);
    page
}

fn table(page: &mut String, suites: &[Suite]) {
    page.push_str("| scenario | seeds | failing | inconclusive | steps | deliveries |\n");
    page.push_str("|---|--:|--:|--:|--:|--:|\n");
    for suite in suites {
        let counts =
            [suite.seeds, suite.failing(), suite.inconclusive(), suite.steps, suite.deliveries];
        let counts = counts.map(grouped).join(" | ");
        let _ = writeln!(page, "| {} | {counts} |", suite.scenario);
    }
}

fn failures(page: &mut String, suites: &[Suite], diagram: impl Fn(&Case) -> Option<String>) {
    let groups = suites
        .iter()
        .flat_map(|suite| suite.groups().into_iter().map(move |group| (suite.scenario, group)));
    let groups: Vec<_> = groups.collect();
    for (scenario, group) in groups.iter().take(MOST_TOLD) {
        let (case, seeds) = (group.lowest, counted(group.count, "seed"));
        let (kind, seed) = (case.ending.kind(), case.recipe.seed);
        let title = format!("<b>{kind}</b> {scenario}, {seeds}; the lowest is {seed}");
        let _ = writeln!(page, "<details open><summary>{title}</summary>\n");
        fenced(page, "text", &case.block());
        if let Some(diagram) = diagram(case) {
            fenced(page, "mermaid", &diagram);
        }
        page.push_str("</details>\n\n");
    }
    if let Some(more @ 1..) = groups.len().checked_sub(MOST_TOLD) {
        let more = counted(more as u64, "more group");
        let _ = writeln!(page, "… and {more} of failures.\n");
    }
}

/// A block of code with a fence that is longer than any within it.
fn fenced(page: &mut String, language: &str, text: &str) {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(page, "{fence}{language}\n{}\n{fence}\n", text.trim_end());
}

/// Appends the page to a file that earlier steps may have written to.
pub(crate) fn append(path: &Path, page: &str) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).open(path)?.write_all(page.as_bytes())
}
