//! A guild judges, orders and remembers: requests of all kinds, with a wall clock that jumps.

use std::collections::BTreeMap;

use guildhall_core::guild::{Back, Charter, Guild, Input, Output};
use guildhall_core::id::{ChannelId, Epoch, GuildId, NodeId, Nonce, Port, Position, UserId};
use guildhall_core::limits::Limits;
use guildhall_core::mutant::Plant;
use guildhall_core::peer::{Chunk, Event, PeerMessage, Record, RelayId};
use guildhall_core::request::{Act, Origin, Outcome, Refusal, Request};
use guildhall_core::time::{Instant, Now, Span, Wall};
use proptest::prelude::*;

const GUILD: GuildId = GuildId(1);
const FOLLOWER: RelayId = RelayId { node: NodeId(9), serial: 1 };

pub(crate) fn charter() -> Charter {
    let channels = vec![ChannelId(2), ChannelId(1)];
    let members = vec![UserId(3), UserId(1), UserId(2), UserId(3)];
    Charter { id: GUILD, epoch: Epoch(4), channels, members }
}

pub(crate) fn say(user: u64, nonce: u64, channel: u64) -> Input {
    let origin = Origin { user: UserId(user), nonce: Nonce(nonce) };
    let act = Act::Say { channel: ChannelId(channel), content: format!("{nonce}").into() };
    let back = Back { node: NodeId(1), port: Port(1) };
    Input::Request { back, request: Request { origin, guild: GUILD, act } }
}

#[derive(Clone, Debug)]
struct Asked {
    user: u64,
    nonce: u64,
    channel: u64,
    wall: u64,
}

fn asked() -> impl Strategy<Value = Asked> {
    (0..4u64, 0..30u64, 1..4u64, 0..1u64 << 41).prop_map(|(user, nonce, channel, wall)| Asked {
        user,
        nonce,
        channel,
        wall,
    })
}

/// What the guild says to its follower, sorted by kind.
#[derive(Default)]
struct Heard {
    records: Vec<Record>,
    chunks: Vec<Chunk>,
    tips: Vec<Position>,
    outcomes: Vec<(Origin, Outcome)>,
}

fn heard(out: Vec<Output>) -> Heard {
    let mut heard = Heard::default();
    for output in out {
        match output {
            Output::Answer(_, answer) => heard.outcomes.push((answer.origin, answer.outcome)),
            Output::Relay(relay, message) => {
                assert_eq!(relay, FOLLOWER);
                match message {
                    PeerMessage::Stream { record, .. } => heard.records.push((*record).clone()),
                    PeerMessage::Chunk { chunk, .. } => heard.chunks.push((*chunk).clone()),
                    PeerMessage::Tip { position, .. } => heard.tips.push(position),
                    other => panic!("no word for a relay: {other:?}"),
                }
            }
        }
    }
    heard
}

fn followed(limits: &Limits) -> Guild {
    let mut guild = Guild::new(charter());
    guild.handle(
        Now::default(),
        limits,
        Input::Subscribe(FOLLOWER),
        &mut Vec::new(),
        &mut Plant::new(None),
    );
    guild
}

