//! The conditions of a run beyond target and seed: settings, step limit, the planted bug, and the custom
//! checkers.

use std::ffi::OsStr;

use clap::{ArgMatches, Args};
use guildhall_core::mutant::Mutant;
use guildhall_core::time::Instant;
use guildhall_plan::run::Options;
use guildhall_plan::script::Settings;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::run_spec::command_for;
use crate::target::Target;
use crate::text;

/// The command of a build that can plant bugs, in the workspace of any program.
pub(crate) const MUTANTS_BUILD: &str =
    "cargo run --release --features guildhall/mutants --target-dir target/mutants --";

/// The conditions of a run, as the flags give them.
#[derive(Args, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Conditions {
    /// Set a value of the scenario or a limit: lines=3, limits.live_unsent=4
    #[arg(
        long = "set",
        env = "GUILDHALL_SET",
        hide_env = true,
        value_name = "NAME=VALUE",
        value_delimiter = ','
    )]
    pub(crate) set: Vec<String>,
    /// Stop a run after this many steps; it is then inconclusive
    #[arg(long, env = "GUILDHALL_MAX_STEPS", hide_env = true, value_name = "N")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_steps: Option<u64>,
    /// Plant this bug; `mutants --list` lists them
    #[arg(
        long,
        env = "GUILDHALL_MUTANT",
        hide_env = true,
        hide = cfg!(not(feature = "mutants")),
        value_name = "ID",
        value_parser = read_mutant
    )]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mutant: Option<Mutant>,
    /// The simulated time at which to stop a run; it is then inconclusive.
    #[arg(skip)]
    pub(crate) until: Option<Instant>,
    /// The custom checkers of the program that runs it.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) checkers: Vec<String>,
}

impl Conditions {
    pub(crate) fn settings(&self) -> Result<Settings, Error> {
        Settings::parse(&self.set).map_err(|error| Error::usage(error.to_string()))
    }

    /// Refuses settings for a plan: they are those of scenarios.
    pub(crate) fn check_for(&self, target: &Target) -> Result<(), Error> {
        if self.set.is_empty() || target.scenario().is_some() {
            return Ok(());
        }
        let why = "--set applies to scenarios only: change the settings of a plan in its file";
        Err(Error::usage(why))
    }

    pub(crate) fn options(&self) -> Options {
        Options { mutant: self.mutant, max_steps: self.max_steps, until: self.until }
    }

    /// Whether a token, which only names a scenario and a seed, is enough to repeat the run.
    pub(crate) fn are_default(&self) -> bool {
        self.set.is_empty() && self.max_steps.is_none() && self.mutant.is_none()
    }

    /// The flags that set them, and the custom checkers, as objects name them.
    pub(crate) fn text(&self) -> String {
        let mut text = self.flags();
        if !self.checkers.is_empty() {
            text.push_str(&format!(" checked by {}", self.checkers.join(", ")));
        }
        text.trim_start().to_owned()
    }

    /// The flags that set them, each after a space.
    pub(crate) fn flags(&self) -> String {
        let mut flags = String::new();
        for set in &self.set {
            flags.push_str(" --set ");
            flags.push_str(&text::shell(set));
        }
        if let Some(steps) = self.max_steps {
            flags.push_str(&format!(" --max-steps {steps}"));
        }
        if let Some(mutant) = self.mutant {
            flags.push_str(&format!(" --mutant {}", mutant.word()));
        }
        flags
    }
}

/// Whether these flags of a command plant a bug.
pub(crate) fn plants(flags: &ArgMatches) -> bool {
    matches!(flags.try_get_one::<Mutant>("mutant"), Ok(Some(_)))
}

/// Why a command line that plants a bug, or is about planted bugs, is refused by a build that plants none.
/// `words` are those after the name of the program.
pub(crate) fn no_planted_bugs<W: AsRef<OsStr>>(words: &[W]) -> String {
    let words = words.iter().map(|word| text::shell(&word.as_ref().to_string_lossy()));
    let words = words.collect::<Vec<_>>().join(" ");
    format!("this build plants no bugs: use `{MUTANTS_BUILD} {words}`")
}

/// The planted bug of this name.
pub(crate) fn read_mutant(word: &str) -> Result<Mutant, String> {
    Mutant::by_word(word).ok_or_else(|| {
        let near = text::nearest(word, Mutant::ALL.iter().map(|mutant| mutant.word()));
        let hint = near.map_or_else(
            || format!("`{}` lists them", command_for("mutants --list")),
            |near| format!("did you mean `{near}`?"),
        );
        format!("there is no planted bug `{word}`; {hint}")
    })
}
