//! What a world records can be read again, and tells the same story: steps through JSON.

use std::sync::Arc;

use guildhall_core::census::{Census, Line, Table};
use guildhall_core::client;
use guildhall_core::dispatch::{Intents, Message};
use guildhall_core::frame::{CloseCode, Farewell};
use guildhall_core::guild::Charter;
use guildhall_core::id::{ChannelId, Epoch, GuildId, NodeId, Port, Seq, SessionId, Shard, UserId};
use guildhall_core::node::{self, Cut, Detach, End, Note};
use guildhall_core::peer::{Chunk, Event, PeerMessage, Record, RelayId};
use guildhall_core::request::{Act, Answer, Origin, Outcome, Refusal, Request};
use guildhall_core::session::ResumeRefusal;
use guildhall_core::step::{Actor, Head, Input, Output, Recorder, Step, WorldEvent};
use guildhall_core::time::{Instant, Now, Wall};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::json::{client_frame, connection, dispatch, identify, message, position, server_frame};
use crate::values::round_trip;

fn request() -> impl Strategy<Value = Request> {
    message().prop_map(|Message { id, channel, author, nonce, content }| {
        let act = Act::Say { channel, content };
        Request { origin: Origin { user: author, nonce }, guild: GuildId(id.0), act }
    })
}

fn answer() -> impl Strategy<Value = Answer> {
    let outcome = prop_oneof![
        position().prop_map(Outcome::Done),
        prop::option::of(position())
            .prop_map(|at| Outcome::Refused { why: Refusal::NoSuchChannel, at }),
        Just(Outcome::Busy),
    ];
    (request(), outcome).prop_map(|(request, outcome)| Answer {
        origin: request.origin,
        guild: request.guild,
        outcome,
    })
}

