//! The participants of a run: what a checker may know before the first step, and nothing else.

use std::sync::Arc;

use guildhall_core::cluster::ClusterConfig;
use guildhall_core::id::{ChannelId, GuildId, NodeId, Port, RoleId, UserId};
use guildhall_core::journal::Checkpoint;
use guildhall_core::limits::Limits;
use guildhall_core::time::Span;

/// The participants: everything that the plan names.
#[derive(Clone, Debug, Default)]
pub struct Cast {
    /// The bounds of the run.
    pub limits: Arc<Limits>,
    /// What every node knows from the start.
    pub cluster: Arc<ClusterConfig>,
    /// The nodes; the index is the [`NodeId`].
    pub nodes: Vec<String>,
    /// The guilds.
    pub guilds: Vec<GuildPart>,
    /// The clients; the index is the [`Port`].
    pub clients: Vec<ClientPart>,
    /// What each fault of the plan does to guilds, by its place there.
    pub strains: Vec<Strain>,
    /// How long a message between nodes and journals takes at most, or a sync, where nothing strikes
    /// them.
    pub trip: Span,
}

/// What a fault does to nodes, to journals and to the links between them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Strain {
    /// All goes on as it was; a planned stop is none either.
    None,
    /// Something is changed in an instant.
    Moment,
    /// Something is impaired until the fault ends. An unknown fault counts as this.
    #[default]
    Lasting,
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
    /// Its roles by name.
    pub roles: Vec<(String, RoleId)>,
    /// What it is before anything happens to it.
    pub founding: Arc<Checkpoint>,
}

/// A client of the plan.
#[derive(Clone, Debug)]
pub struct ClientPart {
    /// Its name.
    pub name: String,
    /// Its user.
    pub user: UserId,
    /// The node that it identifies at.
    pub home: NodeId,
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

    /// The name of a channel.
    #[must_use]
    pub fn channel(&self, id: ChannelId) -> String {
        let named = self.guilds.iter().flat_map(|part| &part.channels);
        let name = named.clone().find(|(_, channel)| *channel == id).map(|(name, _)| name.clone());
        name.unwrap_or_else(|| format!("channel {}", id.0))
    }

    /// The name of a guild.
    #[must_use]
    pub fn guild(&self, id: GuildId) -> &str {
        self.guilds.iter().find(|part| part.id == id).map_or("?", |part| part.name.as_str())
    }
}
