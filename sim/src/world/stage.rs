//! The environment of the state machines: the agenda, the links and the observers.

use std::hash::Hash;

use guildhall_check::Contract;
use guildhall_core::client::Jitter;
use guildhall_core::frame::{CONTROL_BYTES, ClientFrame};
use guildhall_core::id::Connection;
use guildhall_core::step::{Actor, Head, Observed, Observer, WorldEvent};
use guildhall_core::time::Now;

use super::post::Post;
use super::{instant, place};
use crate::agenda::Agenda;
use crate::event::{Bodies, Event, Kind, Parcel, Slab};
use crate::link::{Flow, Links, Ports, tie};
use guildhall_plan::coverage::Coverage;
use guildhall_plan::digest::{BLOCK, Digest, Fingerprint};
use guildhall_plan::director::News;
use guildhall_plan::fault::{ClientPhase, GuildPhase, Participant, Phase};
use guildhall_plan::plan::Network;
use guildhall_plan::seed::{Domain, Seed};

/// The approximate length of an IDENTIFY, a RESUME and a heartbeat on the wire, in bytes.
const fn length(frame: &ClientFrame) -> u32 {
    match frame {
        ClientFrame::Identify(_) => 320,
        ClientFrame::Resume(_) => 180,
        ClientFrame::Heartbeat { .. } => 24,
        ClientFrame::Malformed(_) | ClientFrame::Other => 40,
    }
}

/// A client's side of its connections.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The current link.
    pub(crate) link: Option<u32>,
    pub(crate) phase: ClientPhase,
    /// The bandwidth in bytes per second, or 0 for no limit.
    pub(crate) bandwidth: u32,
    /// The bandwidth without faults.
    usual: u32,
    connects: u64,
    jitters: u64,
    /// The arrival time of the last request to each node.
    roads: Vec<(u16, u64)>,
}

impl Line {
    pub(crate) fn new(bandwidth: Option<u32>) -> Self {
        let usual = bandwidth.unwrap_or(0);
        Self {
            link: None,
            phase: ClientPhase::Lost,
            bandwidth: usual,
            usual,
            connects: 0,
            jitters: 0,
            roads: Vec::new(),
        }
    }
}

/// The party that opens a link.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Caller {
    Client(u32),
    /// An intruder, identified by the fault of the plan that sends it.
    Intruder(u32),
}

/// Everything but the state machines.
pub(crate) struct Stage<W> {
    pub(crate) seed: Seed,
    pub(crate) network: Network,
    pub(crate) now: u64,
    pub(crate) steps: u64,
    pub(crate) agenda: Agenda<Event>,
    pub(crate) digest: Digest,
    pub(crate) blocks: Vec<Fingerprint>,
    pub(crate) watch: (Contract, W),
    pub(crate) links: Links,
    pub(crate) ports: Vec<Ports>,
    pub(crate) lines: Vec<Line>,
    pub(crate) bodies: Bodies,
    pub(crate) parcels: Slab<Parcel>,
    pub(crate) coverage: Coverage,
    pub(crate) post: Post,
    /// The number of times that each node has been started.
    pub(crate) boots: Vec<u32>,
    /// The last phase that each guild has reached.
    pub(crate) phases: Vec<GuildPhase>,
    /// The news that the director has not handled yet.
    pub(crate) news: Vec<News>,
}

impl<W: Observer> Stage<W> {
    #[inline]
    pub(crate) fn head(&self, step: u64, cause: u64, now: Now, actor: Actor) -> Head {
        Head { step, cause, at: instant(self.now), now, actor }
    }

    /// Begins a step.
    pub(crate) fn begin(&mut self, cause: u64, now: Now, actor: Actor) -> Head {
        self.steps += 1;
        let head = self.head(self.steps, cause, now, actor);
        self.digest.word(self.now);
        actor.hash(&mut self.digest);
        head
    }

    /// Folds something observable into the run's digest.
    pub(crate) fn fold(&mut self, value: &impl Hash) {
        value.hash(&mut self.digest);
    }

    #[inline]
    pub(crate) fn end_step(&mut self) {
        if self.steps.is_multiple_of(BLOCK) {
            self.blocks.push(self.digest.fingerprint());
        }
    }

    pub(crate) fn world_event(&mut self, event: &WorldEvent) {
        let head = self.begin(0, instant(self.now).into(), Actor::World);
        self.fold(event);
        self.watch.observe(&head, Observed::World(event));
        self.watch.observe(&head, Observed::StepEnded);
        self.end_step();
    }

    pub(crate) fn look_at(&mut self, at: u64) {
        self.agenda.push(at, u32::MAX - 1, Event { cause: 0, kind: Kind::Look });
    }

