//! The actions of clients, with participants by name.

use std::sync::Arc;

use guildhall_core::time::Instant;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parts::OverwritePlan;
use super::powers::PermissionNames;
use crate::schema::Time;

/// An action of a client.
#[derive(Clone, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
pub struct ActionPlan {
    /// The time.
    #[schemars(with = "Time")]
    pub at: Instant,
    /// The client.
    pub client: String,
    /// The action.
    #[serde(flatten)]
    pub action: ClientAction,
}

impl ActionPlan {
    /// The keys that all kinds of actions have.
    pub(crate) const KEYS: [&str; 3] = ["at", "client", "do"];
}

/// The kinds of actions. Channels and roles are named `guild/name`, users by their clients.
///
/// A message is named by its author and its distance from the author's last message. An action that
/// names a message that was never sent makes no request.
#[derive(Clone, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do", deny_unknown_fields)]
pub enum ClientAction {
    /// Sends a message.
    Say {
        /// The channel.
        to: String,
        /// The content.
        text: Arc<str>,
        /// The clients whose users it mentions.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<String>,
    },
    /// Edits a message.
    Edit {
        /// The author of the message. Without it, the acting client.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<String>,
        /// How many messages the author has sent after it, up to this action. 0 is the last message.
        #[serde(default, skip_serializing_if = "is_last")]
        back: u32,
        /// The new content.
        text: Arc<str>,
        /// The clients whose users it mentions from now on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<String>,
    },
    /// Deletes a message.
    Delete {
        /// The author of the message. Without it, the acting client.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<String>,
        /// How many messages the author has sent after it, up to this action. 0 is the last message.
        #[serde(default, skip_serializing_if = "is_last")]
        back: u32,
    },
    /// Reacts to a message.
    React {
        /// The author of the message. Without it, the acting client.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<String>,
        /// How many messages the author has sent after it, up to this action. 0 is the last message.
        #[serde(default, skip_serializing_if = "is_last")]
        back: u32,
        /// The emoji.
        emoji: Arc<str>,
    },
    /// Removes the user's own reaction to a message.
    Unreact {
        /// The author of the message. Without it, the acting client.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<String>,
        /// How many messages the author has sent after it, up to this action. 0 is the last message.
        #[serde(default, skip_serializing_if = "is_last")]
        back: u32,
        /// The emoji.
        emoji: Arc<str>,
    },
    /// Sends a typing indicator.
    Type {
        /// The channel.
        to: String,
    },
    /// Joins a guild.
    Join {
        /// The guild.
        guild: String,
    },
    /// Leaves a guild.
    Leave {
        /// The guild.
        guild: String,
    },
    /// Kicks a member.
    Kick {
        /// The guild.
        guild: String,
        /// The member.
        user: String,
    },
    /// Bans a member.
    Ban {
        /// The guild.
        guild: String,
        /// The member.
        user: String,
    },
    /// Lifts a ban.
    Unban {
        /// The guild.
        guild: String,
        /// The banned user.
        user: String,
    },
    /// Replaces the roles of a member.
    SetRoles {
        /// The guild.
        guild: String,
        /// The member.
        user: String,
        /// The new roles, without the name of the guild.
        roles: Vec<String>,
    },
    /// Creates a role, at position 1.
    CreateRole {
        /// The name.
        role: String,
        /// The permissions.
        #[serde(default)]
        permissions: PermissionNames,
    },
    /// Changes the permissions of a role.
    ChangeRole {
        /// The role.
        role: String,
        /// The new permissions.
        #[serde(default)]
        permissions: PermissionNames,
    },
    /// Moves a role.
    MoveRole {
        /// The role.
        role: String,
        /// The new position; a higher one outranks a lower one. The guild refuses 0.
        position: u16,
    },
    /// Deletes a role.
    DeleteRole {
        /// The role.
        role: String,
    },
    /// Creates a channel.
    CreateChannel {
        /// The name.
        channel: String,
        /// The permission overwrites.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        overwrites: Vec<OverwritePlan>,
    },
    /// Replaces the permission overwrites of a channel.
    ChangeChannel {
        /// The channel.
        channel: String,
        /// The new overwrites.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        overwrites: Vec<OverwritePlan>,
    },
    /// Deletes a channel.
    DeleteChannel {
        /// The channel.
        channel: String,
    },
    /// Transfers a guild to another member.
    Transfer {
        /// The guild.
        guild: String,
        /// The new owner.
        user: String,
    },
    /// Deletes a guild.
    DeleteGuild {
        /// The guild.
        guild: String,
    },
    /// Ends the client's session and stops the client.
    Quit {
        /// The close code: 1000, or 1001 if the user goes away.
        #[schemars(extend("default" = normal()))]
        #[serde(default = "normal", skip_serializing_if = "is_normal")]
        code: u16,
    },
    /// Starts the client after it has quit.
    Start,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_last(back: &u32) -> bool {
    *back == 0
}

/// The close code of a client that is done.
const fn normal() -> u16 {
    1000
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_normal(code: &u16) -> bool {
    *code == normal()
}

impl ClientAction {
    /// Returns the channel or role that the action creates, as `guild/name`.
    #[must_use]
    pub fn makes(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::CreateChannel { channel, .. } => (Some(channel), None),
            Self::CreateRole { role, .. } => (None, Some(role)),
            Self::Say { .. }
            | Self::Edit { .. }
            | Self::Delete { .. }
            | Self::React { .. }
            | Self::Unreact { .. }
            | Self::Type { .. }
            | Self::Join { .. }
            | Self::Leave { .. }
            | Self::Kick { .. }
            | Self::Ban { .. }
            | Self::Unban { .. }
            | Self::SetRoles { .. }
            | Self::ChangeRole { .. }
            | Self::MoveRole { .. }
            | Self::DeleteRole { .. }
            | Self::ChangeChannel { .. }
            | Self::DeleteChannel { .. }
            | Self::Transfer { .. }
            | Self::DeleteGuild { .. }
            | Self::Quit { .. }
            | Self::Start => (None, None),
        }
    }
}
