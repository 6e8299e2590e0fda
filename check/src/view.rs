//! What a custom checker may read: the guilds as the contract's own model has them.
//!
//! The model is built from what was observed, and from nothing that a machine keeps.

use std::sync::Arc;

use guildhall_core::dispatch::{Intents, Snapshot};
use guildhall_core::event::Record;
use guildhall_core::id::{ChannelId, GuildId, NodeId, Port, Position, SessionId, UserId};
use guildhall_core::permission::Permissions;

use crate::cast::Cast;
use crate::facts::Facts;
use crate::facts::guilds::timeline::Moment;
use crate::facts::guilds::view::view;

/// Read access to the contract's model.
#[derive(Clone, Copy, Debug)]
pub struct View<'a>(&'a Facts);

impl<'a> View<'a> {
    pub(crate) const fn new(facts: &'a Facts) -> Self {
        Self(facts)
    }

    /// Who takes part in the run.
    #[must_use]
    pub fn cast(&self) -> &'a Cast {
        &self.0.cast
    }

    /// The last position that a guild's journal has committed.
    #[must_use]
    pub fn position(&self, guild: GuildId) -> Option<Position> {
        Some(self.0.ledger.guild(guild)?.end())
    }

    /// The event at a position: a durable one that is committed, or an ephemeral one that was sent.
    #[must_use]
    pub fn event(&self, guild: GuildId, position: Position) -> Option<&'a Arc<Record>> {
        self.0.ledger.guild(guild)?.event(position)
    }

    /// `view(u, p)` at the last committed position: a guild as a user may see it; none if the user
    /// is not a member.
    #[must_use]
    pub fn guild(&self, guild: GuildId, user: UserId) -> Option<Snapshot> {
        self.seen(guild, user, Moment::NOW)
    }

    /// `view(u, p)` just after the event at a position.
    #[must_use]
    pub fn guild_at(&self, guild: GuildId, user: UserId, position: Position) -> Option<Snapshot> {
        self.seen(guild, user, Moment::after(position))
    }

    fn seen(&self, guild: GuildId, user: UserId, at: Moment) -> Option<Snapshot> {
        let history = &self.0.ledger.guild(guild)?.history;
        history
            .is_member(at, user)
            .then(|| view(history, at, (user, Intents::ALL), &self.0.cast.limits))
    }

    /// Whether a user may do something in a guild now, or in one of its channels.
    #[must_use]
    pub fn may(
        &self,
        guild: GuildId,
        user: UserId,
        what: Permissions,
        channel: Option<ChannelId>,
    ) -> bool {
        let guild = self.0.ledger.guild(guild);
        guild.is_some_and(|guild| guild.history.may(Moment::NOW, user, what, channel))
    }

    /// The nodes that say that they serve a guild.
    pub fn owners(&self, guild: GuildId) -> impl Iterator<Item = NodeId> + 'a {
        self.0.owners.of(guild).map(|(node, _)| node)
    }

    /// The session that a client is in, and the last number that it has taken there.
    #[must_use]
    pub fn session(&self, client: Port) -> Option<(SessionId, u64)> {
        let client = self.0.client(client)?;
        Some((client.session?, client.last))
    }

    /// Whether a client is connected, and has got READY or RESUMED there.
    #[must_use]
    pub fn is_live(&self, client: Port) -> bool {
        self.0.client(client).is_some_and(|client| client.live)
    }

    /// Whether all faults are over, and none has begun since.
    #[must_use]
    pub const fn is_healed(&self) -> bool {
        self.0.healed
    }
}
