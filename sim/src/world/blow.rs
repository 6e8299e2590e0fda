//! A fault of the plan with its names resolved. It says what to do to whom, and does nothing.

use guildhall_core::time::Span;

use super::place;
use super::stage::Whom;
use guildhall_plan::fault::{Ending, Fault, Knock, Misdeed, Way};
use guildhall_plan::mail::{Law, Spot, Spots};
use guildhall_plan::plan::PlanError;
use guildhall_plan::topology::Topology;

/// What strikes, and whom.
#[derive(Clone, Copy, Debug)]
pub(super) enum Blow {
    Cut(u32, Ending),
    Stall(u32, Way),
    Slow(u32, u32),
    Silence(u32, Way),
    Misbehave(u32, Misdeed),
    Steal(u32, bool),
    Knock(u32, Knock),
    Pause(usize),
    Crash(usize, bool),
    Stop(usize),
    FalseAlarm(usize),
    WallJump(usize, i64),
    /// A guild, and the node that it goes to.
    Move(usize, usize),
    JournalSlow(usize, Span),
    JournalCrash(usize),
    JournalFull(usize, u32),
    JournalFail(usize),
    Post(Law),
}

impl Blow {
    pub(super) fn resolve(fault: &Fault, names: &Topology) -> Result<Self, PlanError> {
        let who = |name: &str| names.client(name).map(place);
        let none = || PlanError::Invalid(format!("{fault}: it strikes no messages"));
        Ok(match fault {
            Fault::Cut { client, how } => Self::Cut(who(client)?, *how),
            Fault::Stall { client, way } => Self::Stall(who(client)?, *way),
            Fault::Slow { client, bandwidth } => Self::Slow(who(client)?, (*bandwidth).max(1)),
            Fault::Silence { client, way } => Self::Silence(who(client)?, *way),
            Fault::Misbehave { client, deed } => {
                if names.cast.clients[names.client(client)?].honest {
                    let why = format!("`{client}` misbehaves, but is not marked as hostile");
                    return Err(PlanError::Invalid(why));
                }
                Self::Misbehave(who(client)?, *deed)
            }
            Fault::Steal { client, token } => Self::Steal(who(client)?, *token),
            Fault::Knock { client, says } => Self::Knock(who(client)?, *says),
            Fault::Pause { node } => Self::Pause(names.node(node)?),
            Fault::Crash { node, forever } => Self::Crash(names.node(node)?, *forever),
            Fault::Stop { node } => Self::Stop(names.node(node)?),
            Fault::FalseAlarm { node } => Self::FalseAlarm(names.node(node)?),
            Fault::WallJump { node, by_ms } => Self::WallJump(names.node(node)?, *by_ms),
            Fault::Move { guild, to } => Self::Move(names.guild(guild)?, names.node(to)?),
            Fault::JournalSlow { guild, by } => Self::JournalSlow(names.guild(guild)?, *by),
            Fault::JournalCrash { guild } => Self::JournalCrash(names.guild(guild)?),
            Fault::JournalFull { guild, room } => Self::JournalFull(names.guild(guild)?, *room),
            Fault::JournalFail { guild } => Self::JournalFail(names.guild(guild)?),
            Fault::Lossy { .. }
            | Fault::Repeat { .. }
            | Fault::Delay { .. }
            | Fault::Hold { .. }
            | Fault::Partition { .. } => Self::Post(Law::of(fault, names)?.ok_or_else(none)?),
        })
    }

    /// The client whose connection it strikes, if it strikes one.
    pub(super) const fn client(self) -> Option<u32> {
        match self.victim() {
            Some(Whom::Client(client)) => Some(client),
            Some(Whom::Guild(_) | Whom::Node(_)) | None => None,
        }
    }

    /// Whom it strikes: of two ends a journal rather than a node.
    pub(super) const fn victim(self) -> Option<Whom> {
        #[allow(clippy::cast_possible_truncation, reason = "a plan has fewer parts")]
        const fn small(index: usize) -> u32 {
            index as u32
        }
        match self {
            Self::Cut(client, _)
            | Self::Stall(client, _)
            | Self::Slow(client, _)
            | Self::Silence(client, _)
            | Self::Misbehave(client, _)
            | Self::Steal(client, _)
            | Self::Knock(client, _) => Some(Whom::Client(client)),
            Self::Pause(node)
            | Self::Crash(node, _)
            | Self::Stop(node)
            | Self::FalseAlarm(node)
            | Self::WallJump(node, _) => Some(Whom::Node(small(node))),
            Self::Move(guild, _)
            | Self::JournalSlow(guild, _)
            | Self::JournalCrash(guild)
            | Self::JournalFull(guild, _)
            | Self::JournalFail(guild) => Some(Whom::Guild(small(guild))),
            Self::Post(Law { from, to, .. }) => match (from, to) {
                (Spots::One(Spot::Journal(guild)), _) | (_, Spots::One(Spot::Journal(guild))) => {
                    Some(Whom::Guild(guild))
                }
                (Spots::One(Spot::Node(node)), _) | (_, Spots::One(Spot::Node(node))) => {
                    Some(Whom::Node(node as u32))
                }
                (
                    Spots::Nodes | Spots::Journals | Spots::One(Spot::Directory),
                    Spots::Nodes | Spots::Journals | Spots::One(Spot::Directory),
                ) => None,
            },
        }
    }
}
