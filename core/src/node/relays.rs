//! The relays of this node: which one serves a session, and the fan-out of what it says.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Node, Note, Outbox, Output};
use crate::census::{Line, Table};
use crate::dispatch::{Body, Dispatch, Intents};
use crate::id::{GuildId, Position};
use crate::mutant::Mutant;
use crate::peer::{PeerMessage, RelayId};
use crate::relay::{self, Relay};
use crate::replay::{Log, LogId, Logs};
use crate::session::{Push, Seat};
use crate::time::{Instant, Now, Span};
use crate::timer::Timer;

/// How many sessions are announced together, before any of them is told.
const CROWD: usize = 16;

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Relays {
    slots: Vec<Option<Open>>,
    free: Vec<u32>,
    by_serial: BTreeMap<u64, u32>,
    /// The relays of each guild, oldest first.
    by_guild: BTreeMap<GuildId, Vec<u32>>,
    serials: u64,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Open {
    relay: Relay,
    /// When its entry among the timers comes due, if it waits for anything.
    asks: Option<Instant>,
}

impl Relays {
    fn at(&mut self, slot: u32) -> &mut Relay {
        &mut self.open(slot).relay
    }

    fn open(&mut self, slot: u32) -> &mut Open {
        self.slots[slot as usize].as_mut().expect("a slot that is held is in use")
    }

    /// A relay of `guild` with a free seat.
    fn with_room(&self, guild: GuildId, limit: u32) -> Option<u32> {
        let slots = self.by_guild.get(&guild)?;
        let has_room = |slot: &&u32| {
            let open = self.slots[**slot as usize].as_ref();
            open.is_some_and(|open| open.relay.sessions() < u64::from(limit))
        };
        slots.iter().find(has_room).copied()
    }

    pub(super) fn count(&self, lines: &mut Vec<Line>) {
        let (mut recipients, mut fullest, mut entries, mut bytes) = (0, 0, 0, 0);
        let (mut pieces, mut asking) = (0, 0);
        for open in self.slots.iter().flatten() {
            let ((log, log_bytes), held) = open.relay.kept();
            recipients += open.relay.sessions();
            fullest = fullest.max(open.relay.sessions());
            entries += log;
            bytes += log_bytes;
            pieces += held;
            asking += u64::from(open.asks.is_some());
        }
        lines.extend([
            Line { table: Table::Relays, count: self.by_serial.len() as u64, bytes: 0 },
            Line { table: Table::Recipients, count: recipients, bytes: 0 },
            Line { table: Table::FullestRelay, count: fullest, bytes: 0 },
            Line { table: Table::Logs, count: entries, bytes },
            Line { table: Table::Pieces, count: pieces, bytes: 0 },
            Line { table: Table::Asking, count: asking, bytes: 0 },
        ]);
    }
}

impl Logs for Relays {
    #[inline]
    fn log(&self, id: LogId) -> &Log {
        let open = self.slots[id.relay as usize].as_ref();
        &open.expect("a log that is held is in use").relay.class(id.class).log
    }
}

impl Node {
    /// Gives a session a seat in the waiting room of a relay of `guild`.
    pub(super) fn seat(&mut self, now: Now, slot: u32, guild: GuildId, out: &mut impl Outbox) {
        let found = self.relays.with_room(guild, self.limits.relay_sessions);
        let relay = found.unwrap_or_else(|| self.open_relay(now, guild, out));
        let bench = self.relays.at(relay).bench(None);
        let place = index(bench.len());
        bench.push(slot);
        self.sessions.at(slot).seats.push(Seat { guild, relay, class: None, place });
    }

    fn open_relay(&mut self, now: Now, guild: GuildId, out: &mut impl Outbox) -> u32 {
        let relays = &mut self.relays;
        relays.serials += 1;
        let id = RelayId { node: self.id, serial: relays.serials };
        let open = Open { relay: Relay::new(id, guild), asks: None };
        let slot = match relays.free.pop() {
            Some(slot) => {
                relays.slots[slot as usize] = Some(open);
                slot
            }
            None => {
                relays.slots.push(Some(open));
                index(relays.slots.len() - 1)
            }
        };
        relays.by_serial.insert(id.serial, slot);
        relays.by_guild.entry(guild).or_default().push(slot);
        Self::note(Note::RelayOpened { relay: id, guild }, out);
        self.ask(now, slot, out);
        slot
    }

    /// Takes a session's seat away; a relay without sessions closes.
    pub(super) fn unseat(&mut self, seat: Seat, out: &mut impl Outbox) {
        self.stand_up(seat);
        let relay = self.relays.at(seat.relay);
        if relay.sessions() > 0 {
            return relay.clear();
        }
        let (guild, id) = (relay.guild, relay.id);
        if let Some(Open { asks: Some(at), .. }) = self.relays.slots[seat.relay as usize].take() {
            self.timers.disarm(at, Timer::Ask(id.serial));
        }
        self.relays.free.push(seat.relay);
        self.relays.by_serial.remove(&id.serial);
        if let Some(slots) = self.relays.by_guild.get_mut(&guild) {
            slots.retain(|slot| *slot != seat.relay);
            if slots.is_empty() {
                self.relays.by_guild.remove(&guild);
            }
        }
        Self::note(Note::RelayClosed { relay: id }, out);
        if let Some(&to) = self.directory.owners.get(&guild) {
            out.emit(Output::Peer { to, message: PeerMessage::Unsubscribe { guild, relay: id } });
        }
    }

    /// Takes a session off the list that it sits in; whoever sat last takes its place.
    fn stand_up(&mut self, seat: Seat) {
        let bench = self.relays.at(seat.relay).bench(seat.class);
        bench.swap_remove(seat.place as usize);
        if let Some(&moved) = bench.get(seat.place as usize) {
            let seats = &mut self.sessions.at(moved).seats;
            if let Some(other) = seats.iter_mut().find(|other| other.guild == seat.guild) {
                other.place = seat.place;
            }
        }
    }

    /// Tells a session of the guilds that it has not been told of, as far as its connection takes
    /// them: a snapshot is numbered when it is pulled (B2), and from then on the session follows.
    pub(super) fn introduce(&mut self, now: Now, slot: u32, out: &mut impl Outbox) {
        let mut at = 0;
        loop {
            let session = self.sessions.at(slot);
            if !session.has_room() || at == session.seats.len() {
                return;
            }
            let (seat, user, intents) = (session.seats[at], session.user, session.intents);
            let relay = self.relays.at(seat.relay);
            let ready = relay.is_current()
                || relay.position().is_some() && self.plant.is(Mutant::StaleSnapshot);
            if seat.class.is_some() || !ready {
                at += 1;
                continue;
            }
            let Some(snapshot) = relay.snapshot(user, intents, &self.limits) else { return };
            self.stand_up(seat);
            let relay = self.relays.at(seat.relay);
            let quiet = !intents.contains(Intents::GUILD_MESSAGES);
            let ignored = quiet && self.plant.is(Mutant::IntentsIgnored);
            let class = relay.class_of(if ignored { Intents::USUAL } else { intents });
            let bench = relay.bench(Some(class));
            let place = index(bench.len());
            bench.push(slot);
            let session = self.sessions.at(slot);
            session.seats[at] = Seat { class: Some(class), place, ..seat };
            let push = session.push_own(&self.limits, &self.relays, Arc::new(snapshot), out);
            self.pushed(now, slot, push, out);
            if push != Push::Fine {
                return;
            }
            at += 1;
        }
    }

    pub(super) fn for_relay(&mut self, now: Now, message: PeerMessage, out: &mut impl Outbox) {
        let (relay, guild, input) = match message {
            PeerMessage::Chunk { relay, sender, chunk } => {
                (relay, chunk.guild, relay::Input::Chunk(sender, chunk))
            }
            PeerMessage::Stream { relay, sender, record, guild } => {
                (relay, guild, relay::Input::Stream(sender, record))
            }
            PeerMessage::Tip { relay, sender, position, guild } => {
                (relay, guild, relay::Input::Tip(sender, position))
            }
            PeerMessage::Subscribe { .. }
            | PeerMessage::Unsubscribe { .. }
            | PeerMessage::CatchUp { .. }
            | PeerMessage::Request { .. }
            | PeerMessage::Answer { .. } => return,
        };
        let Some(&slot) = self.relays.by_serial.get(&relay.serial) else {
            // It has closed, and its farewell is late or lost: the guild must not follow up for ever.
            // What it would have heard, the guild's other relays here have heard of.
            self.hear(guild, input.position());
            if let Some(&to) = self.directory.owners.get(&guild) {
                out.emit(Output::Peer { to, message: PeerMessage::Unsubscribe { guild, relay } });
            }
            return;
        };
        let mut said = Vec::new();
        let open = self.relays.at(slot);
        let was_current = open.is_current();
        open.handle(&self.limits, input, &mut said, &mut self.plant);
        let heard = open.heard();
        let anew = said.iter().any(|output| !matches!(output, relay::Output::Live { .. }));
        let becomes_current = (anew || !was_current) && open.is_current();
        self.hear(guild, heard);
        for output in said {
            match output {
                relay::Output::Live { class, index } => {
                    self.fan_out(now, LogId { relay: slot, class }, index, out);
                }
                relay::Output::Gap => self.gap(now, slot, out),
                relay::Output::Formed => {}
            }
            // What was said may have ended the last session, and the relay with it.
            if !self.relays.by_serial.contains_key(&relay.serial) {
                return;
            }
        }
        self.relays.at(slot).trim(&self.limits);
        if becomes_current {
            self.welcome(now, slot, out);
        }
        if self.relays.by_serial.contains_key(&relay.serial) {
            self.watch(now, slot);
        }
    }

    /// This node has heard of a guild's events up to `position`: none of its relays may tell a
    /// session of the guild as it was before (D3).
    pub(super) fn hear(&mut self, guild: GuildId, position: Position) {
        let Relays { by_guild, slots, .. } = &mut self.relays;
        for &slot in by_guild.get(&guild).into_iter().flatten() {
            if let Some(open) = &mut slots[slot as usize] {
                open.relay.hear(position);
            }
        }
    }

    /// Tells everybody in one class what stands at `index` of its log. The hot path.
    fn fan_out(&mut self, now: Now, log: LogId, index: u64, out: &mut impl Outbox) {
        let mut troubled = Vec::new();
        {
            let Self { relays, sessions, limits, plant, .. } = self;
            let open = relays.slots[log.relay as usize].as_ref();
            let class = open.expect("a relay that speaks is open").relay.class(log.class);
            if class.recipients.is_empty() {
                return;
            }
            let dispatch = class.log.get(index);
            for crowd in class.recipients.chunks(CROWD) {
                for &slot in crowd {
                    sessions.at(slot).connection().into_iter().for_each(|on| out.expect(on));
                }
                for &slot in crowd {
                    let session = sessions.at(slot);
                    if session.is_replaying() && plant.is(Mutant::DroppedInReplay) {
                        continue;
                    }
                    match session.push_shared(limits, relays, (log, index), dispatch, out) {
                        Push::Fine => {}
                        push @ (Push::Slow | Push::Overflow) => troubled.push((slot, push)),
                    }
                }
            }
        }
        for (slot, push) in troubled {
            self.pushed(now, slot, push, out);
        }
    }

    /// Sessions in the waiting room can be told of the guild now.
    fn welcome(&mut self, now: Now, relay: u32, out: &mut impl Outbox) {
        for slot in self.relays.at(relay).waiting.clone() {
            self.introduce(now, slot, out);
        }
    }

    /// The relay has missed too much: its sessions are told that the guild is unavailable, and wait
    /// for a snapshot again (D2).
    fn gap(&mut self, now: Now, relay: u32, out: &mut impl Outbox) {
        let open = self.relays.at(relay);
        let (guild, id, waiting) = (open.guild, open.id, open.waiting.clone());
        let Some(at) = open.position() else { return };
        Self::note(Note::RelayGap { relay: id, at }, out);
        let unavailable = Arc::new(Dispatch::of(guild, at, 0, Body::GuildUnavailable));
        let mut told = Vec::new();
        for (&slot, place) in waiting.iter().zip(0..) {
            let session = self.sessions.at(slot);
            let Some(seat) = session.seats.iter_mut().find(|seat| seat.guild == guild) else {
                continue;
            };
            seat.place = place;
            if let Some(class) = seat.class.take() {
                session.keep_own(LogId { relay, class }, &self.relays);
                if !self.plant.is(Mutant::GapNotTold) {
                    told.push(slot);
                }
            }
        }
        for slot in told {
            self.tell(now, slot, unavailable.clone(), out);
        }
    }

    /// Asks the guild's owner for what the relay wants, and sees to it that it asks again.
    fn ask(&mut self, now: Now, slot: u32, out: &mut impl Outbox) {
        let relay = self.relays.at(slot);
        let (guild, message) = (relay.guild, relay.ask());
        if let (Some(message), Some(&to)) = (message, self.directory.owners.get(&guild)) {
            out.emit(Output::Peer { to, message });
            self.wait(now, slot, self.limits.ask_again);
        }
    }

    /// What is missing gets a moment to arrive by itself; what has arrived is not waited for.
    fn watch(&mut self, now: Now, slot: u32) {
        let Some(open) = self.relays.slots[slot as usize].as_mut() else { return };
        match (open.relay.ask().is_some(), open.asks) {
            (true, None) if self.plant.is(Mutant::RelayNeverAsks) => {}
            (true, None) => self.wait(now, slot, self.limits.gap_patience),
            (false, Some(at)) => {
                open.asks = None;
                let serial = open.relay.id.serial;
                self.timers.disarm(at, Timer::Ask(serial));
            }
            (true, Some(_)) | (false, None) => {}
        }
    }

    fn wait(&mut self, now: Now, slot: u32, span: Span) {
        let open = self.relays.open(slot);
        let (at, serial) = (now.instant + span, open.relay.id.serial);
        if let Some(old) = open.asks.replace(at) {
            self.timers.disarm(old, Timer::Ask(serial));
        }
        self.timers.arm(at, Timer::Ask(serial));
    }

    pub(super) fn ask_again(&mut self, now: Now, serial: u64, out: &mut impl Outbox) {
        let Some(&slot) = self.relays.by_serial.get(&serial) else { return };
        self.relays.open(slot).asks = None;
        self.ask(now, slot, out);
    }
}

fn index(place: usize) -> u32 {
    u32::try_from(place).expect("fewer entries than a slot has numbers")
}
