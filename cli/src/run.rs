//! `run`: one seed of a scenario, or one plan.

use std::path::{Path, PathBuf};

use clap::Args;
use guildhall_explain::failure::Line;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Outcome, Verdict};
use guildhall_plan::seed::Seed;

use crate::args::{Form, Telling};
use crate::error::Error;
use crate::exit::Exit;
use crate::json::RunLine;
use crate::meter::{Cost, Meter};
use crate::out::{Out, note};
use crate::recipe::Recipe;
use crate::settings::Conditions;
use crate::steps::{Steps, play_telling};
use crate::subject::Subject;
use crate::{guarded, kept, tell};

/// How many violations of a run are told to people.
const MOST_TOLD: usize = 5;

/// Run one seed of a scenario, or a plan
#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    /// A scenario, or a file that holds a plan
    #[arg(value_name = "SCENARIO|PLAN.toml")]
    subject: String,
    /// The seed, 0 to 2^53-1, decimal or 0x…; 0 for a scenario, a plan's own for a plan
    #[arg(long, env = "GUILDHALL_SEED", hide_env = true)]
    seed: Option<Seed>,
    #[command(flatten)]
    conditions: Conditions,
    #[command(flatten)]
    telling: Telling,
    #[command(flatten)]
    form: Form,
    /// Write the run into this file, as a capsule for `replay`
    #[arg(short, long, env = "GUILDHALL_OUTPUT", hide_env = true, value_name = "FILE.toml")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &RunArgs, out: &mut Out) -> Result<Exit, Error> {
    let subject = Subject::find(&args.subject)?;
    let recipe = Recipe::new(subject, args.seed, args.conditions.clone())?;
    let plan = recipe.plan()?;
    let told = Told {
        command: &recipe.command(),
        paste: &recipe.paste(),
        explain: &recipe.paste_for("explain"),
        steps: args.telling.steps,
        json: args.form.json,
    };
    let (outcome, cost) = perform(&recipe, &plan, told, out)?;
    if told.json {
        out.json(&RunLine::new(&recipe, &outcome, cost))?;
    }
    if let Some(path) = &args.output {
        write_capsule(path, &recipe, plan, &outcome)?;
    }
    Ok(exit(&outcome))
}

/// How a run is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    /// What has it again, for its first line.
    pub(crate) command: &'a str,
    /// The same for below a violation.
    pub(crate) paste: &'a str,
    /// What explains it.
    pub(crate) explain: &'a str,
    pub(crate) steps: bool,
    pub(crate) json: bool,
}

/// Runs a plan and tells it to people, unless it is told as JSON; then the last line is missing.
pub(crate) fn perform(
    recipe: &Recipe,
    plan: &Plan,
    told: Told<'_>,
    out: &mut Out,
) -> Result<(Outcome, Cost), Error> {
    if recipe.subject.scenario().is_none() {
        // People write these and misspell names; without a budget a run comes no further than that.
        guarded::play(recipe, plan, recipe.conditions.options().up_to(0), &mut ())?;
    }
    if !told.json {
        out.line(tell::head(told.command, plan))?;
        out.flush()?;
    }
    let meter = Meter::start();
    let outcome = play_telling(recipe, plan, Steps::new(told.steps, told.json), out)?;
    let cost = meter.read();
    if !told.json {
        out.line(tell::summary(&outcome, cost))?;
        if recipe.conditions.mutant().is_some() {
            out.line(tell::item("mutant", &format!("reached {} times", outcome.hits)))?;
        }
        tell_violations(&outcome, told, out)?;
    }
    Ok((outcome, cost))
}

/// Tells what was broken, and how to have it again and explained.
fn tell_violations(outcome: &Outcome, told: Told<'_>, out: &mut Out) -> Result<(), Error> {
    for violation in outcome.violations.iter().take(MOST_TOLD) {
        out.line(format_args!("\n{}", tell::violation(violation)))?;
    }
    if let Some(more @ 1..) = outcome.violations.len().checked_sub(MOST_TOLD) {
        out.line(format_args!("\n… and {more} more, which --json lists"))?;
    }
    if !outcome.violations.is_empty() {
        out.line("")?;
        out.line(Line::new("repeat", told.paste))?;
        out.line(Line::new("explain", told.explain))?;
    }
    Ok(())
}

/// How a single run ends the program.
pub(crate) fn exit(outcome: &Outcome) -> Exit {
    match outcome.verdict {
        Verdict::Held => Exit::Held,
        Verdict::Violated => Exit::Violation,
        Verdict::Inconclusive => Exit::Inconclusive,
    }
}

fn write_capsule(path: &Path, recipe: &Recipe, plan: Plan, outcome: &Outcome) -> Result<(), Error> {
    if outcome.verdict == Verdict::Inconclusive {
        let path = path.display();
        note(format_args!("{path} is not written: the run was given up and shows nothing"));
        return Ok(());
    }
    kept::write(path, &kept::of(recipe, plan, outcome))
}
