//! The requests: the guild, the request id and the requester of each action.
//!
//! A hostile client may use one request id for several actions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guildhall_core::dispatch::{Message, Reaction};
use guildhall_core::event::{Event, Record, Removal};
use guildhall_core::id::{GuildId, RoleId, UserId};
use guildhall_core::permission::Role;
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
    let (author, event) = (origin.user, &record.event);
    let message = |of: &Origin| history.message(before, *of);
    let reaction = |of: &Origin, emoji: &Arc<str>| {
        let (emoji, to) = (emoji.clone(), message(of)?);
        Some(Reaction { user: author, channel: to.channel, message: to.id, emoji })
    };
    match action {
        Action::Say { channel, content, mentions } => matches!(event, Event::Message(it)
            if (it.channel, it.author, it.nonce) == (*channel, author, origin.nonce)
                && (&it.content, &it.mentions) == (content, mentions)),
        Action::Edit { said, content, mentions } => message(said).is_some_and(|was| {
            let (content, mentions) = (content.clone(), mentions.clone());
            *event == Event::MessageUpdate(Message { content, mentions, ..was.clone() })
        }),
        Action::Delete { said } => message(said).is_some_and(|was| {
            *event == Event::MessageDelete { message: was.id, channel: was.channel }
        }),
        Action::React { said, emoji } => {
            reaction(said, emoji).is_some_and(|it| *event == Event::ReactionAdd(it))
        }
        Action::Unreact { said, emoji } => {
            reaction(said, emoji).is_some_and(|it| *event == Event::ReactionRemove(it))
        }
        Action::Type { channel } => *event == Event::Typing { user: author, channel: *channel },
        Action::Join => *event == Event::MemberAdd { user: author },
        Action::Leave => *event == removal(author, Removal::Left),
        Action::Kick { user } => *event == removal(*user, Removal::Kicked),
        Action::Ban { user } => *event == removal(*user, Removal::Banned),
        Action::Unban { user } => *event == Event::Unbanned { user: *user },
        Action::SetRoles { user: whom, roles: these } => matches!(event,
            Event::MemberUpdate { user, roles } if whom == user && same_roles(history, these, roles)),
        Action::CreateRole { role, permissions } => {
            let (role, permissions) = (*role, *permissions);
            *event == Event::RoleCreate { role, permissions, position: NEW_ROLE }
        }
        Action::ChangeRole { role, permissions } => {
            history.role(before, *role).is_some_and(|Role { position, .. }| {
                let (role, permissions) = (*role, *permissions);
                *event == Event::RoleUpdate { role, permissions, position }
            })
        }
        Action::MoveRole { role, position } => {
            history.role(before, *role).is_some_and(|Role { permissions, .. }| {
                let (role, position) = (*role, *position);
                *event == Event::RoleUpdate { role, permissions, position }
            })
        }
        Action::DeleteRole { role } => *event == Event::RoleDelete { role: *role },
        Action::CreateChannel(asked) => {
            matches!(event, Event::ChannelCreate(made) if asked == made)
        }
        Action::ChangeChannel(asked) => {
            matches!(event, Event::ChannelUpdate(made) if asked == made)
        }
        Action::DeleteChannel { channel } => *event == Event::ChannelDelete { channel: *channel },
        Action::Transfer { to } => *event == Event::GuildUpdate { owner: *to },
        Action::DeleteGuild => *event == Event::GuildDelete,
    }
}

const fn removal(user: UserId, why: Removal) -> Event {
    Event::MemberRemove { user, why }
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
