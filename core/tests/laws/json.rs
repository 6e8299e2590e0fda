//! Frames and dispatches are the same after JSON; and how to draw any of them.

use std::sync::Arc;

use guildhall_core::dispatch::{Body, Dispatch, Intents, Message, Ready};
use guildhall_core::frame::{ClientFrame, Identify, Malformed, Resume, ServerFrame};
use guildhall_core::id::{
    ChannelId, Connection, Epoch, GuildId, MessageId, NodeId, Nonce, Position, Seq, SessionId,
    Shard, Token, UserId,
};
use guildhall_core::time::Span;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::draw::told;
use crate::values::round_trip;

pub(crate) fn position() -> impl Strategy<Value = Position> {
    (any::<u32>(), any::<u64>()).prop_map(|(epoch, index)| Position { epoch: Epoch(epoch), index })
}

pub(crate) fn connection() -> impl Strategy<Value = Connection> {
    (any::<u32>(), any::<u32>()).prop_map(|(slot, generation)| Connection { slot, generation })
}

pub(crate) fn message() -> impl Strategy<Value = Message> {
    (any::<u64>(), any::<[u64; 3]>(), ".{0,12}", vec(any::<u64>().prop_map(UserId), 0..3)).prop_map(
        |(id, [channel, author, nonce], text, mentions)| Message {
            id: MessageId(id),
            channel: ChannelId(channel),
            author: UserId(author),
            nonce: Nonce(nonce),
            content: text.into(),
            mentions: mentions.into(),
        },
    )
}

fn body() -> impl Strategy<Value = Body> {
    let guilds = vec(any::<u64>().prop_map(GuildId), 0..4);
    let ready = (any::<u64>(), any::<u128>(), any::<u16>(), guilds);
    prop_oneof![
        ready.prop_map(|(user, session, node, guilds)| {
            let (session, node) = (SessionId(session), NodeId(node));
            Body::Ready(Ready { user: UserId(user), session, node, guilds })
        }),
        Just(Body::Resumed),
        told(),
    ]
}

pub(crate) fn dispatch() -> impl Strategy<Value = Arc<Dispatch>> {
    prop_oneof![
        body().prop_map(Dispatch::private),
        (any::<u64>(), position(), any::<u8>(), body())
            .prop_map(|(guild, at, nth, body)| Dispatch::of(GuildId(guild), at, nth, body)),
    ]
    .prop_map(Arc::new)
}

pub(crate) fn identify() -> impl Strategy<Value = Identify> {
    (any::<u128>(), any::<u32>(), any::<(u16, u16)>()).prop_map(|(token, intents, (id, count))| {
        let shard = Shard { id, count };
        Identify { token: Token(token), intents: Intents(intents), shard }
    })
}

pub(crate) fn client_frame() -> impl Strategy<Value = ClientFrame> {
    let malformed = vec![Malformed::Opcode, Malformed::Payload];
    prop_oneof![
        any::<Option<u64>>().prop_map(|d| ClientFrame::Heartbeat { d: d.map(Seq) }),
        identify().prop_map(ClientFrame::Identify),
        any::<(u128, u128, u64)>().prop_map(|(token, session, seq)| {
            let (token, session) = (Token(token), SessionId(session));
            ClientFrame::Resume(Resume { token, session, seq: Seq(seq) })
        }),
        prop::sample::select(malformed).prop_map(ClientFrame::Malformed),
        Just(ClientFrame::Other),
    ]
}

pub(crate) fn server_frame() -> impl Strategy<Value = ServerFrame> {
    prop_oneof![
        any::<u64>().prop_map(|us| { ServerFrame::Hello { heartbeat_interval: Span::micros(us) } }),
        Just(ServerFrame::HeartbeatAck),
        Just(ServerFrame::Reconnect),
        any::<bool>().prop_map(|resumable| ServerFrame::InvalidSession { resumable }),
    ]
}

proptest! {
    #![proptest_config(crate::cases(300))]

    #[test]
    fn every_frame_reads_again(client in client_frame(), server in server_frame()) {
        round_trip(&client);
        round_trip(&server);
    }

    #[test]
    fn every_dispatch_reads_again(dispatch in dispatch()) {
        round_trip(&*dispatch);
    }
}
