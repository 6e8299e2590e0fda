//! What a guild is at one position: owner, roles, channels, members.
//!
//! The same value is staged and committed at the guild, followed by relays and kept in the journal.
//! It changes by events and by nothing else; whether an event may happen is the guild's to judge.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::id::{ChannelId, GuildId, RoleId, UserId};
use crate::permission::{Overwrite, Permissions};

/// A guild at one position.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Its name.
    pub guild: GuildId,
    /// Who may do everything.
    pub owner: UserId,
    /// Its roles; that of everyone is always among them.
    pub roles: BTreeMap<RoleId, Permissions>,
    /// Its channels, each with its overwrites.
    pub channels: BTreeMap<ChannelId, Arc<[Overwrite]>>,
    /// Its members, each with the roles that it was given, ascending.
    pub members: BTreeMap<UserId, Arc<[RoleId]>>,
    /// Who must not come back.
    pub banned: BTreeSet<UserId>,
    /// It is no more.
    pub deleted: bool,
}

impl State {
    /// A guild with nothing in it but its owner, who is not a member yet.
    #[must_use]
    pub fn new(guild: GuildId, owner: UserId) -> Self {
        let roles = BTreeMap::from([(RoleId(guild.0), Permissions::USUAL)]);
        Self { guild, owner, roles, ..Self::default() }
    }

    /// The role that every member has.
    #[must_use]
    pub const fn everyone(&self) -> RoleId {
        RoleId(self.guild.0)
    }

    /// Takes up an event. One that changes nothing here changes nothing.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Opened
            | Event::Message(_)
            | Event::MessageUpdate(_)
            | Event::MessageDelete { .. }
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
            Event::RoleCreate { role, permissions } | Event::RoleUpdate { role, permissions } => {
                self.roles.insert(*role, *permissions);
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

    /// A role that is gone is gone from every member too; overwrites that name it stay, and mean
    /// nothing.
    fn delete_role(&mut self, role: RoleId) {
        self.roles.remove(&role);
        for given in self.members.values_mut() {
            if given.contains(&role) {
                *given = given.iter().copied().filter(|other| *other != role).collect();
            }
        }
    }
}
