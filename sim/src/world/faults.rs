//! How the world does to its machines what a plan's faults say.

use guildhall_core::frame::ClientFrame;
use guildhall_core::step::{Observer, WorldEvent};
use guildhall_core::time::Span;

use super::blow::Blow;
use super::stage::Whom;
use super::{World, place};
use crate::event::{Event, Kind};
use crate::link::Flow;
use guildhall_plan::fault::{Ending, Health, Milestone, Moment, Stage, Way};
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::topology::Topology;

/// What has become of each fault of the plan.
pub(super) struct Faults {
    blows: Vec<Blow>,
    /// What each waits for.
    awaited: Vec<Option<(Whom, Moment)>>,
    /// Those that wait for it now.
    waiting: Vec<u32>,
    /// Those that last, and the link that each holds.
    lasting: Vec<(u32, Option<u32>)>,
    /// What each stranger came to say, by its link.
    pub(super) strangers: Vec<(u32, ClientFrame)>,
}

fn awaited(milestone: &Milestone, topology: &Topology) -> Result<(Whom, Moment), PlanError> {
    Ok(match milestone {
        Milestone::Client { client, is } => {
            (Whom::Client(place(topology.client(client)?)), Moment::Client(*is))
        }
        Milestone::Guild { guild, is } => {
            (Whom::Guild(place(topology.guild(guild)?)), Moment::Guild(*is))
        }
        Milestone::Node { node, is } => {
            (Whom::Node(place(topology.node(node)?)), Moment::Node(*is))
        }
    })
}

impl Faults {
    pub(super) fn new(plan: &Plan, topology: &Topology) -> Result<Self, PlanError> {
        let faults = &plan.faults;
        let blows = faults.iter().map(|part| Blow::resolve(&part.fault, topology));
        let awaits = faults.iter().map(|part| {
            part.when.as_ref().map(|milestone| awaited(milestone, topology)).transpose()
        });
        Ok(Self {
            blows: blows.collect::<Result<_, _>>()?,
            awaited: awaits.collect::<Result<_, _>>()?,
            waiting: Vec::new(),
            lasting: Vec::new(),
            strangers: Vec::new(),
        })
    }
}

