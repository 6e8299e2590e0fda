//! `--format human`: a table with a line per scenario, the summary, and the failures.

use guildhall_plan::fault::Family;

use super::finding::Finding;
use super::{Report, Results};
use crate::error::Error;
use crate::meter::Cost;
use crate::output::Output;
use crate::program::Program;
use crate::records::FailureLine;
use crate::run_text::speed;
use crate::summary::{Ended, ScenarioTotals, Summary};
use crate::text::{counted, counts, deliveries, grouped, item};

#[derive(Default)]
pub(super) struct Human {
    has_begun: bool,
}

impl Report for Human {
    fn begin(&mut self, out: &mut Output) -> Result<(), Error> {
        self.has_begun = true;
        let names = ["scenario", "seeds", "failing", "inconclusive", "steps", "deliveries"];
        Ok(out.line(row(names.map(str::to_owned)))?)
    }

    fn scenario(
        &mut self,
        ScenarioTotals { scenario, totals }: &ScenarioTotals,
        out: &mut Output,
    ) -> Result<(), Error> {
        let [seeds, failing, inconclusive, steps, deliveries] =
            [totals.seeds, totals.failing, totals.inconclusive, totals.steps, totals.deliveries]
                .map(grouped);
        let name = scenario.clone();
        Ok(out.line(row([name, seeds, failing, inconclusive, steps, deliveries]))?)
    }

    fn end(&mut self, results: &Results<'_>, out: &mut Output) -> Result<(), Error> {
        if !self.has_begun {
            return Ok(());
        }
        out.line(format_args!("\n{}", summary(results)))?;
        write_findings(results.findings, results.more, out)?;
        write_saved(results.explained, out)
    }
}

/// A row of the table.
fn row(cells: [String; 6]) -> String {
    let [name, seeds, failing, inconclusive, steps, deliveries] = cells;
    format!("{name:<18}{seeds:>9}{failing:>9}{inconclusive:>14}{steps:>16}{deliveries:>14}")
}

fn summary(Results { program, summary, .. }: &Results<'_>) -> String {
    let totals = &summary.totals;
    let cost = Cost { wall_s: summary.wall_s, cpu_s: summary.cpu_s };
    let took = format!(
        "{}, {}, {:.1} s, {} seeds/s",
        counted(totals.steps, "step"),
        deliveries(totals.deliveries),
        cost.wall_s,
        grouped(summary.seeds_per_s)
    );
    let mut lines = vec![
        format!(
            "{}: {} failing, {} inconclusive",
            counted(totals.seeds, "seed"),
            grouped(totals.failing),
            grouped(totals.inconclusive)
        ),
        item("took", &took),
        item("speed", &speed(totals.deliveries, cost, summary.peak_rss_bytes)),
        item("faults", &counts(&summary.faults)),
        item("met", &counts(&summary.meetings)),
        item("marks", &counts(&summary.marks)),
    ];
    if is_complete(program, summary) {
        let families = Family::ALL.into_iter().filter(|family| family.has_faults());
        let families = families.map(Family::name);
        let missing: Vec<_> = families.filter(|name| !summary.faults.contains_key(*name)).collect();
        if !missing.is_empty() {
            lines.push(item("never", &format!("no fault of {}", missing.join(", "))));
        }
    }
    if !summary.missed.is_empty() {
        lines.push(item("unreached", &summary.missed.join(", ")));
    }
    if let Some(mutant) = summary.swept.first().and_then(|swept| swept.conditions.mutant) {
        let hits = summary.mutant_hits.map(|hits| format!(", reached {} times", grouped(hits)));
        lines.push(item("mutant", &format!("{}{}", mutant.word(), hits.unwrap_or_default())));
    }
    lines.join("\n")
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

fn write_findings(findings: &[Finding], more: u64, out: &mut Output) -> Result<(), Error> {
    for finding in findings {
        out.line(format_args!("\n{}\n{}", finding.heading(), finding.block))?;
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
