//! The parts of a plan: nodes, guilds with roles and channels, and clients.

use std::collections::BTreeMap;

use guildhall_core::dispatch::Intents;
use guildhall_core::permission::{Permissions, Role};
use guildhall_core::time::{Instant, Span};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_zero;
use super::powers::PermissionNames;
use super::values::{MOST_CLIENTS, MOST_DRIFT};
use crate::schema::Time;

/// The name of the @everyone role in plans.
pub const EVERYONE: &str = "everyone";

/// A node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodePlan {
    /// The name.
    pub name: String,
    /// How fast its clock is, in millionths; negative if slow. At most 10,000 either way (CONTRACT,
    /// F3).
    #[schemars(range(min = -MOST_DRIFT, max = MOST_DRIFT))]
    #[serde(default)]
    pub drift: i32,
}

/// A guild in its initial state.
#[derive(Clone, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuildPlan {
    /// The name.
    pub name: String,
    /// The node that owns it at the start.
    pub owner: String,
    /// The standby node, which takes it over if its owner node stays down for some seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby: Option<String>,
    /// The client whose user owns the guild and is a member. Without it, a user without a client
    /// owns the guild.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_user: Option<String>,
    /// The channels.
    pub channels: Vec<ChannelPlan>,
    /// The permissions of the @everyone role.
    #[schemars(extend("default" = usual_powers()))]
    #[serde(default = "usual_powers", skip_serializing_if = "is_usual")]
    pub everyone: PermissionNames,
    /// The other roles.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub roles: BTreeMap<String, RolePlan>,
    /// The roles of members, by client. A member who is not listed has no role but @everyone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, Vec<String>>,
}

/// A role. Its text form is the list of its permissions, or a table with its position.
#[derive(Clone, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(from = "RoleForm", into = "RoleForm")]
pub struct RolePlan {
    /// The permissions that it grants.
    pub permissions: PermissionNames,
    /// Its position; a higher one outranks a lower one. 1, the lowest, if only the permissions are
    /// listed.
    pub position: u16,
}

#[derive(JsonSchema, Serialize, Deserialize)]
#[serde(untagged)]
enum RoleForm {
    Permissions(PermissionNames),
    Table(RoleTable),
}

/// The table form of a role.
#[derive(JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleTable {
    /// The permissions that it grants.
    permissions: PermissionNames,
    /// Its position, at least 1; a higher one outranks a lower one.
    #[schemars(range(min = Role::LOWEST))]
    position: u16,
}

impl From<RoleForm> for RolePlan {
    fn from(form: RoleForm) -> Self {
        match form {
            RoleForm::Permissions(permissions) => Self { permissions, position: Role::LOWEST },
            RoleForm::Table(RoleTable { permissions, position }) => Self { permissions, position },
        }
    }
}

impl From<RolePlan> for RoleForm {
    fn from(RolePlan { permissions, position }: RolePlan) -> Self {
        if position == Role::LOWEST {
            Self::Permissions(permissions)
        } else {
            Self::Table(RoleTable { permissions, position })
        }
    }
}

/// A channel. Its text form is the name alone, or a table.
#[derive(Clone, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(from = "ChannelForm", into = "ChannelForm")]
pub struct ChannelPlan {
    /// The name.
    pub name: String,
    /// The permission overwrites.
    pub overwrites: Vec<OverwritePlan>,
}

#[derive(JsonSchema, Serialize, Deserialize)]
#[serde(untagged)]
enum ChannelForm {
    Name(String),
    Table(ChannelTable),
}

/// The table form of a channel.
#[derive(JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelTable {
    /// The name.
    name: String,
    /// The permission overwrites.
    overwrites: Vec<OverwritePlan>,
}

impl From<ChannelForm> for ChannelPlan {
    fn from(form: ChannelForm) -> Self {
        match form {
            ChannelForm::Name(name) => Self { name, overwrites: Vec::new() },
            ChannelForm::Table(ChannelTable { name, overwrites }) => Self { name, overwrites },
        }
    }
}

impl From<ChannelPlan> for ChannelForm {
    fn from(ChannelPlan { name, overwrites }: ChannelPlan) -> Self {
        if overwrites.is_empty() {
            Self::Name(name)
        } else {
            Self::Table(ChannelTable { name, overwrites })
        }
    }
}

/// A permission overwrite of a channel.
#[derive(Clone, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(try_from = "OverwriteForm", into = "OverwriteForm")]
pub struct OverwritePlan {
    /// The role or member that it applies to.
    pub target: TargetPlan,
    /// The permissions that it removes.
    pub deny: PermissionNames,
    /// The permissions that it adds.
    pub allow: PermissionNames,
}

#[derive(JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = [{ "required": ["role"] }, { "required": ["member"] }]))]
struct OverwriteForm {
    /// The role that it applies to; `everyone` is a role too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// The client whose user it applies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    member: Option<String>,
    /// The permissions that it removes.
    #[serde(default, skip_serializing_if = "PermissionNames::is_none")]
    deny: PermissionNames,
    /// The permissions that it adds.
    #[serde(default, skip_serializing_if = "PermissionNames::is_none")]
    allow: PermissionNames,
}

