//! The chain of causes with names: the line that leads to the violation, and the effects of each part
//! of the plan that the failure needs.
//!
//! Something that never happened has no step. So the faults and actions without which the run holds are
//! followed forwards, until they reach the actor of the last step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guildhall_check::cast::Cast;
use guildhall_core::node;
use guildhall_core::step::{Output, Step, StepBuilder};
use guildhall_core::time::Instant;
use serde::{Deserialize, Serialize};

use super::cause::leads_to;
use crate::cone::{Causes, Part};
use crate::transcript::{Transcript, lead, who};
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Options, Runner};

/// The largest number of links.
const MOST: usize = 12;

/// The number of links at the end of the line that are always shown.
const END: usize = 4;

/// The causes of a step, newest last.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Chain {
    /// The steps that are shown.
    pub links: Vec<Link>,
    /// The number of steps between them that are left out.
    pub left_out: u64,
}

/// A step of the chain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Link {
    /// Its number.
    pub step: u64,
    /// The step that led to it, or 0.
    pub cause: u64,
    /// Its time.
    pub at: Instant,
    /// Its actor, by name.
    pub who: String,
    /// Its input and outputs, with names.
    pub what: String,
}

impl Chain {
    /// The line of causes of the last step, and the effects of some parts of the plan.
    pub(super) fn of(
        runner: &impl Runner,
        (plan, cast): (&Plan, &Arc<Cast>),
        options: Options,
        causes: &Causes<'_>,
        parts: Vec<Part>,
    ) -> Result<Self, PlanError> {
        let main = causes.cone().chain;
        let threads: Vec<_> = parts.into_iter().map(|part| (part, causes.thread(part))).collect();
        let (told, left_out) = chosen(&main, &threads);
        Ok(Self { links: links(runner, (plan, cast), options, &told)?, left_out })
    }
}

/// The steps to show, and how many are left out. First come the end of the line and the beginning of
/// each fault; then the actions, and then what is nearest to the end.
fn chosen(main: &[u64], threads: &[(Part, Vec<u64>)]) -> (BTreeSet<u64>, u64) {
    let steps = threads.iter().flat_map(|(_, thread)| thread);
    let all: BTreeSet<u64> = main.iter().chain(steps).copied().collect();
    let roots = |faults: bool| {
        let of = threads.iter().filter(move |(part, _)| matches!(part, Part::Fault(_)) == faults);
        of.filter_map(|(_, thread)| thread.first())
    };
    let end = main.iter().rev().take(END);
    let nearest = main.iter().rev().chain(all.iter().rev());
    let mut told = BTreeSet::new();
    for step in end.chain(roots(true)).chain(roots(false)).chain(nearest) {
        if told.len() < MOST {
            told.insert(*step);
        }
    }
    let left_out = (all.len() - told.len()) as u64;
    (told, left_out)
}

/// Repeats the run and describes these steps. Of the outputs of each, only those that led to another
/// of these steps are shown.
fn links(
    runner: &impl Runner,
    (plan, cast): (&Plan, &Arc<Cast>),
    options: Options,
    told: &BTreeSet<u64>,
) -> Result<Vec<Link>, PlanError> {
    let mut transcript = Transcript::new(cast.clone(), |_, _| {});
    let mut steps = BTreeMap::new();
    let mut listens = StepBuilder::new(|step: Step| {
        // Sessions are numbered as they begin, so their names need the whole run.
        for output in &step.outputs {
            if let Output::Node(node::Output::Trace(note)) = output {
                transcript.learn(note);
            }
        }
        if told.contains(&step.head.step) {
            steps.insert(step.head.step, step);
        }
    });
    let last = told.last().copied().unwrap_or_default();
    runner.run(plan, options.up_to(last), &mut listens)?;
    listens.finish();
    let mut links = Vec::new();
    for step in steps.values() {
        let head = &step.head;
        narrowed(step, &steps).tell(&mut transcript);
        let what = transcript.told().strip_prefix(&lead(head, cast)).unwrap_or_default();
        links.push(Link {
            step: head.step,
            cause: head.cause,
            at: head.at,
            who: who(head.actor, cast).to_owned(),
            what: what.to_owned(),
        });
    }
    Ok(links)
}

/// A step without the outputs that do not lead to another step of the chain. The last step of a line
/// keeps all outputs.
fn narrowed(step: &Step, steps: &BTreeMap<u64, Step>) -> Step {
    let next: Vec<_> = steps.values().filter(|next| next.head.cause == step.head.step).collect();
    let mut step = step.clone();
    if !next.is_empty() {
        step.outputs.retain(|output| {
            matches!(output, Output::Node(node::Output::Trace(_)))
                || next.iter().any(|next| leads_to(output, next))
        });
    }
    step
}
