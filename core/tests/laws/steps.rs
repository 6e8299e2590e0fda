//! What a world records can be read again, and tells the same story: steps through JSON.

use std::sync::Arc;

use guildhall_core::census::{Census, Machine, Table};
use guildhall_core::client;
use guildhall_core::directory;
use guildhall_core::dispatch::Intents;
use guildhall_core::frame::{CloseCode, Disconnect};
use guildhall_core::id::{
    Epoch, GuildId, NodeId, Port, Position, RoleId, Seq, SessionId, Shard, UserId,
};
use guildhall_core::node::{self, CloseReason, DetachReason, GapReason, SessionEnd, TraceEvent};
use guildhall_core::peer::{Chunk, PeerMessage, RelayId};
use guildhall_core::permission::{Permissions, Role};
use guildhall_core::request::{Answer, FullTable, Outcome, Refusal, Request};
use guildhall_core::session::ResumeRefusal;
use guildhall_core::step::{Actor, Head, Input, JournalEvent, Output, Recorder, Step, WorldEvent};
use guildhall_core::time::{Instant, Now, Wall};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::draw::{action, channel, command, notice, origin, record, reply, word};
use crate::json::{client_frame, connection, dispatch, identify, position, server_frame};
use crate::values::round_trip;

fn request() -> impl Strategy<Value = Request> {
    (origin(), any::<u64>(), any::<u32>(), action()).prop_map(|(origin, guild, attempt, action)| {
        Request { origin, guild: GuildId(guild), attempt, action }
    })
}

fn answer() -> impl Strategy<Value = Answer> {
    let outcome = prop_oneof![
        position().prop_map(Outcome::Done),
        prop::option::of(position())
            .prop_map(|at| Outcome::Refused { why: Refusal::NoSuchChannel, at }),
        Just(Outcome::Busy(FullTable::Unsynced)),
        Just(Outcome::Busy(FullTable::Nonces)),
        Just(Outcome::Busy(FullTable::Directed)),
    ];
    (request(), outcome).prop_map(|(request, outcome)| Answer {
        origin: request.origin,
        guild: request.guild,
        attempt: request.attempt,
        outcome,
    })
}

