//! Acts: what somebody asks of a guild, and what the guild answers.
//!
//! An act is named by its [`Origin`]; asking again under the same name is the same act (D5). The
//! machines that carry requests do not look inside.

use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::event::Channel;
use crate::id::{ChannelId, GuildId, Nonce, Position, RoleId, UserId};
use crate::permission::Permissions;

/// Who asks, and that user's own name for the act.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Origin {
    /// The author.
    pub user: UserId,
    /// The author's name for the act.
    pub nonce: Nonce,
}

/// One act asked of one guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Names the act.
    pub origin: Origin,
    /// Where it is to happen.
    pub guild: GuildId,
    /// Which attempt at it this copy is of, from 1. A refusal counts only for the latest
    /// (PROTOCOL, rule 19).
    #[serde(default)]
    pub attempt: u32,
    /// What is to happen.
    pub act: Act,
}

/// What can be asked, with the permission that it needs.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Act {
    /// Say something in a channel: SEND_MESSAGES there.
    Say {
        /// Where.
        channel: ChannelId,
        /// What.
        content: Arc<str>,
        /// Whom it names, ascending.
        #[serde(default)]
        mentions: Arc<[UserId]>,
    },
    /// Have something that one has said read otherwise: VIEW_CHANNEL where it was said.
    Edit {
        /// The act by which it was said.
        said: Origin,
        /// What it says now.
        content: Arc<str>,
    },
    /// Delete what was said: one's own, or with MANAGE_MESSAGES anybody's.
    Delete {
        /// The act by which it was said.
        said: Origin,
    },
    /// Show that one is about to say something: SEND_MESSAGES. Ephemeral, and has no answer.
    Type {
        /// Where.
        channel: ChannelId,
    },
    /// Become a member: anybody who is not banned.
    Join,
    /// Cease to be a member: anybody but the owner.
    Leave,
    /// Remove a member other than the owner: KICK_MEMBERS.
    Kick {
        /// Whom.
        user: UserId,
    },
    /// Remove a member other than the owner, for good: BAN_MEMBERS.
    Ban {
        /// Whom.
        user: UserId,
    },
    /// Let somebody come back: BAN_MEMBERS.
    Unban {
        /// Whom.
        user: UserId,
    },
    /// Give a member just these roles: MANAGE_ROLES.
    SetRoles {
        /// Whom.
        user: UserId,
        /// Which; that of everyone needs no mention.
        roles: Arc<[RoleId]>,
    },
    /// Make a role: MANAGE_ROLES.
    CreateRole {
        /// Its id, which no role of the guild has.
        role: RoleId,
        /// What it gives.
        permissions: Permissions,
    },
    /// Have a role give something else: MANAGE_ROLES.
    ChangeRole {
        /// Its id.
        role: RoleId,
        /// What it gives from now on.
        permissions: Permissions,
    },
    /// Delete a role, but not that of everyone: MANAGE_ROLES.
    DeleteRole {
        /// Its id.
        role: RoleId,
    },
    /// Make a channel: MANAGE_CHANNELS.
    CreateChannel(Channel),
    /// Change who may do what in a channel: MANAGE_CHANNELS there.
    ChangeChannel(Channel),
    /// Delete a channel: MANAGE_CHANNELS there.
    DeleteChannel {
        /// Its id.
        channel: ChannelId,
    },
    /// Give the guild to another member: the owner.
    Transfer {
        /// To whom.
        to: UserId,
    },
    /// Delete the guild: the owner.
    DeleteGuild,
}

impl Act {
    /// How much it says, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Say { content, mentions, .. } => content.len() as u64 + 8 * mentions.len() as u64,
            Self::Edit { content, .. } => content.len() as u64,
            Self::SetRoles { roles, .. } => 8 * roles.len() as u64,
            Self::CreateChannel(channel) | Self::ChangeChannel(channel) => {
                32 * channel.overwrites.len() as u64
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
            | Self::DeleteRole { .. }
            | Self::DeleteChannel { .. }
            | Self::Transfer { .. }
            | Self::DeleteGuild => 0,
        }
    }

    /// Whether it is told at most once, kept by nobody and answered by nobody.
    #[must_use]
    pub const fn is_ephemeral(&self) -> bool {
        matches!(self, Self::Type { .. })
    }
}

/// What became of an act. No answer at all means that it is not known (D5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// Which act.
    pub origin: Origin,
    /// In which guild.
    pub guild: GuildId,
    /// Which attempt this answers.
    #[serde(default)]
    pub attempt: u32,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of an act.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// It is committed, once and for ever, at this position.
    Done(Position),
    /// It will not happen.
    Refused {
        /// Why not.
        why: Refusal,
        /// The state that this was judged by; none where no guild was asked.
        at: Option<Position>,
    },
    /// This copy was not tried; another may be.
    Busy,
}

/// Why an act is refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Refusal {
    /// The token is not the author's.
    Unauthorized,
    /// There is no such guild, or not any more.
    NoSuchGuild,
    /// The author is not a member.
    NotAMember,
    /// The author is a member already.
    Member,
    /// The author must not come back.
    Banned,
    /// There is no such channel in the guild, or the author does not see it.
    NoSuchChannel,
    /// There is no such role in the guild.
    NoSuchRole,
    /// Nothing that is still known was said by that act, or the author does not see it.
    NoSuchMessage,
    /// Whom the act is about is not a member, or not banned.
    NoSuchUser,
    /// The author is not allowed to.
    Forbidden,
    /// The act is about the guild's owner, the role of everyone, or something that exists already.
    Taken,
    /// Everything is as the act would have it.
    NoChange,
    /// It says more than a message may hold.
    TooLong,
}
