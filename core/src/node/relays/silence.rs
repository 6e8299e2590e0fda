//! Whether the owners of the followed guilds are in reach: their tips say so.

use super::super::{GapReason, Outbox, Router};
use crate::context::Cx;
use crate::id::GuildId;
use crate::timer::Timer;

impl Router {
    /// Arms the timer that notices the silence of a guild's owner. An owner that was never heard
    /// need not be missed: no session knows the guild yet.
    pub(super) fn listen(&mut self, cx: &Cx<'_>, guild: GuildId) {
        let last = self.contacts.last_tip(guild);
        let Some(presence) = self.relays.by_guild.get_mut(&guild) else { return };
        presence.tipped = presence.tipped.or(last);
        let due = presence.tipped.map(|tipped| tipped + cx.limits.unreachable_after);
        if let (None, Some(at)) = (presence.silent, due.filter(|at| *at > cx.now.instant)) {
            presence.silent = Some(at);
            self.timers.arm(at, Timer::Silent(guild));
        }
    }

    /// Looks whether tips of a guild still arrive (D2). Each tip moves the deadline, so the timer
    /// is armed again only when it comes due.
    pub(in crate::node) fn silent(
        &mut self,
        cx: &mut Cx<'_>,
        guild: GuildId,
        out: &mut impl Outbox,
    ) {
        let Some(presence) = self.relays.by_guild.get_mut(&guild) else { return };
        presence.silent = None;
        self.listen(cx, guild);
        let is_silent =
            self.relays.by_guild.get(&guild).is_some_and(|presence| presence.silent.is_none());
        if !is_silent {
            return;
        }
        for slot in self.relays.of(guild) {
            if let Some(at) = self.relays.at(slot).position() {
                self.gap(cx, slot, (GapReason::Unreachable, at), out);
            }
        }
    }
}
