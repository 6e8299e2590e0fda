//! The chain of causes, told: the line that leads to the violation, and how each part of the plan
//! that it needs has played into it.
//!
//! What never came has no step of its own; so the faults and acts without which the run holds are
//! followed forwards, as far as they come near to whoever took the last step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guildhall_check::cast::Cast;
use guildhall_core::node;
use guildhall_core::step::{Output, Step, StepBuilder};
use guildhall_core::time::Instant;
use serde::{Deserialize, Serialize};

use super::lead::leads_to;
use crate::cone::{Causes, Part};
use crate::transcript::{Transcript, lead, who};
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Options, Runner};

/// More links than that are no explanation.
const MOST: usize = 12;

/// So many links at the end of the line are always told.
const END: usize = 4;

/// How it came to a step, newest last.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Chain {
    /// The steps that are told.
    pub links: Vec<Link>,
    /// How many steps between them are left out.
    pub left_out: u64,
}

/// A step of the chain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Link {
    /// Its number.
    pub step: u64,
    /// The step that led to it, or 0.
    pub cause: u64,
    /// When it was taken.
    pub at: Instant,
    /// Who took it, by name.
    pub who: String,
    /// What happened, and what came of it, in names.
    pub what: String,
}

impl Chain {
    /// Tells the line of causes of the last step, and what became of some parts of the plan.
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

/// Which steps are told, and how many are not. First of all the end of the line, and where each fault
/// struck; then what was asked for, and then what is nearest to the end.
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

/// Has the run again and tells these steps of it in names; of what each asked for, only what led to
/// another of them.
fn links(
    runner: &impl Runner,
    (plan, cast): (&Plan, &Arc<Cast>),
    options: Options,
    told: &BTreeSet<u64>,
) -> Result<Vec<Link>, PlanError> {
    let mut transcript = Transcript::new(cast.clone(), |_, _| {});
    let mut steps = BTreeMap::new();
    let mut listens = StepBuilder::new(|step: Step| {
        // Sessions are numbered as they begin: the whole run is heard for their names.
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
    drop(listens);
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

/// A step without what is on no way to another one that is told. Where nothing leads on, it is
/// whole: the last one says it all.
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
