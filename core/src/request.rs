//! Requests of users to a guild, and the guild's answers.
//!
//! An [`Origin`] identifies a request; another request with the same origin is a retransmit
//! (CONTRACT, D5). The machines that forward requests do not inspect the action.

use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::event::Channel;
use crate::id::{ChannelId, GuildId, Nonce, Position, RoleId, UserId};
use crate::limits::Limits;
use crate::permission::Permissions;

/// The id of an action: its author, and the author's nonce.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Origin {
    /// The author.
    pub user: UserId,
    /// The author's nonce.
    pub nonce: Nonce,
}

/// A request to one guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Request {
    /// The id of the action.
    pub origin: Origin,
    /// The guild that it is sent to.
    pub guild: GuildId,
    /// The attempt that this copy belongs to, from 1. A refusal counts only for the latest attempt
    /// (PROTOCOL, rule 19).
    #[serde(default)]
    pub attempt: u32,
    /// The action.
    pub action: Action,
}

/// An action, and the permission that it needs.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Action {
    /// Sends a message. Needs SEND_MESSAGES in the channel.
    Say {
        /// The channel.
        channel: ChannelId,
        /// The text.
        content: Arc<str>,
        /// The users that it mentions, ascending.
        #[serde(default)]
        mentions: Arc<[UserId]>,
    },
    /// Edits the author's own message. Needs VIEW_CHANNEL in its channel.
    Edit {
        /// The action that sent the message.
        said: Origin,
        /// The new text.
        content: Arc<str>,
        /// The users that it mentions from now on, ascending.
        #[serde(default)]
        mentions: Arc<[UserId]>,
    },
    /// Deletes a message. Another user's message needs MANAGE_MESSAGES.
    Delete {
        /// The action that sent the message.
        said: Origin,
    },
    /// Reacts to a message. Needs ADD_REACTIONS in its channel.
    React {
        /// The action that sent the message.
        said: Origin,
        /// The emoji.
        emoji: Arc<str>,
    },
    /// Removes the author's own reaction to a message. Needs VIEW_CHANNEL in its channel.
    Unreact {
        /// The action that sent the message.
        said: Origin,
        /// The emoji.
        emoji: Arc<str>,
    },
    /// Sends a typing indicator. Needs SEND_MESSAGES in the channel. It is ephemeral and gets no
    /// answer.
    Type {
        /// The channel.
        channel: ChannelId,
    },
    /// Joins the guild. The author must not be banned.
    Join,
    /// Leaves the guild. The owner cannot.
    Leave,
    /// Kicks a member other than the owner. Needs KICK_MEMBERS.
    Kick {
        /// The member.
        user: UserId,
    },
    /// Bans a member other than the owner. Needs BAN_MEMBERS.
    Ban {
        /// The member.
        user: UserId,
    },
    /// Lifts a ban. Needs BAN_MEMBERS.
    Unban {
        /// The banned user.
        user: UserId,
    },
    /// Replaces the roles of a member. Needs MANAGE_ROLES.
    SetRoles {
        /// The member.
        user: UserId,
        /// The new roles; the @everyone role need not be listed.
        roles: Arc<[RoleId]>,
    },
    /// Creates a role, at the lowest position above @everyone. Needs MANAGE_ROLES.
    CreateRole {
        /// The id of the new role; it must be unused in the guild.
        role: RoleId,
        /// The permissions that it grants.
        permissions: Permissions,
    },
    /// Changes the permissions of a role. Needs MANAGE_ROLES.
    ChangeRole {
        /// The role.
        role: RoleId,
        /// The new permissions.
        permissions: Permissions,
    },
    /// Moves a role other than @everyone. Needs MANAGE_ROLES.
    MoveRole {
        /// The role.
        role: RoleId,
        /// The new position, at least 1 and below the author's own highest role.
        position: u16,
    },
    /// Deletes a role other than @everyone. Needs MANAGE_ROLES.
    DeleteRole {
        /// The role.
        role: RoleId,
    },
    /// Creates a channel. Needs MANAGE_CHANNELS.
    CreateChannel(Channel),
    /// Replaces the overwrites of a channel. Needs MANAGE_CHANNELS in it.
    ChangeChannel(Channel),
    /// Deletes a channel. Needs MANAGE_CHANNELS in it.
    DeleteChannel {
        /// The channel.
        channel: ChannelId,
    },
    /// Transfers the guild to another member. Only the owner can.
    Transfer {
        /// The new owner.
        to: UserId,
    },
    /// Deletes the guild. Only the owner can.
    DeleteGuild,
}

