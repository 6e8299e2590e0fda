//! Authority: which event an act comes to, or why it is refused (CONTRACT, I8).
//!
//! It looks at the staged state, which is the one just before the position that the event would
//! have. It changes nothing. An act that would change nothing either is refused, so that every event
//! of the stream is a change (O5).

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::fold::Fold;
use crate::context::Cx;
use crate::dispatch::Message;
use crate::event::{Channel, Event, Removal};
use crate::id::{ChannelId, MessageId, RoleId, UserId};
use crate::mutant::Mutant;
use crate::permission::{Overwrite, Permissions};
use crate::request::{Act, Origin, Refusal};
use crate::state::State;
use crate::time::Wall;

type Verdict = Result<Event, Refusal>;

impl Fold {
    /// What the act comes to if it happens next.
    pub(super) fn judge(
        &self,
        cx: &mut Cx<'_>,
        origin: Origin,
        act: &Act,
        wall: Wall,
    ) -> Result<Event, Refusal> {
        let (user, state) = (origin.user, &self.state);
        if state.deleted {
            return Err(Refusal::NoSuchGuild);
        }
        let is_member = state.members.contains_key(&user);
        if !is_member && *act != Act::Join {
            if !cx.bug(Mutant::MembersNotAsked) {
                return Err(Refusal::NotAMember);
            }
            if let Act::Say { channel, content, mentions } = act {
                return Ok(self.say(cx, origin, *channel, (content, mentions), wall));
            }
        }
        let mut author = Author { user, state, cx };
        match act {
            Act::Say { channel, content, mentions } => {
                author.may_in(*channel, Permissions::SEND_MESSAGES)?;
                Ok(self.say(author.cx, origin, *channel, (content, mentions), wall))
            }
            Act::Edit { said, content } => self.edit(&author, *said, content),
            Act::Delete { said } => self.delete(&mut author, *said),
            Act::Type { channel } => {
                author.may_in(*channel, Permissions::SEND_MESSAGES)?;
                Ok(Event::Typing { user, channel: *channel })
            }
            Act::Join if is_member => Err(Refusal::Member),
            Act::Join if state.banned.contains(&user) => Err(Refusal::Banned),
            Act::Join => Ok(Event::MemberAdd { user }),
            Act::Leave if user == state.owner => Err(Refusal::Taken),
            Act::Leave => Ok(Event::MemberRemove { user, why: Removal::Left }),
            Act::Kick { user } => author.remove(*user, Removal::Kicked),
            Act::Ban { user } => author.remove(*user, Removal::Banned),
            Act::Unban { user } => author.unban(*user),
            Act::SetRoles { user, roles } => author.set_roles(*user, roles),
            Act::CreateRole { role, permissions } => author.create_role(*role, *permissions),
            Act::ChangeRole { role, permissions } => author.change_role(*role, *permissions),
            Act::DeleteRole { role } => author.delete_role(*role),
            Act::CreateChannel(channel) => author.create_channel(channel),
            Act::ChangeChannel(channel) => author.change_channel(channel),
            Act::DeleteChannel { channel } => {
                author.may_in(*channel, Permissions::MANAGE_CHANNELS)?;
                Ok(Event::ChannelDelete { channel: *channel })
            }
            Act::Transfer { to } => author.transfer(*to),
            Act::DeleteGuild => author.owns().map(|()| Event::GuildDelete),
        }
    }

    fn say(
        &self,
        cx: &mut Cx<'_>,
        Origin { user: author, nonce }: Origin,
        channel: ChannelId,
        (content, mentions): (&Arc<str>, &Arc<[UserId]>),
        wall: Wall,
    ) -> Event {
        let (content, mentions) = (content.clone(), mentions.clone());
        let id = self.next_message(cx, wall);
        Event::Message(Message { id, channel, author, nonce, content, mentions })
    }

    /// Tinted with the wall clock as clients expect, but never at the cost of the order: clocks jump
    /// (O5, F3).
    fn next_message(&self, cx: &mut Cx<'_>, wall: Wall) -> MessageId {
        let tinted = MessageId(wall.0 << 22);
        let next = tinted.max(MessageId(self.messages.last().0 + 1));
        if tinted < next && cx.bug(Mutant::IdOfWallClock) { tinted } else { next }
    }

    fn edit(&self, author: &Author<'_, '_>, said: Origin, content: &Arc<str>) -> Verdict {
        let message = self.seen_by(author.user, said)?;
        if message.author != author.user {
            Err(Refusal::Forbidden)
        } else if message.content == *content {
            Err(Refusal::NoChange)
        } else {
            let content = content.clone();
            Ok(Event::MessageUpdate(Message { content, ..message.clone() }))
        }
    }

    fn delete(&self, author: &mut Author<'_, '_>, said: Origin) -> Verdict {
        let &Message { id: message, channel, author: by, .. } = self.seen_by(author.user, said)?;
        if by != author.user {
            author.may_in(channel, Permissions::MANAGE_MESSAGES)?;
        }
        Ok(Event::MessageDelete { message, channel })
    }

