//! What machines act upon: the agenda, the links and the watchers, and the ends through which a
//! node's and a client's outputs become events.

use std::hash::Hash;
use std::hint::black_box;
use std::sync::Arc;

use guildhall_check::Contract;
use guildhall_core::client::{self, Jitter};
use guildhall_core::dispatch::Dispatch;
use guildhall_core::frame::{CONTROL_BYTES, ClientFrame, Farewell};
use guildhall_core::id::{Connection, NodeId, Port, Seq};
use guildhall_core::machine::Sink;
use guildhall_core::node::{self, Outbox};
use guildhall_core::step::{Actor, Head, Witness, WorldEvent};
use guildhall_core::time::Now;

use super::{instant, place, small};
use crate::agenda::Agenda;
use crate::coverage::Coverage;
use crate::digest::{BLOCK, Digest, Fingerprint};
use crate::event::{Bodies, Event, Kind, Parcel, Slab};
use crate::fault::Stage as ClientStage;
use crate::link::{Flow, Link, Ports, tie};
use crate::plan::{Latency, Network};
use crate::seed::{Domain, Seed};

/// Roughly what an IDENTIFY, a RESUME and a heartbeat take on the wire, in bytes.
const fn length(frame: &ClientFrame) -> u32 {
    match frame {
        ClientFrame::Identify(_) => 320,
        ClientFrame::Resume(_) => 180,
        ClientFrame::Heartbeat { .. } => 24,
        ClientFrame::Malformed(_) => 40,
    }
}

/// A client's side of its connections.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The link that it means.
    pub(crate) link: Option<u32>,
    pub(crate) stage: ClientStage,
    /// Bytes per second, or 0 for no limit.
    pub(crate) bandwidth: u32,
    usual: u32,
    connects: u64,
    jitters: u64,
}

impl Line {
    pub(crate) fn new(bandwidth: Option<u32>) -> Self {
        let usual = bandwidth.unwrap_or(0);
        Self {
            link: None,
            stage: ClientStage::Lost,
            bandwidth: usual,
            usual,
            connects: 0,
            jitters: 0,
        }
    }

    /// How fast it is without a fault.
    pub(crate) const fn usual(&self) -> u32 {
        self.usual
    }
}

/// Who opens a link.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Caller {
    Client(u32),
    /// Somebody whom a fault of the plan sends; it is known by that fault.
    Stranger(u32),
}

/// Everything but the machines themselves.
pub(crate) struct Stage<W> {
    pub(crate) seed: Seed,
    pub(crate) network: Network,
    pub(crate) now: u64,
    pub(crate) steps: u64,
    pub(crate) agenda: Agenda<Event>,
    pub(crate) digest: Digest,
    pub(crate) blocks: Vec<Fingerprint>,
    pub(crate) watch: (Contract, W),
    pub(crate) links: Vec<Link>,
    pub(crate) ports: Vec<Ports>,
    pub(crate) lines: Vec<Line>,
    pub(crate) bodies: Bodies,
    pub(crate) parcels: Slab<Parcel>,
    pub(crate) coverage: Coverage,
}

impl<W: Witness> Stage<W> {
    #[inline]
    pub(crate) fn head(&self, step: u64, cause: u64, now: Now, actor: Actor) -> Head {
        Head { step, cause, at: instant(self.now), now, actor }
    }

    /// A step begins.
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
        self.watch.world(&head, event);
        self.watch.stepped(&head);
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

    /// A client's line, and the link that it means, become this fast.
    pub(crate) fn set_bandwidth(&mut self, client: u32, bandwidth: u32) {
        let line = &mut self.lines[client as usize];
        line.bandwidth = bandwidth;
        if let Some(link) = line.link {
            let wire = &mut self.links[link as usize];
            (wire.down.bandwidth, wire.up.bandwidth) = (bandwidth, bandwidth);
        }
    }

    // ---- down to clients

    /// A node writes something other than a dispatch.
    pub(crate) fn send_down(&mut self, link: u32, cause: u64, parcel: Parcel) {
        let wire = &mut self.links[link as usize];
        if wire.down.open {
            let (at, tie) = wire.down.send(self.now, self.network.client, CONTROL_BYTES);
            let parcel = self.parcels.insert(parcel);
            self.agenda.push(at, tie, Event { cause, kind: Kind::Down { link, parcel } });
        }
    }