    pub(crate) fn jitter(&mut self, client: u32) -> Jitter {
        let line = &mut self.lines[client as usize];
        line.jitters += 1;
        let key = self.seed.key(Domain::Jitter).with(u64::from(client)).with(line.jitters);
        Jitter(u16::try_from(key.below(1 << 16)).unwrap_or(u16::MAX))
    }

    /// Sets the bandwidth of a client's line and of its current link. `None` restores the usual
    /// one.
    pub(crate) fn set_bandwidth(&mut self, client: u32, bandwidth: Option<u32>) {
        let line = &mut self.lines[client as usize];
        let bandwidth = bandwidth.unwrap_or(line.usual);
        line.bandwidth = bandwidth;
        if let Some(link) = line.link {
            self.links.down(link).bandwidth = bandwidth;
            self.links.trunk(link).up.bandwidth = bandwidth;
        }
    }

    // ---- down to clients

    /// Sends anything but a dispatch from a node to a client.
    pub(crate) fn send_down(&mut self, link: u32, cause: u64, parcel: Parcel) {
        let down = self.links.down(link);
        if down.open {
            let (at, tie) = down.send(self.now, self.network.client, CONTROL_BYTES);
            let slow = down.bandwidth > 0;
            let parcel = self.parcels.insert(parcel);
            self.agenda.push(at, tie, Event { cause, kind: Kind::Down { link, parcel } });
            if slow {
                self.sent_slowly(link, CONTROL_BYTES);
            }
        }
    }

    /// Handles something for a client that finds its link stalled, dead or closed.
    #[cold]
    pub(crate) fn miss(&mut self, event: Event, link: u32, body: Option<u32>) {
        let wire = self.links.at(link);
        if wire.here && wire.down == Flow::Stalled {
            return self.links.trunk(link).held_down.push(event);
        }
        if let Some(body) = body {
            self.bodies.arrive(body);
        } else if let Kind::Down { parcel, .. } = event.kind {
            self.parcels.take(parcel);
        }
    }

    /// Drops an event in flight.
    #[cold]
    pub(crate) fn discard(&mut self, event: Event) {
        match event.kind {
            Kind::Dispatch { body, .. } => self.bodies.arrive(body),
            Kind::Down { parcel, .. }
            | Kind::Up { parcel, .. }
            | Kind::Mail { parcel, .. }
            | Kind::Request { parcel, .. }
            | Kind::Answer { parcel, .. } => {
                self.parcels.take(parcel);
            }
            Kind::Accept { .. }
            | Kind::Part { .. }
            | Kind::Lost { .. }
            | Kind::Gone { .. }
            | Kind::Drained { .. }
            | Kind::Synced { .. }
            | Kind::WakeNode { .. }
            | Kind::WakeClient { .. }
            | Kind::Start { .. }
            | Kind::Action { .. }
            | Kind::Cue(_)
            | Kind::Look => {}
        }
    }

    /// A frame of `bytes` bytes was sent on a line with a bandwidth: the client notices its parts if
    /// it takes long.
    #[cold]
    pub(crate) fn sent_slowly(&mut self, link: u32, bytes: u32) {
        let down = self.links.down(link);
        let (first, rate) = (down.first_part(bytes), down.bandwidth);
        let arriving = &mut self.links.trunk(link).arriving;
        if let (None, Some(at)) = (*arriving, first) {
            *arriving = Some(rate);
            self.part_at(link, at);
        }
    }

    /// Schedules the arrival of the next part of a frame.
    pub(crate) fn part_at(&mut self, link: u32, at: u64) {
        let event = Event { cause: self.steps, kind: Kind::Part { link } };
        self.agenda.push(at, 1, event);
    }

    /// Records that a client has received a part of a frame, of `bytes` bytes.
    pub(crate) fn taken_early(&mut self, link: u32, bytes: u32) {
        self.links.at_mut(link).partial = true;
        self.links.trunk(link).read += bytes;
        self.read(link, bytes);
    }

    /// What is left to count of a frame of which parts may have arrived before.
    #[cold]
    fn rest(&mut self, link: u32, bytes: u32) -> u32 {
        let trunk = self.links.trunk(link);
        let counted = bytes.min(trunk.read);
        trunk.read -= counted;
        let partial = trunk.read > 0;
        self.links.at_mut(link).partial = partial;
        bytes - counted
    }

    /// Records that a client has received a frame of `bytes` bytes.
    #[inline]
    pub(crate) fn taken(&mut self, link: u32, bytes: u32) {
        let bytes = if self.links.at(link).partial { self.rest(link, bytes) } else { bytes };
        self.read(link, bytes);
    }

