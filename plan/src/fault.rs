//! What can go wrong, as data: each fault names whom it strikes.
//!
//! Faults are typed by what they strike. A client's link is a byte stream: it stalls, breaks and
//! half-opens, but never loses a middle byte; messages between nodes, journals and the directory are
//! lost, late, repeated and out of order (CONTRACT, F2). Nothing here acts.

mod door;
mod end;
mod kinds;
mod milestone;

use guildhall_check::cast::Strain;
use serde::{Deserialize, Serialize};

pub use end::End;
pub use kinds::{Ending, Fault, Knock, Misdeed, Way};
pub use milestone::{Health, Milestone, Moment, Stage, Turn};

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

impl Fault {
    /// The word that plans have for its kind.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Cut { .. } => "cut",
            Self::Stall { .. } => "stall",
            Self::Slow { .. } => "slow",
            Self::Silence { .. } => "silence",
            Self::Pause { .. } => "pause",
            Self::Crash { .. } => "crash",
            Self::FalseAlarm { .. } => "false-alarm",
            Self::Move { .. } => "move",
            Self::WallJump { .. } => "wall-jump",
            Self::Lossy { .. } => "lossy",
            Self::Repeat { .. } => "repeat",
            Self::Delay { .. } => "delay",
            Self::Partition { .. } => "partition",
            Self::Hold { .. } => "hold",
            Self::JournalSlow { .. } => "journal-slow",
            Self::JournalCrash { .. } => "journal-crash",
            Self::JournalFull { .. } => "journal-full",
            Self::JournalFail { .. } => "journal-fail",
            Self::Misbehave { .. } => "misbehave",
            Self::Steal { .. } => "steal",
            Self::Stop { .. } => "stop",
            Self::Knock { .. } => "knock",
        }
    }

    /// The family that it belongs to.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::Cut { .. } | Self::Stall { .. } | Self::Slow { .. } | Self::Silence { .. } => {
                Family::Link
            }
            Self::Pause { .. }
            | Self::Crash { .. }
            | Self::Stop { .. }
            | Self::FalseAlarm { .. }
            | Self::Move { .. } => Family::Node,
            Self::WallJump { .. } => Family::Clock,
            Self::Lossy { from: a, to: b, .. }
            | Self::Repeat { from: a, to: b, .. }
            | Self::Delay { from: a, to: b, .. }
            | Self::Partition { a, b, .. }
            | Self::Hold { from: a, to: b } => {
                if a.is_journal() || b.is_journal() {
                    Family::Journal
                } else if matches!(a, End::Directory) || matches!(b, End::Directory) {
                    Family::Directory
                } else {
                    Family::Peer
                }
            }
            Self::JournalSlow { .. }
            | Self::JournalCrash { .. }
            | Self::JournalFull { .. }
            | Self::JournalFail { .. } => Family::Journal,
            Self::Misbehave { .. } | Self::Steal { .. } | Self::Knock { .. } => Family::Hostile,
        }
    }

    /// The client that it strikes, if it strikes one.
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        match self {
            Self::Cut { client, .. }
            | Self::Stall { client, .. }
            | Self::Slow { client, .. }
            | Self::Silence { client, .. }
            | Self::Misbehave { client, .. }
            | Self::Steal { client, .. }
            | Self::Knock { client, .. } => Some(client),
            Self::Pause { .. }
            | Self::Crash { .. }
            | Self::Stop { .. }
            | Self::FalseAlarm { .. }
            | Self::Move { .. }
            | Self::WallJump { .. }
            | Self::Lossy { .. }
            | Self::Repeat { .. }
            | Self::Delay { .. }
            | Self::Partition { .. }
            | Self::Hold { .. }
            | Self::JournalSlow { .. }
            | Self::JournalCrash { .. }
            | Self::JournalFull { .. }
            | Self::JournalFail { .. } => None,
        }
    }

    /// What it does to nodes, journals and the links between them: to all that a hand-off needs (L7).
    #[must_use]
    pub const fn strain(&self) -> Strain {
        match self {
            Self::Cut { .. }
            | Self::Stall { .. }
            | Self::Slow { .. }
            | Self::Silence { .. }
            | Self::Stop { .. }
            | Self::FalseAlarm { .. }
            | Self::WallJump { .. }
            | Self::Misbehave { .. }
            | Self::Steal { .. }
            | Self::Knock { .. } => Strain::None,
            Self::Move { .. } | Self::JournalFail { .. } => Strain::Moment,
            Self::Pause { .. }
            | Self::Crash { .. }
            | Self::Lossy { .. }
            | Self::Repeat { .. }
            | Self::Delay { .. }
            | Self::Partition { .. }
            | Self::Hold { .. }
            | Self::JournalSlow { .. }
            | Self::JournalCrash { .. }
            | Self::JournalFull { .. } => Strain::Lasting,
        }
    }

    /// Whether it goes on until something ends it; all others happen in an instant.
    #[must_use]
    pub const fn lasts(&self) -> bool {
        match self {
            Self::Stall { .. }
            | Self::Slow { .. }
            | Self::Pause { .. }
            | Self::Crash { .. }
            | Self::Stop { .. }
            | Self::Lossy { .. }
            | Self::Repeat { .. }
            | Self::Delay { .. }
            | Self::Partition { .. }
            | Self::Hold { .. }
            | Self::JournalSlow { .. }
            | Self::JournalCrash { .. }
            | Self::JournalFull { .. } => true,
            Self::Cut { .. }
            | Self::Silence { .. }
            | Self::FalseAlarm { .. }
            | Self::Move { .. }
            | Self::WallJump { .. }
            | Self::JournalFail { .. }
            | Self::Misbehave { .. }
            | Self::Steal { .. }
            | Self::Knock { .. } => false,
        }
    }
}
