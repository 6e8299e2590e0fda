//! Whether the nodes, the journals, the directory, the links between them and the lines of clients
//! are well, and since when.
//!
//! Clauses that say how soon something happens hold while all that it needs is well. They share
//! this predicate. It must not judge.

use std::collections::{BTreeMap, BTreeSet};

use guildhall_core::id::{GuildId, NodeId, Port};
use guildhall_core::limits::{Limits, PLACED_WITHIN};
use guildhall_core::time::{Instant, Span};

use super::Facts;
use crate::cast::{Endpoint, FaultPart, Reach, Strain};

/// The faults in force and those that are over, and when nodes and guilds last came up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weather {
    /// The lasting faults in force, by their index in the plan.
    faults: BTreeSet<u32>,
    /// When each lasting fault ended.
    over: BTreeMap<u32, Instant>,
    /// When each node restarted.
    started: BTreeMap<NodeId, Instant>,
    /// When the last owner of each guild began to serve it.
    served: BTreeMap<GuildId, Instant>,
    /// When the line of each client last broke.
    broke: BTreeMap<Port, Instant>,
}

/// What has to be well.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Site {
    /// Every node and journal, the directory, and the links between them. A hand-off may need all of
    /// it, and no client.
    Cluster,
    /// Two nodes, the journal of a guild, the directory, and the links between them.
    Between([NodeId; 2], GuildId),
    /// The way of a client's requests: its line, two nodes, the journal of a guild, the directory,
    /// and the links between them.
    Way(Port, [NodeId; 2], GuildId),
}

impl Site {
    fn has_node(self, node: NodeId) -> bool {
        match self {
            Self::Cluster => true,
            Self::Between(nodes, _) | Self::Way(_, nodes, _) => nodes.contains(&node),
        }
    }

    fn has_guild(self, guild: GuildId) -> bool {
        match self {
            Self::Cluster => true,
            Self::Between(_, of) | Self::Way(_, _, of) => of == guild,
        }
    }

    fn has_client(self, client: Port) -> bool {
        match self {
            Self::Cluster | Self::Between(..) => false,
            Self::Way(of, ..) => of == client,
        }
    }

    fn has_end(self, end: Endpoint) -> bool {
        match end {
            Endpoint::Node(node) => self.has_node(node),
            Endpoint::Journal(guild) => self.has_guild(guild),
            Endpoint::Nodes | Endpoint::Journals | Endpoint::Directory => true,
        }
    }

    fn is_impaired_by(self, reach: Reach) -> bool {
        match reach {
            Reach::Everything => true,
            Reach::Node(node) => self.has_node(node),
            Reach::Guild(guild) => self.has_guild(guild),
            Reach::Link(from, to) => self.has_end(from) && self.has_end(to),
            Reach::Client(client) => self.has_client(client),
        }
    }
}

impl Weather {
    /// Records that a fault of the plan begins.
    pub(crate) fn begins(&mut self, index: u32, strain: Strain) {
        if strain == Strain::Lasting {
            self.faults.insert(index);
        }
    }

    /// Records that a fault of the plan has ended.
    pub(crate) fn ends(&mut self, index: u32, at: Instant) {
        if self.faults.remove(&index) {
            self.over.insert(index, at);
        }
    }

    /// Records that a node has restarted.
    pub(crate) fn starts(&mut self, node: NodeId, at: Instant) {
        self.started.insert(node, at);
    }

    /// Records that a node serves a guild from now on.
    pub(crate) fn serves(&mut self, guild: GuildId, at: Instant) {
        self.served.insert(guild, at);
    }

    /// Records that the line of a client breaks: what was under way on it is lost.
    pub(crate) fn breaks(&mut self, client: Port, at: Instant) {
        self.broke.insert(client, at);
    }

    /// When the line of a client last broke, if it did.
    pub(crate) fn broke(&self, client: Port) -> Option<Instant> {
        self.broke.get(&client).copied()
    }

