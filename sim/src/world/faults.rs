//! How the world does to its machines what a plan's faults say.

use guildhall_core::frame::{ClientFrame, Identify, Malformed, Resume};
use guildhall_core::id::{Seq, Token};
use guildhall_core::step::{Witness, WorldEvent};
use guildhall_core::time::Span;

use super::stage::Caller;
use super::{World, place};
use crate::event::{Event, Kind, Parcel};
use crate::fault::{Ending, Fault, Misdeed, Stage, Way};
use crate::link::Flow;
use crate::plan::{Plan, PlanError};
use crate::topology::Topology;

/// What has become of each fault of the plan.
pub(super) struct Faults {
    /// The client and the node that each strikes.
    targets: Vec<(Option<u32>, Option<usize>)>,
    /// Those that wait for a milestone: the fault, the client, and what it is to be doing.
    waiting: Vec<(u32, u32, Stage)>,
    /// Those that last, and the link that each holds.
    lasting: Vec<(u32, Option<u32>)>,
    /// What each stranger came to say, by its fault and its link.
    strangers: Vec<(u32, Resume)>,
}

impl Faults {
    pub(super) fn new(plan: &Plan, topology: &Topology) -> Result<Self, PlanError> {
        let target = |fault: &Fault| {
            let client = fault.client().map(|name| topology.client(name)).transpose()?;
            let node = fault.node().map(|name| topology.node(name)).transpose()?;
            Ok((client.map(place), node))
        };
        for part in &plan.faults {
            if let Some(milestone) = &part.when {
                topology.client(&milestone.client)?;
            }
            if let Fault::Misbehave { client, .. } = &part.fault
                && topology.cast.clients[topology.client(client)?].honest
            {
                let why = format!("`{client}` misbehaves, but is not marked as hostile");
                return Err(PlanError::Invalid(why));
            }
        }
        let targets =
            plan.faults.iter().map(|part| target(&part.fault)).collect::<Result<_, _>>()?;
        Ok(Self { targets, waiting: Vec::new(), lasting: Vec::new(), strangers: Vec::new() })
    }
}

