//! Decodes the payloads of dispatches.

use std::sync::Arc;

use guildhall_core::dispatch::{self, Body, EventName, Snapshot};
use guildhall_core::event;
use guildhall_core::id::{ChannelId, GuildId, MessageId, Nonce, RoleId, SessionId, UserId};
use guildhall_core::permission::{self, Permissions, Role, Target};
use serde::Deserialize;

use super::WireError;
use crate::wire::gateway_urls::GatewayUrls;
use crate::wire::object::object;
use crate::wire::text::Digits;

/// Decodes the payload `d` of a dispatch with event name `t`. Returns the guild and the body.
pub(super) fn decode(
    t: &str,
    d: &str,
    urls: &GatewayUrls,
) -> Result<(Option<GuildId>, Body), WireError> {
    let name = EventName::of(t).ok_or_else(|| WireError::UnknownEvent(t.to_owned()))?;
    let (guild, body) = match name {
        EventName::Ready => return Ok((None, Body::Ready(ready(object(d)?, urls)?))),
        EventName::Resumed => {
            return object(d).map(|Empty {}| (None, Body::Resumed)).map_err(Into::into);
        }
        EventName::GuildCreate => {
            let fields: GuildCreate = object(d)?;
            (fields.id, Body::GuildCreate(fields.decode()?))
        }
        EventName::GuildDelete => {
            let fields: GuildDelete = object(d)?;
            (fields.id, if fields.unavailable { Body::GuildUnavailable } else { Body::GuildDelete })
        }
        EventName::GuildUpdate => {
            let fields: GuildUpdate = object(d)?;
            (fields.id, Body::GuildUpdate { owner: UserId(fields.owner_id.0) })
        }
        EventName::RoleCreate => {
            let GuildRole { guild_id, role } = object(d)?;
            let (role, Role { permissions, position }) = role.decode();
            (guild_id, Body::RoleCreate { role, permissions, position })
        }
        EventName::RoleUpdate => {
            let GuildRole { guild_id, role } = object(d)?;
            let (role, Role { permissions, position }) = role.decode();
            (guild_id, Body::RoleUpdate { role, permissions, position })
        }
        EventName::RoleDelete => {
            let fields: RoleDelete = object(d)?;
            (fields.guild_id, Body::RoleDelete { role: RoleId(fields.role_id.0) })
        }
        EventName::ChannelCreate => {
            let fields: Channel = object(d)?;
            (fields.guild_id, Body::ChannelCreate(fields.decode()?))
        }
        EventName::ChannelUpdate => {
            let fields: Channel = object(d)?;
            (fields.guild_id, Body::ChannelUpdate(fields.decode()?))
        }
        EventName::ChannelDelete => {
            let fields: Channel = object(d)?;
            (fields.guild_id, Body::ChannelDelete { channel: ChannelId(fields.id.0) })
        }
        EventName::MemberAdd => {
            let fields: GuildMemberUser = object(d)?;
            (fields.guild_id, Body::MemberAdd { user: fields.user.id() })
        }
        EventName::MemberUpdate => {
            let fields: MemberUpdate = object(d)?;
            (
                fields.guild_id,
                Body::MemberUpdate { user: fields.user.id(), roles: roles(&fields.roles) },
            )
        }
        EventName::MemberRemove => {
            let fields: GuildMemberUser = object(d)?;
            (fields.guild_id, Body::MemberRemove { user: fields.user.id() })
        }
        EventName::MessageCreate => {
            let fields: Message = object(d)?;
            (fields.guild_id, Body::MessageCreate(fields.decode()))
        }
        EventName::MessageUpdate => {
            let fields: Message = object(d)?;
            (fields.guild_id, Body::MessageUpdate(fields.decode()))
        }
        EventName::MessageDelete => {
            let MessageDelete { guild_id, id, channel_id } = object(d)?;
            let (message, channel) = (MessageId(id.0), ChannelId(channel_id.0));
            (guild_id, Body::MessageDelete { message, channel })
        }
        EventName::ReactionAdd => {
            let fields: MessageReaction = object(d)?;
            (fields.guild_id, Body::ReactionAdd(fields.decode()))
        }
        EventName::ReactionRemove => {
            let fields: MessageReaction = object(d)?;
            (fields.guild_id, Body::ReactionRemove(fields.decode()))
        }
        EventName::TypingStart => {
            let TypingStart { guild_id, user_id, channel_id } = object(d)?;
            let (user, channel) = (UserId(user_id.0), ChannelId(channel_id.0));
            (guild_id, Body::TypingStart { user, channel })
        }
    };
    Ok((Some(GuildId(guild.0)), body))
}

#[derive(Deserialize)]
struct Empty {}

/// An object of which only the id matters.
#[derive(Deserialize)]
struct WithId {
    id: Digits,
}

impl WithId {
    const fn id(&self) -> UserId {
        UserId(self.id.0)
    }
}

#[derive(Deserialize)]
struct Ready {
    user: WithId,
    guilds: Vec<WithId>,
    session_id: SessionId,
    resume_gateway_url: String,
}

