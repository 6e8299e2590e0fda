//! How this node's relays follow: what they ask for, what comes, and what they say to it.
//!
//! A relay that is behind what was heard of asks, at first after a moment, then again and again. It
//! must not judge who owns the guild: `contacts` does.

use alloc::vec::Vec;

use super::super::{Gap, Outbox, Output, Router};
use super::Relays;
use crate::context::Cx;
use crate::id::{GuildId, NodeId, Position};
use crate::mutant::Mutant;
use crate::peer::{PeerMessage, RelayId};
use crate::relay::{self, SubscriptionState};
use crate::replay::LogId;
use crate::session::Seat;
use crate::time::Span;
use crate::timer::Timer;

impl Router {
    /// An owner says something to a relay.
    pub(in crate::node) fn for_relay(
        &mut self,
        cx: &mut Cx<'_>,
        from: NodeId,
        message: PeerMessage,
        out: &mut impl Outbox,
    ) {
        let (id, guild, sender, input) = match message {
            PeerMessage::Chunk { relay, sender, chunk } => {
                (relay, chunk.guild, sender, relay::Input::Chunk(chunk))
            }
            PeerMessage::Stream { relay, sender, record, guild } => {
                (relay, guild, sender, relay::Input::Stream(record))
            }
            PeerMessage::Tip { .. }
            | PeerMessage::Subscribe { .. }
            | PeerMessage::Unsubscribe { .. }
            | PeerMessage::CatchUp { .. }
            | PeerMessage::Request { .. }
            | PeerMessage::Answer { .. } => return,
        };
        if !self.contacts.hears(guild, from, sender) {
            return;
        }
        let Some(&slot) = self.relays.by_serial.get(&id.serial) else {
            // It has closed, and its farewell is late or lost: the guild must not follow up for ever.
            // What it would have heard, the guild's other relays here have heard of.
            self.learn(guild, input.position());
            let message = PeerMessage::Unsubscribe { guild, relay: id };
            return out.emit(Output::Peer { to: from, message });
        };
        let fresh = self.contacts.is_fresh(guild, cx.now.instant, cx.limits);
        let was_current = self.relays.at(slot).is_current();
        self.learn(guild, input.position());
        let (mut said, mut due) = (Vec::new(), Vec::new());
        let relay = self.relays.at(slot);
        relay.handle(cx, input, fresh, &mut said);
        let is_state = |said: &relay::Output| {
            matches!(said, relay::Output::Formed | relay::Output::Gap { .. })
        };
        let anew = said.iter().any(is_state);
        loop {
            self.perform(cx, (slot, id), &mut said, &mut due, out);
            if !self.relays.is_open(id) {
                return;
            }
            if !self.relays.at(slot).advance(cx, fresh, &mut said) {
                break;
            }
        }
        self.relays.at(slot).trim(cx.limits);
        if (anew || !was_current) && self.relays.at(slot).is_current() {
            self.welcome(cx, slot, out);
        } else {
            for slot in due {
                self.introduce(cx, slot, out);
            }
        }
        if self.relays.is_open(id) {
            self.watch(cx, slot);
        }
    }

    /// Does what a relay asks for, in order. What is said may end sessions, and with the last one
    /// the relay. Those who have to be told of the guild are `due`.
    fn perform(
        &mut self,
        cx: &mut Cx<'_>,
        (slot, id): (u32, RelayId),
        said: &mut Vec<relay::Output>,
        due: &mut Vec<u32>,
        out: &mut impl Outbox,
    ) {
        for output in said.drain(..) {
            if !self.relays.is_open(id) {
                return;
            }
            match output {
                relay::Output::Live { class, index, except } => {
                    self.fan_out(cx, (LogId { relay: slot, class }, index), &except, out);
                }
                relay::Output::Tell { slot: to, dispatch } => {
                    if self.seat_at(slot, to).is_some() {
                        self.tell(cx, to, dispatch, out);
                    }
                }
                relay::Output::Move { slot: who } => {
                    let class = self.relays.at(slot).class_of(cx, who);
                    if let (Some(class), Some(seat)) = (class, self.seat_at(slot, who)) {
                        self.place(seat, SubscriptionState::Class(class));
                    }
                }
                relay::Output::Removed { slot: who } => {
                    if let Some(seat) = self.seat_at(slot, who) {
                        self.put_outside(seat, out);
                    }
                }
                relay::Output::Due { slot: who } => {
                    if let Some(seat) = self.seat_at(slot, who) {
                        self.place(seat, SubscriptionState::Waiting);
                        due.push(who);
                    }
                }
                relay::Output::Formed => self.let_wait(slot),
                relay::Output::Gap { after } => {
                    self.let_wait(slot);
                    self.gap(cx, slot, (Gap::Behind, after), out);
                }
            }
        }
    }

