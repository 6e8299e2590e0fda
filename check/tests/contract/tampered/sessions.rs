//! I4, L1–L4, L6: one thing wrong, and who says so.

use std::collections::BTreeSet;

use guildhall_check::violation::Clause;
use guildhall_core::census::Table;
use guildhall_core::frame::{ClientFrame, CloseCode, Disconnect, ServerFrame};
use guildhall_core::id::{Connection, NodeId};
use guildhall_core::node::{CloseReason, DetachReason, SessionEnd, TraceEvent};
use guildhall_core::step::{Actor, Head, Input, Output, Step, WorldEvent};
use guildhall_core::time::{Instant, Now, Span};
use guildhall_core::{client, node};

use crate::histories;
use crate::honest::judge;
use crate::stage::PARIS;

use super::tools::*;

#[test]
fn i4_a_refused_resume_costs_the_session_its_connection() {
    let found = tampered(histories::stolen(), |steps| {
        let refused = |note: &TraceEvent| matches!(note, TraceEvent::ResumeRefused { .. });
        let at = find(steps, 0, |step| noted(step, refused));
        let TraceEvent::ResumeRefused { session, .. } = *note_mut(&mut steps[at], refused) else {
            return;
        };
        let connection = Connection { slot: 0, generation: 1 };
        let why = DetachReason::Superseded;
        let note = TraceEvent::Detached { session, connection, why };
        steps[at].outputs.push(Output::Node(node::Output::Trace(note)));
    });
    only!(found, I4);
}

#[test]
fn i4_a_refused_resume_costs_the_stranger_its_socket() {
    let found = tampered(histories::stolen(), |steps| {
        let refused = |note: &TraceEvent| matches!(note, TraceEvent::ResumeRefused { .. });
        let at = find(steps, 0, |step| noted(step, refused));
        let TraceEvent::ResumeRefused { connection, .. } = *note_mut(&mut steps[at], refused)
        else {
            return;
        };
        let close = node::Output::Close { connection, code: CloseCode::Unknown };
        steps[at].outputs.push(Output::Node(close));
        steps.truncate(at + 1);
    });
    only!(found, I4);
}

/// What a connection was answered and has taken is no reason to cut it.
#[test]
fn d2_a_connection_is_cut_as_slow_after_many_answers() {
    let found = tampered(histories::answered_often(), |steps| {
        let begun = |note: &TraceEvent| matches!(note, TraceEvent::Begun { .. });
        let of_mallory = |step: &Step| noted(step, begun) && step.head.actor == Actor::Node(PARIS);
        let at = steps.iter().rposition(of_mallory).expect("a session begins");
        let TraceEvent::Begun { session, connection, .. } = *note_mut(&mut steps[at], begun) else {
            return;
        };
        let on_hers = |input: &Input| matches!(input, Input::Node(node::Input::Frame { connection: on, .. }) if *on == connection);
        let hers = |step: &Step| {
            is_heartbeat(step) && step.head.actor == Actor::Node(PARIS) && on_hers(&step.input)
        };
        let at = steps.iter().rposition(hers).expect("a heartbeat");
        let why = DetachReason::Cut(CloseReason::Slow);
        let note = TraceEvent::Detached { session, connection, why };
        let close = node::Output::Close { connection, code: CloseCode::Unknown };
        steps[at].outputs.extend([close, node::Output::Trace(note)].map(Output::Node));
        steps.truncate(at + 1);
    });
    only!(found, D2);
}

#[test]
fn l1_a_heartbeat_has_no_answer() {
    let found = tampered(histories::talk(), |steps| {
        let at = find(steps, 0, is_heartbeat);
        steps[at].outputs.clear();
    });
    only!(found, L1);
}

#[test]
fn l1_a_connection_is_closed_before_its_time() {
    // The clock of the step that closes it is set back to where it still had time.
    let found = tampered(histories::silent(), |steps| {
        let at = find(steps, 0, |step| {
            noted(step, |note| {
                matches!(note, TraceEvent::Detached { why: DetachReason::Cut(_), .. })
            })
        });
        steps[at].head.now = Now::from(Instant::ZERO + Span::secs(30));
    });
    only!(found, L1);
}

