//! `--format github`: the report for people, an annotation per group of failures, and a page for the
//! summary of the step.
//!
//! GitHub shows ten annotations of a step and drops the rest, so each is for a whole group.

use std::fmt::{self, Write as _};
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use super::finding::{Finding, Level};
use super::human::Human;
use super::{Report, Results};
use crate::error::Error;
use crate::output::{Output, note};
use crate::summary::{ScenarioTotals, Totals};
use crate::text::{counted, grouped};

/// The variable that names the file for the summary of the step.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

#[derive(Default)]
pub(super) struct GitHub {
    human: Human,
}

impl Report for GitHub {
    fn begin(&mut self, names: &[String], out: &mut Output) -> Result<(), Error> {
        self.human.begin(names, out)
    }

    fn scenario(&mut self, totals: &ScenarioTotals, out: &mut Output) -> Result<(), Error> {
        self.human.scenario(totals, out)
    }

    fn end(&mut self, results: &Results<'_>, out: &mut Output) -> Result<(), Error> {
        self.human.end(results, out)?;
        for finding in results.findings {
            out.line(annotation(finding))?;
        }
        let incomplete = &results.summary.incomplete;
        for why in incomplete {
            out.line(format_args!("::error title=incomplete sweep::{}", Message(why)))?;
        }
        let Some(path) = std::env::var_os(SUMMARY).filter(|path| !path.is_empty()) else {
            return Ok(());
        };
        // The page only repeats the verdict, so an error here must not change it.
        let hidden = results.hidden.len() as u64;
        let page = markdown(results.scenarios, incomplete, results.findings, hidden);
        if let Err(error) = append(Path::new(&path), &page) {
            note(format_args!("the summary of the step is not written: {error}"));
        }
        Ok(())
    }
}

/// The annotation of a group of failures.
fn annotation(finding: &Finding) -> String {
    let level = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    let title = format!("{} {} ({})", finding.kind, finding.run, finding.seeds());
    format!("::{level} title={}::{}", Property(&title), Message(&finding.block))
}

/// A text as the message of a workflow command.
struct Message<'a>(&'a str);

/// A text as a property of a workflow command, which needs two more characters escaped.
struct Property<'a>(&'a str);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escaped(self.0, &['%', '\r', '\n'], f)
    }
}

impl fmt::Display for Property<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escaped(self.0, &['%', '\r', '\n', ':', ','], f)
    }
}

fn escaped(text: &str, special: &[char], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    text.chars().try_for_each(|letter| {
        if special.contains(&letter) {
            write!(f, "%{:02X}", u32::from(letter))
        } else {
            write!(f, "{letter}")
        }
    })
}

/// The page for the summary of the step.
pub(super) fn markdown(
    scenarios: &[ScenarioTotals],
    incomplete: &[String],
    findings: &[Finding],
    more: u64,
) -> String {
    let total = |count: fn(&Totals) -> u64| {
        scenarios.iter().map(|scenario| count(&scenario.totals)).sum::<u64>()
    };
    let mut page = format!(
        "### Guildhall: {}, {} failing, {} inconclusive\n\n",
        counted(total(|totals| totals.seeds), "seed"),
        grouped(total(|totals| totals.failing)),
        grouped(total(|totals| totals.inconclusive)),
    );
    let broken = total(|totals| totals.broken);
    if broken > 0 {
        let broken = counted(broken, "seed");
        let _ = writeln!(page, "{broken} could not be judged: an internal error of guildhall.\n");
    }
    for why in incomplete {
        let _ = writeln!(page, "**Incomplete:** {why}.\n");
    }
    write_findings(&mut page, findings, more);
    write_table(&mut page, scenarios);
    page
}

fn write_table(page: &mut String, scenarios: &[ScenarioTotals]) {
    page.push_str("| scenario | seeds | failing | inconclusive | steps | deliveries |\n");
    page.push_str("|---|--:|--:|--:|--:|--:|\n");
    for ScenarioTotals { scenario, totals, .. } in scenarios {
        let Totals { seeds, failing, inconclusive, steps, deliveries, .. } = *totals;
        let counts = [seeds, failing, inconclusive, steps, deliveries].map(grouped).join(" | ");
        let _ = writeln!(page, "| {scenario} | {counts} |");
    }
}

fn write_findings(page: &mut String, findings: &[Finding], more: u64) {
    for finding in findings {
        let Finding { kind, run, .. } = finding;
        let title = format!("<b>{kind}</b> {run}, {}", finding.seeds());
        let _ = writeln!(page, "<details open><summary>{title}</summary>\n");
        write_code(page, "text", &finding.block);
        if let Some(diagram) = &finding.diagram {
            write_code(page, "mermaid", diagram);
        }
        page.push_str("</details>\n\n");
    }
    if more > 0 {
        let more = counted(more, "more group");
        let _ = writeln!(page, "… and {more} of failures.\n");
    }
}

/// A block of code, with a fence that is longer than any inside it.
fn write_code(page: &mut String, language: &str, text: &str) {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(page, "{fence}{language}\n{}\n{fence}\n", text.trim_end());
}

/// Appends to a file that earlier steps may have written to.
fn append(path: &Path, page: &str) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).open(path)?.write_all(page.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_or_a_property_is_escaped() {
        let text = "100%,\r\nat: 3";
        assert_eq!(Message(text).to_string(), "100%25,%0D%0Aat: 3");
        assert_eq!(Property(text).to_string(), "100%25%2C%0D%0Aat%3A 3");
    }
}
