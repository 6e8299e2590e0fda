//! A relay's replica of the guild, and which channels each kind of member sees.
//!
//! It answers for whole kinds of members at once. It must not know subscriptions: who receives what
//! is decided elsewhere.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::census::{Census, Table};
use crate::context::Cx;
use crate::event::{Event, Subject};
use crate::id::{ChannelId, Position, RoleId, UserId};
use crate::permission::{Overwrite, Permissions, Target};
use crate::state::State;

/// What decides which channels a member sees. Members of one kind see the same.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Kind {
    /// It owns the guild.
    Owner,
    /// It has these roles, ascending, and no overwrite names it.
    Roles(Arc<[RoleId]>),
    /// An overwrite names it.
    Own(UserId),
}

impl Kind {
    /// The kind once a role is deleted.
    pub(super) fn without(&self, role: RoleId) -> Self {
        match self {
            Self::Roles(roles) if roles.contains(&role) => {
                Self::Roles(roles.iter().copied().filter(|other| *other != role).collect())
            }
            Self::Owner | Self::Roles(_) | Self::Own(_) => self.clone(),
        }
    }

    /// Whether a member of this kind may have a role.
    fn may_have(&self, role: RoleId) -> bool {
        match self {
            Self::Owner => false,
            Self::Roles(roles) => roles.contains(&role),
            Self::Own(_) => true,
        }
    }
}

/// The guild at the position of the last event that the relay applied.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Replica {
    pub(super) position: Position,
    pub(super) guild: State,
    /// For each user that an overwrite names: in how many channels.
    named: BTreeMap<UserId, u32>,
}

impl Replica {
    pub(super) fn new(position: Position, guild: State) -> Self {
        let mut replica = Self { position, guild, named: BTreeMap::new() };
        let channels: Vec<_> = replica.guild.channels.values().cloned().collect();
        for overwrites in channels {
            replica.name(&overwrites);
        }
        replica
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self { position: _, guild, named } = self;
        census.add(Table::Replicas, guild.size());
        census.add(Table::Named, named.len());
    }

    fn name(&mut self, overwrites: &[Overwrite]) {
        for user in users(overwrites) {
            *self.named.entry(user).or_default() += 1;
        }
    }

    fn unname(&mut self, channel: ChannelId) {
        for user in users(self.guild.channels.get(&channel).map_or(&[], |it| &it[..])) {
            if let Some(count) = self.named.get_mut(&user) {
                *count -= 1;
                if *count == 0 {
                    self.named.remove(&user);
                }
            }
        }
    }

    /// Applies what an event changes. The caller sets the position.
    pub(super) fn apply(&mut self, event: &Event) {
        if let Subject::Channel(channel) = event.subject() {
            self.unname(channel);
            self.name(event.channel().map_or(&[], |it| &it.overwrites));
        }
        if *event == Event::GuildDelete {
            self.named.clear();
        }
        self.guild.apply(event);
    }

    /// The kind of a member; none for a non-member.
    pub(super) fn kind(&self, user: UserId) -> Option<Kind> {
        let roles = self.guild.members.get(&user)?;
        Some(if user == self.guild.owner {
            Kind::Owner
        } else if self.named.contains_key(&user) {
            Kind::Own(user)
        } else {
            Kind::Roles(roles.clone())
        })
    }

    /// The members whose kind an event may change one by one; it is not applied yet. The end of a
    /// role changes whole kinds instead.
    pub(super) fn singled_out(&self, event: &Event) -> Vec<UserId> {
        match event.subject() {
            Subject::Member(user) => {
                let joins = matches!(event, Event::MemberAdd { .. });
                if joins { Vec::new() } else { [user].to_vec() }
            }
            Subject::Guild => {
                let new =
                    if let Event::GuildUpdate { owner } = event { Some(*owner) } else { None };
                new.map_or(Vec::new(), |new| [self.guild.owner, new].to_vec())
            }
            Subject::Channel(channel) => {
                let old = self.guild.channels.get(&channel).map_or(&[][..], |it| it);
                let new = event.channel().map_or(&[][..], |it| &it.overwrites);
                users(old).chain(users(new)).collect()
            }
            Subject::Nobody | Subject::Conversation(..) | Subject::Role(_) => Vec::new(),
        }
    }

    /// Whether members of a kind see a channel.
    pub(super) fn sees(&self, cx: &mut Cx<'_>, kind: &Kind, channel: ChannelId) -> bool {
        if !self.guild.channels.contains_key(&channel) {
            return false;
        }
        let sees = match kind {
            Kind::Owner => true,
            Kind::Own(user) => self.guild.sees(*user, channel),
            Kind::Roles(roles) => {
                let base = self.guild.base_of(roles);
                let permissions = self.guild.permissions_of(base, roles, None, channel);
                permissions.contains(Permissions::VIEW_CHANNEL)
            }
        };
        cx.bent(sees, (self, kind, channel))
    }

    /// All channels that members of a kind see, ascending.
    pub(super) fn visible(&self, cx: &mut Cx<'_>, kind: &Kind) -> Vec<ChannelId> {
        let channels = self.guild.channels.keys().copied();
        channels.filter(|channel| self.sees(cx, kind, *channel)).collect()
    }

    /// What members of a kind see after an event, if it differs from what they saw before.
    pub(super) fn review(
        &self,
        cx: &mut Cx<'_>,
        (kind, before): (&Kind, &[ChannelId]),
        event: &Event,
    ) -> Option<Vec<ChannelId>> {
        match event.subject() {
            Subject::Role(role) => self.review_role(cx, kind, role, event),
            Subject::Member(user) => {
                let is_update = matches!(event, Event::MemberUpdate { .. });
                (is_update && *kind == Kind::Own(user)).then(|| self.visible(cx, kind))
            }
            Subject::Channel(channel) => {
                let mut after = before.to_vec();
                match (before.binary_search(&channel), self.sees(cx, kind, channel)) {
                    (Ok(_), true) | (Err(_), false) => return None,
                    (Ok(place), false) => {
                        after.remove(place);
                    }
                    (Err(place), true) => after.insert(place, channel),
                }
                Some(after)
            }
            Subject::Nobody | Subject::Conversation(..) | Subject::Guild => None,
        }
    }

    fn review_role(
        &self,
        cx: &mut Cx<'_>,
        kind: &Kind,
        role: RoleId,
        event: &Event,
    ) -> Option<Vec<ChannelId>> {
        let is_new = matches!(event, Event::RoleCreate { .. });
        if is_new || !(role == self.guild.everyone() || kind.may_have(role)) {
            return None;
        }
        let is_gone = matches!(event, Event::RoleDelete { .. });
        Some(if is_gone { self.visible(cx, &kind.without(role)) } else { self.visible(cx, kind) })
    }
}

/// The users that overwrites name.
fn users(overwrites: &[Overwrite]) -> impl Iterator<Item = UserId> {
    overwrites.iter().filter_map(|overwrite| match overwrite.target {
        Target::Member(user) => Some(user),
        Target::Role(_) => None,
    })
}
