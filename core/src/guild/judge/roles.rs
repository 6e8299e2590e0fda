//! Authority over roles: who creates, changes, moves and deletes them, and who gives them to whom.

use alloc::vec::Vec;

use super::hierarchy::rank;
use super::{Author, Verdict};
use crate::event::Event;
use crate::id::{RoleId, UserId};
use crate::permission::{Permissions, Role};
use crate::request::{GuildTable, Refusal};

impl Author<'_> {
    pub(super) fn set_roles(&self, user: UserId, roles: &[RoleId]) -> Verdict {
        self.may(Permissions::MANAGE_ROLES)?;
        let Some(given) = self.state.members.get(&user) else { return Err(Refusal::NoSuchUser) };
        if roles.iter().any(|role| !self.state.roles.contains_key(role)) {
            return Err(Refusal::NoSuchRole);
        }
        let everyone = self.state.everyone();
        let mut roles: Vec<_> = roles.iter().copied().filter(|role| *role != everyone).collect();
        roles.sort_unstable();
        roles.dedup();
        self.outranks_member(user)?;
        // Those that the member loses were the member's own, which is below the author already.
        for role in roles.iter().filter(|role| !given.contains(role)) {
            self.outranks_role(*role)?;
            let grants = self.state.roles.get(role).copied().unwrap_or_default().permissions;
            Self::hands_on(self.state.base(self.user), grants)?;
        }
        if **given == *roles {
            return Err(Refusal::NoChange);
        }
        Ok(Event::MemberUpdate { user, roles: roles.into() })
    }

    pub(super) fn create_role(&self, role: RoleId, permissions: Permissions) -> Verdict {
        self.may(Permissions::MANAGE_ROLES)?;
        if self.state.roles.contains_key(&role) {
            return Err(Refusal::Taken);
        }
        self.outranks(rank(Role::LOWEST, role))?;
        Self::hands_on(self.state.base(self.user), permissions)?;
        self.has_room(GuildTable::Roles, self.state.roles.len())?;
        Ok(Event::RoleCreate { role, permissions, position: Role::LOWEST })
    }

    pub(super) fn change_role(&self, role: RoleId, permissions: Permissions) -> Verdict {
        self.may(Permissions::MANAGE_ROLES)?;
        let Role { permissions: old, position } = self.role(role)?;
        self.outranks(rank(position, role))?;
        Self::hands_on(self.state.base(self.user), permissions & !old)?;
        if old == permissions {
            return Err(Refusal::NoChange);
        }
        Ok(Event::RoleUpdate { role, permissions, position })
    }

    pub(super) fn move_role(&self, role: RoleId, position: u16) -> Verdict {
        self.may(Permissions::MANAGE_ROLES)?;
        if role == self.state.everyone() || position < Role::LOWEST {
            return Err(Refusal::Taken);
        }
        let Role { permissions, position: old } = self.role(role)?;
        self.outranks(rank(old.max(position), role))?;
        if old == position {
            return Err(Refusal::NoChange);
        }
        Ok(Event::RoleUpdate { role, permissions, position })
    }

    pub(super) fn delete_role(&self, role: RoleId) -> Verdict {
        self.may(Permissions::MANAGE_ROLES)?;
        if role == self.state.everyone() {
            return Err(Refusal::Taken);
        }
        let Role { position, .. } = self.role(role)?;
        self.outranks(rank(position, role))?;
        Ok(Event::RoleDelete { role })
    }

    fn role(&self, role: RoleId) -> Result<Role, Refusal> {
        self.state.roles.get(&role).copied().ok_or(Refusal::NoSuchRole)
    }
}
