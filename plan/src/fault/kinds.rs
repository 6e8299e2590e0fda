//! The kinds of faults, each with its target, by name or by index.

use std::fmt;

use guildhall_core::time::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::resolve::{client_place, guild_place, node_place};
use super::{
    CutKind, Direction, InvalidLogin, MailEndpoint, Names, Naming, Places, ProtocolViolation,
};
use crate::plan::{PlanError, values};
use crate::schema::Time;
use crate::topology::Topology;

/// A fault.
///
/// Its hash is part of the meaning of a seed, and so are the hashes of its parts. Variants and
/// fields are hashed by their order: add new ones at the end. Renaming them changes nothing.
///
/// A plan refers to participants by name. [`resolve`](Fault::resolve) returns the same fault with
/// indexes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    tag = "kind",
    deny_unknown_fields,
    bound(
        serialize = "N::Client: Serialize, N::Node: Serialize, N::Guild: Serialize, MailEndpoint<N>: Serialize",
        deserialize = "N::Client: Deserialize<'de>, N::Node: Deserialize<'de>, N::Guild: \
                       Deserialize<'de>, MailEndpoint<N>: Deserialize<'de>"
    )
)]
#[schemars(
    rename = "Fault",
    bound = "N::Client: JsonSchema, N::Node: JsonSchema, N::Guild: JsonSchema, MailEndpoint<N>: JsonSchema"
)]
pub enum Fault<N: Naming = Names> {
    /// A client's connection ends.
    Cut {
        /// The client.
        client: N::Client,
        /// How the connection ends.
        how: CutKind,
    },
    /// A client's connection stalls: it keeps all data and delivers none.
    Stall {
        /// The client.
        client: N::Client,
        /// The direction.
        way: Direction,
    },
    /// A client's connection has a low bandwidth.
    Slow {
        /// The client.
        client: N::Client,
        /// Bytes per second in each direction.
        #[schemars(range(min = 1))]
        bandwidth: u32,
    },
    /// A client's connection is silently dead: data is lost and neither end is notified.
    Blackhole {
        /// The client.
        client: N::Client,
        /// The direction.
        way: Direction,
    },
    /// A node pauses: it handles nothing, and its input waits.
    Pause {
        /// The node.
        node: N::Node,
    },
    /// A node crashes and loses its memory and its connections. It restarts when the fault ends.
    Crash {
        /// The node.
        node: N::Node,
        /// Whether the node never restarts, not even after healing.
        #[serde(default, skip_serializing_if = "is_false")]
        forever: bool,
    },
    /// A node is asked to stop and shuts down gracefully. It restarts when the fault ends. If it
    /// has not stopped by then, it is killed first.
    Stop {
        /// The node.
        node: N::Node,
    },
    /// All other nodes receive a false report that a node has crashed.
    FalseAlarm {
        /// The node.
        node: N::Node,
    },
    /// A guild is assigned to another node. The old owner is not notified.
    Reassign {
        /// The guild.
        guild: N::Guild,
        /// The new owner.
        to: N::Node,
    },
    /// A node's wall clock jumps.
    ClockJump {
        /// The node.
        node: N::Node,
        /// The jump, in milliseconds.
        by_ms: i64,
    },
    /// Messages between nodes, or to and from a journal or the directory, are lost.
    Loss {
        /// The sender.
        from: MailEndpoint<N>,
        /// The receiver.
        to: MailEndpoint<N>,
        /// The share of messages, in percent.
        #[schemars(range(max = 100))]
        share: u8,
    },
    /// Messages are duplicated. The duplicate arrives up to a second after the original.
    Duplicate {
        /// The sender.
        from: MailEndpoint<N>,
        /// The receiver.
        to: MailEndpoint<N>,
        /// The share of messages, in percent.
        #[schemars(range(max = 100))]
        share: u8,
    },
    /// Messages are delayed.
    Delay {
        /// The sender.
        from: MailEndpoint<N>,
        /// The receiver.
        to: MailEndpoint<N>,
        /// The maximum delay.
        #[schemars(with = "Time")]
        by: Span,
    },
    /// All messages are lost, in both directions or only from `a` to `b`.
    Partition {
        /// The first end.
        a: MailEndpoint<N>,
        /// The second end.
        b: MailEndpoint<N>,
        /// Whether messages from the second end to the first still arrive.
        #[serde(default, skip_serializing_if = "is_false")]
        one_way: bool,
    },
    /// All messages are held until the fault ends.
    Hold {
        /// The sender.
        from: MailEndpoint<N>,
        /// The receiver.
        to: MailEndpoint<N>,
    },
    /// A journal takes longer to sync.
    JournalSlow {
        /// The guild.
        guild: N::Guild,
        /// The additional latency.
        #[schemars(with = "Time")]
        by: Span,
    },
    /// A journal crashes. It loses its unsynced records from some point on, and all pending
    /// requests. It restarts when the fault ends.
    JournalCrash {
        /// The guild.
        guild: N::Guild,
    },
    /// A journal has room for only a limited number of further records.
    JournalFull {
        /// The guild.
        guild: N::Guild,
        /// The number of records.
        #[serde(default)]
        room: u32,
    },
    /// The next sync of a journal fails, unless everything is healed before, and the owner has to
    /// step down.
    JournalFail {
        /// The guild.
        guild: N::Guild,
    },
    /// A hostile client violates the protocol on its connection.
    Misbehave {
        /// The client.
        client: N::Client,
        /// The violation.
        violation: ProtocolViolation,
    },
    /// An intruder opens its own connection and tries to take over a client's session.
    Hijack {
        /// The client whose session is attacked.
        client: N::Client,
        /// Whether the intruder has the right token. If so, it acts as the client's user on a
        /// second socket.
        token: bool,
    },
    /// An intruder opens its own connection to a client's node and sends an invalid login.
    InvalidLogin {
        /// The client whose node is attacked and whose identity the intruder claims.
        client: N::Client,
        /// The invalid login.
        says: InvalidLogin,
    },
    /// A client's process is suspended, as when a laptop sleeps: it reads nothing, its connection
    /// stays open, and its timers expire late, all at once.
    Suspend {
        /// The client.
        client: N::Client,
    },
    /// A client's process ends, and a new one starts from an older place in the session: it resumes
    /// after an earlier sequence number and knows nothing else.
    Restore {
        /// The client.
        client: N::Client,
        /// How many dispatches ago the place was stored.
        #[serde(default)]
        back: u32,
    },
}