#[test]
fn l1_a_silent_connection_is_left_open() {
    let found = tampered(histories::silent(), |steps| {
        let at = find(steps, 0, |step| {
            noted(step, |note| {
                matches!(note, TraceEvent::Detached { why: DetachReason::Cut(_), .. })
            })
        });
        steps[at].outputs.clear();
        steps.truncate(at + 1);
        let last = steps.last().expect("the history has steps").clone();
        // Berlin goes on, and looks at its deadlines.
        let now = Now::from(last.head.now.instant + Span::secs(6));
        let head = Head { now, actor: Actor::Node(NodeId(1)), ..last.head };
        steps.push(Step { head, input: Input::Timeout, outputs: Vec::new() });
    });
    only!(found, L1);
}

#[test]
fn l1_a_connection_is_closed_as_soon_as_its_session_has_ended() {
    // It is more than a minute old; but it may identify again, and has a minute for that.
    let found = tampered(histories::overflowed(), |steps| {
        let ended = |note: &TraceEvent| matches!(note, TraceEvent::Ended { .. });
        let at = find(steps, 0, |step| noted(step, ended));
        steps.truncate(at + 1);
        let invalid = |output: &Output| match output {
            Output::Node(node::Output::Frame { connection, .. }) => Some(*connection),
            _ => None,
        };
        let connection = steps[at].outputs.iter().find_map(invalid).expect("op 9");
        let close = node::Output::Close { connection, code: CloseCode::Unknown };
        let now = Now::from(steps[at].head.now.instant + Span::secs(1));
        let head = Head { now, ..steps[at].head };
        let outputs = vec![Output::Node(close)];
        steps.push(Step { head, input: Input::Timeout, outputs });
    });
    only!(found, L1);
}

#[test]
fn l1_is_not_broken_by_a_node_that_was_paused() {
    // Berlin takes no step between Bob's last heartbeat and an hour later, when what was held back
    // comes first, and then its deadlines.
    let (cast, mut steps) = histories::talk();
    steps.retain(|step| !matches!(step.input, Input::Census(_)));
    let late = Now::from(Instant::ZERO + Span::secs(3_600));
    let beat = steps
        [find(&steps, 0, |step| is_heartbeat(step) && step.head.actor == Actor::Node(NodeId(1)))]
    .clone();
    let head = Head { now: late, ..beat.head };
    (0..20).for_each(|_| steps.push(Step { head, ..beat.clone() }));
    steps.push(Step { head, input: Input::Timeout, outputs: Vec::new() });
    // Its guild's owner was out of reach for as long; that is another story.
    assert!(!red(&cast, &steps).contains(&Clause::L1));
}

#[test]
fn l2_a_late_frame_of_a_closed_connection_is_answered() {
    let found = tampered(histories::resumed(), |steps| {
        let at =
            find(steps, 0, |step| matches!(step.input, Input::Node(node::Input::Closed { .. })));
        let Input::Node(node::Input::Closed { connection, .. }) = steps[at].input else { return };
        let mut late = steps[at].clone();
        let frame = ClientFrame::Heartbeat { d: None };
        late.input = Input::Node(node::Input::Frame { connection, frame, bytes: 20 });
        let frame = ServerFrame::HeartbeatAck;
        late.outputs = vec![Output::Node(node::Output::Frame { connection, frame })];
        steps.insert(at + 1, late);
    });
    only!(found, L2);
}

#[test]
fn l2_an_older_connection_is_not_fenced() {
    let found = tampered(histories::stolen(), |steps| {
        let resumed = |note: &TraceEvent| matches!(note, TraceEvent::Resumed { .. });
        let at = find(steps, 0, |step| noted(step, resumed));
        let close = |output: &Output| matches!(output, Output::Node(node::Output::Close { .. }));
        steps[at].outputs.retain(|output| !close(output));
        steps.truncate(at + 1);
    });
    only!(found, L2);
}

