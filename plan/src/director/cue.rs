//! What a director is told: that the time of a cue has come, and what has happened in the world.

use crate::fault::{Participant, Phase};

/// Something that the director does at a time of its own. The world keeps the clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cue {
    /// The time of a fault has come: it begins, or begins to wait for its trigger.
    Due(u32),
    /// A fault begins whose trigger was met.
    Begin(u32),
    /// A fault has lasted for as long as it was to.
    End(u32),
    /// A node is told to stop, if it still is to.
    TellStop(u16),
    /// The machine of a node that has stopped is switched off, unless it has been started since.
    SwitchOff {
        /// The node.
        node: u16,
        /// How often it had been started.
        boot: u32,
    },
    /// A node is told to own a guild, if it still is to.
    TellOwner {
        /// The node.
        node: u16,
        /// The guild.
        guild: u32,
    },
    /// A node is told that another one is down, rightly or not.
    TellDown {
        /// Who is told.
        to: u16,
        /// Who is said to be down.
        about: u16,
    },
    /// A guild goes to its standby, if it is still named for a node that cannot keep it.
    FailOver {
        /// The guild.
        guild: u32,
        /// The node that was to lose it.
        from: u16,
    },
    /// Every node counts what it keeps.
    Census,
    /// All faults are over, and none begins any more.
    Heal,
}

/// Something that has happened in the world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum News {
    /// A participant has reached a phase that a fault may wait for.
    Reached(Participant, Phase),
    /// A node no longer owns a guild.
    SteppedDown {
        /// The node.
        node: u16,
        /// The guild.
        guild: u32,
        /// Whether it gave the guild up of its own accord, so that another node is to own it.
        closed: bool,
    },
    /// A node that was told to stop has stopped.
    Stopped(u16),
}
