//! What may happen in a guild, said again in another way than the guild says it: a table of what
//! each action needs, in the order in which it is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guildhall_core::dispatch::{Message, Reaction};
use guildhall_core::event::{Channel, Event, Record, Removal};
use guildhall_core::id::{MessageId, Position, RoleId, UserId};
use guildhall_core::permission::{Overwrite, Permissions as P, Role};
use guildhall_core::request::{Action, GuildTable, Origin, Refusal};
use guildhall_core::state::State;

/// A guild as whoever reads its log knows it.
#[derive(Clone, Default)]
pub(crate) struct Reader {
    pub(crate) state: State,
    pub(crate) messages: BTreeMap<MessageId, Message>,
    /// Who reacted to each message, and how.
    pub(crate) reactions: BTreeSet<(MessageId, Arc<str>, UserId)>,
    /// How many distinct emoji a message may have.
    pub(crate) emoji: usize,
    pub(crate) at: Position,
    /// How many messages are still known.
    pub(crate) known: usize,
}

impl Reader {
    /// Reads the next record, and says whether it changed anything.
    pub(crate) fn read(&mut self, record: &Record) -> bool {
        let all = |it: &Self| (it.state.clone(), it.messages.clone(), it.reactions.clone());
        let before = all(self);
        self.at = record.position;
        self.state.apply(&record.event);
        match &record.event {
            Event::Message(message) | Event::MessageUpdate(message) => {
                self.messages.insert(message.id, message.clone());
            }
            Event::MessageDelete { message, .. } => {
                self.messages.remove(message);
            }
            Event::ReactionAdd(Reaction { user, message, emoji, .. }) => {
                self.reactions.insert((*message, emoji.clone(), *user));
            }
            Event::ReactionRemove(Reaction { user, message, emoji, .. }) => {
                self.reactions.remove(&(*message, emoji.clone(), *user));
            }
            _ => {}
        }
        let channels = &self.state.channels;
        self.messages.retain(|_, message| channels.contains_key(&message.channel));
        while self.messages.len() > self.known {
            self.messages.pop_first();
        }
        let messages = &self.messages;
        self.reactions.retain(|(message, ..)| messages.contains_key(message));
        before != all(self)
    }

    fn said(&self, user: UserId, by: Origin) -> Option<&Message> {
        let is_it = |it: &&Message| (it.author, it.nonce) == (by.user, by.nonce);
        self.messages.values().find(is_it).filter(|it| self.state.sees(user, it.channel))
    }

    /// How many roles are not above this one.
    fn level(&self, role: RoleId) -> usize {
        let roles = &self.state.roles;
        let of = |id: &RoleId| (-i32::from(roles[id].position), *id);
        roles.keys().filter(|other| of(other) >= of(&role)).count()
    }

    /// The level of a member's highest role; the owner is above them all.
    fn height(&self, user: UserId) -> usize {
        let (s, everyone) = (&self.state, self.state.everyone());
        let levels = s.members[&user].iter().chain([&everyone]).map(|role| self.level(*role));
        if user == s.owner { usize::MAX } else { levels.max().unwrap_or(0) }
    }

    fn rules(&self, one: UserId, other: UserId) -> bool {
        one == self.state.owner || self.height(one) > self.height(other)
    }

