//! The causal cone of a step: the parts of the plan that led to it.
//!
//! There are two answers. The *past* is everything that can have led to the step: the actions and clients
//! in the transitive closure of each step's cause and its actor's previous step, and every fault that
//! had begun by then, since a fault also has effects by what it prevents. The *chain* is the one line
//! of causes from the step back to the part of the plan that began it. Nothing here judges a run.

mod trace;

use std::collections::BTreeSet;

use guildhall_core::step::Actor;

use guildhall_plan::fault::{Fault, Places, Target};
use guildhall_plan::mail::{EndpointId, MailRule};
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Options, Runner};
use guildhall_plan::topology::{Topology, guild_place};
use trace::{Root, Trace};

/// The largest number of steps that a cone covers; each takes 28 bytes.
pub const MOST_STEPS: u64 = 4_000_000;

/// A fault or an action of a plan, by its index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// A fault.
    Fault(usize),
    /// An action.
    Action(usize),
}

/// Parts of a plan, by their indices.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parts {
    /// Faults.
    pub faults: BTreeSet<usize>,
    /// Acts.
    pub actions: BTreeSet<usize>,
    /// Clients, by their ports: each member of a crowd has one.
    pub clients: BTreeSet<u32>,
}

/// The causes of a step.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cone {
    /// The line of causes, with the step itself last. The cause of a deadline is its actor's previous step.
    pub chain: Vec<u64>,
    /// The part of the plan that the chain begins with, and the faults that were active where and when
    /// the chain passed.
    pub near: Parts,
    /// Everything that can have led to the step.
    pub past: Parts,
}

/// The cause of each step of a run, up to one of them.
pub struct Causes<'a> {
    plan: &'a Plan,
    topology: Topology,
    trace: Trace,
    /// The step to explain.
    end: u64,
}

impl<'a> Causes<'a> {
    /// Runs a plan up to a step; `None` if the step is beyond [`MOST_STEPS`], or the run is shorter.
    ///
    /// # Errors
    /// If the plan is invalid.
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

    /// The causes of the last step of an actor, instead of the last step of the run. Deadlines and
    /// periodic steps do not count. If the actor has no other step, nothing changes.
    #[must_use]
    pub fn of_last_step_of(self, actor: Actor) -> Self {
        match self.trace.last_telling(actor) {
            0 => self,
            end => Self { end, ..self },
        }
    }

    /// The cone of the last step.
    #[must_use]
    pub fn cone(&self) -> Cone {
        let chain = self.trace.back_from(self.end);
        let near = near(self.plan, &self.topology, &self.trace, &chain);
        Cone { past: past(&self.trace), near, chain }
    }

    /// The actor of a step up to the last one, and the step that led to it, or 0.
    #[must_use]
    pub fn step(&self, step: u64) -> (Actor, u64) {
        let taken = self.trace.step(step);
        (taken.actor, taken.cause)
    }

    /// The line of causes that begins with a part of the plan and leads to the actor of the last step,
    /// up to its last step on the line; only the beginning if the line never reaches that actor.
    /// Empty for a part that has not begun by then.
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
    /// Runs a plan and finds the cone of a step; `None` if the step is beyond [`MOST_STEPS`], or the
    /// run is shorter.
    ///
    /// # Errors
    /// If the plan is invalid.
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
            Root::Action(index) => {
                self.actions.insert(index as usize);
            }
            Root::Start(port) => {
                self.clients.insert(port);
            }
        }
    }

    /// The kinds of its faults, by the names that plans use.
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
            let from = (taken.cause > 0).then(|| trace.step(taken.cause).actor);
            lasts(step) && targets(&fault, taken.actor)
                || lasts(taken.cause) && affects(&fault, from, taken.actor)
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
    let ends = from.and_then(EndpointId::of).zip(EndpointId::of(to));
    MailRule::of(fault).zip(ends).is_some_and(|(rule, (from, to))| rule.is_about(from, to))
}
