//! The hierarchy of roles: whom and what an author may act upon, and what it may hand on (CONTRACT,
//! I9).
//!
//! The owner is above everybody. An administrator has every permission, but its rank is that of its
//! highest role. Whether the author has the permission that an action needs is decided elsewhere.

use core::cmp::Reverse;

use super::Author;
use crate::id::{RoleId, UserId};
use crate::permission::{Overwrite, Permissions};
use crate::request::Refusal;
use crate::state::State;

/// A place in the hierarchy. Of two roles at one position, the one with the lower id is the higher.
pub(super) type Rank = (u16, Reverse<RoleId>);

pub(super) const fn rank(position: u16, role: RoleId) -> Rank {
    (position, Reverse(role))
}

/// The rank of a member's highest role.
fn highest(state: &State, user: UserId) -> Rank {
    let everyone = rank(0, state.everyone());
    let given = state.members.get(&user).into_iter().flat_map(|roles| roles.iter());
    given.filter_map(|role| rank_of(state, *role)).fold(everyone, Rank::max)
}

fn rank_of(state: &State, role: RoleId) -> Option<Rank> {
    Some(rank(state.roles.get(&role)?.position, role))
}

impl Author<'_> {
    /// Whether a rank is below the author's own.
    pub(super) fn outranks(&self, other: Rank) -> Result<(), Refusal> {
        let is_above = self.user == self.state.owner || other < highest(self.state, self.user);
        if is_above { Ok(()) } else { Err(Refusal::Outranked) }
    }

    /// Whether a role that exists is below the author's highest one.
    pub(super) fn outranks_role(&self, role: RoleId) -> Result<(), Refusal> {
        rank_of(self.state, role).map_or(Ok(()), |rank| self.outranks(rank))
    }

    /// Whether a member is below the author. Nobody is below itself, but for the owner.
    pub(super) fn outranks_member(&self, user: UserId) -> Result<(), Refusal> {
        if user == self.state.owner && self.user != user {
            return Err(Refusal::Outranked);
        }
        self.outranks(highest(self.state, user))
    }

    /// Whether the author, who has the permissions `has`, may hand on `given`.
    pub(super) fn hands_on(has: Permissions, given: Permissions) -> Result<(), Refusal> {
        if has.contains(given) { Ok(()) } else { Err(Refusal::NotHeld) }
    }
}

/// The permissions that `new` overwrites in another way than `old`.
pub(super) fn changed(old: &[Overwrite], new: &[Overwrite]) -> Permissions {
    old.iter().chain(new).fold(Permissions::NONE, |changed, overwrite| {
        let of = |all: &[Overwrite]| {
            let found = all.iter().find(|other| other.target == overwrite.target);
            found.map_or_else(Default::default, |it| (it.deny, it.allow))
        };
        let ((deny, allow), (denies, allows)) = (of(old), of(new));
        changed | deny.differs(denies) | allow.differs(allows)
    })
}
