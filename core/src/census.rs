//! The census: a count of everything that a machine keeps, one line for each table, queue, buffer
//! and kind of timer.
//!
//! A struct that has state counts itself in a function `count`, by a pattern that names each of its
//! fields: a field that is bound there is a table, one that is `_` is a scalar, or shared and
//! constant. The pattern has no `..` (`core/tests/laws/census.rs`), so a new field does not compile
//! before it is counted. What has no line would have no limit (CONTRACT, B1).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

macro_rules! tables {
    ($($(#[$machine_doc:meta])* $machine:ident { $($(#[$doc:meta])* $table:ident,)* })*) => {
        /// What keeps the state that a census counts.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum Machine { $($(#[$machine_doc])* $machine,)* }

        /// A kind of thing that a machine keeps. Its bound is a field of
        /// [`Limits`](crate::limits::Limits), or the bound of the table that it belongs to.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum Table { $($($(#[$doc])* $table,)*)* }

        impl Machine {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$machine,)*];

            /// Everything that it keeps, in the order of [`Table`]: its census has just these lines.
            #[must_use]
            pub const fn tables(self) -> &'static [Table] {
                match self { $(Self::$machine => &[$(Table::$table,)*],)* }
            }
        }
    };
}

tables! {
    /// A node.
    Node {
        /// Open connections.
        Connections,
        /// The slots of connections, those that are free included.
        ConnectionSlots,
        /// Sessions that have not ended.
        Sessions,
        /// The slots of sessions, those that are free included.
        SessionSlots,
        /// Sessions without a connection.
        DetachedSessions,
        /// Guilds for which a session still waits for its GUILD_CREATE, summed over sessions.
        Introductions,
        /// Dispatches kept for a RESUME, summed over sessions.
        Replay,
        /// The segments of these, summed over sessions.
        Segments,
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
        /// The slots of relays, those that are free included.
        RelaySlots,
        /// Guilds that have relays.
        Presences,
        /// The relays of these.
        PresentRelays,
        /// Subscriptions of sessions to relays: one per session and guild.
        Recipients,
        /// Relays that serve a session, summed over sessions.
        Served,
        /// Sessions in the relay that has the most.
        FullestRelay,
        /// Visibility classes of relays, those that are free included.
        Classes,
        /// Sessions in the visibility classes of relays.
        Classed,
        /// Channels that the classes of relays see.
        VisibleChannels,
        /// Dispatches in the logs of relays.
        Logs,
        /// Roles, channels, overwrites, members and bans in the replicas of relays.
        Replicas,
        /// Users whom overwrites name, in the replicas of relays.
        Named,
        /// Roles and members that the snapshots of relays share.
        Lists,
        /// Chunks of incomplete snapshots.
        Pieces,
        /// Events that relays hold back, because earlier ones are missing.
        Held,
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
        /// Those of them that are settled, by age.
        Settled,
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
        /// The same, messages and reactions included, in the committed states of guilds.
        Committed,
        /// Records of guilds that are in no append, or in one without an answer.
        Appends,
        /// Entries in the exit queues of guilds that wait for the journal.
        Unsynced,
        /// Users whose entry or removal guilds have requested and the directory has not yet confirmed.
        Directed,
        /// Guilds whose owner the node knows.
        Contacts,
        /// Marks of how old the events of guilds are.
        Ages,
        /// Nodes whose wall time the node knows.
        WallTimes,
        /// Users who have sessions on the node, or whose IDENTIFY is in progress.
        Users,
        /// Sessions of these users.
        UserSessions,
        /// Guilds that the directory has named for these users.
        UserGuilds,
        /// Connections whose IDENTIFY waits for the directory to list the user's guilds.
        Identifying,
        /// Timers of connections that may fall silent.
        SilenceTimers,
        /// Timers of detached sessions.
        ExpiryTimers,
        /// Timers of identify buckets.
        BucketTimers,
        /// Timers of guilds that the node owns.
        GuildTimers,
        /// Timers of followed guilds whose owners may fall silent.
        SilentTimers,
        /// Timers of the directory's next poll.
        DirectoryTimers,
        /// Timers of relays that ask again.
        AskTimers,
        /// Timers of a planned stop.
        StopTimers,
    }
    /// A client.
    Client {
        /// Requests that have no answer yet.
        OpenRequests,
    }
    /// The directory.
    Directory {
        /// Users that it knows.
        ListedUsers,
        /// Guilds that it lists, summed over users.
        ListedGuilds,
        /// Nodes that host sessions of a user, summed over users.
        Hosts,
        /// Nodes that have asked it.
        HostingNodes,
        /// Users about whom a node has asked it, summed over nodes.
        Marks,
        /// Users whose guilds have changed.
        Changes,
    }
    /// The journal of a guild.
    Journal {
        /// What replaces the compacted records: the guild's state, nonces, messages and reactions.
        Base,
        /// Records after the base.
        Tail,
        /// Records that are written and not synced.
        Written,
        /// Commands that wait for a sync.
        Pending,
    }
    /// The shell of a node: its loop, its sockets and its streams of requests.
    NodeShell {
        /// Messages of the bus that the loop has not taken yet.
        Inbox,
        /// Inputs that the next pass of the loop handles.
        LoopInputs,
        /// What sockets and streams have reported, and the loop has not taken yet.
        SocketEvents,
        /// Tasks that may report: those that accept, and one for each socket and each stream.
        Reporters,
        /// Sockets of clients, those in their handshake and those that close included.
        Sockets,
        /// The slots of sockets, those that are free included.
        SocketSlots,
        /// The slots of sockets that are free.
        FreeSlots,
        /// Slots whose sockets have something to write.
        Unflushed,
        /// Sockets with something that they have not accepted yet, and its bytes.
        Outboxes,
        /// Writes that wait for their sockets.
        DeferredWrites,
        /// Encoded dispatches.
        Bodies,
        /// Ports that wait for answers.
        RequestPorts,
        /// Answers that streams of requests have not sent yet.
        QueuedAnswers,
    }
    /// The shell of a client: its socket and its streams of requests.
    ClientShell {
        /// Its sockets.
        ClientSockets,
        /// Its streams of requests.
        ClientStreams,
        /// Requests on these that were sent since the last answer.
        Unanswered,
        /// What its socket and its streams have reported, and the client has not taken yet.
        ClientEvents,
    }
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

/// Everything that one machine keeps at one instant.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Census {
    /// The kind of machine.
    pub machine: Machine,
    /// One line for each of its tables, in the order of [`Table`].
    pub lines: Vec<Line>,
}

