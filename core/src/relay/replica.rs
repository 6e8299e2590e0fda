//! A relay's replica of the guild, and what each kind of member sees of it.
//!
//! It answers for whole kinds of members at once. Who is told what is not its business.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::context::Cx;
use crate::event::{Event, Subject};
use crate::id::{ChannelId, Position, RoleId, UserId};
use crate::mutant::Mutant;
use crate::permission::{Overwrite, Permissions, Target};
use crate::state::State;

/// Why a member sees what it sees. Members of one kind see the same channels.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Kind {
    /// The guild is its own.
    Owner,
    /// It has these roles, ascending, and is named by no overwrite.
    Roles(Arc<[RoleId]>),
    /// Some overwrite names it.
    Own(UserId),
}

impl Kind {
    /// The same, once a role is gone.
    pub(super) fn without(&self, role: RoleId) -> Self {
        match self {
            Self::Roles(roles) if roles.contains(&role) => {
                Self::Roles(roles.iter().copied().filter(|other| *other != role).collect())
            }
            Self::Owner | Self::Roles(_) | Self::Own(_) => self.clone(),
        }
    }

    /// Whether members of this kind may have a role.
    fn may_have(&self, role: RoleId) -> bool {
        match self {
            Self::Owner => false,
            Self::Roles(roles) => roles.contains(&role),
            Self::Own(_) => true,
        }
    }
}

/// The guild at the position of the last event that was taken up.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Replica {
    pub(super) position: Position,
    pub(super) guild: State,
    /// How many channels have an overwrite for each user that is named by any.
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

    /// Takes up what an event changes; where it stands is the caller's business.
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

    /// Of which kind a user is; none for a non-member.
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

    /// The members whose kind an event, not taken up yet, may change one by one. A role that goes
    /// changes whole kinds instead.
    pub(super) fn apart(&self, event: &Event) -> Vec<UserId> {
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
            Subject::Nobody | Subject::Conversation(_) | Subject::Role(_) => Vec::new(),
        }
    }

    /// Whether members of a kind see a channel.
    pub(super) fn sees(&self, cx: &mut Cx<'_>, kind: &Kind, channel: ChannelId) -> bool {
        let Some(overwrites) = self.guild.channels.get(&channel) else { return false };
        match kind {
            Kind::Owner => true,
            Kind::Own(user) => self.guild.sees(*user, channel),
            Kind::Roles(roles) if roles.is_empty() && cx.bug(Mutant::OpenToAll) => true,
            Kind::Roles(roles) => {
                let base = self.guild.base_of(roles);
                let denies = |it: &Overwrite| {
                    let of_role = |role| it.target == Target::Role(role);
                    it.deny.contains(Permissions::VIEW_CHANNEL)
                        && roles.iter().any(|it| of_role(*it))
                };
                let denied = base != Permissions::ALL && overwrites.iter().any(denies);
                self.guild
                    .permissions_of(base, roles, None, channel)
                    .contains(Permissions::VIEW_CHANNEL)
                    && !(denied && cx.bug(Mutant::RolesNotOred))
            }
        }
    }

    /// All channels that members of a kind see, ascending.
    pub(super) fn visible(&self, cx: &mut Cx<'_>, kind: &Kind) -> Vec<ChannelId> {
        let channels = self.guild.channels.keys().copied();
        channels.filter(|channel| self.sees(cx, kind, *channel)).collect()
    }

    /// What members of a kind see now that an event was taken up, if that differs from before.
    pub(super) fn review(
        &self,
        cx: &mut Cx<'_>,
        (kind, before): (&Kind, &[ChannelId]),
        event: &Event,
    ) -> Option<Vec<ChannelId>> {
        let (channel, sees) = match event.subject() {
            Subject::Role(role) => return self.review_role(cx, kind, role, event),
            Subject::Member(user) => {
                let is_own =
                    matches!(event, Event::MemberUpdate { .. }) && *kind == Kind::Own(user);
                return is_own.then(|| self.visible(cx, kind));
            }
            Subject::Channel(channel) => {
                let sees = self.sees(cx, kind, channel);
                if matches!(event, Event::ChannelCreate(_)) {
                    let told = sees && !cx.bug(Mutant::NewChannelToNone);
                    (channel, told || cx.bug(Mutant::NewChannelToAll))
                } else {
                    (channel, sees)
                }
            }
            Subject::Nobody | Subject::Conversation(_) | Subject::Guild => return None,
        };
        match (before.binary_search(&channel), sees) {
            (Ok(_), true) | (Err(_), false) => None,
            (Ok(place), false) => {
                let mut channels = before.to_vec();
                channels.remove(place);
                Some(channels)
            }
            (Err(place), true) => {
                let mut channels = before.to_vec();
                channels.insert(place, channel);
                Some(channels)
            }
        }
    }

    /// The same for a role's event.
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
