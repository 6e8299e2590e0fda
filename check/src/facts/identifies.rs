//! The pending IDENTIFYs, which wait for the directory, with the facts at their arrival.

use std::collections::{BTreeMap, BTreeSet};

use guildhall_core::frame::Identify;
use guildhall_core::id::{Connection, GuildId, NodeId, Position, SessionId, Shard, UserId};

use crate::index::Index;

/// One IDENTIFY.
#[derive(Clone, Debug)]
pub(crate) struct PendingIdentify {
    pub(crate) identify: Identify,
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
    /// The guilds of which its user was a member, and the position of the last change of that.
    pub(crate) member: Vec<(GuildId, Option<Position>)>,
    /// The position of each guild that the node knew of.
    pub(crate) heard: Vec<(GuildId, Position)>,
}

/// All pending IDENTIFYs.
#[derive(Clone, Debug, Default)]
pub(crate) struct PendingIdentifies {
    waiting: Index<(NodeId, Connection), PendingIdentify>,
    /// All users and shards that ever identified at a node, and their number for each node.
    ever: BTreeSet<(NodeId, UserId, Shard)>,
    counts: BTreeMap<NodeId, u64>,
}

impl PendingIdentifies {
    pub(crate) fn get(&self, node: NodeId, on: Connection) -> Option<&PendingIdentify> {
        self.waiting.get(&(node, on))
    }

    pub(crate) fn begin(&mut self, node: NodeId, on: Connection, waiting: PendingIdentify) {
        if self.ever.insert((node, waiting.user, waiting.identify.shard)) {
            *self.counts.entry(node).or_default() += 1;
        }
        self.waiting.insert((node, on), waiting);
    }

    pub(crate) fn end(&mut self, node: NodeId, on: Connection) -> Option<PendingIdentify> {
        self.waiting.swap_remove(&(node, on))
    }

    pub(crate) fn crash(&mut self, node: NodeId) {
        self.waiting.retain(|(at, _), _| *at != node);
    }

    /// The number of pairs of user and shard that ever identified at a node.
    pub(crate) fn identified(&self, node: NodeId) -> u64 {
        self.counts.get(&node).copied().unwrap_or(0)
    }

    /// The users whose IDENTIFYs are pending at a node.
    pub(crate) fn users(&self, node: NodeId) -> impl Iterator<Item = UserId> {
        self.waiting.iter().filter(move |((at, _), _)| *at == node).map(|(_, it)| it.user)
    }

    /// The number of IDENTIFYs that are pending at a node.
    pub(crate) fn count(&self, node: NodeId) -> u64 {
        self.waiting.iter().filter(|((at, _), _)| *at == node).count() as u64
    }
}