impl Fault {
    /// Returns the same fault with participants by index.
    ///
    /// # Errors
    /// If it names a participant that the plan does not have, or has a value that is not allowed.
    pub fn resolve(&self, names: &Topology) -> Result<Fault<Places>, PlanError> {
        let client = |name: &str| names.client(name).map(client_place);
        let node = |name: &str| names.node(name).map(node_place);
        let guild = |name: &str| names.guild(name).map(guild_place);
        let share = |share: u8| values::within("share", share, 0..=100);
        Ok(match self {
            Self::Cut { client: who, how } => {
                Fault::Cut { client: client(who)?, how: how.checked()? }
            }
            Self::Stall { client: who, way } => Fault::Stall { client: client(who)?, way: *way },
            Self::Slow { client: who, bandwidth } => {
                let bandwidth = values::within("bandwidth", *bandwidth, 1..=u32::MAX)?;
                Fault::Slow { client: client(who)?, bandwidth }
            }
            Self::Blackhole { client: who, way } => {
                Fault::Blackhole { client: client(who)?, way: *way }
            }
            Self::Misbehave { client: who, violation } => {
                if names.cast.clients[names.client(who)?].honest {
                    return Err(PlanError::value("client", "marked as hostile, to misbehave"));
                }
                Fault::Misbehave { client: client(who)?, violation: violation.checked()? }
            }
            Self::Hijack { client: who, token } => {
                Fault::Hijack { client: client(who)?, token: *token }
            }
            Self::InvalidLogin { client: who, says } => {
                Fault::InvalidLogin { client: client(who)?, says: says.checked()? }
            }
            Self::Suspend { client: who } => Fault::Suspend { client: client(who)? },
            Self::Restore { client: who, back } => {
                Fault::Restore { client: client(who)?, back: *back }
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
                Fault::JournalSlow { guild: guild(of)?, by: values::time("by", *by)? }
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
                let by = values::time("by", *by)?;
                Fault::Delay { from: from.resolve(names)?, to: to.resolve(names)?, by }
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
            Self::Suspend { client } => write!(f, "{client}'s process is suspended"),
            Self::Restore { client, back } => {
                write!(f, "{client}'s process restarts from where it was {back} dispatches ago")
            }
        }
    }
}

fn is_false(value: &bool) -> bool {
    !value
}
