//! Under what conditions runs are to take place: settings, budget, and the bug to plant.

use clap::Args;
use guildhall_core::mutant::Mutant;
use guildhall_core::time::Instant;
use guildhall_plan::run::Options;
use guildhall_plan::script::Settings;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::words;

/// How a build that can plant bugs is made.
pub(crate) const MUTANTS_BUILD: &str =
    "cargo run --release -p guildhall --features mutants --target-dir target/mutants --";

/// The conditions of a run, as they were given.
#[derive(Args, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Conditions {
    /// Set something of the scenario, or a limit: lines=3, limits.live_unsent=4
    #[arg(
        long = "set",
        env = "GUILDHALL_SET",
        hide_env = true,
        value_name = "NAME=VALUE",
        value_delimiter = ','
    )]
    pub(crate) set: Vec<String>,
    /// Give a run up after so many steps; it is inconclusive then
    #[arg(long, env = "GUILDHALL_MAX_STEPS", hide_env = true, value_name = "N")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_steps: Option<u64>,
    /// Plant this bug; `mutants --list` names them
    #[cfg(feature = "mutants")]
    #[arg(
        long,
        env = "GUILDHALL_MUTANT",
        hide_env = true,
        value_name = "ID",
        value_parser = read_mutant
    )]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mutant: Option<Mutant>,
    /// The world's time until which the run is to go on; it is inconclusive then.
    #[arg(skip)]
    pub(crate) until: Option<Instant>,
}

impl Conditions {
    pub(crate) fn settings(&self) -> Result<Settings, Error> {
        Settings::parse(&self.set).map_err(|error| Error::usage(error.to_string()))
    }

    pub(crate) fn mutant(&self) -> Option<Mutant> {
        #[cfg(feature = "mutants")]
        return self.mutant;
        #[cfg(not(feature = "mutants"))]
        None
    }

    pub(crate) fn options(&self) -> Options {
        Options { mutant: self.mutant(), max_steps: self.max_steps, until: self.until }
    }

    /// Whether a token, which names a scenario and a seed, says it all.
    pub(crate) fn are_usual(&self) -> bool {
        self.set.is_empty() && self.max_steps.is_none() && self.mutant().is_none()
    }

    /// The flags that bring them about again.
    pub(crate) fn flags(&self) -> String {
        let mut flags = String::new();
        for set in &self.set {
            flags.push_str(" --set ");
            flags.push_str(&words::shell(set));
        }
        if let Some(steps) = self.max_steps {
            flags.push_str(&format!(" --max-steps {steps}"));
        }
        if let Some(mutant) = self.mutant() {
            flags.push_str(&format!(" --mutant {}", mutant.word()));
        }
        flags
    }
}

/// The bug of this name.
#[cfg(feature = "mutants")]
pub(crate) fn read_mutant(word: &str) -> Result<Mutant, String> {
    Mutant::by_word(word).ok_or_else(|| {
        let near = words::nearest(word, Mutant::ALL.iter().map(|mutant| mutant.word()));
        let hint = near.map_or_else(
            || "`guildhall mutants --list` names them all".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        format!("no planted bug is called `{word}`; {hint}")
    })
}