fn peer() -> impl Strategy<Value = PeerMessage> {
    let who = any::<(u16, u64, u64)>()
        .prop_map(|(node, serial, guild)| (RelayId { node: NodeId(node), serial }, GuildId(guild)));
    let parts = (who, any::<u32>(), position(), position(), message(), 0..6u8);
    prop_oneof![
        (any::<u32>(), request())
            .prop_map(|(port, request)| PeerMessage::Request { port: Port(port), request }),
        (any::<u32>(), answer())
            .prop_map(|(port, answer)| PeerMessage::Answer { port: Port(port), answer }),
        parts.prop_map(|((relay, guild), sender, position, prev, message, kind)| {
            let sender = Epoch(sender);
            match kind {
                0 => PeerMessage::Subscribe { guild, relay },
                1 => PeerMessage::Unsubscribe { guild, relay },
                2 => PeerMessage::CatchUp { guild, relay, from: position },
                3 => {
                    let (channels, members) = (vec![message.channel], vec![message.author]);
                    let chunk = Chunk {
                        guild,
                        position,
                        reach: position,
                        nth: 0,
                        of: 2,
                        channels,
                        members,
                    };
                    PeerMessage::Chunk { relay, sender, chunk: Arc::new(chunk) }
                }
                4 => {
                    let record = Record { position, prev, event: Event::Message(message) };
                    PeerMessage::Stream { relay, guild, sender, record: Arc::new(record) }
                }
                _ => PeerMessage::Tip { relay, guild, sender, position },
            }
        }),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    let node = prop_oneof![
        Just(node::Input::Census),
        (connection(), client_frame(), any::<u32>())
            .prop_map(|(connection, frame, bytes)| node::Input::Frame { connection, frame, bytes }),
        (connection(), identify(), any::<u128>()).prop_map(|(connection, identify, id)| {
            node::Input::Identify { connection, identify, session: SessionId(id), bytes: 9 }
        }),
        (connection(), any::<u16>()).prop_map(|(connection, code)| {
            node::Input::Closed { connection, how: Farewell::Code(code) }
        }),
        peer().prop_map(|message| node::Input::Peer { from: NodeId(2), message }),
        any::<(u64, u32, u64)>().prop_map(|(id, epoch, other)| {
            let (channels, members) = (vec![ChannelId(other)], vec![UserId(other)]);
            node::Input::Own(Charter { id: GuildId(id), epoch: Epoch(epoch), channels, members })
        }),
    ];
    let client = prop_oneof![
        Just(client::Input::Start),
        request().prop_map(client::Input::Ask),
        answer().prop_map(client::Input::Answer),
        (connection(), any::<u64>(), dispatch()).prop_map(|(connection, s, dispatch)| {
            client::Input::Dispatch { connection, s: Seq(s), dispatch }
        }),
    ];
    prop_oneof![
        node.prop_map(Input::Node),
        client.prop_map(Input::Client),
        Just(Input::Timeout),
        (any::<u32>(), ".{0,8}")
            .prop_map(|(index, what)| Input::World(WorldEvent::FaultBegan { index, what })),
        Just(Input::World(WorldEvent::Healed)),
    ]
}

fn note() -> impl Strategy<Value = Note> {
    (any::<u128>(), connection(), any::<[u64; 3]>(), 0..5u8).prop_map(
        |(id, connection, n, kind)| {
            let session = SessionId(id);
            match kind {
                0 => {
                    let (low, sent, last) = (Seq(n[0]), Seq(n[1]), Seq(n[2]));
                    let why = ResumeRefusal::Seq { low, sent, last };
                    Note::ResumeRefused { session, connection, why }
                }
                1 => {
                    let why = Detach::Cut(Cut::Misbehaved(CloseCode::RateLimited));
                    Note::Detached { session, connection, why }
                }
                2 => Note::Ended { session, why: End::Overflow },
                3 => {
                    let line = Line { table: Table::Replay, count: n[0], bytes: n[1] };
                    Note::Census(Census { node: NodeId(1), lines: vec![line] })
                }
                _ => {
                    let (user, shard, intents) = (UserId(n[0]), Shard::default(), Intents::USUAL);
                    Note::Begun { session, connection, user, shard, intents }
                }
            }
        },
    )
}

fn output() -> impl Strategy<Value = Output> {
    let node = prop_oneof![
        note().prop_map(node::Output::Note),
        (connection(), server_frame())
            .prop_map(|(connection, frame)| node::Output::Frame { connection, frame }),
        (connection(), any::<u64>(), dispatch()).prop_map(|(connection, s, dispatch)| {
            node::Output::Dispatch { connection, s: Seq(s), dispatch }
        }),
        (any::<u16>(), peer())
            .prop_map(|(to, message)| node::Output::Peer { to: NodeId(to), message }),
    ];
    let client = prop_oneof![
        any::<u16>().prop_map(|node| client::Output::Connect(NodeId(node))),
        (connection(), client_frame())
            .prop_map(|(connection, frame)| client::Output::Frame { connection, frame }),
    ];
    prop_oneof![node.prop_map(Output::Node), client.prop_map(Output::Client)]
}

fn step() -> impl Strategy<Value = Step> {
    let head = (any::<[u64; 5]>(), any::<u16>(), 0..3u8).prop_map(|(n, who, kind)| {
        let actor = match kind {
            0 => Actor::World,
            1 => Actor::Node(NodeId(who)),
            _ => Actor::Client(Port(u32::from(who))),
        };
        let now = Now { instant: Instant::micros(n[3]), wall: Wall(n[4]) };
        Head { step: n[0], cause: n[1], at: Instant::micros(n[2]), now, actor }
    });
    (head, input(), vec(output(), 0..4)).prop_map(|(head, input, outputs)| Step {
        head,
        input,
        outputs,
    })
}

proptest! {
    #![proptest_config(crate::cases(300))]

    #[test]
    fn every_step_reads_again_and_tells_its_own_story(step in step()) {
        round_trip(&step);
        let mut recorder = Recorder::default();
        step.tell(&mut recorder);
        prop_assert_eq!(&recorder.steps[..], &[step][..]);
    }
}