    /// Records that a client has read `bytes`. Its node is notified in quarters of the window.
    #[inline]
    fn read(&mut self, link: u32, bytes: u32) {
        let wire = self.links.at_mut(link);
        wire.unread = wire.unread.saturating_add(bytes);
        if wire.unread >= self.network.window / 4 && wire.up == Flow::Open {
            let bytes = std::mem::take(&mut wire.unread);
            let (at, tie) = self.links.trunk(link).up.send(self.now, self.network.client, 0);
            let event = Event { cause: self.steps, kind: Kind::Drained { link, bytes } };
            self.agenda.push(at, tie, event);
        }
    }

    // ---- up to nodes

    /// Sends a frame from a client or from an intruder.
    pub(crate) fn say(&mut self, link: u32, cause: u64, frame: ClientFrame, bytes: Option<u32>) {
        let bytes = bytes.unwrap_or(length(&frame));
        self.send_up(link, cause, bytes, Parcel::Said(frame, bytes));
    }

    pub(super) fn send_up(&mut self, link: u32, cause: u64, bytes: u32, parcel: Parcel) {
        let flow = self.links.at(link).up;
        let up = &mut self.links.trunk(link).up;
        if up.open && flow != Flow::Dead {
            let (at, tie) = up.send(self.now, self.network.client, bytes);
            let parcel = self.parcels.insert(parcel);
            self.agenda.push(at, tie, Event { cause, kind: Kind::Up { link, parcel } });
        }
    }

    /// Tells one end of a link that the other is gone, after everything in flight to it.
    pub(crate) fn hang_up(&mut self, link: u32, node: bool, reset: bool) {
        let (law, cause) = (self.network.client, self.steps);
        let wire = self.links.at(link);
        let (flow, kind) = if node {
            (wire.up, Kind::Gone { link, reset })
        } else {
            (wire.down, Kind::Lost { link })
        };
        // A reset loses a close that is still in flight to the client, who learns of the end by it.
        let is_closing = !node && reset && wire.here;
        let way = if node { &mut self.links.trunk(link).up } else { self.links.down(link) };
        if (way.open || is_closing) && flow != Flow::Dead {
            way.open = false;
            let (at, tie) = way.send(self.now, law, 0);
            self.agenda.push(at, tie, Event { cause, kind });
        }
    }

    /// Opens a connection to a node.
    pub(crate) fn connect(&mut self, who: Caller, node: u16, cause: u64) -> u32 {
        let (client, name, bandwidth) = match who {
            Caller::Client(client) => {
                let line = &mut self.lines[client as usize];
                line.connects += 1;
                (Some(client), [u64::from(client), line.connects], line.bandwidth)
            }
            Caller::Intruder(fault) => (None, [u64::MAX, u64::from(fault)], 0),
        };
        let key = self.seed.key(Domain::Latency);
        let link = self.links.push(client, node, name, key, bandwidth);
        let (at, tie) = self.links.trunk(link).up.send(self.now, self.network.client, 0);
        self.agenda.push(at, tie, Event { cause, kind: Kind::Accept { link } });
        link
    }

    /// Sends an answer that others may overtake.
    ///
    /// Its latency depends on its content and its time, not on earlier answers: removing one answer
    /// from a run changes no other (law 3).
    pub(super) fn answer(&mut self, about: &impl Hash, event: Event) {
        let key = self.keyed(Domain::Latency, Digest::of(about));
        self.agenda.push(self.now + self.network.client.draw(key), tie(key), event);
    }

    /// Sends a request. It arrives after all earlier requests of its client to the same node.
    pub(super) fn ask(&mut self, client: u32, node: u16, about: &impl Hash, event: Event) {
        let key = self.keyed(Domain::Latency, Digest::of(about));
        let roads = &mut self.lines[client as usize].roads;
        let at = roads.iter().position(|(to, _)| *to == node).unwrap_or_else(|| {
            roads.push((node, 0));
            roads.len() - 1
        });
        let last = &mut roads[at].1;
        *last = (self.now + self.network.client.draw(key)).max(*last + 1);
        self.agenda.push(*last, tie(key), event);
    }

    /// Records that a guild has reached a phase.
    pub(crate) fn reach(&mut self, guild: usize, phase: GuildPhase) {
        self.phases[guild] = phase;
        let who = Participant::Guild(place(guild));
        self.news.push(News::Reached(who, Phase::Guild(phase)));
    }
}

impl<W> Stage<W> {
    /// The link of a client with this connection id.
    pub(super) fn meant(&self, client: u32, connection: Connection) -> Option<u32> {
        let link = self.lines[client as usize].link?;
        (self.links.at(link).connection == connection).then_some(link)
    }
}
