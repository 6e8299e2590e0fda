//! Who takes part in a run: what a checker may know before the first step, and nothing else.

use std::sync::Arc;

use guildhall_core::directory::Directory;
use guildhall_core::id::{ChannelId, GuildId, NodeId, Port, UserId};
use guildhall_core::limits::Limits;

/// Everybody and everything that the plan names.
#[derive(Clone, Debug, Default)]
pub struct Cast {
    /// The bounds of the run.
    pub limits: Arc<Limits>,
    /// What the nodes know from the start.
    pub directory: Arc<Directory>,
    /// The nodes; the index is the [`NodeId`].
    pub nodes: Vec<String>,
    /// The guilds.
    pub guilds: Vec<GuildPart>,
    /// The clients; the index is the [`Port`].
    pub clients: Vec<ClientPart>,
}

/// A guild of the plan.
#[derive(Clone, Debug)]
pub struct GuildPart {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: GuildId,
    /// Its channels by name.
    pub channels: Vec<(String, ChannelId)>,
    /// Its members.
    pub members: Vec<UserId>,
}

/// A client of the plan.
#[derive(Clone, Debug)]
pub struct ClientPart {
    /// Its name.
    pub name: String,
    /// Its user.
    pub user: UserId,
    /// Whether it keeps the client's half of the contract (C1–C3).
    pub honest: bool,
}

impl Cast {
    /// The name of a node.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &str {
        self.nodes.get(usize::from(id.0)).map_or("?", String::as_str)
    }

    /// The name of a client.
    #[must_use]
    pub fn client(&self, port: Port) -> &str {
        self.clients.get(port.0 as usize).map_or("?", |part| part.name.as_str())
    }

    /// The name of a user: that of its first client.
    #[must_use]
    pub fn user(&self, user: UserId) -> &str {
        self.clients.iter().find(|part| part.user == user).map_or("?", |part| part.name.as_str())
    }

    /// The name of a guild.
    #[must_use]
    pub fn guild(&self, id: GuildId) -> &str {
        self.guilds.iter().find(|part| part.id == id).map_or("?", |part| part.name.as_str())
    }
}
