//! The gateway's vocabulary: the frames between a client and a node, and why connections end.
//!
//! Frames are values here. What they look like on the wire is the codec's business; a frame that
//! the codec cannot read arrives as [`ClientFrame::Malformed`].

use serde::{Deserialize, Serialize};

use crate::dispatch::Intents;
use crate::id::{Seq, SessionId, Shard, Token};
use crate::time::Span;

/// What a client says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ClientFrame {
    /// Op 1, with the last `s` taken.
    Heartbeat {
        /// The last `s` taken, if any.
        d: Option<Seq>,
    },
    /// Op 2: begin a session.
    Identify(Identify),
    /// Op 6: go on with a session.
    Resume(Resume),
    /// Something that is no frame.
    Malformed(Malformed),
    /// An opcode that bots may send within a session, and that this system has nothing for: it is
    /// counted and passed over. Before there is a session it is answered with 4003.
    Other,
}

/// Op 2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Identify {
    /// Who this is.
    pub token: Token,
    /// What is wanted.
    pub intents: Intents,
    /// Which part of the user's guilds.
    pub shard: Shard,
}

/// Op 6.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Resume {
    /// Who this is.
    pub token: Token,
    /// The session to go on with.
    pub session: SessionId,
    /// The last `s` taken.
    pub seq: Seq,
}

/// How a frame can be no frame.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Malformed {
    /// An opcode that does not exist: 4001.
    Opcode,
    /// Not readable, or fields missing: 4002.
    Payload,
}

/// What a frame that is no dispatch takes on the wire, in bytes: a bound, not a measure.
pub const CONTROL_BYTES: u32 = 32;

/// What a node says, dispatches apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ServerFrame {
    /// Op 10, the first frame on every connection that is not sent away.
    Hello {
        /// How often to send a heartbeat.
        heartbeat_interval: Span,
    },
    /// Op 11.
    HeartbeatAck,
    /// Op 9.
    InvalidSession {
        /// Whether a RESUME may still work; this system always says no.
        resumable: bool,
    },
    /// Op 7: go, and come back elsewhere. It may come before op 10.
    Reconnect,
}

/// Why a node closes a connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum CloseCode {
    /// 4000: silent, slow, superseded or on a node that stops; every client comes back from it with
    /// a RESUME.
    Unknown,
    /// 4001.
    UnknownOpcode,
    /// 4002: unreadable or too long.
    Decode,
    /// 4003: nothing but op 1, 2 and 6 before there is a session.
    NotAuthenticated,
    /// 4004: the token is nobody's.
    AuthenticationFailed,
    /// 4005: a second IDENTIFY or RESUME.
    AlreadyAuthenticated,
    /// 4008: too many frames.
    RateLimited,
    /// 4010.
    InvalidShard,
    /// 4013.
    InvalidIntents,
}

impl CloseCode {
    /// All of them.
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

    /// The number on the wire.
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

    /// Whether a client must stop rather than come back (C2).
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

/// How the other side of a connection ended it, as seen from here.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Farewell {
    /// A close frame with this code.
    Code(u16),
    /// The stream ended without a close frame.
    End,
    /// The stream was reset.
    Reset,
}

impl Farewell {
    /// Whether a client that leaves so gives up its session (L6).
    #[must_use]
    pub const fn ends_session(self) -> bool {
        matches!(self, Self::Code(1000 | 1001))
    }
}
