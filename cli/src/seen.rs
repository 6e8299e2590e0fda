//! How many seeds came to the same, and of which scenarios.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::words::{counted, listed};

/// How many seeds, and how many of each scenario.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) seeds: u64,
    scenarios: BTreeMap<String, u64>,
}

impl Seen {
    /// One more, of this scenario.
    pub(crate) fn add(&mut self, scenario: &str) {
        self.seeds += 1;
        *self.scenarios.entry(scenario.to_owned()).or_default() += 1;
    }

    /// As many more as somebody else has seen.
    pub(crate) fn join(&mut self, other: &Self) {
        self.seeds += other.seeds;
        for (name, count) in &other.scenarios {
            *self.scenarios.entry(name.clone()).or_default() += count;
        }
    }
}

impl fmt::Display for Seen {
    /// `3 seeds of half-open`, `5 seeds: half-open 3, two-members 2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seeds = counted(self.seeds, "seed");
        match self.scenarios.first_key_value() {
            Some((only, _)) if self.scenarios.len() == 1 => write!(f, "{seeds} of {only}"),
            Some(_) | None => write!(f, "{seeds}: {}", listed(&self.scenarios)),
        }
    }
}