    /// When a node last restarted.
    pub(crate) fn started(&self, node: NodeId) -> Instant {
        self.started.get(&node).copied().unwrap_or_default()
    }

    /// When the last owner of a guild began to serve it.
    pub(crate) fn served(&self, guild: GuildId) -> Instant {
        self.served.get(&guild).copied().unwrap_or_default()
    }
}

impl Facts {
    /// What the faults of the plan do, by their index.
    fn fault(&self, index: u32) -> FaultPart {
        self.cast.faults.get(index as usize).copied().unwrap_or_default()
    }

    /// The strain of a fault of the plan.
    pub(crate) fn strain(&self, index: u32) -> Strain {
        self.fault(index).strain
    }

    /// The client whose line a fault of the plan breaks, for an instant.
    pub(crate) fn breaks_line(&self, index: u32) -> Option<Port> {
        match self.fault(index) {
            FaultPart { strain: Strain::Moment, reach: Reach::Client(client), .. } => Some(client),
            FaultPart { .. } => None,
        }
    }

    /// Whether a fault of the plan affects the cluster, if only for an instant.
    pub(crate) fn strikes_cluster(&self, index: u32) -> bool {
        let fault = self.fault(index);
        fault.strain != Strain::None && Site::Cluster.is_impaired_by(fault.reach)
    }

    /// The node that serves a guild in its newest epoch.
    pub(crate) fn owner(&self, guild: GuildId) -> Option<NodeId> {
        let epoch = self.ledger.guild(guild)?.epoch;
        self.owners.of(guild).find(|(_, serves)| *serves == epoch).map(|(node, _)| node)
    }

    /// Until when a lasting fault has impaired a node itself, or the line of a client.
    pub(crate) fn impaired_until(&self, node: NodeId, now: Instant) -> Instant {
        let reaches = |index: &u32| match self.fault(*index).reach {
            Reach::Everything => true,
            Reach::Node(reached) => reached == node,
            Reach::Client(_) => true,
            Reach::Guild(_) | Reach::Link(..) => false,
        };
        if self.weather.faults.iter().any(reaches) {
            return now;
        }
        let over = self.weather.over.iter().filter(|(index, _)| reaches(index));
        over.map(|(_, at)| *at).max().unwrap_or_default()
    }

    /// The owner of a guild, and since when it has served it, with that node and another one up.
    pub(crate) fn serving(&self, node: NodeId, guild: GuildId) -> Option<(NodeId, Instant)> {
        let owner = self.owner(guild)?;
        let weather = &self.weather;
        let up = weather.started(node).max(weather.started(owner)).max(weather.served(guild));
        Some((owner, up))
    }

    /// Since when a site has been well, the aftermath of faults included. `None` if it is not well.
    pub(crate) fn well_since(&self, site: Site) -> Option<Instant> {
        let impairs = |index: &u32| site.is_impaired_by(self.fault(*index).reach);
        let has_node = |node: NodeId| site.has_node(node);
        if self.weather.faults.iter().any(impairs)
            || self.down.iter().any(|node| has_node(*node))
            || self.stops.nodes().any(has_node)
        {
            return None;
        }
        let aftermath = aftermath(&self.cast.limits);
        let over = self.weather.over.iter().filter(|(index, _)| impairs(index));
        let well = over.map(|(index, at)| *at + self.fault(*index).outlasts + aftermath);
        Some(well.max().unwrap_or_default())
    }
}

/// How long a fault has effects after its end. A guild may still need an owner, and the owner's
/// node may have backed off from its journal. The owner then confirms its epoch, and sends a tip to
/// every node. What was lost on the way to the directory is sent again.
fn aftermath(limits: &Limits) -> Span {
    PLACED_WITHIN
        + limits.opening_again()
        + limits.confirm_every
        + limits.tip_every
        + limits.ask_again
}