    /// What the action comes to; the id of a message is left open.
    pub(crate) fn judge(&self, origin: Origin, action: &Action) -> Result<Event, Refusal> {
        let (s, me) = (&self.state, origin.user);
        let is_member = |user: &UserId| s.members.contains_key(user);
        let need = |holds: bool, why: Refusal| if holds { Ok(()) } else { Err(why) };
        let guild_wide = |bit: P| need(s.base(me).contains(bit), Refusal::Forbidden);
        let in_channel = |channel, bit: P| {
            need(s.sees(me, channel), Refusal::NoSuchChannel)?;
            need(s.permissions(me, channel).contains(bit), Refusal::Forbidden)
        };
        let holds = |all: P| need(s.base(me).contains(all), Refusal::NotHeld);
        need(!s.deleted, Refusal::NoSuchGuild)?;
        if *action == Action::Join {
            need(!is_member(&me), Refusal::Member)?;
            need(!s.banned.contains(&me), Refusal::Banned)?;
            return Ok(Event::MemberAdd { user: me });
        }
        need(is_member(&me), Refusal::NotAMember)?;
        let removal = |user: UserId, why| {
            need(user != s.owner, Refusal::Taken)?;
            need(is_member(&user), Refusal::NoSuchUser)?;
            need(why == Removal::Left || self.rules(me, user), Refusal::Outranked)?;
            Ok(Event::MemberRemove { user, why })
        };
        match action.clone() {
            Action::Join => unreachable!("judged above"),
            Action::Say { channel, content, mentions } => {
                in_channel(channel, P::SEND_MESSAGES)?;
                let (author, nonce) = (me, origin.nonce);
                let id = MessageId(0);
                Ok(Event::Message(Message { id, channel, author, nonce, content, mentions }))
            }
            Action::Edit { said, content, mentions } => {
                let old = self.said(me, said).ok_or(Refusal::NoSuchMessage)?;
                need(old.author == me, Refusal::Forbidden)?;
                let is_new = old.content != content || old.mentions != mentions;
                need(is_new, Refusal::NoChange)?;
                Ok(Event::MessageUpdate(Message { content, mentions, ..old.clone() }))
            }
            Action::Delete { said } => {
                let old = self.said(me, said).ok_or(Refusal::NoSuchMessage)?;
                if old.author != me {
                    in_channel(old.channel, P::MANAGE_MESSAGES)?;
                }
                Ok(Event::MessageDelete { message: old.id, channel: old.channel })
            }
            Action::React { said, emoji } => {
                let old = self.said(me, said).ok_or(Refusal::NoSuchMessage)?;
                in_channel(old.channel, P::ADD_REACTIONS)?;
                let there = (old.id, emoji.clone(), me);
                need(!self.reactions.contains(&there), Refusal::NoChange)?;
                let of = self.reactions.iter().filter(|(message, ..)| *message == old.id);
                let all: BTreeSet<_> = of.map(|(_, emoji, _)| emoji).chain([&emoji]).collect();
                need(all.len() <= self.emoji, Refusal::Full(GuildTable::Reactions))?;
                let (channel, message) = (old.channel, old.id);
                Ok(Event::ReactionAdd(Reaction { user: me, channel, message, emoji }))
            }
            Action::Unreact { said, emoji } => {
                let old = self.said(me, said).ok_or(Refusal::NoSuchMessage)?;
                let there = (old.id, emoji.clone(), me);
                need(self.reactions.contains(&there), Refusal::NoChange)?;
                let (channel, message) = (old.channel, old.id);
                Ok(Event::ReactionRemove(Reaction { user: me, channel, message, emoji }))
            }
            Action::Type { channel } => {
                in_channel(channel, P::SEND_MESSAGES)?;
                Ok(Event::Typing { user: me, channel })
            }
            Action::Leave => removal(me, Removal::Left),
            Action::Kick { user } => {
                guild_wide(P::KICK_MEMBERS)?;
                removal(user, Removal::Kicked)
            }
            Action::Ban { user } => {
                guild_wide(P::BAN_MEMBERS)?;
                removal(user, Removal::Banned)
            }
            Action::Unban { user } => {
                guild_wide(P::BAN_MEMBERS)?;
                need(s.banned.contains(&user), Refusal::NoSuchUser)?;
                Ok(Event::Unbanned { user })
            }
            Action::SetRoles { user, roles } => {
                guild_wide(P::MANAGE_ROLES)?;
                need(is_member(&user), Refusal::NoSuchUser)?;
                need(roles.iter().all(|it| s.roles.contains_key(it)), Refusal::NoSuchRole)?;
                let set: BTreeSet<_> = roles.iter().copied().collect();
                let roles: Vec<_> = set.into_iter().filter(|it| *it != s.everyone()).collect();
                need(self.rules(me, user), Refusal::Outranked)?;
                for role in roles.iter().filter(|it| !s.members[&user].contains(it)) {
                    need(self.height(me) > self.level(*role), Refusal::Outranked)?;
                    holds(s.roles[role].permissions)?;
                }
                need(*s.members[&user] != *roles, Refusal::NoChange)?;
                Ok(Event::MemberUpdate { user, roles: roles.into() })
            }
            Action::CreateRole { role, permissions } => {
                guild_wide(P::MANAGE_ROLES)?;
                need(!s.roles.contains_key(&role), Refusal::Taken)?;
                let mut with = self.clone();
                with.state.roles.insert(role, Role { permissions, position: 1 });
                need(with.height(me) > with.level(role), Refusal::Outranked)?;
                holds(permissions)?;
                Ok(Event::RoleCreate { role, permissions, position: 1 })
            }
            Action::ChangeRole { role, permissions } => {
                guild_wide(P::MANAGE_ROLES)?;
                need(s.roles.contains_key(&role), Refusal::NoSuchRole)?;
                let Role { permissions: old, position } = s.roles[&role];
                need(self.height(me) > self.level(role), Refusal::Outranked)?;
                holds(P(permissions.0 & !old.0))?;
                need(old != permissions, Refusal::NoChange)?;
                Ok(Event::RoleUpdate { role, permissions, position })
            }
            Action::MoveRole { role, position } => {
                guild_wide(P::MANAGE_ROLES)?;
                need(role != s.everyone() && position != 0, Refusal::Taken)?;
                need(s.roles.contains_key(&role), Refusal::NoSuchRole)?;
                let permissions = s.roles[&role].permissions;
                let mut moved = self.clone();
                moved.state.roles.insert(role, Role { permissions, position });
                need(self.height(me) > self.level(role), Refusal::Outranked)?;
                // One's own highest role stays where it is, so it is the same in both orders.
                need(moved.height(me) > moved.level(role), Refusal::Outranked)?;
                need(s.roles[&role].position != position, Refusal::NoChange)?;
                Ok(Event::RoleUpdate { role, permissions, position })
            }
            Action::DeleteRole { role } => {
                guild_wide(P::MANAGE_ROLES)?;
                need(role != s.everyone(), Refusal::Taken)?;
                need(s.roles.contains_key(&role), Refusal::NoSuchRole)?;
                need(self.height(me) > self.level(role), Refusal::Outranked)?;
                Ok(Event::RoleDelete { role })
            }
            Action::CreateChannel(channel) => {
                guild_wide(P::MANAGE_CHANNELS)?;
                need(!s.channels.contains_key(&channel.id), Refusal::Taken)?;
                need(spoken(&[], &channel).all(|it| s.base(me).contains(it)), Refusal::NotHeld)?;
                Ok(Event::ChannelCreate(channel))
            }
            Action::ChangeChannel(channel) => {
                in_channel(channel.id, P::MANAGE_CHANNELS)?;
                let has = s.permissions(me, channel.id);
                let mut bits = spoken(&s.channels[&channel.id], &channel);
                need(bits.all(|it| has.contains(it)), Refusal::NotHeld)?;
                need(s.channels[&channel.id] != channel.overwrites, Refusal::NoChange)?;
                Ok(Event::ChannelUpdate(channel))
            }
            Action::DeleteChannel { channel } => {
                in_channel(channel, P::MANAGE_CHANNELS)?;
                Ok(Event::ChannelDelete { channel })
            }
            Action::Transfer { to } => {
                need(me == s.owner, Refusal::Forbidden)?;
                need(to != s.owner, Refusal::NoChange)?;
                need(is_member(&to), Refusal::NoSuchUser)?;
                Ok(Event::GuildUpdate { owner: to })
            }
            Action::DeleteGuild => {
                need(me == s.owner, Refusal::Forbidden)?;
                Ok(Event::GuildDelete)
            }
        }
    }
}

/// Each permission that a channel's overwrites treat in another way than before, for some target.
fn spoken(old: &[Overwrite], new: &Channel) -> impl Iterator<Item = P> + use<> {
    let of = |all: &[Overwrite], bit: u64| {
        let told =
            all.iter().flat_map(|it| [(it.target, true, it.allow), (it.target, false, it.deny)]);
        let told = told.filter(|(.., bits)| bits.0 & bit != 0);
        told.map(|(target, allows, _)| (target, allows)).collect::<BTreeSet<_>>()
    };
    let (old, new) = (old.to_vec(), new.overwrites.clone());
    (0..64).map(|at| 1 << at).filter(move |bit| of(&old, *bit) != of(&new, *bit)).map(P)
}
