//! Inputs of clients: dispatches, other frames, disconnects and timeouts.

use guildhall_core::client;
use guildhall_core::dispatch::Body;
use guildhall_core::frame::CONTROL_BYTES;
use guildhall_core::id::Port;
use guildhall_core::step::{Actor, Observed, Observer};

use super::World;
use super::ends::ClientEnd;
use crate::event::{Event, Kind, Parcel};
use crate::link::{Flow, PART_EVERY};
use guildhall_plan::fault::ClientPhase;

impl<W: Observer> World<'_, W> {
    /// Delivers a dispatch to its client: the hot path.
    #[inline]
    pub(super) fn deliver(&mut self, event: Event, link: u32, body: u32, s: u32) {
        let stage = &mut self.stage;
        let wire = stage.links.at(link);
        let reaches = match wire.client {
            Some(client) if wire.here && wire.down == Flow::Open && wire.reads => client,
            _ => return self.miss(event, link, Some(body)),
        };
        let host = &mut self.clients[reaches as usize];
        let now = host.clock.read(stage.now);
        let (connection, s) = (wire.connection, guildhall_core::id::Seq(u64::from(s)));
        let resuming = wire.resuming;
        let entry = stage.bodies.get(body);
        let head = stage.steps + 1;
        stage.steps = head;
        let head = stage.head(head, event.cause, now, Actor::Client(Port(reaches)));
        stage.digest.word(stage.now);
        stage.digest.word(u64::from(reaches) << 40 ^ s.0);
        stage.digest.word(entry.print);
        stage.watch.delivered(&head, connection, s, &entry.dispatch);
        host.client.dispatch(connection, s, &entry.dispatch);
        let (bytes, special) = (entry.dispatch.bytes, entry.dispatch.source.is_none());
        let enters = special.then(|| matches!(entry.dispatch.body, Body::Ready(_) | Body::Resumed));
        stage.watch.observe(&head, Observed::StepEnded);
        stage.bodies.arrive(body);
        stage.end_step();
        stage.taken(link, bytes);
        if enters == Some(true) {
            self.reached(reaches, ClientPhase::Live);
        } else if resuming {
            self.replays(link, reaches);
        }
    }

    /// Marks that the first dispatch after a RESUME has reached its client.
    #[cold]
    pub(super) fn replays(&mut self, link: u32, client: u32) {
        self.stage.links.at_mut(link).resuming = false;
        if self.stage.lines[client as usize].phase == ClientPhase::Resuming {
            self.reached(client, ClientPhase::Replaying);
        }
    }

    /// Delivers anything but a dispatch to a client.
    pub(super) fn down(&mut self, event: Event, link: u32, parcel: u32) {
        let wire = self.stage.links.at(link);
        if !wire.here || wire.down != Flow::Open || !wire.reads {
            return self.miss(event, link, None);
        }
        let (connection, client) = (wire.connection, wire.client);
        let parcel = self.stage.parcels.take(parcel);
        let Some(client) = client else { return self.intruder(link, parcel, event.cause) };
        let input = match parcel {
            Some(Parcel::Opened) => {
                self.stage.links.at_mut(link).opened = true;
                client::Input::Opened { connection, jitter: self.stage.jitter(client) }
            }
            Some(Parcel::Frame(frame)) => {
                self.stage.taken(link, CONTROL_BYTES);
                client::Input::Frame { connection, frame }
            }
            Some(Parcel::Close(code)) => {
                self.stage.links.at_mut(link).here = false;
                self.stage.hang_up(link, true, false);
                let jitter = self.stage.jitter(client);
                client::Input::Closed { connection: Some(connection), code: Some(code), jitter }
            }
            Some(_) | None => return,
        };
        let closed = matches!(input, client::Input::Closed { .. });
        self.client_step(client, event.cause, input);
        if closed {
            self.reached(client, ClientPhase::Lost);
        }
    }

    /// Delivers a part of a frame to its client, as long as the frame is arriving.
    pub(super) fn part(&mut self, event: Event, link: u32) {
        let now = self.stage.now;
        let wire = self.stage.links.at(link);
        let (is_open, connection) = (wire.here && wire.opened, wire.connection);
        let (flow, reads) = (wire.down, wire.reads);
        let client = wire.client.filter(|_| is_open && flow != Flow::Dead);
        let busy = self.stage.links.down(link).is_busy(now);
        let trunk = self.stage.links.trunk(link);
        let (Some(client), Some(rate), true) = (client, trunk.arriving, busy) else {
            trunk.arriving = None;
            return;
        };
        if flow == Flow::Open && reads {
            let bytes = u64::from(rate) * PART_EVERY / 1_000_000;
            self.stage.taken_early(link, u32::try_from(bytes).unwrap_or(u32::MAX));
            self.client_step(client, event.cause, client::Input::Partial { connection });
        }
        self.stage.part_at(link, now + PART_EVERY);
    }

    /// Tells a client that its connection is lost.
    pub(super) fn lost(&mut self, event: Event, link: u32) {
        let wire = self.stage.links.at(link);
        if !wire.here || wire.client.is_some_and(|client| !self.reads(client, event)) {
            return;
        }
        let wire = self.stage.links.at_mut(link);
        wire.here = false;
        let Some(client) = wire.client else { return };
        // A socket that never opened has no connection id. That id may name a later socket of the
        // client.
        let opened = wire.opened.then_some(wire.connection);
        if self.stage.lines[client as usize].link != Some(link) {
            return;
        }
        let jitter = self.stage.jitter(client);
        let input = client::Input::Closed { connection: opened, code: None, jitter };
        self.client_step(client, event.cause, input);
        self.reached(client, ClientPhase::Lost);
    }

    pub(super) fn wake_client(&mut self, client: u32) {
        let host = &mut self.clients[client as usize];
        if host.wake != self.stage.now {
            return;
        }
        host.wake = u64::MAX;
        let now = host.clock.read(self.stage.now);
        if host.client.poll_timeout().is_some_and(|at| at <= now.instant) {
            let head = self.stage.begin(0, now, Actor::Client(Port(client)));
            self.stage.digest.word(0);
            self.stage.watch.observe(&head, Observed::Timeout);
            let mut end = ClientEnd { stage: &mut self.stage, head, client };
            host.client.handle_timeout(now, &mut end);
            self.stage.watch.observe(&head, Observed::StepEnded);
            self.stage.end_step();
        }
        self.rearm_client(client);
        self.client_stepped(client);
    }

    pub(super) fn client_step(&mut self, client: u32, cause: u64, input: client::Input) {
        let host = &mut self.clients[client as usize];
        let now = host.clock.read(self.stage.now);
        let head = self.stage.begin(cause, now, Actor::Client(Port(client)));
        self.stage.fold(&input);
        self.stage.watch.observe(&head, Observed::ClientInput(&input));
        let mut end = ClientEnd { stage: &mut self.stage, head, client };
        host.client.handle(now, input, &mut end);
        self.stage.watch.observe(&head, Observed::StepEnded);
        self.stage.end_step();
        self.rearm_client(client);
        self.client_stepped(client);
    }

    pub(super) fn rearm_client(&mut self, client: u32) {
        let host = &mut self.clients[client as usize];
        let Some(local) = host.client.poll_timeout() else { return };
        let at = host.clock.reaches(local).max(self.stage.now);
        if at < host.wake {
            host.wake = at;
            let event = Event { cause: self.stage.steps, kind: Kind::WakeClient { client } };
            self.stage.agenda.push(at, u32::MAX, event);
        }
    }
}