impl TryFrom<OverwriteForm> for OverwritePlan {
    type Error = &'static str;

    fn try_from(form: OverwriteForm) -> Result<Self, Self::Error> {
        let target = match (form.role, form.member) {
            (Some(role), None) => TargetPlan::Role(role),
            (None, Some(member)) => TargetPlan::Member(member),
            (Some(_), Some(_)) | (None, None) => {
                return Err("an overwrite has either a `role` or a `member`");
            }
        };
        Ok(Self { target, deny: form.deny, allow: form.allow })
    }
}

impl From<OverwritePlan> for OverwriteForm {
    fn from(OverwritePlan { target, deny, allow }: OverwritePlan) -> Self {
        let (role, member) = match target {
            TargetPlan::Role(role) => (Some(role), None),
            TargetPlan::Member(member) => (None, Some(member)),
        };
        Self { role, member, deny, allow }
    }
}

/// The target of an overwrite: `role = "staff"` or `member = "alice"`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetPlan {
    /// All members with this role; `everyone` is a role too.
    Role(String),
    /// The user of this client.
    Member(String),
}

/// A client, or a crowd of identical clients.
#[derive(Clone, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientPlan {
    /// The name. The clients of a crowd are called `name-0`, `name-1` …
    pub name: String,
    /// The node that it identifies at.
    pub node: String,
    /// The guilds that its user is a member of from the start.
    #[serde(default)]
    pub guilds: Vec<String>,
    /// The number of clients.
    #[schemars(extend("default" = one()), range(min = 1, max = MOST_CLIENTS))]
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub count: u32,
    /// The time at which it starts; the starts of a crowd spread over `within` after it.
    #[serde(default)]
    #[schemars(with = "Time")]
    pub starts: Instant,
    /// The time over which the starts of a crowd spread.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(with = "Time")]
    pub within: Span,
    /// The intents, as Discord's number.
    #[schemars(with = "u32", range(max = Intents::ALL.0))]
    #[serde(default = "usual")]
    pub intents: Intents,
    /// The shard, as `[id, count]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shards: Option<[u16; 2]>,
    /// The client whose user it shares. `guilds` then adds no membership.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_user_as: Option<String>,
    /// Whether faults of the family `hostile` may send frames on its connection. Such a client is
    /// not checked for C1–C3.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hostile: bool,
    /// Whether its token is unknown: the node refuses its IDENTIFY and all its requests. Such a
    /// client is not checked for C1–C3 either.
    #[serde(default, skip_serializing_if = "is_false")]
    pub impostor: bool,
    /// How fast its clock is, in millionths; negative if slow.
    #[schemars(range(min = -MOST_DRIFT, max = MOST_DRIFT))]
    #[serde(default, skip_serializing_if = "is_still")]
    pub drift: i32,
}

impl GuildPlan {
    /// Creates an empty guild on the node `owner`.
    #[must_use]
    pub fn new(name: &str, owner: &str) -> Self {
        Self {
            name: name.to_owned(),
            owner: owner.to_owned(),
            standby: None,
            owner_user: None,
            channels: Vec::new(),
            everyone: usual_powers(),
            roles: BTreeMap::new(),
            members: BTreeMap::new(),
        }
    }
}

impl ChannelPlan {
    /// Creates a channel without overwrites.
    #[must_use]
    pub fn open(name: &str) -> Self {
        Self { name: name.to_owned(), overwrites: Vec::new() }
    }
}

impl OverwritePlan {
    /// Creates an overwrite that removes permissions from a role.
    #[must_use]
    pub fn deny_role(role: &str, deny: Permissions) -> Self {
        let target = TargetPlan::Role(role.to_owned());
        Self { target, deny: PermissionNames(deny), allow: PermissionNames::default() }
    }

    /// Creates an overwrite that adds permissions to a role.
    #[must_use]
    pub fn allow_role(role: &str, allow: Permissions) -> Self {
        let target = TargetPlan::Role(role.to_owned());
        Self { target, deny: PermissionNames::default(), allow: PermissionNames(allow) }
    }
}

impl ClientPlan {
    /// Returns the names of all its clients.
    pub fn names(&self) -> impl Iterator<Item = String> {
        (0..self.count).map(|nth| self.nth(nth))
    }

    /// Returns the name of the `nth` client of a crowd, from 0, or of the only client.
    #[must_use]
    pub fn nth(&self, nth: u32) -> String {
        if self.count == 1 { self.name.clone() } else { format!("{}-{nth}", self.name) }
    }
}

const fn usual_powers() -> PermissionNames {
    PermissionNames(Permissions::USUAL)
}

fn is_usual(powers: &PermissionNames) -> bool {
    *powers == usual_powers()
}

const fn one() -> u32 {
    1
}

fn is_one(count: &u32) -> bool {
    *count == 1
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_still(drift: &i32) -> bool {
    *drift == 0
}

const fn usual() -> Intents {
    Intents::USUAL
}
