//! Stories about a planned stop (L7): who is told when, what is taken no more, and when it is over.

use guildhall_core::client::{self, Client, Identity, Jitter};
use guildhall_core::frame::{ClientFrame, CloseCode, Disconnect, ServerFrame};
use guildhall_core::guild::StepDown;
use guildhall_core::id::{Connection, NodeId, SessionId, Shard, UserId};
use guildhall_core::limits::Limits;
use guildhall_core::node::{Input, Output, SessionEnd, TraceEvent};
use guildhall_core::testkit::Flow;
use guildhall_core::time::{Instant, Span};
use std::sync::Arc;

use crate::world::{NODE, WIDE, World, close, session, token, told};

fn sent_away(said: &[Output], on: Connection) -> bool {
    said.contains(&Output::Frame { connection: on, frame: ServerFrame::Reconnect })
}

fn count(said: &[Output], what: impl Fn(&Output) -> bool) -> usize {
    said.iter().filter(|output| what(output)).count()
}

#[test]
fn a_node_that_holds_nothing_is_gone_at_once_and_for_good() {
    let mut world = World::new(Limits::default(), &[]);
    assert_eq!(world.handle(Input::Stop), [Output::Stopped]);
    assert_eq!(world.handle(Input::Stop), []);
    assert_eq!(world.node().poll_timeout(), None);
}

#[test]
fn everybody_is_told_at_a_moment_of_their_own() {
    let limits = Limits::default();
    let members: Vec<u64> = (1..=10).collect();
    let mut world = World::new(limits.clone(), &[&members]);
    let held: Vec<_> = members.iter().map(|&user| world.enter(user, session(user))).collect();
    world.handle(Input::Stop);
    for (on, nth) in held.iter().zip(0..) {
        let said = world.pass(limits.stop_spread.scaled(nth.min(1), 10));
        assert!(sent_away(&said, *on));
        assert_eq!(count(&said, |it| matches!(it, Output::Frame { .. })), 1);
        // They go by themselves, and nobody could resume what they leave.
        let said = world.closed(*on, Disconnect::Code(4000));
        let ended = |it: &Output| {
            matches!(it, Output::Trace(TraceEvent::Ended { why: SessionEnd::Stopped, .. }))
        };
        assert_eq!(count(&said, ended), 1);
        assert_eq!(said.contains(&Output::Stopped), on == &held[9]);
    }
}

#[test]
fn whoever_does_not_go_is_closed_and_not_waited_for() {
    let limits = Limits::default();
    let mut world = World::new(limits.clone(), &[&[1]]);
    let on = world.enter(1, session(1));
    world.handle(Input::Stop);
    let said = world.pass(limits.stop_patience);
    assert!(sent_away(&said, on));
    assert_eq!(close(&said, on), Some(CloseCode::Unknown));
    assert_eq!(said.last(), Some(&Output::Stopped));
}

#[test]
fn nothing_new_begins() {
    let mut world = World::new(Limits::default(), &[&[1, 2, 3]]);
    let (stays, gone, idle) =
        (world.enter(1, session(1)), world.enter(2, session(2)), world.accept(WIDE));
    world.closed(gone, Disconnect::Reset);
    world.set_named(false);
    let waits = world.accept(WIDE);
    assert_eq!(world.identify(waits, 3, session(3)), []);
    let said = world.handle(Input::Stop);
    let ended = TraceEvent::Ended { session: session(2), why: SessionEnd::Stopped };
    assert!(said.contains(&Output::Trace(ended)));
    world.set_named(true);
    assert!(!sent_away(&world.pass(Span::secs(1)), waits));
    // Neither an IDENTIFY nor a RESUME on what is open, nor anything that is new.
    for said in [
        world.identify(waits, 3, session(4)),
        world.resume(idle, token(2), session(2), 0),
        world.handle(Input::Accepted {
            connection: Connection { slot: 50, generation: 1 },
            window: WIDE,
        }),
    ] {
        assert!(
            matches!(
                said[..],
                [
                    Output::Frame { frame: ServerFrame::Reconnect, .. },
                    Output::Close { code: CloseCode::Unknown, .. }
                ]
            ),
            "{said:?}"
        );
    }
    assert_eq!(told(&world.heartbeat(stays, None), stays), []);
    assert_eq!(world.handle(Input::Own(guildhall_core::id::GuildId(1))), []);
}

