//! C1–C3: one thing wrong, and who says so.

use std::collections::BTreeSet;

use guildhall_check::violation::Clause;
use guildhall_core::client::{self, Jitter};
use guildhall_core::frame::ClientFrame;
use guildhall_core::id::{Connection, Port, Seq, SessionId};
use guildhall_core::step::{Actor, Head, Input, Output, Step, WorldEvent};
use guildhall_core::time::{Instant, Now, Span};

use crate::histories::{self, BOB};
use crate::stage::PARIS;

use super::tools::*;

#[test]
fn c1_a_heartbeat_names_another_number_than_the_last() {
    let found = tampered(histories::talk(), |steps| {
        for frame in bob_says(steps) {
            if let ClientFrame::Heartbeat { d: Some(d) } = frame {
                d.0 -= 1;
            }
        }
    });
    only!(found, C1);
}

#[test]
fn c1_a_new_process_resumes_after_what_the_old_one_took() {
    let found = tampered(histories::restored(), |steps| {
        for frame in bob_says(steps) {
            if let ClientFrame::Resume(resume) = frame {
                resume.seq.0 += 2;
            }
        }
    });
    only!(found, C1);
}

#[test]
fn o1_a_new_process_is_given_something_else_than_the_old_one() {
    let found = tampered(histories::restored(), |steps| {
        let restores = |step: &Step| matches!(step.input, Input::Client(client::Input::Restore(_)));
        let at = find(steps, 0, restores);
        let takes = |step: &Step| {
            is_bob(step)
                && matches!(step.input, Input::Client(client::Input::Dispatch { s: Seq(4), .. }))
        };
        let (first, again) = (find(steps, 0, takes), find(steps, at, takes));
        assert!(first < at, "the old process took it, too");
        let other = bob_takes(&mut steps[..first])[2].1.clone();
        if let Input::Client(client::Input::Dispatch { dispatch, .. }) = &mut steps[again].input {
            *dispatch = other;
        }
    });
    only!(found, O1);
}

#[test]
fn c2_a_client_identifies_where_it_could_resume() {
    let found = tampered(histories::resumed(), |steps| {
        let identify = *bob_says(steps)[0];
        for frame in bob_says(steps) {
            if matches!(frame, ClientFrame::Resume(_)) {
                *frame = identify;
            }
        }
    });
    only!(found, C2);
}

#[test]
fn c2_a_client_comes_back_at_once() {
    let found = tampered(histories::resumed(), |steps| {
        let first = find(steps, 0, connects);
        let again = find(steps, first + 1, connects);
        steps[again].head.now = steps[again - 1].head.now;
        steps[again].head.now = Now::from(Instant::ZERO);
        steps.truncate(again + 1);
    });
    only!(found, C2);
}

/// The steps in which Bob asks for a socket.
fn connects(step: &Step) -> bool {
    let asks = |it: &Output| matches!(it, Output::Client(client::Output::Connect(_)));
    is_bob(step) && step.outputs.iter().any(asks)
}

#[test]
fn c2_a_client_waits_for_longer_than_it_should() {
    // After its first failure it waits as it should after many.
    let found = tampered(histories::resumed(), |steps| {
        let first = find(steps, 0, connects);
        let again = find(steps, first + 1, connects);
        let late = steps[again].head.now.instant + Span::secs(20);
        steps[again].head.now = late.into();
        steps.truncate(again + 1);
    });
    only!(found, C2);
}

/// Bob gives up on a socket, sleeps for a moment, and only then learns that it cannot be opened. He
/// asks for another so long after he has given up.
fn slept_after_giving_up(wait: Span) -> BTreeSet<Clause> {
    let (cast, mut steps) = histories::talk();
    let first = find(&steps, 0, connects);
    steps.truncate(first + 1);
    let (asked, bob) = (steps[first].clone(), Port(BOB as u32));
    let gives_up = asked.head.now.instant + cast.limits.connect_patience;
    let mut step = |after: Span, input: Input| {
        let at = gives_up + after;
        let is_world = matches!(input, Input::World(_));
        let actor = if is_world { Actor::World } else { asked.head.actor };
        let head = Head { at, now: at.into(), actor, ..asked.head };
        steps.push(Step { head, input, outputs: Vec::new() });
    };
    let failed = client::Input::Closed { connection: None, code: None, jitter: Jitter::default() };
    step(Span::ZERO, Input::Timeout);
    step(Span::millis(1), Input::World(WorldEvent::Suspended(bob)));
    step(Span::millis(2), Input::World(WorldEvent::Woke(bob)));
    step(Span::millis(400), Input::Client(failed));
    step(wait, Input::Timeout);
    steps.last_mut().expect("it was pushed").outputs = asked.outputs;
    red(&cast, &steps)
}

