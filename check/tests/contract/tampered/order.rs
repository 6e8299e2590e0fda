//! O1–O4: one thing wrong, and who says so.

use std::collections::BTreeSet;

use guildhall_check::violation::Clause;
use guildhall_core::dispatch::Body;
use guildhall_core::id::{MessageId, Nonce, Seq};
use guildhall_core::node::Note;
use guildhall_core::peer::PeerMessage;
use guildhall_core::request::{Answer, Outcome};
use guildhall_core::step::{Input, Output, Step};
use guildhall_core::{client, node};

use crate::histories::{self};

use super::tools::*;

#[test]
fn o1_a_client_is_given_a_number_out_of_its_turn() {
    only!(tampered(histories::talk(), |steps| bob_takes(steps)[4].0.0 += 1), O1);
}

#[test]
fn o1_a_node_skips_a_number() {
    only!(tampered(histories::talk(), |steps| told_bob(steps)[4].0.0 += 1), O1);
}

#[test]
fn o1_a_replay_gives_a_number_to_something_else() {
    // A stranger resumes after s=2; it is given READY again as s=3, which was a message.
    let found = tampered(histories::stolen(), |steps| {
        let told = |step: &mut Step| {
            step.outputs.iter_mut().find_map(|output| match output {
                Output::Node(node::Output::Dispatch { dispatch, .. }) => Some(dispatch.clone()),
                _ => None,
            })
        };
        let ready = steps.iter_mut().find_map(told).expect("there is a READY");
        let resumed = |note: &Note| matches!(note, Note::Resumed { .. });
        let at = find(steps, 0, |step| noted(step, resumed));
        for output in &mut steps[at].outputs {
            if let Output::Node(node::Output::Dispatch { s: Seq(3), dispatch, .. }) = output {
                *dispatch = ready.clone();
            }
        }
    });
    only!(found, O1);
}

#[test]
fn o2_an_event_goes_back_behind_one_that_was_told() {
    only!(tampered(histories::talk(), |steps| repeat(steps, 4, 2)), O2);
}

#[test]
fn o3_ready_does_not_come_first() {
    only!(tampered(histories::talk(), |steps| repeat(steps, 0, 1)), O3);
}

#[test]
fn o3_an_event_comes_before_its_guild() {
    // Alice spoke before Bob came; he is told that instead of the guild.
    let found = tampered(histories::talk(), |steps| {
        let spoke = steps.iter().flat_map(|step| &step.outputs).find_map(|output| match output {
            Output::Node(node::Output::Dispatch { dispatch, .. })
                if matches!(dispatch.body, Body::MessageCreate(_)) =>
            {
                Some(dispatch.clone())
            }
            _ => None,
        });
        let spoke = spoke.expect("Alice is told what she said");
        *told_bob(steps)[1].1 = spoke.clone();
        *bob_takes(steps)[1].1 = spoke;
    });
    only!(found, O3);
}

#[test]
fn o4_what_was_asked_later_is_placed_before() {
    // Nobody follows the guild, so that the answers alone tell of the places: they change them.
    let swap = |answer: &mut Answer| {
        if let Outcome::Done(position) = &mut answer.outcome {
            position.index = if answer.origin.nonce == Nonce(1) { 2 } else { 1 };
        }
    };
    let found = tampered(histories::unheard(), |steps| {
        for step in steps {
            match &mut step.input {
                Input::Client(client::Input::Answer(answer))
                | Input::Node(node::Input::Peer {
                    message: PeerMessage::Answer { answer, .. },
                    ..
                }) => swap(answer),
                _ => {}
            }
            for output in &mut step.outputs {
                if let Output::Node(
                    node::Output::Answer { answer, .. }
                    | node::Output::Peer { message: PeerMessage::Answer { answer, .. }, .. },
                ) = output
                {
                    swap(answer)
                }
            }
        }
    });
    only!(found, O4);
}

#[test]
fn o5_the_id_of_a_message_does_not_grow() {
    only!(forged_last(|message| message.id = MessageId(1)), O5);
}
