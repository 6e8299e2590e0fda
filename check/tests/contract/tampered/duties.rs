//! D10, D11: a request that is owed an answer, or another one, and who says so.

use std::collections::BTreeSet;
use std::sync::Arc;

use guildhall_check::cast::{Cast, Endpoint, FaultPart, Reach, Strain};
use guildhall_check::violation::Clause;
use guildhall_core::client::{self, Input as ClientInput};
use guildhall_core::dispatch::Dispatch;
use guildhall_core::id::{NodeId, Port};
use guildhall_core::node;
use guildhall_core::peer::PeerMessage;
use guildhall_core::request::Action;
use guildhall_core::step::{Actor, Head, Input, Output, Step, WorldEvent};
use guildhall_core::time::{Instant, Span};

use crate::histories::{self, ALICE, BOB, History};
use crate::stage::{BERLIN, GUILD, PARIS};

use super::tools::*;

/// Bob asked for something else.
fn asked_for(steps: &mut [Step], action: &Action) {
    for step in steps {
        if let Input::Client(ClientInput::Ask(request)) = &mut step.input {
            request.action = action.clone();
        }
        for output in &mut step.outputs {
            if let Output::Client(client::Output::Request { request, .. }) = output {
                request.action = action.clone();
            }
        }
    }
}

/// No answer reaches a client.
fn unanswered(steps: &mut Vec<Step>) {
    steps.retain(|step| !matches!(step.input, Input::Client(ClientInput::Answer(_))));
}

#[test]
fn d10_a_lawful_request_is_refused() {
    let found = tampered(histories::waits(), |steps| asked_for(steps, &Action::Leave));
    only!(found, D10);
}

#[test]
fn d10_a_lawful_request_is_not_done() {
    let found = tampered(histories::waits(), |steps| {
        asked_for(steps, &Action::Leave);
        unanswered(steps);
        let refuses = |output: &Output| matches!(output, Output::Node(node) if is_answer(node));
        steps.iter_mut().for_each(|step| step.outputs.retain(|output| !refuses(output)));
    });
    only!(found, D10);
}

fn is_answer(output: &node::Output) -> bool {
    use node::Output::{Answer, Peer};
    matches!(output, Answer { .. } | Peer { message: PeerMessage::Answer { .. }, .. })
}

#[test]
fn d10_an_unlawful_request_is_not_refused() {
    only!(tampered(histories::waits(), unanswered), D10);
}

/// No answer reaches Bob while a fault impairs this much.
fn impaired(strain: Strain, reach: Reach) -> BTreeSet<Clause> {
    let (cast, mut steps): History = histories::waits();
    unanswered(&mut steps);
    impairs((cast, steps), strain, reach)
}

/// Who notices something in a history where a fault impairs this much from the start.
fn impairs((cast, mut steps): History, strain: Strain, reach: Reach) -> BTreeSet<Clause> {
    let faults = vec![FaultPart { strain, reach, ..FaultPart::default() }];
    let cast = Cast { faults, ..Cast::clone(&cast) };
    let head = Head { actor: Actor::World, ..steps[0].head };
    let event = WorldEvent::FaultBegan { index: 0, what: String::new() };
    steps.insert(1, Step { head, input: Input::World(event), outputs: Vec::new() });
    red(&Arc::new(cast), &steps)
}

#[test]
fn d10_nobody_is_blamed_while_something_on_the_way_is_impaired() {
    let ways = [
        Reach::Everything,
        Reach::Node(PARIS),
        Reach::Node(BERLIN),
        Reach::Guild(GUILD),
        Reach::Link(Endpoint::Node(BERLIN), Endpoint::Node(PARIS)),
        Reach::Link(Endpoint::Nodes, Endpoint::Journal(GUILD)),
        Reach::Link(Endpoint::Directory, Endpoint::Nodes),
        Reach::Client(Port(BOB as u32)),
    ];
    for reach in ways {
        assert_eq!(impaired(Strain::Lasting, reach), BTreeSet::new(), "{reach:?}");
    }
}

#[test]
fn d10_what_is_impaired_elsewhere_excuses_nobody() {
    let (other, journal) = (NodeId(2), Endpoint::Journal(crate::stage::OTHER));
    let elsewhere = [
        Reach::Node(other),
        Reach::Guild(crate::stage::OTHER),
        Reach::Link(Endpoint::Node(other), Endpoint::Node(PARIS)),
        Reach::Link(Endpoint::Nodes, journal),
        Reach::Client(Port(ALICE as u32)),
    ];
    for reach in elsewhere {
        assert_eq!(impaired(Strain::Lasting, reach), BTreeSet::from([Clause::D10]), "{reach:?}");
    }
    only!(impaired(Strain::None, Reach::Everything), D10);
}

