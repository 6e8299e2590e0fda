//! Stories about one node: sockets, sessions and relays, told step by step.

use guildhall_core::census::Table;
use guildhall_core::frame::{ClientFrame, CloseCode, Disconnect, Malformed, ServerFrame};
use guildhall_core::id::{Connection, Token};
use guildhall_core::limits::Limits;
use guildhall_core::node::{DetachReason, Input, Output, SessionEnd, TraceEvent};
use guildhall_core::session::ResumeRefusal;
use guildhall_core::time::Span;

use crate::world::{WIDE, World, close, invalid, session, token, told};

fn notes(said: &[Output]) -> Vec<&TraceEvent> {
    said.iter()
        .filter_map(|said| if let Output::Trace(note) = said { Some(note) } else { None })
        .collect()
}

/// The names and counts of all tables that are not empty. Slots stay, for those who come next.
fn kept(world: &mut World) -> Vec<(Table, u64)> {
    let slots = [Table::ConnectionSlots, Table::SessionSlots, Table::RelaySlots];
    let lines = world.census().lines;
    let kept = lines.iter().map(|line| (line.table, line.count));
    kept.filter(|(table, count)| *count > 0 && !slots.contains(table)).collect()
}

#[test]
fn identify_is_answered_with_ready_and_then_the_guilds() {
    let mut world = World::new(Limits::default(), &[&[1], &[1, 2]]);
    let a = world.accept(WIDE);
    let said = world.identify(a, 1, session(1));
    assert_eq!(told(&said, a), [(1, "READY"), (2, "GUILD_CREATE"), (3, "GUILD_CREATE")]);
    assert_eq!(told(&world.say(2, 2), a), [(4, "MESSAGE_CREATE")]);
}

#[test]
fn a_late_close_of_a_superseded_connection_touches_nothing() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    let (old, new) = (world.enter(1, session(1)), world.accept(WIDE));
    let said = world.resume(new, token(1), session(1), 2);
    assert_eq!(told(&said, new), [(3, "RESUMED")]);
    assert_eq!(close(&said, old), Some(CloseCode::Unknown));
    let why = DetachReason::Superseded;
    assert!(notes(&said).contains(&&TraceEvent::Detached {
        session: session(1),
        connection: old,
        why
    }));
    // Not even a close that gives up the session.
    assert_eq!(world.closed(old, Disconnect::Code(1000)), []);
    assert_eq!(world.heartbeat(old, Some(3)), []);
    assert_eq!(world.drained(old, 50), []);
    assert_eq!(told(&world.say(1, 1), new), [(4, "MESSAGE_CREATE")]);
}

#[test]
fn a_second_identify_or_resume_is_closed_with_4005() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    let a = world.enter(1, session(1));
    let said = world.identify(a, 1, session(2));
    assert_eq!(close(&said, a), Some(CloseCode::AlreadyAuthenticated));
    let b = world.accept(WIDE);
    world.resume(b, token(1), session(1), 2);
    let said = world.resume(b, token(1), session(1), 2);
    assert_eq!(close(&said, b), Some(CloseCode::AlreadyAuthenticated));
    // The session only lost its connection.
    let c = world.accept(WIDE);
    assert_eq!(told(&world.resume(c, token(1), session(1), 3), c), [(4, "RESUMED")]);
}

#[test]
fn a_token_of_nobody_is_closed_with_4004() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    let a = world.accept(WIDE);
    let said = world.identify(a, 99, session(1));
    assert_eq!(close(&said, a), Some(CloseCode::AuthenticationFailed));
    assert_eq!(told(&said, a), []);
}

#[test]
fn a_resume_with_the_wrong_token_leaves_the_session_alone() {
    let mut world = World::new(Limits::default(), &[&[1, 2]]);
    let (a, b) = (world.enter(1, session(1)), world.accept(WIDE));
    for (token, why) in [(token(2), ResumeRefusal::Token), (Token(5), ResumeRefusal::Token)] {
        let said = world.resume(b, token, session(1), 2);
        assert!(invalid(&said, b) && close(&said, a).is_none());
        let refused = TraceEvent::ResumeRefused { session: session(1), connection: b, why };
        assert_eq!(notes(&said), [&refused]);
    }
    let said = world.resume(b, token(2), session(7), 2);
    let why = ResumeRefusal::NoSession;
    let refused = TraceEvent::ResumeRefused { session: session(7), connection: b, why };
    assert_eq!((invalid(&said, b), notes(&said)), (true, vec![&refused]));
    assert_eq!(told(&world.say(2, 1), a), [(3, "MESSAGE_CREATE")]);
}

