//! What a command runs: a scenario of the catalogue or a plan in a file, and how arguments name it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use guildhall_plan::capsule::Capsule;
use guildhall_plan::plan::Plan;
use guildhall_plan::script::Scenario;
use guildhall_plan::seed::Seed;
use guildhall_plan::token::{Outdated, RunToken};

use crate::capsule_file;
use crate::conditions::Conditions;
use crate::error::Error;
use crate::output::note;
use crate::plan_file::{self, PlanFile};
use crate::program::Program;
use crate::run_spec::{RunSpec, command_on};

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
    pub(crate) fn find(program: &Program, text: &str) -> Result<Self, Error> {
        if !is_file(text) {
            return program.scenario(text).map(Self::Scenario);
        }
        let path = PathBuf::from(text);
        match plan_file::read(&path)? {
            PlanFile::Plan(plan) => Ok(Self::File { path, plan: plan.into() }),
            PlanFile::Capsule(_) => {
                let replay = command_on("replay", text);
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
    pub(crate) fn named(program: &Program, name: &str) -> Result<Self, Error> {
        if is_file(name) {
            return Ok(Self::Elsewhere { path: PathBuf::from(name) });
        }
        program.scenario(name).map(Self::Scenario)
    }

    /// Its place in a sweep: scenarios in the order of the catalogue, then files by name.
    pub(crate) fn place(&self, program: &Program) -> (usize, String) {
        let (all, name) = (program.scenarios(), self.name());
        let index = self.scenario().and_then(|_| all.iter().position(|other| other.name == name));
        (index.unwrap_or(all.len()), name)
    }
}

impl RunArg {
    /// Finds the run. `command` is the command that needs it, for error messages.
    pub(crate) fn find(&self, program: &Program, command: &str) -> Result<NamedRun, Error> {
        let what = self.what.as_str();
        if !is_file(what) {
            let spec = if is_token(what) {
                self.refuse_flags()?;
                by_token(program, what)?.0
            } else {
                self.spec(program, Target::find(program, what)?)?
            };
            return Ok(NamedRun { spec, capsule: None });
        }
        let path = PathBuf::from(what);
        match plan_file::read(&path)? {
            PlanFile::Plan(plan) => {
                let spec = self.spec(program, Target::File { path, plan: plan.into() })?;
                Ok(NamedRun { spec, capsule: None })
            }
            PlanFile::Capsule(capsule) => {
                self.refuse_flags()?;
                let spec = capsule_file::run_spec(program, command, &path, &capsule)?;
                Ok(NamedRun { spec, capsule: Some(*capsule) })
            }
        }
    }

    fn spec(&self, program: &Program, target: Target) -> Result<RunSpec, Error> {
        RunSpec::new(target, self.seed, program.conditions(&self.conditions))
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

/// The run that a token names. Warns of what has changed since the token was written, and returns it.
pub(crate) fn by_token(
    program: &Program,
    word: &str,
) -> Result<(RunSpec, Option<Outdated>), Error> {
    let token: RunToken = word.parse().map_err(|error| Error::usage(format!("{error}")))?;
    let target = Target::Scenario(program.scenario(&token.scenario)?);
    let spec = RunSpec::new(target, Some(token.seed), program.usual_conditions())?;
    let outdated = token.check(spec.stamp()?).err();
    if let Some(outdated) = outdated {
        note(format_args!("warning: {outdated}"));
    }
    Ok((spec, outdated))
}

/// The scenarios and plan files of these names, each once, in their places; all scenarios if there are
/// no names.
pub(crate) fn all(program: &Program, names: &[String]) -> Result<Vec<Target>, Error> {
    if names.is_empty() {
        return Ok(program.scenarios().iter().map(Target::Scenario).collect());
    }
    let names: BTreeSet<&String> = names.iter().collect();
    let targets = names.into_iter().map(|name| Target::find(program, name));
    let mut targets = targets.collect::<Result<Vec<Target>, Error>>()?;
    targets.sort_by_cached_key(|target| target.place(program));
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use guildhall_core::time::Span;
    use guildhall_plan::script::Script;

    use super::*;

    fn written(s: &mut Script) {
        let berlin = s.node("berlin");
        let guild = s.guild("rustaceans", berlin);
        let _ = s.channel(guild, "general");
        let _ = s.member("alice", berlin, &[guild]);
        s.wait(Span::secs(5));
    }

    fn edited(s: &mut Script) {
        written(s);
        s.wait(Span::secs(1));
    }

    const WRITTEN: &[Scenario] = &[Scenario { name: "story", plot: "", script: written }];
    const TOLD: &[Scenario] = &[Scenario { name: "story", plot: "//! A story.", script: written }];
    const EDITED: &[Scenario] = &[Scenario { name: "story", plot: "", script: edited }];

    #[test]
    fn a_token_is_outdated_once_its_scenario_writes_another_plan() {
        let (spec, _) = by_token(&Program::new(WRITTEN), "gh1-story-0x7").unwrap();
        let then = spec.stamp().unwrap();
        let token = spec.token(Some(then)).unwrap().to_string();
        let outdated = |scenarios| by_token(&Program::new(scenarios), &token).unwrap().1;
        assert_eq!((outdated(WRITTEN), outdated(TOLD)), (None, None));
        let Some(Outdated::Plan { then: known, now }) = outdated(EDITED) else {
            panic!("the edit is not noticed");
        };
        assert_eq!((known, now.engine), (then, then.engine));
        assert_ne!(now.plan, then.plan);
    }
}
