//! The entries of the directory, by its own notices: those since the founding or the last removal.

use guildhall_core::directory::DirectoryEvent;
use guildhall_core::id::{GuildId, NodeId, Position, UserId};

use crate::index::Index;

/// The entries, each with its position.
#[derive(Clone, Debug, Default)]
pub(crate) struct DirectoryEntries {
    named: Index<(GuildId, UserId), Position>,
    /// The guilds that the directory ever listed for a user, by node.
    told: Index<(NodeId, UserId), Vec<GuildId>>,
    heard: Index<(NodeId, UserId), Heard>,
}

/// What a node has heard of the guilds of a user.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// The newest version, and the guilds in it.
    version: u64,
    pub(crate) newest: Vec<GuildId>,
    /// The guilds in the last answer to a question.
    pub(crate) answer: Vec<GuildId>,
}

impl DirectoryEntries {
    /// Records that a user was a member from the start.
    pub(crate) fn founded(&mut self, guild: GuildId, user: UserId) {
        self.named.insert((guild, user), Position::default());
    }

    pub(crate) fn names(&self, guild: GuildId, user: UserId) -> bool {
        self.named.contains_key(&(guild, user))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.named.len() as u64
    }

    /// Records a notice of the directory to a node.
    pub(crate) fn says(&mut self, to: NodeId, notice: &DirectoryEvent) {
        match notice {
            DirectoryEvent::Entered { guild, user, mark } => {
                let known = self.named.entry((*guild, *user)).or_default();
                *known = (*known).max(*mark);
            }
            DirectoryEvent::Removed { guild, user, at } => {
                // An entry made after the user's removal stays.
                if self.named.get(&(*guild, *user)).is_some_and(|mark| mark < at) {
                    self.named.swap_remove(&(*guild, *user));
                }
            }
            DirectoryEvent::Dissolved { guild, at } => {
                self.named.retain(|(named, _), mark| named != guild || *mark >= *at);
            }
            DirectoryEvent::Guilds { user, guilds, .. } => self.tell(to, *user, guilds),
            DirectoryEvent::Changed { users, .. } => {
                for (user, _, guilds) in users {
                    self.tell(to, *user, guilds);
                }
            }
        }
    }

    fn tell(&mut self, to: NodeId, user: UserId, guilds: &[GuildId]) {
        let told = self.told.entry((to, user)).or_default();
        for guild in guilds {
            if !told.contains(guild) {
                told.reserve_exact(1);
                told.push(*guild);
            }
        }
    }

    /// Records a notice that a node hears.
    pub(crate) fn hears(&mut self, node: NodeId, notice: &DirectoryEvent) {
        match notice {
            DirectoryEvent::Guilds { user, version, guilds, .. } => {
                self.hear((node, *user), *version, guilds).answer.clone_from(guilds);
            }
            DirectoryEvent::Changed { users, .. } => {
                for (user, version, guilds) in users {
                    self.hear((node, *user), *version, guilds);
                }
            }
            DirectoryEvent::Entered { .. }
            | DirectoryEvent::Removed { .. }
            | DirectoryEvent::Dissolved { .. } => {}
        }
    }

    fn hear(&mut self, at: (NodeId, UserId), version: u64, guilds: &[GuildId]) -> &mut Heard {
        let heard = self.heard.entry(at).or_default();
        if version >= heard.version {
            heard.version = version;
            heard.newest = guilds.to_vec();
        }
        heard
    }

    /// What a node has heard of the guilds of a user.
    pub(crate) fn heard(&self, node: NodeId, user: UserId) -> Heard {
        self.heard.get(&(node, user)).cloned().unwrap_or_default()
    }

    /// The guilds that the directory ever listed for a user to a node.
    pub(crate) fn told(&self, node: NodeId, user: UserId) -> &[GuildId] {
        self.told.get(&(node, user)).map_or(&[], Vec::as_slice)
    }
}
