//! O1–O4: one thing wrong, and who says so.

use std::collections::BTreeSet;
use std::sync::Arc;

use guildhall_check::violation::Clause;
use guildhall_core::dispatch::Body;
use guildhall_core::event::{Event, Record};
use guildhall_core::id::{Epoch, MessageId, Nonce, Position, Seq};
use guildhall_core::journal::Command;
use guildhall_core::node::TraceEvent;
use guildhall_core::request::{Action, Answer, Origin, Outcome};
use guildhall_core::step::{Input, JournalEvent, Output, Step};
use guildhall_core::{client, node};

use crate::histories::{self, BOB};
use crate::stage::GUILD;

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
        let resumed = |note: &TraceEvent| matches!(note, TraceEvent::Resumed { .. });
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
fn o1_a_resume_adds_a_resumed_to_one_that_ends_the_replay() {
    // Alice takes her session back; the replay ends in the RESUMED that the stranger was sent.
    let found = tampered(histories::stolen(), |steps| {
        let resumed = |note: &TraceEvent| matches!(note, TraceEvent::Resumed { .. });
        let at = steps.iter().rposition(|step| noted(step, resumed)).expect("Alice resumes");
        let is_last = |output: &Output| {
            let Output::Node(node::Output::Dispatch { dispatch, .. }) = output else {
                return false;
            };
            dispatch.body == Body::Resumed
        };
        let last = steps[at].outputs.iter().rposition(is_last).expect("she is sent a RESUMED");
        let mut more = steps[at].outputs[last].clone();
        if let Output::Node(node::Output::Dispatch { s, .. }) = &mut more {
            s.0 += 1;
        }
        steps[at].outputs.insert(last + 1, more);
        steps.truncate(at + 1);
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
    // Alice is told that another act of hers stands further on before she asks for the second one.
    let found = tampered(histories::unheard(), |steps| {
        let (second, origin) = asks(steps, 1, |_| true);
        let before = Origin { nonce: Nonce(99), ..origin };
        let outcome = Outcome::Done(Position { epoch: Epoch(1), index: 9 });
        let answer = Answer { origin: before, guild: GUILD, attempt: 1, outcome };
        let input = Input::Client(client::Input::Answer(answer));
        let told = Step { input, outputs: Vec::new(), ..steps[second].clone() };
        steps.insert(second, told);
    });
    only!(found, O4);
}

#[test]
fn o5_a_member_joins() {
    let found = tampered(histories::members(), |steps| {
        let (at, origin) = asks(steps, 2, |action| *action == Action::Join);
        commit(steps, at, origin, Event::MemberAdd { user: origin.user });
    });
    only!(found, O5);
}

#[test]
fn o3_an_event_comes_before_its_channel() {
    let found = tampered(histories::views(), |steps| {
        let made = told_bob(steps).iter().position(|(_, it)| it.body.name() == "CHANNEL_CREATE");
        leave_out(steps, 1, BOB, made.expect("Bob is told of the office"));
    });
    only!(found, O3);
}

#[test]
fn o5_the_id_of_a_message_does_not_grow() {
    only!(forged_last(|message| message.id = MessageId(1)), O5);
}

#[test]
fn o5_the_id_of_a_message_is_far_ahead_of_all_clocks() {
    only!(forged_last(|message| message.id = MessageId(1 << 60)), O5);
}

#[test]
fn o5_two_guilds_give_one_id() {
    let found = tampered(histories::two_guilds(), |steps| {
        let mut given: Option<MessageId> = None;
        for at in 0..steps.len() {
            let Input::Journal(JournalEvent::Synced { records }) = &mut steps[at].input else {
                continue;
            };
            for record in records {
                let mut forged = Record::clone(record);
                let Event::Message(message) = &mut forged.event else { continue };
                if let Some(id) = given.replace(message.id) {
                    message.id = id;
                    *record = Arc::new(forged);
                    return steps.truncate(at + 1);
                }
            }
        }
    });
    only!(found, O5);
}

#[test]
fn o5_an_id_names_another_node_than_the_owner() {
    let found = tampered(histories::talk(), |steps| {
        for at in 0..steps.len() {
            for output in &mut steps[at].outputs {
                let Output::Node(node::Output::Journal { command, .. }) = output else { continue };
                let Command::Append { records, .. } = command else { continue };
                let mut forged = Record::clone(&records[0]);
                if let Event::Message(message) = &mut forged.event {
                    message.id.0 |= 1 << 20;
                    *records = [Arc::new(forged)].into();
                    return steps.truncate(at + 1);
                }
            }
        }
    });
    only!(found, O5);
}
