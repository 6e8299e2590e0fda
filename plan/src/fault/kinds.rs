//! The kinds of faults, each with its target: by name and by place, and in words.

use std::fmt;

use guildhall_core::time::Span;
use serde::{Deserialize, Serialize};

use super::resolve::{client_place, guild_place, node_place};
use super::{
    CutKind, Direction, InvalidLogin, MailEndpoint, Names, Naming, Places, ProtocolViolation,
};
use crate::plan::PlanError;
use crate::topology::Topology;

/// One thing that goes wrong.
///
/// Its hash is part of what a seed means, here and in the types that it is made of: variants and
/// fields are known by their order, so a new one comes last, and a new name changes nothing.
///
/// A plan refers to participants by name; [`resolve`](Fault::resolve) gives the same fault by places.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    tag = "kind",
    bound(
        serialize = "N::Client: Serialize, N::Node: Serialize, N::Guild: Serialize, MailEndpoint<N>: Serialize",
        deserialize = "N::Client: Deserialize<'de>, N::Node: Deserialize<'de>, N::Guild: \
                       Deserialize<'de>, MailEndpoint<N>: Deserialize<'de>"
    )
)]
pub enum Fault<N: Naming = Names> {
    /// A client's connection ends.
    Cut {
        /// Whose.
        client: N::Client,
        /// How.
        how: CutKind,
    },
    /// A client's connection passes nothing on, and keeps it.
    Stall {
        /// Whose.
        client: N::Client,
        /// Which way.
        way: Direction,
    },
    /// A client's line is slow.
    Slow {
        /// Whose.
        client: N::Client,
        /// Bytes per second in each direction.
        bandwidth: u32,
    },
    /// A client's connection is silently dead: what is sent is lost, and nobody is told.
    Blackhole {
        /// Whose.
        client: N::Client,
        /// Which way.
        way: Direction,
    },
    /// A node does nothing; what arrives waits.
    Pause {
        /// Which.
        node: N::Node,
    },
    /// A node's memory and connections are gone; it runs again when the fault is over.
    Crash {
        /// Which.
        node: N::Node,
        /// Whether it never runs again, healed or not.
        #[serde(default, skip_serializing_if = "is_false")]
        forever: bool,
    },
    /// A node is told to stop, and does so in its own time; it runs again when the fault is over. One
    /// that is not gone by then is killed first.
    Stop {
        /// Which.
        node: N::Node,
    },
    /// All other nodes are told that a node has crashed, wrongly.
    FalseAlarm {
        /// Which.
        node: N::Node,
    },
    /// A guild is given to another node. Its old owner is not told.
    Reassign {
        /// Which.
        guild: N::Guild,
        /// To which node.
        to: N::Node,
    },
    /// A node's wall clock jumps.
    ClockJump {
        /// Whose.
        node: N::Node,
        /// By how many milliseconds.
        by_ms: i64,
    },
    /// Messages between nodes, or to and from a journal or the directory, are lost.
    Loss {
        /// From where.
        from: MailEndpoint<N>,
        /// To where.
        to: MailEndpoint<N>,
        /// How many of a hundred.
        share: u8,
    },
    /// Messages arrive twice, the second time up to a second later.
    Duplicate {
        /// From where.
        from: MailEndpoint<N>,
        /// To where.
        to: MailEndpoint<N>,
        /// How many of a hundred.
        share: u8,
    },
    /// Messages are late.
    Delay {
        /// From where.
        from: MailEndpoint<N>,
        /// To where.
        to: MailEndpoint<N>,
        /// By how much at most.
        by: Span,
    },
    /// All messages are lost: both ways, or only those from the first end to the second.
    Partition {
        /// One end.
        a: MailEndpoint<N>,
        /// The other end.
        b: MailEndpoint<N>,
        /// Whether messages from the second end to the first arrive.
        #[serde(default, skip_serializing_if = "is_false")]
        one_way: bool,
    },
    /// All messages are kept, and go on their way when the fault is over.
    Hold {
        /// From where.
        from: MailEndpoint<N>,
        /// To where.
        to: MailEndpoint<N>,
    },
    /// A journal takes longer to sync.
    JournalSlow {
        /// Whose.
        guild: N::Guild,
        /// By how much.
        by: Span,
    },
    /// Whoever keeps a journal crashes: what was not synced is lost from some point on, and what
    /// was asked is forgotten. It runs again when the fault is over.
    JournalCrash {
        /// Whose.
        guild: N::Guild,
    },
    /// A journal has no room for more than so many records.
    JournalFull {
        /// Whose.
        guild: N::Guild,
        /// How many.
        #[serde(default)]
        room: u32,
    },
    /// The next sync of a journal fails, and its owner has to step down.
    JournalFail {
        /// Whose.
        guild: N::Guild,
    },
    /// A hostile client speaks out of turn on its connection.
    Misbehave {
        /// Who.
        client: N::Client,
        /// What it does.
        violation: ProtocolViolation,
    },
    /// An intruder opens a connection of its own and tries to take a client's session.
    Hijack {
        /// Whose session.
        client: N::Client,
        /// Whether the intruder has the right token (then it is the client's user, on a second
        /// socket).
        token: bool,
    },
    /// An intruder opens a connection of its own at a client's node, and asks for what there is not.
    InvalidLogin {
        /// Whose node, and whom it says it is.
        client: N::Client,
        /// What it asks for.
        says: InvalidLogin,
    },
}