#[test]
fn c2_a_client_that_slept_waits_from_when_it_gave_up() {
    let nominal = histories::talk().0.limits.backoff(0);
    assert_eq!(slept_after_giving_up(nominal.scaled(1, 2)), BTreeSet::new());
    only!(slept_after_giving_up(nominal.scaled(9, 20)), C2);
}

/// The step in which Bob leaves his dead connection, and that connection.
fn bob_leaves(steps: &[Step]) -> (usize, Connection) {
    let closed = |step: &Step| {
        step.outputs.iter().find_map(|output| match output {
            Output::Client(client::Output::Close { connection, code: 4000 }) => Some(*connection),
            _ => None,
        })
    };
    let at = find(steps, 0, |step| is_bob(step) && closed(step).is_some());
    (at, closed(&steps[at]).expect("he closes it"))
}

#[test]
fn c2_a_client_leaves_a_connection_on_which_a_frame_arrives() {
    let found = tampered(histories::silent(), |steps| {
        let (at, connection) = bob_leaves(steps);
        let mut part = steps[at].clone();
        part.input = Input::Client(client::Input::Partial { connection });
        part.outputs.clear();
        steps.insert(at, part);
        steps.truncate(at + 2);
    });
    only!(found, C2);
}

#[test]
fn c2_a_client_leaves_for_no_reason() {
    let found = tampered(histories::talk(), |steps| {
        let beats = |step: &Step| {
            let frame = |it: &Output| {
                matches!(it, Output::Client(client::Output::Frame { frame, .. })
                    if matches!(frame, ClientFrame::Heartbeat { .. }))
            };
            is_bob(step) && step.outputs.iter().any(frame)
        };
        let at = find(steps, 0, beats);
        let Output::Client(client::Output::Frame { connection, .. }) = steps[at].outputs[0] else {
            return;
        };
        let close = client::Output::Close { connection, code: 4_000 };
        steps[at].outputs = vec![Output::Client(close)];
        steps.truncate(at + 1);
    });
    only!(found, C2);
}

#[test]
fn c2_a_client_leaves_before_its_node_could_answer() {
    let found = tampered(histories::silent(), |steps| {
        let (at, _) = bob_leaves(steps);
        let beats = |step: &Step| {
            is_bob(step)
                && step.outputs.iter().any(|output| {
                    let frame = ClientFrame::Heartbeat { d: Some(Seq(3)) };
                    matches!(output, Output::Client(client::Output::Frame { frame: it, .. }) if *it == frame)
                })
        };
        let beat = steps[..at].iter().rposition(beats).expect("he has sent a heartbeat");
        let leaves = steps[at].outputs[0].clone();
        steps[beat].outputs.push(leaves);
        steps.truncate(beat + 1);
    });
    only!(found, C2);
}

#[test]
fn c2_clients_that_were_cut_at_once_come_back_at_once() {
    // The jitter of this cluster is always the same.
    let (cast, steps) = histories::cut_at_once();
    assert_eq!(red(&cast, &steps), BTreeSet::from([Clause::C2]));
}

#[test]
fn c3_a_client_resumes_the_session_before_its_last_ready() {
    let found = tampered(histories::resumed_after_another_ready(), |steps| {
        let first = SessionId(2);
        let resumes = bob_says(steps).into_iter().filter_map(|frame| match frame {
            ClientFrame::Resume(resume) => Some(resume),
            _ => None,
        });
        resumes.last().expect("Bob resumes").session = first;
    });
    only!(found, C3);
}

#[test]
fn c3_a_client_asks_another_node_than_that_of_its_session() {
    for history in [histories::resumed(), histories::quits()] {
        let found = tampered(history, |steps| {
            let bob = steps.iter_mut().filter(|step| is_bob(step));
            let nodes = bob.flat_map(|step| &mut step.outputs).filter_map(|output| match output {
                Output::Client(client::Output::Connect(node)) => Some(node),
                _ => None,
            });
            *nodes.last().expect("Bob connects") = PARIS;
        });
        only!(found, C3);
    }
}
