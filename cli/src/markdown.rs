//! What a sweep has found as a page of Markdown, for the summary of a CI job.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use crate::finding::Finding;
use crate::suite::Suite;
use crate::words::{counted, grouped};

/// The page.
pub(crate) fn page(suites: &[Suite], findings: &[Finding], more: u64) -> String {
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
    failures(&mut page, findings, more);
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

fn failures(page: &mut String, findings: &[Finding], more: u64) {
    for finding in findings {
        let Finding { kind, which, seeds, .. } = finding;
        let title = format!("<b>{kind}</b> {which}, {seeds}");
        let _ = writeln!(page, "<details open><summary>{title}</summary>\n");
        fenced(page, "text", &finding.block);
        if let Some(diagram) = &finding.diagram {
            fenced(page, "mermaid", diagram);
        }
        page.push_str("</details>\n\n");
    }
    if more > 0 {
        let more = counted(more, "more group");
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
