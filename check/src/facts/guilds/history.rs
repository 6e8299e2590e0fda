//! The history of a guild: a timeline for each thing in it, from its founding and the records that
//! its journal has committed.
//!
//! No state is ever copied: an old view is as cheap as a current one.

mod reactions;
mod state;

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_core::dispatch::{Message, Reaction};
use guildhall_core::event::{Event, Record, Removal};
use guildhall_core::id::{ChannelId, GuildId, MessageId, Position, RoleId, UserId};
use guildhall_core::journal::Checkpoint;
use guildhall_core::permission::{Overwrite, Role};
use guildhall_core::request::Origin;

use self::reactions::Reactions;
use super::timeline::{Moment, Timeline};

type Line<K, T> = BTreeMap<K, Timeline<Option<Arc<[T]>>>>;

/// A guild over time.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) guild: GuildId,
    owner: Timeline<UserId>,
    roles: BTreeMap<RoleId, Timeline<Option<Role>>>,
    channels: Line<ChannelId, Overwrite>,
    members: BTreeMap<UserId, Timeline<Option<Arc<[RoleId]>>>>,
    count: Timeline<u32>,
    banned: BTreeMap<UserId, Timeline<bool>>,
    deleted: Timeline<bool>,
    /// Messages by the request that created them, deleted or not.
    messages: BTreeMap<Origin, Timeline<Option<Message>>>,
    reactions: Reactions,
    /// The position and request of each message, in order.
    said: Vec<(Position, Origin)>,
    /// The highest message id assigned.
    last_message: MessageId,
}

impl History {
    /// The history of a guild at its founding.
    pub(crate) fn new(guild: GuildId, founding: &Checkpoint) -> Self {
        fn lines<K: Ord + Copy, T: Clone>(of: &BTreeMap<K, T>) -> BTreeMap<K, Timeline<Option<T>>> {
            of.iter().map(|(key, value)| (*key, Timeline::new(Some(value.clone())))).collect()
        }
        let state = &founding.state;
        let origin = |said: &Message| Origin { user: said.author, nonce: said.nonce };
        let messages = founding.messages.iter();
        let members = state.members.iter();
        let members = members.map(|(user, roles)| (*user, Timeline::new(Some(roles.clone()))));
        Self {
            guild,
            owner: Timeline::new(state.owner),
            roles: lines(&state.roles),
            channels: lines(&state.channels),
            members: members.collect(),
            count: Timeline::new(state.members.len() as u32),
            banned: state.banned.iter().map(|user| (*user, Timeline::new(true))).collect(),
            deleted: Timeline::new(state.deleted),
            reactions: Reactions::default(),
            last_message: founding.last_message,
            said: messages.clone().map(|said| (Position::default(), origin(said))).collect(),
            messages: messages
                .map(|said| (origin(said), Timeline::new(Some(said.clone()))))
                .collect(),
        }
    }

    /// Applies a committed record.
    pub(crate) fn take(&mut self, record: &Record) {
        let at = record.position;
        match &record.event {
            Event::Opened | Event::Typing { .. } => {}
            Event::Message(message) => {
                let origin = Origin { user: message.author, nonce: message.nonce };
                self.messages.entry(origin).or_default().set(at, Some(message.clone()));
                self.said.push((at, origin));
                self.last_message = self.last_message.max(message.id);
            }
            Event::MessageUpdate(message) => {
                let origin = Origin { user: message.author, nonce: message.nonce };
                self.messages.entry(origin).or_default().set(at, Some(message.clone()));
            }
            Event::MessageDelete { message, .. } => {
                if let Some(origin) = self.origin_of(*message) {
                    self.messages.entry(origin).or_default().set(at, None);
                }
            }
            Event::ReactionAdd(reaction) => self.reactions.set(at, reaction, true),
            Event::ReactionRemove(reaction) => self.reactions.set(at, reaction, false),
            Event::MemberAdd { user } => self.member(at, *user, Some(Arc::default())),
            Event::MemberUpdate { user, roles } => self.member(at, *user, Some(roles.clone())),
            Event::MemberRemove { user, why } => {
                self.member(at, *user, None);
                if *why == Removal::Banned {
                    self.banned.entry(*user).or_default().set(at, true);
                }
            }
            Event::Unbanned { user } => self.banned.entry(*user).or_default().set(at, false),
            Event::RoleCreate { role, permissions, position }
            | Event::RoleUpdate { role, permissions, position } => {
                let (permissions, position) = (*permissions, *position);
                let line = self.roles.entry(*role).or_default();
                line.set(at, Some(Role { permissions, position }));
            }
            Event::RoleDelete { role } => {
                self.roles.entry(*role).or_default().set(at, None);
                self.strip(at, *role);
            }
            Event::ChannelCreate(channel) | Event::ChannelUpdate(channel) => {
                let line = self.channels.entry(channel.id).or_default();
                line.set(at, Some(channel.overwrites.clone()));
            }
            Event::ChannelDelete { channel } => {
                self.channels.entry(*channel).or_default().set(at, None);
                self.unsay(at, *channel);
            }
            Event::GuildUpdate { owner } => self.owner.set(at, *owner),
            Event::GuildDelete => self.end(at),
        }
    }

