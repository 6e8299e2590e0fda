//! What a cone needs of each step: its cause, its actor's previous step, and the part of the plan that
//! it begins with. Steps are recorded up to a given one.

use std::collections::BTreeMap;

use guildhall_core::directory::{DirectoryEvent, DirectoryRequest};
use guildhall_core::frame::{ClientFrame, ServerFrame};
use guildhall_core::journal::{Command, Reply};
use guildhall_core::request::Origin;
use guildhall_core::step::{Actor, Head, JournalEvent, Observed, Observer, WorldEvent};
use guildhall_core::time::Instant;
use guildhall_core::{client, node};

use super::Part;
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::topology::{ResolvedAction, Topology};

/// The part of a plan that a step begins with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Root {
    None,
    Fault(u32),
    Action(u32),
    Start(u32),
}

/// The kind of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// A deadline: its cause is an earlier step.
    Deadline,
    /// Periodic: heartbeats, their answers, confirmed epochs, counts.
    Idle,
    /// Anything else.
    Telling,
}

/// A recorded step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    pub(super) cause: u64,
    /// The previous step of its actor, or 0.
    pub(super) before: u64,
    /// The actor's last step before that was neither periodic nor a deadline, or 0.
    since: u64,
    pub(super) actor: Actor,
    pub(super) root: Root,
    kind: Kind,
}

impl Taken {
    /// The cause of the step, or 0.
    fn parent(self) -> u64 {
        if self.cause == 0 && self.kind == Kind::Deadline { self.since } else { self.cause }
    }
}

/// The steps between which a fault was active.
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
    seen: BTreeMap<Actor, Seen>,
    spells: Vec<Spell>,
    asked: BTreeMap<Origin, u32>,
    /// The clients that start or quit at an instant, and the action.
    moves: BTreeMap<(u32, Instant), u32>,
}

/// An actor's index, its last step, and its last step that is neither periodic nor a deadline.
#[derive(Clone, Copy)]
struct Seen {
    place: u32,
    last: u32,
    telling: u32,
}

/// [`Taken`], in 28 bytes.
#[derive(Clone, Copy)]
struct Small {
    cause: u32,
    before: u32,
    since: u32,
    actor: u32,
    kind: Kind,
    root: Root,
}

