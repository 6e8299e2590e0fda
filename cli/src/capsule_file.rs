//! Capsules in files: reading, writing, and naming them.

use std::path::{Path, PathBuf};

use guildhall_check::violation::Violation;
use guildhall_explain::shrink::Shrunk;
use guildhall_plan::capsule::Capsule;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Outcome, Runner as _};
use guildhall_plan::seed::Seed;

use crate::conditions::{Conditions, MUTANTS_BUILD};
use crate::error::Error;
use crate::plan_file::{self, PlanFile};
use crate::program::Program;
use crate::results_file;
use crate::run_spec::{RunSpec, command_on};
use crate::target::Target;
use crate::text;

/// Reads a capsule.
pub(crate) fn read(path: &Path) -> Result<Capsule, Error> {
    match plan_file::read(path)? {
        PlanFile::Capsule(capsule) => Ok(*capsule),
        PlanFile::Plan(_) => {
            let name = path.display().to_string();
            let run = command_on("run", &name);
            Err(Error::usage(format!("{name} is a plan, not a capsule: use `{run}`")))
        }
    }
}

/// The run of a capsule. `command` is the command that needs it, for error messages.
pub(crate) fn run_spec(
    program: &Program,
    command: &str,
    path: &Path,
    capsule: &Capsule,
) -> Result<RunSpec, Error> {
    if let Some(mutant) = capsule.mutant
        && cfg!(not(feature = "mutants"))
    {
        return Err(Error::usage(format!(
            "{} plants the bug `{}`, which this build cannot: use `{MUTANTS_BUILD} {command} {}`",
            path.display(),
            mutant.word(),
            text::shell(&path.display().to_string())
        )));
    }
    let missing = capsule.require_checkers(program.runner());
    missing.map_err(|error| Error::usage(format!("{}: {error}", path.display())))?;
    Ok(RunSpec {
        target: Target::File { path: path.to_owned(), plan: capsule.plan.clone().into() },
        seed: capsule.plan.seed,
        conditions: Conditions { mutant: capsule.mutant, ..program.usual_conditions() },
    })
}

/// What a capsule shows, in a sentence.
fn about(name: &str, seed: Seed, first: Option<&Violation>) -> String {
    match first {
        Some(first) => format!("{name} at seed {seed}: {}: {}", first.subject, first.message),
        None => format!("{name} at seed {seed} keeps the contract"),
    }
}

/// A run as a capsule.
pub(crate) fn of(program: &Program, spec: &RunSpec, plan: Plan, outcome: &Outcome) -> Capsule {
    let scenario = spec.target.scenario().map(|scenario| scenario.name.to_owned());
    let about = about(&spec.target.name(), spec.seed, outcome.violations.first());
    let options = Options { mutant: spec.conditions.mutant, ..Options::default() };
    let checkers = program.runner().checkers();
    Capsule { scenario, about, checkers, ..Capsule::from_outcome(plan, options, outcome) }
}

/// The shrunk form of a run as a capsule.
pub(crate) fn of_shrunk(program: &Program, spec: &RunSpec, shrunk: Shrunk) -> Capsule {
    let capsule = of(program, spec, shrunk.plan, &shrunk.outcome);
    Capsule { shrunk_from: Some(shrunk.from), ..capsule }
}

/// The file name for a failure: `d4-session-half-open-0x2a.toml`.
pub(crate) fn file_name(first: &Violation, name: &str, seed: Seed) -> PathBuf {
    let stem = Path::new(name).file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("{}-{}-{stem}-{seed}.toml", first.clause, first.kind);
    PathBuf::from(name.to_lowercase().replace(' ', "-"))
}

/// Writes a capsule.
pub(crate) fn write(path: &Path, capsule: &Capsule) -> Result<(), Error> {
    results_file::write(path, &capsule.to_toml())
}
