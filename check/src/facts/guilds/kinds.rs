//! What kind of thing an event is: where it is said, whom it is about, what it can change.

use guildhall_core::dispatch::Message;
use guildhall_core::event::{Event, Record};
use guildhall_core::id::{ChannelId, UserId};

/// The channel in which something is said.
pub(crate) const fn said_in(event: &Event) -> Option<ChannelId> {
    match event {
        Event::Message(message) | Event::MessageUpdate(message) => Some(message.channel),
        Event::MessageDelete { channel, .. } | Event::Typing { channel, .. } => Some(*channel),
        Event::Opened
        | Event::MemberAdd { .. }
        | Event::MemberUpdate { .. }
        | Event::MemberRemove { .. }
        | Event::Unbanned { .. }
        | Event::RoleCreate { .. }
        | Event::RoleUpdate { .. }
        | Event::RoleDelete { .. }
        | Event::ChannelCreate(_)
        | Event::ChannelUpdate(_)
        | Event::ChannelDelete { .. }
        | Event::GuildUpdate { .. }
        | Event::GuildDelete => None,
    }
}

/// The channel that an event makes: its own rendering says so already.
pub(crate) const fn made(event: &Event) -> Option<ChannelId> {
    if let Event::ChannelCreate(channel) = event { Some(channel.id) } else { None }
}

/// The channel that an event unmakes: its own rendering says so already.
pub(crate) const fn unmade(event: &Event) -> Option<ChannelId> {
    if let Event::ChannelDelete { channel } = event { Some(*channel) } else { None }
}

/// The member that an event is about, if it is about one.
const fn member(event: &Event) -> Option<UserId> {
    match event {
        Event::MemberAdd { user }
        | Event::MemberUpdate { user, .. }
        | Event::MemberRemove { user, .. } => Some(*user),
        Event::Opened
        | Event::Message(_)
        | Event::MessageUpdate(_)
        | Event::MessageDelete { .. }
        | Event::Typing { .. }
        | Event::Unbanned { .. }
        | Event::RoleCreate { .. }
        | Event::RoleUpdate { .. }
        | Event::RoleDelete { .. }
        | Event::ChannelCreate(_)
        | Event::ChannelUpdate(_)
        | Event::ChannelDelete { .. }
        | Event::GuildUpdate { .. }
        | Event::GuildDelete => None,
    }
}

/// Whether an event is about another member, and so touches nobody's view but that one's.
pub(crate) fn is_of_others(event: &Event, user: UserId) -> bool {
    member(event).is_some_and(|whose| whose != user)
}

/// Whether an event can change what a user sees. What is said changes nothing, and neither does
/// what is in nobody's view.
pub(crate) fn turns_heads(event: &Event, user: UserId) -> bool {
    let is_seen = !matches!(event, Event::Opened | Event::Unbanned { .. });
    is_seen && said_in(event).is_none() && !is_of_others(event, user)
}

/// The message that an event tells of whole.
pub(crate) const fn message_of(record: &Record) -> Option<&Message> {
    match &record.event {
        Event::Message(said) | Event::MessageUpdate(said) => Some(said),
        Event::Opened
        | Event::MessageDelete { .. }
        | Event::Typing { .. }
        | Event::MemberAdd { .. }
        | Event::MemberUpdate { .. }
        | Event::MemberRemove { .. }
        | Event::Unbanned { .. }
        | Event::RoleCreate { .. }
        | Event::RoleUpdate { .. }
        | Event::RoleDelete { .. }
        | Event::ChannelCreate(_)
        | Event::ChannelUpdate(_)
        | Event::ChannelDelete { .. }
        | Event::GuildUpdate { .. }
        | Event::GuildDelete => None,
    }
}
