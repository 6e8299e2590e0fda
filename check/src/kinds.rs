//! What kind of thing events, dispatches, actions and messages between nodes are, classified once.
//!
//! Each enum of the core is listed here in full, so that the compiler asks about a new variant; the
//! clauses match on these few kinds. The machines have classes of their own, which nothing here uses.

use guildhall_core::dispatch::{Body, Intents, Message, Reaction};
use guildhall_core::event::{Event, Record};
use guildhall_core::id::{ChannelId, SessionId, UserId};
use guildhall_core::node::TraceEvent;
use guildhall_core::request::{Action, Origin};

/// What an event is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EventKind {
    /// Nothing that is in any view.
    Hidden,
    /// Chat in a channel: it changes no view.
    Chat(ChannelId, Chat),
    /// A member comes, changes or goes.
    Member(UserId),
    /// A channel itself.
    Channel,
    /// A role, or the guild as a whole.
    Guild,
}

/// What is done in a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Chat {
    /// A message is sent, edited or deleted.
    Message,
    /// A reaction is added or removed.
    Reaction,
    /// A user types.
    Typing,
}

impl Chat {
    /// The intent that a session needs to get it.
    pub(crate) const fn intent(self) -> Intents {
        match self {
            Self::Message => Intents::GUILD_MESSAGES,
            Self::Reaction => Intents::GUILD_MESSAGE_REACTIONS,
            Self::Typing => Intents::GUILD_MESSAGE_TYPING,
        }
    }

    /// Whether it is never stored, and a change of owner may lose it.
    pub(crate) const fn is_ephemeral(self) -> bool {
        match self {
            Self::Message | Self::Reaction => false,
            Self::Typing => true,
        }
    }
}

/// What an event is about.
pub(crate) const fn event_kind(event: &Event) -> EventKind {
    match event {
        Event::Opened | Event::Unbanned { .. } => EventKind::Hidden,
        Event::Message(message) | Event::MessageUpdate(message) => {
            EventKind::Chat(message.channel, Chat::Message)
        }
        Event::MessageDelete { channel, .. } => EventKind::Chat(*channel, Chat::Message),
        Event::ReactionAdd(reaction) | Event::ReactionRemove(reaction) => {
            EventKind::Chat(reaction.channel, Chat::Reaction)
        }
        Event::Typing { channel, .. } => EventKind::Chat(*channel, Chat::Typing),
        Event::MemberAdd { user }
        | Event::MemberUpdate { user, .. }
        | Event::MemberRemove { user, .. } => EventKind::Member(*user),
        Event::ChannelCreate(_) | Event::ChannelUpdate(_) | Event::ChannelDelete { .. } => {
            EventKind::Channel
        }
        Event::RoleCreate { .. }
        | Event::RoleUpdate { .. }
        | Event::RoleDelete { .. }
        | Event::GuildUpdate { .. }
        | Event::GuildDelete => EventKind::Guild,
    }
}

/// The channel of a message, a reaction or a typing event.
pub(crate) const fn chat_channel(event: &Event) -> Option<ChannelId> {
    if let EventKind::Chat(channel, _) = event_kind(event) { Some(channel) } else { None }
}

/// The channel that an event creates: its own rendering includes it already.
pub(crate) const fn created_channel(event: &Event) -> Option<ChannelId> {
    if let Event::ChannelCreate(channel) = event { Some(channel.id) } else { None }
}

/// The channel that an event deletes: its own rendering includes that already.
pub(crate) const fn deleted_channel(event: &Event) -> Option<ChannelId> {
    if let Event::ChannelDelete { channel } = event { Some(*channel) } else { None }
}

/// Whether an event is about another member, and so changes no view but that member's.
pub(crate) fn is_of_others(event: &Event, user: UserId) -> bool {
    matches!(event_kind(event), EventKind::Member(whose) if whose != user)
}

/// Whether an event can change what a user sees.
pub(crate) fn changes_view(event: &Event, user: UserId) -> bool {
    match event_kind(event) {
        EventKind::Hidden | EventKind::Chat(..) => false,
        EventKind::Member(whose) => whose == user,
        EventKind::Channel | EventKind::Guild => true,
    }
}

/// The message that an event creates or edits.
pub(crate) const fn message_of(record: &Record) -> Option<&Message> {
    if let Event::Message(message) | Event::MessageUpdate(message) = &record.event {
        Some(message)
    } else {
        None
    }
}

/// The reaction that an event adds or removes.
pub(crate) const fn reaction_of(record: &Record) -> Option<&Reaction> {
    if let Event::ReactionAdd(reaction) | Event::ReactionRemove(reaction) = &record.event {
        Some(reaction)
    } else {
        None
    }
}

