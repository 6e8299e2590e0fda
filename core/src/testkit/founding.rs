//! What a cluster is founded with: limits, nodes, and guilds with their members and channels.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::cluster::ClusterConfig;
use crate::id::{ChannelId, GuildId, NodeId, SessionId, Token, UserId};
use crate::limits::Limits;
use crate::mutant::Mutant;
use crate::state::State;
use crate::time::Instant;

/// The beginning of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Founding {
    /// The limits of all machines.
    pub limits: Limits,
    /// The nodes, ascending.
    pub nodes: Vec<NodeId>,
    /// The guilds, as they are before the first record.
    pub guilds: Vec<State>,
    /// Users with an account who may be members of no guild.
    pub users: Vec<UserId>,
    /// The time at which it begins.
    pub start: Instant,
    /// A bug planted in every node.
    pub mutant: Option<Mutant>,
}

impl Founding {
    /// The users, each with the guilds that list them as members.
    pub(super) fn named(&self) -> BTreeMap<UserId, Vec<GuildId>> {
        let mut named: BTreeMap<_, _> = self.users.iter().map(|user| (*user, Vec::new())).collect();
        for state in &self.guilds {
            for member in state.members.keys() {
                named.entry(*member).or_default().push(state.guild);
            }
        }
        named
    }

    pub(super) fn cluster(&self) -> ClusterConfig {
        let accounts = self.named().into_keys().map(|user| (token(user), user));
        let guilds = self.guilds.iter().map(|state| state.guild).collect();
        ClusterConfig { accounts: accounts.collect(), nodes: self.nodes.clone(), guilds }
    }
}

/// A guild with an owner, members without roles, and channels that everyone sees.
#[must_use]
pub fn guild(
    id: GuildId,
    owner: UserId,
    members: impl IntoIterator<Item = UserId>,
    channels: impl IntoIterator<Item = u64>,
) -> State {
    let mut state = State::new(id, owner);
    state.members.extend(members.into_iter().map(|user| (user, Arc::default())));
    state.channels.extend(channels.into_iter().map(|id| (ChannelId(id), Arc::default())));
    state
}

/// The login token of a user.
#[must_use]
pub const fn token(user: UserId) -> Token {
    Token(user.0 as u128 + 1_000)
}

/// The id of the session that is the `number`th to begin. A client's IDENTIFY counts them from 1.
#[must_use]
pub const fn session(number: u64) -> SessionId {
    SessionId(number as u128)
}