impl<W: Witness> World<'_, W> {
    /// The time of a fault has come: it strikes, or waits for its milestone.
    pub(super) fn fault(&mut self, index: u32) {
        match &self.plan.faults[index as usize].when {
            None => self.strike(index, 0),
            Some(milestone) => {
                if let Ok(client) = self.topology.client(&milestone.client) {
                    self.faults.waiting.push((index, place(client), milestone.is));
                }
            }
        }
    }

    /// A client's own outputs may have brought it to where a fault waits for it.
    pub(super) fn milestone(&mut self, client: u32) {
        if !self.faults.waiting.is_empty() {
            self.meet(client, self.stage.lines[client as usize].stage);
        }
    }

    /// A client has come to do something else.
    pub(super) fn reached(&mut self, client: u32, stage: Stage) {
        self.stage.lines[client as usize].stage = stage;
        self.milestone(client);
    }

    fn meet(&mut self, client: u32, stage: Stage) {
        let (now, cause) = (self.stage.now, self.stage.steps);
        let agenda = &mut self.stage.agenda;
        self.faults.waiting.retain(|&(index, whom, what)| {
            let met = (whom, what) == (client, stage);
            if met {
                agenda.push(now, 0, Event { cause, kind: Kind::Strike { index } });
            }
            !met
        });
    }

    /// A fault strikes.
    pub(super) fn strike(&mut self, index: u32, cause: u64) {
        let part = &self.plan.faults[index as usize];
        let (client, node) = self.faults.targets[index as usize];
        let what = part.fault.to_string();
        self.stage.world_event(&WorldEvent::FaultBegan { index, what });
        let stage = client.map(|client| self.stage.lines[client as usize].stage);
        self.stage.coverage.strike(part.fault.family(), stage);
        let link = client.and_then(|client| self.stage.lines[client as usize].link);
        let link = link.filter(|&link| self.stage.links[link as usize].here);
        match &part.fault {
            Fault::Cut { how, .. } => self.cut(link, *how),
            Fault::Stall { way, .. } => self.set_flow(link, *way, Flow::Stalled),
            Fault::Silence { way, .. } => self.set_flow(link, *way, Flow::Dead),
            Fault::Slow { bandwidth, .. } => {
                if let Some(client) = client {
                    self.stage.set_bandwidth(client, (*bandwidth).max(1));
                }
            }
            Fault::Pause { .. } => {
                if let Some(node) = node {
                    self.nodes[node].pauses += 1;
                }
            }
            Fault::WallJump { by_ms, .. } => {
                if let Some(node) = node {
                    self.nodes[node].clock.jump(*by_ms);
                }
            }
            Fault::Misbehave { deed, .. } => self.misbehave(client, link, *deed, cause),
            Fault::Steal { token, .. } => self.steal(index, client, *token, cause),
        }
        if part.lasts > Span::ZERO {
            self.faults.lasting.push((index, link));
            let at = self.stage.now + part.lasts.as_micros();
            let event = Event { cause: self.stage.steps, kind: Kind::Relief { index } };
            self.stage.agenda.push(at, u32::MAX - 2, event);
        }
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
    fn set_flow(&mut self, link: Option<u32>, way: Way, flow: Flow) {
        let Some(link) = link else { return };
        let wire = &mut self.stage.links[link as usize];
        for (struck, side) in [(way.is_down(), &mut wire.down), (way.is_up(), &mut wire.up)] {
            if struck && side.flow != Flow::Dead {
                side.flow = flow;
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
        let (client, node) = self.faults.targets[index as usize];
        match &part.fault {
            Fault::Stall { .. } => self.unstall(link),
            Fault::Slow { .. } => {
                if let Some(client) = client {
                    let usual = self.stage.lines[client as usize].usual();
                    self.stage.set_bandwidth(client, usual);
                }
            }
            Fault::Pause { .. } => self.resume_node(node),
            Fault::Cut { .. }
            | Fault::Silence { .. }
            | Fault::WallJump { .. }
            | Fault::Misbehave { .. }
            | Fault::Steal { .. } => {}
        }
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
        let wire = &mut self.stage.links[link as usize];
        let (down, up) = (&mut wire.held_down, &mut wire.held_up);
        for (side, held) in [(&mut wire.down, down), (&mut wire.up, up)] {
            if side.flow == Flow::Stalled {
                side.flow = Flow::Open;
            }
            for event in held.drain(..) {
                self.stage.agenda.push(self.stage.now, 0, event);
            }
        }
    }

    /// A node takes what has arrived while it was paused, in order, and then its deadlines (L1).
    fn resume_node(&mut self, node: Option<usize>) {
        let Some(node) = node else { return };
        let host = &mut self.nodes[node];
        host.pauses = host.pauses.saturating_sub(1);
        if host.pauses > 0 {
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

    /// A hostile client speaks out of turn.
    fn misbehave(&mut self, client: Option<u32>, link: Option<u32>, deed: Misdeed, cause: u64) {
        let (Some(client), Some(link)) = (client, link) else { return };
        let identity = self.topology.clients[client as usize].identity;
        let machine = &self.clients[client as usize].client;
        let (session, last) = (machine.session(), machine.last());
        let (frame, times, bytes) = match deed {
            Misdeed::Flood { frames } => (ClientFrame::Heartbeat { d: None }, frames, None),
            Misdeed::LieAhead { by } => {
                (ClientFrame::Heartbeat { d: Some(Seq(last.0 + by)) }, 1, None)
            }
            Misdeed::Broken => (ClientFrame::Malformed(Malformed::Payload), 1, None),
            Misdeed::Opcode => (ClientFrame::Malformed(Malformed::Opcode), 1, None),
            Misdeed::Huge { bytes } => (ClientFrame::Heartbeat { d: None }, 1, Some(bytes)),
            Misdeed::IdentifyAgain => {
                let (token, intents, shard) = (identity.token, identity.intents, identity.shard);
                (ClientFrame::Identify(Identify { token, intents, shard }), 1, None)
            }
            Misdeed::ResumeAgain => {
                let session = session.unwrap_or_default();
                let resume = Resume { token: identity.token, session, seq: last };
                (ClientFrame::Resume(resume), 1, None)
            }
        };
        for _ in 0..times {
            self.stage.say(link, cause, frame, bytes);
        }
    }

    /// A stranger opens a socket of its own, to say one thing on it.
    fn steal(&mut self, index: u32, client: Option<u32>, token: bool, cause: u64) {
        let Some(client) = client else { return };
        let identity = self.topology.clients[client as usize].identity;
        let machine = &self.clients[client as usize].client;
        let Some(session) = machine.session() else { return };
        let token = if token { identity.token } else { Token(!identity.token.0) };
        let resume = Resume { token, session, seq: machine.last() };
        let link = self.stage.connect(Caller::Stranger(index), identity.home.0, cause);
        self.faults.strangers.push((link, resume));
    }

    /// A stranger's socket is open, or something is said to it.
    pub(super) fn stranger(&mut self, link: u32, parcel: Option<Parcel>, cause: u64) {
        let strangers = &mut self.faults.strangers;
        match parcel {
            Some(Parcel::Opened) => {
                if let Some(at) = strangers.iter().position(|&(known, _)| known == link) {
                    let (_, resume) = strangers.swap_remove(at);
                    self.stage.say(link, cause, ClientFrame::Resume(resume), None);
                }
            }
            Some(Parcel::Close(_)) => self.stage.hang_up(link, true, false),
            Some(_) | None => {}
        }
    }
}
