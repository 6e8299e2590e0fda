//! What dispatches say, from the fields that carry it.

use std::sync::Arc;

use guildhall_core::dispatch::{self, Body, Snapshot};
use guildhall_core::event;
use guildhall_core::id::{ChannelId, GuildId, MessageId, Nonce, RoleId, SessionId, UserId};
use guildhall_core::permission::{self, Permissions, Target};
use serde::Deserialize;

use super::WireError;
use crate::wire::object::object;
use crate::wire::places::Places;
use crate::wire::text::Digits;

/// Reads the `d` of a dispatch called `t`: of which guild, and what.
pub(super) fn read(
    t: &str,
    d: &str,
    places: &Places,
) -> Result<(Option<GuildId>, Body), WireError> {
    let (guild, body) = match t {
        "READY" => return Ok((None, Body::Ready(ready(object(d)?, places)?))),
        "RESUMED" => return object(d).map(|Nothing {}| (None, Body::Resumed)).map_err(Into::into),
        "GUILD_CREATE" => {
            let it: GuildCreate = object(d)?;
            (it.id, Body::GuildCreate(it.snapshot()?))
        }
        "GUILD_DELETE" => {
            let it: GuildDelete = object(d)?;
            (it.id, if it.unavailable { Body::GuildUnavailable } else { Body::GuildDelete })
        }
        "GUILD_UPDATE" => {
            let it: GuildUpdate = object(d)?;
            (it.id, Body::GuildUpdate { owner: UserId(it.owner_id.0) })
        }
        "GUILD_ROLE_CREATE" => {
            let GuildRole { guild_id, role } = object(d)?;
            let (role, permissions) = role.pair();
            (guild_id, Body::RoleCreate { role, permissions })
        }
        "GUILD_ROLE_UPDATE" => {
            let GuildRole { guild_id, role } = object(d)?;
            let (role, permissions) = role.pair();
            (guild_id, Body::RoleUpdate { role, permissions })
        }
        "GUILD_ROLE_DELETE" => {
            let it: RoleDelete = object(d)?;
            (it.guild_id, Body::RoleDelete { role: RoleId(it.role_id.0) })
        }
        "CHANNEL_CREATE" => {
            let it: Channel = object(d)?;
            (it.guild_id, Body::ChannelCreate(it.channel()?))
        }
        "CHANNEL_UPDATE" => {
            let it: Channel = object(d)?;
            (it.guild_id, Body::ChannelUpdate(it.channel()?))
        }
        "CHANNEL_DELETE" => {
            let it: Channel = object(d)?;
            (it.guild_id, Body::ChannelDelete { channel: ChannelId(it.id.0) })
        }
        "GUILD_MEMBER_ADD" => {
            let it: OfMember = object(d)?;
            (it.guild_id, Body::MemberAdd { user: it.user.id() })
        }
        "GUILD_MEMBER_UPDATE" => {
            let it: MemberUpdate = object(d)?;
            (it.guild_id, Body::MemberUpdate { user: it.user.id(), roles: roles(&it.roles) })
        }
        "GUILD_MEMBER_REMOVE" => {
            let it: OfMember = object(d)?;
            (it.guild_id, Body::MemberRemove { user: it.user.id() })
        }
        "MESSAGE_CREATE" => {
            let it: Message = object(d)?;
            (it.guild_id, Body::MessageCreate(it.message()))
        }
        "MESSAGE_UPDATE" => {
            let it: Message = object(d)?;
            (it.guild_id, Body::MessageUpdate(it.message()))
        }
        "MESSAGE_DELETE" => {
            let MessageDelete { guild_id, id, channel_id } = object(d)?;
            let (message, channel) = (MessageId(id.0), ChannelId(channel_id.0));
            (guild_id, Body::MessageDelete { message, channel })
        }
        "TYPING_START" => {
            let TypingStart { guild_id, user_id, channel_id } = object(d)?;
            let (user, channel) = (UserId(user_id.0), ChannelId(channel_id.0));
            (guild_id, Body::TypingStart { user, channel })
        }
        _ => return Err(WireError::Event(t.to_owned())),
    };
    Ok((Some(GuildId(guild.0)), body))
}

