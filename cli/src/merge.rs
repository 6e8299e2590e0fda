//! `merge`: the slices of a sweep made one again.
//!
//! The seed lines come out as a single machine would have written them, byte for byte; the summary
//! is made anew. A seed that came twice has to be the same both times, and one that did not come
//! although it was to be swept is missed: then the verdict is open.

mod gaps;
mod slices;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::error::Error;
use crate::examined::Results;
use crate::exit::Exit;
use crate::finding::{FEW, Finding};
use crate::format::{Format, FormatArgs};
use crate::meter::Cost;
use crate::out::{Out, note};
use crate::suite::Suite;
use crate::words::counted;
use crate::{github, junit, table};
use gaps::Gaps;
use slices::Slices;

/// How many of a kind of trouble are told one by one.
const MOST_TOLD: usize = 10;

/// Join what the slices of a sweep have written with --json
#[derive(Args, Debug)]
pub(crate) struct MergeArgs {
    /// What they have written, in any order
    #[arg(value_name = "FILE.jsonl", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) fn merge(args: &MergeArgs, out: &mut Out) -> Result<Exit, Error> {
    let format = args.format.or(Format::Json)?;
    let texts = args.files.iter().map(|path| slices::text(path)).collect::<Result<Vec<_>, _>>()?;
    let files = args.files.iter().zip(&texts);
    let mut slices = Slices::default();
    for (path, text) in files {
        slices.read(path, text)?;
    }
    slices.agree()?;
    let unequal = slices.sort();
    for (one, other) in unequal.iter().take(MOST_TOLD) {
        note(format_args!("nondeterminism: {one} and {other} are the same seed and differ"));
    }
    let gaps = Gaps::find(&slices);
    gaps.tell();
    if !slices.lines.is_empty() && slices.summaries.is_empty() {
        note("no file has a summary: what was to be swept is unknown, and seeds may be missing");
    }
    let suites = slices.suites()?;
    let results = slices.results(&suites);
    tell(&slices, &suites, &results, format, out)?;
    Ok(exit(&slices, &suites, &gaps, !unequal.is_empty()))
}

fn tell(
    slices: &Slices<'_>,
    suites: &[Suite],
    results: &Results,
    format: Format,
    out: &mut Out,
) -> Result<(), Error> {
    let summary = slices.summary(suites);
    let cost = Cost { wall_s: summary.wall_s, cpu_s: summary.cpu_s };
    match format {
        Format::Json => {
            for line in &slices.lines {
                out.line(line.text)?;
            }
            for line in &results.explained {
                out.json(line)?;
            }
            out.json(&summary)?;
        }
        Format::Junit => {
            let took = Duration::try_from_secs_f64(cost.wall_s).unwrap_or_default();
            out.bytes(junit::document(suites, took)?.as_bytes())?;
        }
        Format::Human | Format::Github => {
            let (findings, more) = Finding::all(results, FEW);
            table::tell(suites, &findings, more, out)?;
            if format == Format::Github {
                github::write(suites, &findings, more, out)?;
            }
        }
    }
    Ok(out.flush()?)
}

/// A seed without a line leaves the verdict open, unless there is a worse one already.
fn exit(slices: &Slices<'_>, suites: &[Suite], gaps: &Gaps, unequal: bool) -> Exit {
    if slices.lines.is_empty() {
        note(format_args!("nothing to merge in {}", counted(slices.files, "file")));
        return Exit::NothingRan;
    }
    let any = |count: fn(&Suite) -> u64| suites.iter().any(|suite| count(suite) > 0);
    let unknown = gaps.missing > 0 || slices.summaries.is_empty();
    let broken = gaps.missing > 0 && slices.summaries.iter().any(|summary| summary.broken > 0);
    let met = [
        (broken, Exit::Internal),
        (unequal, Exit::Nondeterminism),
        (any(Suite::failing), Exit::Violation),
        (unknown || any(Suite::inconclusive), Exit::Inconclusive),
    ];
    let met = met.into_iter().filter_map(|(happened, exit)| happened.then_some(exit));
    Exit::first_of(&met.collect::<Vec<_>>())
}
