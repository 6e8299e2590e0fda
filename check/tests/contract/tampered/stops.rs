//! L7: one thing wrong with a planned stop, and who says so.

use std::collections::BTreeSet;

use guildhall_check::cast::{Cast, FaultPart, Reach, Strain};
use guildhall_check::violation::Clause;
use guildhall_core::directory::DirectoryRequest;
use guildhall_core::frame::ServerFrame;
use guildhall_core::id::{Epoch, NodeId, Port, Position};
use guildhall_core::node::{self, GapReason, TraceEvent};
use guildhall_core::step::{Actor, Head, Input, Output, Step, WorldEvent};
use guildhall_core::time::{Now, Span};

use crate::histories;

use super::tools::*;

fn is_paris(step: &Step) -> bool {
    step.head.actor == Actor::Node(NodeId(0))
}

fn is_stop(step: &Step) -> bool {
    is_paris(step) && step.input == Input::Node(node::Input::Stop)
}

fn is_gone(output: &Output) -> bool {
    *output == Output::Node(node::Output::Stopped)
}

fn sends_away(output: &Output) -> bool {
    matches!(output, Output::Node(node::Output::Frame { frame: ServerFrame::Reconnect, .. }))
}

/// The steps in which Paris tells somebody to go in its own time.
fn tells(steps: &[Step]) -> Vec<usize> {
    let tells = |step: &Step| {
        is_paris(step) && step.input == Input::Timeout && step.outputs.iter().any(sends_away)
    };
    (0..steps.len()).filter(|at| tells(&steps[*at])).collect()
}

#[test]
fn l7_a_session_begins_at_a_node_that_stops() {
    let found = tampered(histories::stopped(), |steps| {
        let begun = |note: &TraceEvent| matches!(note, TraceEvent::Begun { .. });
        let at = find(steps, 0, |step| is_paris(step) && noted(step, begun));
        let stop = Input::Node(node::Input::Stop);
        let told = Step { input: stop, outputs: Vec::new(), ..steps[at].clone() };
        steps.insert(at, told);
        steps.truncate(at + 2);
    });
    only!(found, L7);
}

#[test]
fn l7_a_session_is_resumed_at_a_node_that_stops() {
    let found = tampered(histories::resumed(), |steps| {
        let resumed = |note: &TraceEvent| matches!(note, TraceEvent::Resumed { .. });
        let at = find(steps, 0, |step| noted(step, resumed));
        let stop = Input::Node(node::Input::Stop);
        let told = Step { input: stop, outputs: Vec::new(), ..steps[at].clone() };
        steps.insert(at, told);
        steps.truncate(at + 2);
    });
    only!(found, L7);
}

#[test]
fn l7_a_new_connection_is_greeted_by_a_node_that_stops() {
    let found = tampered(histories::stopped(), |steps| {
        let stop = find(steps, 0, is_stop);
        let at = find(steps, stop, |step| {
            is_paris(step) && matches!(step.input, Input::Node(node::Input::Accepted { .. }))
        });
        steps[at].outputs.truncate(1);
        for output in &mut steps[at].outputs {
            if let Output::Node(node::Output::Frame { frame, .. }) = output {
                *frame = ServerFrame::Hello { heartbeat_interval: Span::secs(40) };
            }
        }
        steps.truncate(at + 1);
    });
    only!(found, L7);
}

#[test]
fn l7_everybody_is_told_to_go_in_one_instant() {
    let found = tampered(histories::stopped(), |steps| {
        let tells = tells(steps);
        assert!(tells.len() > 2, "Paris holds a few connections");
        let now = steps[tells[0]].head.now;
        tells.iter().for_each(|at| steps[*at].head.now = now);
        steps.truncate(tells[tells.len() - 1] + 1);
    });
    only!(found, L7);
}

