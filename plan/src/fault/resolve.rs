//! Turns the names in a fault into places, and refuses what no world can do.

use super::{End, Fault, Participant, Phase, Places, Trigger};
use crate::plan::PlanError;
use crate::topology::Topology;

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
            Self::Silence { client: who, way } => {
                Fault::Silence { client: client(who)?, way: *way }
            }
            Self::Misbehave { client: who, deed } => {
                if names.cast.clients[names.client(who)?].honest {
                    let why = format!("`{who}` misbehaves, but is not marked as hostile");
                    return Err(PlanError::Invalid(why));
                }
                Fault::Misbehave { client: client(who)?, deed: *deed }
            }
            Self::Steal { client: who, token } => {
                Fault::Steal { client: client(who)?, token: *token }
            }
            Self::Knock { client: who, says } => Fault::Knock { client: client(who)?, says: *says },
            Self::Pause { node: at } => Fault::Pause { node: node(at)? },
            Self::Crash { node: at, forever } => {
                Fault::Crash { node: node(at)?, forever: *forever }
            }
            Self::Stop { node: at } => Fault::Stop { node: node(at)? },
            Self::FalseAlarm { node: at } => Fault::FalseAlarm { node: node(at)? },
            Self::WallJump { node: at, by_ms } => {
                Fault::WallJump { node: node(at)?, by_ms: *by_ms }
            }
            Self::Move { guild: of, to } => Fault::Move { guild: guild(of)?, to: node(to)? },
            Self::JournalSlow { guild: of, by } => {
                Fault::JournalSlow { guild: guild(of)?, by: *by }
            }
            Self::JournalCrash { guild: of } => Fault::JournalCrash { guild: guild(of)? },
            Self::JournalFull { guild: of, room } => {
                Fault::JournalFull { guild: guild(of)?, room: *room }
            }
            Self::JournalFail { guild: of } => Fault::JournalFail { guild: guild(of)? },
            Self::Lossy { from, to, share: of } => {
                let (from, to) = (from.resolve(names)?, to.resolve(names)?);
                Fault::Lossy { from, to, share: share(*of)? }
            }
            Self::Repeat { from, to, share: of } => {
                let (from, to) = (from.resolve(names)?, to.resolve(names)?);
                Fault::Repeat { from, to, share: share(*of)? }
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

impl End {
    /// The same end by places.
    ///
    /// # Errors
    /// If it names a participant that the plan does not have.
    pub fn resolve(&self, names: &Topology) -> Result<End<Places>, PlanError> {
        Ok(match self {
            Self::Nodes => End::Nodes,
            Self::Journals => End::Journals,
            Self::Directory => End::Directory,
            Self::Node(name) => End::Node(node_place(names.node(name)?)),
            Self::Journal(name) => End::Journal(guild_place(names.guild(name)?)),
        })
    }
}

impl Trigger {
    /// Who is waited for, and for what.
    ///
    /// # Errors
    /// If it names a participant that the plan does not have.
    pub fn resolve(&self, names: &Topology) -> Result<(Participant, Phase), PlanError> {
        Ok(match self {
            Self::Client { client, is } => {
                (Participant::Client(client_place(names.client(client)?)), Phase::Client(*is))
            }
            Self::Guild { guild, is } => {
                (Participant::Guild(guild_place(names.guild(guild)?)), Phase::Guild(*is))
            }
            Self::Node { node, is } => {
                (Participant::Node(node_place(names.node(node)?)), Phase::Node(*is))
            }
        })
    }
}

fn client_place(client: usize) -> u32 {
    u32::try_from(client).expect("a plan has fewer than 2^32 clients")
}

fn guild_place(guild: usize) -> u32 {
    u32::try_from(guild).expect("a plan has fewer than 2^32 guilds")
}

fn node_place(node: usize) -> u16 {
    u16::try_from(node).expect("a plan has fewer than 2^16 nodes")
}
