//! The requests: the guild, the request id and the requester of each action.
//!
//! A hostile client may use one request id for several actions.

use std::collections::{BTreeMap, BTreeSet};

use guildhall_core::event::{Event, Record, Removal};
use guildhall_core::id::{GuildId, RoleId, UserId};
use guildhall_core::request::{Action, Origin, Request};

use super::guilds::history::History;
use super::guilds::timeline::Moment;
use crate::protocol::NEW_ROLE;

/// All requested actions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests {
    actions: BTreeMap<(Origin, GuildId), Vec<Action>>,
    /// The users who ever asked to join each guild.
    joiners: BTreeSet<(GuildId, UserId)>,
}

impl Requests {
    /// Records a request of a client.
    pub(crate) fn asks(&mut self, request: &Request) {
        let asked = self.actions.entry((request.origin, request.guild)).or_default();
        if !asked.contains(&request.action) {
            asked.push(request.action.clone());
        }
        if request.action == Action::Join {
            self.joiners.insert((request.guild, request.origin.user));
        }
    }

    /// The number of users who ever asked to join a guild.
    pub(crate) fn joiners(&self, guild: GuildId) -> u64 {
        let (first, last) = ((guild, UserId(0)), (guild, UserId(u64::MAX)));
        self.joiners.range(first..=last).count() as u64
    }

    /// The actions requested under one request id.
    pub(crate) fn actions(&self, origin: Origin, guild: GuildId) -> &[Action] {
        self.actions.get(&(origin, guild)).map_or(&[], Vec::as_slice)
    }

    /// The number of request ids that were ever used in a guild.
    pub(crate) fn count(&self, guild: GuildId) -> usize {
        self.actions.keys().filter(|(_, asked)| *asked == guild).count()
    }

    /// Whether an action requests exactly this event.
    pub(crate) fn led_to(&self, history: &History, record: &Record) -> bool {
        let Some(origin) = record.origin else { return record.event == Event::Opened };
        let actions = self.actions(origin, history.guild);
        actions.iter().any(|action| leads_to(history, origin, action, record))
    }
}

/// Whether an action under this request id leads to an event.
fn leads_to(history: &History, origin: Origin, action: &Action, record: &Record) -> bool {
    let before = Moment::before(record.position);
    let author = origin.user;
    let said = |said: &Origin| history.message(before, *said);
    match (action, &record.event) {
        (Action::Say { channel, content, mentions }, Event::Message(it)) => {
            (it.channel, it.author, it.nonce) == (*channel, author, origin.nonce)
                && (&it.content, &it.mentions) == (content, mentions)
        }
        (Action::Edit { said: of, content, mentions }, Event::MessageUpdate(it)) => said(of)
            .is_some_and(|was| {
                (&it.content, &it.mentions) == (content, mentions)
                    && (it.id, it.channel, it.author, it.nonce)
                        == (was.id, was.channel, was.author, was.nonce)
            }),
        (Action::Delete { said: of }, Event::MessageDelete { message, channel }) => {
            said(of).is_some_and(|was| (was.id, was.channel) == (*message, *channel))
        }
        (Action::React { said: of, emoji }, Event::ReactionAdd(it))
        | (Action::Unreact { said: of, emoji }, Event::ReactionRemove(it)) => {
            said(of).is_some_and(|was| (was.id, was.channel) == (it.message, it.channel))
                && (author, emoji) == (it.user, &it.emoji)
        }
        (Action::Type { channel: there }, Event::Typing { user, channel }) => {
            (there, author) == (channel, *user)
        }
        (Action::Join, Event::MemberAdd { user }) => *user == author,
        (Action::Leave, Event::MemberRemove { user, why }) => {
            (*user, *why) == (author, Removal::Left)
        }
        (Action::Kick { user: whom }, Event::MemberRemove { user, why }) => {
            whom == user && *why == Removal::Kicked
        }
        (Action::Ban { user: whom }, Event::MemberRemove { user, why }) => {
            whom == user && *why == Removal::Banned
        }
        (Action::Unban { user: whom }, Event::Unbanned { user }) => whom == user,
        (Action::SetRoles { user: whom, roles: these }, Event::MemberUpdate { user, roles }) => {
            whom == user && same_roles(history, these, roles)
        }
        (
            Action::CreateRole { role: of, permissions: given },
            Event::RoleCreate { role, permissions, position },
        ) => (of, given, NEW_ROLE) == (role, permissions, *position),
        (
            Action::ChangeRole { role: of, permissions: given },
            Event::RoleUpdate { role, permissions, position },
        ) => {
            let was = history.role(before, *role).map(|was| was.position);
            (of, given, was) == (role, permissions, Some(*position))
        }
        (
            Action::MoveRole { role: of, position: to },
            Event::RoleUpdate { role, permissions, position },
        ) => {
            let was = history.role(before, *role).map(|was| was.permissions);
            (of, to, was) == (role, position, Some(*permissions))
        }
        (Action::DeleteRole { role: of }, Event::RoleDelete { role }) => of == role,
        (Action::CreateChannel(asked), Event::ChannelCreate(made))
        | (Action::ChangeChannel(asked), Event::ChannelUpdate(made)) => asked == made,
        (Action::DeleteChannel { channel: of }, Event::ChannelDelete { channel }) => of == channel,
        (Action::Transfer { to }, Event::GuildUpdate { owner }) => to == owner,
        (Action::DeleteGuild, Event::GuildDelete) => true,
        _ => false,
    }
}

/// Whether two lists name the same roles. The everyone role may be left out.
pub(crate) fn same_roles(history: &History, these: &[RoleId], those: &[RoleId]) -> bool {
    let sorted = |roles: &[RoleId]| {
        let mut roles: Vec<_> =
            roles.iter().copied().filter(|role| *role != history.everyone()).collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    };
    sorted(these) == sorted(those)
}
