//! What a session is told: one [`Dispatch`], and where in a guild's stream it comes from.
//!
//! A dispatch is made once for a whole class of sessions and shared; the number `s` under which a
//! session gets it is not part of it.

use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::event::Channel;
use crate::id::{
    ChannelId, GuildId, MessageId, NodeId, Nonce, Position, RoleId, SessionId, UserId,
};
use crate::permission::Permissions;

/// Which kinds of events a session wants; Discord's bits, as far as this system knows them.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Intents(pub u32);

impl Intents {
    /// Guilds and their channels.
    pub const GUILDS: Self = Self(1);
    /// Members, and their list in GUILD_CREATE.
    pub const GUILD_MEMBERS: Self = Self(1 << 1);
    /// Messages in the channels of guilds.
    pub const GUILD_MESSAGES: Self = Self(1 << 9);
    /// Typing in the channels of guilds.
    pub const GUILD_MESSAGE_TYPING: Self = Self(1 << 11);
    /// What messages say; without it they are blank but for one's own and those that name one.
    pub const MESSAGE_CONTENT: Self = Self(1 << 15);
    /// What most clients ask for.
    pub const USUAL: Self = Self(Self::GUILDS.0 | Self::GUILD_MESSAGES.0 | Self::MESSAGE_CONTENT.0);
    /// All that this system tells of.
    pub const ALL: Self =
        Self(Self::USUAL.0 | Self::GUILD_MEMBERS.0 | Self::GUILD_MESSAGE_TYPING.0);

    /// Every bit that Discord documents: 0–16, 20, 21, 24 and 25.
    const KNOWN: u32 = 0x1_ffff | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25;

    /// Whether all bits are documented ones; otherwise the connection is closed with 4013.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        self.0 & !Self::KNOWN == 0
    }

    /// The bits that make a difference to what is told here.
    #[must_use]
    pub const fn told(self) -> Self {
        Self(self.0 & Self::ALL.0)
    }

    /// Whether all of `other` is wanted.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The event of a guild that a dispatch tells of. The wire has none of it; the steps carry it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Source {
    /// The guild.
    pub guild: GuildId,
    /// The event, or for a snapshot the last event that it includes.
    pub position: Position,
    /// Which dispatch of the event's rendering this is, from 0.
    pub nth: u8,
}

/// One thing that a session is told.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Dispatch {
    /// Where it comes from; none for READY and RESUMED.
    pub source: Option<Source>,
    /// What it says.
    pub body: Body,
    /// Its size on the wire in bytes, estimated from the smallest payload that real clients accept.
    pub bytes: u32,
}

/// What a dispatch says.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Body {
    /// The session has begun; numbered 1.
    Ready(Ready),
    /// All that a RESUME asked for has been said again.
    Resumed,
    /// A guild as it stands at the source's position.
    GuildCreate(Snapshot),
    /// A guild can not be followed for now; GUILD_CREATE or GUILD_DELETE ends the gap (D2).
    GuildUnavailable,
    /// The user is in this guild no more, or it is no more (I3).
    GuildDelete,
    /// The guild belongs to somebody else. Intent GUILDS, as all of roles and channels.
    GuildUpdate {
        /// To whom.
        owner: UserId,
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
    /// A role is gone.
    RoleDelete {
        /// Its id.
        role: RoleId,
    },
    /// There is a channel that the user did not see.
    ChannelCreate(Channel),
    /// A channel has changed.
    ChannelUpdate(Channel),
    /// A channel that the user saw is gone, or the user does not see it any more.
    ChannelDelete {
        /// Its id.
        channel: ChannelId,
    },
    /// Somebody is a member. Intent GUILD_MEMBERS, as all of members but the user's own.
    MemberAdd {
        /// Who.
        user: UserId,
    },
    /// A member has other roles. Told of the user's own member whatever the intents.
    MemberUpdate {
        /// Who.
        user: UserId,
        /// All that it has now, ascending.
        roles: Arc<[RoleId]>,
    },
    /// Somebody is a member no more.
    MemberRemove {
        /// Who.
        user: UserId,
    },
    /// A message. Intent GUILD_MESSAGES, as its changes.
    MessageCreate(Message),
    /// A message reads otherwise.
    MessageUpdate(Message),
    /// A message is gone.
    MessageDelete {
        /// Which.
        message: MessageId,
        /// Where it was said.
        channel: ChannelId,
    },
    /// Somebody is about to say something. Intent GUILD_MESSAGE_TYPING.
    TypingStart {
        /// Who.
        user: UserId,
        /// Where.
        channel: ChannelId,
    },
}

