//! The inputs of a director: cues whose time has come, and reports of what happened in the world.

use crate::fault::{Participant, Phase};

/// A timer of the director. The world keeps the clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cue {
    /// The time of a fault has come: it begins, or starts to wait for its trigger.
    Due(u32),
    /// A fault begins because of its trigger.
    Begin(u32),
    /// The duration of a fault is over.
    End(u32),
    /// A node is asked to stop, if the stop is still active.
    TellStop(u16),
    /// A stopped node is powered off, unless it has been started since.
    SwitchOff {
        /// The node.
        node: u16,
        /// How often it had been started.
        boot: u32,
    },
    /// A node is notified that it owns a guild, if it still does.
    TellOwner {
        /// The node.
        node: u16,
        /// The guild.
        guild: u32,
    },
    /// A node receives a report, right or wrong, that another node is down.
    TellDown {
        /// The receiver of the report.
        to: u16,
        /// The node that is reported down.
        about: u16,
    },
    /// A guild fails over to its standby, if it is still assigned to a node that cannot keep it.
    FailOver {
        /// The guild.
        guild: u32,
        /// The node that loses it.
        from: u16,
    },
    /// Everything that the machines keep is counted.
    Census,
    /// All faults end, and no more begin.
    Heal,
}

/// A report of something that happened in the world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum News {
    /// A participant has entered a phase that a fault may wait for.
    Reached(Participant, Phase),
    /// A node no longer owns a guild.
    SteppedDown {
        /// The node.
        node: u16,
        /// The guild.
        guild: u32,
        /// Whether the node closed the guild itself, so that another node has to own it.
        closed: bool,
    },
    /// A node that was asked to stop has stopped.
    Stopped(u16),
}
