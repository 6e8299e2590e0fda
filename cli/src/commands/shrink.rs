//! `shrink`: reduces a failing run to a small one that fails in the same way.

use std::path::{Path, PathBuf};

use clap::Args;
use guildhall_check::violation::Violation;
use guildhall_explain::failure::Reduction;
use guildhall_explain::repeater::Repeater;
use guildhall_explain::shrink::{
    Budget, Goal, ShrinkError, Shrunk, Signature, shrink as shrink_plan,
};
use guildhall_plan::capsule::Capsule;

use super::explain::nothing_to_do;
use crate::analysis::capsule_commands;
use crate::args::{JsonArg, ThreadsArg};
use crate::error::{Error, Exit};
use crate::meter::Meter;
use crate::output::{Output, note};
use crate::program::Program;
use crate::progress::while_shrinking;
use crate::records::ShrunkLine;
use crate::run_spec::RunSpec;
use crate::target::{NamedRun, RunArg};
use crate::text::item;
use crate::thread_pool::ThreadPool;
use crate::{capsule_file, interrupt, panics, results_file, run_text};

/// Shrink a failing run, and write the result as a capsule
#[derive(Args, Debug)]
pub(crate) struct ShrinkArgs {
    #[command(flatten)]
    run: RunArg,
    /// Stop after this many runs, with the result so far
    #[arg(long, env = "GUILDHALL_MAX_RUNS", hide_env = true, value_name = "N")]
    max_runs: Option<u64>,
    #[command(flatten)]
    threads: ThreadsArg,
    #[command(flatten)]
    json: JsonArg,
    /// The file of the capsule; by default one in this folder that is named after the failure
    #[arg(short, long, env = "GUILDHALL_OUTPUT", hide_env = true, value_name = "FILE.toml")]
    output: Option<PathBuf>,
}

pub(crate) fn shrink(
    program: &Program,
    args: &ShrinkArgs,
    out: &mut Output,
) -> Result<Exit, Error> {
    interrupt::install_handler()?;
    let NamedRun { spec, capsule } = args.run.find(program, "shrink")?;
    let (plan, options) = (spec.plan()?, spec.conditions.options());
    let outcome = panics::run(program.runner(), &spec, &plan, options, &mut ())?;
    let Some(first) = outcome.violations.first() else {
        return nothing_to_do(&spec, &outcome, "shrink");
    };
    let path = args.output.clone().unwrap_or_else(|| default_path(args, first, &spec));
    results_file::check(&path)?;
    let meter = Meter::start();
    let shrunk = match shrink_run(program, args, &spec, first)? {
        Ok(shrunk) => shrunk,
        Err(error @ ShrinkError::Nondeterminism) => {
            note(error);
            return Ok(Exit::Nondeterminism);
        }
        Err(error) => return Err(Error::Internal(error.to_string())),
    };
    let cost = meter.read();
    let written = capsule_file::write(&path, &new_capsule(program, &spec, &shrunk, capsule));
    if args.json.json {
        out.json(&ShrunkLine::new(&spec, written.is_ok().then_some(&*path), &shrunk, cost))?;
    } else {
        out.line(run_text::violation(&shrunk.violation))?;
        out.line(item("shrunk", &Reduction::from(&shrunk).to_string()))?;
        out.line(item("took", &format!("{:.1} s", cost.wall_s())))?;
        if written.is_ok() {
            out.line(item("written", &path.display().to_string()))?;
            for line in capsule_commands(&path) {
                out.line(line)?;
            }
        }
    }
    out.flush()?;
    let exit = if interrupt::requested() { interrupt::exit() } else { Exit::Held };
    Ok(results_file::exit(exit, written))
}

fn shrink_run(
    program: &Program,
    args: &ShrinkArgs,
    spec: &RunSpec,
    first: &Violation,
) -> Result<Result<Shrunk, ShrinkError>, Error> {
    let (plan, options) = (spec.plan()?, spec.conditions.options());
    let threads = ThreadPool::new(args.threads.count())?;
    let default = Budget::default();
    let budget = Budget { runs: args.max_runs.unwrap_or(default.runs), ..default };
    let signature = Signature::of(first);
    let repeater = Repeater::new(program.runner(), options, &threads);
    Ok(panics::silenced(|| {
        while_shrinking(|progress| {
            shrink_plan(repeater, &plan, Goal { signature: &signature, budget, progress })
        })
    }))
}

/// The capsule of the shrunk run. It keeps what a capsule that was shrunk again says about its origin.
fn new_capsule(
    program: &Program,
    spec: &RunSpec,
    shrunk: &Shrunk,
    old: Option<Capsule>,
) -> Capsule {
    let mut capsule = capsule_file::of_shrunk(program, spec, shrunk.clone());
    if let Some(old) = old {
        capsule.scenario = capsule.scenario.or(old.scenario);
        capsule.shrunk_from = old.shrunk_from.or(capsule.shrunk_from);
    }
    capsule
}

/// `x.min.toml` beside the capsule `x.toml`; for any other run, a file named after its failure.
fn default_path(args: &ShrinkArgs, first: &Violation, spec: &RunSpec) -> PathBuf {
    if args.run.is_file() {
        return Path::new(&args.run.what).with_extension("min.toml");
    }
    capsule_file::file_name(first, &spec.target.name(), spec.seed)
}
