//! What an act is aimed at: a member, places in the hierarchy, and permissions that it hands on.
//!
//! It must not judge.

use guildhall_core::event::{Event, Removal};
use guildhall_core::id::{ChannelId, RoleId, UserId};
use guildhall_core::permission::{Overwrite, Permissions};
use guildhall_core::request::Action;

use crate::facts::guilds::history::History;
use crate::facts::guilds::timeline::Moment;
use crate::protocol::NEW_ROLE;

/// The position of a role, and the role.
pub(super) type Place = (u16, RoleId);

/// What an act is aimed at.
#[derive(Default, Debug)]
pub(super) struct Aim {
    pub(super) member: Option<UserId>,
    pub(super) places: Vec<Place>,
    /// The permissions that it hands on, or takes away by an overwrite.
    pub(super) handed: Permissions,
    /// The channel in which its author must have them; if none, in the guild.
    pub(super) channel: Option<ChannelId>,
}

impl Aim {
    /// None if the event is aimed at nothing that has a rank.
    pub(super) fn of_event(history: &History, at: Moment, event: &Event) -> Option<Self> {
        if let Event::MemberRemove { user, why: Removal::Kicked | Removal::Banned } = event {
            Some(Self::member(*user))
        } else if let Event::MemberUpdate { user, roles } = event {
            Some(Self::roles(history, at, *user, roles))
        } else if let Event::RoleCreate { role, permissions, position } = event {
            Some(Self::role([(*position, *role)].into(), *permissions))
        } else if let Event::RoleUpdate { role, permissions, position } = event {
            let was = history.role(at, *role)?;
            let places = [(was.position, *role), (*position, *role)].into();
            Some(Self::role(places, without(*permissions, was.permissions)))
        } else if let Event::RoleDelete { role } = event {
            Some(Self::role(place(history, at, *role), Permissions::NONE))
        } else if let Event::ChannelCreate(made) = event {
            Some(Self { handed: overwritten(&[], &made.overwrites), ..Self::default() })
        } else if let Event::ChannelUpdate(changed) = event {
            Some(Self::overwrites(history, at, changed.id, &changed.overwrites))
        } else {
            None
        }
    }

    /// None if the act is aimed at nothing that has a rank.
    pub(super) fn of_action(history: &History, at: Moment, action: &Action) -> Option<Self> {
        if let Action::Kick { user } | Action::Ban { user } = action {
            Some(Self::member(*user))
        } else if let Action::SetRoles { user, roles } = action {
            Some(Self::roles(history, at, *user, roles))
        } else if let Action::CreateRole { role, permissions } = action {
            Some(Self::role([(NEW_ROLE, *role)].into(), *permissions))
        } else if let Action::ChangeRole { role, permissions } = action {
            let was = history.role(at, *role)?;
            let handed = without(*permissions, was.permissions);
            Some(Self::role([(was.position, *role)].into(), handed))
        } else if let Action::MoveRole { role, position } = action {
            let was = history.role(at, *role)?;
            let places = [(was.position, *role), (*position, *role)].into();
            Some(Self::role(places, Permissions::NONE))
        } else if let Action::DeleteRole { role } = action {
            Some(Self::role(place(history, at, *role), Permissions::NONE))
        } else if let Action::CreateChannel(made) = action {
            Some(Self { handed: overwritten(&[], &made.overwrites), ..Self::default() })
        } else if let Action::ChangeChannel(changed) = action {
            Some(Self::overwrites(history, at, changed.id, &changed.overwrites))
        } else {
            None
        }
    }

    fn member(user: UserId) -> Self {
        Self { member: Some(user), ..Self::default() }
    }

    fn role(places: Vec<Place>, handed: Permissions) -> Self {
        Self { places, handed, ..Self::default() }
    }

    /// The member, each role that it gains or loses, and what the gained ones grant.
    fn roles(history: &History, at: Moment, user: UserId, roles: &[RoleId]) -> Self {
        let had = history.member_at(at, user).map_or(&[][..], |had| had);
        let known = |role: &&RoleId| **role != history.everyone();
        let gained = roles.iter().filter(known).filter(|role| !had.contains(role));
        let lost = had.iter().filter(|role| !roles.contains(role));
        let granted = gained.clone().filter_map(|role| history.role(at, *role));
        let handed = granted.fold(Permissions::NONE, |all, role| all | role.permissions);
        let places = gained.chain(lost).flat_map(|role| place(history, at, *role)).collect();
        Self { member: Some(user), places, handed, channel: None }
    }

    fn overwrites(history: &History, at: Moment, channel: ChannelId, new: &[Overwrite]) -> Self {
        let old = history.channel(at, channel).map_or(&[][..], |old| old);
        Self { handed: overwritten(old, new), channel: Some(channel), ..Self::default() }
    }
}

fn place(history: &History, at: Moment, role: RoleId) -> Vec<Place> {
    history.role(at, role).map(|is| (is.position, role)).into_iter().collect()
}

const fn without(permissions: Permissions, these: Permissions) -> Permissions {
    Permissions(permissions.0 & !these.0)
}

/// The permissions that are allowed or denied to some target in the one and not in the other. Of
/// several overwrites for one target the first counts.
fn overwritten(old: &[Overwrite], new: &[Overwrite]) -> Permissions {
    let firsts = |all: &[Overwrite]| {
        let mut firsts: Vec<Overwrite> = Vec::new();
        for it in all {
            if firsts.iter().all(|first| first.target != it.target) {
                firsts.push(*it);
            }
        }
        firsts
    };
    let (old, new) = (firsts(old), firsts(new));
    let only_in = |these: &[Overwrite], those: &[Overwrite]| {
        these.iter().fold(0, |bits, one| {
            let other = those.iter().find(|other| other.target == one.target);
            let (denied, allowed) = other.map_or((0, 0), |it| (it.deny.0, it.allow.0));
            bits | one.deny.0 & !denied | one.allow.0 & !allowed
        })
    };
    Permissions(only_in(&old, &new) | only_in(&new, &old))
}
