//! Encodes a dispatch up to its sequence number, the only part that differs between its receivers.

use bytes::Bytes;
use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::id::GuildId;
use guildhall_core::permission;
use serde::Serialize;

use super::gateway_urls::GatewayUrls;
use super::payload::channel::Channel;
use super::payload::guild::{Guild, GuildCreate, GuildRole, Role, RoleDelete, UnavailableGuild};
use super::payload::member::{GuildMember, Member, MemberRemove};
use super::payload::message::{Message, MessageDelete, MessageReaction, TypingStart};
use super::payload::ready::{Ready, Resumed};

/// Encodes everything of a dispatch before the number `s`. The result is shared by all receivers.
///
/// A dispatch about a guild has a source. Without one it is encoded for guild 0.
#[must_use]
pub fn encode_body(dispatch: &Dispatch, urls: &GatewayUrls) -> Bytes {
    let guild = dispatch.source.map_or(GuildId::default(), |source| source.guild);
    let encoder = BodyEncoder { t: dispatch.body.name(), capacity: dispatch.bytes as usize };
    match &dispatch.body {
        Body::Ready(ready) => encoder.encode(Ready::new(ready, urls)),
        Body::Resumed => encoder.encode(Resumed {}),
        Body::GuildCreate(snapshot) => encoder.encode(GuildCreate::new(guild, snapshot)),
        Body::GuildUnavailable => encoder.encode(UnavailableGuild::unavailable(guild)),
        Body::GuildDelete => encoder.encode(UnavailableGuild::removed(guild)),
        Body::GuildUpdate { owner } => encoder.encode(Guild::new(guild, *owner, &[])),
        Body::RoleCreate { role, permissions, position }
        | Body::RoleUpdate { role, permissions, position } => {
            let (permissions, position) = (*permissions, *position);
            let role = Role::new(guild, *role, permission::Role { permissions, position });
            encoder.encode(GuildRole::new(guild, role))
        }
        Body::RoleDelete { role } => encoder.encode(RoleDelete::new(guild, *role)),
        Body::ChannelCreate(channel) | Body::ChannelUpdate(channel) => {
            encoder.encode(Channel::new(guild, channel.id, &channel.overwrites))
        }
        Body::ChannelDelete { channel } => encoder.encode(Channel::new(guild, *channel, &[])),
        Body::MemberAdd { user } => {
            encoder.encode(GuildMember::new(guild, Member::new(*user, &[])))
        }
        Body::MemberUpdate { user, roles } => {
            encoder.encode(GuildMember::new(guild, Member::new(*user, roles)))
        }
        Body::MemberRemove { user } => encoder.encode(MemberRemove::new(guild, *user)),
        Body::MessageCreate(message) | Body::MessageUpdate(message) => {
            encoder.encode(Message::new(guild, message))
        }
        Body::MessageDelete { message, channel } => {
            encoder.encode(MessageDelete::new(guild, *channel, *message))
        }
        Body::ReactionAdd(reaction) | Body::ReactionRemove(reaction) => {
            encoder.encode(MessageReaction::new(guild, reaction))
        }
        Body::TypingStart { user, channel } => {
            encoder.encode(TypingStart::new(guild, *channel, *user))
        }
    }
}

/// The fields before the number. Some clients expect `op` and `t` first.
#[derive(Serialize)]
struct DispatchFrame<D> {
    op: u8,
    t: &'static str,
    d: D,
}

struct BodyEncoder {
    t: &'static str,
    capacity: usize,
}

impl BodyEncoder {
    fn encode(self, d: impl Serialize) -> Bytes {
        let mut json = Vec::with_capacity(self.capacity);
        serde_json::to_writer(&mut json, &DispatchFrame { op: 0, t: self.t, d })
            .expect("plain fields always serialize");
        // The object stays open for its last field.
        json.pop();
        json.extend_from_slice(br#","s":"#);
        json.into()
    }
}
