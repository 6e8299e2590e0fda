//! How a fault goes about it, where there is more than one way.

use std::fmt;

use guildhall_core::time::Span;
use serde::{Deserialize, Serialize};

/// What an intruder asks for that there is not.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InvalidLogin {
    /// A session, with a token that is nobody's.
    Token,
    /// A session of a shard that there cannot be.
    Shard,
    /// A session with intents that there are not.
    Intents,
    /// The client's session, with its token, after so many dispatches that were never sent.
    Ahead {
        /// How many more than the last one that the client has taken.
        by: u64,
    },
}

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CutKind {
    /// Both ends read the end of the stream, after what was sent before.
    Fin,
    /// Both ends are told at once; what was under way is lost.
    Reset,
    /// The client is told at once, its node only later: the connection is half open meanwhile.
    HalfOpen {
        /// How much later.
        late: Span,
    },
}

/// Which way a stream flows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// To the client.
    Down,
    /// To the node.
    Up,
    /// Both.
    Both,
}

/// What a hostile client does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProtocolViolation {
    /// Sends this many heartbeats at once.
    Flood {
        /// How many.
        frames: u32,
    },
    /// Claims to have taken dispatches that were never sent.
    LieAhead {
        /// How many more than the last one.
        by: u64,
    },
    /// Sends a frame that cannot be read.
    Broken,
    /// Sends an opcode that does not exist.
    Opcode,
    /// Sends a frame of this many bytes.
    Huge {
        /// How long.
        bytes: u32,
    },
    /// Identifies a second time on the same connection.
    IdentifyAgain,
    /// Resumes on a connection that has a session already.
    ResumeAgain,
    /// Sends an opcode that only a session may use, and that nothing comes of there.
    Other,
}

impl Direction {
    /// Whether it affects frames to the client.
    #[must_use]
    pub const fn is_down(self) -> bool {
        matches!(self, Self::Down | Self::Both)
    }

    /// Whether it affects frames to the node.
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
        }
    }
}
