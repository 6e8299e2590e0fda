//! What every node is told when it is started, and does not change: the login secrets and the nodes.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::{NodeId, Token, UserId};

/// The same value for every node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Realm {
    /// The user behind each login token.
    pub accounts: BTreeMap<Token, UserId>,
    /// All nodes, ascending, whether or not they run.
    pub nodes: Vec<NodeId>,
}