impl Action {
    /// Returns what of the action varies in length.
    fn content(&self) -> Content<'_> {
        match self {
            Self::Say { content, mentions, .. } | Self::Edit { content, mentions, .. } => {
                Content::Text(content, mentions.len())
            }
            Self::React { emoji, .. } | Self::Unreact { emoji, .. } => Content::Emoji(emoji),
            Self::SetRoles { roles, .. } => Content::Ids(roles.len()),
            Self::CreateChannel(channel) | Self::ChangeChannel(channel) => {
                Content::Overwrites(channel.overwrites.len())
            }
            Self::Delete { .. }
            | Self::Type { .. }
            | Self::Join
            | Self::Leave
            | Self::Kick { .. }
            | Self::Ban { .. }
            | Self::Unban { .. }
            | Self::CreateRole { .. }
            | Self::ChangeRole { .. }
            | Self::MoveRole { .. }
            | Self::DeleteRole { .. }
            | Self::DeleteChannel { .. }
            | Self::Transfer { .. }
            | Self::DeleteGuild => Content::None,
        }
    }

    /// Returns the size of the variable-length content, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let bytes = match self.content() {
            Content::None => 0,
            Content::Text(text, mentions) => text.len() + 8 * mentions,
            Content::Emoji(emoji) => emoji.len(),
            Content::Ids(count) => 8 * count,
            Content::Overwrites(count) => 32 * count,
        };
        bytes as u64
    }

    /// Returns the most bytes that its variable-length content may take.
    #[must_use]
    pub fn most_bytes(&self, limits: &Limits) -> u64 {
        u64::from(match self.content() {
            Content::Emoji(_) => limits.emoji_bytes,
            Content::None | Content::Text(..) | Content::Ids(_) | Content::Overwrites(_) => {
                limits.content_bytes
            }
        })
    }

    /// Returns the number of characters, which are Unicode scalar values, of the text.
    #[must_use]
    pub fn characters(&self) -> u64 {
        match self.content() {
            Content::Text(text, _) => text.chars().count() as u64,
            Content::None | Content::Emoji(_) | Content::Ids(_) | Content::Overwrites(_) => 0,
        }
    }

    /// Returns `true` if the action is ephemeral: delivered at most once, never journaled and never
    /// answered.
    #[must_use]
    pub const fn is_ephemeral(&self) -> bool {
        match self {
            Self::Type { .. } => true,
            Self::Say { .. }
            | Self::Edit { .. }
            | Self::Delete { .. }
            | Self::React { .. }
            | Self::Unreact { .. }
            | Self::Join
            | Self::Leave
            | Self::Kick { .. }
            | Self::Ban { .. }
            | Self::Unban { .. }
            | Self::SetRoles { .. }
            | Self::CreateRole { .. }
            | Self::ChangeRole { .. }
            | Self::MoveRole { .. }
            | Self::DeleteRole { .. }
            | Self::CreateChannel(_)
            | Self::ChangeChannel(_)
            | Self::DeleteChannel { .. }
            | Self::Transfer { .. }
            | Self::DeleteGuild => false,
        }
    }
}

/// What of an action varies in length.
#[derive(Clone, Copy)]
enum Content<'a> {
    None,
    /// The text of a message, and the number of users that it mentions.
    Text(&'a str, usize),
    Emoji(&'a str),
    /// So many ids.
    Ids(usize),
    /// So many permission overwrites.
    Overwrites(usize),
}

/// The answer to a request. Without one the outcome is unknown (CONTRACT, D5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The id of the action.
    pub origin: Origin,
    /// The guild that answers.
    pub guild: GuildId,
    /// The attempt that this answers.
    #[serde(default)]
    pub attempt: u32,
    /// The outcome.
    pub outcome: Outcome,
}

/// The outcome of an action.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// The action is committed at this position.
    Done(Position),
    /// The action is refused.
    Refused {
        /// The reason.
        why: Refusal,
        /// The position of the state that the guild judged it by; `None` if no guild was asked.
        at: Option<Position>,
    },
    /// This copy was not tried, for a table of the guild is full; a retransmit may be.
    Busy(FullTable),
}

/// A table of a guild that has no room for one more request (CONTRACT, B1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FullTable {
    /// The queue of what waits for the journal; its limit is `unsynced`.
    Unsynced,
    /// The nonces, with the requests to the directory that will become some; their limit is
    /// `nonces`.
    Nonces,
    /// The requests to the directory; their limit is `unsynced`.
    Directed,
}

/// The reason for a refusal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Refusal {
    /// The token does not belong to the author.
    Unauthorized,
    /// The guild does not exist or was deleted.
    NoSuchGuild,
    /// The author is not a member.
    NotAMember,
    /// The author is already a member.
    Member,
    /// The author is banned.
    Banned,
    /// The channel does not exist in the guild, or the author cannot view it.
    NoSuchChannel,
    /// The role does not exist in the guild.
    NoSuchRole,
    /// The guild remembers no message of that action, or the author cannot view it.
    NoSuchMessage,
    /// The target of the action is not a member, or not banned.
    NoSuchUser,
    /// The author lacks the permission.
    Forbidden,
    /// The member's highest role, or a role, is not below the author's own highest role.
    Outranked,
    /// The author would grant, or overwrite, a permission that it does not have.
    NotHeld,
    /// The target is the guild's owner, or the @everyone role or its position, or the id already
    /// exists.
    Taken,
    /// The action would change nothing.
    NoChange,
    /// The content takes more bytes than that of an action may.
    TooLong,
    /// The text has more characters than that of a message may.
    TooManyCharacters,
    /// The guild's table is full.
    Full(GuildTable),
}

/// Declares the tables of a guild, each with its limit, so that `ALL` has each of them.
macro_rules! guild_tables {
    ($($(#[$doc:meta])* $name:ident: $limit:ident,)*) => {
        /// A table of a guild that has a limit.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum GuildTable {
            $($(#[$doc])* $name,)*
        }

        impl GuildTable {
            /// All tables.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the name of its limit.
            #[must_use]
            pub const fn limit_name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($limit),)*
                }
            }

            /// Returns how many entries it may have.
            #[must_use]
            pub const fn limit(self, limits: &Limits) -> u32 {
                match self {
                    $(Self::$name => limits.$limit,)*
                }
            }
        }
    };
}

guild_tables! {
    /// The channels.
    Channels: channels,
    /// The roles, that of everyone included.
    Roles: roles,
    /// The permission overwrites of one channel.
    ChannelOverwrites: channel_overwrites,
    /// The permission overwrites of all channels together.
    Overwrites: overwrites,
    /// The members.
    Members: members,
    /// The banned users.
    Bans: bans,
    /// The distinct emoji in the reactions to one message.
    Reactions: reactions,
}
