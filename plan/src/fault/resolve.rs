//! Turns the names of the ends of links, and of what faults wait for, into places.

use super::{End, Participant, Phase, Places, Trigger};
use crate::plan::PlanError;
use crate::topology::Topology;

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

pub(super) fn client_place(client: usize) -> u32 {
    u32::try_from(client).expect("a plan has fewer than 2^32 clients")
}

pub(super) fn guild_place(guild: usize) -> u32 {
    u32::try_from(guild).expect("a plan has fewer than 2^32 guilds")
}

pub(super) fn node_place(node: usize) -> u16 {
    u16::try_from(node).expect("a plan has fewer than 2^16 nodes")
}
