//! A failure as it is told everywhere: as text in a terminal and in a test that panics, and as an
//! object for programs.
//!
//! It is looked into before it is told: had again, made small, and explained as what is small. How it
//! is told on paper is in `page`; what it costs is bounded by a budget, never by time.

mod held;
mod page;

use std::ops::ControlFlow;

use guildhall_core::mutant::Mutant;
use serde::{Deserialize, Serialize};

pub use held::{assert_held, block};
pub use page::sentence;

use crate::explain::{Explanation, explain};
use crate::parallel::Parallel;
use crate::shrink::{Budget, Progress, Same, ShrinkError, Shrunk, shrink};
use guildhall_plan::digest::Fingerprint;
use guildhall_plan::engine::{ENGINE, EngineId};
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Runner};
use guildhall_plan::seed::Seed;
use guildhall_plan::size::Size;

/// A failure, explained.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// What was run: a scenario, or the file of a plan.
    pub name: String,
    /// Its seed.
    pub seed: Seed,
    /// The bug that was planted, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutant: Option<Mutant>,
    /// The engine.
    pub engine: EngineId,
    /// Why it fails; of the small run, where it was made small.
    #[serde(flatten)]
    pub explanation: Explanation,
    /// What it was made small from, and to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shrunk: Option<Reduction>,
    /// Lines to paste.
    pub lines: Vec<Line>,
}

/// From what a failing run was made small, and to what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reduction {
    /// How large its plan was.
    pub from: Size,
    /// How large the plan of the small one is.
    pub to: Size,
    /// What it took, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
}

/// What it took to make a run small.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Effort {
    /// How many runs.
    pub runs: u64,
    /// Whether nothing more can be taken out or made less.
    pub complete: bool,
}

/// A line to paste, and what it does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// In a word.
    pub does: String,
    /// The line.
    pub paste: String,
}

/// What a failure is called, where it comes from, and by which digest it is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// What was run: a scenario, or the file of a plan.
    pub name: String,
    /// The digest of the run in which it was found, where that is known.
    pub digest: Option<Fingerprint>,
}

/// A failure that was made small, with what it takes to keep it.
#[derive(Clone, PartialEq, Debug)]
pub struct Examined {
    /// What is told of it.
    pub failure: Failure,
    /// The small run.
    pub shrunk: Shrunk,
}

impl From<&Shrunk> for Reduction {
    fn from(shrunk: &Shrunk) -> Self {
        let effort = Effort { runs: shrunk.runs, complete: shrunk.complete };
        Self { from: shrunk.from, to: shrunk.to, effort: Some(effort) }
    }
}

impl Line {
    /// A line to paste.
    pub fn new(does: impl Into<String>, paste: impl Into<String>) -> Self {
        Self { does: does.into(), paste: paste.into() }
    }
}

/// Looks into a run that failed: has it again, makes it small, and explains what is small.
/// `progress` is told of every few runs, and may have the shrinking end early.
///
/// # Errors
/// If the plan cannot be run or does not fail as `same` says; [`ShrinkError::Nondeterminism`] if it
/// takes other steps than when it was found.
pub fn examine(
    runner: &impl Runner,
    plan: &Plan,
    options: Options,
    origin: &Origin,
    same: &Same,
    budget: Budget,
    parallel: &impl Parallel,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Examined, ShrinkError> {
    let again = runner.run(plan, options, &mut ())?;
    if origin.digest.is_some_and(|digest| digest != again.digest) {
        return Err(ShrinkError::Nondeterminism);
    }
    let shrunk = shrink(runner, plan, options, same, budget, parallel, progress)?;
    let explained = explain(runner, &shrunk.plan, options, parallel)?;
    let Some(explanation) = explained.filter(|it| it.digest == shrunk.outcome.digest) else {
        return Err(ShrinkError::Nondeterminism);
    };
    let failure = Failure {
        name: origin.name.clone(),
        seed: plan.seed,
        mutant: options.mutant,
        engine: ENGINE,
        explanation,
        shrunk: Some(Reduction::from(&shrunk)),
        lines: Vec::new(),
    };
    Ok(Examined { failure, shrunk })
}
