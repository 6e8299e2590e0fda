//! Permissions and visibility at a moment: Discord's rules applied to one permission at a time,
//! from the most specific rule to the most general.

use guildhall_core::id::{ChannelId, RoleId, UserId};
use guildhall_core::permission::{Overwrite, Permissions, Target};

use super::history::History;
use super::timeline::Moment;

impl History {
    /// Whether a user has one permission in the guild, or in one of its channels.
    pub(crate) fn may(
        &self,
        at: Moment,
        user: UserId,
        what: Permissions,
        channel: Option<ChannelId>,
    ) -> bool {
        let Some(roles) = self.member_at(at, user) else { return false };
        let overwrites = match channel {
            None => None,
            Some(channel) => match self.channel(at, channel) {
                Some(overwrites) => Some(&overwrites[..]),
                None => return false,
            },
        };
        let everywhere = |what| {
            let has = |role: RoleId| {
                self.role(at, role).is_some_and(|role| role.permissions.contains(what))
            };
            has(self.everyone()) || roles.iter().any(|role| has(*role))
        };
        if user == self.owner(at) || everywhere(Permissions::ADMINISTRATOR) {
            return true;
        }
        let Some(overwrites) = overwrites else { return everywhere(what) };
        let there =
            |what| self.decided(overwrites, user, roles, what).unwrap_or_else(|| everywhere(what));
        there(Permissions::VIEW_CHANNEL) && there(what)
    }

    /// The decision of a channel's overwrites about one permission, if they make one.
    fn decided(
        &self,
        overwrites: &[Overwrite],
        user: UserId,
        roles: &[RoleId],
        what: Permissions,
    ) -> Option<bool> {
        let of = |target| overwrites.iter().find(move |it| it.target == target);
        let allows = |it: &&Overwrite| it.allow.contains(what);
        let denies = |it: &&Overwrite| it.deny.contains(what);
        let one = |it: Option<&Overwrite>| {
            let it = it?;
            if allows(&it) { Some(true) } else { denies(&it).then_some(false) }
        };
        let given = || {
            let own = roles.iter().filter(|role| **role != self.everyone());
            own.filter_map(|role| of(Target::Role(*role)))
        };
        let by_roles = || {
            let allowed = given().any(|it| allows(&it)).then_some(true);
            allowed.or_else(|| given().any(|it| denies(&it)).then_some(false))
        };
        one(of(Target::Member(user)))
            .or_else(by_roles)
            .or_else(|| one(of(Target::Role(self.everyone()))))
    }

    /// The role that every member has.
    pub(crate) const fn everyone(&self) -> RoleId {
        RoleId(self.guild.0)
    }

    pub(crate) fn sees(&self, at: Moment, user: UserId, channel: ChannelId) -> bool {
        self.may(at, user, Permissions::VIEW_CHANNEL, Some(channel))
    }

    /// The channels that a user sees, ascending.
    pub(crate) fn visible(&self, at: Moment, user: UserId) -> Vec<ChannelId> {
        let channels = self.channels(at).map(|(channel, _)| channel);
        channels.filter(|channel| self.sees(at, user, *channel)).collect()
    }

    /// Whether a channel has an overwrite for this user alone.
    pub(crate) fn has_own_rules(&self, at: Moment, user: UserId) -> bool {
        let own = |it: &Overwrite| it.target == Target::Member(user);
        self.channels(at).any(|(_, overwrites)| overwrites.iter().any(own))
    }
}
