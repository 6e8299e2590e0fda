//! The directory forgets the nodes that no longer host a user, and lists no more than it was asked
//! to.

use std::collections::BTreeMap;

use guildhall_core::census::{Census, Table};
use guildhall_core::directory::{DirectoryRequest, Input};
use guildhall_core::id::{NodeId, UserId};

use super::{Most, listed, users};
use crate::facts::Facts;
use crate::index::Index;

/// The latest request of a node about a user.
#[derive(Clone, Copy, Debug, Default)]
struct Latest {
    mark: u64,
    /// Whether the node hosts the user's sessions.
    hosts: bool,
}

/// Which nodes host the sessions of which users, by their requests to the directory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hosts {
    boots: BTreeMap<NodeId, u32>,
    latest: Index<(NodeId, UserId), Latest>,
}

impl Hosts {
    /// The directory is asked.
    pub(crate) fn asks(&mut self, Input { from, boot, word }: &Input) {
        let known = self.boots.entry(*from).or_default();
        if boot > known {
            // A new start hosts no sessions.
            *known = *boot;
            self.latest.retain(|(node, _), _| node != from);
        }
        if boot < known {
            return;
        }
        let (user, mark, hosts) = match word {
            DirectoryRequest::Ask { user, mark } => (*user, *mark, true),
            DirectoryRequest::Forget { user, mark } => (*user, *mark, false),
            DirectoryRequest::Since { .. }
            | DirectoryRequest::Enter { .. }
            | DirectoryRequest::Remove { .. }
            | DirectoryRequest::Dissolve { .. } => return,
        };
        let latest = self.latest.entry((*from, user)).or_default();
        if mark >= latest.mark {
            *latest = Latest { mark, hosts };
        }
    }

    /// What a table of the directory may hold.
    pub(crate) fn bound(&self, facts: &Facts, census: &Census, table: Table) -> Most {
        let hosts = self.latest.values().filter(|latest| latest.hosts).count();
        let bounds = [
            (Table::ListedUsers, users(facts)),
            (Table::ListedGuilds, facts.named.count()),
            (Table::Hosts, hosts as u64),
            (Table::HostingNodes, self.boots.len() as u64),
            (Table::Marks, self.latest.len() as u64),
            (Table::Changes, census.count(Table::ListedUsers)),
        ];
        listed(bounds.map(|(table, most)| (table, (most, 0))), table)
    }
}
