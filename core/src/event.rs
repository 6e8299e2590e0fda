//! What happens in a guild, and the record under which it is kept for ever.
//!
//! An event is durable or ephemeral (CONTRACT, *durable / ephemeral*); both have a position. Who may
//! see it is decided by each relay, at that position.

use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::dispatch::Message;
use crate::id::{ChannelId, MessageId, Position, RoleId, UserId};
use crate::permission::{Overwrite, Permissions};
use crate::request::Origin;

/// One event of a guild's stream.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Its place; it was given before the record was appended, and is in it (PROTOCOL, rule 1).
    pub position: Position,
    /// The place before it in the stream; not always one less (PROTOCOL, rule 8).
    pub prev: Position,
    /// The act that it came of; none for what the guild does by itself.
    pub origin: Option<Origin>,
    /// What happened.
    pub event: Event,
}

/// What can happen in a guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Event {
    /// An owner took the guild up: the epoch record, told to nobody (PROTOCOL, rule 5).
    Opened,
    /// Something was said.
    Message(Message),
    /// Something that was said reads otherwise now: the whole of it.
    MessageUpdate(Message),
    /// Something that was said is gone.
    MessageDelete {
        /// What.
        message: MessageId,
        /// Where it was said.
        channel: ChannelId,
    },
    /// Somebody is about to say something. Ephemeral.
    Typing {
        /// Who.
        user: UserId,
        /// Where.
        channel: ChannelId,
    },
    /// Somebody is a member now, without roles.
    MemberAdd {
        /// Who.
        user: UserId,
    },
    /// A member has other roles.
    MemberUpdate {
        /// Who.
        user: UserId,
        /// All that it has now, ascending.
        roles: Arc<[RoleId]>,
    },
    /// Somebody is no member any more.
    MemberRemove {
        /// Who.
        user: UserId,
        /// Why.
        why: Removal,
    },
    /// Somebody who must not come back may come back. Not in anybody's view.
    Unbanned {
        /// Who.
        user: UserId,
    },
    /// There is a new role.
    RoleCreate {
        /// Its id.
        role: RoleId,
        /// What it gives.
        permissions: Permissions,
    },
    /// A role gives something else.
    RoleUpdate {
        /// Its id.
        role: RoleId,
        /// What it gives now.
        permissions: Permissions,
    },
    /// A role is gone, and gone from all who had it.
    RoleDelete {
        /// Its id.
        role: RoleId,
    },
    /// There is a new channel.
    ChannelCreate(Channel),
    /// A channel has other overwrites.
    ChannelUpdate(Channel),
    /// A channel is gone.
    ChannelDelete {
        /// Its id.
        channel: ChannelId,
    },
    /// The guild belongs to somebody else.
    GuildUpdate {
        /// To whom.
        owner: UserId,
    },
    /// The guild is no more; nothing follows.
    GuildDelete,
}

/// A channel as it is.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// What it takes from whom and gives to whom; no two of one target.
    pub overwrites: Arc<[Overwrite]>,
}

/// Why somebody is no member any more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Removal {
    /// By itself.
    Left,
    /// By somebody else.
    Kicked,
    /// By somebody else, and for good.
    Banned,
}

impl Removal {
    /// Whether whoever was removed must not come back.
    #[must_use]
    pub const fn is_for_good(self) -> bool {
        matches!(self, Self::Banned)
    }
}

impl Event {
    /// Whether it is kept in the journal; all others may be lost with their owner.
    #[must_use]
    pub const fn is_durable(&self) -> bool {
        !matches!(self, Self::Typing { .. })
    }
}

impl Record {
    /// Roughly the memory that it takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let more = match &self.event {
            Event::Message(message) | Event::MessageUpdate(message) => {
                message.content.len() + 8 * message.mentions.len()
            }
            Event::MemberUpdate { roles, .. } => 8 * roles.len(),
            Event::ChannelCreate(channel) | Event::ChannelUpdate(channel) => {
                32 * channel.overwrites.len()
            }
            Event::Opened
            | Event::MessageDelete { .. }
            | Event::Typing { .. }
            | Event::MemberAdd { .. }
            | Event::MemberRemove { .. }
            | Event::Unbanned { .. }
            | Event::RoleCreate { .. }
            | Event::RoleUpdate { .. }
            | Event::RoleDelete { .. }
            | Event::ChannelDelete { .. }
            | Event::GuildUpdate { .. }
            | Event::GuildDelete => 0,
        };
        112 + more as u64
    }
}