#[test]
fn l7_somebody_is_not_told_to_go_when_the_time_has_come() {
    let found = tampered(histories::stopped(), |steps| {
        let last = *tells(steps).last().expect("Paris tells somebody to go");
        steps[last].outputs.clear();
        steps.truncate(last + 1);
        let late = steps[last].head.now.instant + Span::secs(8);
        let head = Head { now: Now::from(late), ..steps[last].head };
        steps.push(Step { head, input: Input::Timeout, outputs: Vec::new() });
    });
    only!(found, L7);
}

#[test]
fn l7_a_node_sends_somebody_away_that_does_not_stop() {
    let found = tampered(histories::talk(), |steps| {
        let at = find(steps, 0, is_heartbeat);
        for output in &mut steps[at].outputs {
            if let Output::Node(node::Output::Frame { connection, .. }) = *output {
                let frame = ServerFrame::Reconnect;
                let away = Output::Node(node::Output::Frame { connection, frame });
                steps[at].outputs.push(away);
                break;
            }
        }
        steps.truncate(at + 1);
    });
    only!(found, L7);
}

#[test]
fn l7_a_node_outlives_its_stop() {
    let found = tampered(histories::stopped(), |steps| {
        let at = find(steps, 0, |step| step.outputs.iter().any(is_gone));
        steps[at].outputs.retain(|output| !is_gone(output));
        steps.truncate(at + 1);
        let now = Now::from(steps[at].head.now.instant + Span::secs(40));
        let head = Head { now, ..steps[at].head };
        steps.push(Step { head, input: Input::Timeout, outputs: Vec::new() });
    });
    only!(found, L7);
}

#[test]
fn l7_a_node_is_gone_before_all_have_been_told() {
    let found = tampered(histories::stopped(), |steps| {
        let at = tells(steps)[0];
        steps[at].outputs.push(Output::Node(node::Output::Stopped));
        steps.truncate(at + 1);
    });
    only!(found, L7);
}

#[test]
fn l7_a_node_is_gone_that_was_not_told_to_stop() {
    let found = tampered(histories::talk(), |steps| {
        let last = steps.len() - 1;
        steps[last].outputs.push(Output::Node(node::Output::Stopped));
    });
    only!(found, L7);
}

#[test]
fn l7_a_node_speaks_that_is_gone() {
    let found = tampered(histories::stopped(), |steps| {
        let at = find(steps, 0, |step| step.outputs.iter().any(is_gone));
        let word = DirectoryRequest::Since { version: 1 };
        let says = Output::Node(node::Output::Directory(word));
        let again = Step { input: Input::Timeout, outputs: vec![says], ..steps[at].clone() };
        steps.insert(at + 1, again);
        steps.truncate(at + 2);
    });
    only!(found, L7);
}

#[test]
fn l7_a_guild_is_given_up_and_nobody_is_told() {
    let found = tampered(histories::stopped_while_opening(), |steps| {
        let given_up = |note: &TraceEvent| matches!(note, TraceEvent::GivenUp { .. });
        let at = find(steps, 0, |step| noted(step, given_up));
        steps[at].outputs.retain(
            |output| !matches!(output, Output::Node(node::Output::Trace(note)) if given_up(note)),
        );
    });
    only!(found, L7);
}

/// The step in which Berlin takes the guild over.
fn taken_over(steps: &[Step]) -> usize {
    let opened = |note: &TraceEvent| matches!(note, TraceEvent::Opened { epoch: Epoch(2), .. });
    find(steps, 0, |step| noted(step, opened))
}

/// The world's time is later by so much from a step on; no machine's own clock is.
fn later(steps: &mut [Step], by: Span) {
    steps.iter_mut().for_each(|step| step.head.at = step.head.at + by);
}

#[test]
fn l7_the_guild_of_a_node_that_stops_is_taken_over_too_late() {
    for (late, is_red) in [(Span::secs(2), false), (Span::millis(2_001), true)] {
        let found = tampered(histories::stopped(), |steps| {
            let at = taken_over(steps);
            later(&mut steps[at..], late);
        });
        let red = if is_red { BTreeSet::from([Clause::L7]) } else { BTreeSet::new() };
        assert_eq!(found, red, "{late}");
    }
}

