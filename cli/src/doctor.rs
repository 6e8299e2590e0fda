//! `doctor`: whether the same run is the same, whichever way it is come by.
//!
//! A few seeds of each scenario are run once in order on one thread; then again, on many threads,
//! shuffled, and in processes of their own. Nothing may differ in any of their lines: not the
//! digest of all steps, and not the verdict. Whether a run kept the contract is not asked here.

mod difference;
mod kept;
mod ways;

use std::path::PathBuf;

use clap::Args;
use guildhall_plan::engine::ENGINE;
use guildhall_plan::seed::Seed;
use serde::Serialize;

use crate::args::{Form, Threads};
use crate::error::Error;
use crate::exit::Exit;
use crate::field::{Field, named};
use crate::json::SCHEMA;
use crate::out::{Out, note};
use crate::partition::Partition;
use crate::seeds::{Seeds, Slice};
use crate::settings::Conditions;
use crate::words::{counted, grouped};
use crate::{interrupt, tell};
use difference::{MOST_TOLD, differences};
use kept::Kept;
use ways::{Lines, Way};

/// How many seeds of each scenario are compared.
const USUAL_COUNT: u64 = 3;

/// Run the same seeds in different ways, builds or machines, and compare
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// The scenarios; all, unless some are named
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// So many seeds of each scenario [default: 3]
    #[arg(long, env = "GUILDHALL_COUNT", hide_env = true, value_name = "N")]
    count: Option<u64>,
    /// The first of them [default: 0]
    #[arg(long, env = "GUILDHALL_START", hide_env = true, value_name = "S")]
    start: Option<Seed>,
    /// Write what came of the runs, for another build or machine to compare with
    #[arg(long, env = "GUILDHALL_WRITE", hide_env = true, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Compare with what another build or machine has written; its scenarios and seeds are taken
    #[arg(
        long,
        env = "GUILDHALL_AGAINST",
        hide_env = true,
        value_name = "FILE",
        conflicts_with_all = ["scenarios", "count", "start"]
    )]
    against: Option<PathBuf>,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    form: Form,
}

/// What came of them all.
#[derive(Serialize)]
struct SummaryLine {
    schema: &'static str,
    r#type: &'static str,
    engine: String,
    runs: usize,
    differing: usize,
}

/// A way of running, compared.
#[derive(Serialize)]
struct WayLine {
    schema: &'static str,
    r#type: &'static str,
    way: &'static str,
    runs: usize,
    differing: usize,
}

pub(crate) fn doctor(args: &DoctorArgs, out: &mut Out) -> Result<Exit, Error> {
    let kept = args.against.as_deref().map(Kept::read).transpose()?;
    let field = match &kept {
        Some(kept) => kept.field()?,
        None => field(args)?,
    };
    if field.size() == 0 {
        note("nothing ran: there is no seed in this range");
        return Ok(Exit::NothingRan);
    }
    interrupt::listen()?;
    let mut told = Doctor { field: &field, json: args.form.json, differing: 0, out };
    told.head()?;
    let reference = ways::run(&field, Way::Once, args.threads.count())?;
    for way in Way::OTHERS {
        if interrupt::asked() {
            break;
        }
        let lines = ways::run(&field, way, args.threads.count())?;
        told.compare(way.name(), way.what(), &reference, &lines)?;
    }
    if interrupt::asked() {
        note("interrupted: what had been compared until then is told");
        told.out.flush()?;
        return Ok(Exit::Interrupted);
    }
    if let (Some(kept), Some(path)) = (&kept, &args.against) {
        told.compare("against", &kept.whose(path), &kept.lines, &reference)?;
    }
    if let Some(path) = &args.write {
        Kept::write(path, &field, &reference)?;
    }
    told.end()
}

fn field(args: &DoctorArgs) -> Result<Field, Error> {
    let first = args.start.unwrap_or_default().number();
    let range = Seeds { first, count: args.count.unwrap_or(USUAL_COUNT) }.checked()?;
    let seeds = Slice::new(range, Partition::default());
    let scenarios = named(&args.scenarios)?;
    Ok(Field { scenarios, seeds, conditions: Conditions::default(), causes: false })
}

/// What is compared, as it is being told.
struct Doctor<'a> {
    field: &'a Field,
    json: bool,
    differing: usize,
    out: &'a mut Out,
}

impl Doctor<'_> {
    fn head(&mut self) -> Result<(), Error> {
        if !self.json {
            let scenarios = counted(self.field.scenarios.len() as u64, "scenario");
            let seeds = counted(self.field.seeds.count, "seed");
            let build = kept::build();
            self.out
                .line(format_args!("engine {ENGINE}, {build}: {scenarios}, {seeds} of each"))?;
            self.out.flush()?;
        }
        Ok(())
    }

    /// Compares two ways, and tells what differs.
    fn compare(
        &mut self,
        way: &'static str,
        what: &str,
        expected: &Lines,
        got: &Lines,
    ) -> Result<(), Error> {
        let differing = differences(self.field, way, expected, got)?;
        let (runs, alike) = (expected.len(), expected.len() - differing.len());
        self.differing += differing.len();
        if self.json {
            for difference in &differing {
                self.out.json(difference)?;
            }
            let differing = differing.len();
            self.out.json(&WayLine { schema: SCHEMA, r#type: "way", way, runs, differing })?;
        } else {
            let (alike, runs) = (grouped(alike as u64), counted(runs as u64, "run"));
            self.out.line(tell::item(way, &format!("{alike} of {runs} alike: {what}")))?;
            for difference in differing.iter().take(MOST_TOLD) {
                self.out.line(difference.told())?;
            }
            if let Some(more @ 1..) = differing.len().checked_sub(MOST_TOLD) {
                self.out.line(tell::item("", &format!("… and {more} more, which --json lists")))?;
            }
        }
        Ok(self.out.flush()?)
    }

    fn end(&mut self) -> Result<Exit, Error> {
        let differing = self.differing;
        if self.json {
            let (engine, runs) = (ENGINE.to_string(), self.field.size() as usize);
            let (schema, r#type) = (SCHEMA, "summary");
            self.out.json(&SummaryLine { schema, r#type, engine, runs, differing })?;
        } else if differing == 0 {
            self.out.line("deterministic: each run was the same in every way")?;
        } else {
            self.out.line("not deterministic: the same run took other steps")?;
        }
        self.out.flush()?;
        Ok(if differing == 0 { Exit::Held } else { Exit::Nondeterminism })
    }
}