    fn member(&mut self, at: Position, user: UserId, roles: Option<Arc<[RoleId]>>) {
        let line = self.members.entry(user).or_default();
        let (was, is) = (line.at(Moment::NOW).is_some(), roles.is_some());
        line.set(at, roles);
        let count = *self.count.at(Moment::NOW);
        match (was, is) {
            (false, true) => self.count.set(at, count + 1),
            (true, false) => self.count.set(at, count - 1),
            (true, true) | (false, false) => {}
        }
    }

    /// A deleted role is removed from every member.
    fn strip(&mut self, at: Position, role: RoleId) {
        for line in self.members.values_mut() {
            let Some(roles) = line.at(Moment::NOW) else { continue };
            if roles.contains(&role) {
                let left = roles.iter().copied().filter(|other| *other != role).collect();
                line.set(at, Some(left));
            }
        }
    }

    /// A deleted channel takes its messages with it: one made anew under its id begins empty.
    fn unsay(&mut self, at: Position, channel: ChannelId) {
        for line in self.messages.values_mut() {
            if line.at(Moment::NOW).as_ref().is_some_and(|message| message.channel == channel) {
                line.set(at, None);
            }
        }
    }

    fn end(&mut self, at: Position) {
        self.deleted.set(at, true);
        self.count.set(at, 0);
        let members = self.members.values_mut().filter(|line| line.at(Moment::NOW).is_some());
        members.for_each(|line| line.set(at, None));
        let channels = self.channels.values_mut().filter(|line| line.at(Moment::NOW).is_some());
        channels.for_each(|line| line.set(at, None));
    }

    /// The request that created the message with this id.
    fn origin_of(&self, id: MessageId) -> Option<Origin> {
        let is = |origin: &Origin| self.message(Moment::NOW, *origin).is_some_and(|it| it.id == id);
        self.said.iter().rev().map(|(_, origin)| *origin).find(is)
    }

    pub(crate) fn owner(&self, at: Moment) -> UserId {
        *self.owner.at(at)
    }

    pub(crate) fn is_deleted(&self, at: Moment) -> bool {
        *self.deleted.at(at)
    }

    pub(crate) fn is_banned(&self, at: Moment, user: UserId) -> bool {
        self.banned.get(&user).is_some_and(|line| *line.at(at))
    }

    pub(crate) fn ban_count(&self, at: Moment) -> usize {
        self.banned.values().filter(|line| *line.at(at)).count()
    }

    /// The roles of a member. `None` if the user is not a member.
    pub(crate) fn member_at(&self, at: Moment, user: UserId) -> Option<&Arc<[RoleId]>> {
        self.members.get(&user)?.at(at).as_ref()
    }

    /// Whether a user was ever a member with exactly these roles.
    pub(crate) fn ever_was(&self, user: UserId, roles: &Arc<[RoleId]>) -> bool {
        self.members.get(&user).is_some_and(|line| line.ever(|had| had.as_ref() == Some(roles)))
    }

    /// Whether a role ever had exactly these permissions and this position.
    pub(crate) fn ever_stood(&self, role: RoleId, stands: Role) -> bool {
        self.roles.get(&role).is_some_and(|line| line.ever(|stood| *stood == Some(stands)))
    }

    /// Whether a channel ever had exactly these overwrites.
    pub(crate) fn ever_had(&self, channel: ChannelId, overwrites: &Arc<[Overwrite]>) -> bool {
        let line = self.channels.get(&channel);
        line.is_some_and(|line| line.ever(|had| had.as_ref() == Some(overwrites)))
    }

    /// Whether a user ever owned the guild.
    pub(crate) fn ever_owned(&self, user: UserId) -> bool {
        self.owner.ever(|owner| *owner == user)
    }

    pub(crate) fn is_member(&self, at: Moment, user: UserId) -> bool {
        self.member_at(at, user).is_some()
    }

