//! GUILD_CREATE, GUILD_UPDATE, GUILD_DELETE, and the guild's roles.

use guildhall_core::dispatch::Snapshot;
use guildhall_core::id::{GuildId, RoleId, UserId};
use guildhall_core::permission;
use serde::Serialize;

use super::channel::Channel;
use super::member::Member;
use super::{EMPTY, EmptyList, Null};
use crate::wire::text::{Digits, DisplayName, Timestamp};

/// A guild without its members and channels.
#[derive(Serialize)]
pub(in crate::wire) struct Guild {
    id: Digits,
    name: DisplayName,
    icon: Null,
    owner_id: Digits,
    afk_channel_id: Null,
    afk_timeout: u16,
    verification_level: u8,
    default_message_notifications: u8,
    explicit_content_filter: u8,
    roles: Vec<Role>,
    emojis: EmptyList,
    features: EmptyList,
    mfa_level: u8,
    system_channel_id: Null,
    system_channel_flags: u32,
    premium_tier: u8,
    preferred_locale: &'static str,
    nsfw_level: u8,
    stickers: EmptyList,
    premium_progress_bar_enabled: bool,
}

impl Guild {
    pub(in crate::wire) fn new(
        guild: GuildId,
        owner: UserId,
        roles: &[(RoleId, permission::Role)],
    ) -> Self {
        let role = |(id, role): &_| Role::new(guild, *id, *role);
        Self {
            id: Digits(guild.0),
            name: DisplayName::Of("guild", guild.0),
            icon: (),
            owner_id: Digits(owner.0),
            afk_channel_id: (),
            afk_timeout: 300,
            verification_level: 0,
            default_message_notifications: 0,
            explicit_content_filter: 0,
            roles: roles.iter().map(role).collect(),
            emojis: EMPTY,
            features: EMPTY,
            mfa_level: 0,
            system_channel_id: (),
            system_channel_flags: 0,
            premium_tier: 0,
            preferred_locale: "en-US",
            nsfw_level: 0,
            stickers: EMPTY,
            premium_progress_bar_enabled: false,
        }
    }
}

/// A guild with everything that a user can see in it.
#[derive(Serialize)]
pub(in crate::wire) struct GuildCreate<'a> {
    #[serde(flatten)]
    guild: Guild,
    joined_at: Timestamp,
    large: bool,
    member_count: u32,
    members: Vec<Member<'a>>,
    channels: Vec<Channel>,
    threads: EmptyList,
    voice_states: EmptyList,
    presences: EmptyList,
    stage_instances: EmptyList,
    guild_scheduled_events: EmptyList,
    soundboard_sounds: EmptyList,
}

impl<'a> GuildCreate<'a> {
    pub(in crate::wire) fn new(guild: GuildId, snapshot: &'a Snapshot) -> Self {
        let members = snapshot.members.iter();
        let channels = snapshot.channels.iter();
        Self {
            guild: Guild::new(guild, snapshot.owner, &snapshot.roles),
            joined_at: Timestamp(guild.0),
            large: snapshot.member_count as usize > snapshot.members.len(),
            member_count: snapshot.member_count,
            members: members.map(|(user, roles)| Member::new(*user, roles)).collect(),
            channels: channels.map(|it| Channel::new(guild, it.id, &it.overwrites)).collect(),
            threads: EMPTY,
            voice_states: EMPTY,
            presences: EMPTY,
            stage_instances: EMPTY,
            guild_scheduled_events: EMPTY,
            soundboard_sounds: EMPTY,
        }
    }
}

/// GUILD_DELETE, and the guilds in READY: a guild that is unavailable or was removed.
#[derive(Serialize)]
pub(in crate::wire) struct UnavailableGuild {
    id: Digits,
    #[serde(skip_serializing_if = "Option::is_none")]
    unavailable: Option<bool>,
}

impl UnavailableGuild {
    pub(in crate::wire) const fn unavailable(guild: GuildId) -> Self {
        Self { id: Digits(guild.0), unavailable: Some(true) }
    }

    /// Clients recognise a removal by the missing `unavailable` field.
    pub(in crate::wire) const fn removed(guild: GuildId) -> Self {
        Self { id: Digits(guild.0), unavailable: None }
    }
}

/// A role. The role of all members has the id of its guild and the lowest position.
#[derive(Serialize)]
pub(in crate::wire) struct Role {
    id: Digits,
    name: DisplayName,
    color: u32,
    colors: Colors,
    hoist: bool,
    managed: bool,
    mentionable: bool,
    permissions: Digits,
    position: u16,
    flags: u32,
}

#[derive(Serialize)]
struct Colors {
    primary_color: u32,
    secondary_color: Null,
    tertiary_color: Null,
}

impl Role {
    pub(in crate::wire) const fn new(guild: GuildId, id: RoleId, role: permission::Role) -> Self {
        let everyone = id.0 == guild.0;
        Self {
            id: Digits(id.0),
            name: if everyone { DisplayName::Everyone } else { DisplayName::Of("role", id.0) },
            color: 0,
            colors: Colors { primary_color: 0, secondary_color: (), tertiary_color: () },
            hoist: false,
            managed: false,
            mentionable: false,
            permissions: Digits(role.permissions.0),
            position: role.position,
            flags: 0,
        }
    }
}

/// GUILD_ROLE_CREATE and GUILD_ROLE_UPDATE.
#[derive(Serialize)]
pub(in crate::wire) struct GuildRole {
    guild_id: Digits,
    role: Role,
}

impl GuildRole {
    pub(in crate::wire) const fn new(guild: GuildId, role: Role) -> Self {
        Self { guild_id: Digits(guild.0), role }
    }
}

/// GUILD_ROLE_DELETE.
#[derive(Serialize)]
pub(in crate::wire) struct RoleDelete {
    guild_id: Digits,
    role_id: Digits,
}

impl RoleDelete {
    pub(in crate::wire) const fn new(guild: GuildId, role: RoleId) -> Self {
        Self { guild_id: Digits(guild.0), role_id: Digits(role.0) }
    }
}
