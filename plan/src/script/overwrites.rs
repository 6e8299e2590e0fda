//! The permission overwrites of a scenario's channels.

use guildhall_core::permission::Permissions;

use super::{ClientRef, RoleRef, Script};
use crate::plan::{EVERYONE, OverwritePlan, PermissionNames, TargetPlan};

impl Script {
    /// Returns an overwrite that applies to every member.
    #[must_use]
    pub fn for_everyone(&self, deny: Permissions, allow: Permissions) -> OverwritePlan {
        of(TargetPlan::Role(EVERYONE.to_owned()), deny, allow)
    }

    /// Returns an overwrite that applies to the members with a role.
    #[must_use]
    pub fn for_role(&self, role: RoleRef, deny: Permissions, allow: Permissions) -> OverwritePlan {
        of(TargetPlan::Role(self.roles[role.0].1.clone()), deny, allow)
    }

    /// Returns an overwrite that applies to a client's user.
    #[must_use]
    pub fn for_member(
        &self,
        who: ClientRef,
        deny: Permissions,
        allow: Permissions,
    ) -> OverwritePlan {
        of(TargetPlan::Member(self.name(who)), deny, allow)
    }
}

const fn of(target: TargetPlan, deny: Permissions, allow: Permissions) -> OverwritePlan {
    OverwritePlan { target, deny: PermissionNames(deny), allow: PermissionNames(allow) }
}
