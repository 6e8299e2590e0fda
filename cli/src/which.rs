//! Which run is meant: by a token, by a file that holds a capsule or a plan, or by a scenario and its
//! seed.

use std::path::Path;

use clap::Args;
use guildhall_plan::capsule::Capsule;
use guildhall_plan::engine::ENGINE;
use guildhall_plan::seed::Seed;
use guildhall_plan::token::RunToken;

use crate::error::Error;
use crate::kept;
use crate::recipe::Recipe;
use crate::settings::Conditions;
use crate::subject::{self, Subject};

/// A run, as it was named.
#[derive(Args, Debug)]
pub(crate) struct Which {
    /// A token, a file that holds a capsule or a plan, or a scenario
    #[arg(value_name = "TOKEN|FILE.toml|SCENARIO")]
    pub(crate) what: String,
    /// The seed of a scenario or a plan
    #[arg(long, env = "GUILDHALL_SEED", hide_env = true)]
    seed: Option<Seed>,
    #[command(flatten)]
    conditions: Conditions,
}

/// A run, as it was found.
pub(crate) struct Found {
    pub(crate) recipe: Recipe,
    /// What is known of it beyond that, if it was kept.
    pub(crate) capsule: Option<Capsule>,
}

impl Which {
    /// Finds it, for `command`.
    pub(crate) fn find(&self, command: &str) -> Result<Found, Error> {
        let what = self.what.as_str();
        let kept = if subject::is_file(what) { kept::find(Path::new(what))? } else { None };
        if (kept.is_some() || is_token(what))
            && (self.seed.is_some() || !self.conditions.are_usual())
        {
            let why = "a token or a capsule says under what conditions it was run: leave them out";
            return Err(Error::usage(why));
        }
        if let Some(capsule) = kept {
            let recipe = kept::recipe(command, Path::new(what), &capsule)?;
            return Ok(Found { recipe, capsule: Some(capsule) });
        }
        let recipe = if is_token(what) { token(what)? } else { self.recipe()? };
        Ok(Found { recipe, capsule: None })
    }

    /// Whether it is a file.
    pub(crate) fn is_file(&self) -> bool {
        subject::is_file(&self.what)
    }

    fn recipe(&self) -> Result<Recipe, Error> {
        Recipe::new(Subject::find(&self.what)?, self.seed, self.conditions.clone())
    }
}

fn is_token(word: &str) -> bool {
    word.starts_with("gh1-") && !subject::is_file(word)
}

/// The run that a token names, on this engine.
pub(crate) fn token(word: &str) -> Result<Recipe, Error> {
    let token: RunToken = word.parse().map_err(|error| Error::usage(format!("{error}")))?;
    if token.engine != ENGINE {
        return Err(Error::OtherEngine { what: "this token", engine: token.engine });
    }
    let subject = Subject::Scenario(subject::scenario(&token.scenario)?);
    Recipe::new(subject, Some(token.seed), Conditions::default())
}