    /// What was said by an act, if `user` sees where.
    fn seen_by(&self, user: UserId, said: Origin) -> Result<&Message, Refusal> {
        let message = self.messages.said(said);
        let seen = message.filter(|message| self.state.sees(user, message.channel));
        seen.ok_or(Refusal::NoSuchMessage)
    }
}

/// A member who asks for something.
struct Author<'a, 'c> {
    user: UserId,
    state: &'a State,
    cx: &'a mut Cx<'c>,
}

impl Author<'_, '_> {
    /// Whether the author may do this in the guild at large.
    fn may(&mut self, permission: Permissions) -> Result<(), Refusal> {
        self.holds(self.state.base(self.user), permission)
    }

    /// Whether the author sees a channel, and may do this in it.
    fn may_in(&mut self, channel: ChannelId, permission: Permissions) -> Result<(), Refusal> {
        let permissions = self.state.permissions(self.user, channel);
        if !permissions.contains(Permissions::VIEW_CHANNEL) {
            return Err(Refusal::NoSuchChannel);
        }
        self.holds(permissions, permission)
    }

    fn holds(&mut self, all: Permissions, one: Permissions) -> Result<(), Refusal> {
        if all.contains(one) || self.cx.bug(Mutant::PermissionNotAsked) {
            Ok(())
        } else {
            Err(Refusal::Forbidden)
        }
    }

    fn owns(&mut self) -> Result<(), Refusal> {
        if self.user == self.state.owner || self.cx.bug(Mutant::PermissionNotAsked) {
            Ok(())
        } else {
            Err(Refusal::Forbidden)
        }
    }

    fn remove(&mut self, user: UserId, why: Removal) -> Verdict {
        let needed =
            if why.is_for_good() { Permissions::BAN_MEMBERS } else { Permissions::KICK_MEMBERS };
        self.may(needed)?;
        if user == self.state.owner {
            Err(Refusal::Taken)
        } else if self.state.members.contains_key(&user) {
            Ok(Event::MemberRemove { user, why })
        } else {
            Err(Refusal::NoSuchUser)
        }
    }

    fn unban(&mut self, user: UserId) -> Verdict {
        self.may(Permissions::BAN_MEMBERS)?;
        let is_banned = self.state.banned.contains(&user);
        if is_banned { Ok(Event::Unbanned { user }) } else { Err(Refusal::NoSuchUser) }
    }

    fn set_roles(&mut self, user: UserId, roles: &[RoleId]) -> Verdict {
        self.may(Permissions::MANAGE_ROLES)?;
        let Some(given) = self.state.members.get(&user) else { return Err(Refusal::NoSuchUser) };
        if roles.iter().any(|role| !self.state.roles.contains_key(role)) {
            return Err(Refusal::NoSuchRole);
        }
        let everyone = self.state.everyone();
        let mut roles: Vec<_> = roles.iter().copied().filter(|role| *role != everyone).collect();
        roles.sort_unstable();
        roles.dedup();
        if **given == *roles {
            return Err(Refusal::NoChange);
        }
        Ok(Event::MemberUpdate { user, roles: roles.into() })
    }

    fn create_role(&mut self, role: RoleId, permissions: Permissions) -> Verdict {
        self.may(Permissions::MANAGE_ROLES)?;
        if self.state.roles.contains_key(&role) {
            return Err(Refusal::Taken);
        }
        Ok(Event::RoleCreate { role, permissions })
    }

    fn change_role(&mut self, role: RoleId, permissions: Permissions) -> Verdict {
        self.may(Permissions::MANAGE_ROLES)?;
        match self.state.roles.get(&role) {
            None => Err(Refusal::NoSuchRole),
            Some(known) if *known == permissions => Err(Refusal::NoChange),
            Some(_) => Ok(Event::RoleUpdate { role, permissions }),
        }
    }

    fn delete_role(&mut self, role: RoleId) -> Verdict {
        self.may(Permissions::MANAGE_ROLES)?;
        if role == self.state.everyone() {
            Err(Refusal::Taken)
        } else if self.state.roles.contains_key(&role) {
            Ok(Event::RoleDelete { role })
        } else {
            Err(Refusal::NoSuchRole)
        }
    }

    fn create_channel(&mut self, channel: &Channel) -> Verdict {
        self.may(Permissions::MANAGE_CHANNELS)?;
        if self.state.channels.contains_key(&channel.id) {
            return Err(Refusal::Taken);
        }
        Ok(Event::ChannelCreate(one_of_each_target(channel)))
    }

    fn change_channel(&mut self, channel: &Channel) -> Verdict {
        self.may_in(channel.id, Permissions::MANAGE_CHANNELS)?;
        let channel = one_of_each_target(channel);
        if self.state.channels.get(&channel.id) == Some(&channel.overwrites) {
            return Err(Refusal::NoChange);
        }
        Ok(Event::ChannelUpdate(channel))
    }

    fn transfer(&mut self, to: UserId) -> Verdict {
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

/// Of two overwrites with one target the first one counts.
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
