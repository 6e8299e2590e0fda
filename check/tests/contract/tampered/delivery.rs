//! D1, D2, D4, D6, D9 and what READY lists: one thing wrong, and who says so.

use std::collections::BTreeSet;
use std::sync::Arc;

use guildhall_check::cast::{Cast, FaultPart, Reach, Strain};
use guildhall_check::violation::Clause;
use guildhall_core::census::Table;
use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::event::Event;
use guildhall_core::frame::{ClientFrame, ServerFrame};
use guildhall_core::id::{Epoch, NodeId, Port, Position};
use guildhall_core::node::{CloseReason, DetachReason, SessionEnd, TraceEvent};
use guildhall_core::peer::PeerMessage;
use guildhall_core::session::ResumeRefusal;
use guildhall_core::step::{Actor, Head, Input, JournalEvent, Output, Step, WorldEvent};
use guildhall_core::time::{Instant, Wall};
use guildhall_core::{client, node};

use crate::histories::{self};
use crate::honest::judge;
use crate::stage::{GUILD, OTHER, user};

use super::tools::*;

#[test]
fn d1_an_event_is_told_twice() {
    only!(tampered(histories::talk(), |steps| repeat(steps, 3, 2)), D1);
}

#[test]
fn d1_an_event_is_never_told() {
    // Bob is told the last event as the one before it, which he is not told at all.
    let found = tampered(histories::talk(), |steps| {
        let settled = find(steps, 0, |step| matches!(step.input, Input::World(_)));
        steps.truncate(settled);
        let last = told_bob(steps).len() - 1;
        let gone = find(steps, 0, |step| {
            step.outputs.iter().any(|output| {
                matches!(output, Output::Node(node::Output::Dispatch { s, .. }) if s.0 == last as u64)
            }) && step.head.actor == Actor::Node(NodeId(1))
        });
        steps[gone].outputs.clear();
        let last = told_bob(steps).len() - 1;
        told_bob(steps)[last].0.0 -= 1;
        let taken = find(steps, gone, |step| {
            is_bob(step) && matches!(step.input, Input::Client(client::Input::Dispatch { .. }))
        });
        steps.remove(taken);
        bob_takes(steps)[last].0.0 -= 1;
    });
    only!(found, D1);
}

#[test]
fn d2_a_session_ends_for_a_reason_that_is_not_so() {
    let quit = |note: &TraceEvent| matches!(note, TraceEvent::Ended { why: SessionEnd::Quit, .. });
    for why in [SessionEnd::Expired, SessionEnd::Overflow, SessionEnd::Stopped] {
        let found = tampered(histories::resumed(), |steps| {
            let at = find(steps, 0, |step| noted(step, quit));
            if let TraceEvent::Ended { why: given, .. } = note_mut(&mut steps[at], quit) {
                *given = why;
            }
        });
        only!(found, D2);
    }
}

#[test]
fn d2_a_connection_is_cut_as_slow_that_has_read_its_answers() {
    // More answers than may wait were written in the course of time; none of them had no room.
    let found = tampered(histories::refused(), |steps| {
        let at = find(steps, 0, |step| {
            noted(step, |note| {
                matches!(note, TraceEvent::Detached { why: DetachReason::Cut(_), .. })
            })
        });
        let cut = |note: &TraceEvent| matches!(note, TraceEvent::Detached { .. });
        if let TraceEvent::Detached { why, .. } = note_mut(&mut steps[at], cut) {
            *why = DetachReason::Cut(CloseReason::Slow);
        }
        steps.truncate(at + 1);
    });
    only!(found, D2);
}

#[test]
fn d3_a_snapshot_is_older_than_what_its_node_has_heard() {
    // Berlin is told that the guild has gone on before Bob identifies there.
    let found = tampered(histories::talk(), |steps| {
        let berlin = Actor::Node(NodeId(1));
        let at = find(steps, 0, |step| {
            step.head.actor == berlin
                && matches!(step.input, Input::Node(node::Input::Identify { .. }))
        });
        let (guild, sender) = (GUILD, Epoch(1));
        let (position, sent) = (Position { epoch: sender, index: 2 }, Instant::ZERO);
        let message = PeerMessage::Tip { guild, sender, position, sent, wall: Wall(0) };
        let heard = Input::Node(node::Input::Peer { from: NodeId(0), message });
        let told = Step { input: heard, outputs: Vec::new(), ..steps[at].clone() };
        steps.insert(at, told);
    });
    only!(found, D3);
}

