//! L3 and L9 in a world that has settled: one thing wrong, and who says so.

use std::collections::BTreeSet;

use guildhall_check::violation::Clause;
use guildhall_core::census::Table;
use guildhall_core::client;
use guildhall_core::directory::DirectoryRequest;
use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::frame::{ClientFrame, ServerFrame};
use guildhall_core::id::GuildId;
use guildhall_core::journal::Command;
use guildhall_core::node;
use guildhall_core::peer::PeerMessage;
use guildhall_core::request::{Action, Answer, Outcome, Refusal};
use guildhall_core::step::{Actor, Head, Input, Output, Step, WorldEvent};
use guildhall_core::time::Span;

use crate::histories;
use crate::honest::judge;
use crate::stage::{BERLIN, GUILD, HALL, OTHER};

use super::tools::*;

fn says_in_the_hall(action: &Action) -> bool {
    matches!(action, Action::Say { channel, .. } if *channel == HALL)
}

fn types_in_the_hall(action: &Action) -> bool {
    matches!(action, Action::Type { channel } if *channel == HALL)
}

/// The step after the world has settled in which a node says something like this.
fn after_settled(steps: &[Step], wanted: impl Fn(&node::Output) -> bool) -> (usize, node::Output) {
    let is_settled = |step: &Step| matches!(step.input, Input::World(WorldEvent::Settled));
    let settled = find(steps, 0, is_settled);
    let said = steps.iter().enumerate().skip(settled).find_map(|(at, step)| {
        let outputs = step.outputs.iter().filter_map(|output| match output {
            Output::Node(output) => Some(output),
            _ => None,
        });
        outputs.into_iter().find(|output| wanted(output)).map(|output| (at, output.clone()))
    });
    said.expect("a node says so")
}

#[test]
fn l3_an_owner_sends_its_tip_too_often() {
    let tip = |output: &node::Output| {
        matches!(output, node::Output::Peer { message: PeerMessage::Tip { .. }, .. })
    };
    let found = tampered(histories::talk(), |steps| {
        let (at, said) = after_settled(steps, tip);
        let again = Step { outputs: vec![Output::Node(said)], ..steps[at].clone() };
        (0..3).for_each(|_| steps.insert(at + 1, again.clone()));
    });
    only!(found, L3);
}

#[test]
fn l3_an_owner_confirms_its_epoch_too_often() {
    let confirm = |output: &node::Output| {
        matches!(output, node::Output::Journal { command: Command::Confirm { .. }, .. })
    };
    let found = tampered(histories::talk(), |steps| {
        let (at, said) = after_settled(steps, confirm);
        let later = [1, 2].map(|later| {
            let mut said = said.clone();
            if let node::Output::Journal { command: Command::Confirm { asked, .. }, .. } = &mut said
            {
                *asked += later;
            }
            Output::Node(said)
        });
        steps[at].outputs.extend(later);
    });
    only!(found, L3);
}

#[test]
fn l3_a_node_asks_the_directory_too_often() {
    let asks = |output: &node::Output| {
        matches!(output, node::Output::Directory(DirectoryRequest::Since { .. }))
    };
    let found = tampered(histories::talk(), |steps| {
        let (at, said) = after_settled(steps, asks);
        steps[at].outputs.extend([said.clone(), said].map(Output::Node));
    });
    only!(found, L3);
}

#[test]
fn l3_a_client_sends_heartbeats_too_often() {
    let found = tampered(histories::talk(), |steps| {
        let is_settled = |step: &Step| matches!(step.input, Input::World(WorldEvent::Settled));
        let beats = |output: &Output| {
            matches!(
                output,
                Output::Client(client::Output::Frame { frame: ClientFrame::Heartbeat { .. }, .. })
            )
        };
        let settled = find(steps, 0, is_settled);
        let at = find(steps, settled, |step| step.outputs.iter().any(beats));
        let beat = steps[at].outputs.iter().find(|output| beats(output)).cloned();
        steps[at].outputs.extend([beat.clone(), beat].into_iter().flatten());
    });
    only!(found, L3);
}

#[test]
fn l3_a_node_answers_a_heartbeat_twice() {
    let acks = |output: &node::Output| {
        matches!(output, node::Output::Frame { frame: ServerFrame::HeartbeatAck, .. })
    };
    let found = tampered(histories::talk(), |steps| {
        let (at, said) = after_settled(steps, acks);
        steps[at].outputs.push(Output::Node(said));
    });
    only!(found, L3);
}

#[test]
fn l3_an_owner_without_clients_waits_for_its_journal() {
    let found =
        tampered(histories::owner_alone(), |steps| count(steps, Table::Unsynced, |n| n + 1));
    only!(found, L3);
}

#[test]
fn l3_a_world_settles_while_a_node_waits_for_the_journal_of_a_guild() {
    let opens = |step: &Step| {
        let opens = |output: &Output| {
            matches!(
                output,
                Output::Node(node::Output::Journal { command: Command::Open { .. }, .. })
            )
        };
        step.head.actor == Actor::Node(BERLIN) && step.outputs.iter().any(opens)
    };
    let found = tampered(histories::opened_late(), |steps| {
        let at = find(steps, 0, opens);
        settles_after(steps, at);
    });
    only!(found, L3);
}

