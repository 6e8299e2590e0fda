//! What nodes say to each other: the stream of a guild, and the requests that lead to it.
//!
//! Each message stands alone: it may arrive late, twice, out of order or not at all, and whoever
//! reads it must be able to tell (PROTOCOL, rules 8–14). What an owner says bears the epoch of the
//! sender, on which it is fenced, apart from that of any record in it (rule 22).

use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::event::{Channel, Record};
use crate::id::{Epoch, GuildId, NodeId, Port, Position, RoleId, UserId};
use crate::permission::Permissions;
use crate::request::{Answer, Request};
use crate::time::Instant;

/// One relay, for ever: a node's relays are numbered as they are opened, over its restarts too, so
/// a late word of a closed relay never speaks for its successor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct RelayId {
    /// Where it lives.
    pub node: NodeId,
    /// Which of that node's; those of a later start of the node are higher.
    pub serial: u64,
}

/// A word from one node to another about one guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum PeerMessage {
    /// A relay without state wants the stream, and a snapshot to begin with.
    Subscribe {
        /// Of which guild.
        guild: GuildId,
        /// Who.
        relay: RelayId,
    },
    /// A relay wants no more of the stream.
    Unsubscribe {
        /// Of which guild.
        guild: GuildId,
        /// Who.
        relay: RelayId,
    },
    /// A relay wants the stream, and everything of it after `from`.
    CatchUp {
        /// Of which guild.
        guild: GuildId,
        /// Who.
        relay: RelayId,
        /// The last position that it has.
        from: Position,
    },
    /// One piece of a guild's state.
    Chunk {
        /// For whom.
        relay: RelayId,
        /// The owner's incarnation.
        sender: Epoch,
        /// The piece.
        chunk: Arc<Chunk>,
    },
    /// One event.
    Stream {
        /// For whom.
        relay: RelayId,
        /// Of which guild.
        guild: GuildId,
        /// The owner's incarnation.
        sender: Epoch,
        /// The event.
        record: Arc<Record>,
    },
    /// To every node, again and again: who owns the guild, and the last position emitted.
    Tip {
        /// Of which guild.
        guild: GuildId,
        /// The owner's incarnation.
        sender: Epoch,
        /// The position.
        position: Position,
        /// When it was sent, by the owner's own clock.
        sent: Instant,
    },
    /// An act, on its way to the owner.
    Request {
        /// Where the answer goes back to, at the node that sent this.
        port: Port,
        /// How often that node had been started: what it asked before, it does not know any more.
        boot: u32,
        /// The incarnation that it is meant for (PROTOCOL, rule 17).
        epoch: Epoch,
        /// When the owner sent the last tip that the sender has heard, by the owner's own clock (D5).
        heard: Instant,
        /// The act.
        request: Request,
    },
    /// An answer, on its way back.
    Answer {
        /// Whom to tell.
        port: Port,
        /// How often the node that asked had been started.
        boot: u32,
        /// The owner's incarnation.
        sender: Epoch,
        /// The answer.
        answer: Answer,
    },
}

/// A piece of a guild's state at one position (B3: no piece is larger than a limit allows).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Chunk {
    /// Of which guild.
    pub guild: GuildId,
    /// The state includes everything up to here.
    pub position: Position,
    /// Whoever stands here or later can catch up by events, and has no use for the state
    /// (PROTOCOL, rule 13).
    pub reach: Position,
    /// Which piece, from 0.
    pub nth: u32,
    /// Of how many.
    pub of: u32,
    /// Who owns the guild.
    pub owner: UserId,
    /// Whether it is no more.
    pub deleted: bool,
    /// Roles, ascending.
    pub roles: Vec<(RoleId, Permissions)>,
    /// Channels, ascending.
    pub channels: Vec<Channel>,
    /// Members, ascending.
    pub members: Vec<(UserId, Arc<[RoleId]>)>,
}

impl Chunk {
    /// How many entries it has (B3).
    #[must_use]
    pub fn entries(&self) -> usize {
        self.roles.len() + self.channels.len() + self.members.len()
    }
}
