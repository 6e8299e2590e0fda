//! The events of a guild, and the record in which the journal keeps each of them.
//!
//! An event is durable or ephemeral (CONTRACT, *durable / ephemeral*); both have a position.
//! Nothing here decides who may see an event: each relay does, at that position.

use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::dispatch::{Intents, Message, Reaction};
use crate::id::{ChannelId, MessageId, Position, RoleId, UserId};
use crate::permission::{Overwrite, Permissions};
use crate::request::Origin;

/// One event of a guild's stream.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Its position, assigned before the record is appended (PROTOCOL, rule 1).
    pub position: Position,
    /// The position of the event before it in the stream; not always one less (PROTOCOL, rule 8).
    pub prev: Position,
    /// The request that caused the event; none for what the guild does by itself.
    pub origin: Option<Origin>,
    /// What happened.
    pub event: Event,
}

/// An event of a guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Event {
    /// A node became the guild's owner: the epoch record, never dispatched (PROTOCOL, rule 5).
    Opened,
    /// A user sent a message.
    Message(Message),
    /// The author edited a message. Holds the whole new message.
    MessageUpdate(Message),
    /// A message was deleted.
    MessageDelete {
        /// The message.
        message: MessageId,
        /// Its channel.
        channel: ChannelId,
    },
    /// A user reacted to a message.
    ReactionAdd(Reaction),
    /// A user removed its reaction to a message.
    ReactionRemove(Reaction),
    /// A user is typing. Ephemeral.
    Typing {
        /// The user.
        user: UserId,
        /// The channel.
        channel: ChannelId,
    },
    /// A user joined, without roles.
    MemberAdd {
        /// The user.
        user: UserId,
    },
    /// A member's roles changed.
    MemberUpdate {
        /// The member.
        user: UserId,
        /// All of its roles from now on, ascending.
        roles: Arc<[RoleId]>,
    },
    /// A member left or was removed.
    MemberRemove {
        /// The user.
        user: UserId,
        /// The reason.
        why: Removal,
    },
    /// A ban was lifted. Never dispatched.
    Unbanned {
        /// The user.
        user: UserId,
    },
    /// A role was created.
    RoleCreate {
        /// Its id.
        role: RoleId,
        /// Its permissions.
        permissions: Permissions,
        /// Its position.
        position: u16,
    },
    /// A role's permissions or position changed.
    RoleUpdate {
        /// Its id.
        role: RoleId,
        /// Its permissions from now on.
        permissions: Permissions,
        /// Its position from now on.
        position: u16,
    },
    /// A role was deleted. Every member that had it loses it.
    RoleDelete {
        /// Its id.
        role: RoleId,
    },
    /// A channel was created.
    ChannelCreate(Channel),
    /// A channel's overwrites changed.
    ChannelUpdate(Channel),
    /// A channel was deleted.
    ChannelDelete {
        /// Its id.
        channel: ChannelId,
    },
    /// The guild has a new owner.
    GuildUpdate {
        /// The user that owns the guild from now on.
        owner: UserId,
    },
    /// The guild was deleted. The last event of the stream.
    GuildDelete,
}

/// A channel.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Its permission overwrites, at most one for each target.
    pub overwrites: Arc<[Overwrite]>,
}

/// Why a member was removed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Removal {
    /// The user left.
    Left,
    /// Another member removed it; it may rejoin.
    Kicked,
    /// Another member banned it; it must not rejoin.
    Banned,
}

impl Removal {
    /// Whether the user must not rejoin.
    #[must_use]
    pub const fn is_for_good(self) -> bool {
        matches!(self, Self::Banned)
    }
}

/// What an event is about.
///
/// An exhaustive match on [`Event`] that only sorts events belongs in [`Event::subject`]; all other
/// code matches on its result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// Nothing that members are told of.
    Nobody,
    /// What users do in a channel. It changes no view.
    Conversation(ChannelId, Talk),
    /// A member.
    Member(UserId),
    /// A role.
    Role(RoleId),
    /// A channel as such: whether it exists, and its overwrites.
    Channel(ChannelId),
    /// The guild as a whole.
    Guild,
}

