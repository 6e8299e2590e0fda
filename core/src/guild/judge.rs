//! Authority: the event that an action results in, or why it is refused (CONTRACT, I8).
//!
//! An action is judged by the staged state, which is the state just before the position that its event
//! would get. Nothing changes here. An action that would change nothing is refused, so that every
//! event of the stream is a change (O5).

mod hierarchy;
mod roles;
mod room;

use alloc::sync::Arc;

use super::materialized_state::MaterializedState;
use crate::dispatch::{Message, Reaction};
use crate::event::{Channel, Event, Removal};
use crate::id::{ChannelId, MessageId, UserId};
use crate::limits::Limits;
use crate::permission::{Overwrite, Permissions};
use crate::request::{Action, GuildTable, Origin, Refusal};
use crate::state::State;
use hierarchy::changed;

type Verdict = Result<Event, Refusal>;

impl MaterializedState {
    /// The event that the action results in if it happens next. A message gets this id.
    pub(super) fn judge(
        &self,
        limits: &Limits,
        origin: Origin,
        action: &Action,
        id: MessageId,
    ) -> Result<Event, Refusal> {
        if self.state.deleted {
            return Err(Refusal::NoSuchGuild);
        }
        if *action != Action::Join && !self.state.members.contains_key(&origin.user) {
            return Err(Refusal::NotAMember);
        }
        self.judge_member(limits, origin, action, id)
    }

    /// The same for an author who is a member, or wants to become one.
    pub(super) fn judge_member(
        &self,
        limits: &Limits,
        origin: Origin,
        action: &Action,
        id: MessageId,
    ) -> Verdict {
        let (user, state) = (origin.user, &self.state);
        let author = Author { user, state, limits };
        match action {
            Action::Say { channel, content, mentions } => {
                author.may_in(*channel, Permissions::SEND_MESSAGES)?;
                Ok(message(origin, *channel, (content, mentions), id))
            }
            Action::Edit { said, content, mentions } => {
                self.edit(&author, *said, (content, mentions))
            }
            Action::Delete { said } => self.delete(&author, *said),
            Action::React { said, emoji } => self.react(&author, *said, emoji),
            Action::Unreact { said, emoji } => self.unreact(&author, *said, emoji),
            Action::Type { channel } => {
                author.may_in(*channel, Permissions::SEND_MESSAGES)?;
                Ok(Event::Typing { user, channel: *channel })
            }
            Action::Join => author.join(),
            Action::Leave if user == state.owner => Err(Refusal::Taken),
            Action::Leave => Ok(Event::MemberRemove { user, why: Removal::Left }),
            Action::Kick { user } => author.remove(*user, Removal::Kicked),
            Action::Ban { user } => author.remove(*user, Removal::Banned),
            Action::Unban { user } => author.unban(*user),
            Action::SetRoles { user, roles } => author.set_roles(*user, roles),
            Action::CreateRole { role, permissions } => author.create_role(*role, *permissions),
            Action::ChangeRole { role, permissions } => author.change_role(*role, *permissions),
            Action::MoveRole { role, position } => author.move_role(*role, *position),
            Action::DeleteRole { role } => author.delete_role(*role),
            Action::CreateChannel(channel) => author.create_channel(channel),
            Action::ChangeChannel(channel) => author.change_channel(channel),
            Action::DeleteChannel { channel } => {
                author.may_in(*channel, Permissions::MANAGE_CHANNELS)?;
                Ok(Event::ChannelDelete { channel: *channel })
            }
            Action::Transfer { to } => author.transfer(*to),
            Action::DeleteGuild => author.owns().map(|()| Event::GuildDelete),
        }
    }

    fn edit(
        &self,
        author: &Author<'_>,
        said: Origin,
        (content, mentions): (&Arc<str>, &Arc<[UserId]>),
    ) -> Verdict {
        let message = self.seen_by(author.user, said)?;
        if message.author != author.user {
            Err(Refusal::Forbidden)
        } else if (&message.content, &message.mentions) == (content, mentions) {
            Err(Refusal::NoChange)
        } else {
            let (content, mentions) = (content.clone(), mentions.clone());
            Ok(Event::MessageUpdate(Message { content, mentions, ..message.clone() }))
        }
    }

    fn delete(&self, author: &Author<'_>, said: Origin) -> Verdict {
        let &Message { id: message, channel, author: by, .. } = self.seen_by(author.user, said)?;
        if by != author.user {
            author.may_in(channel, Permissions::MANAGE_MESSAGES)?;
        }
        Ok(Event::MessageDelete { message, channel })
    }

    fn react(&self, author: &Author<'_>, said: Origin, emoji: &Arc<str>) -> Verdict {
        let message = self.seen_by(author.user, said)?;
        author.may_in(message.channel, Permissions::ADD_REACTIONS)?;
        let there = self.messages.reactions_to(message.id).ok_or(Refusal::NoSuchMessage)?;
        if there.contains(emoji, author.user) {
            return Err(Refusal::NoChange);
        }
        if !there.has_emoji(emoji) {
            author.has_room(GuildTable::Reactions, there.emoji_count())?;
        }
        Ok(Event::ReactionAdd(reaction(author.user, message, emoji)))
    }

    fn unreact(&self, author: &Author<'_>, said: Origin, emoji: &Arc<str>) -> Verdict {
        let message = self.seen_by(author.user, said)?;
        let there = self.messages.reactions_to(message.id).ok_or(Refusal::NoSuchMessage)?;
        if there.contains(emoji, author.user) {
            Ok(Event::ReactionRemove(reaction(author.user, message, emoji)))
        } else {
            Err(Refusal::NoChange)
        }
    }

