//! Who is who and who is where: the users behind the tokens, the guilds of each user, the owner of
//! each guild.
//!
//! A value that is handed to every node; it does not change during a run.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::{GuildId, NodeId, Token, UserId};

/// What every node knows from the start.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Directory {
    /// The user behind each login token.
    pub accounts: BTreeMap<Token, UserId>,
    /// The guilds that each user is in, ascending.
    pub guilds: BTreeMap<UserId, Vec<GuildId>>,
    /// The node that owns each guild.
    pub owners: BTreeMap<GuildId, NodeId>,
}
