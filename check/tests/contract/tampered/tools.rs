//! How to tamper with a history, and who must notice.

use std::collections::BTreeSet;
use std::sync::Arc;

use guildhall_check::cast::Cast;
use guildhall_check::violation::Clause;
use guildhall_core::census::Table;
use guildhall_core::dispatch::{Dispatch, Message};
use guildhall_core::frame::ClientFrame;
use guildhall_core::id::{NodeId, Port, Seq};
use guildhall_core::node::Note;
use guildhall_core::peer::{Event, PeerMessage, Record};
use guildhall_core::step::{Actor, Input, Output, Step};
use guildhall_core::{client, node};

use crate::histories::{self, BOB, History};
use crate::honest::judge;

pub(crate) fn red(cast: &Arc<Cast>, steps: &[Step]) -> BTreeSet<Clause> {
    judge(cast, steps).violations().iter().map(|found| found.clause).collect()
}

/// Tampers with a history, and asks who noticed.
pub(crate) fn tampered(history: History, tamper: impl FnOnce(&mut Vec<Step>)) -> BTreeSet<Clause> {
    let (cast, mut steps) = history;
    let honest = steps.clone();
    tamper(&mut steps);
    assert_ne!(honest, steps, "nothing was tampered with");
    red(&cast, &steps)
}

macro_rules! only {
    ($found:expr, $clause:ident) => {
        assert_eq!($found, BTreeSet::from([Clause::$clause]))
    };
}

/// The first step that `wanted` likes, from `from` on.
pub(crate) fn find(steps: &[Step], from: usize, wanted: impl Fn(&Step) -> bool) -> usize {
    from + steps[from..].iter().position(wanted).expect("the history has such a step")
}

pub(crate) fn is_bob(step: &Step) -> bool {
    step.head.actor == Actor::Client(Port(BOB as u32))
}

pub(crate) fn noted(step: &Step, wanted: impl Fn(&Note) -> bool) -> bool {
    let note =
        |output: &Output| matches!(output, Output::Node(node::Output::Note(note)) if wanted(note));
    step.outputs.iter().any(note)
}

pub(crate) fn note_mut(step: &mut Step, wanted: impl Fn(&Note) -> bool) -> &mut Note {
    let notes = step.outputs.iter_mut().filter_map(|output| match output {
        Output::Node(node::Output::Note(note)) => Some(note),
        _ => None,
    });
    notes.into_iter().find(|note| wanted(note)).expect("the step has such a note")
}

/// All dispatches of the node at berlin, where Bob is: their steps and outputs.
pub(crate) fn told_bob(steps: &mut [Step]) -> Vec<(&mut Seq, &mut Arc<Dispatch>)> {
    let berlin = steps.iter_mut().filter(|step| step.head.actor == Actor::Node(NodeId(1)));
    let outputs = berlin.flat_map(|step| &mut step.outputs);
    outputs
        .filter_map(|output| match output {
            Output::Node(node::Output::Dispatch { s, dispatch, .. }) => Some((s, dispatch)),
            _ => None,
        })
        .collect()
}

/// The dispatches that reach Bob.
pub(crate) fn bob_takes(steps: &mut [Step]) -> Vec<(&mut Seq, &mut Arc<Dispatch>)> {
    let bob = steps.iter_mut().filter(|step| is_bob(step));
    bob.filter_map(|step| match &mut step.input {
        Input::Client(client::Input::Dispatch { s, dispatch, .. }) => Some((s, dispatch)),
        _ => None,
    })
    .collect()
}

/// The numbers of the tamper below: what Bob is told at `at` becomes what he was told at `from`.
pub(crate) fn repeat(steps: &mut [Step], at: usize, from: usize) {
    let first = told_bob(steps)[from].1.clone();
    *told_bob(steps)[at].1 = first.clone();
    *bob_takes(steps)[at].1 = first;
}

pub(crate) fn is_heartbeat(step: &Step) -> bool {
    matches!(
        step.input,
        Input::Node(node::Input::Frame { frame: ClientFrame::Heartbeat { .. }, .. })
    )
}

/// Changes one line of the last census of paris.
pub(crate) fn count(steps: &mut [Step], table: Table, count: impl Fn(u64) -> u64) {
    let counted = |step: &Step| {
        step.head.actor == Actor::Node(NodeId(0))
            && noted(step, |note| matches!(note, Note::Census(_)))
    };
    let at = steps.iter().rposition(counted).expect("paris is counted");
    let note = note_mut(&mut steps[at], |note| matches!(note, Note::Census(_)));
    let Note::Census(census) = note else { return };
    let line = census.lines.iter_mut().find(|line| line.table == table);
    let line = line.expect("the census has that line");
    line.count = count(line.count);
}

/// What Bob says, frame by frame.
pub(crate) fn bob_says(steps: &mut [Step]) -> Vec<&mut ClientFrame> {
    let bob = steps.iter_mut().filter(|step| is_bob(step));
    bob.flat_map(|step| &mut step.outputs)
        .filter_map(|output| match output {
            Output::Client(client::Output::Frame { frame, .. }) => Some(frame),
            _ => None,
        })
        .collect()
}

/// Who notices that the guild emits the last message of a talk as it is not.
pub(crate) fn forged_last(forge: impl Fn(&mut Message)) -> BTreeSet<Clause> {
    tampered(histories::talk(), |steps| {
        let emits = |output: &Output| {
            matches!(
                output,
                Output::Node(node::Output::Peer { message: PeerMessage::Stream { .. }, .. })
            )
        };
        let last = steps.iter().rposition(|step| step.outputs.iter().any(emits));
        let last = last.expect("somebody says something");
        for output in &mut steps[last].outputs {
            if let Output::Node(node::Output::Peer {
                message: PeerMessage::Stream { record, .. },
                ..
            }) = output
            {
                let mut forged = Record::clone(record);
                let Event::Message(message) = &mut forged.event;
                forge(message);
                *record = Arc::new(forged);
            }
        }
        steps.truncate(last + 1);
    })
}