fn peer() -> impl Strategy<Value = PeerMessage> {
    let who = any::<(u16, u64, u64)>()
        .prop_map(|(node, serial, guild)| (RelayId { node: NodeId(node), serial }, GuildId(guild)));
    let parts = (who, any::<u32>(), position(), any::<u64>(), 0..6u8, (record(), channel()));
    prop_oneof![
        (any::<[u32; 3]>(), any::<u64>(), request()).prop_map(|(n, heard, request)| {
            let (port, boot, epoch) = (Port(n[0]), n[1], Epoch(n[2]));
            let (heard, wall) = (Instant::micros(heard), Wall(heard));
            PeerMessage::Request { port, boot, epoch, heard, wall, request }
        }),
        (any::<[u32; 3]>(), answer()).prop_map(|(n, answer)| {
            let (port, boot, sender) = (Port(n[0]), n[1], Epoch(n[2]));
            PeerMessage::Answer { port, boot, sender, answer }
        }),
        parts.prop_map(|((relay, guild), sender, position, sent, kind, (record, channel))| {
            let sender = Epoch(sender);
            match kind {
                0 => PeerMessage::Subscribe { guild, relay },
                1 => PeerMessage::Unsubscribe { guild, relay },
                2 => PeerMessage::CatchUp { guild, relay, from: position },
                3 => {
                    let chunk = Chunk {
                        guild,
                        position,
                        reach: position,
                        nth: 0,
                        of: 2,
                        owner: UserId(sent),
                        deleted: sent % 2 == 0,
                        roles: vec![(
                            RoleId(sent),
                            Role { permissions: Permissions(sent), position: 1 },
                        )],
                        channels: vec![channel],
                        members: vec![(UserId(1), [RoleId(2)].into())],
                    };
                    PeerMessage::Chunk { relay, sender, chunk: Arc::new(chunk) }
                }
                4 => PeerMessage::Stream { relay, guild, sender, record },
                _ => {
                    let (sent, wall) = (Instant::micros(sent), Wall(sent));
                    PeerMessage::Tip { guild, sender, position, sent, wall }
                }
            }
        }),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    let node = prop_oneof![
        Just(node::Input::Stop),
        (connection(), client_frame(), any::<u32>())
            .prop_map(|(connection, frame, bytes)| node::Input::Frame { connection, frame, bytes }),
        (connection(), identify(), any::<u128>()).prop_map(|(connection, identify, id)| {
            node::Input::Identify { connection, identify, session: SessionId(id), bytes: 9 }
        }),
        (connection(), any::<u16>()).prop_map(|(connection, code)| {
            node::Input::Closed { connection, how: Disconnect::Code(code) }
        }),
        peer().prop_map(|message| node::Input::Peer { from: NodeId(2), message }),
        any::<u64>().prop_map(|id| node::Input::Own(GuildId(id))),
        (any::<u64>(), reply())
            .prop_map(|(id, reply)| node::Input::Journal { guild: GuildId(id), reply }),
        notice().prop_map(node::Input::Directory),
        any::<u16>().prop_map(|node| node::Input::Down(NodeId(node))),
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
        any::<[u64; 2]>().prop_map(|[count, bytes]| {
            let mut census = Census::nothing(Machine::Node);
            census.add_bytes(Table::Replay, count, bytes);
            Input::Census(census)
        }),
        (any::<u32>(), ".{0,8}")
            .prop_map(|(index, what)| Input::World(WorldEvent::FaultBegan { index, what })),
        Just(Input::World(WorldEvent::Healed)),
        any::<u16>().prop_map(|node| Input::World(WorldEvent::Crashed(NodeId(node)))),
        (any::<u16>(), any::<u32>(), word()).prop_map(|(from, boot, word)| {
            Input::Directory(directory::Input { from: NodeId(from), boot, word })
        }),
    ]
}

fn note() -> impl Strategy<Value = TraceEvent> {
    (any::<u128>(), connection(), any::<[u64; 3]>(), 0..7u8).prop_map(
        |(id, connection, n, kind)| {
            let session = SessionId(id);
            match kind {
                0 => {
                    let (low, sent, last) = (Seq(n[0]), Seq(n[1]), Seq(n[2]));
                    let why = ResumeRefusal::Seq { low, sent, last };
                    TraceEvent::ResumeRefused { session, connection, why }
                }
                1 => {
                    let why = DetachReason::Cut(CloseReason::Misbehaved(CloseCode::RateLimited));
                    TraceEvent::Detached { session, connection, why }
                }
                2 => TraceEvent::Ended { session, why: SessionEnd::Overflow },
                4 => {
                    let relay = RelayId { node: NodeId(3), serial: n[0] };
                    TraceEvent::RelayGap {
                        relay,
                        at: Position::default(),
                        why: GapReason::Unreachable,
                    }
                }
                3 => {
                    let relay = RelayId { node: NodeId(3), serial: n[0] };
                    let (position, prev) = (Position::default(), Position::default());
                    TraceEvent::RelayHeld { relay, at: None, position, prev, kept: true }
                }
                5 => TraceEvent::GivenUp { guild: GuildId(n[0]) },
                _ => {
                    let (user, shard, intents) = (UserId(n[0]), Shard::default(), Intents::USUAL);
                    TraceEvent::Begun { session, connection, user, shard, intents }
                }
            }
        },
    )
}

fn output() -> impl Strategy<Value = Output> {
    let node = prop_oneof![
        note().prop_map(node::Output::Trace),
        (connection(), server_frame())
            .prop_map(|(connection, frame)| node::Output::Frame { connection, frame }),
        (connection(), any::<u64>(), dispatch()).prop_map(|(connection, s, dispatch)| {
            node::Output::Dispatch { connection, s: Seq(s), dispatch }
        }),
        (any::<u16>(), peer())
            .prop_map(|(to, message)| node::Output::Peer { to: NodeId(to), message }),
        (any::<u64>(), command())
            .prop_map(|(id, command)| node::Output::Journal { guild: GuildId(id), command }),
        word().prop_map(node::Output::Directory),
        Just(node::Output::Stopped),
    ];
    let client = prop_oneof![
        any::<u16>().prop_map(|node| client::Output::Connect(NodeId(node))),
        (connection(), client_frame())
            .prop_map(|(connection, frame)| client::Output::Frame { connection, frame }),
    ];
    prop_oneof![
        4 => node.prop_map(Output::Node),
        2 => client.prop_map(Output::Client),
        1 => (any::<u16>(), notice()).prop_map(|(to, notice)| {
            Output::Directory(directory::Output { to: NodeId(to), notice })
        }),
    ]
}

/// A step of a journal, whose words only a journal says.
fn kept() -> impl Strategy<Value = (JournalEvent, Vec<Output>)> {
    let event = prop_oneof![
        (any::<u16>(), command())
            .prop_map(|(from, command)| JournalEvent::Asked { from: NodeId(from), command }),
        vec(record(), 0..3).prop_map(|records| JournalEvent::Synced { records }),
        any::<u64>().prop_map(|records| JournalEvent::Lost { records }),
    ];
    let said = (any::<u16>(), reply()).prop_map(|(to, reply)| Output::Journal(NodeId(to), reply));
    (event, vec(said, 0..3))
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
    let plain = (head.clone(), input(), vec(output(), 0..4));
    prop_oneof![
        4 => plain.prop_map(|(head, input, outputs)| Step { head, input, outputs }),
        1 => (head, any::<u64>(), kept()).prop_map(|(head, guild, (event, outputs))| Step {
            head: Head { actor: Actor::Journal(GuildId(guild)), ..head },
            input: Input::Journal(event),
            outputs,
        }),
    ]
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