#[derive(Deserialize)]
struct Nothing {}

/// Something with an id, of which nothing else matters.
#[derive(Deserialize)]
struct Named {
    id: Digits,
}

impl Named {
    const fn id(&self) -> UserId {
        UserId(self.id.0)
    }
}

#[derive(Deserialize)]
struct Ready {
    user: Named,
    guilds: Vec<Named>,
    session_id: SessionId,
    resume_gateway_url: String,
}

fn ready(it: Ready, places: &Places) -> Result<dispatch::Ready, WireError> {
    let node = places.node(&it.resume_gateway_url);
    Ok(dispatch::Ready {
        user: it.user.id(),
        session: it.session_id,
        node: node.ok_or(WireError::Place(it.resume_gateway_url))?,
        guilds: it.guilds.iter().map(|guild| GuildId(guild.id.0)).collect(),
    })
}

#[derive(Deserialize)]
struct GuildCreate {
    id: Digits,
    owner_id: Digits,
    roles: Vec<Role>,
    channels: Vec<Channel>,
    member_count: u32,
    members: Vec<Member>,
}

impl GuildCreate {
    fn snapshot(&self) -> Result<Snapshot, WireError> {
        let channels = self.channels.iter().map(Channel::channel);
        Ok(Snapshot {
            owner: UserId(self.owner_id.0),
            roles: self.roles.iter().map(Role::pair).collect(),
            channels: channels.collect::<Result<_, _>>()?,
            member_count: self.member_count,
            members: self.members.iter().map(Member::pair).collect(),
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
    role: Role,
}

#[derive(Deserialize)]
struct RoleDelete {
    guild_id: Digits,
    role_id: Digits,
}

#[derive(Deserialize)]
struct Role {
    id: Digits,
    permissions: Digits,
}

impl Role {
    const fn pair(&self) -> (RoleId, Permissions) {
        (RoleId(self.id.0), Permissions(self.permissions.0))
    }
}

#[derive(Deserialize)]
struct Channel {
    guild_id: Digits,
    id: Digits,
    permission_overwrites: Vec<Overwrite>,
}

impl Channel {
    fn channel(&self) -> Result<event::Channel, WireError> {
        let overwrites = self.permission_overwrites.iter().map(Overwrite::overwrite);
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
    fn overwrite(&self) -> Result<permission::Overwrite, WireError> {
        let target = match self.kind {
            0 => Target::Role(RoleId(self.id.0)),
            1 => Target::Member(UserId(self.id.0)),
            other => return Err(WireError::Overwrite(other)),
        };
        let (deny, allow) = (Permissions(self.deny.0), Permissions(self.allow.0));
        Ok(permission::Overwrite { target, deny, allow })
    }
}

#[derive(Deserialize)]
struct Member {
    user: Named,
    roles: Vec<Digits>,
}

impl Member {
    fn pair(&self) -> (UserId, Arc<[RoleId]>) {
        (self.user.id(), roles(&self.roles))
    }
}

fn roles(ids: &[Digits]) -> Arc<[RoleId]> {
    ids.iter().map(|role| RoleId(role.0)).collect()
}

#[derive(Deserialize)]
struct MemberUpdate {
    guild_id: Digits,
    user: Named,
    roles: Vec<Digits>,
}

/// A member of whom only the user matters: one who has come or gone.
#[derive(Deserialize)]
struct OfMember {
    guild_id: Digits,
    user: Named,
}

#[derive(Deserialize)]
struct Message {
    guild_id: Digits,
    id: Digits,
    channel_id: Digits,
    author: Named,
    nonce: Digits,
    content: String,
    mentions: Vec<Named>,
}

impl Message {
    fn message(self) -> dispatch::Message {
        dispatch::Message {
            id: MessageId(self.id.0),
            channel: ChannelId(self.channel_id.0),
            author: self.author.id(),
            nonce: Nonce(self.nonce.0),
            content: self.content.into(),
            mentions: self.mentions.iter().map(Named::id).collect(),
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
struct TypingStart {
    guild_id: Digits,
    user_id: Digits,
    channel_id: Digits,
}
