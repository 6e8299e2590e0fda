//! Run tokens: `gh1-SCENARIO-0xSEED-ENGINE`, one word that identifies a run.
//!
//! A token implies default settings, and is valid for one engine.

use std::fmt;
use std::str::FromStr;

use crate::engine::EngineId;
use crate::seed::Seed;

/// Identifies a run of a scenario with default settings.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RunToken {
    /// The scenario's name; it must not contain `-0x`.
    pub scenario: String,
    /// The seed.
    pub seed: Seed,
    /// The engine that ran it.
    pub engine: EngineId,
}

impl fmt::Display for RunToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gh1-{}-{}-{}", self.scenario, self.seed, self.engine)
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
        let rest = word.strip_prefix("gh1-").ok_or_else(|| wrong("it must begin with gh1-"))?;
        let (rest, engine) =
            rest.rsplit_once('-').ok_or_else(|| wrong("it must have four parts"))?;
        let (scenario, seed) =
            rest.rsplit_once('-').ok_or_else(|| wrong("it must have four parts"))?;
        if scenario.is_empty() || !seed.starts_with("0x") {
            return Err(wrong("write it as gh1-SCENARIO-0xSEED-ENGINE"));
        }
        Ok(Self {
            scenario: scenario.to_owned(),
            seed: seed.parse().map_err(|error| wrong(&format!("{error}")))?,
            engine: engine.parse().map_err(|error| wrong(&format!("{error}")))?,
        })
    }
}
