//! Users, and GUILD_MEMBER_ADD, GUILD_MEMBER_UPDATE and GUILD_MEMBER_REMOVE.

use guildhall_core::id::{GuildId, RoleId, UserId};
use serde::{Serialize, Serializer};

use super::Null;
use crate::wire::text::{Digits, Name, Since};

/// A user; all of them are bots, for only bots may use public clients.
#[derive(Serialize)]
pub(in crate::wire) struct User {
    id: Digits,
    username: Name,
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
            username: Name::Of("user", user.0),
            discriminator: "0",
            global_name: (),
            avatar: (),
            bot: true,
            public_flags: 0,
        }
    }
}

/// A member. It has been one for as long as its user exists: nobody knows better.
#[derive(Serialize)]
pub(in crate::wire) struct Member<'a> {
    user: User,
    nick: Null,
    roles: Roles<'a>,
    joined_at: Since,
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
            joined_at: Since(user.0),
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

/// A member, with the guild that it is a member of.
#[derive(Serialize)]
pub(in crate::wire) struct OfGuild<'a> {
    guild_id: Digits,
    #[serde(flatten)]
    member: Member<'a>,
}

impl<'a> OfGuild<'a> {
    pub(in crate::wire) const fn new(guild: GuildId, member: Member<'a>) -> Self {
        Self { guild_id: Digits(guild.0), member }
    }
}

/// Somebody is a member no more.
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
