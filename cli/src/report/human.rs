//! `--format human`: a table with a line per scenario, the failures, what happened, and the verdict.

use guildhall_plan::fault::Family;

use super::finding::Finding;
use super::{Report, Results};
use crate::error::Error;
use crate::output::Output;
use crate::program::Program;
use crate::records::FailureLine;
use crate::run_text::speed;
use crate::summary::{Ended, ScenarioTotals, Summary, Totals};
use crate::terminal::{BOLD, GREEN, RED, YELLOW, styled};
use crate::text::{counted, counts, deliveries, grouped, item};

/// The smallest width of the first column.
const NAME: usize = 18;

#[derive(Default)]
pub(super) struct Human {
    /// The width of the first column, once there is a table.
    column: Option<usize>,
}

impl Report for Human {
    fn begin(&mut self, names: &[String], out: &mut Output) -> Result<(), Error> {
        let longest = names.iter().map(String::len).max();
        let column = longest.map_or(NAME, |longest| NAME.max(longest + 1));
        self.column = Some(column);
        let heads = ["seeds", "failing", "inconclusive", "steps", "deliveries"];
        Ok(out.line(styled(BOLD, row(column, "scenario", heads.map(str::to_owned))))?)
    }

    fn scenario(
        &mut self,
        ScenarioTotals { scenario, totals, .. }: &ScenarioTotals,
        out: &mut Output,
    ) -> Result<(), Error> {
        let cells =
            [totals.seeds, totals.failing, totals.inconclusive, totals.steps, totals.deliveries]
                .map(grouped);
        let row = row(self.column.unwrap_or(NAME), scenario, cells);
        let style = style(totals);
        Ok(out.line(if style == GREEN { row } else { styled(style, row) })?)
    }

    fn end(&mut self, results: &Results<'_>, out: &mut Output) -> Result<(), Error> {
        if self.column.is_none() {
            return Ok(());
        }
        write_findings(results.findings, results.hidden.len() as u64, out)?;
        write_saved(results.explained, out)?;
        Ok(out.line(format_args!("\n{}", summary(results)))?)
    }
}

/// A row of the table.
fn row(column: usize, name: &str, cells: [String; 5]) -> String {
    let [seeds, failing, inconclusive, steps, deliveries] = cells;
    format!("{name:<column$}{seeds:>9}{failing:>9}{inconclusive:>14}{steps:>16}{deliveries:>14}")
}

/// The colour of totals.
fn style(totals: &Totals) -> anstyle::Style {
    match totals {
        Totals { failing: 1.., .. } | Totals { broken: 1.., .. } => RED,
        Totals { inconclusive: 1.., .. } => YELLOW,
        Totals { .. } => GREEN,
    }
}

/// What happened, and the verdict in the last line.
fn summary(Results { program, summary, is_verbose, .. }: &Results<'_>) -> String {
    let totals = &summary.totals;
    let took = format!(
        "{}, {}, {:.1} s, {} seeds/s",
        counted(totals.steps, "step"),
        deliveries(totals.deliveries),
        summary.cost.wall_s(),
        grouped(summary.seeds_per_s)
    );
    let mut lines = vec![
        item("took", &took),
        item("speed", &speed(totals.deliveries, summary.cost, summary.peak_rss_bytes)),
        item("faults", &counts(&summary.faults)),
    ];
    if *is_verbose {
        lines.push(item("met", &counts(&summary.meetings)));
        lines.push(item("marks", &counts(&summary.marks)));
        lines.push(item("judged", &counts(&summary.judged)));
    }
    if let Some(mutant) = summary.swept.first().and_then(|swept| swept.conditions.mutant) {
        let hits = summary.mutant_hits.map(|hits| format!(", reached {} times", grouped(hits)));
        lines.push(item("mutant", &format!("{}{}", mutant.word(), hits.unwrap_or_default())));
    }
    if is_complete(program, summary) {
        let families = Family::ALL.into_iter().filter(|family| family.has_faults());
        let families = families.map(Family::name);
        let missing: Vec<_> = families.filter(|name| !summary.faults.contains_key(*name)).collect();
        if !missing.is_empty() {
            let never = format!("never happened: faults of {}", missing.join(", "));
            lines.push(item("", &never));
        }
    }
    if !summary.missed.is_empty() {
        lines.push(item("unreached", &summary.missed.join(", ")));
    }
    if !summary.incomplete.is_empty() {
        lines.push(item("incomplete", &summary.incomplete.join("; ")));
    }
    lines.push(verdict(summary));
    lines.join("\n")
}

/// The verdict: how many seeds failed, whether everything was reached, and whether seeds are missing.
fn verdict(Summary { totals, missed, incomplete, .. }: &Summary) -> String {
    let missed = missed.len() as u64;
    let mut sentence = format!(
        "{}: {} failing, {} inconclusive",
        counted(totals.seeds, "seed"),
        grouped(totals.failing),
        grouped(totals.inconclusive)
    );
    if totals.broken > 0 {
        sentence.push_str(&format!(", {} not judged", grouped(totals.broken)));
    }
    if missed > 0 {
        sentence.push_str(&format!(", {} never reached", counted(missed, "mark")));
    }
    if !incomplete.is_empty() {
        sentence.push_str(", incomplete");
    }
    let is_open = missed > 0 || !incomplete.is_empty();
    let style = style(totals);
    styled(if is_open && style == GREEN { YELLOW } else { style }, sentence)
}

/// Whether scenarios that are to reach everything were swept to the end, so that what was not reached
/// says something.
fn is_complete(program: &Program, summary: &Summary) -> bool {
    !summary.swept.is_empty()
        && summary.swept.iter().all(|swept| {
            let names = swept.scenarios.iter().map(String::as_str);
            program.expects_every_mark_of(names) && swept.ended == Ended::Done
        })
}

/// The failures. The first line of each block is what is wrong.
fn write_findings(findings: &[Finding], more: u64, out: &mut Output) -> Result<(), Error> {
    for finding in findings {
        let (sentence, rest) = finding.block.split_once('\n').unwrap_or((&finding.block, ""));
        let sentence = styled(BOLD, sentence);
        out.line(format_args!("\n{}\n{sentence}\n{rest}", finding.heading()))?;
    }
    if more > 0 {
        let groups = counted(more, "more group");
        out.line(format_args!("\n… and {groups} of failures; use --explain to see more"))?;
    }
    Ok(())
}

/// Lists the capsules that were written.
fn write_saved(explained: &[FailureLine], out: &mut Output) -> Result<(), Error> {
    let saved: Vec<_> = explained.iter().filter_map(|line| line.capsule.as_ref()).collect();
    if !saved.is_empty() {
        out.line("\nsaved, the smallest run of each kind of failure:")?;
    }
    for path in saved {
        out.line(format_args!("  {}", path.display()))?;
    }
    Ok(())
}
