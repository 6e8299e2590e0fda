//! `shrink`: from a run that fails to a small one that fails the same way.

use std::path::{Path, PathBuf};

use clap::Args;
use guildhall_check::violation::Violation;
use guildhall_explain::failure::Reduction;
use guildhall_explain::shrink::{Budget, Same, ShrinkError, shrink as make_small};
use guildhall_sim::run::Fast;

use crate::args::{Form, Threads};
use crate::error::Error;
use crate::examined::kept_lines;
use crate::exit::Exit;
use crate::explain::nothing;
use crate::json::ShrunkLine;
use crate::lanes::Lanes;
use crate::meter::Meter;
use crate::out::{Out, note};
use crate::recipe::Recipe;
use crate::shrinking::telling;
use crate::which::{Found, Which};
use crate::{guarded, interrupt, kept, tell};

/// Make a failing run small, and write it as a capsule
#[derive(Args, Debug)]
pub(crate) struct ShrinkArgs {
    #[command(flatten)]
    which: Which,
    /// Give up after so many runs, with what was found until then
    #[arg(long, env = "GUILDHALL_MAX_RUNS", hide_env = true, value_name = "N")]
    max_runs: Option<u64>,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    form: Form,
    /// The capsule's file; one in this folder, named after the failure, unless said otherwise
    #[arg(short, long, env = "GUILDHALL_OUTPUT", hide_env = true, value_name = "FILE.toml")]
    output: Option<PathBuf>,
}

pub(crate) fn shrink(args: &ShrinkArgs, out: &mut Out) -> Result<Exit, Error> {
    interrupt::listen()?;
    let Found { recipe, capsule: kept } = args.which.find("shrink")?;
    let (plan, options) = (recipe.plan()?, recipe.conditions.options());
    let outcome = guarded::play(&recipe, &plan, options, &mut ())?;
    let Some(first) = outcome.violations.first() else {
        return nothing(&recipe, &outcome, "shrink");
    };
    let meter = Meter::start();
    let lanes = Lanes::new(args.threads.count())?;
    let usual = Budget::default();
    let budget = Budget { runs: args.max_runs.unwrap_or(usual.runs), ..usual };
    let same = Same::of(first);
    let shrunk = guarded::quietly(|| {
        telling(|told| make_small(&Fast, &plan, options, &same, budget, &lanes, told))
    });
    let shrunk = match shrunk {
        Ok(shrunk) => shrunk,
        Err(error @ ShrinkError::Nondeterminism) => {
            note(error);
            return Ok(Exit::Nondeterminism);
        }
        Err(error) => return Err(Error::Internal(error.to_string())),
    };
    let took = meter.read();
    let path = args.output.clone().unwrap_or_else(|| default_path(args, first, &recipe));
    let mut capsule = kept::of_shrunk(&recipe, shrunk.clone());
    if let Some(kept) = kept {
        // What it was drawn by, and how large it was at first, was written down then.
        capsule.scenario = capsule.scenario.or(kept.scenario);
        capsule.shrunk_from = kept.shrunk_from.or(capsule.shrunk_from);
    }
    kept::write(&path, &capsule)?;
    if args.form.json {
        out.json(&ShrunkLine::new(&path, &shrunk, took))?;
    } else {
        out.line(tell::violation(&shrunk.violation))?;
        out.line(tell::item("shrunk", &Reduction::from(&shrunk).to_string()))?;
        out.line(tell::item("took", &format!("{:.1} s", took.wall_s)))?;
        out.line(tell::item("written", &path.display().to_string()))?;
        for line in kept_lines(&path) {
            out.line(line)?;
        }
    }
    Ok(if interrupt::asked() { Exit::Interrupted } else { Exit::Held })
}

/// A capsule becomes `x.min.toml` beside it, any other run a file named after its failure.
fn default_path(args: &ShrinkArgs, first: &Violation, recipe: &Recipe) -> PathBuf {
    if args.which.is_file() {
        return Path::new(&args.which.what).with_extension("min.toml");
    }
    kept::file_name(first, &recipe.subject.name(), recipe.seed)
}
