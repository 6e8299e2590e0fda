//! The causal cone of a step: which parts of the plan it stems from.
//!
//! Two answers are given. The *past* is all that can have led to the step: the acts and clients in
//! the closure of each step's cause and its actor's step before, and every fault that had begun by
//! then, since a fault may also work by what it keeps from happening. The *chain* is the one line
//! of causes from the step back to where the plan began it. Nothing here judges a run.

mod trace;

use std::collections::BTreeSet;

use guildhall_core::step::Actor;

use guildhall_plan::fault::{Fault, Places, Target};
use guildhall_plan::mail::{Law, Spot};
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Options, Runner};
use guildhall_plan::topology::{Topology, guild_place};
use trace::{Root, Trace};

/// Steps that a cone can look back over; each takes 28 bytes.
pub const MOST_STEPS: u64 = 4_000_000;

/// A part of a plan that can be taken out by itself, by its place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// A fault.
    Fault(usize),
    /// An act.
    Act(usize),
}

/// Parts of a plan, by their places in it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parts {
    /// Faults.
    pub faults: BTreeSet<usize>,
    /// Acts.
    pub acts: BTreeSet<usize>,
    /// Clients, by their ports: crowds are counted out.
    pub clients: BTreeSet<u32>,
}

/// What a step stems from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cone {
    /// The line of causes, the step itself last. A deadline comes of what its actor did before.
    pub chain: Vec<u64>,
    /// The parts of the plan that the chain begins with, and the faults that lasted where and when
    /// the chain passed.
    pub near: Parts,
    /// All that can have led to the step.
    pub past: Parts,
}

/// A run up to one of its steps: which step came of which.
pub struct Causes<'a> {
    plan: &'a Plan,
    topology: Topology,
    trace: Trace,
    /// The step that they are the causes of.
    end: u64,
}

impl<'a> Causes<'a> {
    /// Runs a plan up to a step; `None` if that is further back than [`MOST_STEPS`], or never comes.
    ///
    /// # Errors
    /// If the plan cannot be run.
    pub fn of(
        runner: &impl Runner,
        plan: &'a Plan,
        options: Options,
        step: u64,
    ) -> Result<Option<Self>, PlanError> {
        if step == 0 || step > MOST_STEPS {
            return Ok(None);
        }
        let mut trace = Trace::new(plan, step)?;
        runner.run(plan, options.up_to(step), &mut trace)?;
        let topology = Topology::new(plan)?;
        let end = trace.last();
        Ok((!trace.is_empty()).then_some(Self { plan, topology, trace, end }))
    }

    /// The causes of the last thing that happened to somebody, rather than of the last step of all;
    /// deadlines aside, and what happens again and again by itself. The same as before if nothing
    /// ever did.
    #[must_use]
    pub fn of_what_happened_to(self, actor: Actor) -> Self {
        match self.trace.last_telling(actor) {
            0 => self,
            end => Self { end, ..self },
        }
    }

    /// What the last of its steps stems from.
    #[must_use]
    pub fn cone(&self) -> Cone {
        let chain = self.trace.back_from(self.end);
        let near = near(self.plan, &self.topology, &self.trace, &chain);
        Cone { past: past(&self.trace), near, chain }
    }

    /// The line of causes that begins with a part of the plan and leads to whoever took the last
    /// step, as near to that step as it comes; the beginning alone where it never leads there.
    /// Nothing for a part that has not begun by then.
    #[must_use]
    pub fn thread(&self, part: Part) -> Vec<u64> {
        let Some(first) = self.trace.first(part) else { return Vec::new() };
        let actor = self.trace.step(self.end).actor;
        let origins = self.trace.origins();
        let reached = (first..=self.end)
            .rev()
            .find(|step| origins[*step as usize] == first && self.trace.step(*step).actor == actor);
        self.trace.back_from(reached.unwrap_or(first))
    }
}

impl Cone {
    /// Runs a plan and finds the cone of a step; `None` if it is further back than
    /// [`MOST_STEPS`], or never comes.
    ///
    /// # Errors
    /// If the plan cannot be run.
    pub fn of(
        runner: &impl Runner,
        plan: &Plan,
        options: Options,
        step: u64,
    ) -> Result<Option<Self>, PlanError> {
        Ok(Causes::of(runner, plan, options, step)?.map(|causes| causes.cone()))
    }
}

impl Parts {
    fn add(&mut self, root: Root) {
        match root {
            Root::None => {}
            Root::Fault(index) => {
                self.faults.insert(index as usize);
            }
            Root::Act(index) => {
                self.acts.insert(index as usize);
            }
            Root::Start(port) => {
                self.clients.insert(port);
            }
        }
    }

    /// The kinds of its faults, in plans' words.
    #[must_use]
    pub fn kinds(&self, plan: &Plan) -> BTreeSet<&'static str> {
        let faults = self.faults.iter().filter_map(|&index| plan.faults.get(index));
        faults.map(|part| part.fault.word()).collect()
    }
}

fn past(trace: &Trace) -> Parts {
    let last = trace.last();
    let mut parts = Parts::default();
    let mut led = vec![false; last as usize + 1];
    led[last as usize] = true;
    for step in (1..=last).rev() {
        let taken = trace.step(step);
        if led[step as usize] {
            led[taken.cause as usize] = true;
            led[taken.before as usize] = true;
            parts.add(taken.root);
        }
    }
    parts.faults = trace.spells().iter().map(|spell| spell.fault as usize).collect();
    parts
}

fn near(plan: &Plan, topology: &Topology, trace: &Trace, chain: &[u64]) -> Parts {
    let mut parts = Parts::default();
    for &step in chain {
        parts.add(trace.step(step).root);
    }
    for spell in trace.spells() {
        let Ok(fault) = plan.faults[spell.fault as usize].fault.resolve(topology) else { continue };
        let lasts = |step: u64| spell.began < step && step <= spell.ended;
        let met = chain.iter().any(|&step| {
            let taken = trace.step(step);
            let whence = (taken.cause > 0).then(|| trace.step(taken.cause).actor);
            lasts(step) && targets(&fault, taken.actor)
                || lasts(taken.cause) && affects(&fault, whence, taken.actor)
        });
        if met {
            parts.faults.insert(spell.fault as usize);
        }
    }
    parts
}

/// Whether a fault that lasts has an actor as its target.
fn targets(fault: &Fault<Places>, actor: Actor) -> bool {
    let facts = fault.facts();
    facts.lasts
        && match (facts.target, actor) {
            (Target::Client(client), Actor::Client(port)) => port.0 == *client,
            (Target::Node(node), Actor::Node(id)) => id.0 == *node,
            (Target::Guild(guild), Actor::Journal(id)) => guild_place(id) == *guild as usize,
            (
                Target::Client(_) | Target::Node(_) | Target::Guild(_) | Target::Messages { .. },
                Actor::Client(_)
                | Actor::Node(_)
                | Actor::Journal(_)
                | Actor::Directory
                | Actor::World,
            ) => false,
        }
}

/// Whether a fault affects messages from one actor to another.
fn affects(fault: &Fault<Places>, from: Option<Actor>, to: Actor) -> bool {
    let ends = from.and_then(Spot::of).zip(Spot::of(to));
    Law::of(fault).zip(ends).is_some_and(|(law, (from, to))| law.is_about(from, to))
}
