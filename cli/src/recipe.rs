//! A recipe: all that it takes to have a run again, as values and as the line to paste.

use guildhall_plan::engine::ENGINE;
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::seed::Seed;
use guildhall_plan::token::RunToken;

use crate::error::Error;
use crate::settings::Conditions;
use crate::subject::Subject;
use crate::{program, words};

/// One run, not yet run.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    pub(crate) subject: Subject,
    pub(crate) seed: Seed,
    pub(crate) conditions: Conditions,
}

impl Recipe {
    /// A run of a subject; its seed is a plan's own, and 0 of a scenario, unless one is given.
    pub(crate) fn new(
        subject: Subject,
        seed: Option<Seed>,
        conditions: Conditions,
    ) -> Result<Self, Error> {
        let usual = match &subject {
            Subject::File { plan, .. } => plan.seed,
            Subject::Scenario(_) => Seed::default(),
        };
        if matches!(subject, Subject::File { .. }) && !conditions.set.is_empty() {
            let why =
                "--set is for scenarios: a plan says everything itself, change it in its file";
            return Err(Error::usage(why));
        }
        Ok(Self { subject, seed: seed.unwrap_or(usual), conditions })
    }

    /// The plan that it comes to.
    pub(crate) fn plan(&self) -> Result<Plan, Error> {
        match &self.subject {
            Subject::Scenario(scenario) => {
                let settings = self.conditions.settings()?;
                scenario.plan(self.seed, &settings).map_err(|error| self.refused(&error))
            }
            Subject::File { plan, .. } => Ok(Plan { seed: self.seed, ..(**plan).clone() }),
        }
    }

    /// Why its plan cannot be run: the user's mistake where the user has written or set anything,
    /// otherwise the scenario's, which is ours.
    pub(crate) fn refused(&self, error: &PlanError) -> Error {
        let name = self.subject.name();
        match self.subject {
            Subject::Scenario(_) if self.conditions.set.is_empty() => Error::Internal(format!(
                "{name} has drawn an impossible plan for seed {}: {error}",
                self.seed
            )),
            Subject::Scenario(_) | Subject::File { .. } => Error::usage(format!("{name}: {error}")),
        }
    }

    /// The word that names the run, where a word can.
    pub(crate) fn token(&self) -> Option<RunToken> {
        let scenario = self.subject.scenario().filter(|_| self.conditions.are_usual())?;
        Some(RunToken { scenario: scenario.name.to_owned(), seed: self.seed, engine: ENGINE })
    }

    /// The command that has it again with the present version.
    pub(crate) fn command(&self) -> String {
        format!("{} run {}", program::call(), self.words())
    }

    /// The line to paste after a failure.
    pub(crate) fn paste(&self) -> String {
        match self.token() {
            Some(token) => format!("{} replay {token}", program::call()),
            None => self.command(),
        }
    }

    /// The line that does `command` to it.
    pub(crate) fn paste_for(&self, command: &str) -> String {
        let what = self.token().map_or_else(|| self.words(), |token| token.to_string());
        format!("{} {command} {what}", program::call())
    }

    /// It in words of the command line.
    fn words(&self) -> String {
        let name = words::shell(&self.subject.name());
        format!("{name} --seed {}{}", self.seed, self.conditions.flags())
    }
}
