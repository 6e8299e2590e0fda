//! Whom the directory names, as its own words show it: entered since the founding or since its last
//! removal.

use guildhall_core::directory::DirectoryEvent;
use guildhall_core::id::{GuildId, NodeId, Position, UserId};
use guildhall_core::roll::Roll;

/// Who is named in which guild, with the position that was named with the entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Named {
    named: Roll<(GuildId, UserId), Position>,
    /// Which guilds each node was ever told to be a user's.
    told: Roll<(NodeId, UserId), Vec<GuildId>>,
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
    pub(crate) fn says(&mut self, to: NodeId, notice: &DirectoryEvent) {
        match notice {
            DirectoryEvent::Entered { guild, user, mark } => {
                let known = self.named.or_default((*guild, *user));
                *known = (*known).max(*mark);
            }
            DirectoryEvent::Removed { guild, user, at } => {
                // Whoever was entered after having left stays.
                if self.named.get(&(*guild, *user)).is_some_and(|mark| mark < at) {
                    self.named.remove(&(*guild, *user));
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
        let told = self.told.or_default((to, user));
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
