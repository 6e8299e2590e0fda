//! CHANNEL_CREATE, CHANNEL_UPDATE, CHANNEL_DELETE, and the channels in GUILD_CREATE.

use guildhall_core::id::{ChannelId, GuildId};
use guildhall_core::permission;
use guildhall_core::permission::Target;
use serde::Serialize;

use crate::wire::text::{Digits, DisplayName};

/// A text channel.
#[derive(Serialize)]
pub(in crate::wire) struct Channel {
    id: Digits,
    #[serde(rename = "type")]
    kind: u8,
    guild_id: Digits,
    name: DisplayName,
    position: u32,
    permission_overwrites: Vec<Overwrite>,
}

#[derive(Serialize)]
struct Overwrite {
    id: Digits,
    #[serde(rename = "type")]
    kind: u8,
    allow: Digits,
    deny: Digits,
}

impl Channel {
    pub(in crate::wire) fn new(
        guild: GuildId,
        id: ChannelId,
        overwrites: &[permission::Overwrite],
    ) -> Self {
        Self {
            id: Digits(id.0),
            kind: 0,
            guild_id: Digits(guild.0),
            name: DisplayName::Of("channel", id.0),
            position: 0,
            permission_overwrites: overwrites.iter().map(Overwrite::new).collect(),
        }
    }
}

impl Overwrite {
    const fn new(overwrite: &permission::Overwrite) -> Self {
        let (kind, id) = match overwrite.target {
            Target::Role(role) => (0, role.0),
            Target::Member(user) => (1, user.0),
        };
        let (allow, deny) = (Digits(overwrite.allow.0), Digits(overwrite.deny.0));
        Self { id: Digits(id), kind, allow, deny }
    }
}