    /// Something for a client finds its link stalled, dead or closed.
    #[cold]
    pub(crate) fn miss(&mut self, event: Event, link: u32, body: Option<u32>) {
        let wire = &mut self.links[link as usize];
        if wire.here && wire.down.flow == Flow::Stalled {
            return wire.held_down.push(event);
        }
        if let Some(body) = body {
            self.bodies.arrive(body);
        } else if let Kind::Down { parcel, .. } = event.kind {
            self.parcels.take(parcel);
        }
    }

    /// A client has taken `bytes`; its node is told in quarters of the window.
    #[inline]
    pub(crate) fn taken(&mut self, link: u32, bytes: u32) {
        let wire = &mut self.links[link as usize];
        wire.unread = wire.unread.saturating_add(bytes);
        if wire.unread >= self.network.window / 4 && wire.up.flow == Flow::Open {
            let bytes = std::mem::take(&mut wire.unread);
            let (at, tie) = wire.up.send(self.now, self.network.client, 0);
            let event = Event { cause: self.steps, kind: Kind::Drained { link, bytes } };
            self.agenda.push(at, tie, event);
        }
    }

    // ---- up to nodes

    /// A client, or whoever speaks for it, writes a frame.
    pub(crate) fn say(&mut self, link: u32, cause: u64, frame: ClientFrame, bytes: Option<u32>) {
        let bytes = bytes.unwrap_or(length(&frame));
        self.send_up(link, cause, bytes, Parcel::Said(frame, bytes));
    }

    fn send_up(&mut self, link: u32, cause: u64, bytes: u32, parcel: Parcel) {
        let wire = &mut self.links[link as usize];
        if wire.up.open && wire.up.flow != Flow::Dead {
            let (at, tie) = wire.up.send(self.now, self.network.client, bytes);
            let parcel = self.parcels.insert(parcel);
            self.agenda.push(at, tie, Event { cause, kind: Kind::Up { link, parcel } });
        }
    }

    /// One end of a link learns, after what is under way to it, that the other is gone.
    pub(crate) fn hang_up(&mut self, link: u32, node: bool, reset: bool) {
        let (law, cause) = (self.network.client, self.steps);
        let wire = &mut self.links[link as usize];
        let (way, kind) = if node {
            (&mut wire.up, Kind::Gone { link, reset })
        } else {
            (&mut wire.down, Kind::Lost { link })
        };
        if way.open && way.flow != Flow::Dead {
            way.open = false;
            let (at, tie) = way.send(self.now, law, 0);
            self.agenda.push(at, tie, Event { cause, kind });
        }
    }

    /// Somebody connects to a node.
    pub(crate) fn connect(&mut self, who: Caller, node: u16, cause: u64) -> u32 {
        let (client, name, bandwidth) = match who {
            Caller::Client(client) => {
                let line = &mut self.lines[client as usize];
                line.connects += 1;
                (Some(client), [u64::from(client), line.connects], line.bandwidth)
            }
            Caller::Stranger(fault) => (None, [u64::MAX, u64::from(fault)], 0),
        };
        let link = place(self.links.len());
        let mut wire = Link::new(client, node, name, self.seed.key(Domain::Latency), bandwidth);
        let (at, tie) = wire.up.send(self.now, self.network.client, 0);
        self.links.push(wire);
        self.agenda.push(at, tie, Event { cause, kind: Kind::Accept { link } });
        link
    }

    /// A message by itself, which others may overtake: to a node, or back from one.
    ///
    /// Its latency hangs on what it says and when, not on how many went before it: a message that
    /// is taken out of a run changes no other (law 3).
    fn post(&mut self, law: Latency, about: &impl Hash, event: Event) {
        let Fingerprint(print) = Digest::of(about);
        #[allow(clippy::cast_possible_truncation, reason = "half of a fingerprint is one")]
        let key = self.seed.key(Domain::Latency).with(print as u64).with(self.now);
        self.agenda.push(self.now + law.draw(key), tie(key), event);
    }
}

/// A node's way out.
pub(crate) struct NodeEnd<'a, W> {
    pub(crate) stage: &'a mut Stage<W>,
    pub(crate) head: Head,
    pub(crate) node: usize,
}

