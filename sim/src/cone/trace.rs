//! What a cone needs of each step: its cause, its actor's step before, and the part of the plan
//! that it begins with. All of it is kept up to one step, and nothing after that.

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_core::dispatch::Dispatch;
use guildhall_core::id::{Connection, GuildId, Seq};
use guildhall_core::request::Origin;
use guildhall_core::step::{Actor, Head, JournalEvent, Witness, WorldEvent};
use guildhall_core::time::Instant;
use guildhall_core::{client, directory, node};

use crate::plan::{Plan, PlanError};
use crate::topology::{Move, Topology};

/// The part of a plan that a step begins with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Root {
    None,
    Fault(u32),
    Act(u32),
    Start(u32),
}

/// What is kept of a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    pub(super) cause: u64,
    /// The step that its actor took before, or 0.
    pub(super) before: u64,
    pub(super) actor: Actor,
    pub(super) root: Root,
    pub(super) timeout: bool,
}

/// From which step to which a fault lasted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spell {
    pub(super) fault: u32,
    pub(super) began: u64,
    pub(super) ended: u64,
}

/// The steps of a run, up to one of them.
pub(super) struct Trace {
    most: u64,
    steps: Vec<Small>,
    actors: Vec<Actor>,
    /// Each actor's place in the list above, and its last step.
    seen: BTreeMap<Actor, (u32, u32)>,
    spells: Vec<Spell>,
    asked: BTreeMap<Origin, u32>,
    /// Those who come and go at an instant, and by which act.
    moves: BTreeMap<(u32, Instant), u32>,
}

/// [`Taken`], in 24 bytes.
#[derive(Clone, Copy)]
struct Small {
    cause: u32,
    before: u32,
    actor: u32,
    timeout: bool,
    root: Root,
}

impl Trace {
    /// Traces the steps up to `most`, which is below 2³².
    pub(super) fn new(plan: &Plan, most: u64) -> Result<Self, PlanError> {
        let topology = Topology::new(plan)?;
        let (mut asked, mut moves) = (BTreeMap::new(), BTreeMap::new());
        for ((port, what), index) in topology.acts.iter().zip(0..) {
            match what {
                Move::Ask(request) => {
                    asked.insert(request.origin, index);
                }
                Move::Quit | Move::Start => {
                    moves.insert((*port, plan.acts[index as usize].at), index);
                }
                Move::Rest => {}
            }
        }
        let (steps, actors, seen, spells) = (Vec::new(), Vec::new(), BTreeMap::new(), Vec::new());
        Ok(Self { most, steps, actors, seen, spells, asked, moves })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The last step that was traced.
    pub(super) fn last(&self) -> u64 {
        self.steps.len() as u64
    }

    /// A step from 1 to the last.
    pub(super) fn step(&self, number: u64) -> Taken {
        let Small { cause, before, actor, timeout, root } = self.steps[number as usize - 1];
        let (cause, before) = (u64::from(cause), u64::from(before));
        Taken { cause, before, actor: self.actors[actor as usize], root, timeout }
    }

    /// The faults that have struck, in the order in which they did.
    pub(super) fn spells(&self) -> &[Spell] {
        &self.spells
    }

    fn begin(&mut self, head: &Head, root: Root, timeout: bool) {
        if head.step > self.most {
            return;
        }
        // Both are at most `most`, which fits.
        #[allow(clippy::cast_possible_truncation, reason = "a trace has fewer steps than 2^32")]
        let (cause, step) = (head.cause as u32, head.step as u32);
        let next = (self.actors.len() as u32, 0);
        let (actor, last) = self.seen.entry(head.actor).or_insert(next);
        if *last == 0 {
            self.actors.push(head.actor);
        }
        // What the world does at one time does not come of what it did before.
        let before = if head.actor == Actor::World { 0 } else { *last };
        // Every step is told; should one not be, it counts as a root of its own.
        let gap = Small { cause: 0, before: 0, actor: *actor, timeout: false, root: Root::None };
        self.steps.resize(step as usize - 1, gap);
        let small = Small { cause, before, actor: *actor, timeout, root };
        *last = step;
        self.steps.push(small);
    }

    fn client_root(&self, head: &Head, input: &client::Input) -> Root {
        let Actor::Client(port) = head.actor else { return Root::None };
        let moved = self.moves.get(&(port.0, head.at)).copied();
        match input {
            client::Input::Ask(request) => {
                self.asked.get(&request.origin).map_or(Root::None, |&index| Root::Act(index))
            }
            client::Input::Start => moved.map_or(Root::Start(port.0), Root::Act),
            client::Input::Quit => moved.map_or(Root::None, Root::Act),
            client::Input::Opened { .. }
            | client::Input::Frame { .. }
            | client::Input::Dispatch { .. }
            | client::Input::Closed { .. }
            | client::Input::Answer(_) => Root::None,
        }
    }
}

impl Witness for Trace {
    fn node_input(&mut self, head: &Head, _: &node::Input) {
        self.begin(head, Root::None, false);
    }
    fn client_input(&mut self, head: &Head, input: &client::Input) {
        self.begin(head, self.client_root(head, input), false);
    }
    fn delivered(&mut self, head: &Head, _: Connection, _: Seq, _: &Arc<Dispatch>) {
        self.begin(head, Root::None, false);
    }
    fn journal_event(&mut self, head: &Head, _: GuildId, _: &JournalEvent) {
        self.begin(head, Root::None, false);
    }
    fn directory_input(&mut self, head: &Head, _: &directory::Input) {
        self.begin(head, Root::None, false);
    }
    fn timeout(&mut self, head: &Head) {
        self.begin(head, Root::None, true);
    }
    fn world(&mut self, head: &Head, event: &WorldEvent) {
        let root = match event {
            WorldEvent::FaultBegan { index, .. } if head.step <= self.most => {
                self.spells.push(Spell { fault: *index, began: head.step, ended: u64::MAX });
                Root::Fault(*index)
            }
            WorldEvent::FaultEnded { index, .. } => {
                for spell in self.spells.iter_mut().filter(|spell| spell.fault == *index) {
                    spell.ended = spell.ended.min(head.step);
                }
                Root::Fault(*index)
            }
            WorldEvent::FaultBegan { .. }
            | WorldEvent::Healed
            | WorldEvent::Settled
            | WorldEvent::Crashed(_)
            | WorldEvent::Started(_) => Root::None,
        };
        self.begin(head, root, false);
    }
}
