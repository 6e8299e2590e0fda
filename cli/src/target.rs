//! What a command runs: a scenario of the catalogue or a plan in a file, and how arguments name it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use guildhall_plan::capsule::Capsule;
use guildhall_plan::engine::ENGINE;
use guildhall_plan::plan::Plan;
use guildhall_plan::script::Scenario;
use guildhall_plan::seed::Seed;
use guildhall_plan::token::RunToken;
use guildhall_scenarios as catalogue;

use crate::conditions::Conditions;
use crate::error::Error;
use crate::plan_file::{self, PlanFile};
use crate::run_spec::{RunSpec, command_for};
use crate::{capsule_file, text};

/// What is run.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Scenario(&'static Scenario),
    File {
        path: PathBuf,
        plan: Arc<Plan>,
    },
    /// A plan file of which only the name is known: another machine has run it.
    Elsewhere {
        path: PathBuf,
    },
}

/// A run as the command line names it.
#[derive(Args, Debug)]
pub(crate) struct RunArg {
    /// A token, a file that holds a capsule or a plan, or a scenario
    #[arg(value_name = "TOKEN|FILE.toml|SCENARIO")]
    pub(crate) what: String,
    /// The seed of a scenario or a plan
    #[arg(long, env = "GUILDHALL_SEED", hide_env = true)]
    seed: Option<Seed>,
    #[command(flatten)]
    conditions: Conditions,
}

/// The run that an argument names.
pub(crate) struct NamedRun {
    pub(crate) spec: RunSpec,
    /// The capsule, if the argument is one.
    pub(crate) capsule: Option<Capsule>,
}

impl Target {
    /// A text that ends in `.toml` is a file, any other text is the name of a scenario.
    pub(crate) fn find(text: &str) -> Result<Self, Error> {
        if !is_file(text) {
            return scenario(text).map(Self::Scenario);
        }
        let path = PathBuf::from(text);
        match plan_file::read(&path)? {
            PlanFile::Plan(plan) => Ok(Self::File { path, plan: plan.into() }),
            PlanFile::Capsule(_) => {
                let replay = command_for("replay", text);
                let why = format!("{text} is a capsule, not a plan: use `{replay}`");
                Err(Error::usage(why))
            }
        }
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Self::Scenario(scenario) => scenario.name.to_owned(),
            Self::File { path, .. } | Self::Elsewhere { path } => path.display().to_string(),
        }
    }

    pub(crate) fn scenario(&self) -> Option<&'static Scenario> {
        match self {
            Self::Scenario(scenario) => Some(scenario),
            Self::File { .. } | Self::Elsewhere { .. } => None,
        }
    }

    /// What a line of a sweep names, without its plan.
    pub(crate) fn named(name: &str) -> Result<Self, Error> {
        if is_file(name) {
            return Ok(Self::Elsewhere { path: PathBuf::from(name) });
        }
        scenario(name).map(Self::Scenario)
    }

    /// Its place in a sweep: scenarios in the order of the catalogue, then files by name.
    pub(crate) fn place(&self) -> (usize, String) {
        let index = self.scenario().and_then(|scenario| {
            catalogue::ALL.iter().position(|other| other.name == scenario.name)
        });
        (index.unwrap_or(catalogue::ALL.len()), self.name())
    }
}

impl RunArg {
    /// Finds the run. `command` is the command that needs it, for error messages.
    pub(crate) fn find(&self, command: &str) -> Result<NamedRun, Error> {
        let what = self.what.as_str();
        if !is_file(what) {
            let spec = if is_token(what) {
                self.refuse_flags()?;
                by_token(what)?
            } else {
                self.spec(Target::find(what)?)?
            };
            return Ok(NamedRun { spec, capsule: None });
        }
        let path = PathBuf::from(what);
        match plan_file::read(&path)? {
            PlanFile::Plan(plan) => {
                let spec = self.spec(Target::File { path, plan: plan.into() })?;
                Ok(NamedRun { spec, capsule: None })
            }
            PlanFile::Capsule(capsule) => {
                self.refuse_flags()?;
                let spec = capsule_file::run_spec(command, &path, &capsule)?;
                Ok(NamedRun { spec, capsule: Some(*capsule) })
            }
        }
    }

    fn spec(&self, target: Target) -> Result<RunSpec, Error> {
        RunSpec::new(target, self.seed, self.conditions.clone())
    }

    /// Refuses flags beside a token or a capsule.
    fn refuse_flags(&self) -> Result<(), Error> {
        if self.seed.is_none() && self.conditions.are_default() {
            return Ok(());
        }
        let why = "a token or a capsule includes the seed and all settings: leave the flags out";
        Err(Error::usage(why))
    }

    pub(crate) fn is_file(&self) -> bool {
        is_file(&self.what)
    }
}

/// Whether an argument is a file.
pub(crate) fn is_file(text: &str) -> bool {
    Path::new(text).extension().is_some_and(|extension| extension == "toml")
}

fn is_token(word: &str) -> bool {
    word.starts_with("gh1-") && !is_file(word)
}

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| Error::file(path, error))
}

/// The scenario of this name.
pub(crate) fn scenario(name: &str) -> Result<&'static Scenario, Error> {
    catalogue::by_name(name).ok_or_else(|| {
        let near = text::nearest(name, catalogue::ALL.iter().map(|scenario| scenario.name));
        let hint = near.map_or_else(
            || "`guildhall scenarios` lists them".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        Error::usage(format!("there is no scenario `{name}`; {hint}"))
    })
}

/// The scenarios and plan files of these names, each once, in their places; all scenarios if there are
/// no names.
pub(crate) fn all(names: &[String]) -> Result<Vec<Target>, Error> {
    if names.is_empty() {
        return Ok(catalogue::ALL.iter().map(Target::Scenario).collect());
    }
    let names: BTreeSet<&String> = names.iter().collect();
    let targets: Result<Vec<Target>, Error> =
        names.into_iter().map(|name| Target::find(name)).collect();
    let mut targets = targets?;
    targets.sort_by_cached_key(Target::place);
    Ok(targets)
}

/// The run that a token of this engine names.
pub(crate) fn by_token(word: &str) -> Result<RunSpec, Error> {
    let token: RunToken = word.parse().map_err(|error| Error::usage(format!("{error}")))?;
    if token.engine != ENGINE {
        return Err(Error::OtherEngine { what: "this token", engine: token.engine });
    }
    let target = Target::Scenario(scenario(&token.scenario)?);
    RunSpec::new(target, Some(token.seed), Conditions::default())
}
