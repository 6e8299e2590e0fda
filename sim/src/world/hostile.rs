//! Frames from hostile clients and intruders, and frames to intruders.

use guildhall_core::id::Seq;
use guildhall_core::step::Observer;
use guildhall_plan::fault::{Intrusion, ProtocolViolation, Speech};

use super::World;
use super::stage::Caller;
use crate::event::Parcel;

impl<W: Observer> World<'_, W> {
    /// Makes a hostile client violate the protocol.
    pub(super) fn misbehave(&mut self, client: u32, violation: ProtocolViolation, cause: u64) {
        let Some(link) = self.open_link(client) else { return };
        let identity = self.topology.clients[client as usize].identity;
        let machine = &self.clients[client as usize].client;
        let Speech { frame, times, bytes } =
            violation.speech(identity, machine.session(), machine.last());
        for _ in 0..times {
            self.stage.say(link, cause, frame, bytes);
        }
    }

    /// Opens a connection for an intruder, which sends one frame on it.
    pub(super) fn intrude(&mut self, fault: u32, client: u32, why: Intrusion, cause: u64) {
        let identity = self.topology.clients[client as usize].identity;
        let known = self.clients[client as usize].session();
        let (session, last) = known.map_or((None, Seq::ZERO), |(id, last)| (Some(id), last));
        let Some(frame) = why.frame(identity, session, last) else { return };
        let link = self.stage.connect(Caller::Intruder(fault), identity.home.0, cause);
        self.intruders.push((link, frame));
    }

    /// Handles the open connection of an intruder, or a frame to it.
    pub(super) fn intruder(&mut self, link: u32, parcel: Option<Parcel>, cause: u64) {
        match parcel {
            Some(Parcel::Opened) => {
                if let Some(at) = self.intruders.iter().position(|&(known, _)| known == link) {
                    let (_, frame) = self.intruders.swap_remove(at);
                    self.stage.say(link, cause, frame, None);
                }
            }
            Some(Parcel::Close(_)) => self.stage.hang_up(link, true, false),
            Some(_) | None => {}
        }
    }
}
