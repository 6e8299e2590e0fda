//! A run, fully specified: as values, and as the command line that repeats it.

use std::sync::OnceLock;

use guildhall_plan::engine::Stamp;
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::seed::Seed;
use guildhall_plan::token::RunToken;
use guildhall_sim::run::engine;

use crate::conditions::{Conditions, MUTANTS_BUILD};
use crate::error::Error;
use crate::target::Target;
use crate::text;

/// Overrides how this program is called in the commands that it prints.
const VARIABLE: &str = "GUILDHALL_PASTE";

/// Everything that determines a run.
#[derive(Clone, Debug)]
pub(crate) struct RunSpec {
    pub(crate) target: Target,
    pub(crate) seed: Seed,
    pub(crate) conditions: Conditions,
}

impl RunSpec {
    /// A run of `target`. Without a seed it has the plan's own, or 0 for a scenario.
    pub(crate) fn new(
        target: Target,
        seed: Option<Seed>,
        conditions: Conditions,
    ) -> Result<Self, Error> {
        let default = match &target {
            Target::File { plan, .. } => plan.seed,
            Target::Scenario(_) | Target::Elsewhere { .. } => Seed::default(),
        };
        conditions.check_for(&target)?;
        Ok(Self { target, seed: seed.unwrap_or(default), conditions })
    }

    /// The plan to run.
    pub(crate) fn plan(&self) -> Result<Plan, Error> {
        match &self.target {
            Target::Scenario(scenario) => {
                let settings = self.conditions.settings()?;
                scenario.plan(self.seed, &settings).map_err(|error| self.invalid(&error))
            }
            Target::File { plan, .. } => Ok(Plan { seed: self.seed, ..(**plan).clone() }),
            Target::Elsewhere { path } => {
                Err(Error::Internal(format!("{} was not read", path.display())))
            }
        }
    }

    /// The error for an invalid plan: a usage error if the user wrote the plan or changed a setting,
    /// otherwise an internal error, since the scenario drew it.
    pub(crate) fn invalid(&self, error: &PlanError) -> Error {
        let name = self.target.name();
        match self.target {
            Target::Scenario(_) if self.conditions.set.is_empty() => Error::Internal(format!(
                "{name} has drawn an invalid plan for seed {}: {error}",
                self.seed
            )),
            Target::Scenario(_) | Target::File { .. } | Target::Elsewhere { .. } => {
                Error::usage(format!("{name}: {error}"))
            }
        }
    }

    /// This engine, and the id of the plan to run.
    pub(crate) fn stamp(&self) -> Result<Stamp, Error> {
        Ok(Stamp { engine: engine(), plan: self.plan()?.id() })
    }

    /// The token of the run that has this stamp; `None` if a scenario and a seed do not say everything.
    pub(crate) fn token(&self, stamp: Option<Stamp>) -> Option<RunToken> {
        let scenario = self.target.scenario().filter(|_| self.conditions.are_default())?;
        Some(RunToken { scenario: scenario.name.to_owned(), seed: self.seed, stamp })
    }

    /// The token to paste. One for a plan that cannot be drawn has no stamp.
    fn pasted_token(&self) -> Option<RunToken> {
        self.token(None).map(|token| RunToken { stamp: self.stamp().ok(), ..token })
    }

    /// The `run` command that repeats it with the present version.
    pub(crate) fn run_command(&self) -> String {
        format!("{} run {}", invocation(), self.args())
    }

    /// The command that repeats it.
    pub(crate) fn repeat_command(&self) -> String {
        match self.pasted_token() {
            Some(token) => format!("{} replay {token}", invocation()),
            None => self.run_command(),
        }
    }

    /// The command that applies `subcommand` to it.
    pub(crate) fn command(&self, subcommand: &str) -> String {
        let what = self.pasted_token().map_or_else(|| self.args(), |token| token.to_string());
        format!("{} {subcommand} {what}", invocation())
    }

    fn args(&self) -> String {
        let name = text::shell(&self.target.name());
        format!("{name} --seed {}{}", self.seed, self.conditions.flags())
    }
}

/// How a shell calls this program: as the environment variable says, through cargo if cargo started
/// it, otherwise by the name it was started with.
pub(crate) fn invocation() -> &'static str {
    static INVOCATION: OnceLock<String> = OnceLock::new();
    INVOCATION.get_or_init(|| {
        if cfg!(test) {
            return "guildhall".to_owned();
        }
        let set = std::env::var(VARIABLE).ok().filter(|set| !set.is_empty());
        set.unwrap_or_else(|| match std::env::var_os("CARGO") {
            Some(_) if cfg!(feature = "mutants") => MUTANTS_BUILD.to_owned(),
            Some(_) => "cargo run --release --".to_owned(),
            None => text::shell(&std::env::args().next().unwrap_or_default()),
        })
    })
}

/// The command that calls `subcommand`.
pub(crate) fn command_for(subcommand: &str) -> String {
    format!("{} {subcommand}", invocation())
}

/// The command that applies `subcommand` to a file or a token.
pub(crate) fn command_on(subcommand: &str, what: &str) -> String {
    format!("{} {}", command_for(subcommand), text::shell(what))
}
