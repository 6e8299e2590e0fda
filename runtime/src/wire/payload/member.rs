//! Users, and GUILD_MEMBER_ADD, GUILD_MEMBER_UPDATE and GUILD_MEMBER_REMOVE.

use guildhall_core::id::{GuildId, RoleId, UserId};
use serde::{Serialize, Serializer};

use super::Null;
use crate::wire::text::{Digits, DisplayName, Timestamp};

/// A user. All users are bots, because only bots may use third-party clients.
#[derive(Serialize)]
pub(in crate::wire) struct User {
    id: Digits,
    username: DisplayName,
    discriminator: &'static str,
    global_name: Null,
    avatar: Null,
    bot: bool,
    public_flags: u32,
}

impl User {
    pub(in crate::wire) const fn new(user: UserId) -> Self {
        Self {
            id: Digits(user.0),
            username: DisplayName::Of("user", user.0),
            discriminator: "0",
            global_name: (),
            avatar: (),
            bot: true,
            public_flags: 0,
        }
    }
}

/// A member. The time of joining is unknown; the creation time of the user stands in for it.
#[derive(Serialize)]
pub(in crate::wire) struct Member<'a> {
    user: User,
    nick: Null,
    roles: Roles<'a>,
    joined_at: Timestamp,
    deaf: bool,
    mute: bool,
    pending: bool,
    flags: u32,
}

impl<'a> Member<'a> {
    pub(in crate::wire) const fn new(user: UserId, roles: &'a [RoleId]) -> Self {
        Self {
            user: User::new(user),
            nick: (),
            roles: Roles(roles),
            joined_at: Timestamp(user.0),
            deaf: false,
            mute: false,
            pending: false,
            flags: 0,
        }
    }
}

/// The ids of roles.
struct Roles<'a>(&'a [RoleId]);

impl Serialize for Roles<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|role| Digits(role.0)))
    }
}

/// A member together with its guild.
#[derive(Serialize)]
pub(in crate::wire) struct GuildMember<'a> {
    guild_id: Digits,
    #[serde(flatten)]
    member: Member<'a>,
}

impl<'a> GuildMember<'a> {
    pub(in crate::wire) const fn new(guild: GuildId, member: Member<'a>) -> Self {
        Self { guild_id: Digits(guild.0), member }
    }
}

/// GUILD_MEMBER_REMOVE.
#[derive(Serialize)]
pub(in crate::wire) struct MemberRemove {
    guild_id: Digits,
    user: User,
}

impl MemberRemove {
    pub(in crate::wire) const fn new(guild: GuildId, user: UserId) -> Self {
        Self { guild_id: Digits(guild.0), user: User::new(user) }
    }
}
