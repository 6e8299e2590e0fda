//! L9: one thing wrong, and who says so.

use std::collections::BTreeSet;

use guildhall_check::violation::Clause;
use guildhall_core::client;
use guildhall_core::dispatch::Body;
use guildhall_core::node;
use guildhall_core::request::{Action, Answer, Outcome, Refusal};
use guildhall_core::step::{Head, Input, Output, Step, WorldEvent};

use crate::histories;
use crate::honest::judge;
use crate::stage::{GUILD, HALL};

use super::tools::*;

fn says_in_the_hall(action: &Action) -> bool {
    matches!(action, Action::Say { channel, .. } if *channel == HALL)
}

fn types_in_the_hall(action: &Action) -> bool {
    matches!(action, Action::Type { channel } if *channel == HALL)
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
fn l9_an_owner_is_silent_about_typing() {
    let found = tampered(histories::served(), |steps| {
        let (at, _) = asks(steps, 0, types_in_the_hall);
        settles_after(steps, at);
    });
    only!(found, L9);
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
