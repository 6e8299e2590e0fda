//! The relays of this node: which one serves a session, and the life of each.
//!
//! What a relay asks for is done in `following` and `fan_out`; sessions subscribe in
//! `subscriptions`; `silence` notices that no owner is in reach.

mod fan_out;
mod following;
mod silence;
mod subscriptions;

#[cfg(feature = "mutants")]
pub(super) use following::Watch;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Outbox, Output, Router, TraceEvent};
use crate::census::{Census, Table};
use crate::context::Cx;
use crate::id::GuildId;
use crate::peer::{PeerMessage, RelayId};
use crate::relay::Relay;
use crate::replay::{Log, LogId, Logs};
use crate::time::Instant;
use crate::timer::Timer;

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Relays {
    slots: Vec<Option<Open>>,
    free: Vec<u32>,
    by_serial: BTreeMap<u64, u32>,
    by_guild: BTreeMap<GuildId, Presence>,
    /// By the slot of a session: the slots of the relays that serve it.
    by_session: Vec<Vec<u32>>,
    serials: u64,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Open {
    relay: Relay,
    /// The deadline of its timer, if it waits for something that it asked for.
    asks: Option<Instant>,
}

/// All relays of one guild here.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Presence {
    /// Their slots, oldest first.
    slots: Vec<u32>,
    /// When the last tip arrived, whichever owner sent it.
    tipped: Option<Instant>,
    /// The deadline of the timer that notices silence, if it is armed.
    silent: Option<Instant>,
}

impl Relays {
    /// No relays. The serial numbers of a later start are never those of an earlier one.
    pub(super) fn new(boot: u32) -> Self {
        Self { serials: u64::from(boot) << 32, ..Self::default() }
    }

    fn at(&mut self, slot: u32) -> &mut Relay {
        &mut self.open(slot).relay
    }

    fn open(&mut self, slot: u32) -> &mut Open {
        self.slots[slot as usize].as_mut().expect("a slot that is held is in use")
    }

    fn is_open(&self, id: RelayId) -> bool {
        self.by_serial.contains_key(&id.serial)
    }

    /// The slots of a guild's relays.
    fn of(&self, guild: GuildId) -> Vec<u32> {
        self.by_guild.get(&guild).map_or(Vec::new(), |presence| presence.slots.clone())
    }

    /// The guilds that have relays here.
    #[cfg(feature = "mutants")]
    pub(super) fn guilds(&self) -> impl Iterator<Item = GuildId> {
        self.by_guild.keys().copied()
    }

    /// A relay of `guild` that can serve one more session.
    fn with_room(&self, guild: GuildId, limit: u32) -> Option<u32> {
        let has_room = |slot: &&u32| {
            let open = self.slots[**slot as usize].as_ref();
            open.is_some_and(|open| open.relay.sessions() < u64::from(limit))
        };
        self.by_guild.get(&guild)?.slots.iter().find(has_room).copied()
    }

    fn insert(&mut self, open: Open) -> u32 {
        let (serial, guild) = (open.relay.id.serial, open.relay.guild);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).expect("fewer relays than slots have numbers")
        });
        self.slots[slot as usize] = Some(open);
        self.by_serial.insert(serial, slot);
        self.by_guild.entry(guild).or_default().slots.push(slot);
        slot
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self { slots, free, by_serial, by_guild, by_session, serials: _ } = self;
        slots.iter().flatten().for_each(|open| open.count(census));
        by_guild.values().for_each(|presence| presence.count(census));
        let used = slots.len() - free.len();
        census.add(Table::Relays, by_serial.len().max(used));
        census.add(Table::RelaySlots, slots.len());
        census.add(Table::Presences, by_guild.len());
        census.raise(Table::SessionSlots, by_session.len() as u64, 0);
        census.add(Table::Served, by_session.iter().map(Vec::len).sum());
    }
}

impl Open {
    fn count(&self, census: &mut Census) {
        let Self { relay, asks } = self;
        relay.count(census);
        census.add(Table::Asking, usize::from(asks.is_some()));
    }
}

impl Presence {
    fn count(&self, census: &mut Census) {
        let Self { slots, tipped: _, silent: _ } = self;
        census.add(Table::PresentRelays, slots.len());
    }
}

impl Logs for Relays {
    #[inline]
    fn log(&self, id: LogId) -> &Log {
        let open = self.slots[id.relay as usize].as_ref();
        &open.expect("a log that is held is in use").relay.class(id.class).log
    }
}

impl Router {
    /// Opens a relay. Without a known owner it asks when the first tip arrives.
    fn open_relay(&mut self, cx: &mut Cx<'_>, guild: GuildId, out: &mut impl Outbox) -> u32 {
        self.relays.serials += 1;
        let id = RelayId { node: self.id, serial: self.relays.serials };
        let slot = self.relays.insert(Open { relay: Relay::new(id, guild), asks: None });
        Self::note(TraceEvent::RelayOpened { relay: id, guild }, out);
        self.listen(cx, guild);
        self.ask(cx, slot, out);
        slot
    }

    /// A relay without sessions closes (L4).
    fn close_relay(&mut self, slot: u32, out: &mut impl Outbox) {
        let Some(Open { relay, asks }) = self.relays.slots[slot as usize].take() else { return };
        let (guild, id) = (relay.guild, relay.id);
        if let Some(at) = asks {
            self.timers.disarm(at, Timer::Ask(id.serial));
        }
        self.relays.free.push(slot);
        self.relays.by_serial.remove(&id.serial);
        if let Some(presence) = self.relays.by_guild.get_mut(&guild) {
            presence.slots.retain(|other| *other != slot);
            if presence.slots.is_empty() {
                if let Some(at) = presence.silent {
                    self.timers.disarm(at, Timer::Silent(guild));
                }
                self.relays.by_guild.remove(&guild);
            }
        }
        Self::note(TraceEvent::RelayClosed { relay: id }, out);
        if let Some(to) = self.contacts.owner(guild) {
            out.emit(Output::Peer { to, message: PeerMessage::Unsubscribe { guild, relay: id } });
        }
    }
}
