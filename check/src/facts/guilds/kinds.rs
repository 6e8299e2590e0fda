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

/// Whether an event can change what a user sees.
pub(crate) const fn turns_heads(event: &Event, user: UserId) -> bool {
    match event {
        Event::RoleCreate { .. }
        | Event::RoleUpdate { .. }
        | Event::RoleDelete { .. }
        | Event::ChannelCreate(_)
        | Event::ChannelUpdate(_)
        | Event::ChannelDelete { .. }
        | Event::GuildUpdate { .. }
        | Event::GuildDelete => true,
        Event::MemberAdd { user: whose }
        | Event::MemberUpdate { user: whose, .. }
        | Event::MemberRemove { user: whose, .. } => whose.0 == user.0,
        Event::Opened
        | Event::Message(_)
        | Event::MessageUpdate(_)
        | Event::MessageDelete { .. }
        | Event::Typing { .. }
        | Event::Unbanned { .. } => false,
    }
}

/// Whether an event is about another member, and so touches nobody's view but that one's.
pub(crate) const fn is_of_others(event: &Event, user: UserId) -> bool {
    match event {
        Event::MemberAdd { user: whose }
        | Event::MemberUpdate { user: whose, .. }
        | Event::MemberRemove { user: whose, .. } => whose.0 != user.0,
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
        | Event::GuildDelete => false,
    }
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
