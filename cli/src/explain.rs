//! `explain`: why a run fails.

use clap::Args;
use guildhall_explain::explain::explain as explained;
use guildhall_explain::failure::{Failure, Line, Reduction};
use guildhall_plan::engine::ENGINE;
use guildhall_plan::run::{Outcome, Verdict};
use guildhall_plan::size::Size;
use guildhall_sim::run::Fast;

use crate::args::{Form, Threads};
use crate::error::Error;
use crate::exit::Exit;
use crate::lanes::Lanes;
use crate::out::{Out, note};
use crate::recipe::Recipe;
use crate::which::{Found, Which};
use crate::{guarded, json, program, words};

/// Say why a run fails: the chain of causes, what is to blame, how those concerned stand
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    form: Form,
}

pub(crate) fn explain(args: &ExplainArgs, out: &mut Out) -> Result<Exit, Error> {
    let Found { recipe, capsule } = args.which.find("explain")?;
    let (plan, options) = (recipe.plan()?, recipe.conditions.options());
    let outcome = guarded::play(&recipe, &plan, options, &mut ())?;
    if outcome.violations.is_empty() {
        return nothing(&recipe, &outcome, "explain");
    }
    let lanes = Lanes::new(args.threads.count())?;
    let found = guarded::quietly(|| explained(&Fast, &plan, options, &lanes));
    let found = found.map_err(|error| recipe.refused(&error))?;
    let Some(explanation) = found.filter(|found| found.digest == outcome.digest) else {
        note("nondeterminism: the run took other steps when it was had again");
        return Ok(Exit::Nondeterminism);
    };
    let shrunk = capsule.as_ref().and_then(|capsule| capsule.shrunk_from);
    let to = Size::of(&plan);
    let failure = Failure {
        name: recipe.subject.name(),
        seed: recipe.seed,
        mutant: recipe.conditions.mutant(),
        engine: ENGINE,
        explanation,
        shrunk: shrunk.map(|from| Reduction { from, to, effort: None }),
        lines: lines(args, &recipe, capsule.is_some(), shrunk.is_some()),
    };
    if args.form.json {
        out.json(&json::Failed::new(&failure))?;
    } else {
        out.line(&failure)?;
    }
    Ok(Exit::Held)
}

/// The lines to paste: the run itself, and the way to a smaller one where it is as it was found. A
/// capsule says under what conditions it was run; of any other run the line has to say so.
fn lines(args: &ExplainArgs, recipe: &Recipe, kept: bool, small: bool) -> Vec<Line> {
    let of_file =
        |command: &str| format!("{} {command} {}", program::call(), words::shell(&args.which.what));
    let repeat = if kept { of_file("replay") } else { recipe.paste() };
    let mut lines = vec![Line::new("repeat", &repeat), Line::new("steps", repeat + " --steps")];
    if !small {
        let shrink = if kept { of_file("shrink") } else { recipe.paste_for("shrink") };
        lines.push(Line::new("shrink", shrink));
    }
    lines
}

/// There is no violation to do anything about.
pub(crate) fn nothing(recipe: &Recipe, outcome: &Outcome, what: &str) -> Result<Exit, Error> {
    let name = recipe.subject.name();
    if outcome.verdict == Verdict::Inconclusive {
        note(format_args!("{name} was given up before all had settled: nothing to {what}"));
        return Ok(Exit::Inconclusive);
    }
    Err(Error::usage(format!(
        "{name} keeps the contract at seed {}: nothing to {what}",
        recipe.seed
    )))
}
