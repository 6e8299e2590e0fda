//! Messages between nodes: the stream of a guild, and requests on their way to its owner.
//!
//! A message may arrive late, twice, out of order or never, and its receiver must cope with each
//! (PROTOCOL, rules 8–14). A message of an owner carries the epoch of its sender, by which the
//! receiver fences it, apart from the epoch of any record in it (rule 22).

use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::event::{Channel, Record};
use crate::id::{Epoch, GuildId, NodeId, Port, Position, RoleId, UserId};
use crate::permission::Role;
use crate::request::{Answer, Request};
use crate::time::{Instant, Wall};

/// The permanent id of a relay. A node numbers its relays as it opens them, across restarts too, so
/// that a late message about a closed relay never reaches its successor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct RelayId {
    /// The node that hosts it.
    pub node: NodeId,
    /// The serial number on that node; it is higher after a restart.
    pub serial: u64,
}

/// A message from one node to another about one guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum PeerMessage {
    /// A relay without state subscribes to the stream and asks for a snapshot.
    Subscribe {
        /// The guild.
        guild: GuildId,
        /// The relay.
        relay: RelayId,
    },
    /// A relay ends its subscription.
    Unsubscribe {
        /// The guild.
        guild: GuildId,
        /// The relay.
        relay: RelayId,
    },
    /// A relay subscribes to the stream and asks for every event after `from`.
    CatchUp {
        /// The guild.
        guild: GuildId,
        /// The relay.
        relay: RelayId,
        /// The last position that the relay has.
        from: Position,
    },
    /// One chunk of a guild's state.
    Chunk {
        /// The relay that asked.
        relay: RelayId,
        /// The epoch of the owner that sent it.
        sender: Epoch,
        /// The chunk.
        chunk: Arc<Chunk>,
    },
    /// One event of the stream.
    Stream {
        /// The subscribed relay.
        relay: RelayId,
        /// The guild.
        guild: GuildId,
        /// The epoch of the owner that sent it.
        sender: Epoch,
        /// The event's record.
        record: Arc<Record>,
    },
    /// The tip: who owns the guild, and the last position emitted. The owner sends it to every node
    /// periodically.
    Tip {
        /// The guild.
        guild: GuildId,
        /// The epoch of the owner that sent it.
        sender: Epoch,
        /// The last position emitted.
        position: Position,
        /// When the owner sent it, by the owner's clock.
        sent: Instant,
        /// The wall time of the owner's node.
        wall: Wall,
    },
    /// A request on its way to the owner.
    Request {
        /// The return address at the requesting node.
        port: Port,
        /// The number of the requesting node's start: it does not know what it asked before a
        /// restart.
        boot: u32,
        /// The epoch that the request is meant for (PROTOCOL, rule 17).
        epoch: Epoch,
        /// When the owner sent the last tip that the requesting node heard, by the owner's clock
        /// (CONTRACT, D5).
        heard: Instant,
        /// The wall time of the requesting node.
        wall: Wall,
        /// The request.
        request: Request,
    },
    /// An answer on its way to the requester.
    Answer {
        /// The return address of the request.
        port: Port,
        /// The start number of the request.
        boot: u32,
        /// The epoch of the owner that sent it.
        sender: Epoch,
        /// The answer.
        answer: Answer,
    },
}

/// A chunk of a guild's state at one position. It has at most `chunk_entries` entries (CONTRACT,
/// B3).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Chunk {
    /// The guild.
    pub guild: GuildId,
    /// The position of the last event that the state includes.
    pub position: Position,
    /// The first position from which the owner's ring can serve a catch-up. A relay at it or later
    /// ignores the state (PROTOCOL, rule 13).
    pub reach: Position,
    /// The index of this chunk, from 0.
    pub nth: u32,
    /// The number of chunks.
    pub of: u32,
    /// The user who owns the guild.
    pub owner: UserId,
    /// Whether the guild was deleted.
    pub deleted: bool,
    /// Roles, ascending by id.
    pub roles: Vec<(RoleId, Role)>,
    /// Channels, ascending by id.
    pub channels: Vec<Channel>,
    /// Members with their roles, ascending by id.
    pub members: Vec<(UserId, Arc<[RoleId]>)>,
}

impl Chunk {
    /// Returns the number of entries (CONTRACT, B3).
    #[must_use]
    pub fn entries(&self) -> usize {
        self.roles.len() + self.channels.len() + self.members.len()
    }
}
