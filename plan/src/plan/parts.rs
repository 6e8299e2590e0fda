//! Who and what a plan names: nodes, guilds with roles and channels, clients.

use std::collections::BTreeMap;

use guildhall_core::dispatch::Intents;
use guildhall_core::permission::Permissions;
use guildhall_core::time::{Instant, Span};
use serde::{Deserialize, Serialize};

use super::is_zero;
use super::powers::Powers;

/// The role that every member has, as plans name it.
pub const EVERYONE: &str = "everyone";

/// One node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodePlan {
    /// Its name.
    pub name: String,
    /// How much its clock runs fast (or slow), in millionths; at most 10,000 (F3).
    #[serde(default)]
    pub drift: i32,
}

/// One guild, as it is founded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuildPlan {
    /// Its name.
    pub name: String,
    /// The node that owns it.
    pub owner: String,
    /// The node that takes it over if its owner stays down for some seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heir: Option<String>,
    /// The client whose user it belongs to, a member; else it belongs to somebody who never comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_user: Option<String>,
    /// Its channels.
    pub channels: Vec<ChannelPlan>,
    /// What everyone may do.
    #[serde(default = "usual_powers", skip_serializing_if = "is_usual")]
    pub everyone: Powers,
    /// Its roles.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub roles: BTreeMap<String, Powers>,
    /// The roles of its members, by client. Whoever is not here has none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, Vec<String>>,
}

/// One channel: its name alone, or a table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "ChannelForm", into = "ChannelForm")]
pub struct ChannelPlan {
    /// Its name.
    pub name: String,
    /// What it takes from whom and gives to whom.
    pub overwrites: Vec<OverwritePlan>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum ChannelForm {
    Name(String),
    Table { name: String, overwrites: Vec<OverwritePlan> },
}

impl From<ChannelForm> for ChannelPlan {
    fn from(form: ChannelForm) -> Self {
        match form {
            ChannelForm::Name(name) => Self { name, overwrites: Vec::new() },
            ChannelForm::Table { name, overwrites } => Self { name, overwrites },
        }
    }
}

impl From<ChannelPlan> for ChannelForm {
    fn from(ChannelPlan { name, overwrites }: ChannelPlan) -> Self {
        if overwrites.is_empty() { Self::Name(name) } else { Self::Table { name, overwrites } }
    }
}

/// What a channel takes from somebody and gives to somebody.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OverwritePlan {
    /// Whom it is about.
    #[serde(flatten)]
    pub target: TargetPlan,
    /// What it takes.
    #[serde(default, skip_serializing_if = "Powers::is_none")]
    pub deny: Powers,
    /// What it gives.
    #[serde(default, skip_serializing_if = "Powers::is_none")]
    pub allow: Powers,
}

/// Whom an overwrite is about: `role = "staff"` or `member = "alice"`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetPlan {
    /// Whoever has this role; `everyone` is one.
    Role(String),
    /// The user of this client.
    Member(String),
}

/// One client, or a crowd of alike ones.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientPlan {
    /// Its name. A crowd's are `name-0`, `name-1` …
    pub name: String,
    /// The node that it identifies at.
    pub node: String,
    /// The guilds that its user is in from the start.
    #[serde(default)]
    pub guilds: Vec<String>,
    /// How many there are.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub count: u32,
    /// When it starts; a crowd spreads over `within` after it.
    #[serde(default)]
    pub starts: Instant,
    /// Over how long a crowd's starts spread.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub within: Span,
    /// What it wants to be told.
    #[serde(default = "usual")]
    pub intents: Intents,
    /// Which part of its user's guilds it is for: `[id, count]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shards: Option<[u16; 2]>,
    /// The client whose user it shares, if it has none of its own. Its guilds are that user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_user_as: Option<String>,
    /// Whether faults of the family `hostile` may speak for it; nobody expects it to keep C1–C3.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hostile: bool,
    /// How much its clock runs fast (or slow), in millionths.
    #[serde(default, skip_serializing_if = "is_still")]
    pub drift: i32,
}

impl GuildPlan {
    /// A guild with nothing in it.
    #[must_use]
    pub fn new(name: &str, owner: &str) -> Self {
        Self {
            name: name.to_owned(),
            owner: owner.to_owned(),
            heir: None,
            owner_user: None,
            channels: Vec::new(),
            everyone: usual_powers(),
            roles: BTreeMap::new(),
            members: BTreeMap::new(),
        }
    }
}

impl ChannelPlan {
    /// A channel without overwrites.
    #[must_use]
    pub fn open(name: &str) -> Self {
        Self { name: name.to_owned(), overwrites: Vec::new() }
    }
}

impl OverwritePlan {
    /// Takes these permissions from whoever has a role.
    #[must_use]
    pub fn deny_role(role: &str, deny: Permissions) -> Self {
        let target = TargetPlan::Role(role.to_owned());
        Self { target, deny: Powers(deny), allow: Powers::default() }
    }

    /// Gives these permissions to whoever has a role.
    #[must_use]
    pub fn allow_role(role: &str, allow: Permissions) -> Self {
        let target = TargetPlan::Role(role.to_owned());
        Self { target, deny: Powers::default(), allow: Powers(allow) }
    }
}

impl ClientPlan {
    /// The names of the clients that it stands for.
    pub fn names(&self) -> impl Iterator<Item = String> {
        (0..self.count).map(|nth| self.nth(nth))
    }

    /// The name of the `nth` of a crowd, or of the only one.
    #[must_use]
    pub fn nth(&self, nth: u32) -> String {
        if self.count == 1 { self.name.clone() } else { format!("{}-{nth}", self.name) }
    }
}

const fn usual_powers() -> Powers {
    Powers(Permissions::USUAL)
}

fn is_usual(powers: &Powers) -> bool {
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