#[test]
fn l2_a_late_close_detaches_the_newer_connection() {
    let found = tampered(histories::stolen(), |steps| {
        let resumed = |note: &TraceEvent| matches!(note, TraceEvent::Resumed { .. });
        let at = find(steps, 0, |step| noted(step, resumed));
        let TraceEvent::Resumed { session, connection, .. } = *note_mut(&mut steps[at], resumed)
        else {
            return;
        };
        let how = Disconnect::End;
        let older = Connection { slot: 0, generation: 1 };
        let mut late = steps[at].clone();
        late.input = Input::Node(node::Input::Closed { connection: older, how });
        let note = TraceEvent::Detached { session, connection, why: DetachReason::Gone(how) };
        late.outputs = vec![Output::Node(node::Output::Trace(note))];
        steps.insert(at + 1, late);
        steps.truncate(at + 2);
    });
    only!(found, L2);
}

#[test]
fn l3_the_world_settles_before_everybody_was_told() {
    let found = tampered(histories::talk(), |steps| {
        let settled =
            find(steps, 0, |step| matches!(step.input, Input::World(WorldEvent::Settled)));
        let last = steps[..settled].iter().rposition(|step| {
            is_bob(step) && matches!(step.input, Input::Client(client::Input::Dispatch { .. }))
        });
        steps.truncate(settled + 1);
        steps.remove(last.expect("Bob is told something"));
    });
    only!(found, L3);
}

#[test]
fn l3_a_world_that_gives_up_is_told_who_waits() {
    let (cast, mut steps) = histories::resumed();
    let detached = |note: &TraceEvent| matches!(note, TraceEvent::Detached { .. });
    let at = find(&steps, 0, |step| noted(step, detached));
    steps.truncate(at + 2);
    let mut contract = judge(&cast, &steps);
    assert_eq!(contract.pending().as_deref(), Some("bob has no connection"));
    contract.finish(true, Some("no progress for 300s".to_owned()));
    let found = contract.first().expect("L3 is violated");
    assert_eq!((found.clause, contract.violations().len()), (Clause::L3, 1));
    assert!(found.message.contains("bob has no connection"), "{}", found.message);
}

#[test]
fn l4_a_session_is_counted_that_is_no_more() {
    let found = tampered(histories::talk(), |steps| count(steps, Table::Sessions, |n| n + 1));
    only!(found, L4);
}

#[test]
fn l4_a_detached_session_outlives_its_time() {
    let found = tampered(histories::expired(), |steps| {
        let expired =
            |note: &TraceEvent| matches!(note, TraceEvent::Ended { why: SessionEnd::Expired, .. });
        let at = find(steps, 0, |step| noted(step, expired));
        steps.truncate(at + 1);
        steps[at].outputs.clear();
        let head = &mut steps[at].head;
        head.now = Now::from(head.now.instant + Span::secs(10));
    });
    only!(found, L4);
}

#[test]
fn l6_a_session_is_not_detached_when_its_client_is_gone() {
    let found = tampered(histories::resumed(), |steps| {
        let detached = |note: &TraceEvent| matches!(note, TraceEvent::Detached { .. });
        let at = find(steps, 0, |step| noted(step, detached));
        steps[at].outputs.clear();
    });
    only!(found, L6);
}

#[test]
fn l6_the_session_of_a_client_that_goes_away_lives_on() {
    let found = tampered(histories::resumed(), |steps| {
        let quits = |step: &Step| {
            matches!(
                step.input,
                Input::Node(node::Input::Closed { how: Disconnect::Code(1000), .. })
            )
        };
        let at = find(steps, 0, quits);
        if let Input::Node(node::Input::Closed { how, .. }) = &mut steps[at].input {
            *how = Disconnect::Code(1001);
        }
        steps[at].outputs.clear();
        steps.truncate(at + 1);
    });
    only!(found, L6);
}

#[test]
fn l6_a_refused_resume_is_not_told_to_the_client() {
    let found = tampered(histories::stolen(), |steps| {
        let refused = |note: &TraceEvent| matches!(note, TraceEvent::ResumeRefused { .. });
        let at = find(steps, 0, |step| noted(step, refused));
        steps[at].outputs.truncate(1);
    });
    only!(found, L6);
}
