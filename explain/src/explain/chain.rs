//! The chain of causes with names: the line that leads to the violation, and the effects of each part
//! of the plan that the failure needs.
//!
//! Something that never happened has no step. So the faults and actions without which the run holds are
//! followed forwards, until they reach the actor of the last step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guildhall_check::cast::Cast;
use guildhall_core::node;
use guildhall_core::step::{Actor, Head, Output, Step, StepBuilder};
use guildhall_core::time::{Instant, micros};
use serde::{Deserialize, Serialize};

use super::cause::leads_to;
use super::fold::{Folded, folded};
use crate::cone::{Causes, Part};
use crate::transcript::{Transcript, lead, who};
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Options, Runner};

/// The largest number of links, but that no step of the subject is left out.
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
    #[serde(rename = "at_us", with = "micros")]
    pub at: Instant,
    /// Its actor, by name.
    pub who: String,
    /// Its input and outputs, with names.
    pub what: String,
    /// Whether it says why an event is held back, which must not be cut off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holds: bool,
    /// What follows it in the same way, and is not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folded: Option<Folded>,
}

impl Chain {
    /// The line of causes of the last step, and the effects of some parts of the plan. No step of
    /// `subjects` on them is left out.
    pub(super) fn of(
        runner: &impl Runner,
        (plan, cast): (&Plan, &Arc<Cast>),
        options: Options,
        causes: &Causes<'_>,
        (parts, subjects): (Vec<Part>, &BTreeSet<Actor>),
    ) -> Result<Self, PlanError> {
        let main = causes.cone().chain;
        let threads: Vec<_> = parts.into_iter().map(|part| (part, causes.thread(part))).collect();
        let steps = threads.iter().flat_map(|(_, thread)| thread);
        let all: BTreeSet<u64> = main.iter().chain(steps).copied().collect();
        // A node or a journal takes part in every action, whatever the violation is about.
        let faults = threads.iter().filter(|(part, _)| matches!(part, Part::Fault(_)));
        let own = main.iter().chain(faults.flat_map(|(_, thread)| thread)).copied().collect();
        let theirs = steps_of(subjects, causes, (&all, &own));
        let told = chosen(&main, &threads, (&all, theirs));
        let left_out = (all.len() - told.len()) as u64;
        let links = links(runner, (plan, cast), options, &told)?;
        Ok(Self { links: folded(links), left_out })
    }
}

/// The steps of some actors: of a client among `all`, and with them those that led to them, for what
/// it is sent is as much about it as what it does; of a node or a journal among `own`.
fn steps_of(
    subjects: &BTreeSet<Actor>,
    causes: &Causes<'_>,
    (all, own): (&BTreeSet<u64>, &BTreeSet<u64>),
) -> BTreeSet<u64> {
    let mut theirs = BTreeSet::new();
    for &step in all {
        let (actor, cause) = causes.step(step);
        let is_client = matches!(actor, Actor::Client(_));
        if subjects.contains(&actor) && (is_client || own.contains(&step)) {
            theirs.insert(step);
            if is_client && all.contains(&cause) {
                theirs.insert(cause);
            }
        }
    }
    theirs
}

/// The steps to show: all of the subject; the end of the line and the beginning of each fault; then
/// the actions, and then what is nearest to the end.
fn chosen(
    main: &[u64],
    threads: &[(Part, Vec<u64>)],
    (all, theirs): (&BTreeSet<u64>, BTreeSet<u64>),
) -> BTreeSet<u64> {
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
    told.extend(theirs);
    told
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
    let link = |step: &Step| Link::of(&narrowed(step, &steps), &mut transcript, cast);
    Ok(steps.values().map(link).collect())
}

impl Link {
    /// A step in words.
    pub(super) fn of<F>(step: &Step, transcript: &mut Transcript<F>, cast: &Cast) -> Self
    where
        F: FnMut(&Head, &str),
    {
        let head = &step.head;
        step.tell(transcript);
        let what = transcript.told().strip_prefix(&lead(head, cast)).unwrap_or_default();
        Self {
            step: head.step,
            cause: head.cause,
            at: head.at,
            who: who(head.actor, cast).to_owned(),
            what: what.to_owned(),
            holds: step.outputs.iter().any(is_held),
            folded: None,
        }
    }
}

/// Whether an output says that a relay holds an event back.
fn is_held(output: &Output) -> bool {
    matches!(output, Output::Node(node::Output::Trace(node::TraceEvent::RelayHeld { .. })))
}

/// A step without the outputs that do not lead to another step of the chain. The last step of a line
/// keeps all outputs.
pub(super) fn narrowed(step: &Step, steps: &BTreeMap<u64, Step>) -> Step {
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
