//! Stories about a node under pressure: slow readers, full windows, full relays and gaps.

use guildhall_core::census::Table;
use guildhall_core::dispatch::{Body, Intents};
use guildhall_core::frame::{CloseCode, Disconnect};
use guildhall_core::id::Connection;
use guildhall_core::limits::Limits;
use guildhall_core::node::{CloseReason, DetachReason, Output, SessionEnd, TraceEvent};
use guildhall_core::time::Span;

use crate::world::{WIDE, World, close, dispatches, invalid, session, token, told};

fn says(said: &[Output], note: &TraceEvent) -> bool {
    said.contains(&Output::Trace(note.clone()))
}

fn narrow() -> Limits {
    Limits { replay_dispatches: 6, live_unsent: 3, channels: 0, ..Limits::default() }
}

#[test]
fn a_connection_that_takes_too_little_is_cut_and_can_resume() {
    let mut world = World::new(narrow(), &[&[1, 2]]);
    let quick = world.enter(2, session(2));
    let slow = world.accept(1_600);
    assert_eq!(told(&world.identify(slow, 1, session(1)), slow).len(), 2);
    let said: Vec<_> = (0..3).flat_map(|_| world.say(2, 1)).collect();
    assert_eq!((told(&said, slow).len(), close(&said, slow)), (0, None), "three may wait");
    let said = world.say(2, 1);
    assert_eq!(close(&said, slow), Some(CloseCode::Unknown));
    let why = DetachReason::Cut(CloseReason::Slow);
    assert!(says(&said, &TraceEvent::Detached { session: session(1), connection: slow, why }));
    assert_eq!(told(&said, quick).len(), 1, "the neighbour notices nothing");
    let again = world.accept(WIDE);
    let said = world.resume(again, token(1), session(1), 2);
    let numbers: Vec<_> = dispatches(&said, again).map(|(s, _)| s.0).collect();
    assert_eq!(numbers, [3, 4, 5, 6, 7]);
}

#[test]
fn a_slow_reader_gets_the_rest_as_it_drains() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    let slow = world.accept(40);
    assert_eq!(told(&world.identify(slow, 1, session(1)), slow), [(1, "READY")]);
    world.say(1, 1);
    // The snapshot is numbered when it is pulled: it includes what was said before.
    let said = world.drained(slow, 1_000);
    assert_eq!(told(&said, slow), [(2, "GUILD_CREATE")]);
    assert_eq!(told(&world.say(1, 1), slow), []);
    assert_eq!(told(&world.drained(slow, 400), slow), []);
    assert_eq!(told(&world.drained(slow, 2_000), slow), [(3, "MESSAGE_CREATE")]);
}

#[test]
fn a_detached_session_that_misses_too_much_ends() {
    let mut world = World::new(narrow(), &[&[1, 2]]);
    world.enter(2, session(2));
    let a = world.enter(1, session(1));
    world.closed(a, Disconnect::End);
    let said: Vec<_> = (0..6).flat_map(|_| world.say(2, 1)).collect();
    let ended = TraceEvent::Ended { session: session(1), why: SessionEnd::Overflow };
    assert!(!says(&said, &ended), "what was sent may slide out");
    assert!(says(&world.say(2, 1), &ended));
    let b = world.accept(WIDE);
    assert!(invalid(&world.resume(b, token(1), session(1), 2), b));
    assert_eq!(world.census().count(Table::DetachedSessions), 0);
}

#[test]
fn a_replay_that_is_overtaken_ends_with_op_9_and_the_socket_stays() {
    let mut world = World::new(narrow(), &[&[1, 2]]);
    world.enter(2, session(2));
    let a = world.enter(1, session(1));
    world.closed(a, Disconnect::End);
    (0..6).for_each(|_| drop(world.say(2, 1)));
    let b = world.accept(60);
    let said = world.resume(b, token(1), session(1), 2);
    assert_eq!(told(&said, b), [(3, "MESSAGE_CREATE")], "the rest waits for room");
    let said: Vec<_> = (0..2).flat_map(|_| world.say(2, 1)).collect();
    assert!(invalid(&said, b) && close(&said, b).is_none());
    assert!(says(&said, &TraceEvent::Ended { session: session(1), why: SessionEnd::Overflow }));
    world.pass(Limits::default().identify_every);
    world.drained(b, 10_000);
    let said = world.identify(b, 1, session(3));
    assert_eq!(told(&said, b), [(1, "READY"), (2, "GUILD_CREATE")]);
}

#[test]
fn a_drop_in_the_midst_of_a_replay_starts_it_again_from_what_the_client_says() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    let a = world.enter(1, session(1));
    (0..3).for_each(|_| drop(world.say(1, 1)));
    world.closed(a, Disconnect::End);
    let b = world.accept(500);
    assert_eq!(
        told(&world.resume(b, token(1), session(1), 2), b),
        [(3, "MESSAGE_CREATE"), (4, "MESSAGE_CREATE")]
    );
    world.closed(b, Disconnect::Reset);
    let c = world.accept(WIDE);
    let numbers = |said: &[Output], on: Connection| -> Vec<_> {
        told(said, on).into_iter().map(|(s, name)| format!("{s} {name}")).collect()
    };
    let said = world.resume(c, token(1), session(1), 3);
    assert_eq!(
        numbers(&said, c),
        ["4 MESSAGE_CREATE", "5 MESSAGE_CREATE", "6 RESUMED"],
        "the RESUMED of the first replay ends the second, too"
    );
}

