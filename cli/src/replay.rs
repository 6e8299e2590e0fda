//! `replay`: a run again, by its token or from its capsule.

use std::path::Path;

use clap::Args;
use guildhall_core::time::Instant;
use guildhall_explain::divergence;
use guildhall_plan::capsule::{Capsule, Mismatch};
use guildhall_plan::engine::ENGINE;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Outcome, Verdict, cast};
use guildhall_sim::run::Fast;

use crate::args::{Form, Telling};
use crate::error::Error;
use crate::exit::Exit;
use crate::json::RunLine;
use crate::meter::Cost;
use crate::out::{Out, note};
use crate::recipe::Recipe;
use crate::run::{Told, exit, perform};
use crate::world::World;
use crate::{guarded, kept, parting, program, subject, tell, which, words};

/// Run again what a token names or a capsule holds
#[derive(Args, Debug)]
pub(crate) struct ReplayArgs {
    /// A token, gh1-SCENARIO-0xSEED-ENGINE, or a file that holds a capsule
    #[arg(value_name = "TOKEN|CAPSULE.toml")]
    what: String,
    /// Where to run it
    #[arg(long, env = "GUILDHALL_WORLD", hide_env = true, value_enum, default_value_t)]
    world: World,
    /// Go on until this time of the world, as 12.5s; nothing later is judged
    #[arg(long, env = "GUILDHALL_UNTIL", hide_env = true, value_name = "T")]
    until: Option<Instant>,
    #[command(flatten)]
    telling: Telling,
    #[command(flatten)]
    form: Form,
}

pub(crate) fn replay(args: &ReplayArgs, out: &mut Out) -> Result<Exit, Error> {
    if let Some(replayed) = args.world.replay(&args.what, args.form.json) {
        return replayed;
    }
    let line =
        |command: &str| format!("{} {command} {}", program::call(), words::shell(&args.what));
    let (command, explain) = (line("replay"), line("explain"));
    let (steps, json) = (args.telling.steps, args.form.json);
    let told = Told { command: &command, paste: &command, explain: &explain, steps, json };
    if subject::is_file(&args.what) {
        replay_capsule(Path::new(&args.what), args.until, told, out)
    } else {
        replay_token(&args.what, args.until, told, out)
    }
}

fn replay_token(
    word: &str,
    until: Option<Instant>,
    told: Told<'_>,
    out: &mut Out,
) -> Result<Exit, Error> {
    let mut recipe = which::token(word)?;
    recipe.conditions.until = until;
    let plan = recipe.plan()?;
    let (outcome, cost) = perform(&recipe, &plan, told, out)?;
    until_then(&recipe, &outcome, cost, told, out)
}

/// Ends a replay that no capsule judges.
fn until_then(
    recipe: &Recipe,
    outcome: &Outcome,
    cost: Cost,
    told: Told<'_>,
    out: &mut Out,
) -> Result<Exit, Error> {
    if told.json {
        out.json(&RunLine::new(recipe, outcome, cost))?;
    }
    Ok(exit(outcome))
}

/// The digest is another: has the run twice more, and shows where these two part, if they do.
fn parted(recipe: &Recipe, plan: &Plan, told: &Told<'_>, out: &mut Out) -> Result<(), Error> {
    let options = recipe.conditions.options();
    let found = guarded::quietly(|| divergence::twice(&Fast, plan, options));
    let found = found.map_err(|error| recipe.refused(&error))?;
    let cast = cast(plan).map_err(|error| recipe.refused(&error))?;
    let page = match found {
        Some(found) => parting::tell(&found, &cast),
        None => tell::item(
            "again",
            "two more runs here took the same steps as each other: this \
             build is not the one that wrote the capsule, though it has the same engine",
        ),
    };
    if told.json {
        note(page)
    } else {
        out.line(page)?
    }
    Ok(())
}

fn replay_capsule(
    path: &Path,
    until: Option<Instant>,
    told: Told<'_>,
    out: &mut Out,
) -> Result<Exit, Error> {
    let capsule = kept::read(path)?;
    let mut recipe = kept::recipe("replay", path, &capsule)?;
    recipe.conditions.until = until;
    let (outcome, cost) = perform(&recipe, &capsule.plan, told, out)?;
    if until.is_some() {
        return until_then(&recipe, &outcome, cost, told, out);
    }
    let judged = capsule.judge(&outcome);
    if told.json {
        let line = RunLine::new(&recipe, &outcome, cost);
        out.json(&line.judged(capsule.expect.to_string(), judged.is_ok()))?;
    } else {
        out.line(tell::item("judged", &sentence(&capsule, &outcome, &judged)))?;
    }
    if let Err(Mismatch::Digest { .. }) = judged {
        parted(&recipe, &capsule.plan, &told, out)?;
    }
    Ok(match judged {
        Ok(()) => Exit::Held,
        Err(Mismatch::Outcome { .. }) if outcome.verdict == Verdict::Inconclusive => {
            Exit::Inconclusive
        }
        Err(Mismatch::Outcome { .. }) => Exit::Violation,
        Err(Mismatch::Digest { .. }) => Exit::Nondeterminism,
    })
}

fn sentence(capsule: &Capsule, outcome: &Outcome, judged: &Result<(), Mismatch>) -> String {
    let other = capsule.engine != ENGINE;
    let engine = format!("; the digest is not compared, since engine {} wrote it", capsule.engine);
    let note = if other { engine.as_str() } else { "" };
    match judged {
        Ok(()) => format!("as the capsule expects: {}{note}", capsule.expect),
        Err(mismatch @ Mismatch::Outcome { .. }) => {
            format!("not as the capsule expects: {mismatch}{note}")
        }
        Err(mismatch @ Mismatch::Digest { .. }) => format!(
            "nondeterminism: {mismatch}; the capsule has {}, this run {}",
            capsule.digest, outcome.digest
        ),
    }
}
