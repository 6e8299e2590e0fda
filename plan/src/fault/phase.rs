//! The phases that participants go through: what a fault can wait for, and what its target was doing
//! when it was injected.

use serde::{Deserialize, Serialize};

/// What a fault can wait for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Trigger {
    /// A client does something.
    Client {
        /// Whom it waits for.
        client: String,
        /// What that client is to be doing.
        is: ClientPhase,
    },
    /// Something happens to a guild.
    Guild {
        /// Which.
        guild: String,
        /// What.
        is: GuildPhase,
    },
    /// Something happens to a node.
    Node {
        /// Which.
        node: String,
        /// What.
        is: NodePhase,
    },
}

/// What a client can be waited for to do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientPhase {
    /// It has sent IDENTIFY.
    Identifying,
    /// It has sent RESUME.
    Resuming,
    /// It has taken the first dispatch of a replay.
    Replaying,
    /// It is in a session.
    Live,
    /// It has lost its connection.
    Lost,
}

/// What can be waited for to happen to a guild.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GuildPhase {
    /// Nobody has asked for its journal yet, or its owner has stepped down.
    Orphaned,
    /// A node has asked its journal for an epoch.
    Opening,
    /// Its journal has granted an epoch, and no node knows yet.
    Granted,
    /// Its owner has begun to serve, or has heard that all is kept.
    Serving,
    /// Its owner has an append without an answer.
    Appending,
    /// Its journal was told to keep records, and has not synced them yet.
    Written,
    /// Records are on disk, and their owner does not know yet.
    Kept,
    /// A relay has asked its owner for what it misses.
    Asked,
    /// Its owner has told the directory that somebody is about to join.
    Entering,
    /// Its owner has told the directory that somebody has left.
    Removing,
}

/// What can be waited for to happen to a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodePhase {
    /// It runs again after a crash, and knows nothing.
    Started,
    /// It has crashed.
    Down,
}

/// What a participant was doing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Phase {
    /// A client.
    Client(ClientPhase),
    /// A guild.
    Guild(GuildPhase),
    /// A node.
    Node(NodePhase),
}

impl ClientPhase {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Identifying, Self::Resuming, Self::Replaying, Self::Live, Self::Lost];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identifying => "identifying",
            Self::Resuming => "resuming",
            Self::Replaying => "replaying",
            Self::Live => "live",
            Self::Lost => "lost",
        }
    }
}

impl GuildPhase {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Orphaned,
        Self::Opening,
        Self::Granted,
        Self::Serving,
        Self::Appending,
        Self::Written,
        Self::Kept,
        Self::Asked,
        Self::Entering,
        Self::Removing,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Orphaned => "orphaned",
            Self::Opening => "opening",
            Self::Granted => "granted",
            Self::Serving => "serving",
            Self::Appending => "appending",
            Self::Written => "written",
            Self::Kept => "kept",
            Self::Asked => "asked",
            Self::Entering => "entering",
            Self::Removing => "removing",
        }
    }
}

impl NodePhase {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Down => "down",
        }
    }
}

impl Phase {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client(phase) => phase.name(),
            Self::Guild(phase) => phase.name(),
            Self::Node(phase) => phase.name(),
        }
    }
}

/// Whom a phase is about, by place in the plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Participant {
    /// A client.
    Client(u32),
    /// A guild.
    Guild(u32),
    /// A node.
    Node(u16),
}