/// What users do in a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Talk {
    /// They send, edit or delete a message.
    Message,
    /// They add or remove a reaction.
    Reaction,
    /// They type.
    Typing,
}

impl Talk {
    /// The intent that a session needs to get it.
    #[must_use]
    pub const fn intent(self) -> Intents {
        match self {
            Self::Message => Intents::GUILD_MESSAGES,
            Self::Reaction => Intents::GUILD_MESSAGE_REACTIONS,
            Self::Typing => Intents::GUILD_MESSAGE_TYPING,
        }
    }

    /// Whether the journal keeps it.
    const fn is_durable(self) -> bool {
        match self {
            Self::Message | Self::Reaction => true,
            Self::Typing => false,
        }
    }
}

impl Event {
    /// What the event is about.
    #[must_use]
    pub const fn subject(&self) -> Subject {
        match self {
            Self::Opened | Self::Unbanned { .. } => Subject::Nobody,
            Self::Message(message) | Self::MessageUpdate(message) => {
                Subject::Conversation(message.channel, Talk::Message)
            }
            Self::MessageDelete { channel, .. } => Subject::Conversation(*channel, Talk::Message),
            Self::ReactionAdd(reaction) | Self::ReactionRemove(reaction) => {
                Subject::Conversation(reaction.channel, Talk::Reaction)
            }
            Self::Typing { channel, .. } => Subject::Conversation(*channel, Talk::Typing),
            Self::MemberAdd { user }
            | Self::MemberUpdate { user, .. }
            | Self::MemberRemove { user, .. } => Subject::Member(*user),
            Self::RoleCreate { role, .. }
            | Self::RoleUpdate { role, .. }
            | Self::RoleDelete { role } => Subject::Role(*role),
            Self::ChannelCreate(channel) | Self::ChannelUpdate(channel) => {
                Subject::Channel(channel.id)
            }
            Self::ChannelDelete { channel } => Subject::Channel(*channel),
            Self::GuildUpdate { .. } | Self::GuildDelete => Subject::Guild,
        }
    }

    /// The message that the event creates or edits.
    #[must_use]
    pub const fn message(&self) -> Option<&Message> {
        if let Self::Message(message) | Self::MessageUpdate(message) = self {
            Some(message)
        } else {
            None
        }
    }

    /// The reaction that the event adds or removes.
    #[must_use]
    pub const fn reaction(&self) -> Option<&Reaction> {
        if let Self::ReactionAdd(reaction) | Self::ReactionRemove(reaction) = self {
            Some(reaction)
        } else {
            None
        }
    }

    /// The channel that the event creates or changes.
    #[must_use]
    pub const fn channel(&self) -> Option<&Channel> {
        if let Self::ChannelCreate(channel) | Self::ChannelUpdate(channel) = self {
            Some(channel)
        } else {
            None
        }
    }

    /// Whether the journal keeps the event; all others may be lost with their owner.
    #[must_use]
    pub const fn is_durable(&self) -> bool {
        match self.subject() {
            Subject::Conversation(_, talk) => talk.is_durable(),
            Subject::Nobody
            | Subject::Member(_)
            | Subject::Role(_)
            | Subject::Channel(_)
            | Subject::Guild => true,
        }
    }
}

impl Record {
    /// Roughly the memory that the record takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let message = self.event.message();
        let text = message.map_or(0, |it| it.content.len() + 8 * it.mentions.len());
        let emoji = self.event.reaction().map_or(0, |it| it.emoji.len());
        let overwrites = self.event.channel().map_or(0, |it| 32 * it.overwrites.len());
        let roles =
            if let Event::MemberUpdate { roles, .. } = &self.event { roles.len() } else { 0 };
        112 + (text + emoji + overwrites + 8 * roles) as u64
    }
}
