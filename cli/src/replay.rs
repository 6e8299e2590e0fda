//! `replay`: a run again, by its token or from its capsule.

use std::path::Path;

use clap::Args;
use guildhall_sim::capsule::{Capsule, Mismatch};
use guildhall_sim::engine::ENGINE;
use guildhall_sim::plan::Plan;
use guildhall_sim::run::{Outcome, Verdict};
use guildhall_sim::token::RunToken;

use crate::args::{Form, Telling};
use crate::error::Error;
use crate::exit::Exit;
use crate::json::RunLine;
use crate::out::Out;
use crate::recipe::Recipe;
use crate::run::{Told, exit, perform};
use crate::settings::{Conditions, MUTANTS_BUILD};
use crate::subject::{self, Subject};
use crate::{tell, words};

/// Run again what a token names or a capsule holds
#[derive(Args, Debug)]
pub(crate) struct ReplayArgs {
    /// A token, gh1-SCENARIO-0xSEED-ENGINE, or a file that holds a capsule
    #[arg(value_name = "TOKEN|CAPSULE.toml")]
    what: String,
    #[command(flatten)]
    telling: Telling,
    #[command(flatten)]
    form: Form,
}

pub(crate) fn replay(args: &ReplayArgs, out: &mut Out) -> Result<Exit, Error> {
    let command = format!("guildhall replay {}", words::shell(&args.what));
    let (steps, json) = (args.telling.steps, args.form.json);
    let told = Told { command: &command, paste: &command, steps, json };
    if subject::is_file(&args.what) {
        replay_capsule(Path::new(&args.what), told, out)
    } else {
        replay_token(&args.what, told, out)
    }
}

fn replay_token(word: &str, told: Told<'_>, out: &mut Out) -> Result<Exit, Error> {
    let token: RunToken = word.parse().map_err(|error| Error::usage(format!("{error}")))?;
    if token.engine != ENGINE {
        return Err(Error::OtherEngine { what: "this token", engine: token.engine });
    }
    let recipe = Recipe {
        subject: Subject::Scenario(subject::scenario(&token.scenario)?),
        seed: token.seed,
        conditions: Conditions::default(),
    };
    let plan = recipe.plan()?;
    let (outcome, cost) = perform(&recipe, &plan, told, out)?;
    if told.json {
        out.json(&RunLine::new(&recipe, &outcome, cost))?;
    }
    Ok(exit(&outcome))
}

fn replay_capsule(path: &Path, told: Told<'_>, out: &mut Out) -> Result<Exit, Error> {
    let capsule = read(path)?;
    let recipe = Recipe {
        subject: Subject::File { path: path.to_owned(), plan: Box::new(capsule.plan.clone()) },
        seed: capsule.plan.seed,
        conditions: conditions(path, &capsule)?,
    };
    let (outcome, cost) = perform(&recipe, &capsule.plan, told, out)?;
    let judged = capsule.judge(&outcome);
    if told.json {
        let line = RunLine::new(&recipe, &outcome, cost);
        out.json(&line.judged(capsule.expect.to_string(), judged.is_ok()))?;
    } else {
        out.line(tell::item("judged", &sentence(&capsule, &outcome, &judged)))?;
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

fn read(path: &Path) -> Result<Capsule, Error> {
    let text = subject::read(path)?;
    Capsule::from_toml(&text).map_err(|error| match Plan::from_toml(&text) {
        Ok(_) => {
            let name = path.display().to_string();
            let run = format!("guildhall run {}", words::shell(&name));
            Error::usage(format!("{name} is a plan, not a capsule: use `{run}`"))
        }
        Err(_) => Error::plan(path, error),
    })
}

/// The conditions of a capsule's run: its own bug, if this build can plant one.
fn conditions(path: &Path, capsule: &Capsule) -> Result<Conditions, Error> {
    match capsule.mutant {
        None => Ok(Conditions::default()),
        #[cfg(feature = "mutants")]
        Some(_) => {
            let _ = (path, MUTANTS_BUILD);
            Ok(Conditions { mutant: capsule.mutant, ..Conditions::default() })
        }
        #[cfg(not(feature = "mutants"))]
        Some(mutant) => Err(Error::usage(format!(
            "{} plants the bug `{}`, which this build cannot: use `{MUTANTS_BUILD} replay {}`",
            path.display(),
            mutant.word(),
            words::shell(&path.display().to_string())
        ))),
    }
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
