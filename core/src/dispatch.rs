//! Dispatches: what a session sends to its client, and the event of a guild that each comes from.
//!
//! A relay renders a dispatch once for a whole class of sessions, and they share it. The sequence
//! number `s` of each session is not part of it.

mod intents;
mod name;

use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::event::{Channel, Event};
use crate::id::{
    ChannelId, GuildId, MessageId, NodeId, Nonce, Position, RoleId, SessionId, UserId,
};
use crate::permission::{Permissions, Role};
pub use intents::Intents;
pub use name::EventName;

/// The guild event that a dispatch renders. It is not on the wire; only the steps carry it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Source {
    /// The guild.
    pub guild: GuildId,
    /// The position of the event; for a snapshot, of the last event that it includes.
    pub position: Position,
    /// The index of this dispatch within the event's rendering, from 0.
    pub nth: u8,
}

/// One dispatch (op 0), without its sequence number.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Dispatch {
    /// The guild event that it renders; `None` for READY and RESUMED.
    pub source: Option<Source>,
    /// The event and its payload.
    pub body: Body,
    /// The size on the wire in bytes, estimated from the smallest payload that real clients accept.
    pub bytes: u32,
}

/// The event of a dispatch and its payload.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Body {
    /// The session has begun. Its sequence number is 1.
    Ready(Ready),
    /// The replay that a RESUME asked for is complete.
    Resumed,
    /// A snapshot of a guild at the source's position.
    GuildCreate(Snapshot),
    /// The guild is unavailable (GUILD_DELETE with `unavailable`). A GUILD_CREATE or GUILD_DELETE
    /// ends the gap (CONTRACT, D2).
    GuildUnavailable,
    /// The user left or was removed from the guild, or the guild was deleted (CONTRACT, I3).
    GuildDelete,
    /// The guild has a new owner. Needs the intent GUILDS, as do the events of roles and channels.
    GuildUpdate {
        /// The new owner.
        owner: UserId,
    },
    /// A role was created.
    RoleCreate {
        /// The role.
        role: RoleId,
        /// The permissions that it grants.
        permissions: Permissions,
        /// Its position.
        position: u16,
    },
    /// The permissions or the position of a role changed.
    RoleUpdate {
        /// The role.
        role: RoleId,
        /// The permissions that it grants now.
        permissions: Permissions,
        /// Its position now.
        position: u16,
    },
    /// A role was deleted.
    RoleDelete {
        /// The role.
        role: RoleId,
    },
    /// A channel was created, or became visible to the user.
    ChannelCreate(Channel),
    /// A channel changed.
    ChannelUpdate(Channel),
    /// A channel that the user saw was deleted, or is no longer visible to the user.
    ChannelDelete {
        /// The channel.
        channel: ChannelId,
    },
    /// A user joined. Needs the intent GUILD_MEMBERS, as do all events of members but those of the
    /// session's own user.
    MemberAdd {
        /// The new member.
        user: UserId,
    },
    /// The roles of a member changed. The session's own user gets it whatever the intents are.
    MemberUpdate {
        /// The member.
        user: UserId,
        /// All roles that the member has now, ascending.
        roles: Arc<[RoleId]>,
    },
    /// A user left or was removed.
    MemberRemove {
        /// The former member.
        user: UserId,
    },
    /// A message was sent. Needs the intent GUILD_MESSAGES, as do edits and deletions.
    MessageCreate(Message),
    /// The author edited a message.
    MessageUpdate(Message),
    /// A message was deleted.
    MessageDelete {
        /// The message.
        message: MessageId,
        /// The channel that it was in.
        channel: ChannelId,
    },
    /// A user reacted to a message. Needs the intent GUILD_MESSAGE_REACTIONS, as does its removal.
    ReactionAdd(Reaction),
    /// A user removed its reaction to a message.
    ReactionRemove(Reaction),
    /// A user is typing. Needs the intent GUILD_MESSAGE_TYPING.
    TypingStart {
        /// The user.
        user: UserId,
        /// The channel.
        channel: ChannelId,
    },
}

