//! How to draw any event, act and body, and what journals and directories say.

use std::sync::Arc;

use guildhall_core::directory::{DirectoryEvent, DirectoryRequest};
use guildhall_core::dispatch::{Body, Message, Reaction, Snapshot};
use guildhall_core::event::{Channel, Event, Record, Removal};
use guildhall_core::id::{ChannelId, Epoch, GuildId, MessageId, Nonce, RoleId, UserId};
use guildhall_core::journal::{Checkpoint, Command, Log, Reply};
use guildhall_core::permission::{Overwrite, Permissions, Role, Target};
use guildhall_core::request::{Action, Origin};
use guildhall_core::state::State;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::json::{message, position};

pub(crate) fn origin() -> impl Strategy<Value = Origin> {
    any::<(u64, u64)>().prop_map(|(user, nonce)| Origin { user: UserId(user), nonce: Nonce(nonce) })
}

fn roles() -> impl Strategy<Value = Arc<[RoleId]>> {
    vec(any::<u64>().prop_map(RoleId), 0..3).prop_map(Into::into)
}

fn overwrite() -> impl Strategy<Value = Overwrite> {
    any::<(bool, u64, u64, u64)>().prop_map(|(role, whom, deny, allow)| Overwrite {
        target: if role { Target::Role(RoleId(whom)) } else { Target::Member(UserId(whom)) },
        deny: Permissions(deny),
        allow: Permissions(allow),
    })
}

pub(crate) fn channel() -> impl Strategy<Value = Channel> {
    (any::<u64>(), vec(overwrite(), 0..3))
        .prop_map(|(id, overwrites)| Channel { id: ChannelId(id), overwrites: overwrites.into() })
}

fn role() -> impl Strategy<Value = (RoleId, Role)> {
    any::<(u64, u64, u16)>().prop_map(|(id, given, position)| {
        (RoleId(id), Role { permissions: Permissions(given), position })
    })
}

fn user() -> impl Strategy<Value = UserId> {
    any::<u64>().prop_map(UserId)
}

fn said() -> impl Strategy<Value = (MessageId, ChannelId)> {
    any::<(u64, u64)>().prop_map(|(id, channel)| (MessageId(id), ChannelId(channel)))
}

fn reaction() -> impl Strategy<Value = Reaction> {
    message().prop_map(|Message { id, channel, author, content, .. }| Reaction {
        user: author,
        channel,
        message: id,
        emoji: content,
    })
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    let removal = prop::sample::select(vec![Removal::Left, Removal::Kicked, Removal::Banned]);
    prop_oneof![
        Just(Event::Opened),
        message().prop_map(Event::Message),
        message().prop_map(Event::MessageUpdate),
        said().prop_map(|(message, channel)| Event::MessageDelete { message, channel }),
        reaction().prop_map(Event::ReactionAdd),
        reaction().prop_map(Event::ReactionRemove),
        (user(), any::<u64>())
            .prop_map(|(user, id)| Event::Typing { user, channel: ChannelId(id) }),
        user().prop_map(|user| Event::MemberAdd { user }),
        (user(), roles()).prop_map(|(user, roles)| Event::MemberUpdate { user, roles }),
        (user(), removal).prop_map(|(user, why)| Event::MemberRemove { user, why }),
        user().prop_map(|user| Event::Unbanned { user }),
        role().prop_map(|(role, Role { permissions, position })| Event::RoleCreate {
            role,
            permissions,
            position
        }),
        role().prop_map(|(role, Role { permissions, position })| Event::RoleUpdate {
            role,
            permissions,
            position
        }),
        role().prop_map(|(role, _)| Event::RoleDelete { role }),
        channel().prop_map(Event::ChannelCreate),
        channel().prop_map(Event::ChannelUpdate),
        channel().prop_map(|channel| Event::ChannelDelete { channel: channel.id }),
        user().prop_map(|owner| Event::GuildUpdate { owner }),
        Just(Event::GuildDelete),
    ]
}