#[test]
fn one_who_asks_and_never_reads_is_cut() {
    let limits = Limits { control_unsent_bytes: 320, ..Limits::default() };
    let mut world = World::new(limits, &[&[1]]);
    let a = world.accept(20);
    let beats = (1..50).find(|_| close(&world.heartbeat(a, None), a).is_some());
    assert_eq!(beats, Some(11), "ten answers of 32 bytes may wait");
}

#[test]
fn a_full_relay_opens_another() {
    let limits = Limits { relay_sessions: 2, ..Limits::default() };
    let mut world = World::new(limits, &[&[1, 2, 3]]);
    let readers: Vec<_> = (1..=3).map(|user| world.enter(user, session(user))).collect();
    let census = world.census();
    assert_eq!(census.count(Table::Relays), 2);
    assert_eq!(census.count(Table::FullestRelay), 2);
    let said = world.say(1, 1);
    for reader in &readers {
        assert_eq!(told(&said, *reader), [(3, "MESSAGE_CREATE")]);
    }
    // The second relay closes with its only session, and its guild hears of it.
    world.closed(readers[2], Disconnect::Code(1000));
    let census = world.census();
    assert_eq!((census.count(Table::Relays), census.count(Table::Followers)), (1, 1));
}

#[test]
fn a_relay_that_missed_too_much_tells_of_a_gap() {
    let limits = Limits { catch_up_events: 2, ..narrow() };
    let mut world = World::new(limits, &[&[1, 2]]);
    let a = world.enter(1, session(1));
    let away = world.enter(2, session(2));
    assert_eq!(told(&world.say(1, 1), a), [(3, "MESSAGE_CREATE")]);
    world.closed(away, Disconnect::End);
    let lost: usize = (0..5).map(|_| world.say_aside(1, 1).1.len()).sum();
    assert_eq!(lost, 5);
    let said = world.pass(Span::secs(6));
    assert_eq!(told(&said, a), [(4, "GUILD_DELETE"), (5, "GUILD_CREATE")]);
    let positions: Vec<_> =
        dispatches(&said, a).map(|(_, told)| told.source.unwrap().position.index).collect();
    // The gap begins where they were told last.
    assert_eq!(positions, [1, 6]);
    // One that was away hears the same, and what it had before the gap is still its own.
    // Others have filled the log that it left since then.
    (0..10).for_each(|_| drop(world.say(1, 1)));
    let back = world.accept(WIDE);
    let said = world.resume(back, token(2), session(2), 2);
    let names: Vec<_> = dispatches(&said, back).map(|(_, told)| told.body.name()).collect();
    assert_eq!(names, ["MESSAGE_CREATE", "GUILD_DELETE", "RESUMED", "GUILD_CREATE"]);
    let last = dispatches(&said, back).last().unwrap().1;
    assert!(matches!(last.body, Body::GuildCreate(_)));
    assert_eq!(last.source.unwrap().position.index, 16);
}

#[test]
fn events_in_the_wrong_order_slide_a_full_window_all_the_same() {
    let mut world = World::new(narrow(), &[&[1]]);
    let a = world.enter(1, session(1));
    (0..10).for_each(|_| drop(world.say(1, 1)));
    let (early, late) = (world.say_aside(1, 1).1, world.say_aside(1, 1).1);
    let words = late.into_iter().chain(early);
    let said: Vec<_> = words.flat_map(|word| world.arrive(word)).collect();
    assert_eq!(told(&said, a), [(13, "MESSAGE_CREATE"), (14, "MESSAGE_CREATE")]);
}

#[test]
fn a_relay_closes_when_its_last_session_misses_too_much() {
    let mut world = World::new(narrow(), &[&[1]]);
    let a = world.enter(1, session(1));
    world.closed(a, Disconnect::End);
    (0..5).for_each(|_| drop(world.say(1, 1)));
    // Three at once: the first two fit, or one of them is already too much.
    let aside: Vec<_> = (0..3).flat_map(|_| world.say_aside(1, 1).1).collect();
    aside.into_iter().rev().for_each(|word| drop(world.arrive(word)));
    let census = world.census();
    assert_eq!((census.count(Table::Sessions), census.count(Table::Relays)), (0, 0));
}

#[test]
fn after_a_gap_each_session_waits_in_a_place_of_its_own() {
    let limits = Limits { catch_up_events: 2, ..Limits::default() };
    let mut world = World::new(limits, &[&[1, 2]]);
    let members = Intents(Intents::USUAL.0 | Intents::GUILD_MEMBERS.0);
    for (user, intents) in [(1, Intents::USUAL), (2, members)] {
        let connection = world.accept(WIDE);
        world.identify_with(connection, token(user), intents, session(user));
        world.closed(connection, Disconnect::End);
    }
    (0..5).for_each(|_| drop(world.say_aside(1, 1)));
    world.pass(Span::secs(6));
    // The one behind comes back, is told, and leaves; the one before it still waits.
    let b = world.accept(WIDE);
    let said = world.resume(b, token(2), session(2), 2);
    assert_eq!(told(&said, b), [(3, "GUILD_DELETE"), (4, "RESUMED"), (5, "GUILD_CREATE")]);
    world.closed(b, Disconnect::Code(1000));
    world.say_aside(1, 1);
    world.pass(Span::secs(6));
    let a = world.accept(WIDE);
    let said = world.resume(a, token(1), session(1), 2);
    assert_eq!(told(&said, a), [(3, "GUILD_DELETE"), (4, "RESUMED"), (5, "GUILD_CREATE")]);
    world.closed(a, Disconnect::Code(1000));
    assert_eq!(world.census().count(Table::Relays), 0);
}