impl<W: Observer> World<'_, W> {
    /// The time of a fault has come: it strikes, or waits for its milestone.
    pub(super) fn fault(&mut self, index: u32) {
        match self.faults.awaited[index as usize] {
            None => self.strike(index, 0),
            Some(_) => self.faults.waiting.push(index),
        }
    }

    /// A client's own outputs may have brought it to where a fault waits for it.
    pub(super) fn milestone(&mut self, client: u32) {
        if !self.faults.waiting.is_empty() {
            let stage = self.stage.lines[client as usize].stage;
            self.meet(Whom::Client(client), Moment::Client(stage));
        }
    }

    /// A client has come to do something else.
    pub(super) fn reached(&mut self, client: u32, stage: Stage) {
        self.stage.lines[client as usize].stage = stage;
        self.milestone(client);
    }

    /// What has happened to guilds and nodes may be what faults wait for.
    pub(super) fn meet_passed(&mut self) {
        if self.stage.passed.is_empty() {
            return;
        }
        let passed = std::mem::take(&mut self.stage.passed);
        if !self.faults.waiting.is_empty() {
            for (whom, moment) in passed {
                self.meet(whom, moment);
            }
        }
    }

    fn meet(&mut self, whom: Whom, moment: Moment) {
        let (now, cause) = (self.stage.now, self.stage.steps);
        let (agenda, awaited) = (&mut self.stage.agenda, &self.faults.awaited);
        self.faults.waiting.retain(|&index| {
            let met = awaited[index as usize] == Some((whom, moment));
            if met {
                agenda.push(now, 0, Event { cause, kind: Kind::Strike { index } });
            }
            !met
        });
    }

    /// What the victim of a fault is doing.
    fn moment(&self, whom: Whom) -> Option<Moment> {
        match whom {
            Whom::Client(client) => Some(Moment::Client(self.stage.lines[client as usize].stage)),
            Whom::Guild(guild) => Some(Moment::Guild(self.stage.turns[guild as usize])),
            Whom::Node(node) if !self.is_up(node as usize) => Some(Moment::Node(Health::Down)),
            // It does what the first guild does that is named for it.
            Whom::Node(node) => {
                let guild = self.owners.iter().position(|owner| *owner == node as usize)?;
                Some(Moment::Guild(self.stage.turns[guild]))
            }
        }
    }

    /// A fault strikes.
    pub(super) fn strike(&mut self, index: u32, cause: u64) {
        let part = &self.plan.faults[index as usize];
        let blow = self.faults.blows[index as usize];
        let what = part.fault.to_string();
        self.stage.world_event(&WorldEvent::FaultBegan { index, what });
        let moment = blow.victim().and_then(|whom| self.moment(whom));
        self.stage.coverage.strike(part.fault.family(), moment);
        let link = blow.client().and_then(|client| self.stage.lines[client as usize].link);
        let link = link.filter(|&link| self.stage.links.at(link).here);
        match blow {
            Blow::Cut(_, how) => self.cut(link, how),
            Blow::Stall(_, way) => self.set_flow(link, way, Flow::Stalled),
            Blow::Silence(_, way) => self.set_flow(link, way, Flow::Dead),
            Blow::Slow(client, bandwidth) => self.stage.set_bandwidth(client, bandwidth),
            Blow::Misbehave(client, deed) => self.misbehave(client, link, deed, cause),
            Blow::Steal(client, token) => self.steal(index, client, token, cause),
            Blow::Knock(client, says) => self.knock(index, client, says, cause),
            Blow::Pause(node) => self.nodes[node].pauses += 1,
            Blow::Crash(node, forever) => self.crash(node, forever),
            Blow::Stop(node) => self.stop(node),
            Blow::FalseAlarm(node) => self.spread(node, "false alarm"),
            Blow::WallJump(node, by_ms) => self.nodes[node].clock.jump(by_ms),
            Blow::Move(guild, to) => self.name_owner(guild, to),
            Blow::JournalSlow(guild, by) => self.slow_journal(guild, by, true),
            Blow::JournalCrash(guild) => self.crash_journal(self.stage.steps, guild),
            Blow::JournalFull(guild, room) => self.fill_journal(guild, room),
            Blow::JournalFail(guild) => self.break_journal(guild),
            Blow::Post(law) => self.stage.post.begin(index, law),
        }
        if part.fault.lasts() {
            self.faults.lasting.push((index, link));
            if part.lasts > Span::ZERO {
                let at = self.stage.now + part.lasts.as_micros();
                let event = Event { cause: self.stage.steps, kind: Kind::Relief { index } };
                self.stage.agenda.push(at, u32::MAX - 2, event);
            }
        }
        self.meet_passed();
    }

    fn cut(&mut self, link: Option<u32>, how: Ending) {
        let Some(link) = link else { return };
        let reset = how != Ending::Fin;
        self.stage.hang_up(link, false, reset);
        match how {
            Ending::Fin | Ending::Reset => self.stage.hang_up(link, true, reset),
            Ending::HalfOpen { late } => {
                let at = self.stage.now + late.as_micros();
                let kind = Kind::Gone { link, reset };
                self.stage.agenda.push(at, 1, Event { cause: self.stage.steps, kind });
            }
        }
        if reset {
            self.set_flow(Some(link), Way::Both, Flow::Dead);
        }
    }

    /// What is dead stays dead: no later fault revives a connection.
    pub(super) fn set_flow(&mut self, link: Option<u32>, way: Way, flow: Flow) {
        let Some(link) = link else { return };
        let wire = self.stage.links.at_mut(link);
        for (struck, side) in [(way.is_down(), &mut wire.down), (way.is_up(), &mut wire.up)] {
            if struck && *side != Flow::Dead {
                *side = flow;
            }
        }
    }

    /// A fault is over.
    pub(super) fn relieve(&mut self, index: u32) {
        let Some(at) = self.faults.lasting.iter().position(|&(lasting, _)| lasting == index) else {
            return;
        };
        let (_, link) = self.faults.lasting.remove(at);
        let part = &self.plan.faults[index as usize];
        let what = part.fault.to_string();
        self.stage.world_event(&WorldEvent::FaultEnded { index, what });
        match self.faults.blows[index as usize] {
            Blow::Stall(..) => self.unstall(link),
            Blow::Slow(client, _) => {
                let usual = self.stage.lines[client as usize].usual();
                self.stage.set_bandwidth(client, usual);
            }
            Blow::Pause(node) => self.resume_node(node),
            Blow::Crash(node, _) => self.revive(node),
            Blow::Stop(node) => self.unstop(node),
            Blow::JournalSlow(guild, by) => self.slow_journal(guild, by, false),
            Blow::JournalCrash(guild) => self.restart_journal(guild),
            Blow::JournalFull(guild, _) => self.empty_journal(guild),
            Blow::Post(_) => self.stage.relieve_post(index),
            Blow::Cut(..)
            | Blow::Silence(..)
            | Blow::Misbehave(..)
            | Blow::Steal(..)
            | Blow::Knock(..)
            | Blow::FalseAlarm(_)
            | Blow::WallJump(..)
            | Blow::Move(..)
            | Blow::JournalFail(_) => {}
        }
        self.meet_passed();
    }

    /// All faults are over, and none that waits will come.
    pub(super) fn relieve_all(&mut self) {
        self.faults.waiting.clear();
        for (index, _) in self.faults.lasting.clone() {
            self.relieve(index);
        }
    }

    /// What a stall held back goes on its way, before anything that comes after it.
    fn unstall(&mut self, link: Option<u32>) {
        let Some(link) = link else { return };
        let wire = self.stage.links.at_mut(link);
        for side in [&mut wire.down, &mut wire.up] {
            if *side == Flow::Stalled {
                *side = Flow::Open;
            }
        }
        let trunk = self.stage.links.trunk(link);
        for held in [&mut trunk.held_down, &mut trunk.held_up] {
            for event in held.drain(..) {
                self.stage.agenda.push(self.stage.now, 0, event);
            }
        }
    }

    /// A node takes what has arrived while it was paused, in order, and then its deadlines (L1).
    fn resume_node(&mut self, node: usize) {
        let up = self.is_up(node);
        let host = &mut self.nodes[node];
        host.pauses = host.pauses.saturating_sub(1);
        if host.pauses > 0 || !up {
            return;
        }
        host.wake = u64::MAX;
        for event in std::mem::take(&mut host.held) {
            if !matches!(event.kind, Kind::WakeNode { .. }) {
                self.stage.agenda.push(self.stage.now, 0, event);
            }
        }
        self.rearm_node(node);
    }
}
