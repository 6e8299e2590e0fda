//! Snapshots: collects the chunks of the owner's, and makes those for sessions.
//!
//! What is the same for many sessions is made once and shared: roles and members for all of a
//! relay, channels for a class (I5).

use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use super::Relay;
use crate::census::{Census, Table};
use crate::context::Cx;
use crate::dispatch::{Body, Dispatch, Intents, Snapshot};
use crate::event::Channel;
use crate::id::{GuildId, Position, RoleId, UserId};
use crate::peer::Chunk;
use crate::permission::Role;
use crate::state::State;

/// The chunks of a state that is not complete yet.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Pieces {
    pub(super) position: Position,
    of: u32,
    got: BTreeMap<u32, Arc<Chunk>>,
}

impl Pieces {
    /// None yet of the state that a chunk belongs to.
    pub(super) const fn new(chunk: &Chunk) -> Self {
        Self { position: chunk.position, of: chunk.of, got: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, chunk: Arc<Chunk>) {
        self.got.insert(chunk.nth, chunk);
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self { position: _, of: _, got } = self;
        census.add(Table::Pieces, got.len());
    }

    /// The state, once all chunks are there.
    pub(super) fn whole(&self, guild: GuildId) -> Option<State> {
        if self.got.len() < self.of as usize {
            return None;
        }
        let mut state = State::new(guild, UserId(0));
        for part in self.got.values() {
            (state.owner, state.deleted) = (part.owner, part.deleted);
            state.roles.extend(part.roles.iter().copied());
            let channels = part.channels.iter();
            state.channels.extend(channels.map(|it| (it.id, it.overwrites.clone())));
            state.members.extend(part.members.iter().cloned());
        }
        Some(state)
    }
}

/// Each member with its roles.
type Members = Arc<[(UserId, Arc<[RoleId]>)]>;

/// What all snapshots of one state share, once a session has needed it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Lists {
    roles: Option<Arc<[(RoleId, Role)]>>,
    members: Option<Members>,
}

impl Lists {
    pub(super) fn count(&self, census: &mut Census) {
        let Self { roles, members } = self;
        let roles = roles.as_ref().map_or(0, |roles| roles.len());
        census.add(Table::Lists, roles + members.as_ref().map_or(0, |members| members.len()));
    }

    /// The state has changed, or no session waits for a snapshot.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

impl Relay {
    /// GUILD_CREATE for a session that is about to enter a class, cut to its `intents` (D3); none
    /// without a state.
    pub(crate) fn snapshot(
        &mut self,
        cx: &mut Cx<'_>,
        number: u32,
        (user, intents): (UserId, Intents),
    ) -> Option<Dispatch> {
        let Self { replica, subscribers, lists, .. } = self;
        let replica = replica.as_ref()?;
        let guild = &replica.guild;
        let class = subscribers.classes.get_mut(number as usize)?;
        let visible = class.visible.iter();
        let shown = class.shown.get_or_insert_with(|| {
            let channel = |id| Some(Channel { id, overwrites: guild.channels.get(&id)?.clone() });
            visible.filter_map(|id| channel(*id)).collect()
        });
        let shown = shown.clone();
        let channels = cx.bent(shown, (&*subscribers, number));
        let member_count = u32::try_from(guild.members.len()).unwrap_or(u32::MAX);
        let all = || guild.members.iter().map(|(user, roles)| (*user, roles.clone()));
        let members =
            if intents.contains(Intents::GUILD_MEMBERS) && member_count <= cx.limits.large_guild {
                lists.members.get_or_insert_with(|| all().collect()).clone()
            } else {
                guild.members.get(&user).map(|roles| (user, roles.clone())).into_iter().collect()
            };
        let roles = || guild.roles.iter().map(|(role, given)| (*role, *given)).collect();
        let roles = lists.roles.get_or_insert_with(roles).clone();
        let snapshot = Snapshot { owner: guild.owner, roles, channels, member_count, members };
        Some(Dispatch::of(self.guild, replica.position, 0, Body::GuildCreate(snapshot)))
    }
}
