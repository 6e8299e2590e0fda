//! How the simulated world performs the director's effects.

use guildhall_core::id::{NodeId, Port};
use guildhall_core::node;
use guildhall_core::step::{Actor, Observed, Observer, WorldEvent};
use guildhall_core::time::Now;
use guildhall_plan::director::{Cue, Effect, News};
use guildhall_plan::fault::{ClientPhase, NodePhase, Participant, Phase};
use guildhall_plan::journal;
use guildhall_plan::topology::{guild_id, guild_place};

use super::{World, instant};
use crate::event::{Event, Kind};
use crate::link::Flow;

impl<W: Observer> World<'_, W> {
    /// Starts the run.
    pub(super) fn start(&mut self) {
        let mut effects = std::mem::take(&mut self.effects);
        self.director.start(&mut effects);
        self.perform_all(0, effects);
    }

    /// Handles a cue that is due.
    pub(super) fn cue(&mut self, cause: u64, cue: Cue) {
        let mut effects = std::mem::take(&mut self.effects);
        self.director.handle(self.stage.now, cue, &mut effects);
        self.perform_all(cause, effects);
        self.hear_news();
    }

    /// Takes a census of the machines.
    pub(super) fn census(&mut self) {
        let mut effects = std::mem::take(&mut self.effects);
        self.director.census(&mut effects);
        self.perform_all(0, effects);
    }

    /// Passes the new events of guilds and nodes to the director.
    #[inline]
    pub(super) fn hear_news(&mut self) {
        if !self.stage.news.is_empty() {
            let mut all = std::mem::take(&mut self.stage.news);
            all.drain(..).for_each(|news| self.hear(news));
            all.append(&mut self.stage.news);
            self.stage.news = all;
        }
    }

    fn hear(&mut self, news: News) {
        if matches!(news, News::Reached(..)) && !self.director.waits() {
            return;
        }
        let mut effects = std::mem::take(&mut self.effects);
        self.director.hear(self.stage.now, news, &mut effects);
        self.perform_all(self.stage.steps, effects);
    }

    /// Checks whether a client's own outputs have brought it to a phase that a fault waits for.
    #[inline]
    pub(super) fn client_stepped(&mut self, client: u32) {
        if self.director.waits() {
            let phase = self.stage.lines[client as usize].phase;
            self.hear(News::Reached(Participant::Client(client), Phase::Client(phase)));
        }
    }

    /// Records that a client has reached a phase.
    pub(super) fn reached(&mut self, client: u32, phase: ClientPhase) {
        self.stage.lines[client as usize].phase = phase;
        self.client_stepped(client);
    }

    fn perform_all(&mut self, cause: u64, mut effects: Vec<Effect>) {
        effects.drain(..).for_each(|effect| self.perform(cause, effect));
        self.effects = effects;
    }

    fn perform(&mut self, cause: u64, effect: Effect) {
        match effect {
            Effect::Schedule(at, cue) => {
                let event = Event { cause: self.stage.steps, kind: Kind::Cue(cue) };
                self.stage.agenda.push(at, self.tie(cue), event);
            }
            Effect::Record(event) => self.record(&event),
            Effect::Settle => self.settle(),
            Effect::Kill(node) => self.switch_off(usize::from(node), true),
            Effect::Retire(node) => self.switch_off(usize::from(node), false),
            // Everything that a node has sent is on its links, so its machine is not needed any
            // more.
            Effect::SwitchOff(_) => {}
            Effect::Boot { node, boot } => self.boot(node, boot),
            Effect::Pause(node) => self.nodes[usize::from(node)].paused = true,
            Effect::Resume(node) => self.resume(usize::from(node)),
            Effect::TellStop(node) => {
                self.tell(node, (cause, Cue::TellStop(node)), node::Input::Stop);
            }
            Effect::TellOwner { node, guild } => {
                let own = node::Input::Own(guild_id(guild as usize));
                self.tell(node, (cause, Cue::TellOwner { node, guild }), own);
            }
            Effect::TellDown { to, about } => {
                let down = node::Input::Down(NodeId(about));
                self.tell(to, (cause, Cue::TellDown { to, about }), down);
            }
            Effect::Census(actor) => self.count(actor),
            Effect::JumpClock { node, by_ms } => self.nodes[usize::from(node)].clock.jump(by_ms),
            Effect::Cut { client, how } => self.cut(client, how),
            Effect::Stall { fault, client, way } => self.stall(fault, client, way),
            Effect::Release { fault } => self.release(fault),
            Effect::Blackhole { client, way } => {
                self.set_flow(self.open_link(client), way, Flow::Dead);
            }
            Effect::SetBandwidth { client, bandwidth } => {
                self.stage.set_bandwidth(client, bandwidth);
            }
            Effect::Suspend(client) => self.suspend(client),
            Effect::Wake(client) => self.wake(client),
            Effect::Restore { client, back } => self.restore(client, back, cause),
            Effect::Misbehave { client, violation } => self.misbehave(client, violation, cause),
            Effect::Intrude { fault, client, why } => self.intrude(fault, client, why, cause),
            Effect::Journal { guild, fault } => {
                self.journal(self.stage.steps, guild, journal::Input::Fault(fault));
            }
            Effect::BeginMailRule { fault, rule } => self.stage.post.begin(fault, rule),
            Effect::EndMailRule { fault } => self.stage.release_mail(fault),
        }
    }

    /// Counts everything that a machine keeps. A suspended client does nothing.
    fn count(&mut self, actor: Actor) {
        let at = self.stage.now;
        let world = Now::from(instant(at));
        let (now, census) = match actor {
            Actor::Node(NodeId(node)) => {
                let host = &self.nodes[usize::from(node)];
                (host.clock.read(at), host.node.census())
            }
            Actor::Client(Port(client)) => {
                let host = &self.clients[client as usize];
                if host.asleep {
                    return;
                }
                (host.clock.read(at), host.client.census())
            }
            Actor::Journal(guild) => (world, self.journals[guild_place(guild)].census()),
            Actor::Directory => (world, self.directory.census()),
            Actor::World => return,
        };
        let head = self.stage.begin(0, now, actor);
        self.stage.fold(&census);
        self.stage.watch.observe(&head, Observed::Census(&census));
        self.stage.watch.observe(&head, Observed::StepEnded);
        self.stage.end_step();
    }

    /// Delivers an input from the placement of guilds to a node. A paused node gets it after the
    /// pause, if it is still valid then.
    fn tell(&mut self, node: u16, (cause, cue): (u64, Cue), input: node::Input) {
        let node = usize::from(node);
        if self.is_awake(node, Event { cause, kind: Kind::Cue(cue) }) {
            self.node_step(node, cause, input);
        }
    }

    /// The rank of a cue among the events of its instant.
    fn tie(&self, cue: Cue) -> u32 {
        match cue {
            Cue::Begin(_) => 0,
            Cue::TellStop(_)
            | Cue::TellOwner { .. }
            | Cue::TellDown { .. }
            | Cue::SwitchOff { .. }
            | Cue::FailOver { .. } => 1,
            Cue::Due(fault) => self.fault_tie(fault),
            Cue::End(_) => u32::MAX - 2,
            Cue::Census | Cue::Heal => u32::MAX - 1,
        }
    }

    /// Records an event of the world itself. A fault that begins is counted by its target's phase.
    fn record(&mut self, event: &WorldEvent) {
        self.stage.world_event(event);
        if let WorldEvent::FaultBegan { index, .. } = event {
            let phase = self.director.fault(*index).participant().and_then(|who| self.phase(who));
            let family = self.plan.faults[*index as usize].fault.family();
            self.stage.coverage.count(family, phase);
        }
    }

    /// The current phase of a participant.
    fn phase(&self, who: Participant) -> Option<Phase> {
        match who {
            Participant::Client(client) => {
                Some(Phase::Client(self.stage.lines[client as usize].phase))
            }
            Participant::Guild(guild) => Some(Phase::Guild(self.stage.phases[guild as usize])),
            Participant::Node(node) if !self.nodes[usize::from(node)].up => {
                Some(Phase::Node(NodePhase::Down))
            }
            // A node has the phase of the first guild whose designated owner it is.
            Participant::Node(node) => {
                let guild = self.director.first_guild(node)?;
                Some(Phase::Guild(self.stage.phases[guild as usize]))
            }
        }
    }
}
