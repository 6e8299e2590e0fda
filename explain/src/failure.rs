//! A failure as it is reported: as text in a terminal and in a panicking test, and as an object for
//! programs.
//!
//! Before it is reported it is examined: the run is repeated, shrunk, and explained on the shrunk run.
//! A budget limits the cost, never time. `text` has the form for people.

mod assert;
mod text;

use guildhall_core::mutant::Mutant;
use serde::{Deserialize, Serialize};

pub use assert::{assert_held, block};
pub use text::sentence;

use crate::explain::{Explanation, explain};
use crate::repeater::{Parallel, Repeater};
use crate::shrink::{Goal, ShrinkError, Shrunk, shrink};
use guildhall_plan::digest::Fingerprint;
use guildhall_plan::engine::Engine;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::Runner;
use guildhall_plan::seed::Seed;
use guildhall_plan::size::Size;

/// A failure, explained.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// The scenario or the file of the plan.
    pub name: String,
    /// Its seed.
    pub seed: Seed,
    /// The planted bug, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutant: Option<Mutant>,
    /// The engine.
    pub engine: Engine,
    /// Why it fails; for the shrunk run, if it was shrunk.
    #[serde(flatten)]
    pub explanation: Explanation,
    /// The sizes before and after shrinking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shrunk: Option<Reduction>,
    /// Commands to paste.
    pub lines: Vec<Line>,
}

/// The sizes of a failing run before and after shrinking.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reduction {
    /// The size of its plan.
    pub from: Size,
    /// The size of the shrunk plan.
    pub to: Size,
    /// The effort, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
}

/// The effort of shrinking a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Effort {
    /// The number of runs.
    pub runs: u64,
    /// Whether nothing more can be removed or reduced.
    pub complete: bool,
}

/// A command to paste, and what it does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// What it does, in a word.
    pub does: String,
    /// The command.
    pub paste: String,
}

/// Where a failure was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The scenario or the file of the plan.
    pub name: String,
    /// The digest of the run, if known.
    pub digest: Option<Fingerprint>,
}

/// A failure that was examined.
#[derive(Clone, PartialEq, Debug)]
pub struct Examined {
    /// The report.
    pub failure: Failure,
    /// The shrunk run.
    pub shrunk: Shrunk,
}

impl From<&Shrunk> for Reduction {
    fn from(shrunk: &Shrunk) -> Self {
        let effort = Effort { runs: shrunk.runs, complete: shrunk.complete };
        Self { from: shrunk.from, to: shrunk.to, effort: Some(effort) }
    }
}

impl Line {
    /// A command to paste.
    pub fn new(does: impl Into<String>, paste: impl Into<String>) -> Self {
        Self { does: does.into(), paste: paste.into() }
    }
}

/// Examines a failed run: repeats it, shrinks it, and explains the shrunk run.
///
/// # Errors
/// If the plan is invalid or does not fail as the goal says; [`ShrinkError::Nondeterminism`] if the
/// run takes different steps from when it was found.
pub fn examine<'a, R: Runner, P: Parallel>(
    repeater: Repeater<'a, R, P>,
    plan: &Plan,
    origin: &Origin,
    goal: Goal<'a>,
) -> Result<Examined, ShrinkError> {
    let again = repeater.run(plan)?;
    if origin.digest.is_some_and(|digest| digest != again.digest) {
        return Err(ShrinkError::Nondeterminism);
    }
    let shrunk = shrink(repeater, plan, goal)?;
    let explained = explain(repeater, &shrunk.plan)?;
    let Some(explanation) = explained.filter(|it| it.digest == shrunk.outcome.digest) else {
        return Err(ShrinkError::Nondeterminism);
    };
    let failure = Failure {
        name: origin.name.clone(),
        seed: plan.seed,
        mutant: repeater.options.mutant,
        engine: shrunk.outcome.stamp.engine,
        explanation,
        shrunk: Some(Reduction::from(&shrunk)),
        lines: Vec::new(),
    };
    Ok(Examined { failure, shrunk })
}
