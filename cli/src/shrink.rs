//! `shrink`: from a run that fails to a small one that fails the same way.

use std::path::{Path, PathBuf};

use clap::Args;
use guildhall_check::violation::Violation;
use guildhall_sim::engine::ENGINE;
use guildhall_sim::run::Verdict;
use guildhall_sim::seed::Seed;
use guildhall_sim::shrink::{Budget, Same, ShrinkError, Shrunk};
use guildhall_sim::token::RunToken;

use crate::args::{Form, Threads};
use crate::error::Error;
use crate::exit::Exit;
use crate::json::ShrunkLine;
use crate::lanes::Lanes;
use crate::meter::Meter;
use crate::out::{Out, note};
use crate::recipe::Recipe;
use crate::settings::Conditions;
use crate::shrinking::{shrink_telling, summary};
use crate::subject::{self, Subject};
use crate::{guarded, interrupt, kept, tell, words};

/// Make a failing run small, and write it as a capsule
#[derive(Args, Debug)]
pub(crate) struct ShrinkArgs {
    /// A token, a file that holds a capsule, or a scenario
    #[arg(value_name = "TOKEN|CAPSULE.toml|SCENARIO")]
    what: String,
    /// The seed of a scenario
    #[arg(long, env = "GUILDHALL_SEED", hide_env = true)]
    seed: Option<Seed>,
    #[command(flatten)]
    conditions: Conditions,
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
    let (recipe, scenario) = recipe(args)?;
    let (plan, options) = (recipe.plan()?, recipe.conditions.options());
    let outcome = guarded::play(&recipe, &plan, options, &mut ())?;
    let Some(first) = outcome.violations.first() else {
        return nothing_to_shrink(&recipe, outcome.verdict);
    };
    let meter = Meter::start();
    let lanes = Lanes::new(args.threads.count())?;
    let usual = Budget::default();
    let budget = Budget { runs: args.max_runs.unwrap_or(usual.runs), ..usual };
    let shrunk = match shrink_telling(&plan, options, &Same::of(first), budget, &lanes) {
        Ok(shrunk) => shrunk,
        Err(ShrinkError::Nondeterminism) => {
            note(ShrinkError::Nondeterminism);
            return Ok(Exit::Nondeterminism);
        }
        Err(error) => return Err(Error::Internal(error.to_string())),
    };
    let took = meter.read();
    let path = args.output.clone().unwrap_or_else(|| default_path(args, first, &recipe));
    let mut capsule = kept::of_shrunk(&recipe, shrunk.clone());
    capsule.scenario = capsule.scenario.or(scenario);
    kept::write(&path, &capsule)?;
    if args.form.json {
        out.json(&ShrunkLine::new(&path, &shrunk, took))?;
    } else {
        tell_people(&path, &shrunk, out)?;
        out.line(tell::item("in", &format!("{:.1} s", took.wall_s)))?;
    }
    Ok(if interrupt::asked() { Exit::Interrupted } else { Exit::Held })
}

/// Tells of a capsule that was written.
pub(crate) fn tell_people(path: &Path, shrunk: &Shrunk, out: &mut Out) -> Result<(), Error> {
    let name = path.display().to_string();
    let paste = format!("guildhall replay {}", words::shell(&name));
    out.line(tell::violation(&shrunk.violation, &paste))?;
    out.line(tell::item("shrunk to", &summary(shrunk)))?;
    out.line(tell::item("written", &name))?;
    Ok(())
}

/// What is to be shrunk, and the scenario that it was drawn by, as far as that is known.
fn recipe(args: &ShrinkArgs) -> Result<(Recipe, Option<String>), Error> {
    let what = &args.what;
    if !what.starts_with("gh1-") && !subject::is_file(what) {
        let subject = Subject::Scenario(subject::scenario(what)?);
        let (seed, conditions) = (args.seed.unwrap_or_default(), args.conditions.clone());
        return Ok((Recipe { subject, seed, conditions }, None));
    }
    if args.seed.is_some() || !args.conditions.are_usual() {
        let why = "a token or a capsule says under what conditions it was run: leave them out";
        return Err(Error::usage(why));
    }
    if subject::is_file(what) {
        let path = Path::new(what);
        let capsule = kept::read(path)?;
        Ok((kept::recipe("shrink", path, &capsule)?, capsule.scenario))
    } else {
        token(what).map(|recipe| (recipe, None))
    }
}

/// The run that a token names, on this engine.
pub(crate) fn token(word: &str) -> Result<Recipe, Error> {
    let token: RunToken = word.parse().map_err(|error| Error::usage(format!("{error}")))?;
    if token.engine != ENGINE {
        return Err(Error::OtherEngine { what: "this token", engine: token.engine });
    }
    let subject = Subject::Scenario(subject::scenario(&token.scenario)?);
    Ok(Recipe { subject, seed: token.seed, conditions: Conditions::default() })
}

fn nothing_to_shrink(recipe: &Recipe, verdict: Verdict) -> Result<Exit, Error> {
    let name = recipe.subject.name();
    if verdict == Verdict::Inconclusive {
        note(format_args!("{name} was given up before all had settled: nothing to shrink"));
        return Ok(Exit::Inconclusive);
    }
    Err(Error::usage(format!(
        "{name} keeps the contract at seed {}: nothing to shrink",
        recipe.seed
    )))
}

/// A capsule becomes `x.min.toml` beside it, any other run a file named after its failure.
fn default_path(args: &ShrinkArgs, first: &Violation, recipe: &Recipe) -> PathBuf {
    if subject::is_file(&args.what) {
        return Path::new(&args.what).with_extension("min.toml");
    }
    kept::file_name(first, &recipe.subject.name(), recipe.seed)
}