#[test]
fn a_resume_outside_the_window_is_refused_and_changes_nothing() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    let a = world.enter(1, session(1));
    world.heartbeat(a, Some(1));
    world.closed(a, Disconnect::Reset);
    world.say(1, 1);
    let b = world.accept(WIDE);
    // Number 1 is acknowledged, and number 3 was never sent.
    assert!(invalid(&world.resume(b, token(1), session(1), 0), b));
    assert!(invalid(&world.resume(b, token(1), session(1), 3), b));
    let said = world.resume(b, token(1), session(1), 1);
    assert_eq!(told(&said, b), [(2, "GUILD_CREATE"), (3, "MESSAGE_CREATE"), (4, "RESUMED")]);
}

#[test]
fn op_9_leaves_the_socket_open_for_an_identify() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    let a = world.accept(WIDE);
    assert!(invalid(&world.resume(a, token(1), session(9), 4), a));
    let said = world.identify(a, 1, session(1));
    assert_eq!(told(&said, a), [(1, "READY"), (2, "GUILD_CREATE")]);
    // The bucket of this user is shut for a while.
    let b = world.accept(WIDE);
    assert!(invalid(&world.identify(b, 1, session(2)), b));
    world.pass(Limits::default().identify_every);
    assert_eq!(told(&world.identify(b, 1, session(2)), b).len(), 2);
}

#[test]
fn what_cannot_be_a_frame_closes_the_connection() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    let a = world.enter(1, session(1));
    let frame = ClientFrame::Heartbeat { d: None };
    let longest = Input::Frame { connection: a, frame, bytes: 4_096 };
    assert_eq!(close(&world.handle(longest), a), None);
    let too_long = Input::Frame { connection: a, frame, bytes: 4_097 };
    assert_eq!(close(&world.handle(too_long), a), Some(CloseCode::Decode));
    for (frame, code) in [
        (ClientFrame::Malformed(Malformed::Opcode), CloseCode::UnknownOpcode),
        (ClientFrame::Malformed(Malformed::Payload), CloseCode::Decode),
        (ClientFrame::Other, CloseCode::NotAuthenticated),
    ] {
        let a = world.accept(WIDE);
        assert_eq!(close(&world.frame(a, frame), a), Some(code));
    }
}

#[test]
fn an_opcode_that_means_nothing_is_passed_over_within_a_session_and_counted() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    let a = world.enter(1, session(1));
    world.pass(Span::secs(60));
    for _ in 0..120 {
        assert_eq!(world.frame(a, ClientFrame::Other), []);
    }
    assert_eq!(close(&world.frame(a, ClientFrame::Other), a), Some(CloseCode::RateLimited));
}

#[test]
fn frames_are_welcome_up_to_the_limit_of_each_minute() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    let a = world.enter(1, session(1));
    for _ in 0..3 {
        world.pass(Span::secs(60));
        for _ in 0..120 {
            assert_eq!(close(&world.heartbeat(a, None), a), None);
        }
    }
    assert_eq!(close(&world.heartbeat(a, None), a), Some(CloseCode::RateLimited));
}

#[test]
fn silence_is_cut_and_a_heartbeat_in_time_is_not() {
    let limits = Limits::default();
    let mut world = World::new(limits.clone(), &[&[1, 2]]);
    let (silent, alive) = (world.enter(1, session(1)), world.enter(2, session(2)));
    let (mut said, mut waited) = (Vec::new(), Span::ZERO);
    // As late as it may be, each time.
    let beat = limits.zombie_after().scaled(99, 100);
    while waited < limits.zombie_after() + limits.zombie_slack {
        said.extend(world.pass(beat));
        waited += beat;
        assert!(
            world
                .heartbeat(alive, None)
                .contains(&Output::Frame { connection: alive, frame: ServerFrame::HeartbeatAck })
        );
    }
    assert_eq!(close(&said, silent), Some(CloseCode::Unknown));
    assert_eq!(close(&said, alive), None);
    // The deadline is exact: nothing at all would have been allowed.
    let silent = world.accept(WIDE);
    let said = world.pass(limits.unauthenticated);
    assert_eq!(close(&said, silent), Some(CloseCode::Unknown), "unauthenticated for too long");
}