pub(crate) fn record() -> impl Strategy<Value = Arc<Record>> {
    (position(), position(), prop::option::of(origin()), event()).prop_map(
        |(position, prev, origin, event)| Arc::new(Record { position, prev, origin, event }),
    )
}

/// What happens in a guild, as a client is told of it.
pub(crate) fn told() -> impl Strategy<Value = Body> {
    let members = vec((user(), roles()), 0..3);
    let guild = (any::<u64>(), vec(role(), 0..3), vec(channel(), 0..3), any::<u32>(), members);
    prop_oneof![
        guild.prop_map(|(owner, roles, channels, member_count, members)| {
            let (roles, channels, members) = (roles.into(), channels.into(), members.into());
            let owner = UserId(owner);
            Body::GuildCreate(Snapshot { owner, roles, channels, member_count, members })
        }),
        Just(Body::GuildUnavailable),
        Just(Body::GuildDelete),
        user().prop_map(|owner| Body::GuildUpdate { owner }),
        role().prop_map(|(role, Role { permissions, position })| Body::RoleCreate {
            role,
            permissions,
            position
        }),
        role().prop_map(|(role, Role { permissions, position })| Body::RoleUpdate {
            role,
            permissions,
            position
        }),
        role().prop_map(|(role, _)| Body::RoleDelete { role }),
        channel().prop_map(Body::ChannelCreate),
        channel().prop_map(Body::ChannelUpdate),
        channel().prop_map(|channel| Body::ChannelDelete { channel: channel.id }),
        user().prop_map(|user| Body::MemberAdd { user }),
        (user(), roles()).prop_map(|(user, roles)| Body::MemberUpdate { user, roles }),
        user().prop_map(|user| Body::MemberRemove { user }),
        message().prop_map(Body::MessageCreate),
        message().prop_map(Body::MessageUpdate),
        said().prop_map(|(message, channel)| Body::MessageDelete { message, channel }),
        reaction().prop_map(Body::ReactionAdd),
        reaction().prop_map(Body::ReactionRemove),
        (user(), any::<u64>())
            .prop_map(|(user, id)| Body::TypingStart { user, channel: ChannelId(id) }),
    ]
}

pub(crate) fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        message().prop_map(|Message { channel, content, mentions, .. }| Action::Say {
            channel,
            content,
            mentions
        }),
        (origin(), message()).prop_map(|(said, Message { content, mentions, .. })| Action::Edit {
            said,
            content,
            mentions
        }),
        origin().prop_map(|said| Action::Delete { said }),
        (origin(), reaction())
            .prop_map(|(said, Reaction { emoji, .. })| Action::React { said, emoji }),
        (origin(), reaction())
            .prop_map(|(said, Reaction { emoji, .. })| Action::Unreact { said, emoji }),
        any::<u64>().prop_map(|id| Action::Type { channel: ChannelId(id) }),
        prop::sample::select(vec![Action::Join, Action::Leave, Action::DeleteGuild]),
        user().prop_map(|user| Action::Kick { user }),
        user().prop_map(|user| Action::Ban { user }),
        user().prop_map(|user| Action::Unban { user }),
        (user(), roles()).prop_map(|(user, roles)| Action::SetRoles { user, roles }),
        role().prop_map(|(role, is)| Action::CreateRole { role, permissions: is.permissions }),
        role().prop_map(|(role, is)| Action::ChangeRole { role, permissions: is.permissions }),
        role().prop_map(|(role, is)| Action::MoveRole { role, position: is.position }),
        role().prop_map(|(role, _)| Action::DeleteRole { role }),
        channel().prop_map(Action::CreateChannel),
        channel().prop_map(Action::ChangeChannel),
        channel().prop_map(|channel| Action::DeleteChannel { channel: channel.id }),
        user().prop_map(|to| Action::Transfer { to }),
    ]
}