#[test]
fn l7_a_guild_that_was_given_away_is_taken_over_too_late() {
    let found = tampered(histories::handed_over(), |steps| {
        let at = taken_over(steps);
        later(&mut steps[at..], Span::secs(3));
    });
    only!(found, L7);
}

#[test]
fn l7_nobody_is_blamed_for_a_hand_off_while_something_strikes() {
    let strikes = |index| {
        let (cast, mut steps) = histories::stopped();
        let at = taken_over(&steps);
        later(&mut steps[at..], Span::secs(3));
        let part = |strain, reach| FaultPart { strain, reach, ..FaultPart::default() };
        let faults = vec![
            part(Strain::None, Reach::Everything),
            part(Strain::Lasting, Reach::Client(Port(0))),
            part(Strain::Lasting, Reach::Everything),
        ];
        let cast = Cast { faults, ..Cast::clone(&cast) };
        let head = Head { actor: Actor::World, ..steps[0].head };
        let event = WorldEvent::FaultBegan { index, what: String::new() };
        let began = Step { head, input: Input::World(event), outputs: Vec::new() };
        steps.insert(1, began);
        red(&std::sync::Arc::new(cast), &steps)
    };
    only!(strikes(0), L7);
    // A hand-off needs no client.
    only!(strikes(1), L7);
    assert_eq!(strikes(2), BTreeSet::new());
    // A fault that the cast does not list may be anything.
    assert_eq!(strikes(3), BTreeSet::new());
}

#[test]
fn l7_a_gap_is_opened_while_a_guild_is_handed_off() {
    let found = tampered(histories::stopped(), |steps| {
        let opened = find(steps, 0, |step| {
            step.head.actor == Actor::Node(NodeId(1))
                && noted(step, |note| matches!(note, TraceEvent::RelayOpened { .. }))
        });
        let note = |note: &TraceEvent| matches!(note, TraceEvent::RelayOpened { .. });
        let &mut TraceEvent::RelayOpened { relay, .. } = note_mut(&mut steps[opened], note) else {
            return;
        };
        let (at, why) = (Position::default(), GapReason::Unreachable);
        let gap = node::Output::Trace(TraceEvent::RelayGap { relay, at, why });
        let at = taken_over(steps);
        steps[at].outputs.insert(0, Output::Node(gap));
        steps.truncate(at + 1);
    });
    // No owner is out of reach for so short a time, either.
    assert_eq!(found, BTreeSet::from([Clause::D2, Clause::L7]));
}

#[test]
fn d2_a_connection_is_cut_before_its_client_could_go() {
    let found = tampered(histories::stopped(), |steps| {
        let cut = |note: &TraceEvent| {
            matches!(
                note,
                TraceEvent::Detached {
                    why: node::DetachReason::Cut(node::CloseReason::Stopping),
                    ..
                }
            )
        };
        let at = find(steps, 0, |step| noted(step, cut));
        let early = steps[at].head.now.instant - Span::secs(1);
        steps[at].head.now = Now::from(early);
        steps.truncate(at + 1);
    });
    only!(found, D2);
}

#[test]
fn c2_a_client_stays_where_it_was_told_to_go() {
    let found = tampered(histories::stopped(), |steps| {
        let told = |step: &Step| {
            let away = |input: &guildhall_core::client::Input| {
                matches!(
                    input,
                    guildhall_core::client::Input::Frame { frame: ServerFrame::Reconnect, .. }
                )
            };
            matches!(&step.input, Input::Client(input) if away(input))
        };
        let at = find(steps, 0, told);
        steps[at].outputs.clear();
        steps.truncate(at + 1);
    });
    assert!(found.contains(&Clause::C2));
    assert_eq!(found, BTreeSet::from([Clause::C2]));
}