#[test]
fn a_session_that_nobody_resumes_leaves_no_trace() {
    let mut world = World::new(Limits::default(), &[&[1], &[1]]);
    let before = kept(&mut world);
    let a = world.enter(1, session(1));
    world.say(1, 1);
    world.closed(a, Disconnect::End);
    assert_eq!(world.census().count(Table::DetachedSessions), 1);
    let said = world.pass(Limits::default().session_ttl);
    assert!(
        notes(&said)
            .contains(&&TraceEvent::Ended { session: session(1), why: SessionEnd::Expired })
    );
    let b = world.accept(WIDE);
    assert!(invalid(&world.resume(b, token(1), session(1), 2), b));
    world.closed(b, Disconnect::End);
    // Only what the guilds keep of what was said: events for those who lag, messages, and when they
    // were said.
    world.pass(Limits::default().nonce_window);
    let others = |mut lines: Vec<(Table, u64)>| {
        let said = [Table::CatchUpRing, Table::Messages, Table::Committed, Table::Ages];
        lines.retain(|line| !said.contains(&line.0));
        lines
    };
    assert_eq!(others(kept(&mut world)), others(before));
}

#[test]
fn a_client_that_quits_takes_its_session_with_it() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    let before = kept(&mut world);
    for (code, id) in [(1000, 1), (1001, 2)] {
        let a = world.enter(1, session(id));
        let said = world.closed(a, Disconnect::Code(code));
        let ended = TraceEvent::Ended { session: session(id), why: SessionEnd::Quit };
        assert_eq!(*notes(&said)[0], ended);
        world.pass(Limits::default().identify_every);
        assert_eq!(kept(&mut world), before);
    }
}

#[test]
fn a_resumed_session_outlives_the_term_of_its_detach() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    let a = world.enter(1, session(1));
    world.closed(a, Disconnect::End);
    let b = world.accept(WIDE);
    world.resume(b, token(1), session(1), 2);
    for _ in 0..4 {
        assert_eq!(close(&world.pass(Span::secs(40)), b), None);
        world.heartbeat(b, None);
    }
    assert_eq!(told(&world.say(1, 1), b), [(4, "MESSAGE_CREATE")]);
}

#[test]
fn a_late_word_about_an_older_use_of_a_slot_touches_nothing() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    let old = world.accept(WIDE);
    world.closed(old, Disconnect::End);
    let new = Connection { generation: old.generation + 1, ..old };
    world.handle(Input::Accepted { connection: new, window: WIDE });
    world.identify(new, 1, session(1));
    assert_eq!(world.heartbeat(old, None), []);
    assert_eq!(world.closed(old, Disconnect::Code(1000)), []);
    assert_eq!(told(&world.say(1, 1), new), [(3, "MESSAGE_CREATE")]);
}

#[test]
fn a_ready_that_overflows_the_replay_ends_the_session_and_begins_nothing_in_its_slot() {
    let tables = Limits { channels: 2, overwrites: 4, channel_overwrites: 2, ..Limits::default() };
    let limits = Limits { replay_bytes: 4_096, roles: 3, content_bytes: 64, ..tables };
    let guilds: Vec<&[u64]> = vec![&[1]; 80];
    let mut world = World::new(limits, &guilds);
    // HELLO alone takes all the credit, so READY waits, and is larger than what may wait.
    let a = world.accept(1);
    let said = world.identify(a, 1, session(1));
    assert!(
        notes(&said)
            .contains(&&TraceEvent::Ended { session: session(1), why: SessionEnd::Overflow })
    );
    assert!(invalid(&said, a));
    let kept = kept(&mut world);
    assert!(!kept.iter().any(|(table, _)| matches!(table, Table::Sessions | Table::Relays)));
}
