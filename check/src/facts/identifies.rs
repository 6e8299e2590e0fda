//! IDENTIFYs that wait for the directory, with what was known when they came.

use std::collections::{BTreeMap, BTreeSet};

use guildhall_core::frame::Identify;
use guildhall_core::id::{Connection, GuildId, NodeId, Position, SessionId, Shard, UserId};

/// One IDENTIFY.
#[derive(Clone, Debug)]
pub(crate) struct PendingIdentify {
    pub(crate) identify: Identify,
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
    /// The guilds in which its user was a member, and where that had last changed.
    pub(crate) member: Vec<(GuildId, Option<Position>)>,
    /// What its node had heard of each guild.
    pub(crate) heard: Vec<(GuildId, Position)>,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct PendingIdentifies {
    waiting: BTreeMap<(NodeId, Connection), PendingIdentify>,
    /// All who ever identified at a node, and how many there are of each node.
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
        self.waiting.remove(&(node, on))
    }

    pub(crate) fn crash(&mut self, node: NodeId) {
        self.waiting.retain(|(at, _), _| *at != node);
    }

    /// How many pairs of user and shard ever identified at a node.
    pub(crate) fn identified(&self, node: NodeId) -> u64 {
        self.counts.get(&node).copied().unwrap_or(0)
    }

    /// How many wait at a node.
    pub(crate) fn count(&self, node: NodeId) -> u64 {
        self.waiting.iter().filter(|((at, _), _)| *at == node).count() as u64
    }
}
