//! The variants of faults that have more than one form.

use std::fmt;

use guildhall_core::time::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::{PlanError, values};
use crate::schema::Time;

/// An invalid login by an intruder.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
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
        #[schemars(range(max = MOST_AHEAD))]
        by: u64,
    },
    /// The client's session, with its token, from its very beginning. The node accepts it while the
    /// session still keeps everything.
    FromStart,
}

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum CutKind {
    /// Both ends read the end of the stream after all data in flight.
    Fin,
    /// Both ends are notified at once, and data in flight is lost.
    Reset,
    /// The client is notified at once and the node later. Until then the connection is half open.
    HalfOpen {
        /// The delay until the node is notified.
        #[schemars(with = "Time")]
        late: Span,
    },
}

/// The direction of a stream.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
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
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ProtocolViolation {
    /// Sends many heartbeats at once.
    Flood {
        /// The number of heartbeats.
        #[schemars(range(max = MOST_AT_ONCE))]
        frames: u32,
    },
    /// Acknowledges dispatches that were never sent.
    LieAhead {
        /// The distance to the last sequence number received.
        #[schemars(range(max = MOST_AHEAD))]
        by: u64,
    },
    /// Sends a malformed frame.
    Broken,
    /// Sends an unknown opcode.
    Opcode,
    /// Sends an oversized frame.
    Huge {
        /// The size, in bytes.
        #[schemars(range(max = MOST_AT_ONCE))]
        bytes: u32,
    },
    /// Identifies a second time on the same connection.
    IdentifyAgain,
    /// Resumes on a connection that already has a session.
    ResumeAgain,
    /// Sends an opcode that is valid only within a session, and has no effect there.
    Other,
}

/// The largest number of frames or bytes that a hostile client sends at once. They are sent in one step.
const MOST_AT_ONCE: u32 = 1 << 20;

/// The largest distance to a sequence number that exists.
const MOST_AHEAD: u64 = 1 << 32;

impl InvalidLogin {
    /// Returns the login if its values are allowed.
    pub(super) fn checked(self) -> Result<Self, PlanError> {
        if let Self::Ahead { by } = self {
            values::within("says.ahead.by", by, 0..=MOST_AHEAD)?;
        }
        Ok(self)
    }
}

impl CutKind {
    /// Returns the kind if its values are allowed.
    pub(super) fn checked(self) -> Result<Self, PlanError> {
        if let Self::HalfOpen { late } = self {
            values::time("how.half-open.late", late)?;
        }
        Ok(self)
    }
}

impl ProtocolViolation {
    /// Returns the violation if its values are allowed.
    pub(super) fn checked(self) -> Result<Self, PlanError> {
        match self {
            Self::Flood { frames } => {
                values::within("violation.flood.frames", frames, 0..=MOST_AT_ONCE)?;
            }
            Self::Huge { bytes } => {
                values::within("violation.huge.bytes", bytes, 0..=MOST_AT_ONCE)?;
            }
            Self::LieAhead { by } => {
                values::within("violation.lie-ahead.by", by, 0..=MOST_AHEAD)?;
            }
            Self::Broken | Self::Opcode | Self::Other | Self::IdentifyAgain | Self::ResumeAgain => {
            }
        }
        Ok(self)
    }
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
