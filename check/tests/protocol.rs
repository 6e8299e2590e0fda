//! The checkers' tables and the machines' tables say the same, over all values. Neither uses the
//! other, so a change to one alone fails here.

use std::sync::Arc;

use guildhall_check::protocol;
use guildhall_core::dispatch::{Body, Dispatch, Intents, Message, Reaction, Ready, Snapshot};
use guildhall_core::event::{Channel, Event, Record, Removal};
use guildhall_core::frame::{CloseCode, Disconnect};
use guildhall_core::id::{
    ChannelId, Epoch, GuildId, MessageId, NodeId, Nonce, Position, RoleId, SessionId, Shard, UserId,
};
use guildhall_core::peer::Chunk;
use guildhall_core::permission::{Overwrite, Permissions, Role, Target};

const USER: UserId = UserId(7);
const ROLE: RoleId = RoleId(8);
const CHANNEL: ChannelId = ChannelId(9);
const MESSAGE: MessageId = MessageId(10);
const GIVEN: Permissions = Permissions::VIEW_CHANNEL;

fn roles(count: u64) -> Arc<[RoleId]> {
    (0..count).map(RoleId).collect()
}

fn message(content: usize, mentions: u64) -> Message {
    Message {
        id: MESSAGE,
        channel: CHANNEL,
        author: USER,
        nonce: Nonce(1),
        content: "x".repeat(content).into(),
        mentions: (0..mentions).map(UserId).collect(),
    }
}

fn reaction(emoji: usize) -> Reaction {
    Reaction { user: USER, channel: CHANNEL, message: MESSAGE, emoji: "x".repeat(emoji).into() }
}

fn channel(overwrites: u64) -> Channel {
    let one = |role| Overwrite { target: Target::Role(RoleId(role)), allow: GIVEN, deny: GIVEN };
    Channel { id: CHANNEL, overwrites: (0..overwrites).map(one).collect() }
}

/// An event of every kind, and of each kind that has a size, several sizes.
fn events() -> Vec<Event> {
    let (user, role, permissions) = (USER, ROLE, GIVEN);
    let mut events = vec![
        Event::Opened,
        Event::MessageDelete { message: MESSAGE, channel: CHANNEL },
        Event::Typing { user, channel: CHANNEL },
        Event::MemberAdd { user },
        Event::MemberRemove { user, why: Removal::Left },
        Event::Unbanned { user },
        Event::RoleCreate { role, permissions, position: 1 },
        Event::RoleUpdate { role, permissions, position: 1 },
        Event::RoleDelete { role },
        Event::ChannelDelete { channel: CHANNEL },
        Event::GuildUpdate { owner: user },
        Event::GuildDelete,
    ];
    for count in 0..4 {
        events.push(Event::ReactionAdd(reaction(3 * count as usize)));
        events.push(Event::ReactionRemove(reaction(count as usize)));
        events.push(Event::MemberUpdate { user, roles: roles(count) });
        events.push(Event::ChannelCreate(channel(count)));
        events.push(Event::ChannelUpdate(channel(count)));
        for content in [0, 1, 77] {
            events.push(Event::Message(message(content, count)));
            events.push(Event::MessageUpdate(message(content, count)));
        }
    }
    events
}

/// A body of every kind, and of each kind that has a size, several sizes.
fn bodies() -> Vec<Body> {
    let (user, role, permissions) = (USER, ROLE, GIVEN);
    let mut bodies = vec![
        Body::Resumed,
        Body::GuildUnavailable,
        Body::GuildDelete,
        Body::GuildUpdate { owner: user },
        Body::RoleCreate { role, permissions, position: 1 },
        Body::RoleUpdate { role, permissions, position: 1 },
        Body::RoleDelete { role },
        Body::ChannelDelete { channel: CHANNEL },
        Body::MemberAdd { user },
        Body::MemberRemove { user },
        Body::MessageDelete { message: MESSAGE, channel: CHANNEL },
        Body::TypingStart { user, channel: CHANNEL },
    ];
    for count in 0..4 {
        let guilds = (0..count).map(GuildId).collect();
        let ready = Ready { user, session: SessionId(1), node: NodeId(2), guilds };
        bodies.push(Body::Ready(ready));
        bodies.push(Body::ReactionAdd(reaction(3 * count as usize)));
        bodies.push(Body::ReactionRemove(reaction(count as usize)));
        bodies.push(Body::MemberUpdate { user, roles: roles(count) });
        bodies.push(Body::ChannelCreate(channel(count)));
        bodies.push(Body::ChannelUpdate(channel(count)));
        bodies.push(Body::MessageCreate(message(13 * count as usize, count)));
        bodies.push(Body::MessageUpdate(message(13, count)));
        for overwrites in 0..3 {
            bodies.push(Body::GuildCreate(snapshot(count, overwrites)));
        }
    }
    bodies
}

