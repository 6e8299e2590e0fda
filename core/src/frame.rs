//! Gateway frames between a client and a node, and the reasons for which connections end.
//!
//! Frames are values here; the codec defines their form on the wire. A frame that the codec cannot
//! decode arrives as [`ClientFrame::Malformed`].

use serde::{Deserialize, Serialize};

use crate::dispatch::Intents;
use crate::id::{Seq, SessionId, Shard, Token};
use crate::time::Span;

/// A frame from a client.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ClientFrame {
    /// Op 1.
    Heartbeat {
        /// The last sequence number that the client processed, if any.
        d: Option<Seq>,
    },
    /// Op 2: begins a session.
    Identify(Identify),
    /// Op 6: resumes a session.
    Resume(Resume),
    /// A frame that cannot be decoded.
    Malformed(Malformed),
    /// An opcode that Discord allows within a session and that this system does not implement. It
    /// counts against the rate limit and is otherwise ignored. Before a session it is answered with
    /// 4003.
    Other,
}

/// The payload of op 2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Identify {
    /// The login token of the user.
    pub token: Token,
    /// The intents of the session.
    pub intents: Intents,
    /// The shard of the user's guilds.
    pub shard: Shard,
}

/// The payload of op 6.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Resume {
    /// The login token of the user.
    pub token: Token,
    /// The session to resume.
    pub session: SessionId,
    /// The last sequence number that the client processed.
    pub seq: Seq,
}

/// Why a frame cannot be decoded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Malformed {
    /// The opcode does not exist: closes with 4001.
    Opcode,
    /// The payload is unreadable or lacks a field: closes with 4002.
    Payload,
}

/// An upper bound on the bytes that a frame other than a dispatch takes on the wire.
pub const CONTROL_BYTES: u32 = 32;

/// A frame from a node, other than a dispatch.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ServerFrame {
    /// Op 10: the first frame on every connection that the node accepts.
    Hello {
        /// The time between two heartbeats of the client.
        heartbeat_interval: Span,
    },
    /// Op 11: acknowledges a heartbeat.
    HeartbeatAck,
    /// Op 9: the session is invalid.
    InvalidSession {
        /// Whether a RESUME may still succeed; always `false` in this system.
        resumable: bool,
    },
    /// Op 7: asks the client to reconnect to another node. It may come before op 10.
    Reconnect,
}

/// Why a node closes a connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum CloseCode {
    /// 4000: no heartbeat, a slow reader, a superseded connection, or a node that stops. Clients
    /// reconnect and RESUME.
    Unknown,
    /// 4001: the opcode does not exist.
    UnknownOpcode,
    /// 4002: the frame is unreadable or too long.
    Decode,
    /// 4003: an opcode other than 1, 2 and 6 before a session.
    NotAuthenticated,
    /// 4004: no user has this token.
    AuthenticationFailed,
    /// 4005: a second IDENTIFY or RESUME on a connection.
    AlreadyAuthenticated,
    /// 4008: too many frames.
    RateLimited,
    /// 4010: the shard is invalid.
    InvalidShard,
    /// 4013: the intents have an undocumented bit.
    InvalidIntents,
}

impl CloseCode {
    /// All codes, ascending.
    pub const ALL: [Self; 9] = [
        Self::Unknown,
        Self::UnknownOpcode,
        Self::Decode,
        Self::NotAuthenticated,
        Self::AuthenticationFailed,
        Self::AlreadyAuthenticated,
        Self::RateLimited,
        Self::InvalidShard,
        Self::InvalidIntents,
    ];

    /// Returns the number on the wire.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Unknown => 4000,
            Self::UnknownOpcode => 4001,
            Self::Decode => 4002,
            Self::NotAuthenticated => 4003,
            Self::AuthenticationFailed => 4004,
            Self::AlreadyAuthenticated => 4005,
            Self::RateLimited => 4008,
            Self::InvalidShard => 4010,
            Self::InvalidIntents => 4013,
        }
    }

    /// Returns `true` if a client must not reconnect (CONTRACT, C2).
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::AuthenticationFailed | Self::InvalidShard | Self::InvalidIntents => true,
            Self::Unknown
            | Self::UnknownOpcode
            | Self::Decode
            | Self::NotAuthenticated
            | Self::AlreadyAuthenticated
            | Self::RateLimited => false,
        }
    }
}

/// How the peer ended a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Disconnect {
    /// By a close frame with this code.
    Code(u16),
    /// By ending the stream without a close frame.
    End,
    /// By resetting the stream.
    Reset,
}

impl Disconnect {
    /// Returns `true` if a client that disconnects in this way ends its session (CONTRACT, L6).
    #[must_use]
    pub const fn ends_session(self) -> bool {
        matches!(self, Self::Code(1000 | 1001))
    }
}
