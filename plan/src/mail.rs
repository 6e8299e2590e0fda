//! What strikes messages between nodes, journals and the directory: the same in every world.
//!
//! What becomes of a message hangs on the laws that are in force and on the key that it is asked by;
//! what that key is about is the business of the world. Nothing here carries anything.

use guildhall_core::step::Actor;
use guildhall_core::time::Span;

use crate::fault::{End, Fault};
use crate::plan::PlanError;
use crate::seed::{Key, Ratio};
use crate::topology::{Topology, guild_place};

/// How much later than the first the second copy of a message is sent, at most, in microseconds.
const COPY_LATE: u64 = 1_000_000;

/// One end of a message link. Nodes and the journals of guilds go by their places in the plan.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Spot {
    /// A node.
    Node(u16),
    /// The journal of a guild.
    Journal(u32),
    /// The directory.
    Directory,
}

/// One end of a link, or several alike ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spots {
    /// Every node.
    Nodes,
    /// Every journal.
    Journals,
    /// This one.
    One(Spot),
}

/// What strikes the messages between two ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Law {
    /// From where.
    pub from: Spots,
    /// To where.
    pub to: Spots,
    /// Whether it strikes what goes the other way, too.
    pub both: bool,
    /// What it does.
    pub strikes: Strikes,
}

/// What a law does to messages; shares are of a hundred.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strikes {
    /// So many are lost.
    Loses(u8),
    /// So many arrive twice, the second time up to a second later.
    Repeats(u8),
    /// Each is late, by so much at most.
    Delays(Span),
    /// All are lost.
    Cuts,
    /// All are kept until the law is over.
    Holds,
}

/// What becomes of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It never arrives.
    Lost,
    /// It waits until this fault is over.
    Held(u32),
    /// It arrives, so many microseconds later, and perhaps once more, again so much later.
    Passes(u64, Option<u64>),
}

/// The laws in force, each with the fault that says so.
#[derive(Clone, Debug, Default)]
pub struct Laws(Vec<(u32, Law)>);

impl Spot {
    /// Where somebody's messages come from and go to; clients have links of their own.
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
    /// How a fault strikes messages, if it does.
    ///
    /// # Errors
    /// If it names what the plan does not have, or strikes more than all of them.
    pub fn of(fault: &Fault, names: &Topology) -> Result<Option<Self>, PlanError> {
        let share = |share: u8| match share {
            0..=100 => Ok(share),
            _ => Err(PlanError::Invalid(format!("{fault}: that is more than all"))),
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

    /// Whether it strikes what goes from one end to another.
    #[must_use]
    pub fn is_about(&self, from: Spot, to: Spot) -> bool {
        let about = |a: Spot, b: Spot| self.from.holds(a) && self.to.holds(b);
        about(from, to) || self.both && about(to, from)
    }
}

impl Laws {
    /// Whether nothing strikes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A fault begins to strike.
    pub fn begin(&mut self, fault: u32, law: Law) {
        self.0.push((fault, law));
    }

    /// It strikes no more.
    pub fn end(&mut self, fault: u32) {
        self.0.retain(|(other, _)| *other != fault);
    }

    /// What becomes of a message on its way from one end to another one.
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