impl<W: Witness> Sink<node::Output> for NodeEnd<'_, W> {
    fn emit(&mut self, output: node::Output) {
        let (stage, cause, node) = (&mut *self.stage, self.head.step, self.node);
        stage.fold(&output);
        stage.watch.node_output(&self.head, &output);
        match output {
            node::Output::Frame { connection, frame } => {
                let link = stage.ports[node].link(connection);
                stage.send_down(link, cause, Parcel::Frame(frame));
            }
            node::Output::Dispatch { connection, s, dispatch } => {
                self.write(connection, s, &dispatch);
            }
            node::Output::Close { connection, code } => {
                let link = stage.ports[node].link(connection);
                stage.send_down(link, cause, Parcel::Close(code));
                let wire = &mut stage.links[link as usize];
                wire.down.open = false;
                if std::mem::take(&mut wire.there) {
                    stage.ports[node].close(connection);
                }
            }
            node::Output::Peer { to, message } => {
                let from = NodeId(small(node));
                let law = if to == from { stage.network.near() } else { stage.network.peer };
                let about = Digest::of(&(from, to, &message));
                let parcel = stage.parcels.insert(Parcel::Peer(from, message));
                stage.post(law, &about, Event { cause, kind: Kind::Peer { to: to.0, parcel } });
            }
            node::Output::Answer { port: Port(client), answer } => {
                let parcel = stage.parcels.insert(Parcel::Answer(answer));
                let event = Event { cause, kind: Kind::Answer { client, parcel } };
                stage.post(stage.network.client, &(client, answer.origin, "answer"), event);
            }
            node::Output::Note(_) => {}
        }
    }
}

impl<W: Witness> NodeEnd<'_, W> {
    /// A node writes a dispatch: the hot path.
    #[inline]
    fn write(&mut self, connection: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        let stage = &mut *self.stage;
        let link = stage.ports[self.node].link(connection);
        let wire = &mut stage.links[link as usize];
        if !wire.down.open {
            return;
        }
        let (body, print) = stage.bodies.send(dispatch);
        stage.digest.word(u64::from(connection.slot) << 40 ^ s.0);
        stage.digest.word(print);
        let law = stage.network.client;
        let (at, tie) = wire.down.send(stage.now, law, dispatch.bytes);
        let s = u32::try_from(s.0).expect("no run numbers more than 2^32 dispatches in a session");
        let kind = Kind::Dispatch { link, body, s };
        stage.agenda.push(at, tie, Event { cause: self.head.step, kind });
    }
}

impl<W: Witness> Outbox for NodeEnd<'_, W> {
    #[inline]
    fn expect(&self, connection: Connection) {
        let link = self.stage.ports[self.node].link(connection);
        black_box(self.stage.links[link as usize].down.open);
    }

    #[inline]
    fn dispatch(&mut self, connection: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        self.stage.watch.dispatched(&self.head, connection, s, dispatch);
        self.write(connection, s, dispatch);
    }
}

/// A client's way out.
pub(crate) struct ClientEnd<'a, W> {
    pub(crate) stage: &'a mut Stage<W>,
    pub(crate) head: Head,
    pub(crate) client: u32,
}

impl<W: Witness> Sink<client::Output> for ClientEnd<'_, W> {
    fn emit(&mut self, output: client::Output) {
        let (stage, cause, client) = (&mut *self.stage, self.head.step, self.client);
        stage.fold(&output);
        stage.watch.client_output(&self.head, &output);
        match output {
            client::Output::Connect(node) => {
                let link = stage.connect(Caller::Client(client), node.0, cause);
                stage.lines[client as usize].link = Some(link);
            }
            client::Output::Frame { connection, frame } => {
                let Some(link) = stage.meant(client, connection) else { return };
                let line = &mut stage.lines[client as usize];
                match frame {
                    ClientFrame::Identify(_) => line.stage = ClientStage::Identifying,
                    ClientFrame::Resume(_) => {
                        line.stage = ClientStage::Resuming;
                        stage.links[link as usize].resuming = true;
                    }
                    ClientFrame::Heartbeat { .. } | ClientFrame::Malformed(_) => {}
                }
                stage.say(link, cause, frame, None);
            }
            client::Output::Close { connection, code } => {
                let Some(link) = stage.meant(client, connection) else { return };
                stage.send_up(link, cause, 8, Parcel::Bye(Farewell::Code(code)));
                let wire = &mut stage.links[link as usize];
                (wire.here, wire.up.open, wire.down.open) = (false, false, false);
            }
            client::Output::Request { node, token, request } => {
                let about = (client, request.origin, "request");
                let parcel = stage.parcels.insert(Parcel::Request(Port(client), token, request));
                let event = Event { cause, kind: Kind::Request { node: node.0, parcel } };
                stage.post(stage.network.client, &about, event);
            }
            client::Output::Stopped(_) | client::Output::TooManyRequests(_) => {}
        }
    }
}

impl<W> Stage<W> {
    /// The link that a client means by `connection`.
    fn meant(&self, client: u32, connection: Connection) -> Option<u32> {
        let link = self.lines[client as usize].link?;
        (self.links[link as usize].connection == connection).then_some(link)
    }
}
