//! I8: a refusal, or a request that had to be refused, and who says so.

use guildhall_check::violation::Clause;
use guildhall_core::id::GuildId;
use guildhall_core::node;
use guildhall_core::peer::PeerMessage;
use guildhall_core::request::{Answer, Outcome, Refusal, Request};
use guildhall_core::step::{Input, Output, Step};

use std::collections::BTreeSet;

use crate::histories;
use crate::stage::token;

use super::tools::*;

/// Changes the first refusal like this as its owner or its node says it; the history ends there.
fn refused(steps: &mut Vec<Step>, why: Refusal, change: impl Fn(&mut Refusal)) {
    let refusal = |output: &mut Output| match output {
        Output::Node(
            node::Output::Peer { message: PeerMessage::Answer { answer, .. }, .. }
            | node::Output::Answer { answer, .. },
        ) => match &mut answer.outcome {
            Outcome::Refused { why: said, .. } if *said == why => {
                change(said);
                true
            }
            _ => false,
        },
        _ => false,
    };
    let refuses = |step: &mut Step| step.outputs.iter_mut().any(refusal);
    let at = steps.iter_mut().position(refuses).expect("somebody is refused");
    steps.truncate(at + 1);
}

#[test]
fn i8_a_refusal_tells_of_what_its_author_does_not_see() {
    for (why, told) in
        [(Refusal::NoSuchChannel, Refusal::Forbidden), (Refusal::NoSuchMessage, Refusal::Forbidden)]
    {
        let found = tampered(histories::turned_away(), |steps| {
            refused(steps, why, |why| *why = told);
        });
        only!(found, I8);
    }
}

#[test]
fn i8_a_node_refuses_for_another_reason() {
    for why in [Refusal::Unauthorized, Refusal::NoSuchGuild, Refusal::TooManyCharacters] {
        let found = tampered(histories::turned_away(), |steps| {
            refused(steps, why, |why| *why = Refusal::Banned);
        });
        only!(found, I8);
    }
}

/// The first request that reaches a node is another, and what the node says to it is replaced; the
/// history ends there.
fn received(
    change: impl Fn(&mut node::Input),
    said: impl Fn(&Request) -> Vec<Output>,
) -> BTreeSet<Clause> {
    tampered(histories::talk(), |steps| {
        let is_request =
            |step: &Step| matches!(step.input, Input::Node(node::Input::Request { .. }));
        let at = find(steps, 0, is_request);
        if let Input::Node(input) = &mut steps[at].input {
            change(input);
            if let node::Input::Request { request, .. } = input {
                steps[at].outputs = said(request);
            }
        }
        steps.truncate(at + 1);
    })
}

#[test]
fn i8_a_node_refuses_what_it_has_to_pass_on() {
    let found = received(
        |_| (),
        |request| {
            let (origin, guild, attempt) = (request.origin, request.guild, request.attempt);
            let outcome = Outcome::Refused { why: Refusal::TooLong, at: None };
            let answer = Answer { origin, guild, attempt, outcome };
            vec![Output::Node(node::Output::Answer { port: guildhall_core::id::Port(0), answer })]
        },
    );
    only!(found, I8);
}

#[test]
fn i8_a_node_drops_what_it_has_to_refuse() {
    let nothing = |_: &Request| Vec::new();
    let of_another = |input: &mut node::Input| {
        if let node::Input::Request { token: given, .. } = input {
            *given = token(1);
        }
    };
    only!(received(of_another, nothing), I8);
    let unknown = |input: &mut node::Input| {
        if let node::Input::Request { request, .. } = input {
            request.guild = GuildId(1);
        }
    };
    only!(received(unknown, nothing), I8);
}