/// The first dispatch of every session (O3, D9).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Ready {
    /// Who this is.
    pub user: UserId,
    /// The id to resume under.
    pub session: SessionId,
    /// The node to resume at.
    pub node: NodeId,
    /// The guilds that the user is in, each to be told of later.
    pub guilds: Vec<GuildId>,
}

/// A guild as one user sees it, cut to what the session wants (D3).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// Who owns it.
    pub owner: UserId,
    /// All roles, ascending.
    pub roles: Arc<[(RoleId, Permissions)]>,
    /// The channels that the user sees, ascending.
    pub channels: Arc<[Channel]>,
    /// How many members there are.
    pub member_count: u32,
    /// The members, ascending: all of them, or only the user's own.
    pub members: Arc<[(UserId, Arc<[RoleId]>)]>,
}

/// A message as its author sent it, with the id that the guild gave it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Message {
    /// Grows with the position.
    pub id: MessageId,
    /// Where it was said.
    pub channel: ChannelId,
    /// Who said it.
    pub author: UserId,
    /// The author's name for the act.
    pub nonce: Nonce,
    /// What was said; empty where it is blanked.
    pub content: Arc<str>,
    /// Whom it names, ascending.
    #[serde(default)]
    pub mentions: Arc<[UserId]>,
}

impl Message {
    /// Whether `user` may read it without the intent MESSAGE_CONTENT.
    #[must_use]
    pub fn concerns(&self, user: UserId) -> bool {
        self.author == user || self.mentions.contains(&user)
    }

    /// The same without what it says.
    #[must_use]
    pub fn blanked(&self) -> Self {
        Self { content: Arc::default(), ..self.clone() }
    }
}

impl Dispatch {
    /// A dispatch that tells of no guild.
    #[must_use]
    pub fn private(body: Body) -> Self {
        Self { source: None, bytes: estimate(&body), body }
    }

    /// The `nth` dispatch of the rendering of the event at `position`.
    #[must_use]
    pub fn of(guild: GuildId, position: Position, nth: u8, body: Body) -> Self {
        Self { source: Some(Source { guild, position, nth }), bytes: estimate(&body), body }
    }
}

impl Body {
    /// The name that the gateway gives this event.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ready(_) => "READY",
            Self::Resumed => "RESUMED",
            Self::GuildCreate(_) => "GUILD_CREATE",
            Self::GuildUnavailable | Self::GuildDelete => "GUILD_DELETE",
            Self::GuildUpdate { .. } => "GUILD_UPDATE",
            Self::RoleCreate { .. } => "GUILD_ROLE_CREATE",
            Self::RoleUpdate { .. } => "GUILD_ROLE_UPDATE",
            Self::RoleDelete { .. } => "GUILD_ROLE_DELETE",
            Self::ChannelCreate(_) => "CHANNEL_CREATE",
            Self::ChannelUpdate(_) => "CHANNEL_UPDATE",
            Self::ChannelDelete { .. } => "CHANNEL_DELETE",
            Self::MemberAdd { .. } => "GUILD_MEMBER_ADD",
            Self::MemberUpdate { .. } => "GUILD_MEMBER_UPDATE",
            Self::MemberRemove { .. } => "GUILD_MEMBER_REMOVE",
            Self::MessageCreate(_) => "MESSAGE_CREATE",
            Self::MessageUpdate(_) => "MESSAGE_UPDATE",
            Self::MessageDelete { .. } => "MESSAGE_DELETE",
            Self::TypingStart { .. } => "TYPING_START",
        }
    }
}

/// Roughly the bytes of JSON of the smallest payload of this kind that real clients accept.
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
