//! What a cone needs of each step: its cause, its actor's step before, and the part of the plan
//! that it begins with. All of it is kept up to one step, and nothing after that.

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_core::directory::{DirectoryEvent, DirectoryRequest};
use guildhall_core::dispatch::Dispatch;
use guildhall_core::frame::{ClientFrame, ServerFrame};
use guildhall_core::id::{Connection, GuildId, Seq};
use guildhall_core::journal::{Command, Reply};
use guildhall_core::request::Origin;
use guildhall_core::step::{Actor, Head, JournalEvent, Witness, WorldEvent};
use guildhall_core::time::Instant;
use guildhall_core::{client, directory, node};

use super::Part;
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::topology::{Move, Topology};

/// The part of a plan that a step begins with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Root {
    None,
    Fault(u32),
    Act(u32),
    Start(u32),
}

/// What kind of step it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// A deadline came: it is due to something before.
    Deadline,
    /// It goes on for ever by itself: heartbeats, their answers, confirmed epochs, counts.
    Idle,
    /// Anything else.
    Telling,
}

/// What is kept of a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    pub(super) cause: u64,
    /// The step that its actor took before, or 0.
    pub(super) before: u64,
    /// The last one before that was neither idle nor a deadline, or 0.
    since: u64,
    pub(super) actor: Actor,
    pub(super) root: Root,
    kind: Kind,
}

impl Taken {
    /// The step that this one came of, or 0.
    fn whence(self) -> u64 {
        if self.cause == 0 && self.kind == Kind::Deadline { self.since } else { self.cause }
    }
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
    seen: BTreeMap<Actor, Seen>,
    spells: Vec<Spell>,
    asked: BTreeMap<Origin, u32>,
    /// Those who come and go at an instant, and by which act.
    moves: BTreeMap<(u32, Instant), u32>,
}

/// An actor's place among all, its last step, and the last one that was telling.
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
        let Small { cause, before, since, actor, kind, root } = self.steps[number as usize - 1];
        let (cause, before, since) = (u64::from(cause), u64::from(before), u64::from(since));
        Taken { cause, before, since, actor: self.actors[actor as usize], root, kind }
    }

    /// A step and the line of causes before it, the oldest first. A deadline comes of what its actor
    /// did before.
    pub(super) fn back_from(&self, step: u64) -> Vec<u64> {
        let some = |step: u64| (step > 0).then_some(step);
        let before = |step: &u64| some(self.step(*step).whence());
        let mut line: Vec<_> = std::iter::successors(some(step), before).collect();
        line.reverse();
        line
    }

    /// The last step of an actor that is neither idle nor a deadline, or 0.
    pub(super) fn last_telling(&self, actor: Actor) -> u64 {
        self.seen.get(&actor).map_or(0, |seen| u64::from(seen.telling))
    }

    /// The first step of each step's line of causes, by the step's number; 0 has none.
    pub(super) fn origins(&self) -> Vec<u64> {
        let mut origins = vec![0];
        for step in 1..=self.last() {
            let whence = self.step(step).whence();
            origins.push(if whence == 0 { step } else { origins[whence as usize] });
        }
        origins
    }

    /// The first step that a part of the plan begins.
    pub(super) fn first(&self, part: Part) -> Option<u64> {
        let begins = |root| match (root, part) {
            (Root::Fault(index), Part::Fault(wanted)) | (Root::Act(index), Part::Act(wanted)) => {
                index as usize == wanted
            }
            (Root::None | Root::Fault(_) | Root::Act(_) | Root::Start(_), _) => false,
        };
        (1..=self.last()).find(|step| begins(self.step(*step).root))
    }

    /// The faults that have struck, in the order in which they did.
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
        // What the world does at one time does not come of what it did before.
        let before = if head.actor == Actor::World { 0 } else { seen.last };
        let (since, actor) = (seen.telling, seen.place);
        // Every step is told; should one not be, it counts as a root of its own.
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
    fn node_input(&mut self, head: &Head, input: &node::Input) {
        self.begin(head, Root::None, kind_at_node(input));
    }
    fn client_input(&mut self, head: &Head, input: &client::Input) {
        let ack = matches!(input, client::Input::Frame { frame: ServerFrame::HeartbeatAck, .. });
        let kind = if ack { Kind::Idle } else { Kind::Telling };
        self.begin(head, self.client_root(head, input), kind);
    }
    fn delivered(&mut self, head: &Head, _: Connection, _: Seq, _: &Arc<Dispatch>) {
        self.begin(head, Root::None, Kind::Telling);
    }
    fn journal_event(&mut self, head: &Head, _: GuildId, event: &JournalEvent) {
        let confirm = matches!(event, JournalEvent::Asked { command: Command::Confirm { .. }, .. });
        self.begin(head, Root::None, if confirm { Kind::Idle } else { Kind::Telling });
    }
    fn directory_input(&mut self, head: &Head, input: &directory::Input) {
        let idle = matches!(input.word, DirectoryRequest::Since { .. });
        self.begin(head, Root::None, if idle { Kind::Idle } else { Kind::Telling });
    }
    fn timeout(&mut self, head: &Head) {
        self.begin(head, Root::None, Kind::Deadline);
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
        self.begin(head, root, Kind::Telling);
    }
}

/// Whether something that happens to a node happens again and again by itself.
fn kind_at_node(input: &node::Input) -> Kind {
    match input {
        node::Input::Journal { reply: Reply::Confirmed { .. }, .. }
        | node::Input::Directory(DirectoryEvent::Changed { .. })
        | node::Input::Frame { frame: ClientFrame::Heartbeat { .. }, .. }
        | node::Input::Drained { .. }
        | node::Input::Census => Kind::Idle,
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
