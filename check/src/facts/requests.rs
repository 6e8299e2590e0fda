//! What was requested of which guild, under which name and by whom.
//!
//! A hostile client may use one name for several actions.

use std::collections::BTreeMap;

use guildhall_core::event::{Event, Record, Removal};
use guildhall_core::id::{GuildId, RoleId};
use guildhall_core::request::{Act, Origin, Request};

use super::guilds::history::History;
use super::guilds::timeline::Moment;

/// All acts that were asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests {
    acts: BTreeMap<(Origin, GuildId), Vec<Act>>,
}

impl Requests {
    /// A client asks.
    pub(crate) fn asks(&mut self, request: &Request) {
        let asked = self.acts.entry((request.origin, request.guild)).or_default();
        if !asked.contains(&request.act) {
            asked.push(request.act.clone());
        }
    }

    /// What was asked under one name.
    pub(crate) fn acts(&self, origin: Origin, guild: GuildId) -> &[Act] {
        self.acts.get(&(origin, guild)).map_or(&[], Vec::as_slice)
    }

    /// Whether an event is what an action requests, in full.
    pub(crate) fn led_to(&self, history: &History, record: &Record) -> bool {
        let Some(origin) = record.origin else { return record.event == Event::Opened };
        let acts = self.acts(origin, history.guild);
        acts.iter().any(|act| leads_to(history, origin, act, record))
    }
}

/// Whether an act under this name is what an event is.
fn leads_to(history: &History, origin: Origin, act: &Act, record: &Record) -> bool {
    let before = Moment::before(record.position);
    let author = origin.user;
    let said = |said: &Origin| history.message(before, *said);
    match (act, &record.event) {
        (Act::Say { channel, content, mentions }, Event::Message(it)) => {
            (it.channel, it.author, it.nonce) == (*channel, author, origin.nonce)
                && (&it.content, &it.mentions) == (content, mentions)
        }
        (Act::Edit { said: of, content }, Event::MessageUpdate(it)) => {
            said(of).is_some_and(|was| {
                it.content == *content
                    && (it.id, it.channel, it.author, it.nonce)
                        == (was.id, was.channel, was.author, was.nonce)
                    && it.mentions == was.mentions
            })
        }
        (Act::Delete { said: of }, Event::MessageDelete { message, channel }) => {
            said(of).is_some_and(|was| (was.id, was.channel) == (*message, *channel))
        }
        (Act::Type { channel: there }, Event::Typing { user, channel }) => {
            (there, author) == (channel, *user)
        }
        (Act::Join, Event::MemberAdd { user }) => *user == author,
        (Act::Leave, Event::MemberRemove { user, why }) => (*user, *why) == (author, Removal::Left),
        (Act::Kick { user: whom }, Event::MemberRemove { user, why }) => {
            whom == user && *why == Removal::Kicked
        }
        (Act::Ban { user: whom }, Event::MemberRemove { user, why }) => {
            whom == user && *why == Removal::Banned
        }
        (Act::Unban { user: whom }, Event::Unbanned { user }) => whom == user,
        (Act::SetRoles { user: whom, roles: these }, Event::MemberUpdate { user, roles }) => {
            whom == user && same_roles(history, these, roles)
        }
        (
            Act::CreateRole { role: of, permissions: given },
            Event::RoleCreate { role, permissions },
        )
        | (
            Act::ChangeRole { role: of, permissions: given },
            Event::RoleUpdate { role, permissions },
        ) => (of, given) == (role, permissions),
        (Act::DeleteRole { role: of }, Event::RoleDelete { role }) => of == role,
        (Act::CreateChannel(asked), Event::ChannelCreate(made))
        | (Act::ChangeChannel(asked), Event::ChannelUpdate(made)) => asked == made,
        (Act::DeleteChannel { channel: of }, Event::ChannelDelete { channel }) => of == channel,
        (Act::Transfer { to }, Event::GuildUpdate { owner }) => to == owner,
        (Act::DeleteGuild, Event::GuildDelete) => true,
        _ => false,
    }
}

/// Whether two lists name the same roles; that of everyone needs no mention.
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
