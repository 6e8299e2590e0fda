//! How to tamper with a history, and who must notice.

use std::collections::BTreeSet;
use std::sync::Arc;

use guildhall_check::cast::Cast;
use guildhall_check::violation::Clause;
use guildhall_core::census::{Census, Line, Table};
use guildhall_core::dispatch::{Body, Dispatch, Message};
use guildhall_core::event::{Event, Record};
use guildhall_core::frame::ClientFrame;
use guildhall_core::id::{NodeId, Port, Seq};
use guildhall_core::limits::Limits;
use guildhall_core::node::TraceEvent;
use guildhall_core::peer::PeerMessage;
use guildhall_core::request::{Action, Origin};
use guildhall_core::step::{Actor, Head, Input, JournalEvent, Output, Step};
use guildhall_core::{client, node};

use crate::histories::{self, BOB, History};
use crate::honest::judge;
use crate::stage::GUILD;

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

pub(crate) fn noted(step: &Step, wanted: impl Fn(&TraceEvent) -> bool) -> bool {
    let note =
        |output: &Output| matches!(output, Output::Node(node::Output::Trace(note)) if wanted(note));
    step.outputs.iter().any(note)
}

pub(crate) fn note_mut(step: &mut Step, wanted: impl Fn(&TraceEvent) -> bool) -> &mut TraceEvent {
    let notes = step.outputs.iter_mut().filter_map(|output| match output {
        Output::Node(node::Output::Trace(note)) => Some(note),
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

/// Changes the count of one line of the last census that has it; of nodes, that of paris.
pub(crate) fn count(steps: &mut [Step], table: Table, count: impl Fn(u64) -> u64) {
    let line = line(steps, table);
    line.count = count(line.count);
}

/// The same for its bytes.
pub(crate) fn weigh(steps: &mut [Step], table: Table, weigh: impl Fn(u64) -> u64) {
    let line = line(steps, table);
    line.bytes = weigh(line.bytes);
}

/// The last census with a table; of nodes, that of paris.
pub(crate) fn census(steps: &mut [Step], table: Table) -> &mut Census {
    let last = steps.iter_mut().rev().find_map(|step| match &mut step.input {
        Input::Census(census) if step.head.actor != Actor::Node(NodeId(1)) => {
            census.lines.iter().any(|line| line.table == table).then_some(census)
        }
        _ => None,
    });
    last.expect("a machine has the table, and is counted")
}

fn line(steps: &mut [Step], table: Table) -> &mut Line {
    let mut lines = census(steps, table).lines.iter_mut();
    lines.find(|line| line.table == table).expect("the census has that line")
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

/// Everything that a node tells one client, as the node says it.
pub(crate) fn told(
    steps: &mut [Step],
    node: u16,
    client: usize,
) -> Vec<(&mut Seq, &mut Arc<Dispatch>)> {
    let connections: BTreeSet<_> = steps
        .iter()
        .filter(|step| step.head.actor == Actor::Client(Port(client as u32)))
        .filter_map(|step| match &step.input {
            Input::Client(client::Input::Opened { connection, .. }) => Some(*connection),
            _ => None,
        })
        .collect();
    let of_node = steps.iter_mut().filter(|step| step.head.actor == Actor::Node(NodeId(node)));
    let outputs = of_node.flat_map(|step| &mut step.outputs);
    outputs
        .filter_map(|output| match output {
            Output::Node(node::Output::Dispatch { s, dispatch, connection })
                if connections.contains(connection) =>
            {
                Some((s, dispatch))
            }
            _ => None,
        })
        .collect()
}

/// The step in which a node tells something like this, the first of them.
pub(crate) fn tells(steps: &[Step], node: u16, wanted: impl Fn(&Dispatch) -> bool) -> usize {
    find(steps, 0, |step| {
        step.head.actor == Actor::Node(NodeId(node))
            && step.outputs.iter().any(|output| {
                matches!(output, Output::Node(node::Output::Dispatch { dispatch, .. })
                    if wanted(dispatch))
            })
    })
}

/// What one client is told at `at` is left out, and what comes next bears its number; the history
/// ends there.
pub(crate) fn leave_out(steps: &mut Vec<Step>, node: u16, client: usize, at: usize) {
    let gone = told(steps, node, client)[at].1.clone();
    let next = told(steps, node, client)[at + 1].1.clone();
    let says = |step: &Step, what: &Arc<Dispatch>| {
        step.head.actor == Actor::Node(NodeId(node))
            && step.outputs.iter().any(|output| {
                matches!(output, Output::Node(node::Output::Dispatch { dispatch, .. })
                    if dispatch == what)
            })
    };
    told(steps, node, client)[at + 1].0.0 -= 1;
    let first = find(steps, 0, |step| says(step, &gone));
    let mut left = false;
    steps[first].outputs.retain(|output| {
        let is = matches!(output, Output::Node(node::Output::Dispatch { dispatch, .. })
            if *dispatch == gone);
        left |= is;
        !is
    });
    let last = find(steps, first, |step| says(step, &next));
    steps.truncate(last + 1);
    takes_no_more(steps, first, client);
}

/// From a step on nothing reaches a client.
pub(crate) fn takes_no_more(steps: &mut Vec<Step>, from: usize, client: usize) {
    let mut at = 0;
    steps.retain(|step| {
        at += 1;
        let takes = matches!(step.input, Input::Client(client::Input::Dispatch { .. }));
        at <= from || !takes || step.head.actor != Actor::Client(Port(client as u32))
    });
}

/// All that is committed in the first guild.
pub(crate) fn committed(steps: &[Step]) -> Vec<Arc<Record>> {
    let of = steps.iter().filter(|step| step.head.actor == Actor::Journal(GUILD));
    of.filter_map(|step| match &step.input {
        Input::Journal(JournalEvent::Synced { records }) => Some(records.clone()),
        _ => None,
    })
    .flatten()
    .collect()
}

/// The journal commits one more record after the step `at`, and the history ends there.
pub(crate) fn commit(steps: &mut Vec<Step>, at: usize, origin: Origin, event: Event) {
    steps.truncate(at + 1);
    let prev = committed(steps).last().expect("the guild is open").position;
    let record = Record { position: prev.next(), prev, origin: Some(origin), event };
    synced(steps, record);
}

/// The journal commits just this record.
pub(crate) fn synced(steps: &mut Vec<Step>, record: Record) {
    let last = steps.last().expect("the history has steps").head;
    let records = vec![Arc::new(record)];
    let head = Head { actor: Actor::Journal(GUILD), ..last };
    let input = Input::Journal(JournalEvent::Synced { records });
    steps.push(Step { head, input, outputs: Vec::new() });
}

/// The step in which a client asks for something like this, and under which name.
pub(crate) fn asks(
    steps: &[Step],
    nth: usize,
    wanted: impl Fn(&Action) -> bool,
) -> (usize, Origin) {
    let asked = steps.iter().enumerate().filter_map(|(at, step)| match &step.input {
        Input::Client(client::Input::Ask(request)) if wanted(&request.action) => {
            Some((at, request.origin))
        }
        _ => None,
    });
    asked.into_iter().nth(nth).expect("somebody asks for it")
}

/// All messages between nodes as they are said.
pub(crate) fn words(steps: &mut [Step]) -> impl Iterator<Item = &mut PeerMessage> {
    let outputs = steps.iter_mut().flat_map(|step| &mut step.outputs);
    outputs.filter_map(|output| match output {
        Output::Node(node::Output::Peer { message, .. }) => Some(message),
        _ => None,
    })
}

/// Somebody notices the last message that a talk commits, as it is forged.
pub(crate) fn forged_last(forge: impl Fn(&mut Message)) -> BTreeSet<Clause> {
    tampered(histories::talk(), |steps| {
        let synced = |step: &Step| {
            matches!(&step.input, Input::Journal(JournalEvent::Synced { records })
                if records.iter().any(|it| matches!(it.event, Event::Message(_))))
        };
        let last = steps.iter().rposition(synced).expect("somebody says something");
        if let Input::Journal(JournalEvent::Synced { records }) = &mut steps[last].input {
            for record in records {
                let mut forged = Record::clone(record);
                if let Event::Message(message) = &mut forged.event {
                    forge(message);
                }
                *record = Arc::new(forged);
            }
        }
        steps.truncate(last + 1);
    })
}

/// Forges a dispatch.
pub(crate) fn forge(dispatch: &mut Arc<Dispatch>, how: impl FnOnce(&mut Body)) {
    let mut forged = Dispatch::clone(dispatch);
    how(&mut forged.body);
    *dispatch = Arc::new(forged);
}

/// The bounds of a cast are others than those that its history kept.
pub(crate) fn bounded(cast: &Arc<Cast>, change: impl FnOnce(&mut Limits)) -> Arc<Cast> {
    let mut limits = Limits::clone(&cast.limits);
    change(&mut limits);
    Arc::new(Cast { limits: Arc::new(limits), ..Cast::clone(cast) })
}
