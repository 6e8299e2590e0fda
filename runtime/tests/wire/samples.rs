//! One dispatch of each kind, with small values.

use guildhall_core::dispatch::{Body, Dispatch, Message, Reaction, Ready, Snapshot};
use guildhall_core::event::Channel;
use guildhall_core::id::{
    ChannelId, Epoch, GuildId, MessageId, NodeId, Nonce, Position, RoleId, SessionId, UserId,
};
use guildhall_core::permission::{Overwrite, Permissions, Role, Target};
use guildhall_runtime::wire::GatewayUrls;

pub(crate) const GUILD: GuildId = GuildId(7);

pub(crate) fn urls() -> GatewayUrls {
    GatewayUrls::new([(NodeId(0), "ws://127.0.0.1:9000".to_owned())]).unwrap()
}

/// A dispatch about the guild, or about none.
pub(crate) fn dispatch(body: Body) -> Dispatch {
    if matches!(body, Body::Ready(_) | Body::Resumed) {
        return Dispatch::private(body);
    }
    Dispatch::of(GUILD, Position { epoch: Epoch(1), index: 2 }, 0, body)
}

fn channel() -> Channel {
    let role = Target::Role(RoleId(GUILD.0));
    let takes =
        Overwrite { target: role, deny: Permissions::VIEW_CHANNEL, allow: Permissions::NONE };
    let member = Target::Member(UserId(1));
    let gives = Overwrite { target: member, deny: Permissions::NONE, allow: Permissions::ALL };
    Channel { id: ChannelId(12), overwrites: [takes, gives].into() }
}

fn message(content: &str) -> Message {
    Message {
        // A quarter of a second into 1 January 2026.
        id: MessageId((1_767_225_600_250 - 1_420_070_400_000) << 22),
        channel: ChannelId(12),
        author: UserId(1),
        nonce: Nonce(99),
        content: content.into(),
        mentions: [UserId(2)].into(),
    }
}

fn reaction() -> Reaction {
    Reaction {
        user: UserId(2),
        channel: ChannelId(12),
        message: message("").id,
        emoji: "🦀".into(),
    }
}

fn snapshot() -> Snapshot {
    let bare: [RoleId; 0] = [];
    Snapshot {
        owner: UserId(1),
        roles: [
            (RoleId(GUILD.0), Role { permissions: Permissions::USUAL, position: 0 }),
            (RoleId(8), Role { permissions: Permissions::MANAGE_ROLES, position: 3 }),
        ]
        .into(),
        channels: [channel()].into(),
        member_count: 2,
        members: [(UserId(1), [RoleId(8)].into()), (UserId(2), bare.into())].into(),
    }
}

/// READY of a user in one guild.
pub(crate) fn ready() -> Body {
    let session = SessionId(0xfeed_f00d);
    Body::Ready(Ready { user: UserId(1), session, node: NodeId(0), guilds: vec![GUILD] })
}

/// One dispatch of each kind, with the name of its snapshot.
pub(crate) fn all() -> Vec<(&'static str, Body)> {
    let (user, role, channel_id) = (UserId(2), RoleId(8), ChannelId(12));
    let permissions = Permissions::USUAL;
    vec![
        ("ready", ready()),
        ("resumed", Body::Resumed),
        ("guild_create", Body::GuildCreate(snapshot())),
        ("guild_delete_unavailable", Body::GuildUnavailable),
        ("guild_delete", Body::GuildDelete),
        ("guild_update", Body::GuildUpdate { owner: user }),
        ("guild_role_create", Body::RoleCreate { role, permissions, position: 1 }),
        (
            "guild_role_update",
            Body::RoleUpdate { role, permissions: Permissions::ALL, position: 7 },
        ),
        ("guild_role_delete", Body::RoleDelete { role }),
        ("channel_create", Body::ChannelCreate(channel())),
        ("channel_update", Body::ChannelUpdate(channel())),
        ("channel_delete", Body::ChannelDelete { channel: channel_id }),
        ("guild_member_add", Body::MemberAdd { user }),
        ("guild_member_update", Body::MemberUpdate { user, roles: [role].into() }),
        ("guild_member_remove", Body::MemberRemove { user }),
        ("message_create", Body::MessageCreate(message("hello, \"world\" 🦀"))),
        ("message_update", Body::MessageUpdate(message("").blanked())),
        ("message_delete", Body::MessageDelete { message: message("").id, channel: channel_id }),
        ("message_reaction_add", Body::ReactionAdd(reaction())),
        ("message_reaction_remove", Body::ReactionRemove(reaction())),
        ("typing_start", Body::TypingStart { user, channel: channel_id }),
    ]
}