impl Census {
    /// The census of a machine that keeps nothing.
    #[must_use]
    pub fn nothing(machine: Machine) -> Self {
        let line = |table: &Table| Line { table: *table, count: 0, bytes: 0 };
        Self { machine, lines: machine.tables().iter().map(line).collect() }
    }

    /// Adds entries to a table.
    pub fn add(&mut self, table: Table, count: usize) {
        self.add_bytes(table, count as u64, 0);
    }

    /// Adds entries to a table, and the bytes that they take.
    pub fn add_bytes(&mut self, table: Table, count: u64, bytes: u64) {
        let line = self.line(table);
        (line.count, line.bytes) = (line.count + count, line.bytes + bytes);
    }

    /// Raises a table to the entries and bytes of its fullest part.
    pub fn raise(&mut self, table: Table, count: u64, bytes: u64) {
        let line = self.line(table);
        (line.count, line.bytes) = (line.count.max(count), line.bytes.max(bytes));
    }

    /// The line of a table. A table of another machine gets a line, for a checker to find.
    fn line(&mut self, table: Table) -> &mut Line {
        let at = self.place(table).unwrap_or_else(|| {
            self.lines.push(Line { table, count: 0, bytes: 0 });
            self.lines.len() - 1
        });
        &mut self.lines[at]
    }

    /// The index of a line. In a census without holes the first line tells it.
    fn place(&self, table: Table) -> Option<usize> {
        let first = self.lines.first()?.table as usize;
        let is_its = |at: &usize| self.lines.get(*at).is_some_and(|line| line.table == table);
        let at = (table as usize).wrapping_sub(first);
        Some(at).filter(is_its).or_else(|| self.lines.iter().position(|line| line.table == table))
    }

    /// Returns the number of entries in `table`; zero if the census has no line for it.
    #[must_use]
    pub fn count(&self, table: Table) -> u64 {
        self.place(table).map_or(0, |at| self.lines[at].count)
    }

    /// Returns the bytes that `table` takes; zero if the census has no line for it.
    #[must_use]
    pub fn bytes(&self, table: Table) -> u64 {
        self.place(table).map_or(0, |at| self.lines[at].bytes)
    }
}
