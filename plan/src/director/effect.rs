//! The instructions to a world. Clients, guilds and nodes are indexes in the plan.

use guildhall_core::step::{Actor, WorldEvent};

use super::Cue;
use crate::fault::{CutKind, Direction, Intrusion, ProtocolViolation};
use crate::journal;
use crate::mail::MailRule;

/// An instruction to a world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Pass in the cue at this time, in microseconds.
    Schedule(u64, Cue),
    /// Report this event to the observers of the run.
    Record(WorldEvent),
    /// Everything is healed: from now on the world has to settle.
    Settle,

    /// Kill a node. Its memory and its connections are lost at once.
    Kill(u16),
    /// Remove a stopped node from the network. What it has sent still arrives.
    Retire(u16),
    /// Power a stopped node off. Frames that it has not sent by now are never sent.
    SwitchOff(u16),
    /// Start a node that is off, with empty memory.
    Boot {
        /// The node.
        node: u16,
        /// How often it has been started, including this start.
        boot: u32,
    },
    /// Pause a node. It handles nothing, and its input waits.
    Pause(u16),
    /// Resume a paused node, with the input that has arrived meanwhile.
    Resume(u16),
    /// Ask a node to stop.
    TellStop(u16),
    /// Notify a node that it owns a guild.
    TellOwner {
        /// The node.
        node: u16,
        /// The guild.
        guild: u32,
    },
    /// Report to a node that another one is down.
    TellDown {
        /// The receiver of the report.
        to: u16,
        /// The node that is reported down.
        about: u16,
    },
    /// Count everything that a machine keeps.
    Census(Actor),
    /// Set a node's wall clock.
    JumpClock {
        /// The node.
        node: u16,
        /// The jump, in milliseconds.
        by_ms: i64,
    },

    /// End a client's connection.
    Cut {
        /// The client.
        client: u32,
        /// How the connection ends.
        how: CutKind,
    },
    /// Stall a client's connection until the fault releases it.
    Stall {
        /// The fault.
        fault: u32,
        /// The client.
        client: u32,
        /// The direction.
        way: Direction,
    },
    /// Release the data that a fault has stalled.
    Release {
        /// The fault.
        fault: u32,
    },
    /// Make a client's connection lose all data silently.
    Blackhole {
        /// The client.
        client: u32,
        /// The direction.
        way: Direction,
    },
    /// Set the bandwidth of a client's connections.
    SetBandwidth {
        /// The client.
        client: u32,
        /// Bytes per second. `None` is the usual bandwidth.
        bandwidth: Option<u32>,
    },
    /// Suspend a client's process. It handles nothing, and its input waits.
    Suspend(u32),
    /// Resume a suspended client, with the input that has arrived meanwhile.
    Wake(u32),
    /// End a client's process, and its connection, and start another from an older place in the
    /// session. Nothing happens to a client that is off.
    Restore {
        /// The client.
        client: u32,
        /// How many dispatches ago the place was stored.
        back: u32,
    },
    /// Make a hostile client violate the protocol.
    Misbehave {
        /// The client.
        client: u32,
        /// The violation.
        violation: ProtocolViolation,
    },
    /// Let an intruder open a connection to a client's node.
    Intrude {
        /// The fault, which identifies the intruder.
        fault: u32,
        /// The client whose identity the intruder claims.
        client: u32,
        /// The purpose.
        why: Intrusion,
    },

    /// Begin or end a fault of a guild's journal.
    Journal {
        /// The guild.
        guild: u32,
        /// The fault.
        fault: journal::JournalFault,
    },
    /// A fault affects messages from now on.
    BeginMailRule {
        /// The fault.
        fault: u32,
        /// The effect on messages.
        rule: MailRule,
    },
    /// A fault no longer affects messages. The messages that it has held are sent on.
    EndMailRule {
        /// The fault.
        fault: u32,
    },
}
