//! The seats of sessions in relays: told, waiting to be told, or outside.
//!
//! A seat is given to whoever the directory names. Whether the user is a member, the relay's state
//! says; when it is told so, its connection.

use alloc::sync::Arc;

use super::super::{Outbox, Router};
use crate::context::Cx;
use crate::dispatch::{Body, Dispatch, Intents};
use crate::id::GuildId;
use crate::mutant::Mutant;
use crate::relay::SubscriptionState;
use crate::replay::LogId;
use crate::session::{Push, Seat};

impl Router {
    /// Gives a session a seat in the waiting room of a relay of `guild`. Where READY has listed the
    /// guild, something has to be told of it even to a non-member (D9).
    pub(in crate::node) fn seat(
        &mut self,
        cx: &mut Cx<'_>,
        slot: u32,
        guild: GuildId,
        listed: bool,
        out: &mut impl Outbox,
    ) {
        let found = self.relays.with_room(guild, cx.limits.relay_sessions);
        let relay = found.unwrap_or_else(|| self.open_relay(cx, guild, out));
        let session = self.sessions.at(slot);
        session.sit(guild, relay, slot);
        let (user, mut intents) = (session.user, session.intents);
        let is_quiet = !intents.contains(Intents::GUILD_MESSAGES);
        if is_quiet && cx.bug(Mutant::IntentsIgnored) {
            intents = Intents(intents.0 | Intents::USUAL.0);
        }
        self.relays.at(relay).sit(slot, user, intents, listed);
    }

    /// Takes a seat away; a relay without sessions closes.
    pub(in crate::node) fn unseat(&mut self, seat: Seat, out: &mut impl Outbox) {
        let relay = self.relays.at(seat.relay);
        relay.leave(seat.slot);
        if relay.sessions() == 0 {
            self.close_relay(seat.relay, out);
        }
    }

    /// The directory names a guild for the user of a session, which READY did not list. Whoever has
    /// a seat there learns all else from the stream.
    pub(in crate::node) fn named(
        &mut self,
        cx: &mut Cx<'_>,
        slot: u32,
        guild: GuildId,
        out: &mut impl Outbox,
    ) {
        let session = self.sessions.at(slot);
        if session.shard.holds(guild) && session.seats().iter().all(|seat| seat.guild != guild) {
            self.seat(cx, slot, guild, false, out);
            self.introduce(cx, slot, out);
        }
    }

    /// The directory does not name a guild any more for the user of a session. If the session is
    /// told of it, the stream has still to say that the user has left.
    pub(in crate::node) fn unnamed(&mut self, slot: u32, guild: GuildId, out: &mut impl Outbox) {
        let seats = self.sessions.at(slot).seats();
        let Some(&seat) = seats.iter().find(|seat| seat.guild == guild) else { return };
        if self.relays.at(seat.relay).state(slot) == Some(SubscriptionState::Outside) {
            self.vacate(seat, out);
        }
    }

    /// Tells a session of the guilds that it has not been told of, as far as its connection takes
    /// them: a snapshot is numbered when it is pulled (B2), and from then on the session follows.
    pub(in crate::node) fn introduce(&mut self, cx: &mut Cx<'_>, slot: u32, out: &mut impl Outbox) {
        if self.sessions.at(slot).waits() == 0 {
            return;
        }
        let mut at = 0;
        while let Some(&seat) = self.sessions.at(slot).seats().get(at) {
            at += 1;
            if !seat.waits || !self.may_tell(cx, seat) {
                continue;
            }
            let relay = self.relays.at(seat.relay);
            let (is_member, is_owed) = (relay.has_member(slot), relay.owes(slot));
            if (is_member || is_owed) && !self.sessions.at(slot).has_room() {
                continue;
            }
            let dispatch = if is_member {
                self.admit_to_class(cx, seat)
            } else {
                let position = relay.position().filter(|_| is_owed);
                let farewell = position.map(|position| relay.word(position, Body::GuildDelete));
                at -= usize::from(self.put_outside(seat, out));
                farewell
            };
            let Some(dispatch) = dispatch else { continue };
            let session = self.sessions.at(slot);
            let push = session.push_own(cx.limits, &self.relays, dispatch, out);
            self.pushed(cx, slot, push, out);
            if push != Push::Fine {
                return;
            }
        }
    }

    /// Whether the relay of a seat knows enough, and lately enough, to speak (D3, L8).
    fn may_tell(&mut self, cx: &mut Cx<'_>, seat: Seat) -> bool {
        let relay = &self.relays.slots[seat.relay as usize];
        let Some(relay) = relay.as_ref().map(|open| &open.relay) else { return false };
        let Some(position) = relay.position() else { return false };
        let is_below_epoch = position.epoch < relay.heard().epoch;
        let knows = relay.is_current()
            || is_below_epoch && cx.bug(Mutant::CreateBelowEpoch)
            || cx.bug(Mutant::StaleSnapshot);
        knows
            && (self.contacts.is_fresh(seat.guild, cx.now.instant, cx.limits)
                || cx.bug(Mutant::StaleRelaySpeaks))
    }

    /// A session sits in its class from now on; what it is told first.
    fn admit_to_class(&mut self, cx: &mut Cx<'_>, seat: Seat) -> Option<Arc<Dispatch>> {
        let session = self.sessions.at(seat.slot);
        let who = (session.user, session.intents);
        let relay = self.relays.at(seat.relay);
        let class = relay.class_of(cx, seat.slot)?;
        let snapshot = relay.snapshot(cx, class, who)?;
        relay.owe(seat.slot, false);
        self.place(seat, SubscriptionState::Class(class));
        Some(Arc::new(snapshot))
    }

    /// A session sits somewhere else from now on. What it keeps in the log of a class that it
    /// leaves, it takes along.
    pub(super) fn place(&mut self, seat: Seat, state: SubscriptionState) {
        let Seat { relay, slot, .. } = seat;
        let old = self.relays.at(relay).state(slot);
        if old == Some(state) {
            return;
        }
        let session = self.sessions.at(slot);
        if let Some(SubscriptionState::Class(class)) = old {
            session.keep_own(LogId { relay, class }, &self.relays);
        }
        session.wait(seat.guild, state == SubscriptionState::Waiting);
        self.relays.at(relay).place(slot, state);
    }

    /// The user of a session is no member: the seat is kept only as long as the directory names the
    /// user. Says whether it is gone.
    pub(super) fn put_outside(&mut self, seat: Seat, out: &mut impl Outbox) -> bool {
        self.place(seat, SubscriptionState::Outside);
        self.relays.at(seat.relay).owe(seat.slot, false);
        let user = self.sessions.at(seat.slot).user;
        let goes = !self.users.names(user, seat.guild);
        if goes {
            self.vacate(seat, out);
        }
        goes
    }

    fn vacate(&mut self, seat: Seat, out: &mut impl Outbox) {
        self.sessions.at(seat.slot).stand_up(seat.guild);
        self.unseat(seat, out);
    }
}
