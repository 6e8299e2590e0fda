//! Whom the directory names, as its own words show it: entered since the founding or since its last
//! removal.

use std::collections::BTreeMap;

use guildhall_core::directory::Notice;
use guildhall_core::id::{GuildId, NodeId, Position, UserId};

/// Who is named in which guild, with the position that was named with the entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Named {
    named: BTreeMap<(GuildId, UserId), Position>,
    /// Which guilds each node was ever told to be a user's.
    told: BTreeMap<(NodeId, UserId), Vec<GuildId>>,
}

impl Named {
    /// Somebody was a member from the beginning.
    pub(crate) fn founded(&mut self, guild: GuildId, user: UserId) {
        self.named.insert((guild, user), Position::default());
    }

    pub(crate) fn names(&self, guild: GuildId, user: UserId) -> bool {
        self.named.contains_key(&(guild, user))
    }

    /// The directory says something to a node.
    pub(crate) fn says(&mut self, to: NodeId, notice: &Notice) {
        match notice {
            Notice::Entered { guild, user, mark } => {
                let known = self.named.entry((*guild, *user)).or_default();
                *known = (*known).max(*mark);
            }
            Notice::Removed { guild, user, at } => {
                // Whoever was entered after having left stays.
                if self.named.get(&(*guild, *user)).is_some_and(|mark| mark < at) {
                    self.named.remove(&(*guild, *user));
                }
            }
            Notice::Dissolved { guild, at } => {
                self.named.retain(|(named, _), mark| named != guild || *mark >= *at);
            }
            Notice::Guilds { user, guilds, .. } => self.tell(to, *user, guilds),
            Notice::Changed { users, .. } => {
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

    /// The guilds that a node was ever told to be a user's.
    pub(crate) fn told(&self, node: NodeId, user: UserId) -> &[GuildId] {
        self.told.get(&(node, user)).map_or(&[], Vec::as_slice)
    }
}
