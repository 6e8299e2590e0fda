//! The census: a count of everything that a machine keeps, one line per table, queue, buffer and
//! timer.
//!
//! Everything that a machine keeps appears here; what does not would have no limit (CONTRACT, B1).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::NodeId;

/// A kind of thing that a machine keeps. Its bound is a field of [`Limits`](crate::limits::Limits),
/// or the bound of the table that it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Table {
    /// Open connections.
    Connections,
    /// Sessions that have not ended.
    Sessions,
    /// Sessions without a connection.
    DetachedSessions,
    /// Guilds for which a session still waits for its GUILD_CREATE, summed over sessions.
    Introductions,
    /// Dispatches kept for a RESUME, summed over sessions.
    Replay,
    /// Dispatches kept for a RESUME, in the session that keeps the most.
    LongestReplay,
    /// Dispatches not yet written to an attached connection, summed over sessions.
    Unsent,
    /// Unsent live dispatches, on the connection that has the most.
    MostLiveUnsent,
    /// Identify buckets that are closed.
    Buckets,
    /// Relays.
    Relays,
    /// Subscriptions of sessions to relays: one per session and guild.
    Recipients,
    /// Sessions in the relay that has the most.
    FullestRelay,
    /// Dispatches in the logs of relays.
    Logs,
    /// Chunks of incomplete snapshots.
    Pieces,
    /// Relays that wait for a guild's answer to a subscribe or catch-up message.
    Asking,
    /// Guilds that the node owns.
    Guilds,
    /// Relays subscribed to a guild that the node owns.
    Followers,
    /// Events in the catch-up rings of guilds.
    CatchUpRing,
    /// Nonces that guilds remember.
    Nonces,
    /// Messages that guilds remember, so that they can be edited and deleted.
    Messages,
    /// Reactions to the messages that guilds remember.
    Reactions,
    /// Channels of guilds.
    Channels,
    /// Roles of guilds.
    Roles,
    /// Permission overwrites of the channels of guilds.
    Overwrites,
    /// Members of guilds.
    Members,
    /// Users that guilds have banned.
    Bans,
    /// Entries in the exit queues of guilds that wait for the journal.
    Unsynced,
    /// Users whose entry or removal guilds have requested and the directory has not yet confirmed.
    Directed,
    /// Guilds whose owner the node knows.
    Contacts,
    /// Users who have sessions on the node, or whose IDENTIFY is in progress.
    Users,
    /// Connections whose IDENTIFY waits for the directory to list the user's guilds.
    Identifying,
    /// Armed timers.
    Timers,
    /// Requests of a client that have no answer yet.
    OpenRequests,
}

/// One line of a census.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Line {
    /// The table that is counted.
    pub table: Table,
    /// The number of entries.
    pub count: u64,
    /// The memory that their contents take, in bytes; zero if the count alone tells the size.
    pub bytes: u64,
}

/// Everything that one node keeps at one instant.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Census {
    /// The node.
    pub node: NodeId,
    /// One line per table, in the order of [`Table`].
    pub lines: Vec<Line>,
}

impl Census {
    /// Returns the number of entries in `table`; zero if the census has no line for it.
    #[must_use]
    pub fn count(&self, table: Table) -> u64 {
        self.lines.iter().find(|line| line.table == table).map_or(0, |line| line.count)
    }

    /// Returns the bytes that `table` takes; zero if the census has no line for it.
    #[must_use]
    pub fn bytes(&self, table: Table) -> u64 {
        self.lines.iter().find(|line| line.table == table).map_or(0, |line| line.bytes)
    }
}