    /// The position of a user's last change of membership or roles, up to a moment.
    pub(crate) fn member_changed(&self, at: Moment, user: UserId) -> Option<Position> {
        self.members.get(&user)?.changed(at)
    }

    /// Whether a user left after a position.
    pub(crate) fn left_since(&self, position: Position, user: UserId) -> bool {
        let line = self.members.get(&user);
        line.is_some_and(|line| line.since(position).any(Option::is_none))
    }

    /// The number of users who have ever left.
    pub(crate) fn leavers(&self) -> u64 {
        self.members.values().filter(|line| line.ever(Option::is_none)).count() as u64
    }

    /// Whether a user joined after a position.
    pub(crate) fn came_since(&self, position: Position, user: UserId) -> bool {
        let line = self.members.get(&user);
        line.is_some_and(|line| line.since(position).any(Option::is_some))
    }

    pub(crate) fn member_count(&self, at: Moment) -> u32 {
        *self.count.at(at)
    }

    /// All members, ascending.
    pub(crate) fn members(&self, at: Moment) -> impl Iterator<Item = (UserId, &Arc<[RoleId]>)> {
        self.members.iter().filter_map(move |(user, line)| Some((*user, line.at(at).as_ref()?)))
    }

    pub(crate) fn role(&self, at: Moment, role: RoleId) -> Option<Role> {
        *self.roles.get(&role)?.at(at)
    }

    /// All roles, ascending.
    pub(crate) fn roles(&self, at: Moment) -> impl Iterator<Item = (RoleId, Role)> {
        self.roles.iter().filter_map(move |(role, line)| Some((*role, (*line.at(at))?)))
    }

    pub(crate) fn channel(&self, at: Moment, channel: ChannelId) -> Option<&Arc<[Overwrite]>> {
        self.channels.get(&channel)?.at(at).as_ref()
    }

    /// All channels, ascending.
    pub(crate) fn channels(
        &self,
        at: Moment,
    ) -> impl Iterator<Item = (ChannelId, &Arc<[Overwrite]>)> {
        self.channels.iter().filter_map(move |(id, line)| Some((*id, line.at(at).as_ref()?)))
    }

    /// The message that a request created, as of a moment.
    pub(crate) fn message(&self, at: Moment, said: Origin) -> Option<&Message> {
        self.messages.get(&said)?.at(at).as_ref()
    }

    /// The highest message id assigned.
    pub(crate) const fn last_message(&self) -> MessageId {
        self.last_message
    }

    /// The author of the message with this id, if it exists.
    pub(crate) fn said_by(&self, at: Moment, id: MessageId) -> Option<UserId> {
        let origins = self.said.iter().rev().map(|(_, origin)| *origin);
        let is = |origin: &Origin| self.message(at, *origin).is_some_and(|it| it.id == id);
        origins.into_iter().find(is).map(|origin| origin.user)
    }

    /// Whether exactly this reaction is there, its message aside.
    pub(crate) fn is_reacted(&self, at: Moment, reaction: &Reaction) -> bool {
        let Reaction { user, message, emoji, .. } = reaction;
        self.reactions.is_there(at, *message, emoji, *user)
    }

    /// The emoji and the user of each reaction to a message, ascending.
    pub(crate) fn reactions(
        &self,
        at: Moment,
        message: MessageId,
    ) -> impl Iterator<Item = (&Arc<str>, UserId)> {
        self.reactions.to(at, message)
    }

    /// How many distinct emoji the reactions to a message have with this one more.
    pub(crate) fn emoji_with(&self, at: Moment, message: MessageId, emoji: &Arc<str>) -> usize {
        let mut all: Vec<_> = self.reactions.to(at, message).map(|(emoji, _)| emoji).collect();
        all.push(emoji);
        all.sort_unstable();
        all.dedup();
        all.len()
    }

    /// The number of reactions that were ever added.
    pub(crate) const fn reactions_added(&self) -> u64 {
        self.reactions.added()
    }

    /// The number of messages created after the one of this request, up to a moment, and the number
    /// of those that still exist.
    pub(crate) fn newer(&self, at: Moment, said: Origin) -> (u64, u64) {
        let after = self.said.iter().rev().take_while(|(_, origin)| *origin != said);
        let after = after.filter(|(position, _)| at.includes(*position));
        after.fold((0, 0), |(all, there), (_, origin)| {
            (all + 1, there + u64::from(self.message(at, *origin).is_some()))
        })
    }
}