    /// The seat of a session in a relay, as long as it has one.
    pub(super) fn seat_at(&mut self, relay: u32, slot: u32) -> Option<Seat> {
        let open = self.relays.at(relay);
        open.state(slot)?;
        let guild = open.guild;
        self.sessions.at(slot).seats().iter().find(|seat| seat.guild == guild).copied()
    }

    /// A state was taken up: whoever sits outside may be a member in it.
    fn let_wait(&mut self, relay: u32) {
        for slot in self.relays.at(relay).outside().collect::<Vec<_>>() {
            if let Some(seat) = self.seat_at(relay, slot) {
                self.place(seat, SubscriptionState::Waiting);
            }
        }
    }

    /// This node has heard of a guild's events up to `position`: none of its relays may tell a
    /// session of the guild as it was before (D3).
    pub(in crate::node) fn hear(&mut self, guild: GuildId, position: Position) {
        let Relays { by_guild, slots, .. } = &mut self.relays;
        for &slot in by_guild.get(&guild).into_iter().flat_map(|presence| &presence.slots) {
            if let Some(open) = &mut slots[slot as usize] {
                open.relay.hear(position);
            }
        }
    }

    /// A tip of a guild has come. `was_fresh` says whether another one had come lately. Whoever is
    /// behind it asks, which makes the owner, new or old, say all that is missing.
    pub(in crate::node) fn relays_tipped(
        &mut self,
        cx: &mut Cx<'_>,
        guild: GuildId,
        was_fresh: bool,
        out: &mut impl Outbox,
    ) {
        let Some(presence) = self.relays.by_guild.get_mut(&guild) else { return };
        presence.tipped = Some(cx.now.instant);
        self.listen(cx, guild);
        for slot in self.relays.of(guild) {
            let open = self.relays.open(slot);
            if open.relay.is_current() {
                if !was_fresh {
                    self.welcome(cx, slot, out);
                }
            } else if open.relay.position().is_none() && open.asks.is_none() {
                self.ask(cx, slot, out);
            } else if !cx.bug(Mutant::LinkUpIgnored) {
                self.watch(cx, slot);
            }
        }
    }

    /// Asks the guild's owner for what the relay wants, and sees to it that it asks again.
    pub(super) fn ask(&mut self, cx: &mut Cx<'_>, slot: u32, out: &mut impl Outbox) {
        let relay = self.relays.at(slot);
        let guild = relay.guild;
        let Some(to) = self.contacts.owner(guild) else { return };
        if let Some(message) = self.relays.at(slot).ask(cx) {
            out.emit(Output::Peer { to, message });
            self.wait(cx, slot, cx.limits.ask_again);
        }
    }

    /// What is missing gets a moment to arrive by itself; what has arrived is not waited for.
    fn watch(&mut self, cx: &mut Cx<'_>, slot: u32) {
        let open = self.relays.open(slot);
        match (open.relay.is_current(), open.asks) {
            (false, None) if cx.bug(Mutant::RelayNeverAsks) => {}
            (false, None) => self.wait(cx, slot, cx.limits.gap_patience),
            (true, Some(at)) => {
                open.asks = None;
                let serial = open.relay.id.serial;
                self.timers.disarm(at, Timer::Ask(serial));
            }
            (false, Some(_)) | (true, None) => {}
        }
    }

    fn wait(&mut self, cx: &mut Cx<'_>, slot: u32, span: Span) {
        let open = self.relays.open(slot);
        let (at, serial) = (cx.now.instant + span, open.relay.id.serial);
        if let Some(old) = open.asks.replace(at) {
            self.timers.disarm(old, Timer::Ask(serial));
        }
        self.timers.arm(at, Timer::Ask(serial));
    }

    /// What a relay has asked for has not come.
    pub(in crate::node) fn ask_again(
        &mut self,
        cx: &mut Cx<'_>,
        serial: u64,
        out: &mut impl Outbox,
    ) {
        let Some(&slot) = self.relays.by_serial.get(&serial) else { return };
        self.relays.open(slot).asks = None;
        self.ask(cx, slot, out);
    }
}
