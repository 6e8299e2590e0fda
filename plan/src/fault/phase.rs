//! The phases of participants. A fault can wait for a phase, and coverage records the phase that a
//! target was in when the fault began.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The trigger of a fault.
#[derive(Clone, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Trigger {
    /// A client enters a phase.
    Client {
        /// The client.
        client: String,
        /// The phase.
        is: ClientPhase,
    },
    /// A guild enters a phase.
    Guild {
        /// The guild.
        guild: String,
        /// The phase.
        is: GuildPhase,
    },
    /// A node enters a phase.
    Node {
        /// The node.
        node: String,
        /// The phase.
        is: NodePhase,
    },
}

impl Trigger {
    /// The keys of all triggers.
    pub(crate) const KEYS: [&str; 4] = ["client", "guild", "node", "is"];
}

/// The phases of a client.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum ClientPhase {
    /// It has sent IDENTIFY.
    Identifying,
    /// It has sent RESUME.
    Resuming,
    /// It has received the first dispatch of a replay.
    Replaying,
    /// It has a session.
    Live,
    /// It has lost its connection.
    Lost,
}

/// The phases of a guild.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum GuildPhase {
    /// No node has opened its journal yet, or its owner has stepped down.
    Orphaned,
    /// A node has requested an epoch from its journal.
    Opening,
    /// Its journal has granted an epoch, and the node has not received the grant yet.
    Granted,
    /// Its owner has begun to serve, or has no append pending any more.
    Serving,
    /// Its owner has an append pending.
    Appending,
    /// Its journal has written records and has not synced them yet.
    Written,
    /// Records are durable, and the owner has not received the confirmation yet.
    Kept,
    /// A relay has requested missing records from the owner.
    Asked,
    /// Its owner has announced to the directory that a user is about to join.
    Entering,
    /// Its owner has announced to the directory that a user has left.
    Removing,
}

/// The phases of a node.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum NodePhase {
    /// It has restarted after a crash, with empty memory.
    Started,
    /// It has crashed.
    Down,
}

/// The phase of a participant.
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
    /// All phases.
    pub const ALL: [Self; 5] =
        [Self::Identifying, Self::Resuming, Self::Replaying, Self::Live, Self::Lost];

    /// Returns the name of the phase.
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
    /// All phases.
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

    /// Returns the name of the phase.
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
    /// All phases.
    pub const ALL: [Self; 2] = [Self::Started, Self::Down];

    /// Returns the name of the phase.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Down => "down",
        }
    }
}

impl Phase {
    /// Returns the name of the phase.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client(phase) => phase.name(),
            Self::Guild(phase) => phase.name(),
            Self::Node(phase) => phase.name(),
        }
    }
}

/// A participant, by index in the plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Participant {
    /// A client.
    Client(u32),
    /// A guild.
    Guild(u32),
    /// A node.
    Node(u16),
}