/// The first dispatch of every session (CONTRACT, O3 and D9).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Ready {
    /// The session's user.
    pub user: UserId,
    /// The session id to resume with.
    pub session: SessionId,
    /// The node that hosts the session, to connect to for a RESUME.
    pub node: NodeId,
    /// The user's guilds in this shard. A GUILD_CREATE or GUILD_DELETE follows for each.
    pub guilds: Vec<GuildId>,
}

/// A guild as one user sees it, reduced to the session's intents (CONTRACT, D3).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// The user who owns the guild.
    pub owner: UserId,
    /// All roles, ascending by id.
    pub roles: Arc<[(RoleId, Role)]>,
    /// The channels that the user sees, ascending by id.
    pub channels: Arc<[Channel]>,
    /// The number of members.
    pub member_count: u32,
    /// The members, ascending by id: all of them, or only the user.
    pub members: Arc<[(UserId, Arc<[RoleId]>)]>,
}

/// A message as its author sent it, with the id that the guild assigned.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Message {
    /// The id; it grows with the position of the message.
    pub id: MessageId,
    /// The channel.
    pub channel: ChannelId,
    /// The author.
    pub author: UserId,
    /// The author's nonce for the request.
    pub nonce: Nonce,
    /// The text; empty if the session's intents blank it.
    pub content: Arc<str>,
    /// The users that it mentions, ascending.
    #[serde(default)]
    pub mentions: Arc<[UserId]>,
}

/// A reaction of a user to a message.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Reaction {
    /// The user.
    pub user: UserId,
    /// The channel of the message.
    pub channel: ChannelId,
    /// The message.
    pub message: MessageId,
    /// The emoji, as text.
    pub emoji: Arc<str>,
}

impl Message {
    /// Returns `true` if `user` gets the content without the intent MESSAGE_CONTENT.
    #[must_use]
    pub fn concerns(&self, user: UserId) -> bool {
        self.author == user || self.mentions.contains(&user)
    }

    /// Returns the message without its content.
    #[must_use]
    pub fn blanked(&self) -> Self {
        Self { content: Arc::default(), ..self.clone() }
    }
}

impl Dispatch {
    /// Creates a dispatch that renders no guild event.
    #[must_use]
    pub fn private(body: Body) -> Self {
        Self { source: None, bytes: estimate(&body), body }
    }

    /// Creates the `nth` dispatch of the rendering of the event at `position`.
    #[must_use]
    pub fn of(guild: GuildId, position: Position, nth: u8, body: Body) -> Self {
        Self { source: Some(Source { guild, position, nth }), bytes: estimate(&body), body }
    }
}

impl Body {
    /// Creates the body of an event that is sent as such. No viewer receives the last ones as such.
    pub(crate) fn of(event: &Event) -> Self {
        match event {
            Event::Message(message) => Self::MessageCreate(message.clone()),
            Event::MessageUpdate(message) => Self::MessageUpdate(message.clone()),
            Event::MessageDelete { message, channel } => {
                Self::MessageDelete { message: *message, channel: *channel }
            }
            Event::ReactionAdd(reaction) => Self::ReactionAdd(reaction.clone()),
            Event::ReactionRemove(reaction) => Self::ReactionRemove(reaction.clone()),
            Event::Typing { user, channel } => Self::TypingStart { user: *user, channel: *channel },
            Event::MemberAdd { user } => Self::MemberAdd { user: *user },
            Event::MemberUpdate { user, roles } => {
                Self::MemberUpdate { user: *user, roles: roles.clone() }
            }
            Event::MemberRemove { user, .. } => Self::MemberRemove { user: *user },
            Event::RoleCreate { role, permissions, position } => {
                Self::RoleCreate { role: *role, permissions: *permissions, position: *position }
            }
            Event::RoleUpdate { role, permissions, position } => {
                Self::RoleUpdate { role: *role, permissions: *permissions, position: *position }
            }
            Event::RoleDelete { role } => Self::RoleDelete { role: *role },
            Event::ChannelCreate(channel) => Self::ChannelCreate(channel.clone()),
            Event::ChannelUpdate(channel) => Self::ChannelUpdate(channel.clone()),
            Event::ChannelDelete { channel } => Self::ChannelDelete { channel: *channel },
            Event::GuildUpdate { owner } => Self::GuildUpdate { owner: *owner },
            Event::GuildDelete | Event::Opened | Event::Unbanned { .. } => Self::GuildDelete,
        }
    }

