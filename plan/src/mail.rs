//! Faults of messages between nodes, journals and the directory; they are the same in every world.
//!
//! The fate of a message depends on the active laws and on a key. The world chooses what the key
//! contains, and carries the messages.

use guildhall_core::step::Actor;
use guildhall_core::time::Span;

use crate::fault::{End, Fault};
use crate::plan::PlanError;
use crate::seed::{Key, Ratio};
use crate::topology::{Topology, guild_place};

/// The maximum delay of a duplicate after the original, in microseconds.
const COPY_LATE: u64 = 1_000_000;

/// An endpoint of messages. Nodes, and the journals of guilds, are named by their index in the
/// plan.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Spot {
    /// A node.
    Node(u16),
    /// The journal of a guild.
    Journal(u32),
    /// The directory.
    Directory,
}

/// An endpoint, or all endpoints of a kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spots {
    /// Every node.
    Nodes,
    /// Every journal.
    Journals,
    /// One endpoint.
    One(Spot),
}

/// A fault of the messages between two endpoints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Law {
    /// The senders that it applies to.
    pub from: Spots,
    /// The receivers that it applies to.
    pub to: Spots,
    /// Whether it also applies in the opposite direction.
    pub both: bool,
    /// The effect on messages.
    pub strikes: Strikes,
}

/// The effect of a law on messages. Shares are per cent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strikes {
    /// This share of messages is lost.
    Loses(u8),
    /// This share of messages is duplicated; a duplicate arrives up to a second later.
    Repeats(u8),
    /// Each message is delayed, by at most this time.
    Delays(Span),
    /// All messages are lost.
    Cuts,
    /// All messages are held back until the law ends.
    Holds,
}

/// The fate of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// The message is lost.
    Lost,
    /// The message waits until this fault ends.
    Held(u32),
    /// The message arrives with this additional delay, in microseconds. A duplicate, if any, is
    /// sent the second delay after the original.
    Passes(u64, Option<u64>),
}

/// The active laws, each with the fault that it comes from.
#[derive(Clone, Debug, Default)]
pub struct Laws(Vec<(u32, Law)>);

impl Spot {
    /// Returns the endpoint of an actor; `None` for clients, which use connections instead.
    #[must_use]
    pub fn of(actor: Actor) -> Option<Self> {
        match actor {
            Actor::Node(node) => Some(Self::Node(node.0)),
            Actor::Journal(guild) => u32::try_from(guild_place(guild)).ok().map(Self::Journal),
            Actor::Directory => Some(Self::Directory),
            Actor::Client(_) | Actor::World => None,
        }
    }
}

impl Spots {
    fn resolve(end: &End, names: &Topology) -> Result<Self, PlanError> {
        Ok(match end {
            End::Nodes => Self::Nodes,
            End::Journals => Self::Journals,
            End::Directory => Self::One(Spot::Directory),
            End::Node(name) => {
                let node = u16::try_from(names.node(name)?).unwrap_or(u16::MAX);
                Self::One(Spot::Node(node))
            }
            End::Journal(name) => {
                let guild = u32::try_from(names.guild(name)?).unwrap_or(u32::MAX);
                Self::One(Spot::Journal(guild))
            }
        })
    }

    fn holds(self, spot: Spot) -> bool {
        match self {
            Self::Nodes => matches!(spot, Spot::Node(_)),
            Self::Journals => matches!(spot, Spot::Journal(_)),
            Self::One(one) => one == spot,
        }
    }
}

impl Law {
    /// Returns the effect of a fault on messages; `None` if it has none.
    ///
    /// # Errors
    /// Returns an error if the fault names something that is not in the plan, or has a share above
    /// 100.
    pub fn of(fault: &Fault, names: &Topology) -> Result<Option<Self>, PlanError> {
        let share = |share: u8| match share {
            0..=100 => Ok(share),
            _ => Err(PlanError::Invalid(format!("{fault}: the share must be at most 100"))),
        };
        let (from, to, both, strikes) = match fault {
            Fault::Lossy { from, to, share: of } => (from, to, false, Strikes::Loses(share(*of)?)),
            Fault::Repeat { from, to, share: of } => {
                (from, to, false, Strikes::Repeats(share(*of)?))
            }
            Fault::Delay { from, to, by } => (from, to, false, Strikes::Delays(*by)),
            Fault::Hold { from, to } => (from, to, false, Strikes::Holds),
            Fault::Partition { a, b, one_way } => (a, b, !one_way, Strikes::Cuts),
            Fault::Cut { .. }
            | Fault::Stall { .. }
            | Fault::Slow { .. }
            | Fault::Silence { .. }
            | Fault::Pause { .. }
            | Fault::Crash { .. }
            | Fault::Stop { .. }
            | Fault::FalseAlarm { .. }
            | Fault::Move { .. }
            | Fault::WallJump { .. }
            | Fault::JournalSlow { .. }
            | Fault::JournalCrash { .. }
            | Fault::JournalFull { .. }
            | Fault::JournalFail { .. }
            | Fault::Misbehave { .. }
            | Fault::Steal { .. }
            | Fault::Knock { .. } => return Ok(None),
        };
        let (from, to) = (Spots::resolve(from, names)?, Spots::resolve(to, names)?);
        Ok(Some(Self { from, to, both, strikes }))
    }

    /// Returns `true` if the law applies to messages from one endpoint to another.
    #[must_use]
    pub fn is_about(&self, from: Spot, to: Spot) -> bool {
        let about = |a: Spot, b: Spot| self.from.holds(a) && self.to.holds(b);
        about(from, to) || self.both && about(to, from)
    }
}

impl Laws {
    /// Returns `true` if no law is active.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Activates the law of a fault.
    pub fn begin(&mut self, fault: u32, law: Law) {
        self.0.push((fault, law));
    }

    /// Deactivates the law of a fault.
    pub fn end(&mut self, fault: u32) {
        self.0.retain(|(other, _)| *other != fault);
    }

    /// Returns the fate of a message from one endpoint to another.
    #[must_use]
    pub fn fate(&self, (from, to): (Spot, Spot), key: Key) -> Fate {
        let (mut held, mut late, mut again) = (None, 0, None);
        let share = |name, of: u8| key.text(name).with(u64::from(of)).chance(percent(of));
        for (fault, law) in self.0.iter().filter(|(_, law)| law.is_about(from, to)) {
            match law.strikes {
                Strikes::Cuts => return Fate::Lost,
                Strikes::Loses(of) if share("lost", of) => return Fate::Lost,
                Strikes::Repeats(of) if share("twice", of) => {
                    again = Some(key.text("again").below(COPY_LATE));
                }
                Strikes::Delays(by) => {
                    let key = key.text("late").with(by.as_micros());
                    late += key.between(0, by.as_micros());
                }
                Strikes::Holds => held = held.or(Some(*fault)),
                Strikes::Loses(_) | Strikes::Repeats(_) => {}
            }
        }
        held.map_or(Fate::Passes(late, again), Fate::Held)
    }
}

const fn percent(share: u8) -> Ratio {
    Ratio::of(if share > 100 { 100 } else { share as u32 }, 100)
}
