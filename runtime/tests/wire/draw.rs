//! Arbitrary dispatches and client frames.

use std::sync::Arc;

use guildhall_core::dispatch::{Body, Dispatch, Intents, Message, Reaction, Ready, Snapshot};
use guildhall_core::event::Channel;
use guildhall_core::frame::{ClientFrame, Identify, Malformed, Resume};
use guildhall_core::id::{
    ChannelId, GuildId, MessageId, NodeId, Nonce, Position, RoleId, Seq, SessionId, Shard, Token,
    UserId,
};
use guildhall_core::permission::{Overwrite, Permissions, Role, Target};
use quickcheck::{Arbitrary, Gen};

/// An arbitrary dispatch.
#[derive(Clone, Debug)]
pub(crate) struct AnyDispatch(pub(crate) Dispatch);

/// An arbitrary frame of a client.
#[derive(Clone, Debug)]
pub(crate) struct AnyFrame(pub(crate) ClientFrame);

fn list<T>(g: &mut Gen, one: impl Fn(&mut Gen) -> T) -> Arc<[T]> {
    (0..u8::arbitrary(g) % 4).map(|_| one(g)).collect()
}

fn user(g: &mut Gen) -> UserId {
    UserId(u64::arbitrary(g))
}

fn role(g: &mut Gen) -> RoleId {
    RoleId(u64::arbitrary(g))
}

fn permissions(g: &mut Gen) -> Permissions {
    Permissions(u64::arbitrary(g))
}

fn channel(g: &mut Gen) -> Channel {
    let overwrites = list(g, |g| {
        let member = bool::arbitrary(g);
        let target = if member { Target::Member(user(g)) } else { Target::Role(role(g)) };
        Overwrite { target, deny: permissions(g), allow: permissions(g) }
    });
    Channel { id: ChannelId(u64::arbitrary(g)), overwrites }
}

fn message(g: &mut Gen) -> Message {
    Message {
        id: MessageId(u64::arbitrary(g)),
        channel: ChannelId(u64::arbitrary(g)),
        author: user(g),
        nonce: Nonce(u64::arbitrary(g)),
        content: String::arbitrary(g).into(),
        mentions: list(g, user),
    }
}

fn ready(g: &mut Gen) -> Ready {
    Ready {
        user: user(g),
        session: SessionId(u128::arbitrary(g)),
        node: NodeId(u16::arbitrary(g) % 4),
        guilds: list(g, |g| GuildId(u64::arbitrary(g))).to_vec(),
    }
}

fn reaction(g: &mut Gen) -> Reaction {
    let Message { id: message, channel, author: user, content: emoji, .. } = message(g);
    Reaction { user, channel, message, emoji }
}

fn snapshot(g: &mut Gen) -> Snapshot {
    Snapshot {
        owner: user(g),
        roles: list(g, |g| {
            (role(g), Role { permissions: permissions(g), position: u16::arbitrary(g) })
        }),
        channels: list(g, channel),
        member_count: u32::arbitrary(g),
        members: list(g, |g| (user(g), list(g, role))),
    }
}

impl Arbitrary for AnyDispatch {
    fn arbitrary(g: &mut Gen) -> Self {
        let body = match u8::arbitrary(g) % 21 {
            0 => return Self(Dispatch::private(Body::Ready(ready(g)))),
            1 => return Self(Dispatch::private(Body::Resumed)),
            2 => Body::GuildCreate(snapshot(g)),
            3 => Body::GuildUnavailable,
            4 => Body::GuildDelete,
            5 => Body::GuildUpdate { owner: user(g) },
            6 => {
                let (role, permissions, position) = (role(g), permissions(g), u16::arbitrary(g));
                Body::RoleCreate { role, permissions, position }
            }
            7 => {
                let (role, permissions, position) = (role(g), permissions(g), u16::arbitrary(g));
                Body::RoleUpdate { role, permissions, position }
            }
            8 => Body::RoleDelete { role: role(g) },
            9 => Body::ChannelCreate(channel(g)),
            10 => Body::ChannelUpdate(channel(g)),
            11 => Body::ChannelDelete { channel: channel(g).id },
            12 => Body::MemberAdd { user: user(g) },
            13 => Body::MemberUpdate { user: user(g), roles: list(g, role) },
            14 => Body::MemberRemove { user: user(g) },
            15 => Body::MessageCreate(message(g)),
            16 => Body::MessageUpdate(message(g)),
            17 => Body::MessageDelete { message: message(g).id, channel: channel(g).id },
            18 => Body::ReactionAdd(reaction(g)),
            19 => Body::ReactionRemove(reaction(g)),
            _ => Body::TypingStart { user: user(g), channel: channel(g).id },
        };
        Self(Dispatch::of(GuildId(u64::arbitrary(g)), Position::default(), 0, body))
    }
}

impl Arbitrary for AnyFrame {
    fn arbitrary(g: &mut Gen) -> Self {
        let (token, seq) = (Token(u128::arbitrary(g)), Seq(u64::arbitrary(g)));
        Self(match u8::arbitrary(g) % 6 {
            0 => ClientFrame::Heartbeat { d: bool::arbitrary(g).then_some(seq) },
            1 => {
                let shard = Shard { id: u16::arbitrary(g), count: u16::arbitrary(g) };
                let intents = Intents(u32::arbitrary(g));
                ClientFrame::Identify(Identify { token, intents, shard })
            }
            2 => {
                let session = SessionId(u128::arbitrary(g));
                ClientFrame::Resume(Resume { token, session, seq })
            }
            3 => ClientFrame::Other,
            4 => ClientFrame::Malformed(Malformed::Opcode),
            _ => ClientFrame::Malformed(Malformed::Payload),
        })
    }
}