fn snapshot(count: u64, overwrites: u64) -> Snapshot {
    Snapshot {
        owner: USER,
        roles: (0..count)
            .map(|role| (RoleId(role), Role { permissions: GIVEN, position: 1 }))
            .collect(),
        channels: (0..count + 1).map(|_| channel(overwrites)).collect(),
        member_count: count as u32,
        members: (0..count + 2).map(|user| (UserId(user), roles(1))).collect(),
    }
}

#[test]
fn both_stop_a_client_at_the_same_codes() {
    for code in CloseCode::ALL {
        assert_eq!(protocol::stops_client(code), code.is_final(), "{code:?}");
    }
}

#[test]
fn both_end_a_session_for_the_same_closes() {
    let closes = (0..=u16::MAX).map(Disconnect::Code).chain([Disconnect::End, Disconnect::Reset]);
    for how in closes {
        assert_eq!(protocol::ends_session(how), how.ends_session(), "{how:?}");
    }
}

#[test]
fn both_call_the_same_events_ephemeral() {
    for event in events() {
        assert_eq!(protocol::is_ephemeral(&event), !event.is_durable(), "{event:?}");
    }
}

#[test]
fn both_class_intents_alike() {
    // Every combination of the bits that are documented or next to a documented one.
    let all: Vec<_> = (0..1 << 18).chain((0..32).map(|bit| 1 << bit)).map(Intents).collect();
    for intents in all {
        let told = intents.told();
        let class = protocol::intent_class(intents);
        assert_eq!(class, protocol::intent_class(told), "{intents:?}");
        let count = class.iter().filter(|set| **set).count();
        assert_eq!(count as u32, told.0.count_ones(), "{intents:?}");
        assert_eq!(protocol::are_documented(intents), intents.is_valid(), "{intents:?}");
    }
}

#[test]
fn both_know_the_same_shards() {
    for (id, count) in (0..40).flat_map(|id| (0..40).map(move |count| (id, count))) {
        let shard = Shard { id, count };
        assert_eq!(protocol::is_shard(shard), shard.is_valid(), "{shard:?}");
    }
}

#[test]
fn both_count_the_same_bytes() {
    for event in events() {
        let position = Position { epoch: Epoch(1), index: 2 };
        let record = Record { position, prev: position, origin: None, event };
        assert_eq!(protocol::record_bytes(&record), record.bytes(), "{record:?}");
    }
    for body in bodies() {
        let (bytes, dispatch) = (protocol::dispatch_bytes(&body), Dispatch::private(body));
        assert_eq!(bytes, u64::from(dispatch.bytes), "{:?}", dispatch.body);
    }
}

#[test]
fn both_count_the_same_entries() {
    for (members, channels, given) in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (3, 5, 7)] {
        let chunk = Chunk {
            guild: GuildId(1),
            position: Position::default(),
            reach: Position::default(),
            nth: 0,
            of: 1,
            owner: USER,
            deleted: false,
            roles: (0..given)
                .map(|role| (RoleId(role), Role { permissions: GIVEN, position: 1 }))
                .collect(),
            channels: (0..channels).map(channel).collect(),
            members: (0..members).map(|user| (UserId(user), roles(2))).collect(),
        };
        assert_eq!(protocol::chunk_entries(&chunk), chunk.entries());
    }
}

#[test]
fn both_give_a_guild_to_the_same_shard() {
    for guild in [0, 1 << 22, 5 << 22, (7 << 22) + 1, u64::MAX].map(GuildId) {
        for shard in (1..=4).flat_map(|count| (0..count).map(move |id| Shard { id, count })) {
            assert_eq!(
                protocol::is_on_shard(guild, shard),
                shard.holds(guild),
                "{guild:?} {shard:?}"
            );
        }
    }
}
