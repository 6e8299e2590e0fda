//! Resolves the names in message endpoints and triggers to indexes.

use super::{MailEndpoint, Participant, Phase, Places, Trigger};
use crate::plan::PlanError;
use crate::topology::Topology;

/// The endpoints that are not names.
const WORDS: [&str; 2] = ["journal", "directory"];

impl MailEndpoint {
    /// Returns the same endpoint by index.
    ///
    /// # Errors
    /// If it names a participant that the plan does not have.
    pub fn resolve(&self, names: &Topology) -> Result<MailEndpoint<Places>, PlanError> {
        Ok(match self {
            Self::Nodes => MailEndpoint::Nodes,
            Self::Journals => MailEndpoint::Journals,
            Self::Directory => MailEndpoint::Directory,
            Self::Node(name) => {
                let node = names.node(name);
                MailEndpoint::Node(node_place(node.map_err(|it| it.or_near(&WORDS))?))
            }
            Self::Journal(name) => MailEndpoint::Journal(guild_place(names.guild(name)?)),
        })
    }
}

impl Trigger {
    /// Returns the participant and the phase that the trigger waits for.
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
