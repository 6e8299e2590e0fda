//! Scenarios by name, and the user's settings.

use std::collections::BTreeMap;

use super::Script;
use crate::plan::{Plan, PlanError};
use crate::seed::Seed;

/// A named scenario.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// The name on the command line.
    pub name: &'static str,
    /// The source text of its file, whose `//!` lines describe it.
    pub plot: &'static str,
    /// The function that writes its plan.
    pub script: fn(&mut Script),
}

impl Scenario {
    /// Generates the plan for a seed and the user's settings.
    ///
    /// # Errors
    /// Returns an error if a setting does not exist, cannot be parsed, or conflicts with others.
    pub fn plan(&self, seed: Seed, settings: &Settings) -> Result<Plan, PlanError> {
        let mut script = Script::new(self.name, seed, settings.clone());
        (self.script)(&mut script);
        script.finish()
    }

    /// Returns the marks that some of its runs must reach. They are the same for every seed.
    #[must_use]
    pub fn expectations(&self, seed: Seed) -> Vec<&'static str> {
        let mut script = Script::new(self.name, seed, Settings::default());
        (self.script)(&mut script);
        script.expected.into_iter().collect()
    }

    /// Returns the description: the leading `//!` lines of its file, without the marks.
    #[must_use]
    pub fn story(&self) -> String {
        let lines = self.plot.lines().map_while(|line| line.strip_prefix("//!"));
        lines.map(str::trim).collect::<Vec<_>>().join("\n")
    }

    /// Returns the first paragraph of the description.
    #[must_use]
    pub fn summary(&self) -> String {
        let story = self.story();
        story.split("\n\n").next().unwrap_or_default().replace('\n', " ")
    }
}

/// The user's settings, each `name=value`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    pub(super) values: BTreeMap<String, String>,
}

impl Settings {
    /// Parses `name=value` pairs.
    ///
    /// # Errors
    /// Returns an error for a text without `=`.
    pub fn parse<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, PlanError> {
        let mut settings = Self::default();
        for text in texts {
            let text = text.as_ref();
            let (name, value) = text.split_once('=').ok_or_else(|| {
                PlanError::Invalid(format!("`{text}` is not a setting: write name=value"))
            })?;
            settings.values.insert(name.trim().to_owned(), value.trim().to_owned());
        }
        Ok(settings)
    }

    /// Returns `true` if there are no settings: only then does a run token identify the run.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Returns each setting as `name=value`.
    pub fn iter(&self) -> impl Iterator<Item = String> {
        self.values.iter().map(|(name, value)| format!("{name}={value}"))
    }
}