/// A relay of a guild subscribes again in a world that has settled.
fn subscribes_again(steps: &mut [Step], guild: GuildId) {
    let (at, _) = after_settled(steps, |output| {
        matches!(output, node::Output::Peer { message: PeerMessage::Tip { .. }, .. })
    });
    let asks = |output: &Output| {
        matches!(output, Output::Node(node::Output::Peer {
            message: PeerMessage::Subscribe { guild: of, .. }, ..
        }) if *of == guild)
    };
    let first = find(steps, 0, |step| step.outputs.iter().any(asks));
    let subscribes = steps[first].outputs.iter().find(|output| asks(output)).cloned();
    steps[at].outputs.extend(subscribes);
}

#[test]
fn l3_a_relay_asks_for_what_it_has_in_a_settled_world() {
    let found = tampered(histories::talk(), |steps| subscribes_again(steps, GUILD));
    only!(found, L3);
}

#[test]
fn l3_a_relay_asks_for_what_it_has_beside_a_hostile_client() {
    let here = tampered(histories::beside_mallory(false), |steps| subscribes_again(steps, GUILD));
    only!(here, L3);
}

#[test]
fn l3_a_relay_may_ask_only_for_a_guild_of_a_client_that_is_away() {
    let there = tampered(histories::beside_mallory(true), |steps| subscribes_again(steps, OTHER));
    only!(there, L3);
    let here = tampered(histories::beside_mallory(true), |steps| subscribes_again(steps, GUILD));
    assert_eq!(here, BTreeSet::new());
}

#[test]
fn c2_a_client_leaves_a_settled_world() {
    let found = tampered(histories::talk(), |steps| {
        let is_settled = |step: &Step| matches!(step.input, Input::World(WorldEvent::Settled));
        let settled = find(steps, 0, is_settled);
        let beats = |output: &Output| {
            matches!(
                output,
                Output::Client(client::Output::Frame { frame: ClientFrame::Heartbeat { .. }, .. })
            )
        };
        let at = find(steps, settled, |step| is_bob(step) && step.outputs.iter().any(beats));
        let Output::Client(client::Output::Frame { connection, .. }) = steps[at].outputs[0] else {
            return;
        };
        steps[at].outputs = vec![Output::Client(client::Output::Close { connection, code: 4000 })];
        steps.truncate(at + 1);
    });
    only!(found, C2);
}

/// The world goes on as if it had settled, after the step `at`.
fn settles_after(steps: &mut Vec<Step>, at: usize) {
    let is_settled = |step: &Step| matches!(step.input, Input::World(WorldEvent::Settled));
    let settled = steps[find(steps, 0, is_settled)].clone();
    steps.truncate(at + 1);
    steps.push(settled);
}

#[test]
fn l9_a_client_is_refused_what_it_may_do() {
    let found = tampered(histories::served(), |steps| {
        let (at, origin) = asks(steps, 1, says_in_the_hall);
        steps.truncate(at + 1);
        let outcome = Outcome::Refused { why: Refusal::Unauthorized, at: None };
        let answer = Answer { origin, guild: GUILD, attempt: 1, outcome };
        let input = Input::Client(client::Input::Answer(answer));
        let head = Head { step: steps[at].head.step + 1, ..steps[at].head };
        steps.push(Step { head, input, outputs: Vec::new() });
    });
    only!(found, L9);
}

#[test]
fn l9_what_a_client_says_is_not_done_in_time() {
    let found = tampered(histories::served(), |steps| {
        // It is never sent, so D10 does not know of it.
        let (at, _) = asks(steps, 1, says_in_the_hall);
        steps.truncate(at + 1);
        steps[at].outputs.clear();
        let asked = steps[at].head;
        let (step, at) = (asked.step + 1, asked.at + Span::secs(20));
        let head = Head { step, at, actor: Actor::Directory, ..asked };
        steps.push(Step { head, input: Input::Timeout, outputs: Vec::new() });
    });
    only!(found, L9);
}

#[test]
fn l9_an_owner_is_silent_about_typing() {
    let found = tampered(histories::served(), |steps| {
        let (at, _) = asks(steps, 0, types_in_the_hall);
        settles_after(steps, at);
    });
    only!(found, L9);
}

#[test]
fn l9_a_gap_that_is_over_excuses_nothing() {
    let found = tampered(histories::types_past_a_gap(), |steps| {
        let types = |dispatch: &Dispatch| matches!(dispatch.body, Body::TypingStart { .. });
        let told = tells(steps, 0, types);
        settles_after(steps, told);
    });
    assert!(found.contains(&Clause::L9), "{found:?}");
}

#[test]
fn l9_a_session_is_not_told_of_typing() {
    let found = tampered(histories::served(), |steps| {
        let types = |body: &Body| matches!(body, Body::TypingStart { .. });
        let told = tells(steps, 1, |dispatch| types(&dispatch.body));
        let says = |output: &Output| {
            matches!(output, Output::Node(node::Output::Dispatch { dispatch, .. })
                if types(&dispatch.body))
        };
        steps[told].outputs.retain(|output| !says(output));
        takes_no_more(steps, told, histories::BOB);
    });
    only!(found, L9);
}

#[test]
fn l9_a_world_that_gives_up_is_told_who_is_not_served() {
    let (cast, mut steps) = histories::served();
    let (at, _) = asks(&steps, 1, says_in_the_hall);
    steps.truncate(at + 1);
    let mut contract = judge(&cast, &steps);
    assert_eq!(contract.probed(), 1);
    let said = "bob has said something in guild, not done yet";
    assert_eq!(contract.unserved().as_deref(), Some(said));
    contract.finish(true, Some("no answer".to_owned()));
    let found = contract.first().expect("L9 is violated");
    assert_eq!((found.clause, contract.violations().len()), (Clause::L9, 1));
    assert!(found.message.contains("bob"), "{}", found.message);
}
