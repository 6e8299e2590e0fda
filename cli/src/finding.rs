//! A group of failures as it is told: a line that says how many they are, a block that says all, and a
//! picture where there is one. Every form that is for people is made of these.

use crate::examined::Results;
use crate::failures::{Alike, Group};
use crate::json::FailureLine;
use crate::suite::Ending;
use crate::tell;

/// So many groups are always told.
pub(crate) const FEW: usize = 5;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Level {
    Error,
    Warning,
}

/// Failures that are alike.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) level: Level,
    /// The clause that was broken, or what else.
    pub(crate) kind: String,
    /// How many, and of what.
    pub(crate) seeds: String,
    /// The one that stands for all, as `half-open 0x10`.
    pub(crate) which: String,
    /// What is told of it.
    pub(crate) block: String,
    /// What it came from, in the language of Mermaid.
    pub(crate) diagram: Option<String>,
}

impl Finding {
    /// All that was found, and how many groups of failures are too many to be told: more than were to
    /// be explained, and more than a few.
    pub(crate) fn all(results: &Results, explained: usize) -> (Vec<Self>, u64) {
        let most = explained.max(FEW);
        let explained = results.explained.iter().map(Self::explained);
        let broken = |group: &&(Alike, Group)| matches!(group.0, Alike::Broken(..));
        let short = results.rest.iter().filter(broken).map(|(_, group)| Self::short(group));
        let open = results.rest.iter().filter(|group| !broken(group));
        let mut told: Vec<_> = explained.chain(short).collect();
        let more = told.len().saturating_sub(most) as u64;
        told.truncate(most);
        told.extend(open.map(|(_, group)| Self::short(group)));
        (told, more)
    }

    /// One that was looked into.
    fn explained(line: &FailureLine) -> Self {
        let failure = &line.failure;
        Self {
            level: Level::Error,
            kind: failure.explanation.violation.clause.to_string(),
            seeds: line.seen.to_string(),
            which: format!("{} {}", failure.name, failure.seed),
            block: failure.to_string(),
            diagram: Some(failure.explanation.chain.diagram()),
        }
    }

    /// One that was not.
    fn short(group: &Group) -> Self {
        let (ending, recipe) = (&group.cheapest.ending, &group.cheapest.recipe);
        Self {
            level: match ending {
                Ending::Violated { .. } | Ending::Broken(_) => Level::Error,
                Ending::Inconclusive => Level::Warning,
            },
            kind: ending.kind(),
            seeds: group.seen.to_string(),
            which: format!("{} {}", recipe.subject.name(), recipe.seed),
            block: tell::failure(ending, recipe),
            diagram: None,
        }
    }

    /// How bad it is and how many there are: `FAIL  17 seeds of half-open`.
    pub(crate) fn head(&self) -> String {
        let word = match self.level {
            Level::Error => "FAIL",
            Level::Warning => "OPEN",
        };
        format!("{word}  {}", self.seeds)
    }
}
