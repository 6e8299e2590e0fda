//! What clients do, in names.

use std::sync::Arc;

use guildhall_core::time::Instant;
use serde::{Deserialize, Serialize};

use super::parts::OverwritePlan;
use super::powers::PermissionNames;

/// What a client does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActionPlan {
    /// When.
    pub at: Instant,
    /// Who.
    pub client: String,
    /// What.
    #[serde(flatten)]
    pub action: ClientAction,
}

/// What a client can do. Channels and roles are named `guild/name`, users by their clients.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum ClientAction {
    /// Say something.
    Say {
        /// Where.
        to: String,
        /// What.
        text: Arc<str>,
        /// Whom it names.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<String>,
    },
    /// Have something that was said read otherwise.
    Edit {
        /// What.
        #[serde(flatten)]
        said: MessageRef,
        /// How it reads from now on.
        text: Arc<str>,
    },
    /// Delete something that was said.
    Delete {
        /// What.
        #[serde(flatten)]
        said: MessageRef,
    },
    /// Show that one is about to say something.
    Type {
        /// Where.
        to: String,
    },
    /// Become a member.
    Join {
        /// Of which guild.
        guild: String,
    },
    /// Cease to be a member.
    Leave {
        /// Of which guild.
        guild: String,
    },
    /// Remove a member.
    Kick {
        /// From which guild.
        guild: String,
        /// Whom.
        user: String,
    },
    /// Remove a member for good.
    Ban {
        /// From which guild.
        guild: String,
        /// Whom.
        user: String,
    },
    /// Let somebody come back.
    Unban {
        /// To which guild.
        guild: String,
        /// Whom.
        user: String,
    },
    /// Give a member just these roles.
    SetRoles {
        /// In which guild.
        guild: String,
        /// To whom.
        user: String,
        /// Which, without their guild.
        roles: Vec<String>,
    },
    /// Make a role.
    CreateRole {
        /// Its name.
        role: String,
        /// What it gives.
        #[serde(default)]
        permissions: PermissionNames,
    },
    /// Have a role give something else.
    ChangeRole {
        /// Its name.
        role: String,
        /// What it gives from now on.
        #[serde(default)]
        permissions: PermissionNames,
    },
    /// Delete a role.
    DeleteRole {
        /// Its name.
        role: String,
    },
    /// Make a channel.
    CreateChannel {
        /// Its name.
        channel: String,
        /// What it takes from whom and gives to whom.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        overwrites: Vec<OverwritePlan>,
    },
    /// Change who may do what in a channel.
    ChangeChannel {
        /// Its name.
        channel: String,
        /// All that it takes and gives from now on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        overwrites: Vec<OverwritePlan>,
    },
    /// Delete a channel.
    DeleteChannel {
        /// Its name.
        channel: String,
    },
    /// Give a guild to another member.
    Transfer {
        /// Which.
        guild: String,
        /// To whom.
        user: String,
    },
    /// Delete a guild.
    DeleteGuild {
        /// Which.
        guild: String,
    },
    /// Give up its session.
    Quit,
    /// Start again after it has quit.
    Start,
}

/// Something that was said: by whom, and how many of that client's sayings ago. Of what was never said
/// nothing is asked.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct MessageRef {
    /// Who said it; whoever acts, if nobody is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// How many things the same client has said since, up to this act; 0 is the last one.
    #[serde(default, skip_serializing_if = "is_last")]
    pub back: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_last(back: &u32) -> bool {
    *back == 0
}

impl ClientAction {
    /// The channel that it makes, and the role, if it makes one: `guild/name`.
    #[must_use]
    pub fn makes(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::CreateChannel { channel, .. } => (Some(channel), None),
            Self::CreateRole { role, .. } => (None, Some(role)),
            Self::Say { .. }
            | Self::Edit { .. }
            | Self::Delete { .. }
            | Self::Type { .. }
            | Self::Join { .. }
            | Self::Leave { .. }
            | Self::Kick { .. }
            | Self::Ban { .. }
            | Self::Unban { .. }
            | Self::SetRoles { .. }
            | Self::ChangeRole { .. }
            | Self::DeleteRole { .. }
            | Self::ChangeChannel { .. }
            | Self::DeleteChannel { .. }
            | Self::Transfer { .. }
            | Self::DeleteGuild { .. }
            | Self::Quit
            | Self::Start => (None, None),
        }
    }
}
