//! Stories by name, and what a user has set for them.

use std::collections::BTreeMap;

use super::Script;
use crate::plan::{Plan, PlanError};
use crate::seed::Seed;

/// A story by name.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// The text of its file, which begins with its plot.
    pub plot: &'static str,
    /// Tells it.
    pub script: fn(&mut Script),
}

impl Scenario {
    /// The story as it goes under `seed`, with what the user has set.
    ///
    /// # Errors
    /// If a setting does not exist, cannot be read, or does not fit the others.
    pub fn plan(&self, seed: Seed, settings: &Settings) -> Result<Plan, PlanError> {
        let mut script = Script::new(self.name, seed, settings.clone());
        (self.script)(&mut script);
        script.finish()
    }

    /// The whole plot: the first lines of its file, without their marks.
    #[must_use]
    pub fn story(&self) -> String {
        let lines = self.plot.lines().map_while(|line| line.strip_prefix("//!"));
        lines.map(str::trim).collect::<Vec<_>>().join("\n")
    }

    /// The plot in its first paragraph.
    #[must_use]
    pub fn summary(&self) -> String {
        let story = self.story();
        story.split("\n\n").next().unwrap_or_default().replace('\n', " ")
    }
}

/// What a user has set: `name=value`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    pub(super) values: BTreeMap<String, String>,
}

impl Settings {
    /// Reads `name=value` pairs.
    ///
    /// # Errors
    /// For a text without `=`.
    pub fn parse<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, PlanError> {
        let mut settings = Self::default();
        for text in texts {
            let text = text.as_ref();
            let (name, value) = text.split_once('=').ok_or_else(|| {
                PlanError::Invalid(format!("`{text}` sets nothing: write name=value"))
            })?;
            settings.values.insert(name.trim().to_owned(), value.trim().to_owned());
        }
        Ok(settings)
    }

    /// Whether nothing is set: only then does a run token say it all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Each setting as it was written.
    pub fn iter(&self) -> impl Iterator<Item = String> {
        self.values.iter().map(|(name, value)| format!("{name}={value}"))
    }
}