fn ready(fields: Ready, urls: &GatewayUrls) -> Result<dispatch::Ready, WireError> {
    let node = urls.node(&fields.resume_gateway_url);
    Ok(dispatch::Ready {
        user: fields.user.id(),
        session: fields.session_id,
        node: node.ok_or(WireError::UnknownUrl(fields.resume_gateway_url))?,
        guilds: fields.guilds.iter().map(|guild| GuildId(guild.id.0)).collect(),
    })
}

#[derive(Deserialize)]
struct GuildCreate {
    id: Digits,
    owner_id: Digits,
    roles: Vec<RoleFields>,
    channels: Vec<Channel>,
    member_count: u32,
    members: Vec<Member>,
}

impl GuildCreate {
    fn decode(&self) -> Result<Snapshot, WireError> {
        let channels = self.channels.iter().map(Channel::decode);
        Ok(Snapshot {
            owner: UserId(self.owner_id.0),
            roles: self.roles.iter().map(RoleFields::decode).collect(),
            channels: channels.collect::<Result<_, _>>()?,
            member_count: self.member_count,
            members: self.members.iter().map(Member::decode).collect(),
        })
    }
}

#[derive(Deserialize)]
struct GuildDelete {
    id: Digits,
    #[serde(default)]
    unavailable: bool,
}

#[derive(Deserialize)]
struct GuildUpdate {
    id: Digits,
    owner_id: Digits,
}

#[derive(Deserialize)]
struct GuildRole {
    guild_id: Digits,
    role: RoleFields,
}

#[derive(Deserialize)]
struct RoleDelete {
    guild_id: Digits,
    role_id: Digits,
}

#[derive(Deserialize)]
struct RoleFields {
    id: Digits,
    permissions: Digits,
    position: u16,
}

impl RoleFields {
    const fn decode(&self) -> (RoleId, Role) {
        let (permissions, position) = (Permissions(self.permissions.0), self.position);
        (RoleId(self.id.0), Role { permissions, position })
    }
}

#[derive(Deserialize)]
struct Channel {
    guild_id: Digits,
    id: Digits,
    permission_overwrites: Vec<Overwrite>,
}

impl Channel {
    fn decode(&self) -> Result<event::Channel, WireError> {
        let overwrites = self.permission_overwrites.iter().map(Overwrite::decode);
        let overwrites = overwrites.collect::<Result<_, _>>()?;
        Ok(event::Channel { id: ChannelId(self.id.0), overwrites })
    }
}

#[derive(Deserialize)]
struct Overwrite {
    id: Digits,
    #[serde(rename = "type")]
    kind: u8,
    allow: Digits,
    deny: Digits,
}

impl Overwrite {
    fn decode(&self) -> Result<permission::Overwrite, WireError> {
        let target = match self.kind {
            0 => Target::Role(RoleId(self.id.0)),
            1 => Target::Member(UserId(self.id.0)),
            other => return Err(WireError::UnknownOverwrite(other)),
        };
        let (deny, allow) = (Permissions(self.deny.0), Permissions(self.allow.0));
        Ok(permission::Overwrite { target, deny, allow })
    }
}

#[derive(Deserialize)]
struct Member {
    user: WithId,
    roles: Vec<Digits>,
}

impl Member {
    fn decode(&self) -> (UserId, Arc<[RoleId]>) {
        (self.user.id(), roles(&self.roles))
    }
}

fn roles(ids: &[Digits]) -> Arc<[RoleId]> {
    ids.iter().map(|role| RoleId(role.0)).collect()
}

#[derive(Deserialize)]
struct MemberUpdate {
    guild_id: Digits,
    user: WithId,
    roles: Vec<Digits>,
}

/// A member of whom only the user matters: one that joined or left.
#[derive(Deserialize)]
struct GuildMemberUser {
    guild_id: Digits,
    user: WithId,
}

#[derive(Deserialize)]
struct Message {
    guild_id: Digits,
    id: Digits,
    channel_id: Digits,
    author: WithId,
    nonce: Digits,
    content: String,
    mentions: Vec<WithId>,
}

impl Message {
    fn decode(self) -> dispatch::Message {
        dispatch::Message {
            id: MessageId(self.id.0),
            channel: ChannelId(self.channel_id.0),
            author: self.author.id(),
            nonce: Nonce(self.nonce.0),
            content: self.content.into(),
            mentions: self.mentions.iter().map(WithId::id).collect(),
        }
    }
}

#[derive(Deserialize)]
struct MessageDelete {
    guild_id: Digits,
    id: Digits,
    channel_id: Digits,
}

#[derive(Deserialize)]
struct MessageReaction {
    guild_id: Digits,
    user_id: Digits,
    channel_id: Digits,
    message_id: Digits,
    emoji: Emoji,
}

#[derive(Deserialize)]
struct Emoji {
    name: String,
}

impl MessageReaction {
    fn decode(self) -> dispatch::Reaction {
        dispatch::Reaction {
            user: UserId(self.user_id.0),
            channel: ChannelId(self.channel_id.0),
            message: MessageId(self.message_id.0),
            emoji: self.emoji.name.into(),
        }
    }
}

#[derive(Deserialize)]
struct TypingStart {
    guild_id: Digits,
    user_id: Digits,
    channel_id: Digits,
}
