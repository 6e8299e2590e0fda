//! What may happen in a guild, said again in another way than the guild says it: a table of what
//! each action needs, in the order in which it is looked at.

use std::collections::BTreeMap;

use guildhall_core::dispatch::Message;
use guildhall_core::event::{Event, Record, Removal};
use guildhall_core::id::{MessageId, Position, UserId};
use guildhall_core::permission::Permissions as P;
use guildhall_core::request::{Action, Origin, Refusal};
use guildhall_core::state::State;

/// A guild as whoever reads its log knows it.
#[derive(Clone, Default)]
pub(crate) struct Reader {
    pub(crate) state: State,
    pub(crate) messages: BTreeMap<MessageId, Message>,
    pub(crate) at: Position,
    /// How many messages are still known.
    pub(crate) known: usize,
}

impl Reader {
    /// Reads the next record, and says whether it changed anything.
    pub(crate) fn read(&mut self, record: &Record) -> bool {
        let before = (self.state.clone(), self.messages.clone());
        self.at = record.position;
        self.state.apply(&record.event);
        match &record.event {
            Event::Message(message) | Event::MessageUpdate(message) => {
                self.messages.insert(message.id, message.clone());
            }
            Event::MessageDelete { message, .. } => {
                self.messages.remove(message);
            }
            _ => {}
        }
        let channels = &self.state.channels;
        self.messages.retain(|_, message| channels.contains_key(&message.channel));
        while self.messages.len() > self.known {
            self.messages.pop_first();
        }
        before != (self.state.clone(), self.messages.clone())
    }

    fn said(&self, user: UserId, by: Origin) -> Option<&Message> {
        let is_it = |it: &&Message| (it.author, it.nonce) == (by.user, by.nonce);
        self.messages.values().find(is_it).filter(|it| self.state.sees(user, it.channel))
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
            Action::Edit { said, content } => {
                let old = self.said(me, said).ok_or(Refusal::NoSuchMessage)?;
                need(old.author == me, Refusal::Forbidden)?;
                need(old.content != content, Refusal::NoChange)?;
                Ok(Event::MessageUpdate(Message { content, ..old.clone() }))
            }
            Action::Delete { said } => {
                let old = self.said(me, said).ok_or(Refusal::NoSuchMessage)?;
                if old.author != me {
                    in_channel(old.channel, P::MANAGE_MESSAGES)?;
                }
                Ok(Event::MessageDelete { message: old.id, channel: old.channel })
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
                let set: std::collections::BTreeSet<_> = roles.iter().copied().collect();
                let roles: Vec<_> = set.into_iter().filter(|it| *it != s.everyone()).collect();
                need(*s.members[&user] != *roles, Refusal::NoChange)?;
                Ok(Event::MemberUpdate { user, roles: roles.into() })
            }
            Action::CreateRole { role, permissions } => {
                guild_wide(P::MANAGE_ROLES)?;
                need(!s.roles.contains_key(&role), Refusal::Taken)?;
                Ok(Event::RoleCreate { role, permissions })
            }
            Action::ChangeRole { role, permissions } => {
                guild_wide(P::MANAGE_ROLES)?;
                need(s.roles.contains_key(&role), Refusal::NoSuchRole)?;
                need(s.roles[&role] != permissions, Refusal::NoChange)?;
                Ok(Event::RoleUpdate { role, permissions })
            }
            Action::DeleteRole { role } => {
                guild_wide(P::MANAGE_ROLES)?;
                need(role != s.everyone(), Refusal::Taken)?;
                need(s.roles.contains_key(&role), Refusal::NoSuchRole)?;
                Ok(Event::RoleDelete { role })
            }
            Action::CreateChannel(channel) => {
                guild_wide(P::MANAGE_CHANNELS)?;
                need(!s.channels.contains_key(&channel.id), Refusal::Taken)?;
                Ok(Event::ChannelCreate(channel))
            }
            Action::ChangeChannel(channel) => {
                in_channel(channel.id, P::MANAGE_CHANNELS)?;
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
