//! Run tokens: `gh1-SCENARIO-0xSEED-ENGINE-PLAN`, one word that identifies a run.
//!
//! A token implies default settings. Engine and plan say what the run was when the token was written:
//! on another engine, or after an edit of the scenario, the same seed may give another run. A token
//! without them, `gh1-SCENARIO-0xSEED`, names whatever the seed gives now.

use std::fmt;
use std::str::FromStr;

use crate::engine::{Engine, Stamp};
use crate::seed::Seed;

/// Identifies a run of a scenario with default settings.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RunToken {
    /// The scenario's name; it must not contain `-0x`.
    pub scenario: String,
    /// The seed.
    pub seed: Seed,
    /// The engine that ran it, and the id of its plan, if the token says so.
    pub stamp: Option<Stamp>,
}

impl fmt::Display for RunToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gh1-{}-{}", self.scenario, self.seed)?;
        let Some(Stamp { engine, plan }) = self.stamp else { return Ok(()) };
        write!(f, "-{engine}-{plan}")
    }
}

/// What has changed since a token was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Outdated {
    /// The plan is the same, but another engine runs it.
    #[error(
        "engine {then} wrote this token, and this is engine {now}: the same plan may take other steps"
    )]
    Engine {
        /// The engine of the token.
        then: Engine,
        /// This engine.
        now: Engine,
    },
    /// Scenario and seed give another plan.
    #[error(
        "this token names plan {}, but its seed now gives plan {}: this is another run. {}",
        then.plan,
        now.plan,
        cause(*then, *now)
    )]
    Plan {
        /// Engine and plan of the token.
        then: Stamp,
        /// Engine and plan now.
        now: Stamp,
    },
}

fn cause(then: Stamp, now: Stamp) -> String {
    match then.engine == now.engine {
        true => "The scenario was edited.".to_owned(),
        false => format!(
            "The scenario was edited, or engine {} draws plans in another way than engine {}.",
            then.engine, now.engine
        ),
    }
}

impl RunToken {
    /// Compares the token with what its scenario and seed give now.
    ///
    /// # Errors
    /// Says what has changed.
    pub fn check(&self, now: Stamp) -> Result<(), Outdated> {
        match self.stamp {
            Some(then) if then.plan != now.plan => Err(Outdated::Plan { then, now }),
            Some(Stamp { engine: then, .. }) if then != now.engine => {
                Err(Outdated::Engine { then, now: now.engine })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// The error for a text that is not a run token.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{word}` is not a run token: {why}")]
pub struct ParseTokenError {
    word: String,
    why: String,
}

impl FromStr for RunToken {
    type Err = ParseTokenError;

    fn from_str(word: &str) -> Result<Self, ParseTokenError> {
        let wrong = |why: &str| ParseTokenError { word: word.to_owned(), why: why.to_owned() };
        let malformed =
            || wrong("write it as gh1-SCENARIO-0xSEED or gh1-SCENARIO-0xSEED-ENGINE-PLAN");
        let rest = word.strip_prefix("gh1-").ok_or_else(|| wrong("it must begin with gh1-"))?;
        let start = rest.rfind("-0x").filter(|start| *start > 0).ok_or_else(malformed)?;
        let mut parts = rest[start + 1..].split('-');
        let (seed, engine, plan) = (parts.next(), parts.next(), parts.next());
        let stamp = match (engine, plan, parts.next()) {
            (None, ..) => None,
            (Some(engine), Some(plan), None) => Some(Stamp {
                engine: engine.parse().map_err(|error| wrong(&format!("its engine: {error}")))?,
                plan: plan.parse().map_err(|error| wrong(&format!("its plan: {error}")))?,
            }),
            (Some(_), ..) => return Err(malformed()),
        };
        let seed = seed.unwrap_or_default().parse();
        Ok(Self {
            scenario: rest[..start].to_owned(),
            seed: seed.map_err(|error| wrong(&format!("{error}")))?,
            stamp,
        })
    }
}
