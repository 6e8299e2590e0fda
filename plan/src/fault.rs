//! What can go wrong, as data: each fault names its target.
//!
//! Faults are typed by their target. A client's link is a byte stream: it stalls, breaks and
//! half-opens, but never loses a middle byte; messages between nodes, journals and the directory are
//! lost, delayed, duplicated and reordered (CONTRACT, F2). What all kinds have in common is one row each
//! in `facts.rs`. Nothing here acts.

mod details;
mod end;
mod facts;
mod kinds;
mod naming;
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

/// Families of faults; a seed draws which of them exist at all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Connections break, stall, slow down or half-open.
    Link,
    /// Nodes pause, crash, stop as planned, are said to have crashed, and take guilds over.
    Node,
    /// Wall clocks jump.
    Clock,
    /// Clients break the protocol.
    Hostile,
    /// Messages between nodes are lost, late, repeated, held back or cut off.
    Peer,
    /// Journals are slow, crash, are full, fail; and the messages to and from them suffer.
    Journal,
    /// The messages to and from the directory suffer.
    Directory,
    /// Somebody changes roles, channels and members. Nothing breaks; it is acts, not faults.
    Administration,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Link,
        Self::Node,
        Self::Clock,
        Self::Hostile,
        Self::Peer,
        Self::Journal,
        Self::Directory,
        Self::Administration,
    ];

    /// Its name.
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
        }
    }

    /// What a seed's draws know it by. It never changes, whatever the family comes to be called.
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
        }
    }
}
