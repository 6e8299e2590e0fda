//! What a world is to do. Clients, guilds and nodes go by their places in the plan.

use guildhall_core::step::WorldEvent;

use super::Cue;
use crate::fault::{CutKind, Direction, Intrusion, ProtocolViolation};
use crate::journal;
use crate::mail::MailRule;

/// One thing that a world does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Hand in the cue at this time, in microseconds.
    Schedule(u64, Cue),
    /// Tell the observers of the run that this happens.
    Record(WorldEvent),
    /// All is healed: from now on the world is to settle.
    Settle,

    /// Cut a node's power: its memory and its connections are gone at once.
    Kill(u16),
    /// Take a node off the network that has stopped by itself: what it has sent still arrives.
    Retire(u16),
    /// Switch the machine off that such a node may still be on: what it had to send has left by now, or
    /// never will.
    SwitchOff(u16),
    /// Start a node that is off. It knows nothing.
    Boot {
        /// The node.
        node: u16,
        /// How often it has been started by now.
        boot: u32,
    },
    /// Have a node do nothing; what arrives waits.
    Pause(u16),
    /// Have a paused node go on, with what has arrived meanwhile.
    Resume(u16),
    /// Tell a node to stop.
    TellStop(u16),
    /// Tell a node to own a guild.
    TellOwner {
        /// The node.
        node: u16,
        /// The guild.
        guild: u32,
    },
    /// Tell a node that another one is down.
    TellDown {
        /// Who is told.
        to: u16,
        /// Who is said to be down.
        about: u16,
    },
    /// Have a node count what it keeps.
    Census(u16),
    /// Set a node's wall clock.
    JumpClock {
        /// The node.
        node: u16,
        /// By how many milliseconds.
        by_ms: i64,
    },

    /// End a client's connection.
    Cut {
        /// The client.
        client: u32,
        /// How.
        how: CutKind,
    },
    /// Have a client's connection pass nothing on, until the fault releases it.
    Stall {
        /// The fault.
        fault: u32,
        /// The client.
        client: u32,
        /// In which direction.
        way: Direction,
    },
    /// Let what a fault has stalled go on its way.
    Release {
        /// The fault.
        fault: u32,
    },
    /// Have a client's connection lose what is sent, without telling anybody.
    Blackhole {
        /// The client.
        client: u32,
        /// In which direction.
        way: Direction,
    },
    /// Set the bandwidth of a client's connections.
    SetBandwidth {
        /// The client.
        client: u32,
        /// Bytes per second; none is as usual.
        bandwidth: Option<u32>,
    },
    /// Have a hostile client break the protocol.
    Misbehave {
        /// The client.
        client: u32,
        /// What it does.
        violation: ProtocolViolation,
    },
    /// Have an intruder open a connection at a client's node.
    Intrude {
        /// The fault, by which the intruder is known.
        fault: u32,
        /// Whom it pretends to be.
        client: u32,
        /// What for.
        why: Intrusion,
    },

    /// Inject a fault into the journal of a guild, or heal it.
    Journal {
        /// The guild.
        guild: u32,
        /// Which.
        fault: journal::JournalFault,
    },
    /// A fault affects messages from now on.
    BeginLaw {
        /// The fault.
        fault: u32,
        /// How.
        law: MailRule,
    },
    /// A fault affects messages no more: what it has held goes on its way.
    EndLaw {
        /// The fault.
        fault: u32,
    },
}
