//! Messages between nodes, journals and the directory, and the trait of the bus that carries them.
//!
//! A bus may lose, delay, duplicate and reorder messages (CONTRACT, F2); every sender retransmits.
//! It must not block: a message that does not fit into the receiver's inbox is dropped.

mod in_process;
mod size;

use guildhall_core::directory::{self, DirectoryEvent};
use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::journal::{Command, Reply};
use guildhall_core::peer::PeerMessage;

pub use in_process::InProcessBus;

/// A sender or receiver of messages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Endpoint {
    /// A node.
    Node(NodeId),
    /// The journal of a guild.
    Journal(GuildId),
    /// The directory.
    Directory,
}

/// A message on the bus.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BusMessage {
    /// From a node to a node.
    Peer(PeerMessage),
    /// From a node to a journal.
    JournalCommand(Command),
    /// From a journal to a node.
    JournalReply(Reply),
    /// From a node to the directory.
    DirectoryRequest(directory::Input),
    /// From the directory to a node.
    DirectoryEvent(DirectoryEvent),
    /// To a node, from the placement of guilds: the node is to own this guild.
    OwnGuild(GuildId),
    /// To a node, from failure detection: that node is reported to have crashed. The report may be
    /// late, duplicated or wrong.
    NodeDown(NodeId),
    /// To a node, a journal or the directory, from its operator: count everything that you keep.
    Census,
}

/// A message with its sender.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// The sender.
    pub from: Endpoint,
    /// The message.
    pub message: BusMessage,
    /// The number of the step that sent it, or 0 if no step did.
    pub cause: u64,
}

/// Carries messages between endpoints.
pub trait Bus: Clone + Send + Sync + 'static {
    /// Sends a message. Whether it arrives is not reported.
    fn send(&self, to: Endpoint, envelope: Envelope);
}
