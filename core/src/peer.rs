//! What nodes say to each other: the stream of a guild, and the requests that lead to it.
//!
//! Each message stands alone: it may arrive late, twice, out of order or not at all, and whoever
//! reads it must be able to tell (PROTOCOL, rules 8–14).

use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::dispatch::Message;
use crate::id::{ChannelId, Epoch, GuildId, NodeId, Port, Position, UserId};
use crate::request::{Answer, Request};

/// One relay, for ever: a node's relays are numbered as they are opened and no number is used again,
/// so a late word of a closed relay never speaks for its successor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct RelayId {
    /// Where it lives.
    pub node: NodeId,
    /// Which of that node's.
    pub serial: u64,
}

/// One event of a guild's stream.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Its place.
    pub position: Position,
    /// The place before it in the stream; not always one less (PROTOCOL, rule 8).
    pub prev: Position,
    /// What happened.
    pub event: Event,
}

impl Record {
    /// Roughly the memory that it takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let Event::Message(message) = &self.event;
        96 + message.content.len() as u64
    }
}

/// What can happen in a guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Event {
    /// Something was said.
    Message(Message),
}

/// A word from one node to another about one guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum PeerMessage {
    /// A relay wants the stream, and a snapshot to begin with.
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
    /// A relay missed something: it wants everything after `from`.
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
        /// The owner's incarnation, on which the message is fenced (PROTOCOL, rule 22).
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
        /// The owner's incarnation, which is not always the record's.
        sender: Epoch,
        /// The event.
        record: Arc<Record>,
    },
    /// The last position that the owner has emitted.
    Tip {
        /// For whom.
        relay: RelayId,
        /// Of which guild.
        guild: GuildId,
        /// The owner's incarnation.
        sender: Epoch,
        /// The position.
        position: Position,
    },
    /// An act, on its way to the owner.
    Request {
        /// Where the answer goes back to, at the node that sent this.
        port: Port,
        /// The act.
        request: Request,
    },
    /// An answer, on its way back.
    Answer {
        /// Whom to tell.
        port: Port,
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
    /// Its channels, ascending.
    pub channels: alloc::vec::Vec<ChannelId>,
    /// Its members, ascending.
    pub members: alloc::vec::Vec<UserId>,
}
