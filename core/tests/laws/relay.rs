//! A relay at the end of a bad link: words come late, twice, in any order or not at all.
//!
//! The first law drives the machine alone; the second a whole node, for only a node has sessions.

use std::sync::Arc;

use guildhall_core::dispatch::Body;
use guildhall_core::guild::{self, Guild};
use guildhall_core::id::{ChannelId, NodeId, UserId};
use guildhall_core::limits::Limits;
use guildhall_core::mutant::Plant;
use guildhall_core::peer::{PeerMessage, RelayId};
use guildhall_core::relay::{Input, Relay};
use guildhall_core::time::{Now, Span};
use proptest::prelude::*;

use crate::guild::{charter, say};
use crate::world::{World, dispatches, session, told};

const RELAY: RelayId = RelayId { node: NodeId(9), serial: 1 };

/// One step of the link's: something is said, or one of the words under way does something.
#[derive(Clone, Debug)]
enum Link {
    Say,
    Arrive(prop::sample::Index),
    Double(prop::sample::Index),
    Lose(prop::sample::Index),
    /// The relay asks for what it wants.
    Ask,
    /// The guild repeats its tip.
    Tip,
}

fn link() -> impl Strategy<Value = Link> {
    let which = any::<prop::sample::Index>;
    prop_oneof![
        4 => Just(Link::Say),
        6 => which().prop_map(Link::Arrive),
        2 => which().prop_map(Link::Double),
        1 => which().prop_map(Link::Lose),
        2 => Just(Link::Ask),
        1 => Just(Link::Tip),
    ]
}

struct Pair {
    guild: Guild,
    relay: Relay,
    limits: Limits,
    under_way: Vec<PeerMessage>,
    said: u64,
}

impl Pair {
    fn guild(&mut self, input: guild::Input) {
        let mut out = Vec::new();
        self.guild.handle(Now::default(), &self.limits, input, &mut out, &mut Plant::new(None));
        self.under_way.extend(out.into_iter().filter_map(|output| match output {
            guild::Output::Relay(_, message) => Some(message),
            guild::Output::Answer(..) => None,
        }));
    }

    fn say(&mut self) {
        self.said += 1;
        self.guild(say(1, self.said, 1));
    }

    fn ask(&mut self) {
        self.under_way.extend(self.relay.ask());
    }

    fn arrive(&mut self, message: PeerMessage) {
        let before = self.relay.position();
        let input = match message {
            PeerMessage::Subscribe { relay, .. } => {
                return self.guild(guild::Input::Subscribe(relay));
            }
            PeerMessage::CatchUp { relay, from, .. } => {
                return self.guild(guild::Input::CatchUp(relay, from));
            }
            PeerMessage::Chunk { sender, chunk, .. } => Input::Chunk(sender, chunk),
            PeerMessage::Stream { sender, record, .. } => Input::Stream(sender, record),
            PeerMessage::Tip { sender, position, .. } => Input::Tip(sender, position),
            other => panic!("nobody said this: {other:?}"),
        };
        let chunk = if let Input::Chunk(_, chunk) = &input { Some(chunk.position) } else { None };
        let mut out = Vec::new();
        self.relay.handle(&self.limits, input, &mut out, &mut Plant::new(None));
        // What it has just taken up counts as well.
        let before = if out.is_empty() { before } else { before.max(chunk) };
        assert!(self.relay.position() >= before, "a relay never goes back");
    }
}

proptest! {
    #![proptest_config(crate::cases(2000))]

    #[test]
    fn a_relay_never_goes_back_and_arrives_at_the_tip(
        steps in prop::collection::vec(link(), 1..120),
        ring in 1..10u32,
        chunk_entries in 1..6u32,
        relay_inbox in 0..4u32,
    ) {
        let limits =
            Limits { catch_up_events: ring, chunk_entries, relay_inbox, ..Limits::default() };
        let (guild, relay) = (Guild::new(charter()), Relay::new(RELAY, charter().id));
        let mut pair = Pair { guild, relay, limits, under_way: Vec::new(), said: 0 };
        for step in steps {
            let count = pair.under_way.len();
            match step {
                Link::Say => pair.say(),
                Link::Ask => pair.ask(),
                Link::Tip => pair.guild(guild::Input::Tip),
                Link::Arrive(_) | Link::Double(_) | Link::Lose(_) if count == 0 => {}
                Link::Arrive(which) => {
                    let message = pair.under_way.swap_remove(which.index(count));
                    pair.arrive(message);
                }
                Link::Double(which) => {
                    pair.under_way.push(pair.under_way[which.index(count)].clone());
                }
                Link::Lose(which) => {
                    pair.under_way.swap_remove(which.index(count));
                }
            }
        }
        // The link is well again: the relay asks until it has nothing to ask for.
        for _ in 0..4 {
            pair.guild(guild::Input::Tip);
            pair.ask();
            while !pair.under_way.is_empty() {
                let message = pair.under_way.remove(0);
                pair.arrive(message);
            }
        }
        prop_assert_eq!(pair.relay.position().map(|at| at.index), Some(pair.said));
        prop_assert!(pair.relay.is_current() && pair.relay.ask().is_none());
        let everything = guildhall_core::dispatch::Intents(u32::MAX);
        let snapshot = pair.relay.snapshot(UserId(2), everything, &pair.limits).unwrap();
        let Body::GuildCreate(snapshot) = snapshot.body else { panic!("a snapshot") };
        prop_assert_eq!(snapshot.channels, Arc::from([ChannelId(1), ChannelId(2)]));
        prop_assert_eq!(snapshot.members, Arc::from([UserId(1), UserId(2), UserId(3)]));
    }

    /// Within reach of the catch-up ring; a snapshot that overtakes the stream is not tried here.
    #[test]
    fn a_session_is_told_each_event_after_its_snapshot_once_and_in_order(
        fates in prop::collection::vec((0..4u8, any::<prop::sample::Index>()), 1..60),
        relay_inbox in 0..6u32,
    ) {
        let limits = Limits { relay_inbox, ..Limits::default() };
        let mut world = World::new(limits, &[&[1, 2]]);
        let reader = world.enter(1, session(1));
        world.enter(2, session(2));
        let (mut held, mut said) = (Vec::new(), Vec::new());
        for &(fate, which) in &fates {
            let relay = world.say_aside(2, 1).1;
            match fate {
                0 => held.extend(relay),
                1 => {}
                2 => {
                    for message in relay {
                        said.extend(world.arrive(message.clone()));
                        held.push(message);
                    }
                }
                _ => {
                    held.extend(relay);
                    let late = held.swap_remove(which.index(held.len()));
                    said.extend(world.arrive(late));
                }
            }
        }
        for message in held {
            said.extend(world.arrive(message));
        }
        for _ in 0..4 {
            said.extend(world.pass(Span::secs(5)));
        }
        let expected: Vec<_> = (3..).take(fates.len()).map(|s| (s, "MESSAGE_CREATE")).collect();
        prop_assert_eq!(told(&said, reader), expected);
        let positions = dispatches(&said, reader).map(|(_, told)| told.source.unwrap().position);
        let indices: Vec<_> = positions.map(|position| position.index).collect();
        prop_assert_eq!(indices, (1..=fates.len() as u64).collect::<Vec<_>>());
    }
}