#[test]
fn a_guild_is_given_up_when_all_that_it_took_is_kept_and_told() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    let on = world.enter(1, session(1));
    // The request has come before the stop, and its journal's answer has not.
    world.set_flow(false);
    world.say(1, 1);
    let request = world.next_held().expect("a request is on its way");
    world.network().commands.flow = Flow::Held;
    world.arrive(request);
    world.network().commands.flow = Flow::Open;
    assert_eq!(world.network().commands.held.len(), 1, "what was taken is to be kept");
    let closed = |it: &Output| {
        matches!(it, Output::Trace(TraceEvent::SteppedDown { why: StepDown::Closed, .. }))
    };
    let said = world.handle(Input::Stop);
    assert_eq!(count(&said, closed), 0);
    // What comes now is not taken.
    world.say(1, 1);
    let late = world.network().peers.held.pop_back().expect("a request is on its way");
    assert_eq!(world.arrive(late.message), []);
    let said = world.release_commands();
    assert_eq!(count(&said, closed), 1);
    world.set_flow(true);
    let said = world.pass(Span::ZERO);
    assert!(sent_away(&said, on));
    assert!(told(&said, on).contains(&(3, "MESSAGE_CREATE")), "{said:?}");
}

#[test]
fn a_guild_that_is_not_opened_yet_is_given_up_at_once_and_told_of() {
    let mut world = World::new(Limits::default(), &[]);
    let guild = guildhall_core::id::GuildId(1);
    let out = world.handle_alone(Input::Own(guild));
    assert!(matches!(out[..], [Output::Journal { .. }]), "{out:?}");
    let given_up = Output::Trace(TraceEvent::GivenUp { guild });
    assert_eq!(world.handle(Input::Stop), [given_up, Output::Stopped]);
    assert_eq!(world.node().poll_timeout(), None);
}

#[test]
fn a_journal_that_does_not_answer_is_not_waited_for() {
    let limits = Limits::default();
    let mut world = World::new(limits.clone(), &[&[1]]);
    world.set_flow(false);
    world.say(1, 1);
    let message = world.next_held().expect("a request is on its way");
    world.handle_alone(Input::Peer { from: NODE, message });
    let end = world.now() + limits.stop_within;
    let mut out = world.handle_alone(Input::Stop);
    while let Some(at) = world.node().poll_timeout() {
        assert!(at <= end && !out.contains(&Output::Stopped));
        world.node().handle_timeout(at.into(), &mut out);
    }
    assert_eq!(out.last(), Some(&Output::Stopped));
}

fn client() -> Client {
    let (user, home) = (UserId(1), NodeId(0));
    let intents = guildhall_core::dispatch::Intents::USUAL;
    let identity =
        Identity { user, token: token(1), intents, shard: Shard::default(), home, nodes: 3 };
    Client::new(identity, Arc::new(Limits::default()), None)
}

#[test]
fn a_client_that_is_sent_away_keeps_its_session_and_soon_asks_another_node() {
    let (mut client, mut out) = (client(), Vec::new());
    let mut now = Instant::micros(1);
    let on = |slot| Connection { slot, generation: 1 };
    client.handle(now.into(), client::Input::Start, &mut out);
    let mut nodes = Vec::new();
    for slot in 0..4 {
        nodes.extend(out.drain(..).find_map(|it| match it {
            client::Output::Connect(node) => Some(node.0),
            _ => None,
        }));
        let (connection, jitter) = (on(slot), Jitter(0));
        client.handle(now.into(), client::Input::Opened { connection, jitter }, &mut out);
        let frame = ServerFrame::Reconnect;
        client.handle(now.into(), client::Input::Frame { connection, frame }, &mut out);
        assert!(out.contains(&client::Output::Close { connection, code: 4000 }));
        now = client.poll_timeout().expect("it comes back");
        client.handle_timeout(now.into(), &mut out);
    }
    assert_eq!(nodes, [0, 0, 1, 2]);
    // It never gave up a session; it only has none yet.
    let frame = ServerFrame::Hello { heartbeat_interval: Span::secs(40) };
    let connection = on(9);
    client.handle(now.into(), client::Input::Opened { connection, jitter: Jitter(0) }, &mut out);
    client.handle(now.into(), client::Input::Frame { connection, frame }, &mut out);
    assert!(matches!(
        out.last(),
        Some(client::Output::Frame { frame: ClientFrame::Identify(_), .. })
    ));
    assert_eq!(client.session(), None::<SessionId>);
}
