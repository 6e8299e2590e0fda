//! Which relay serves a session for a guild, and how the session is introduced to the guild.
//!
//! A session subscribes to the guilds that the directory names for its user. Whether the user is a
//! member, the relay's state decides; when the session is told, its connection.

use alloc::vec::Vec;

use super::super::{Outbox, Router};
use super::Relays;
use crate::context::Cx;
use crate::id::GuildId;
use crate::relay::SubscriptionState;
use crate::replay::LogId;
use crate::session::Push;

impl Relays {
    /// The relays that serve a session, in the order in which it subscribed.
    pub(super) fn of_session(&self, slot: u32) -> &[u32] {
        self.by_session.get(slot as usize).map_or(&[], |relays| relays)
    }

    /// The relay that serves a session for a guild.
    fn serving(&self, slot: u32, guild: GuildId) -> Option<u32> {
        let serves = |relay: &&u32| {
            let open = self.slots[**relay as usize].as_ref();
            open.is_some_and(|open| open.relay.guild == guild)
        };
        self.of_session(slot).iter().find(serves).copied()
    }

    fn index(&mut self, slot: u32, relay: u32) {
        let slot = slot as usize;
        if slot >= self.by_session.len() {
            self.by_session.resize(slot + 1, Vec::new());
        }
        // Most sessions are of few guilds: no more room than that.
        self.by_session[slot].reserve_exact(1);
        self.by_session[slot].push(relay);
    }
}

impl Router {
    /// Subscribes a session to a guild. Where READY has listed the guild, even a non-member is told
    /// something of it (D9).
    pub(in crate::node) fn subscribe(
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
        let (user, intents) = (session.user, cx.bent(session.intents, ()));
        self.relays.index(slot, relay);
        self.relays.at(relay).subscribe(slot, user, intents, listed);
    }

    /// A session has ended.
    pub(in crate::node) fn unsubscribe_all(
        &mut self,
        cx: &mut Cx<'_>,
        slot: u32,
        out: &mut impl Outbox,
    ) {
        let relays = self.relays.by_session.get_mut(slot as usize).map(core::mem::take);
        for relay in relays.into_iter().flatten() {
            let is_empty = self.leave_relay(slot, relay);
            if cx.bent(is_empty, relay) {
                self.close_relay(relay, out);
            }
        }
    }

    fn unsubscribe(&mut self, slot: u32, relay: u32, out: &mut impl Outbox) {
        self.relays.by_session[slot as usize].retain(|other| *other != relay);
        if self.leave_relay(slot, relay) {
            self.close_relay(relay, out);
        }
    }

    /// Returns whether the relay has no more sessions: it closes then.
    fn leave_relay(&mut self, slot: u32, relay: u32) -> bool {
        let open = self.relays.at(relay);
        open.unsubscribe(slot);
        open.sessions() == 0
    }

    /// The directory names a guild for the user of a session that READY did not list. A session
    /// that is subscribed already learns all else from the stream. Returns whether the session is
    /// still there.
    pub(in crate::node) fn named(
        &mut self,
        cx: &mut Cx<'_>,
        slot: u32,
        guild: GuildId,
        out: &mut impl Outbox,
    ) -> bool {
        let shard = self.sessions.at(slot).shard;
        if !shard.holds(guild) || self.relays.serving(slot, guild).is_some() {
            return true;
        }
        self.subscribe(cx, slot, guild, false, out);
        self.introduce(cx, slot, out)
    }

    /// The directory does not name a guild any more for the user of a session. A session that
    /// receives the guild's events stays subscribed until the stream says that its user has left.
    pub(in crate::node) fn unnamed(&mut self, slot: u32, guild: GuildId, out: &mut impl Outbox) {
        if let Some(relay) = self.relays.serving(slot, guild)
            && self.relays.at(relay).state(slot) == Some(SubscriptionState::Outside)
        {
            self.unsubscribe(slot, relay, out);
        }
    }

    /// Introduces a session to the guilds that it waits for, as far as its connection takes them: a
    /// snapshot is numbered when it is pulled (B2), and from then on the session follows. Returns
    /// whether the session is still there.
    pub(in crate::node) fn introduce(
        &mut self,
        cx: &mut Cx<'_>,
        slot: u32,
        out: &mut impl Outbox,
    ) -> bool {
        let mut at = 0;
        while let Some(&relay) = self.relays.of_session(slot).get(at) {
            at += 1;
            if !self.may_introduce(cx, slot, relay) {
                continue;
            }
            let open = self.relays.at(relay);
            if open.owes(slot) && !self.sessions.at(slot).has_room() {
                continue;
            }
            let dispatch = open.introduce(cx, slot);
            at -= usize::from(self.drop_unnamed(slot, relay, out));
            let Some(dispatch) = dispatch else { continue };
            let push = self.sessions.at(slot).push_own(cx.limits, &self.relays, dispatch, out);
            let stays = self.pushed(cx, slot, push, out);
            if push != Push::Fine {
                return stays;
            }
        }
        true
    }

    fn may_introduce(&mut self, cx: &mut Cx<'_>, slot: u32, relay: u32) -> bool {
        let open = self.relays.at(relay);
        if open.waiting().is_empty() || open.state(slot) != Some(SubscriptionState::Waiting) {
            return false;
        }
        let heard = self.contacts.heard(cx, open.guild);
        open.may_introduce(cx, heard)
    }

    /// A session outside stays subscribed only as long as the directory names its user. Returns
    /// whether it was unsubscribed.
    pub(super) fn drop_unnamed(&mut self, slot: u32, relay: u32, out: &mut impl Outbox) -> bool {
        let open = self.relays.at(relay);
        let is_outside = open.state(slot) == Some(SubscriptionState::Outside);
        let guild = open.guild;
        let goes = is_outside && !self.users.names(self.sessions.at(slot).user, guild);
        if goes {
            self.unsubscribe(slot, relay, out);
        }
        goes
    }

    /// A session has left a class, and keeps what it shares with the log of that class: other
    /// sessions may push entries out of it that are still in this session's window.
    pub(super) fn has_left(&mut self, slot: u32, relay: u32, class: u32) {
        self.sessions.at(slot).keep_own(LogId { relay, class }, &self.relays);
    }
}