/// No answer reaches Bob, and the line of a client breaks so long after he has asked. The history ends
/// later.
fn broken(client: usize, after: Span, end: Span) -> BTreeSet<Clause> {
    let (cast, mut steps): History = histories::waits();
    unanswered(&mut steps);
    let asks = |step: &Step| matches!(step.input, Input::Client(client::Input::Ask(_)));
    let asked = steps[find(&steps, 0, asks)].head.at;
    steps.truncate(find(&steps, 0, |step| step.head.at >= asked + end));
    let (strain, reach) = (Strain::Moment, Reach::Client(Port(client as u32)));
    let faults = vec![FaultPart { strain, reach, ..FaultPart::default() }];
    let cast = Cast { faults, ..Cast::clone(&cast) };
    let at = find(&steps, 0, |step| step.head.at >= asked + after);
    let head = Head { actor: Actor::World, ..steps[at].head };
    let event = WorldEvent::FaultBegan { index: 0, what: String::new() };
    steps.insert(at, Step { head, input: Input::World(event), outputs: Vec::new() });
    red(&Arc::new(cast), &steps)
}

#[test]
fn d10_an_answer_is_lost_where_the_line_of_its_client_has_broken() {
    let (broke, soon, late) = (Span::secs(8), Span::secs(17), Span::secs(30));
    assert_eq!(broken(BOB, broke, soon), BTreeSet::new());
    only!(broken(BOB, broke, late), D10);
    only!(broken(ALICE, broke, soon), D10);
}

/// Nothing of Alice's typing reaches anybody. The history ends before its nodes are counted.
fn untold(steps: &mut Vec<Step>) {
    let counts = |step: &Step| matches!(step.input, Input::Census(_));
    steps.truncate(find(steps, 0, counts));
    steps.retain(|step| match &step.input {
        Input::Node(node::Input::Peer { message: PeerMessage::Request { .. }, .. })
        | Input::Node(node::Input::Peer { message: PeerMessage::Stream { .. }, .. }) => false,
        Input::Client(client::Input::Dispatch { dispatch, .. }) => {
            dispatch.body.name() != "TYPING_START"
        }
        _ => true,
    });
}

#[test]
fn d11_nobody_is_told_who_types() {
    only!(tampered(histories::types(), untold), D11);
}

/// The step in which the owner hears that Alice types.
fn typing_arrives(steps: &[Step]) -> usize {
    find(steps, 0, |step| {
        matches!(&step.input, Input::Node(node::Input::Peer {
            message: PeerMessage::Request { request, .. }, ..
        }) if matches!(request.action, Action::Type { .. }))
    })
}

/// The owner drops Alice's typing. A copy of another request arrives before it, whose sender has last
/// heard a tip at this time.
fn dropped_behind_a_copy(heard: Instant) -> BTreeSet<Clause> {
    let (cast, mut steps) = histories::types();
    let cast = bounded(&cast, |limits| (limits.unsynced, limits.request_age) = (1, Span::secs(7)));
    let at = typing_arrives(&steps);
    steps[at].outputs.clear();
    let mut copy = steps[at].clone();
    if let Input::Node(node::Input::Peer {
        message: PeerMessage::Request { request, heard: last, .. },
        ..
    }) = &mut copy.input
    {
        *last = heard;
        request.origin.nonce.0 += 100;
    }
    steps.insert(at, copy);
    let counts = |step: &Step| matches!(step.input, Input::Census(_));
    steps.truncate(find(&steps, 0, counts));
    steps.retain(|step| match &step.input {
        Input::Node(node::Input::Peer { message: PeerMessage::Stream { .. }, .. }) => false,
        Input::Client(client::Input::Dispatch { dispatch, .. }) => {
            dispatch.body.name() != "TYPING_START"
        }
        _ => true,
    });
    red(&cast, &steps)
}

#[test]
fn d11_a_copy_that_came_too_late_fills_no_table() {
    only!(dropped_behind_a_copy(Instant::ZERO), D11);
    let lately = Instant::ZERO + Span::secs(7);
    assert_eq!(dropped_behind_a_copy(lately), BTreeSet::new(), "another one may");
}

#[test]
fn d11_a_session_is_not_told_who_types() {
    let (cast, steps) = histories::types_to_all();
    let is_typing = |dispatch: &Dispatch| dispatch.body.name() == "TYPING_START";
    for (node, client) in [(0, histories::ALICE), (1, histories::BOB)] {
        let mut steps = steps.clone();
        let told = tells(&steps, node, is_typing);
        steps[told].outputs.retain(|output| {
            !matches!(output, Output::Node(node::Output::Dispatch { dispatch, .. })
                if is_typing(dispatch))
        });
        takes_no_more(&mut steps, told, client);
        only!(red(&cast, &steps), D11);
    }
}

#[test]
fn d11_nobody_is_blamed_where_something_on_the_way_is_impaired() {
    let impaired = |reach| {
        let (cast, mut steps) = histories::types();
        untold(&mut steps);
        impairs((cast, steps), Strain::Lasting, reach)
    };
    assert_eq!(impaired(Reach::Everything), BTreeSet::new());
    assert_eq!(impaired(Reach::Client(Port(ALICE as u32))), BTreeSet::new());
    only!(impaired(Reach::Client(Port(BOB as u32))), D11);
    // Her client may not have noticed yet that its line is dead.
    let (cast, mut steps) = histories::types();
    untold(&mut steps);
    let reach = Reach::Client(Port(ALICE as u32));
    assert_eq!(impairs((cast, steps), Strain::Moment, reach), BTreeSet::new());
}
