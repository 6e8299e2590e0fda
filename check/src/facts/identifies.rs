//! The pending IDENTIFYs, which wait for the directory, with the facts at their arrival.

use guildhall_core::frame::Identify;
use guildhall_core::id::{Connection, GuildId, NodeId, Position, SessionId, UserId};

use crate::index::Index;

/// One IDENTIFY.
#[derive(Clone, Debug)]
pub(crate) struct PendingIdentify {
    pub(crate) identify: Identify,
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
    /// The mark of the question that the node has asked the directory for it.
    pub(crate) mark: Option<u64>,
    /// The guilds of which its user was a member, and the position of the last change of that.
    pub(crate) member: Vec<(GuildId, Option<Position>)>,
    /// The position of each guild that the node knew of.
    pub(crate) heard: Vec<(GuildId, Position)>,
}

/// All pending IDENTIFYs.
#[derive(Clone, Debug, Default)]
pub(crate) struct PendingIdentifies {
    waiting: Index<(NodeId, Connection), PendingIdentify>,
}

impl PendingIdentifies {
    pub(crate) fn get(&self, node: NodeId, on: Connection) -> Option<&PendingIdentify> {
        self.waiting.get(&(node, on))
    }

    pub(crate) fn begin(&mut self, node: NodeId, on: Connection, waiting: PendingIdentify) {
        self.waiting.insert((node, on), waiting);
    }

    /// Records that a node asks the directory for a pending IDENTIFY.
    pub(crate) fn asks(&mut self, node: NodeId, on: Connection, mark: u64) {
        if let Some(waiting) = self.waiting.get_mut(&(node, on)) {
            waiting.mark = Some(mark);
        }
    }

    /// A connection of a user that still waits, though what the node has asked for it is answered.
    pub(crate) fn answered(&self, node: NodeId, user: UserId, asked: u64) -> Option<Connection> {
        let found = self.waiting.iter().find(|((at, _), it)| {
            *at == node && it.user == user && it.mark.is_some_and(|mark| mark <= asked)
        });
        found.map(|((_, on), _)| *on)
    }

    pub(crate) fn end(&mut self, node: NodeId, on: Connection) -> Option<PendingIdentify> {
        self.waiting.swap_remove(&(node, on))
    }

    pub(crate) fn crash(&mut self, node: NodeId) {
        self.waiting.retain(|(at, _), _| *at != node);
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