#[test]
fn d4_a_resume_is_accepted_above_what_was_sent() {
    let found = tampered(histories::resumed(), |steps| {
        let resumed = |note: &TraceEvent| matches!(note, TraceEvent::Resumed { .. });
        let at = find(steps, 0, |step| noted(step, resumed));
        if let TraceEvent::Resumed { seq, .. } = note_mut(&mut steps[at], resumed) {
            seq.0 += 50;
        }
        if let Input::Node(node::Input::Frame { frame: ClientFrame::Resume(resume), .. }) =
            &mut steps[at].input
        {
            resume.seq.0 += 50;
        }
    });
    only!(found, D4);
}

#[test]
fn d4_a_replay_begins_with_what_was_taken_already() {
    let found = tampered(histories::resumed(), |steps| {
        let resumed = |note: &TraceEvent| matches!(note, TraceEvent::Resumed { .. });
        let at = find(steps, 0, |step| noted(step, resumed));
        let again = told_bob(steps)[2].1.clone();
        let first = steps[at].outputs.iter_mut().find_map(|output| match output {
            Output::Node(node::Output::Dispatch { s, dispatch, .. }) => Some((s, dispatch)),
            _ => None,
        });
        let (s, dispatch) = first.expect("something is replayed");
        s.0 -= 1;
        *dispatch = again;
    });
    only!(found, D4);
}

#[test]
fn d4_a_resume_is_refused_that_should_be_accepted() {
    // The refusal is whole, with its note and op 9; only its reason is none.
    let found = tampered(histories::resumed(), |steps| {
        let resumed = |note: &TraceEvent| matches!(note, TraceEvent::Resumed { .. });
        let at = find(steps, 0, |step| noted(step, resumed));
        let TraceEvent::Resumed { session, connection, .. } = *note_mut(&mut steps[at], resumed)
        else {
            return;
        };
        let why = ResumeRefusal::Token;
        let frame = ServerFrame::InvalidSession { resumable: false };
        steps[at].outputs = vec![
            Output::Node(node::Output::Trace(TraceEvent::ResumeRefused {
                session,
                connection,
                why,
            })),
            Output::Node(node::Output::Frame { connection, frame }),
        ];
        steps.truncate(at + 1);
    });
    only!(found, D4);
}

#[test]
fn d4_a_heartbeat_lets_go_of_nothing() {
    let found = tampered(histories::talk(), |steps| {
        let acked = |step: &Step| is_heartbeat(step) && step.head.actor == Actor::Node(NodeId(0));
        find(steps, 0, acked);
        count(steps, Table::Replay, |n| n + 2);
    });
    only!(found, D4);
}

#[test]
fn i1_ready_lists_a_guild_that_is_not_named_for_its_user() {
    // Carol is in one of the two guilds.
    let found = tampered(histories::two_guilds(), |steps| {
        let ready = told(steps, 0, histories::CAROL).remove(0).1;
        forge(ready, |body| {
            if let Body::Ready(ready) = body {
                ready.guilds.push(OTHER);
            }
        });
        let at = tells(
            steps,
            0,
            |it| matches!(&it.body, Body::Ready(ready) if ready.guilds.contains(&OTHER) && ready.user == user(2)),
        );
        steps.truncate(at + 1);
    });
    only!(found, I1);
}

#[test]
fn d9_ready_leaves_out_a_guild_that_is_named() {
    let found = tampered(histories::two_guilds(), |steps| {
        let ready = told(steps, 0, histories::ALICE).remove(0).1;
        forge(ready, |body| {
            if let Body::Ready(ready) = body {
                ready.guilds.pop();
            }
        });
        let at = tells(steps, 0, |it| matches!(it.body, Body::Ready(_)));
        steps.truncate(at + 1);
    });
    only!(found, D9);
}

#[test]
fn d9_a_session_does_not_get_the_guild_that_its_user_has_joined() {
    only!(tampered(histories::joined(), untold_join), D9);
}

