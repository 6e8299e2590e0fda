//! What can go wrong, as data: each fault names whom it strikes.
//!
//! Faults are typed by what they strike. A client's link is a byte stream: it stalls, breaks and
//! half-opens, but never loses a middle byte (CONTRACT, F2). Nothing here acts.

use std::fmt;

use guildhall_core::time::Span;
use serde::{Deserialize, Serialize};

/// Families of faults; a seed draws which of them exist at all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Connections break, stall, slow down or half-open.
    Link,
    /// Nodes pause.
    Node,
    /// Wall clocks jump.
    Clock,
    /// Clients break the protocol.
    Hostile,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Link, Self::Node, Self::Clock, Self::Hostile];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Node => "node",
            Self::Clock => "clock",
            Self::Hostile => "hostile",
        }
    }
}

/// One thing that goes wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Fault {
    /// A client's connection ends.
    Cut {
        /// Whose.
        client: String,
        /// How.
        how: Ending,
    },
    /// A client's connection passes nothing on, and keeps it.
    Stall {
        /// Whose.
        client: String,
        /// Which way.
        way: Way,
    },
    /// A client's line is slow.
    Slow {
        /// Whose.
        client: String,
        /// Bytes per second in each direction.
        bandwidth: u32,
    },
    /// A client's connection is silently dead: what is sent is lost, and nobody is told.
    Silence {
        /// Whose.
        client: String,
        /// Which way.
        way: Way,
    },
    /// A node does nothing; what arrives waits.
    Pause {
        /// Which.
        node: String,
    },
    /// A node's wall clock jumps.
    WallJump {
        /// Whose.
        node: String,
        /// By how many milliseconds.
        by_ms: i64,
    },
    /// A hostile client speaks out of turn on its connection.
    Misbehave {
        /// Who.
        client: String,
        /// What it does.
        deed: Misdeed,
    },
    /// A stranger opens a connection of its own and tries to take a client's session.
    Steal {
        /// Whose session.
        client: String,
        /// Whether the stranger has the right token (then it is the client's user, on a second
        /// socket).
        token: bool,
    },
}

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// To the client.
    Down,
    /// To the node.
    Up,
    /// Both.
    Both,
}

impl Way {
    /// Whether frames to the client are struck.
    #[must_use]
    pub const fn is_down(self) -> bool {
        matches!(self, Self::Down | Self::Both)
    }

    /// Whether frames to the node are struck.
    #[must_use]
    pub const fn is_up(self) -> bool {
        matches!(self, Self::Up | Self::Both)
    }
}

/// What a hostile client does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Misdeed {
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
}

/// What a fault can wait for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Milestone {
    /// Whom it waits for.
    pub client: String,
    /// What that client is to be doing.
    pub is: Stage,
}

/// What a client can be waited for to do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
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

impl Fault {
    /// The family that it belongs to.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::Cut { .. } | Self::Stall { .. } | Self::Slow { .. } | Self::Silence { .. } => {
                Family::Link
            }
            Self::Pause { .. } => Family::Node,
            Self::WallJump { .. } => Family::Clock,
            Self::Misbehave { .. } | Self::Steal { .. } => Family::Hostile,
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
            | Self::Steal { client, .. } => Some(client),
            Self::Pause { .. } | Self::WallJump { .. } => None,
        }
    }

    /// The node that it strikes, if it strikes one.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        match self {
            Self::Pause { node } | Self::WallJump { node, .. } => Some(node),
            Self::Cut { .. }
            | Self::Stall { .. }
            | Self::Slow { .. }
            | Self::Silence { .. }
            | Self::Misbehave { .. }
            | Self::Steal { .. } => None,
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Down => "to the client",
            Self::Up => "to the node",
            Self::Both => "both ways",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut { client, how: Ending::Fin } => write!(f, "{client}'s connection ends"),
            Self::Cut { client, how: Ending::Reset } => write!(f, "{client}'s connection is reset"),
            Self::Cut { client, how: Ending::HalfOpen { late } } => {
                write!(f, "{client}'s connection is half open for {late}")
            }
            Self::Stall { client, way } => write!(f, "{client}'s connection stalls {way}"),
            Self::Slow { client, bandwidth } => {
                write!(f, "{client}'s line is slow: {bandwidth} B/s")
            }
            Self::Silence { client, way } => {
                write!(f, "{client}'s connection is silently dead {way}")
            }
            Self::Pause { node } => write!(f, "{node} pauses"),
            Self::WallJump { node, by_ms } => write!(f, "{node}'s wall clock jumps by {by_ms}ms"),
            Self::Misbehave { client, deed } => match deed {
                Misdeed::Flood { frames } => write!(f, "{client} floods: {frames} frames"),
                Misdeed::LieAhead { by } => write!(f, "{client} claims {by} dispatches too many"),
                Misdeed::Broken => write!(f, "{client} sends a broken frame"),
                Misdeed::Opcode => write!(f, "{client} sends an unknown opcode"),
                Misdeed::Huge { bytes } => write!(f, "{client} sends a frame of {bytes} bytes"),
                Misdeed::IdentifyAgain => write!(f, "{client} identifies again"),
                Misdeed::ResumeAgain => write!(f, "{client} resumes again"),
            },
            Self::Steal { client, token: false } => {
                write!(f, "a stranger tries to resume {client}'s session")
            }
            Self::Steal { client, token: true } => {
                write!(f, "a second socket resumes {client}'s session")
            }
        }
    }
}

impl Stage {
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