    /// The message that a request created, if `user` sees its channel.
    fn seen_by(&self, user: UserId, said: Origin) -> Result<&Message, Refusal> {
        let message = self.messages.by_request(said);
        let seen = message.filter(|message| self.state.sees(user, message.channel));
        seen.ok_or(Refusal::NoSuchMessage)
    }
}

/// The author of a request.
struct Author<'a> {
    user: UserId,
    state: &'a State,
    limits: &'a Limits,
}

impl Author<'_> {
    /// Whether the author has this permission in the guild as a whole.
    fn may(&self, permission: Permissions) -> Result<(), Refusal> {
        holds(self.state.base(self.user), permission)
    }

    /// Whether the author sees a channel and has this permission in it.
    fn may_in(&self, channel: ChannelId, permission: Permissions) -> Result<(), Refusal> {
        let permissions = self.state.permissions(self.user, channel);
        if !permissions.contains(Permissions::VIEW_CHANNEL) {
            return Err(Refusal::NoSuchChannel);
        }
        holds(permissions, permission)
    }

    fn owns(&self) -> Result<(), Refusal> {
        if self.user == self.state.owner { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    fn join(&self) -> Verdict {
        let user = self.user;
        if self.state.members.contains_key(&user) {
            Err(Refusal::Member)
        } else if self.state.banned.contains(&user) {
            Err(Refusal::Banned)
        } else {
            self.has_room(GuildTable::Members, self.state.members.len())?;
            Ok(Event::MemberAdd { user })
        }
    }

    fn remove(&self, user: UserId, why: Removal) -> Verdict {
        let needed =
            if why.is_for_good() { Permissions::BAN_MEMBERS } else { Permissions::KICK_MEMBERS };
        self.may(needed)?;
        if user == self.state.owner {
            Err(Refusal::Taken)
        } else if self.state.members.contains_key(&user) {
            self.outranks_member(user)?;
            if why.is_for_good() {
                self.has_room(GuildTable::Bans, self.state.banned.len())?;
            }
            Ok(Event::MemberRemove { user, why })
        } else {
            Err(Refusal::NoSuchUser)
        }
    }

    fn unban(&self, user: UserId) -> Verdict {
        self.may(Permissions::BAN_MEMBERS)?;
        let is_banned = self.state.banned.contains(&user);
        if is_banned { Ok(Event::Unbanned { user }) } else { Err(Refusal::NoSuchUser) }
    }

    fn create_channel(&self, channel: &Channel) -> Verdict {
        self.may(Permissions::MANAGE_CHANNELS)?;
        if self.state.channels.contains_key(&channel.id) {
            return Err(Refusal::Taken);
        }
        let channel = one_of_each_target(channel);
        Self::hands_on(self.state.base(self.user), changed(&[], &channel.overwrites))?;
        self.has_room(GuildTable::Channels, self.state.channels.len())?;
        self.has_room_for(channel.id, &channel.overwrites)?;
        Ok(Event::ChannelCreate(channel))
    }

    fn change_channel(&self, channel: &Channel) -> Verdict {
        self.may_in(channel.id, Permissions::MANAGE_CHANNELS)?;
        let channel = one_of_each_target(channel);
        let old = self.state.channels.get(&channel.id);
        let changed = old.map_or(Permissions::NONE, |old| changed(old, &channel.overwrites));
        Self::hands_on(self.state.permissions(self.user, channel.id), changed)?;
        if old == Some(&channel.overwrites) {
            return Err(Refusal::NoChange);
        }
        self.has_room_for(channel.id, &channel.overwrites)?;
        Ok(Event::ChannelUpdate(channel))
    }

    fn transfer(&self, to: UserId) -> Verdict {
        self.owns()?;
        if to == self.state.owner {
            Err(Refusal::NoChange)
        } else if self.state.members.contains_key(&to) {
            Ok(Event::GuildUpdate { owner: to })
        } else {
            Err(Refusal::NoSuchUser)
        }
    }
}

/// The reaction of a user to a message.
pub(super) fn reaction(user: UserId, to: &Message, emoji: &Arc<str>) -> Reaction {
    Reaction { user, channel: to.channel, message: to.id, emoji: emoji.clone() }
}

fn holds(all: Permissions, one: Permissions) -> Result<(), Refusal> {
    if all.contains(one) { Ok(()) } else { Err(Refusal::Forbidden) }
}

/// A new message.
pub(super) fn message(
    Origin { user: author, nonce }: Origin,
    channel: ChannelId,
    (content, mentions): (&Arc<str>, &Arc<[UserId]>),
    id: MessageId,
) -> Event {
    let (content, mentions) = (content.clone(), mentions.clone());
    Event::Message(Message { id, channel, author, nonce, content, mentions })
}

/// The channel with one overwrite for each target: of several, the first counts.
fn one_of_each_target(channel: &Channel) -> Channel {
    let all = &channel.overwrites;
    let is_first = |&(at, overwrite): &(usize, &Overwrite)| {
        all[..at].iter().all(|earlier| earlier.target != overwrite.target)
    };
    if all.iter().enumerate().all(|entry| is_first(&entry)) {
        return channel.clone();
    }
    let kept = all.iter().enumerate().filter(is_first).map(|(_, overwrite)| *overwrite);
    Channel { id: channel.id, overwrites: kept.collect() }
}
