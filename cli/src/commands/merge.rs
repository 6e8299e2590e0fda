//! `merge`: joins the slices of a sweep.
//!
//! The seed lines come out as a single machine would have written them, byte for byte; the summary
//! is computed anew. A seed that occurs twice must have the same line both times. A seed without a
//! line leaves the result inconclusive.

mod gaps;
mod origins;
mod slices;

use std::path::PathBuf;

use clap::Args;

use crate::args::VerboseArg;
use crate::error::{Error, Exit};
use crate::output::{Output, note};
use crate::program::Program;
use crate::report::finding::{FEW, Finding};
use crate::report::{Format, FormatArgs, Results};
use crate::summary::{ScenarioTotals, Summary};
use crate::target;
use crate::text::counted;
use gaps::Gaps;
use slices::Slices;

/// The largest number of problems of a kind that are listed.
const MOST_LISTED: usize = 10;

/// Join the slices of a sweep, as `sweep --json` has written them
#[derive(Args, Debug)]
pub(crate) struct MergeArgs {
    /// The slices, in any order
    #[arg(value_name = "FILE.jsonl", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    verbose: VerboseArg,
}

pub(crate) fn merge(program: &Program, args: &MergeArgs, out: &mut Output) -> Result<Exit, Error> {
    let format = args.format.or("json")?;
    let texts = args.files.iter().map(|path| target::read(path)).collect::<Result<Vec<_>, _>>()?;
    let files = args.files.iter().zip(&texts);
    let mut slices = Slices::new(program);
    for (path, text) in files {
        slices.read(path, text)?;
    }
    slices.check_compatible()?;
    let unequal = slices.sort();
    for (one, other) in unequal.iter().take(MOST_LISTED) {
        note(format_args!("nondeterminism: {one} and {other} are the same seed and differ"));
    }
    let gaps = Gaps::find(&slices);
    gaps.note();
    let differ = (!unequal.is_empty())
        .then(|| format!("{} gave different results", counted(unequal.len() as u64, "seed")));
    let incomplete: Vec<_> = gaps.reasons().chain(differ).collect();
    if gaps.is_unknown {
        note("some lines have no summary that names their range: seeds may be missing");
    }
    let summary = report(&slices, incomplete, (format, args.verbose), out)?;
    Ok(exit(&slices, &summary, &gaps, !unequal.is_empty()))
}

/// Reports the slices as one sweep.
fn report(
    slices: &Slices<'_>,
    incomplete: Vec<String>,
    (format, verbose): (Format, VerboseArg),
    out: &mut Output,
) -> Result<Summary, Error> {
    let mut report = (format.report)();
    report.begin(&slices.names(), out)?;
    let mut scenarios: Vec<ScenarioTotals> = Vec::new();
    for lines in slices.lines.chunk_by(|one, other| one.name() == other.name()) {
        let name = lines[0].name();
        let mut totals = ScenarioTotals::new(name);
        totals.wall_us = slices.wall_us(name);
        for line in lines {
            totals.totals.add(line.ending().as_ref(), line.steps(), line.deliveries());
            report.line(line.text.as_bytes(), out)?;
        }
        report.scenario(&totals, out)?;
        scenarios.push(totals);
    }
    let analysis = slices.analysis();
    let (findings, hidden) = Finding::all(&analysis, FEW)?;
    let summary = Summary { incomplete, ..slices.summary(&scenarios) };
    let results = Results {
        program: slices.program,
        scenarios: &scenarios,
        summary: &summary,
        findings: &findings,
        hidden: &hidden,
        is_verbose: verbose.verbose,
        explained: &analysis.explained,
    };
    report.end(&results, out)?;
    out.flush()?;
    Ok(summary)
}

/// A missing seed leaves the result inconclusive, unless something more serious happened.
fn exit(slices: &Slices<'_>, summary: &Summary, gaps: &Gaps, unequal: bool) -> Exit {
    let totals = &summary.totals;
    if slices.lines.is_empty() {
        note(format_args!("nothing to merge in {}", counted(slices.files, "file")));
        return Exit::NothingRan;
    }
    let unknown = gaps.missing > 0 || gaps.is_unknown;
    Exit::most_serious(&[
        (gaps.missing > 0 && totals.broken > 0, Exit::Internal),
        (unequal, Exit::Nondeterminism),
        (totals.failing > 0, Exit::Violation),
        (unknown || totals.inconclusive > 0, Exit::Inconclusive),
        (!summary.missed.is_empty(), Exit::Unreached),
    ])
}
