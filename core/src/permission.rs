//! Permissions: Discord's documented algorithm, from roles and overwrites to a set of bits.
//!
//! It computes the permissions of one user in one state. The caller chooses both.

use core::ops::{BitAnd, BitOr, Not};

use serde::{Deserialize, Serialize};

use crate::id::{ChannelId, RoleId, UserId};
use crate::state::State;

/// A set of permissions. The bits are Discord's; the constants are those that this system
/// implements.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Permissions(pub u64);

impl Permissions {
    /// No permission.
    pub const NONE: Self = Self(0);
    /// Remove members.
    pub const KICK_MEMBERS: Self = Self(1 << 1);
    /// Ban members.
    pub const BAN_MEMBERS: Self = Self(1 << 2);
    /// All permissions, regardless of overwrites.
    pub const ADMINISTRATOR: Self = Self(1 << 3);
    /// Create, edit and delete channels.
    pub const MANAGE_CHANNELS: Self = Self(1 << 4);
    /// React to messages.
    pub const ADD_REACTIONS: Self = Self(1 << 6);
    /// View a channel. Without it a user has no permission in that channel.
    pub const VIEW_CHANNEL: Self = Self(1 << 10);
    /// Send messages and typing indicators in a channel.
    pub const SEND_MESSAGES: Self = Self(1 << 11);
    /// Delete messages of other users.
    pub const MANAGE_MESSAGES: Self = Self(1 << 13);
    /// Create, edit and delete roles, and assign them to members.
    pub const MANAGE_ROLES: Self = Self(1 << 28);
    /// All permissions.
    pub const ALL: Self = Self(u64::MAX);
    /// The permissions of the @everyone role in most guilds.
    pub const USUAL: Self =
        Self(Self::ADD_REACTIONS.0 | Self::VIEW_CHANNEL.0 | Self::SEND_MESSAGES.0);

    /// Returns `true` if all bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns the bits that are set in only one of the two.
    #[must_use]
    pub const fn differs(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }
}

impl BitOr for Permissions {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for Permissions {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Not for Permissions {
    type Output = Self;
    fn not(self) -> Self {
        Self(!self.0)
    }
}

/// A role: what it grants, and its place among the roles of its guild.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Role {
    /// The permissions that it grants.
    pub permissions: Permissions,
    /// Its position; a higher one outranks a lower one. The @everyone role has 0, every other role
    /// at least 1. Of two roles at one position the one with the lower id outranks the other.
    pub position: u16,
}

impl Role {
    /// The position of a new role: the lowest above @everyone.
    pub const LOWEST: u16 = 1;
}

/// The target of an overwrite.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// All members with this role.
    Role(RoleId),
    /// This member.
    Member(UserId),
}

/// A permission overwrite of a channel. It applies on top of the permissions of the roles.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Overwrite {
    /// The role or member that it applies to.
    pub target: Target,
    /// The permissions that it removes.
    pub deny: Permissions,
    /// The permissions that it adds; they win over `deny`.
    pub allow: Permissions,
}

impl Overwrite {
    fn over(self, permissions: Permissions) -> Permissions {
        permissions & !self.deny | self.allow
    }
}

impl State {
    /// Returns the permissions of `user` in the guild, before overwrites; none for a non-member.
    #[must_use]
    pub fn base(&self, user: UserId) -> Permissions {
        match self.members.get(&user) {
            Some(_) if user == self.owner => Permissions::ALL,
            Some(roles) => self.base_of(roles),
            None => Permissions::NONE,
        }
    }

    /// Returns the permissions in the guild, before overwrites, of a member with these roles who is
    /// not the owner.
    #[must_use]
    pub fn base_of(&self, roles: &[RoleId]) -> Permissions {
        let given = |role: &RoleId| self.roles.get(role).copied().unwrap_or_default().permissions;
        let base = roles.iter().map(given).fold(given(&self.everyone()), BitOr::bitor);
        if base.contains(Permissions::ADMINISTRATOR) { Permissions::ALL } else { base }
    }

    /// Returns the permissions of `user` in a channel; none for a non-member, or if the channel
    /// does not exist.
    #[must_use]
    pub fn permissions(&self, user: UserId, channel: ChannelId) -> Permissions {
        let Some(roles) = self.members.get(&user) else { return Permissions::NONE };
        self.permissions_of(self.base(user), roles, Some(user), channel)
    }

    /// Returns the permissions in a channel of a member with these base permissions and roles, and
    /// with the overwrite of the member `own`, if any.
    #[must_use]
    pub fn permissions_of(
        &self,
        base: Permissions,
        roles: &[RoleId],
        own: Option<UserId>,
        channel: ChannelId,
    ) -> Permissions {
        let Some(overwrites) = self.channels.get(&channel) else { return Permissions::NONE };
        if base == Permissions::ALL {
            return base;
        }
        let of = |target| overwrites.iter().find(move |overwrite| overwrite.target == target);
        let mut permissions = base;
        if let Some(everyone) = of(Target::Role(self.everyone())) {
            permissions = everyone.over(permissions);
        }
        // The denials of all roles apply before the allowances of any.
        let everyone = self.everyone();
        let (mut deny, mut allow) = (Permissions::NONE, Permissions::NONE);
        for role in roles.iter().filter(|role| **role != everyone) {
            if let Some(overwrite) = of(Target::Role(*role)) {
                deny = deny | overwrite.deny;
                allow = allow | overwrite.allow;
            }
        }
        permissions = permissions & !deny | allow;
        if let Some(member) = own.and_then(|user| of(Target::Member(user))) {
            permissions = member.over(permissions);
        }
        if permissions.contains(Permissions::VIEW_CHANNEL) {
            permissions
        } else {
            Permissions::NONE
        }
    }

    /// Returns `true` if `user` can view the channel.
    #[must_use]
    pub fn sees(&self, user: UserId, channel: ChannelId) -> bool {
        self.permissions(user, channel).contains(Permissions::VIEW_CHANNEL)
    }
}