impl Fault {
    /// The same fault by places.
    ///
    /// # Errors
    /// If it names a participant that the plan does not have, or asks for what cannot be.
    pub fn resolve(&self, names: &Topology) -> Result<Fault<Places>, PlanError> {
        let client = |name: &str| names.client(name).map(client_place);
        let node = |name: &str| names.node(name).map(node_place);
        let guild = |name: &str| names.guild(name).map(guild_place);
        let share = |share: u8| match share {
            0..=100 => Ok(share),
            _ => Err(PlanError::Invalid(format!("{self}: that is more than all"))),
        };
        Ok(match self {
            Self::Cut { client: who, how } => Fault::Cut { client: client(who)?, how: *how },
            Self::Stall { client: who, way } => Fault::Stall { client: client(who)?, way: *way },
            Self::Slow { client: who, bandwidth } => {
                Fault::Slow { client: client(who)?, bandwidth: (*bandwidth).max(1) }
            }
            Self::Blackhole { client: who, way } => {
                Fault::Blackhole { client: client(who)?, way: *way }
            }
            Self::Misbehave { client: who, violation } => {
                if names.cast.clients[names.client(who)?].honest {
                    let why = format!("`{who}` misbehaves, but is not marked as hostile");
                    return Err(PlanError::Invalid(why));
                }
                Fault::Misbehave { client: client(who)?, violation: *violation }
            }
            Self::Hijack { client: who, token } => {
                Fault::Hijack { client: client(who)?, token: *token }
            }
            Self::InvalidLogin { client: who, says } => {
                Fault::InvalidLogin { client: client(who)?, says: *says }
            }
            Self::Pause { node: at } => Fault::Pause { node: node(at)? },
            Self::Crash { node: at, forever } => {
                Fault::Crash { node: node(at)?, forever: *forever }
            }
            Self::Stop { node: at } => Fault::Stop { node: node(at)? },
            Self::FalseAlarm { node: at } => Fault::FalseAlarm { node: node(at)? },
            Self::ClockJump { node: at, by_ms } => {
                Fault::ClockJump { node: node(at)?, by_ms: *by_ms }
            }
            Self::Reassign { guild: of, to } => {
                Fault::Reassign { guild: guild(of)?, to: node(to)? }
            }
            Self::JournalSlow { guild: of, by } => {
                Fault::JournalSlow { guild: guild(of)?, by: *by }
            }
            Self::JournalCrash { guild: of } => Fault::JournalCrash { guild: guild(of)? },
            Self::JournalFull { guild: of, room } => {
                Fault::JournalFull { guild: guild(of)?, room: *room }
            }
            Self::JournalFail { guild: of } => Fault::JournalFail { guild: guild(of)? },
            Self::Loss { from, to, share: of } => {
                let (from, to) = (from.resolve(names)?, to.resolve(names)?);
                Fault::Loss { from, to, share: share(*of)? }
            }
            Self::Duplicate { from, to, share: of } => {
                let (from, to) = (from.resolve(names)?, to.resolve(names)?);
                Fault::Duplicate { from, to, share: share(*of)? }
            }
            Self::Delay { from, to, by } => {
                Fault::Delay { from: from.resolve(names)?, to: to.resolve(names)?, by: *by }
            }
            Self::Partition { a, b, one_way } => {
                let (a, b) = (a.resolve(names)?, b.resolve(names)?);
                Fault::Partition { a, b, one_way: *one_way }
            }
            Self::Hold { from, to } => {
                Fault::Hold { from: from.resolve(names)?, to: to.resolve(names)? }
            }
        })
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
            Self::Blackhole { client, way } => {
                write!(f, "{client}'s connection is silently dead {way}")
            }
            Self::Pause { node } => write!(f, "{node} pauses"),
            Self::Crash { node, forever: false } => write!(f, "{node} crashes"),
            Self::Crash { node, forever: true } => write!(f, "{node} crashes for ever"),
            Self::Stop { node } => write!(f, "{node} is told to stop"),
            Self::FalseAlarm { node } => write!(f, "{node} is said to have crashed"),
            Self::Reassign { guild, to } => write!(f, "{guild} is given to {to}"),
            Self::ClockJump { node, by_ms } => write!(f, "{node}'s wall clock jumps by {by_ms}ms"),
            Self::Loss { from, to, share } => {
                write!(f, "{share} of 100 messages from {from} to {to} are lost")
            }
            Self::Duplicate { from, to, share } => {
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
            Self::Misbehave { client, violation } => write!(f, "{client} {violation}"),
            Self::Hijack { client, token: false } => {
                write!(f, "a stranger tries to resume {client}'s session")
            }
            Self::Hijack { client, token: true } => {
                write!(f, "a second socket resumes {client}'s session")
            }
            Self::InvalidLogin { client, says } => {
                write!(f, "a stranger at {client}'s node {says}")
            }
        }
    }
}

fn is_false(value: &bool) -> bool {
    !value
}
