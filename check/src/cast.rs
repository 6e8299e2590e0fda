//! The participants of a run: everything that a checker may know before the first step.

mod bounds;
mod fault;

use std::sync::Arc;

use guildhall_core::cluster::ClusterConfig;
use guildhall_core::id::{ChannelId, GuildId, NodeId, Port, RoleId, UserId};
use guildhall_core::journal::Checkpoint;
use guildhall_core::limits::Limits;
use guildhall_core::time::Span;

pub use fault::{Endpoint, FaultPart, Reach, Strain};

/// The participants: everything that the plan names.
#[derive(Clone, Debug, Default)]
pub struct Cast {
    /// The bounds of the run.
    pub limits: Arc<Limits>,
    /// The cluster configuration, which every node has from the start.
    pub cluster: Arc<ClusterConfig>,
    /// The nodes; the index is the [`NodeId`].
    pub nodes: Vec<String>,
    /// The guilds.
    pub guilds: Vec<GuildPart>,
    /// The clients; the index is the [`Port`].
    pub clients: Vec<ClientPart>,
    /// The faults, in the order of the plan.
    pub faults: Vec<FaultPart>,
    /// The number of nodes that may stay gone for ever (F5).
    pub gone: usize,
    /// The maximum latency of a message between nodes and journals, or of a disk sync, without
    /// faults.
    pub trip: Span,
    /// The maximum latency of a message between a client and its node, without faults.
    pub client_trip: Span,
    /// The least bandwidth of a client's connection without faults, in bytes per second. `None` is
    /// unlimited.
    pub bandwidth: Option<u32>,
    /// The bytes that the buffers of a client's connection hold.
    pub window: u32,
    /// The number of requests that the plan makes.
    pub requests: usize,
}

/// A guild of the plan.
#[derive(Clone, Debug)]
pub struct GuildPart {
    /// The name.
    pub name: String,
    /// The id.
    pub id: GuildId,
    /// The channels by name.
    pub channels: Vec<(String, ChannelId)>,
    /// The roles by name.
    pub roles: Vec<(String, RoleId)>,
    /// The state of the guild before the first event.
    pub founding: Arc<Checkpoint>,
}

/// A client of the plan.
#[derive(Clone, Debug)]
pub struct ClientPart {
    /// The name.
    pub name: String,
    /// The user.
    pub user: UserId,
    /// The node that the client identifies at.
    pub home: NodeId,
    /// Whether the client keeps the client's half of the contract (C1–C3).
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

    /// The name of a user: the name of its first client.
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