/// What a dispatch is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BodyKind {
    /// The session itself: READY, RESUMED.
    Session,
    /// GUILD_CREATE: a guild as a whole.
    Snapshot,
    /// GUILD_DELETE: the guild is unavailable, or is none of the session's any more.
    Removal,
    /// Chat in a channel.
    Chat(ChannelId, Chat),
    /// A member.
    Member(UserId),
    /// A channel itself.
    Channel(ChannelId),
    /// A role, or the guild's owner.
    Guild,
}

/// What a dispatch is about.
pub(crate) const fn body_kind(body: &Body) -> BodyKind {
    match body {
        Body::Ready(_) | Body::Resumed => BodyKind::Session,
        Body::GuildCreate(_) => BodyKind::Snapshot,
        Body::GuildUnavailable | Body::GuildDelete => BodyKind::Removal,
        Body::MessageCreate(message) | Body::MessageUpdate(message) => {
            BodyKind::Chat(message.channel, Chat::Message)
        }
        Body::MessageDelete { channel, .. } => BodyKind::Chat(*channel, Chat::Message),
        Body::ReactionAdd(reaction) | Body::ReactionRemove(reaction) => {
            BodyKind::Chat(reaction.channel, Chat::Reaction)
        }
        Body::TypingStart { channel, .. } => BodyKind::Chat(*channel, Chat::Typing),
        Body::MemberAdd { user }
        | Body::MemberUpdate { user, .. }
        | Body::MemberRemove { user, .. } => BodyKind::Member(*user),
        Body::ChannelCreate(channel) | Body::ChannelUpdate(channel) => {
            BodyKind::Channel(channel.id)
        }
        Body::ChannelDelete { channel } => BodyKind::Channel(*channel),
        Body::GuildUpdate { .. }
        | Body::RoleCreate { .. }
        | Body::RoleUpdate { .. }
        | Body::RoleDelete { .. } => BodyKind::Guild,
    }
}

/// Whether a dispatch renders an event, as against the session or a guild as a whole.
pub(crate) const fn is_event(body: &Body) -> bool {
    match body_kind(body) {
        BodyKind::Session | BodyKind::Snapshot | BodyKind::Removal => false,
        BodyKind::Chat(..) | BodyKind::Member(_) | BodyKind::Channel(_) | BodyKind::Guild => true,
    }
}

/// What an action is about, as far as its author has to see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ActionKind {
    /// The guild as a whole, its members or its roles.
    Guild,
    /// A channel that there is.
    Channel(ChannelId),
    /// A channel that there is, in which the author types.
    Typing(ChannelId),
    /// The message that this request sent.
    Message(Origin),
}

/// What an action is about.
pub(crate) const fn action_kind(action: &Action) -> ActionKind {
    match action {
        Action::Say { channel, .. } | Action::DeleteChannel { channel } => {
            ActionKind::Channel(*channel)
        }
        Action::Type { channel } => ActionKind::Typing(*channel),
        Action::ChangeChannel(channel) => ActionKind::Channel(channel.id),
        Action::Edit { said, .. }
        | Action::Delete { said }
        | Action::React { said, .. }
        | Action::Unreact { said, .. } => ActionKind::Message(*said),
        Action::Join
        | Action::Leave
        | Action::Kick { .. }
        | Action::Ban { .. }
        | Action::Unban { .. }
        | Action::SetRoles { .. }
        | Action::CreateRole { .. }
        | Action::ChangeRole { .. }
        | Action::MoveRole { .. }
        | Action::DeleteRole { .. }
        | Action::CreateChannel(_)
        | Action::Transfer { .. }
        | Action::DeleteGuild => ActionKind::Guild,
    }
}

/// The session that a note names.
pub(crate) const fn session_of(note: &TraceEvent) -> Option<SessionId> {
    match note {
        TraceEvent::Begun { session, .. }
        | TraceEvent::Resumed { session, .. }
        | TraceEvent::ResumeRefused { session, .. }
        | TraceEvent::Detached { session, .. }
        | TraceEvent::Ended { session, .. } => Some(*session),
        TraceEvent::IdentifyRefused { .. }
        | TraceEvent::RelayOpened { .. }
        | TraceEvent::RelayClosed { .. }
        | TraceEvent::RelayGap { .. }
        | TraceEvent::RelayHeld { .. }
        | TraceEvent::Opened { .. }
        | TraceEvent::SteppedDown { .. }
        | TraceEvent::GivenUp { .. } => None,
    }
}