    /// Returns the body without the content of its message.
    pub(crate) fn blanked(self) -> Self {
        if let Self::MessageCreate(message) = self {
            Self::MessageCreate(message.blanked())
        } else if let Self::MessageUpdate(message) = self {
            Self::MessageUpdate(message.blanked())
        } else {
            self
        }
    }

    /// Returns the gateway's name of this event.
    #[must_use]
    pub const fn event_name(&self) -> EventName {
        match self {
            Self::Ready(_) => EventName::Ready,
            Self::Resumed => EventName::Resumed,
            Self::GuildCreate(_) => EventName::GuildCreate,
            Self::GuildUnavailable | Self::GuildDelete => EventName::GuildDelete,
            Self::GuildUpdate { .. } => EventName::GuildUpdate,
            Self::RoleCreate { .. } => EventName::RoleCreate,
            Self::RoleUpdate { .. } => EventName::RoleUpdate,
            Self::RoleDelete { .. } => EventName::RoleDelete,
            Self::ChannelCreate(_) => EventName::ChannelCreate,
            Self::ChannelUpdate(_) => EventName::ChannelUpdate,
            Self::ChannelDelete { .. } => EventName::ChannelDelete,
            Self::MemberAdd { .. } => EventName::MemberAdd,
            Self::MemberUpdate { .. } => EventName::MemberUpdate,
            Self::MemberRemove { .. } => EventName::MemberRemove,
            Self::MessageCreate(_) => EventName::MessageCreate,
            Self::MessageUpdate(_) => EventName::MessageUpdate,
            Self::MessageDelete { .. } => EventName::MessageDelete,
            Self::ReactionAdd(_) => EventName::ReactionAdd,
            Self::ReactionRemove(_) => EventName::ReactionRemove,
            Self::TypingStart { .. } => EventName::TypingStart,
        }
    }

    /// Returns that name as the wire has it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.event_name().as_str()
    }
}

/// Estimates the bytes of JSON of the smallest payload of this kind that real clients accept.
fn estimate(body: &Body) -> u32 {
    let bytes = match body {
        Body::Ready(ready) => 420 + 48 * ready.guilds.len(),
        Body::Resumed => 40,
        Body::GuildUnavailable | Body::GuildDelete => 90,
        Body::GuildCreate(snapshot) => {
            let overwrites: usize = snapshot.channels.iter().map(|it| it.overwrites.len()).sum();
            900 + 96 * snapshot.channels.len()
                + 60 * overwrites
                + 150 * snapshot.roles.len()
                + 120 * snapshot.members.len()
        }
        Body::ChannelCreate(channel) | Body::ChannelUpdate(channel) => {
            140 + 60 * channel.overwrites.len()
        }
        Body::MessageCreate(message) | Body::MessageUpdate(message) => {
            420 + message.content.len() + 24 * message.mentions.len()
        }
        Body::MemberUpdate { roles, .. } => 200 + 22 * roles.len(),
        Body::ReactionAdd(reaction) | Body::ReactionRemove(reaction) => 200 + reaction.emoji.len(),
        Body::GuildUpdate { .. }
        | Body::RoleCreate { .. }
        | Body::RoleUpdate { .. }
        | Body::RoleDelete { .. }
        | Body::ChannelDelete { .. }
        | Body::MemberAdd { .. }
        | Body::MemberRemove { .. }
        | Body::MessageDelete { .. }
        | Body::TypingStart { .. } => 200,
    };
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