proptest! {
    #![proptest_config(crate::cases(1000))]

    #[test]
    fn requests_are_judged_placed_and_remembered(
        asks in prop::collection::vec(asked(), 1..80),
        nonces in 20..60u32,
    ) {
        let limits = Limits { nonces, ..Limits::default() };
        let mut guild = followed(&limits);
        let mut answered: BTreeMap<Origin, Outcome> = BTreeMap::new();
        let mut tip = Position { epoch: Epoch(4), index: 0 };
        let mut last_id = None;
        for Asked { user, nonce, channel, wall } in asks {
            let now = Now { instant: Instant::micros(5), wall: Wall(wall) };
            let mut out = Vec::new();
            guild.handle(now, &limits, say(user, nonce, channel), &mut out, &mut Plant::new(None));
            let heard = heard(out);
            let origin = Origin { user: UserId(user), nonce: Nonce(nonce) };
            let refusal = |why| Outcome::Refused { why, at: Some(tip) };
            let expected = match answered.get(&origin) {
                Some(&first) => first,
                None if answered.len() as u32 >= nonces => Outcome::Busy,
                None if user == 0 => refusal(Refusal::NotAMember),
                None if channel == 3 => refusal(Refusal::NoSuchChannel),
                None => Outcome::Done(tip.next()),
            };
            prop_assert_eq!(&heard.outcomes[..], &[(origin, expected)]);
            let new = !answered.contains_key(&origin);
            if expected != Outcome::Busy {
                answered.insert(origin, expected);
            }
            match (&heard.records[..], new, expected) {
                ([record], true, Outcome::Done(position)) => {
                    prop_assert_eq!((record.position, record.prev), (position, tip));
                    let Event::Message(message) = &record.event;
                    prop_assert!(Some(message.id) > last_id, "ids grow, whatever the clocks say");
                    prop_assert_eq!(message.author, UserId(user));
                    prop_assert_eq!(&*message.content, format!("{nonce}"));
                    (tip, last_id) = (position, Some(message.id));
                }
                ([], false, _) | ([], true, Outcome::Refused { .. } | Outcome::Busy) => {}
                other => prop_assert!(false, "{:?}", other),
            }
        }
        prop_assert_eq!(guild.kept().2, answered.len() as u64);
    }

    #[test]
    fn catching_up_gives_exactly_what_came_after_or_a_snapshot(
        said in 0..30u64,
        ring in 1..12u32,
        chunk_entries in 1..7u32,
    ) {
        let limits = Limits { catch_up_events: ring, chunk_entries, ..Limits::default() };
        let mut guild = followed(&limits);
        for nonce in 0..said {
            guild.handle(Now::default(), &limits, say(1, nonce, 1), &mut Vec::new(), &mut Plant::new(None));
        }
        let tip = Position { epoch: Epoch(4), index: said };
        let epoch_before = Position { epoch: Epoch(3), index: said + 5 };
        let from = (0..=said + 1).map(|index| Position { epoch: Epoch(4), index });
        for from in from.chain([epoch_before]) {
            let mut out = Vec::new();
            guild.handle(Now::default(), &limits, Input::CatchUp(FOLLOWER, from), &mut out, &mut Plant::new(None));
            let Heard { records, chunks, tips, .. } = heard(out);
            let lost = from.epoch < tip.epoch || from.index + u64::from(ring) < said;
            prop_assert_eq!(chunks.is_empty(), !lost, "from {}", from);
            if lost {
                prop_assert!(records.is_empty());
                assert_whole(&chunks, tip, chunk_entries);
                continue;
            }
            prop_assert_eq!(&tips[..], &[tip]);
            let mut at = from;
            for record in &records {
                prop_assert_eq!((record.prev, record.position), (at, at.next()));
                at = record.position;
            }
            prop_assert!(at >= tip);
        }
    }

    #[test]
    fn an_answer_is_remembered_for_the_window_and_no_longer(
        gaps in prop::collection::vec(0..400u64, 1..20),
    ) {
        let limits = Limits { nonce_window: Span::secs(600), ..Limits::default() };
        let (mut guild, mut now, mut asked) = (followed(&limits), Instant::ZERO, Vec::new());
        for (&gap, nonce) in gaps.iter().zip(0..) {
            now = now + Span::secs(gap);
            guild.forget(now, &limits);
            guild.handle(now.into(), &limits, say(1, nonce, 1), &mut Vec::new(), &mut Plant::new(None));
            asked.push(now);
            asked.retain(|&at| now.since(at) < limits.nonce_window);
            prop_assert_eq!(guild.kept().2, asked.len() as u64);
            prop_assert_eq!(guild.oldest_answer(), asked.first().copied());
        }
    }
}

fn assert_whole(chunks: &[Chunk], tip: Position, entries: u32) {
    assert_eq!(chunks.len() as u32, 5u32.div_ceil(entries));
    for (chunk, nth) in chunks.iter().zip(0..) {
        assert_eq!((chunk.position, chunk.nth, chunk.of), (tip, nth, chunks.len() as u32));
        assert!(chunk.channels.len() + chunk.members.len() <= entries as usize);
    }
    let channels = chunks.iter().flat_map(|chunk| chunk.channels.clone());
    assert_eq!(channels.collect::<Vec<_>>(), [ChannelId(1), ChannelId(2)]);
    let members = chunks.iter().flat_map(|chunk| chunk.members.clone());
    assert_eq!(members.collect::<Vec<_>>(), [UserId(1), UserId(2), UserId(3)]);
}

#[test]
fn who_has_left_is_told_nothing() {
    let (limits, mut out) = (Limits::default(), Vec::new());
    let mut guild = followed(&limits);
    guild.handle(
        Now::default(),
        &limits,
        Input::Unsubscribe(FOLLOWER),
        &mut out,
        &mut Plant::new(None),
    );
    guild.handle(
        Now::default(),
        &limits,
        Input::CatchUp(FOLLOWER, Position::default()),
        &mut out,
        &mut Plant::new(None),
    );
    guild.handle(Now::default(), &limits, Input::Tip, &mut out, &mut Plant::new(None));
    guild.handle(Now::default(), &limits, say(1, 1, 1), &mut out, &mut Plant::new(None));
    assert!(matches!(out[..], [Output::Answer(..)]), "{out:?}");
}
