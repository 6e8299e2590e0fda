//! `doctor`: checks that runs are deterministic.
//!
//! A few seeds of each scenario or plan are run in order on one thread; then again, on many threads, in
//! another order, and in separate processes. The lines of a seed must be identical: digest, verdict
//! and all. Whether a run keeps the contract does not matter here.

mod difference;
mod recording;
mod runs;

use std::path::PathBuf;

use clap::Args;
use guildhall_plan::seed::Seed;
use guildhall_sim::run::engine;
use serde::Serialize;

use crate::args::{JsonArg, ThreadsArg};
use crate::error::{Error, Exit};
use crate::output::{Output, note};
use crate::program::Program;
use crate::records::Head;
use crate::seeds::{Partition, Seeds, Slice};
use crate::sweep_spec::SweepSpec;
use crate::text::{counted, grouped, item};
use crate::{interrupt, results_file, target};
use difference::differences;
use recording::Recording;
use runs::{Lines, Way};

/// The default number of seeds of each scenario.
const DEFAULT_COUNT: u64 = 3;

/// The largest number of differences of a way that are printed as text.
const MOST_LISTED: usize = 5;

/// Check determinism: run the same seeds in different ways, builds or machines, and compare
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// The scenarios, and files that hold plans; all scenarios if none is named
    #[arg(value_name = "SCENARIO|PLAN.toml")]
    targets: Vec<String>,
    /// The number of seeds of each scenario [default: 3]
    #[arg(long, env = "GUILDHALL_COUNT", hide_env = true, value_name = "N")]
    count: Option<u64>,
    /// The first seed [default: 0]
    #[arg(long, env = "GUILDHALL_START", hide_env = true, value_name = "S")]
    start: Option<Seed>,
    /// Write the results, to compare them with another build or machine
    #[arg(long, env = "GUILDHALL_WRITE", hide_env = true, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Compare with the results of another build or machine, for the same scenarios and seeds
    #[arg(
        long,
        env = "GUILDHALL_AGAINST",
        hide_env = true,
        value_name = "FILE",
        conflicts_with_all = ["targets", "count", "start"]
    )]
    against: Option<PathBuf>,
    #[command(flatten)]
    threads: ThreadsArg,
    #[command(flatten)]
    json: JsonArg,
}

/// The totals of all ways.
#[derive(Serialize)]
struct SummaryLine {
    #[serde(flatten)]
    head: Head,
    runs: usize,
    differing: usize,
}

/// The totals of one way.
#[derive(Serialize)]
struct WayLine {
    #[serde(flatten)]
    head: Head,
    way: &'static str,
    runs: usize,
    differing: usize,
}

pub(crate) fn doctor(
    program: &Program,
    args: &DoctorArgs,
    out: &mut Output,
) -> Result<Exit, Error> {
    let recording =
        args.against.as_deref().map(|path| Recording::read(program, path)).transpose()?;
    let spec = match &recording {
        Some(recording) => {
            let spec = recording.sweep_spec(program)?;
            recording.check_plans(&spec)?;
            spec
        }
        None => sweep_spec(program, args)?,
    };
    if spec.size() == 0 {
        note("nothing ran: there is no seed in this range");
        return Ok(Exit::NothingRan);
    }
    args.write.as_deref().map_or(Ok(()), results_file::check)?;
    interrupt::install_handler()?;
    let mut doctor = Doctor { spec: &spec, json: args.json.json, differing: 0, out };
    doctor.print_head()?;
    let reference = runs::lines(&spec, Way::Once, args.threads.count())?;
    for way in Way::OTHERS {
        if interrupt::requested() {
            break;
        }
        let lines = runs::lines(&spec, way, args.threads.count())?;
        doctor.compare(way.name(), way.about(), &reference, &lines)?;
    }
    if interrupt::requested() {
        note("interrupted: the comparisons so far are printed");
        doctor.out.flush()?;
        return Ok(interrupt::exit());
    }
    if let (Some(recording), Some(path)) = (&recording, &args.against) {
        doctor.compare("against", &recording.origin(path), &recording.lines, &reference)?;
    }
    let verdict = doctor.end()?;
    let written = args.write.as_deref();
    let written = written.map_or(Ok(()), |path| Recording::write(path, &spec, &reference));
    Ok(results_file::exit(verdict, written))
}

fn sweep_spec<'a>(program: &'a Program, args: &DoctorArgs) -> Result<SweepSpec<'a>, Error> {
    let first = args.start.unwrap_or_default().number();
    let range = Seeds { first, count: args.count.unwrap_or(DEFAULT_COUNT) };
    spec_of(program, &args.targets, range)
}

/// All seeds of a range, under the default conditions.
fn spec_of<'a>(
    program: &'a Program,
    names: &[String],
    range: Seeds,
) -> Result<SweepSpec<'a>, Error> {
    let seeds = Slice::new(range.checked()?, Partition::default());
    let (targets, conditions) = (target::all(program, names)?, program.usual_conditions());
    Ok(SweepSpec { program, targets, seeds, conditions, with_moments: false })
}

/// The comparisons in progress.
struct Doctor<'a> {
    spec: &'a SweepSpec<'a>,
    json: bool,
    differing: usize,
    out: &'a mut Output,
}

impl Doctor<'_> {
    fn print_head(&mut self) -> Result<(), Error> {
        if !self.json {
            let plans = self.spec.plans().len();
            let scenarios = self.spec.targets.len() - plans;
            let counts = [(scenarios, "scenario"), (plans, "plan")].into_iter();
            let counts = counts.filter(|(count, _)| *count > 0);
            let counts: Vec<_> = counts.map(|(count, noun)| counted(count as u64, noun)).collect();
            let targets = counts.join(" and ");
            let seeds = counted(self.spec.seeds.count, "seed");
            let build = recording::build();
            let engine = engine();
            self.out.line(format_args!("engine {engine}, {build}: {targets}, {seeds} of each"))?;
            self.out.flush()?;
        }
        Ok(())
    }

    /// Compares the lines of a way with the expected ones, and prints the differences.
    fn compare(
        &mut self,
        way: &'static str,
        about: &str,
        expected: &Lines,
        got: &Lines,
    ) -> Result<(), Error> {
        let differing = differences(self.spec, way, expected, got)?;
        let (runs, same) = (expected.len(), expected.len() - differing.len());
        self.differing += differing.len();
        if self.json {
            for difference in &differing {
                self.out.json(difference)?;
            }
            let differing = differing.len();
            let head = Head::new("way", &self.spec.conditions);
            self.out.json(&WayLine { head, way, runs, differing })?;
        } else {
            let (same, runs) = (grouped(same as u64), counted(runs as u64, "run"));
            self.out.line(item(way, &format!("{same} of {runs} identical: {about}")))?;
            for difference in differing.iter().take(MOST_LISTED) {
                self.out.line(difference)?;
            }
            if let Some(more @ 1..) = differing.len().checked_sub(MOST_LISTED) {
                self.out.line(item("", &format!("… and {more} more; --json lists all")))?;
            }
        }
        Ok(self.out.flush()?)
    }

    fn end(&mut self) -> Result<Exit, Error> {
        let differing = self.differing;
        if self.json {
            let head = Head::new("doctor", &self.spec.conditions);
            let runs = self.spec.size() as usize;
            self.out.json(&SummaryLine { head, runs, differing })?;
        } else if differing == 0 {
            self.out.line("deterministic: each run was identical in every way")?;
        } else {
            self.out.line("not deterministic: the same run took different steps")?;
        }
        self.out.flush()?;
        Ok(if differing == 0 { Exit::Held } else { Exit::Nondeterminism })
    }
}
