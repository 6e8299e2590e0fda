//! Faults as data: each fault names its target.
//!
//! Faults are typed by their target. A client's link is a byte stream: it stalls, breaks and
//! half-opens, but never loses a byte in the middle. Messages between nodes, journals and the
//! directory are lost, delayed, duplicated and reordered (CONTRACT, F2). The facts that every kind
//! has are one row per kind in `facts.rs`. This module injects nothing.

mod details;
mod end;
mod facts;
mod kinds;
mod naming;
mod part;
mod phase;
mod resolve;
mod speech;
mod strength;

use serde::{Deserialize, Serialize};

pub use details::{CutKind, Direction, InvalidLogin, ProtocolViolation};
pub use end::MailEndpoint;
pub use facts::{FaultFacts, MailEffect, Target};
pub use kinds::Fault;
pub use naming::{Names, Naming, Places};
pub use phase::{ClientPhase, GuildPhase, NodePhase, Participant, Phase, Trigger};
pub use speech::{Intrusion, Speech};
pub use strength::Strength;

/// Families of faults. The seed draws which families a run contains.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Connections break, stall, slow down or half-open.
    Link,
    /// Nodes pause, crash, stop as planned, are reported down wrongly, and take over guilds.
    Node,
    /// Wall clocks jump.
    Clock,
    /// Clients break the protocol.
    Hostile,
    /// Messages between nodes are lost, delayed, duplicated, held or partitioned.
    Peer,
    /// Journals are slow, crash, are full or fail, and messages to and from them are disturbed.
    Journal,
    /// Messages to and from the directory are disturbed.
    Directory,
    /// Clients change roles, channels and members. These are actions, not faults: nothing breaks.
    Administration,
    /// The processes of clients are suspended, or restart from an older stored place.
    Client,
}

impl Family {
    /// All families.
    pub const ALL: [Self; 9] = [
        Self::Link,
        Self::Node,
        Self::Clock,
        Self::Hostile,
        Self::Peer,
        Self::Journal,
        Self::Directory,
        Self::Administration,
        Self::Client,
    ];

    /// Returns `true` if it has faults that begin and end. [`Administration`](Self::Administration)
    /// has none: its actions are drawn like faults, and are not counted as such.
    #[must_use]
    pub const fn has_faults(self) -> bool {
        match self {
            Self::Administration => false,
            Self::Link
            | Self::Node
            | Self::Clock
            | Self::Hostile
            | Self::Peer
            | Self::Journal
            | Self::Directory
            | Self::Client => true,
        }
    }

    /// Returns the name of the family.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Node => "node",
            Self::Clock => "clock",
            Self::Hostile => "hostile",
            Self::Peer => "peer",
            Self::Journal => "journal",
            Self::Directory => "directory",
            Self::Administration => "administration",
            Self::Client => "client",
        }
    }

    /// Returns the label that draws from the seed use. It must never change, even if the family is
    /// renamed.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Node => "node",
            Self::Clock => "clock",
            Self::Hostile => "hostile",
            Self::Peer => "peer",
            Self::Journal => "journal",
            Self::Directory => "directory",
            Self::Administration => "administration",
            Self::Client => "client",
        }
    }
}
