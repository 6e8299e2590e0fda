//! The state of a guild at one position: owner, roles, channels, members and bans.
//!
//! The guild stages and commits it, relays replicate it, and the journal stores it. Only events
//! change it; whether an event is allowed is for the guild to judge.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::census::{Census, Table};
use crate::event::Event;
use crate::id::{ChannelId, GuildId, RoleId, UserId};
use crate::permission::{Overwrite, Permissions, Role};

/// The state of a guild at one position.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// The guild.
    pub guild: GuildId,
    /// The user who owns the guild and has all permissions.
    pub owner: UserId,
    /// The roles; always includes the @everyone role.
    pub roles: BTreeMap<RoleId, Role>,
    /// The channels and their overwrites.
    pub channels: BTreeMap<ChannelId, Arc<[Overwrite]>>,
    /// The members and the roles assigned to each, ascending.
    pub members: BTreeMap<UserId, Arc<[RoleId]>>,
    /// The banned users.
    pub banned: BTreeSet<UserId>,
    /// Whether the guild was deleted.
    pub deleted: bool,
}

impl State {
    /// Creates an empty guild with an owner, who is not yet a member.
    #[must_use]
    pub fn new(guild: GuildId, owner: UserId) -> Self {
        let everyone = Role { permissions: Permissions::USUAL, position: 0 };
        let roles = BTreeMap::from([(RoleId(guild.0), everyone)]);
        Self { guild, owner, roles, ..Self::default() }
    }

    /// Returns the @everyone role, which every member has.
    #[must_use]
    pub const fn everyone(&self) -> RoleId {
        RoleId(self.guild.0)
    }

    /// Returns the number of its roles, channels, overwrites, members and bans.
    pub(crate) fn size(&self) -> usize {
        let Self { guild: _, owner: _, roles, channels, members, banned, deleted: _ } = self;
        let overwrites: usize = channels.values().map(|overwrites| overwrites.len()).sum();
        roles.len() + channels.len() + overwrites + members.len() + banned.len()
    }

    pub(crate) fn count(&self, census: &mut Census) {
        let Self { guild: _, owner: _, roles, channels, members, banned, deleted: _ } = self;
        census.add(Table::Roles, roles.len());
        census.add(Table::Channels, channels.len());
        let overwrites = channels.values().map(|overwrites| overwrites.len()).sum();
        census.add(Table::Overwrites, overwrites);
        census.add(Table::Members, members.len());
        census.add(Table::Bans, banned.len());
    }

    /// Applies an event. Events of messages, reactions and typing change nothing.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Opened
            | Event::Message(_)
            | Event::MessageUpdate(_)
            | Event::MessageDelete { .. }
            | Event::ReactionAdd(_)
            | Event::ReactionRemove(_)
            | Event::Typing { .. } => {}
            Event::MemberAdd { user } => {
                self.members.insert(*user, Arc::default());
            }
            Event::MemberUpdate { user, roles } => {
                if let Some(given) = self.members.get_mut(user) {
                    *given = roles.clone();
                }
            }
            Event::MemberRemove { user, why } => {
                self.members.remove(user);
                if why.is_for_good() {
                    self.banned.insert(*user);
                }
            }
            Event::Unbanned { user } => {
                self.banned.remove(user);
            }
            Event::RoleCreate { role, permissions, position }
            | Event::RoleUpdate { role, permissions, position } => {
                let (permissions, position) = (*permissions, *position);
                self.roles.insert(*role, Role { permissions, position });
            }
            Event::RoleDelete { role } => self.delete_role(*role),
            Event::ChannelCreate(channel) | Event::ChannelUpdate(channel) => {
                self.channels.insert(channel.id, channel.overwrites.clone());
            }
            Event::ChannelDelete { channel } => {
                self.channels.remove(channel);
            }
            Event::GuildUpdate { owner } => self.owner = *owner,
            Event::GuildDelete => {
                self.deleted = true;
                self.members.clear();
                self.channels.clear();
            }
        }
    }

    /// Deletes a role and removes it from every member. Overwrites that name it stay, and have no
    /// effect.
    fn delete_role(&mut self, role: RoleId) {
        self.roles.remove(&role);
        for given in self.members.values_mut() {
            if given.contains(&role) {
                *given = given.iter().copied().filter(|other| *other != role).collect();
            }
        }
    }
}
