//! A count of everything that a machine keeps: one line per table, queue, buffer and timer.
//!
//! Nothing is left out: what is not in the census has no limit (B1).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::NodeId;

/// What a machine may keep. The bound of each is in [`Limits`](crate::limits::Limits), or is
/// that of what it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Table {
    /// Open connections.
    Connections,
    /// Sessions that have not ended.
    Sessions,
    /// Those of them without a connection.
    DetachedSessions,
    /// Guilds that sessions still have to be told of.
    Introductions,
    /// Dispatches kept for a resume, summed over sessions.
    Replay,
    /// The longest replay of one session.
    LongestReplay,
    /// Dispatches not yet written to an attached connection, summed over sessions.
    Unsent,
    /// The most live dispatches unsent on one connection.
    MostLiveUnsent,
    /// Identify buckets that are shut.
    Buckets,
    /// Relays.
    Relays,
    /// Sessions in relays, one for each guild of each.
    Recipients,
    /// The most sessions in one relay.
    FullestRelay,
    /// Dispatches in the logs of relays.
    Logs,
    /// Pieces of snapshots that wait for the rest.
    Pieces,
    /// Relays that wait for an answer from a guild.
    Asking,
    /// Guilds owned.
    Guilds,
    /// Relays that follow an owned guild.
    Followers,
    /// Events kept for relays that lag.
    CatchUpRing,
    /// Nonces remembered.
    Nonces,
    /// Messages that guilds still know.
    Messages,
    /// What waits in the queues out of guilds for the journal.
    Unsynced,
    /// Users that guilds wait for the directory to enter or to take out.
    Directed,
    /// Guilds whose owners are known.
    Contacts,
    /// Users with sessions here, or about to have some.
    Users,
    /// Connections that wait for the directory to say which guilds their user is in.
    Identifying,
    /// Deadlines.
    Timers,
    /// A client's requests without an answer.
    OpenRequests,
}

/// One line of a census.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Line {
    /// What is counted.
    pub table: Table,
    /// How many there are.
    pub count: u64,
    /// How much memory their contents take, in bytes; zero where the count says it all.
    pub bytes: u64,
}

/// Everything that one node keeps, at one moment.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Census {
    /// Who was counted.
    pub node: NodeId,
    /// One line a table, in the order of [`Table`].
    pub lines: Vec<Line>,
}

impl Census {
    /// How many of `table` there are; zero if it is not counted here.
    #[must_use]
    pub fn count(&self, table: Table) -> u64 {
        self.lines.iter().find(|line| line.table == table).map_or(0, |line| line.count)
    }

    /// How many bytes `table` takes; zero if it is not counted here.
    #[must_use]
    pub fn bytes(&self, table: Table) -> u64 {
        self.lines.iter().find(|line| line.table == table).map_or(0, |line| line.bytes)
    }
}
