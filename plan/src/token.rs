//! A run token: one word that names a run, `gh1-SCENARIO-0xSEED-ENGINE`.
//!
//! It stands for default settings only, and for one engine.

use std::fmt;
use std::str::FromStr;

use crate::engine::EngineId;
use crate::seed::Seed;

/// Names a run of a scenario under default settings.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RunToken {
    /// The scenario; its name has no `-0x` in it.
    pub scenario: String,
    /// The seed.
    pub seed: Seed,
    /// The engine that it was run on.
    pub engine: EngineId,
}

impl fmt::Display for RunToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gh1-{}-{}-{}", self.scenario, self.seed, self.engine)
    }
}

/// Why a word is no run token.
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
        let rest = word.strip_prefix("gh1-").ok_or_else(|| wrong("it begins with gh1-"))?;
        let (rest, engine) = rest.rsplit_once('-').ok_or_else(|| wrong("it has four parts"))?;
        let (scenario, seed) = rest.rsplit_once('-').ok_or_else(|| wrong("it has four parts"))?;
        if scenario.is_empty() || !seed.starts_with("0x") {
            return Err(wrong("it is gh1-SCENARIO-0xSEED-ENGINE"));
        }
        Ok(Self {
            scenario: scenario.to_owned(),
            seed: seed.parse().map_err(|error| wrong(&format!("{error}")))?,
            engine: engine.parse().map_err(|error| wrong(&format!("{error}")))?,
        })
    }
}