fn base() -> impl Strategy<Value = Arc<Checkpoint>> {
    (position(), position(), message(), origin(), vec(event(), 0..6)).prop_map(
        |(position, changed, message, origin, events)| {
            let mut state = State::new(GuildId(7), UserId(1));
            events.iter().for_each(|event| state.apply(event));
            let nonces = vec![(origin, position)];
            let last_message = message.id;
            let Message { id, channel, author: user, content: emoji, .. } = message.clone();
            let reactions = vec![Reaction { user, channel, message: id, emoji }];
            let messages = vec![message];
            let base = Checkpoint { position, changed, state, nonces, ..Checkpoint::default() };
            Arc::new(Checkpoint { messages, reactions, last_message, ..base })
        },
    )
}

pub(crate) fn command() -> impl Strategy<Value = Command> {
    let epoch = any::<u32>().prop_map(Epoch);
    prop_oneof![
        (any::<u64>(), epoch.clone()).prop_map(|(ticket, above)| Command::Open { ticket, above }),
        (epoch.clone(), position(), vec(record(), 0..3)).prop_map(|(epoch, after, records)| {
            Command::Append { epoch, after, records: records.into() }
        }),
        (epoch.clone(), any::<u64>()).prop_map(|(epoch, asked)| Command::Confirm { epoch, asked }),
        (epoch, base()).prop_map(|(epoch, base)| Command::Compact { epoch, base }),
    ]
}

pub(crate) fn reply() -> impl Strategy<Value = Reply> {
    let epoch = any::<u32>().prop_map(Epoch);
    prop_oneof![
        (any::<u64>(), epoch.clone(), base(), vec(record(), 0..3)).prop_map(
            |(ticket, epoch, base, tail)| {
                Reply::Opened { ticket, epoch, log: Arc::new(Log { base, tail }) }
            }
        ),
        (epoch.clone(), position()).prop_map(|(epoch, upto)| Reply::Appended { epoch, upto }),
        (epoch.clone(), any::<u64>()).prop_map(|(epoch, asked)| Reply::Confirmed { epoch, asked }),
        (epoch.clone(), epoch.clone()).prop_map(|(epoch, fence)| Reply::Fenced { epoch, fence }),
        epoch.clone().prop_map(|epoch| Reply::Failed { epoch }),
        epoch.prop_map(|epoch| Reply::Full { epoch }),
    ]
}

pub(crate) fn word() -> impl Strategy<Value = DirectoryRequest> {
    let guild = any::<u64>().prop_map(GuildId);
    prop_oneof![
        (user(), any::<u64>()).prop_map(|(user, mark)| DirectoryRequest::Ask { user, mark }),
        (user(), any::<u64>()).prop_map(|(user, mark)| DirectoryRequest::Forget { user, mark }),
        any::<u64>().prop_map(|version| DirectoryRequest::Since { version }),
        (guild.clone(), user(), position())
            .prop_map(|(guild, user, mark)| DirectoryRequest::Enter { guild, user, mark }),
        (guild.clone(), user(), position())
            .prop_map(|(guild, user, at)| DirectoryRequest::Remove { guild, user, at }),
        (guild, position()).prop_map(|(guild, at)| DirectoryRequest::Dissolve { guild, at }),
    ]
}

pub(crate) fn notice() -> impl Strategy<Value = DirectoryEvent> {
    let guild = any::<u64>().prop_map(GuildId);
    let guilds = vec(guild.clone(), 0..3);
    prop_oneof![
        (user(), any::<u64>(), any::<u64>(), guilds.clone()).prop_map(
            |(user, asked, version, guilds)| DirectoryEvent::Guilds {
                user,
                asked,
                version,
                guilds
            }
        ),
        (any::<u64>(), vec((user(), any::<u64>(), guilds), 0..3))
            .prop_map(|(version, users)| DirectoryEvent::Changed { version, users }),
        (guild.clone(), user(), position())
            .prop_map(|(guild, user, mark)| DirectoryEvent::Entered { guild, user, mark }),
        (guild.clone(), user(), position()).prop_map(|(guild, user, at)| DirectoryEvent::Removed {
            guild,
            user,
            at
        }),
        (guild, position()).prop_map(|(guild, at)| DirectoryEvent::Dissolved { guild, at }),
    ]
}