#[test]
fn d9_a_guild_is_not_missed_where_its_owner_is_down() {
    let (cast, mut steps) = histories::joined();
    untold_join(&mut steps);
    let joins = |step: &Step| {
        matches!(&step.input, Input::Journal(JournalEvent::Synced { records })
            if records.iter().any(|it| matches!(it.event, Event::MemberAdd { .. })))
    };
    let at = find(&steps, 0, joins);
    let head = Head { actor: Actor::World, ..steps[at].head };
    let event = WorldEvent::FaultBegan { index: 0, what: String::new() };
    steps.insert(at + 1, Step { head, input: Input::World(event), outputs: Vec::new() });
    let fault =
        FaultPart { strain: Strain::Lasting, reach: Reach::Everything, ..FaultPart::default() };
    let cast = Arc::new(Cast { faults: vec![fault], ..(*cast).clone() });
    assert_eq!(red(&cast, &steps), BTreeSet::new());
}

/// Carol never gets her guild, and her client and her connection do nothing more. The history ends
/// before the nodes are counted.
fn untold_join(steps: &mut Vec<Step>) {
    let counts = |step: &Step| matches!(step.input, Input::Census(_));
    steps.truncate(find(steps, 0, counts));
    let tells = |output: &Output| {
        matches!(output, Output::Node(node::Output::Dispatch { dispatch, .. })
            if matches!(dispatch.body, Body::GuildCreate(_)))
    };
    let at = steps.iter().rposition(|step| step.outputs.iter().any(tells));
    let at = at.expect("Carol gets her guild");
    let told = steps[at].outputs.iter().find(|output| tells(output)).cloned();
    let Some(Output::Node(node::Output::Dispatch { connection: hers, .. })) = told else { return };
    steps[at].outputs.retain(|output| !tells(output));
    let (carol, her_node) = (Actor::Client(Port(histories::CAROL as u32)), steps[at].head.actor);
    let mut later = steps.split_off(at + 1);
    later.retain(|step| {
        let is_hers = match &step.input {
            Input::Node(
                node::Input::Frame { connection, .. } | node::Input::Drained { connection, .. },
            ) => *connection == hers && step.head.actor == her_node,
            _ => false,
        };
        let is_answer = matches!(step.input, Input::Client(client::Input::Answer(_)));
        (step.head.actor != carol || is_answer) && !is_hers
    });
    steps.append(&mut later);
}

#[test]
fn o3_ready_waits_for_more_than_the_directory() {
    let begun = |step: &Step| noted(step, |note| matches!(note, TraceEvent::Begun { .. }));
    let all = |steps: &mut Vec<Step>| {
        let at = find(steps, 0, begun);
        steps[at].outputs.clear();
        steps.truncate(at + 1);
    };
    only!(tampered(histories::talk(), all), O3);
    let silent = |steps: &mut Vec<Step>| {
        let at = find(steps, 0, begun);
        steps[at].outputs.retain(|it| matches!(it, Output::Node(node::Output::Trace(_))));
        steps.truncate(at + 1);
    };
    only!(tampered(histories::talk(), silent), O3);
}

#[test]
fn d6_a_client_is_told_what_nobody_said() {
    let forge = |dispatch: &mut Arc<Dispatch>| {
        let mut forged = Dispatch::clone(dispatch);
        if let Body::MessageCreate(message) = &mut forged.body {
            message.content = "never said".into();
        }
        *dispatch = Arc::new(forged);
    };
    only!(tampered(histories::talk(), |steps| forge(bob_takes(steps)[3].1)), D6);
    only!(tampered(histories::talk(), |steps| forge(told_bob(steps)[3].1)), D6);
}

#[test]
fn d6_a_guild_says_what_nobody_asked() {
    only!(forged_last(|message| message.content = "never asked".into()), D6);
}

#[test]
fn a_violation_is_said_in_names() {
    let (cast, mut steps) = histories::talk();
    repeat(&mut steps, 3, 2);
    let contract = judge(&cast, &steps);
    let found = contract.first().expect("D1 is violated");
    assert_eq!((found.kind.as_str(), found.subject.as_str()), ("session", "bob/1"));
    assert_eq!(found.checker, "d1");
    assert!(found.message.contains("MESSAGE_CREATE of guild at 1.2"), "{}", found.message);
    assert_eq!(found.expected, format!("the event at {}", Position { epoch: Epoch(1), index: 3 }));
}