impl Trace {
    /// Traces the steps up to `most`, which is below 2³².
    pub(super) fn new(plan: &Plan, most: u64) -> Result<Self, PlanError> {
        let topology = Topology::new(plan)?;
        let (mut asked, mut moves) = (BTreeMap::new(), BTreeMap::new());
        for ((port, what), index) in topology.actions.iter().zip(0..) {
            match what {
                ResolvedAction::Ask(request) => {
                    asked.insert(request.origin, index);
                }
                ResolvedAction::Quit { .. } | ResolvedAction::Start => {
                    moves.insert((*port, plan.actions[index as usize].at), index);
                }
                ResolvedAction::Rest => {}
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
        let Small { cause, before, since, actor, kind, root } = self.steps[number as usize - 1];
        let (cause, before, since) = (u64::from(cause), u64::from(before), u64::from(since));
        Taken { cause, before, since, actor: self.actors[actor as usize], root, kind }
    }

    /// A step and the line of causes before it, the oldest first. The cause of a deadline is its actor's
    /// previous step.
    pub(super) fn back_from(&self, step: u64) -> Vec<u64> {
        let some = |step: u64| (step > 0).then_some(step);
        let before = |step: &u64| some(self.step(*step).parent());
        let mut line: Vec<_> = std::iter::successors(some(step), before).collect();
        line.reverse();
        line
    }

    /// The last step of an actor that is neither periodic nor a deadline, or 0.
    pub(super) fn last_telling(&self, actor: Actor) -> u64 {
        self.seen.get(&actor).map_or(0, |seen| u64::from(seen.telling))
    }

    /// The first step of each step's line of causes, by the step's number; 0 has none.
    pub(super) fn origins(&self) -> Vec<u64> {
        let mut origins = vec![0];
        for step in 1..=self.last() {
            let parent = self.step(step).parent();
            origins.push(if parent == 0 { step } else { origins[parent as usize] });
        }
        origins
    }

    /// The first step that a part of the plan begins.
    pub(super) fn first(&self, part: Part) -> Option<u64> {
        let begins = |root| match (root, part) {
            (Root::Fault(index), Part::Fault(wanted))
            | (Root::Action(index), Part::Action(wanted)) => index as usize == wanted,
            (Root::None | Root::Fault(_) | Root::Action(_) | Root::Start(_), _) => false,
        };
        (1..=self.last()).find(|step| begins(self.step(*step).root))
    }

    /// The faults that have begun, in this order.
    pub(super) fn spells(&self) -> &[Spell] {
        &self.spells
    }

    fn begin(&mut self, head: &Head, root: Root, kind: Kind) {
        if head.step > self.most {
            return;
        }
        // Both are at most `most`, which fits.
        #[allow(clippy::cast_possible_truncation, reason = "a trace has fewer steps than 2^32")]
        let (cause, step) = (head.cause as u32, head.step as u32);
        let next = Seen { place: self.actors.len() as u32, last: 0, telling: 0 };
        let seen = self.seen.entry(head.actor).or_insert(next);
        if seen.last == 0 {
            self.actors.push(head.actor);
        }
        // A step of the world is not caused by the world's previous step.
        let before = if head.actor == Actor::World { 0 } else { seen.last };
        let (since, actor) = (seen.telling, seen.place);
        // Every step is observed; one that is not would count as a root.
        let root_of_its_own =
            Small { cause: 0, before: 0, since: 0, actor, kind: Kind::Telling, root: Root::None };
        self.steps.resize(step as usize - 1, root_of_its_own);
        self.steps.push(Small { cause, before, since, actor, kind, root });
        seen.last = step;
        if kind == Kind::Telling {
            seen.telling = step;
        }
    }

    fn client_root(&self, head: &Head, input: &client::Input) -> Root {
        let Actor::Client(port) = head.actor else { return Root::None };
        let moved = self.moves.get(&(port.0, head.at)).copied();
        match input {
            client::Input::Ask(request) => {
                self.asked.get(&request.origin).map_or(Root::None, |&index| Root::Action(index))
            }
            client::Input::Start => moved.map_or(Root::Start(port.0), Root::Action),
            client::Input::Quit { .. } => moved.map_or(Root::None, Root::Action),
            client::Input::Opened { .. }
            | client::Input::Frame { .. }
            | client::Input::Dispatch { .. }
            | client::Input::Closed { .. }
            | client::Input::Partial { .. }
            | client::Input::Restore(_)
            | client::Input::Answer(_) => Root::None,
        }
    }
}

impl Observer for Trace {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        let idle = |idle| if idle { Kind::Idle } else { Kind::Telling };
        match what {
            Observed::NodeInput(input) => self.begin(head, Root::None, kind_at_node(input)),
            Observed::ClientInput(input) => {
                let ack = ServerFrame::HeartbeatAck;
                let is_ack = matches!(input, client::Input::Frame { frame, .. } if *frame == ack);
                let is_idle = is_ack || matches!(input, client::Input::Partial { .. });
                self.begin(head, self.client_root(head, input), idle(is_idle));
            }
            Observed::Delivered { .. } => self.begin(head, Root::None, Kind::Telling),
            Observed::JournalEvent { event, .. } => {
                let confirm =
                    matches!(event, JournalEvent::Asked { command: Command::Confirm { .. }, .. });
                self.begin(head, Root::None, idle(confirm));
            }
            Observed::DirectoryInput(input) => {
                self.begin(
                    head,
                    Root::None,
                    idle(matches!(input.word, DirectoryRequest::Since { .. })),
                );
            }
            Observed::Timeout => self.begin(head, Root::None, Kind::Deadline),
            Observed::Census(_) => self.begin(head, Root::None, Kind::Idle),
            Observed::World(event) => self.world(head, event),
            Observed::NodeOutput(_)
            | Observed::Dispatched { .. }
            | Observed::ClientOutput(_)
            | Observed::JournalReply { .. }
            | Observed::DirectoryOutput(_)
            | Observed::StepEnded => {}
        }
    }
}

impl Trace {
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
            | WorldEvent::Started(_)
            | WorldEvent::Suspended(_)
            | WorldEvent::Woke(_) => Root::None,
        };
        self.begin(head, root, Kind::Telling);
    }
}

/// Whether an input of a node is periodic.
fn kind_at_node(input: &node::Input) -> Kind {
    match input {
        node::Input::Journal { reply: Reply::Confirmed { .. }, .. }
        | node::Input::Directory(DirectoryEvent::Changed { .. })
        | node::Input::Frame { frame: ClientFrame::Heartbeat { .. }, .. }
        | node::Input::Drained { .. } => Kind::Idle,
        node::Input::Own(_)
        | node::Input::Journal { .. }
        | node::Input::Directory(_)
        | node::Input::Down(_)
        | node::Input::Accepted { .. }
        | node::Input::Frame { .. }
        | node::Input::Identify { .. }
        | node::Input::Closed { .. }
        | node::Input::Request { .. }
        | node::Input::Peer { .. }
        | node::Input::Stop => Kind::Telling,
    }
}
