//! A recipe: all that it takes to have a run again, as values and as the line to paste.

use guildhall_sim::engine::ENGINE;
use guildhall_sim::plan::{Plan, PlanError};
use guildhall_sim::seed::Seed;
use guildhall_sim::token::RunToken;

use crate::error::Error;
use crate::settings::Conditions;
use crate::subject::Subject;
use crate::words;

/// One run, not yet run.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    pub(crate) subject: Subject,
    pub(crate) seed: Seed,
    pub(crate) conditions: Conditions,
}

impl Recipe {
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
        let name = words::shell(&self.subject.name());
        format!("guildhall run {name} --seed {}{}", self.seed, self.conditions.flags())
    }

    /// The line to paste after a failure.
    pub(crate) fn paste(&self) -> String {
        match self.token() {
            Some(token) => format!("guildhall replay {token}"),
            None => self.command(),
        }
    }
}
