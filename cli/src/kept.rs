//! Capsules in files: read for a command that has a run again, written where one is worth keeping.

use std::path::{Path, PathBuf};

use guildhall_check::violation::Violation;
use guildhall_explain::shrink::Shrunk;
use guildhall_plan::capsule::Capsule;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Outcome};
use guildhall_plan::seed::Seed;

use crate::error::Error;
use crate::recipe::Recipe;
use crate::settings::Conditions;
#[cfg(not(feature = "mutants"))]
use crate::settings::MUTANTS_BUILD;
use crate::subject::{self, Subject};
use crate::{program, words};

/// Reads a file that may hold a capsule; `None` if it holds a plan, or nothing of either.
pub(crate) fn find(path: &Path) -> Result<Option<Capsule>, Error> {
    let text = subject::read(path)?;
    match Capsule::from_toml(&text) {
        Ok(capsule) => Ok(Some(capsule)),
        // Only a capsule says of which version it is.
        Err(error) if text.starts_with("schema") => Err(Error::plan(path, error)),
        Err(_) => Ok(None),
    }
}

/// Reads a capsule.
pub(crate) fn read(path: &Path) -> Result<Capsule, Error> {
    let text = subject::read(path)?;
    Capsule::from_toml(&text).map_err(|error| match Plan::from_toml(&text) {
        Ok(_) => {
            let name = path.display().to_string();
            let run = format!("{} run {}", program::call(), words::shell(&name));
            Error::usage(format!("{name} is a plan, not a capsule: use `{run}`"))
        }
        Err(_) => Error::plan(path, error),
    })
}

/// What it takes to have a capsule's run again with `command`.
pub(crate) fn recipe(command: &str, path: &Path, capsule: &Capsule) -> Result<Recipe, Error> {
    Ok(Recipe {
        subject: Subject::File { path: path.to_owned(), plan: Box::new(capsule.plan.clone()) },
        seed: capsule.plan.seed,
        conditions: conditions(command, path, capsule)?,
    })
}

/// The conditions of a capsule's run: its own bug, if this build can plant one.
fn conditions(command: &str, path: &Path, capsule: &Capsule) -> Result<Conditions, Error> {
    match capsule.mutant {
        None => Ok(Conditions::default()),
        #[cfg(feature = "mutants")]
        Some(_) => {
            let _ = (command, path);
            Ok(Conditions { mutant: capsule.mutant, ..Conditions::default() })
        }
        #[cfg(not(feature = "mutants"))]
        Some(mutant) => Err(Error::usage(format!(
            "{} plants the bug `{}`, which this build cannot: use `{MUTANTS_BUILD} {command} {}`",
            path.display(),
            mutant.word(),
            words::shell(&path.display().to_string())
        ))),
    }
}

/// What a capsule shows, in a sentence.
pub(crate) fn about(name: &str, seed: Seed, first: Option<&Violation>) -> String {
    match first {
        Some(first) => format!("{name} at seed {seed}: {}: {}", first.subject, first.message),
        None => format!("{name} at seed {seed} keeps the contract"),
    }
}

/// A recipe's run as a capsule.
pub(crate) fn of(recipe: &Recipe, plan: Plan, outcome: &Outcome) -> Capsule {
    let scenario = recipe.subject.scenario().map(|scenario| scenario.name.to_owned());
    let about = about(&recipe.subject.name(), recipe.seed, outcome.violations.first());
    let options = Options { mutant: recipe.conditions.mutant(), ..Options::default() };
    Capsule { scenario, about, ..Capsule::from_outcome(plan, options, outcome) }
}

/// What a recipe's run was shrunk to, as a capsule.
pub(crate) fn of_shrunk(recipe: &Recipe, shrunk: Shrunk) -> Capsule {
    let capsule = of(recipe, shrunk.plan, &shrunk.outcome);
    Capsule { shrunk_from: Some(shrunk.from), ..capsule }
}

/// The name of the file of a failure: `d4-session-half-open-0x2a.toml`.
pub(crate) fn file_name(first: &Violation, name: &str, seed: Seed) -> PathBuf {
    let stem = Path::new(name).file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("{}-{}-{stem}-{seed}.toml", first.clause, first.kind);
    PathBuf::from(name.to_lowercase().replace(' ', "-"))
}

/// Writes a capsule, and the folders above it.
pub(crate) fn write(path: &Path, capsule: &Capsule) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Error::file(folder, error))?;
    }
    std::fs::write(path, capsule.to_toml()).map_err(|error| Error::file(path, error))
}
