//! The kinds of faults, each with whom it strikes.

use std::fmt;

use guildhall_core::time::Span;
use serde::{Deserialize, Serialize};

use super::End;

/// One thing that goes wrong.
///
/// Its hash is part of what a seed means, here and in the types that it is made of: variants and
/// fields are known by their order, so a new one comes last, and a new name changes nothing.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
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
    /// A node's memory and connections are gone; it runs again when the fault is over.
    Crash {
        /// Which.
        node: String,
        /// Whether it never runs again, healed or not.
        #[serde(default, skip_serializing_if = "is_false")]
        forever: bool,
    },
    /// A node is told to stop, and does so in its own time; it runs again when the fault is over. One
    /// that is not gone by then is killed first.
    Stop {
        /// Which.
        node: String,
    },
    /// All other nodes are told that a node has crashed, wrongly.
    FalseAlarm {
        /// Which.
        node: String,
    },
    /// A guild is given to another node. Its old owner is not told.
    Move {
        /// Which.
        guild: String,
        /// To which node.
        to: String,
    },
    /// A node's wall clock jumps.
    WallJump {
        /// Whose.
        node: String,
        /// By how many milliseconds.
        by_ms: i64,
    },
    /// Messages between nodes, or to and from a journal or the directory, are lost.
    Lossy {
        /// From where.
        from: End,
        /// To where.
        to: End,
        /// How many of a hundred.
        share: u8,
    },
    /// Messages arrive twice, the second time up to a second later.
    Repeat {
        /// From where.
        from: End,
        /// To where.
        to: End,
        /// How many of a hundred.
        share: u8,
    },
    /// Messages are late.
    Delay {
        /// From where.
        from: End,
        /// To where.
        to: End,
        /// By how much at most.
        by: Span,
    },
    /// All messages are lost: both ways, or only those from the first end to the second.
    Partition {
        /// One end.
        a: End,
        /// The other end.
        b: End,
        /// Whether messages from the second end to the first arrive.
        #[serde(default, skip_serializing_if = "is_false")]
        one_way: bool,
    },
    /// All messages are kept, and go on their way when the fault is over.
    Hold {
        /// From where.
        from: End,
        /// To where.
        to: End,
    },
    /// A journal takes longer to sync.
    JournalSlow {
        /// Whose.
        guild: String,
        /// By how much.
        by: Span,
    },
    /// Whoever keeps a journal crashes: what was not synced is lost from some point on, and what
    /// was asked is forgotten. It runs again when the fault is over.
    JournalCrash {
        /// Whose.
        guild: String,
    },
    /// A journal has no room for more than so many records.
    JournalFull {
        /// Whose.
        guild: String,
        /// How many.
        #[serde(default)]
        room: u32,
    },
    /// The next sync of a journal fails, and its owner has to step down.
    JournalFail {
        /// Whose.
        guild: String,
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
    /// A stranger opens a connection of its own at a client's node, and asks for what there is not.
    Knock {
        /// Whose node, and whom it says it is.
        client: String,
        /// What it asks for.
        says: Knock,
    },
}

/// What a stranger asks for at the door.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Knock {
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
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
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
    /// Sends an opcode that only a session may use, and that nothing comes of there.
    Other,
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

fn is_false(value: &bool) -> bool {
    !value
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

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fin => f.write_str("ends"),
            Self::Reset => f.write_str("is reset"),
            Self::HalfOpen { late } => write!(f, "is half open for {late}"),
        }
    }
}

impl fmt::Display for Misdeed {
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

impl fmt::Display for Knock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token => f.write_str("identifies with nobody's token"),
            Self::Shard => f.write_str("identifies for a shard that cannot be"),
            Self::Intents => f.write_str("identifies with intents that there are not"),
            Self::Ahead { by } => write!(f, "resumes {by} dispatches ahead"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut { client, how } => write!(f, "{client}'s connection {how}"),
            Self::Stall { client, way } => write!(f, "{client}'s connection stalls {way}"),
            Self::Slow { client, bandwidth } => {
                write!(f, "{client}'s line is slow: {bandwidth} B/s")
            }
            Self::Silence { client, way } => {
                write!(f, "{client}'s connection is silently dead {way}")
            }
            Self::Pause { node } => write!(f, "{node} pauses"),
            Self::Crash { node, forever: false } => write!(f, "{node} crashes"),
            Self::Crash { node, forever: true } => write!(f, "{node} crashes for ever"),
            Self::Stop { node } => write!(f, "{node} is told to stop"),
            Self::FalseAlarm { node } => write!(f, "{node} is said to have crashed"),
            Self::Move { guild, to } => write!(f, "{guild} is given to {to}"),
            Self::WallJump { node, by_ms } => write!(f, "{node}'s wall clock jumps by {by_ms}ms"),
            Self::Lossy { from, to, share } => {
                write!(f, "{share} of 100 messages from {from} to {to} are lost")
            }
            Self::Repeat { from, to, share } => {
                write!(f, "{share} of 100 messages from {from} to {to} arrive twice")
            }
            Self::Delay { from, to, by } => {
                write!(f, "messages from {from} to {to} are late by up to {by}")
            }
            Self::Partition { a, b, one_way: false } => {
                write!(f, "no messages pass between {a} and {b}")
            }
            Self::Partition { a, b, one_way: true } => {
                write!(f, "no messages pass from {a} to {b}")
            }
            Self::Hold { from, to } => write!(f, "messages from {from} to {to} are held back"),
            Self::JournalSlow { guild, by } => {
                write!(f, "the journal of {guild} takes {by} longer to sync")
            }
            Self::JournalCrash { guild } => write!(f, "the journal of {guild} crashes"),
            Self::JournalFull { guild, room } => {
                write!(f, "the journal of {guild} has room for {room} records")
            }
            Self::JournalFail { guild } => write!(f, "the journal of {guild} fails to sync"),
            Self::Misbehave { client, deed } => write!(f, "{client} {deed}"),
            Self::Steal { client, token: false } => {
                write!(f, "a stranger tries to resume {client}'s session")
            }
            Self::Steal { client, token: true } => {
                write!(f, "a second socket resumes {client}'s session")
            }
            Self::Knock { client, says } => write!(f, "a stranger at {client}'s node {says}"),
        }
    }
}
