//! The variants of faults that have more than one form.

use std::fmt;

use guildhall_core::time::Span;
use serde::{Deserialize, Serialize};

/// An invalid login by an intruder.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InvalidLogin {
    /// A session, with an unknown token.
    Token,
    /// A session of an invalid shard.
    Shard,
    /// A session with unknown intents.
    Intents,
    /// The client's session, with its token, and a sequence number that was never sent.
    Ahead {
        /// The distance to the last sequence number that the client has received.
        by: u64,
    },
    /// The client's session, with its token, from its very beginning. The node accepts it while the
    /// session still keeps everything.
    FromStart,
}

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CutKind {
    /// Both ends read the end of the stream after all data in flight.
    Fin,
    /// Both ends are notified at once, and data in flight is lost.
    Reset,
    /// The client is notified at once and the node later. Until then the connection is half open.
    HalfOpen {
        /// The delay until the node is notified.
        late: Span,
    },
}

/// The direction of a stream.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// To the client.
    Down,
    /// To the node.
    Up,
    /// Both directions.
    Both,
}

/// A protocol violation by a hostile client.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProtocolViolation {
    /// Sends many heartbeats at once.
    Flood {
        /// The number of heartbeats.
        frames: u32,
    },
    /// Acknowledges dispatches that were never sent.
    LieAhead {
        /// The distance to the last sequence number received.
        by: u64,
    },
    /// Sends a malformed frame.
    Broken,
    /// Sends an unknown opcode.
    Opcode,
    /// Sends an oversized frame.
    Huge {
        /// The size, in bytes.
        bytes: u32,
    },
    /// Identifies a second time on the same connection.
    IdentifyAgain,
    /// Resumes on a connection that already has a session.
    ResumeAgain,
    /// Sends an opcode that is valid only within a session, and has no effect there.
    Other,
}

impl Direction {
    /// Returns `true` if it affects frames to the client.
    #[must_use]
    pub const fn is_down(self) -> bool {
        matches!(self, Self::Down | Self::Both)
    }

    /// Returns `true` if it affects frames to the node.
    #[must_use]
    pub const fn is_up(self) -> bool {
        matches!(self, Self::Up | Self::Both)
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Down => "to the client",
            Self::Up => "to the node",
            Self::Both => "both ways",
        })
    }
}

impl fmt::Display for CutKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fin => f.write_str("ends"),
            Self::Reset => f.write_str("is reset"),
            Self::HalfOpen { late } => write!(f, "is half open for {late}"),
        }
    }
}

impl fmt::Display for ProtocolViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flood { frames } => write!(f, "floods: {frames} frames"),
            Self::LieAhead { by } => write!(f, "claims {by} dispatches too many"),
            Self::Broken => f.write_str("sends a broken frame"),
            Self::Opcode => f.write_str("sends an unknown opcode"),
            Self::Huge { bytes } => write!(f, "sends a frame of {bytes} bytes"),
            Self::IdentifyAgain => f.write_str("identifies again"),
            Self::ResumeAgain => f.write_str("resumes again"),
            Self::Other => f.write_str("sends an opcode that means nothing here"),
        }
    }
}

impl fmt::Display for InvalidLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token => f.write_str("identifies with nobody's token"),
            Self::Shard => f.write_str("identifies for a shard that cannot be"),
            Self::Intents => f.write_str("identifies with intents that there are not"),
            Self::Ahead { by } => write!(f, "resumes {by} dispatches ahead"),
            Self::FromStart => f.write_str("resumes from the beginning"),
        }
    }
}
