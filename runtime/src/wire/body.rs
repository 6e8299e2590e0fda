//! A dispatch as its class's sessions get it: everything but the number.

use bytes::Bytes;
use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::id::GuildId;
use serde::Serialize;

use super::payload::channel::Channel;
use super::payload::guild::{Gone, Guild, GuildCreate, GuildRole, Role, RoleDelete};
use super::payload::member::{Member, MemberRemove, OfGuild};
use super::payload::message::{Message, MessageDelete, TypingStart};
use super::payload::ready::{Ready, Resumed};
use super::places::Places;

/// Everything of a dispatch up to the number `s`, to be made once and shared by all that get it.
///
/// A dispatch that tells of a guild has a source; without one it is written as if of guild 0.
#[must_use]
pub fn body(dispatch: &Dispatch, places: &Places) -> Bytes {
    let guild = dispatch.source.map_or(GuildId::default(), |source| source.guild);
    let writer = Writer { t: dispatch.body.name(), room: dispatch.bytes as usize };
    match &dispatch.body {
        Body::Ready(ready) => writer.write(Ready::new(ready, places)),
        Body::Resumed => writer.write(Resumed {}),
        Body::GuildCreate(snapshot) => writer.write(GuildCreate::new(guild, snapshot)),
        Body::GuildUnavailable => writer.write(Gone::for_now(guild)),
        Body::GuildDelete => writer.write(Gone::for_good(guild)),
        Body::GuildUpdate { owner } => writer.write(Guild::new(guild, *owner, &[])),
        Body::RoleCreate { role, permissions } | Body::RoleUpdate { role, permissions } => {
            writer.write(GuildRole::new(guild, Role::new(guild, *role, *permissions)))
        }
        Body::RoleDelete { role } => writer.write(RoleDelete::new(guild, *role)),
        Body::ChannelCreate(channel) | Body::ChannelUpdate(channel) => {
            writer.write(Channel::new(guild, channel.id, &channel.overwrites))
        }
        Body::ChannelDelete { channel } => writer.write(Channel::new(guild, *channel, &[])),
        Body::MemberAdd { user } => writer.write(OfGuild::new(guild, Member::new(*user, &[]))),
        Body::MemberUpdate { user, roles } => {
            writer.write(OfGuild::new(guild, Member::new(*user, roles)))
        }
        Body::MemberRemove { user } => writer.write(MemberRemove::new(guild, *user)),
        Body::MessageCreate(message) | Body::MessageUpdate(message) => {
            writer.write(Message::new(guild, message))
        }
        Body::MessageDelete { message, channel } => {
            writer.write(MessageDelete::new(guild, *channel, *message))
        }
        Body::TypingStart { user, channel } => {
            writer.write(TypingStart::new(guild, *channel, *user))
        }
    }
}

/// What stands before the number. Some clients look for `op` and `t` from the front.
#[derive(Serialize)]
struct Event<D> {
    op: u8,
    t: &'static str,
    d: D,
}

struct Writer {
    t: &'static str,
    room: usize,
}

impl Writer {
    fn write(self, d: impl Serialize) -> Bytes {
        let mut json = Vec::with_capacity(self.room);
        serde_json::to_writer(&mut json, &Event { op: 0, t: self.t, d })
            .expect("plain fields are always JSON");
        // The object stays open for its last field.
        json.pop();
        json.extend_from_slice(br#","s":"#);
        json.into()
    }
}
