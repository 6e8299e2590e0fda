//! Configuration that is fixed for the life of a cluster: the accounts, the nodes and the guilds.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::{GuildId, NodeId, Token, UserId};

/// The configuration of the cluster. Every node gets the same value.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct ClusterConfig {
    /// The user behind each login token.
    pub accounts: BTreeMap<Token, UserId>,
    /// All nodes, ascending, running or not.
    pub nodes: Vec<NodeId>,
    /// All guilds, deleted or not.
    pub guilds: BTreeSet<GuildId>,
}
