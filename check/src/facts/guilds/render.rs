//! `render(u, e)`: the rendering of an event for one user, as the contract defines it, and the part
//! of it that a session's intents keep.

use guildhall_core::dispatch::{Body, Intents, Message};
use guildhall_core::event::{Channel, Event, Record};
use guildhall_core::id::{ChannelId, UserId};

use super::history::History;
use super::timeline::Moment;
use crate::kinds::{BodyKind, body_kind, chat_channel, created_channel, deleted_channel};

/// The rendering of an event for one user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Rendering {
    /// These bodies, in this order; often none.
    Says(Vec<Body>),
    /// Only GUILD_CREATE, whenever it comes: the user has joined.
    Comes,
    /// Only GUILD_DELETE: the user has left, or the guild was deleted.
    Goes,
}

/// The rendering of `record` for `user`, before intents.
pub(crate) fn render(history: &History, user: UserId, record: &Record) -> Rendering {
    let (before, after) = (Moment::before(record.position), Moment::after(record.position));
    match (history.is_member(before, user), history.is_member(after, user)) {
        (false, false) => return Rendering::Says(Vec::new()),
        (false, true) => return Rendering::Comes,
        (true, false) => return Rendering::Goes,
        (true, true) => {}
    }
    let (saw, sees) = (
        |channel: ChannelId| history.sees(before, user, channel),
        |channel: ChannelId| history.sees(after, user, channel),
    );
    let mut bodies: Vec<Body> = itself(&record.event, saw, sees).into_iter().collect();
    // Chat does not change the view.
    if chat_channel(&record.event).is_some() {
        return Rendering::Says(bodies);
    }
    let (created, deleted) = (created_channel(&record.event), deleted_channel(&record.event));
    let (had, has) = (history.visible(before, user), history.visible(after, user));
    let lost = had.iter().filter(|channel| !has.contains(channel) && deleted != Some(**channel));
    bodies.extend(lost.map(|channel| Body::ChannelDelete { channel: *channel }));
    for id in has.iter().filter(|channel| !had.contains(channel) && created != Some(**channel)) {
        if let Some(overwrites) = history.channel(after, *id) {
            let channel = Channel { id: *id, overwrites: overwrites.clone() };
            bodies.push(Body::ChannelCreate(channel));
        }
    }
    Rendering::Says(bodies)
}

/// The body of the event itself, for a user who sees everything.
pub(crate) fn itself_to_all(record: &Record) -> Option<Body> {
    itself(&record.event, |_| true, |_| true)
}

/// The event itself, if its subject is in the view just before, or just after for a creation.
fn itself(
    event: &Event,
    saw: impl Fn(ChannelId) -> bool,
    sees: impl Fn(ChannelId) -> bool,
) -> Option<Body> {
    Some(match event {
        Event::Opened | Event::Unbanned { .. } | Event::GuildDelete => return None,
        Event::Message(message) if sees(message.channel) => Body::MessageCreate(message.clone()),
        Event::MessageUpdate(message) if saw(message.channel) => {
            Body::MessageUpdate(message.clone())
        }
        Event::MessageDelete { message, channel } if saw(*channel) => {
            Body::MessageDelete { message: *message, channel: *channel }
        }
        Event::ReactionAdd(reaction) if saw(reaction.channel) => {
            Body::ReactionAdd(reaction.clone())
        }
        Event::ReactionRemove(reaction) if saw(reaction.channel) => {
            Body::ReactionRemove(reaction.clone())
        }
        Event::Typing { user, channel } if saw(*channel) => {
            Body::TypingStart { user: *user, channel: *channel }
        }
        Event::ChannelCreate(channel) if sees(channel.id) => Body::ChannelCreate(channel.clone()),
        Event::ChannelUpdate(channel) if saw(channel.id) => Body::ChannelUpdate(channel.clone()),
        Event::ChannelDelete { channel } if saw(*channel) => {
            Body::ChannelDelete { channel: *channel }
        }
        Event::Message(_)
        | Event::MessageUpdate(_)
        | Event::MessageDelete { .. }
        | Event::ReactionAdd(_)
        | Event::ReactionRemove(_)
        | Event::Typing { .. }
        | Event::ChannelCreate(_)
        | Event::ChannelUpdate(_)
        | Event::ChannelDelete { .. } => return None,
        Event::MemberAdd { user } => Body::MemberAdd { user: *user },
        Event::MemberUpdate { user, roles } => {
            Body::MemberUpdate { user: *user, roles: roles.clone() }
        }
        Event::MemberRemove { user, .. } => Body::MemberRemove { user: *user },
        Event::RoleCreate { role, permissions, position } => {
            Body::RoleCreate { role: *role, permissions: *permissions, position: *position }
        }
        Event::RoleUpdate { role, permissions, position } => {
            Body::RoleUpdate { role: *role, permissions: *permissions, position: *position }
        }
        Event::RoleDelete { role } => Body::RoleDelete { role: *role },
        Event::GuildUpdate { owner } => Body::GuildUpdate { owner: *owner },
    })
}

/// The part of a body that a session of `user` with these intents gets.
pub(crate) fn wanted(body: Body, user: UserId, intents: Intents) -> Option<Body> {
    let wants = intents_of(&body, user).is_none_or(|asked| intents.contains(asked));
    let reads =
        |message: &Message| intents.contains(Intents::MESSAGE_CONTENT) || may_read(message, user);
    wants.then(|| {
        if let Body::MessageCreate(message) = &body
            && !reads(message)
        {
            Body::MessageCreate(blank(message))
        } else if let Body::MessageUpdate(message) = &body
            && !reads(message)
        {
            Body::MessageUpdate(blank(message))
        } else {
            body
        }
    })
}

/// Whether the user wrote the message or is mentioned in it.
pub(crate) fn may_read(message: &Message, user: UserId) -> bool {
    message.author == user || message.mentions.contains(&user)
}

/// A message without its content.
pub(crate) fn blank(message: &Message) -> Message {
    Message { content: "".into(), ..message.clone() }
}

/// The message in a body, with its content or without.
pub(crate) fn message_in(body: &Body) -> Option<&Message> {
    if let Body::MessageCreate(message) | Body::MessageUpdate(message) = body {
        Some(message)
    } else {
        None
    }
}

/// The intent that a session needs to get this, if it needs one.
pub(crate) fn intents_of(body: &Body, user: UserId) -> Option<Intents> {
    let own_roles = matches!(body, Body::MemberUpdate { user: whose, .. } if *whose == user);
    match body_kind(body) {
        BodyKind::Session | BodyKind::Snapshot | BodyKind::Removal => None,
        BodyKind::Guild | BodyKind::Channel(_) => Some(Intents::GUILDS),
        BodyKind::Member(_) if own_roles => None,
        BodyKind::Member(_) => Some(Intents::GUILD_MEMBERS),
        BodyKind::Chat(_, chat) => Some(chat.intent()),
    }
}
