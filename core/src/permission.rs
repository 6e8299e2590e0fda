//! Who may do what: Discord's documented algorithm, from roles and overwrites to a set of bits.
//!
//! It answers for one user and one state. Who asks, and about which state, is not its business.

use core::ops::{BitAnd, BitOr, Not};

use serde::{Deserialize, Serialize};

use crate::id::{ChannelId, RoleId, UserId};
use crate::state::State;

/// A set of permissions; Discord's bits, as far as this system knows them.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Permissions(pub u64);

impl Permissions {
    /// None.
    pub const NONE: Self = Self(0);
    /// Remove members.
    pub const KICK_MEMBERS: Self = Self(1 << 1);
    /// Remove members for good.
    pub const BAN_MEMBERS: Self = Self(1 << 2);
    /// Everything, whatever overwrites say.
    pub const ADMINISTRATOR: Self = Self(1 << 3);
    /// Make, change and delete channels.
    pub const MANAGE_CHANNELS: Self = Self(1 << 4);
    /// See a channel; without it nothing else holds there.
    pub const VIEW_CHANNEL: Self = Self(1 << 10);
    /// Say something in a channel.
    pub const SEND_MESSAGES: Self = Self(1 << 11);
    /// Delete what others have said.
    pub const MANAGE_MESSAGES: Self = Self(1 << 13);
    /// Make, change and delete roles, and give them to members.
    pub const MANAGE_ROLES: Self = Self(1 << 28);
    /// All of them.
    pub const ALL: Self = Self(u64::MAX);
    /// What everyone may do in most guilds.
    pub const USUAL: Self = Self(Self::VIEW_CHANNEL.0 | Self::SEND_MESSAGES.0);

    /// Whether all of `other` is in it.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
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

/// Whom an overwrite is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// Whoever has this role.
    Role(RoleId),
    /// This member.
    Member(UserId),
}

/// What a channel takes from somebody and gives to somebody, over what the roles say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Overwrite {
    /// To whom.
    pub target: Target,
    /// What it takes.
    pub deny: Permissions,
    /// What it gives.
    pub allow: Permissions,
}

impl Overwrite {
    fn over(self, permissions: Permissions) -> Permissions {
        permissions & !self.deny | self.allow
    }
}

impl State {
    /// What `user` may do in the guild at large; nothing for a non-member.
    #[must_use]
    pub fn base(&self, user: UserId) -> Permissions {
        match self.members.get(&user) {
            Some(_) if user == self.owner => Permissions::ALL,
            Some(roles) => self.base_of(roles),
            None => Permissions::NONE,
        }
    }

    /// What a member with these roles may do in the guild at large, if it is not the owner.
    #[must_use]
    pub fn base_of(&self, roles: &[RoleId]) -> Permissions {
        let given = |role: &RoleId| self.roles.get(role).copied().unwrap_or_default();
        let base = roles.iter().map(given).fold(given(&self.everyone()), BitOr::bitor);
        if base.contains(Permissions::ADMINISTRATOR) { Permissions::ALL } else { base }
    }

    /// What `user` may do in a channel; nothing for a non-member, or where there is no such channel.
    #[must_use]
    pub fn permissions(&self, user: UserId, channel: ChannelId) -> Permissions {
        let Some(roles) = self.members.get(&user) else { return Permissions::NONE };
        self.permissions_of(self.base(user), roles, Some(user), channel)
    }

    /// What somebody with this base, these roles and, if any, an overwrite of their own may do in a
    /// channel.
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
        // All that the roles deny is taken before anything that they allow is given.
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

    /// Whether `user` sees a channel.
    #[must_use]
    pub fn sees(&self, user: UserId, channel: ChannelId) -> bool {
        self.permissions(user, channel).contains(Permissions::VIEW_CHANNEL)
    }
}
