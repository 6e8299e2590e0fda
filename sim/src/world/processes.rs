//! The processes of clients: suspended, woken, and restarted from a stored place.
//!
//! A suspended client handles nothing. What arrives waits in order, and is handled before its
//! timers when it wakes. Its connection stays: the node sees only that nothing is read.

use guildhall_core::client;
use guildhall_core::step::Observer;
use guildhall_plan::fault::ClientPhase;

use super::World;
use crate::event::{Event, Parcel};
use crate::link::Flow;

impl<W: Observer> World<'_, W> {
    /// Whether a client takes this event now. A suspended client keeps it for later.
    pub(super) fn reads(&mut self, client: u32, event: Event) -> bool {
        let host = &mut self.clients[client as usize];
        if host.asleep {
            host.held.push(event);
        }
        !host.asleep
    }

    /// Handles something for a client that cannot take it from its link now.
    #[cold]
    pub(super) fn miss(&mut self, event: Event, link: u32, body: Option<u32>) {
        let wire = self.stage.links.at(link);
        let waits = wire.here && wire.down == Flow::Open;
        match wire.client {
            Some(client) if waits => self.clients[client as usize].held.push(event),
            Some(_) | None => self.stage.miss(event, link, body),
        }
    }

    /// Delivers an answer to a client.
    pub(super) fn answer(&mut self, event: Event, client: u32, parcel: u32) {
        if self.reads(client, event)
            && let Some(Parcel::Answer(answer)) = self.stage.parcels.take(parcel)
        {
            self.client_step(client, event.cause, client::Input::Answer(answer));
        }
    }

    pub(super) fn suspend(&mut self, client: u32) {
        let host = &mut self.clients[client as usize];
        (host.asleep, host.wake) = (true, u64::MAX);
        self.set_reads(client, false);
    }

    /// Wakes a client: it takes the inputs that have arrived, in order, and then its timeouts.
    pub(super) fn wake(&mut self, client: u32) {
        let host = &mut self.clients[client as usize];
        host.asleep = false;
        for event in std::mem::take(&mut host.held) {
            self.stage.agenda.push(self.stage.now, 0, event);
        }
        self.set_reads(client, true);
        self.rearm_client(client);
    }

    fn set_reads(&mut self, client: u32, reads: bool) {
        if let Some(link) = self.stage.lines[client as usize].link {
            self.stage.links.at_mut(link).reads = reads;
        }
    }

    /// Ends the process of a client, and its connection, and starts another one from the place of
    /// `back` dispatches ago.
    pub(super) fn restore(&mut self, client: u32, back: u32, cause: u64) {
        let machine = &self.clients[client as usize].client;
        if machine.is_off() {
            return;
        }
        let place = machine.place(u64::from(back));
        if let Some(link) = self.open_link(client) {
            self.stage.links.at_mut(link).here = false;
            self.stage.links.down(link).open = false;
            self.stage.hang_up(link, true, true);
        }
        self.stage.lines[client as usize].phase = ClientPhase::Lost;
        self.client_step(client, cause, client::Input::Restore(place));
    }
}
