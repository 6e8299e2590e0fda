//! I8, D5–D7, D9: one thing wrong with a request, its answer or its commit, and who says so.

use std::collections::BTreeSet;
use std::sync::Arc;

use guildhall_check::violation::Clause;
use guildhall_core::directory::DirectoryEvent;
use guildhall_core::dispatch::Body;
use guildhall_core::event::{Event, Removal};
use guildhall_core::id::{Epoch, Nonce, Position};
use guildhall_core::journal::{Checkpoint, Command};
use guildhall_core::node;
use guildhall_core::peer::PeerMessage;
use guildhall_core::request::{Action, Origin, Outcome, Refusal};
use guildhall_core::step::{Input, JournalEvent, Output, Step};
use guildhall_core::time::Span;

use crate::histories::{self, ALICE, BOB, CAROL};
use crate::stage::user;

use super::tools::*;

#[test]
fn i8_a_member_is_kicked_by_somebody_who_may_not() {
    let found = tampered(histories::members(), |steps| {
        let kick = |action: &Action| *action == Action::Kick { user: user(CAROL) };
        let (at, origin) = asks(steps, 1, kick);
        let why = Removal::Kicked;
        commit(steps, at, origin, Event::MemberRemove { user: user(CAROL), why });
    });
    only!(found, I8);
}

#[test]
fn i8_somebody_speaks_who_is_no_member() {
    let found = tampered(histories::members(), |steps| {
        let (at, origin) = asks(steps, 0, |action| matches!(action, Action::Say { .. }));
        let Input::Client(guildhall_core::client::Input::Ask(request)) = &steps[at].input else {
            return;
        };
        let Action::Say { channel, content, mentions } = request.action.clone() else { return };
        let id = guildhall_core::id::MessageId(1 << 22);
        let (author, nonce) = (origin.user, origin.nonce);
        let message =
            guildhall_core::dispatch::Message { id, channel, author, nonce, content, mentions };
        commit(steps, at, origin, Event::Message(message));
    });
    only!(found, I8);
}

/// Changes what owners answer, as they say it; the history ends with the first that is changed.
pub(crate) fn answered(steps: &mut Vec<Step>, change: impl Fn(Origin, &mut Outcome) -> bool) {
    let mut last = None;
    for (at, step) in steps.iter_mut().enumerate() {
        for output in &mut step.outputs {
            if let Output::Node(node::Output::Peer {
                message: PeerMessage::Answer { answer, .. },
                ..
            }) = output
                && change(answer.origin, &mut answer.outcome)
            {
                last = last.or(Some(at));
            }
        }
    }
    steps.truncate(last.expect("something is answered") + 1);
}

#[test]
fn i8_a_refusal_is_not_so() {
    let found = tampered(histories::waits(), |steps| {
        answered(steps, |_, outcome| match outcome {
            Outcome::Refused { why, .. } => {
                *why = Refusal::NotAMember;
                true
            }
            _ => false,
        });
    });
    only!(found, I8);
}

#[test]
fn i8_a_refusal_is_by_what_was_so_before_what_its_author_had_got() {
    let found = tampered(histories::waits(), |steps| {
        answered(steps, |_, outcome| match outcome {
            Outcome::Refused { at, .. } => {
                *at = Some(Position::default());
                true
            }
            _ => false,
        });
    });
    only!(found, I8);
}

#[test]
fn d5_an_act_is_committed_twice() {
    let found = tampered(histories::talk(), |steps| {
        let record = committed(steps).pop().expect("somebody speaks");
        let mut event = record.event.clone();
        if let Event::Message(message) = &mut event {
            message.id.0 += 1;
        }
        commit(steps, steps.len() - 1, record.origin.expect("somebody asked"), event);
    });
    only!(found, D5);
}

#[test]
fn d5_an_act_is_committed_that_was_refused() {
    let found = tampered(histories::waits(), |steps| {
        let (_, origin) = asks(steps, 0, |action| *action == Action::DeleteGuild);
        commit(steps, steps.len() - 1, origin, Event::GuildDelete);
    });
    only!(found, D5);
}

#[test]
fn d5_an_act_is_refused_that_is_done() {
    let found = tampered(histories::talk(), |steps| {
        answered(steps, |_, outcome| match outcome {
            Outcome::Done(at) => {
                *outcome = Outcome::Refused { why: Refusal::Forbidden, at: Some(*at) };
                true
            }
            _ => false,
        });
    });
    only!(found, D5);
}

#[test]
fn d5_an_answer_names_the_place_of_another_act() {
    let found = tampered(histories::talk(), |steps| {
        answered(steps, |origin, outcome| match outcome {
            Outcome::Done(at) if origin.nonce == Nonce(3) => {
                at.index -= 1;
                true
            }
            _ => false,
        });
    });
    only!(found, D5);
}

#[test]
fn d5_an_act_is_done_that_can_be_kept_no_more() {
    let found = tampered(histories::handed_over(), |steps| {
        answered(steps, |_, outcome| match outcome {
            Outcome::Done(at) if at.epoch == Epoch(2) => {
                *at = Position { epoch: Epoch(1), index: 99 };
                true
            }
            _ => false,
        });
    });
    only!(found, D5);
}

/// Forges the last base that a journal is given.
fn based(forge: impl Fn(&mut Checkpoint)) -> BTreeSet<Clause> {
    tampered(histories::compacted(), |steps| {
        let outputs = steps.iter_mut().rev().flat_map(|step| step.outputs.iter_mut().rev());
        let mut bases = outputs.filter_map(|output| match output {
            Output::Node(node::Output::Journal {
                command: Command::Compact { base, .. }, ..
            }) => Some(base),
            _ => None,
        });
        let base = bases.next().expect("the journal is compacted");
        let mut forged = Checkpoint::clone(base);
        forge(&mut forged);
        *base = Arc::new(forged);
    })
}

#[test]
fn d5_a_base_forgets_a_member() {
    only!(based(|base| drop(base.state.members.pop_first())), D5);
}

#[test]
fn d5_a_base_forgets_an_act() {
    only!(
        based(|base| {
            base.nonces.pop();
        }),
        D5
    );
}

#[test]
fn d5_a_base_names_an_act_elsewhere() {
    only!(based(|base| base.nonces[0].1.index += 1), D5);
}

#[test]
fn d5_a_base_reads_otherwise() {
    only!(based(|base| base.messages[0].content = "what was never said".into()), D5);
}

#[test]
fn d5_a_base_would_give_an_id_again() {
    only!(based(|base| base.last_message.0 -= 1), D5);
}

#[test]
fn d5_a_base_stands_for_what_is_not_kept() {
    only!(based(|base| base.position.index += 1), D5);
}

#[test]
fn d5_a_copy_is_taken_that_came_too_late() {
    let (cast, steps) = histories::views();
    let cast = bounded(&cast, |limits| limits.request_age = Span::ZERO);
    assert_eq!(red(&cast, &steps), BTreeSet::from([Clause::D5]));
}

#[test]
fn d5_a_client_believes_what_was_said_to_an_older_attempt() {
    let found = tampered(histories::waits(), |steps| {
        for step in steps {
            if let Input::Client(guildhall_core::client::Input::Answer(answer)) = &mut step.input {
                answer.attempt = 0;
            }
        }
    });
    // Without an answer to its latest attempt it is owed one for ever.
    assert_eq!(found, BTreeSet::from([Clause::D5, Clause::D10]));
}

#[test]
fn d6_somebody_types_twice_by_one_act() {
    let found = tampered(histories::blanks(), |steps| {
        let types = |message: &PeerMessage| {
            matches!(message, PeerMessage::Stream { record, .. }
                if matches!(record.event, Event::Typing { .. }))
        };
        let emits = |step: &Step| {
            step.outputs.iter().any(|output| {
                matches!(output, Output::Node(node::Output::Peer { message, .. })
                    if types(message))
            })
        };
        let at = find(steps, 0, emits);
        for output in steps[at].outputs.clone() {
            let Output::Node(node::Output::Peer { to, mut message }) = output else { continue };
            if let PeerMessage::Stream { record, .. } = &mut message
                && matches!(record.event, Event::Typing { .. })
            {
                let mut again = guildhall_core::event::Record::clone(record);
                (again.prev, again.position) = (again.position, again.position.next());
                *record = Arc::new(again);
                steps[at].outputs.push(Output::Node(node::Output::Peer { to, message }));
            }
        }
        steps.truncate(at + 1);
    });
    only!(found, D6);
}

/// The last commit of a talk comes when all else is over.
fn synced_late(steps: &mut Vec<Step>, until: impl Fn(&PeerMessage) -> bool) {
    let synced = |step: &Step| {
        matches!(&step.input, Input::Journal(JournalEvent::Synced { records })
            if records.iter().any(|it| matches!(it.event, Event::Message(_))))
    };
    let at = steps.iter().rposition(synced).expect("somebody speaks");
    steps.remove(at);
    let says = |output: &Output| matches!(output, Output::Node(node::Output::Peer { message, .. }) if until(message));
    let end = find(steps, at, |step| step.outputs.iter().any(says));
    steps[end].outputs.retain(says);
    steps.truncate(end + 1);
}

#[test]
fn d7_an_event_is_sent_out_before_its_commit() {
    let found = tampered(histories::talk(), |steps| {
        synced_late(steps, |message| matches!(message, PeerMessage::Stream { .. }));
    });
    only!(found, D7);
}

#[test]
fn d7_an_act_is_done_before_its_commit() {
    let found = tampered(histories::talk(), |steps| {
        synced_late(steps, |message| matches!(message, PeerMessage::Answer { .. }));
    });
    only!(found, D7);
}

#[test]
fn d7_a_snapshot_shows_what_is_not_committed() {
    let found = tampered(histories::talk(), |steps| {
        for message in words(steps) {
            if let PeerMessage::Chunk { chunk, .. } = message {
                let mut forged = guildhall_core::peer::Chunk::clone(chunk);
                forged.members.push((user(9), [].into()));
                *chunk = Arc::new(forged);
            }
        }
    });
    only!(found, D7);
}

#[test]
fn d7_something_later_is_told_before_an_event_is_committed() {
    let found = tampered(histories::talk(), |steps| {
        let record = committed(steps).pop().expect("somebody speaks");
        for message in words(steps) {
            if let PeerMessage::Tip { position, .. } = message {
                position.index = record.position.index;
            }
        }
        let synced = |step: &Step| {
            matches!(&step.input, Input::Journal(JournalEvent::Synced { records })
                if records.contains(&record))
        };
        let at = find(steps, 0, synced);
        steps.truncate(at + 1);
    });
    assert!(found.contains(&Clause::D7), "{found:?}");
}

#[test]
fn d9_ready_leaves_out_a_guild() {
    let found = tampered(histories::talk(), |steps| {
        forge(told(steps, 1, BOB)[0].1, |body| {
            let Body::Ready(ready) = body else { return };
            ready.guilds.clear();
        });
        let ready = told(steps, 1, BOB)[0].1.clone();
        let at = tells(steps, 1, |dispatch| *dispatch == *ready);
        steps[at].outputs.retain(|output| {
            !matches!(output, Output::Node(node::Output::Dispatch { dispatch, .. })
                if *dispatch != ready)
        });
        steps.truncate(at + 1);
    });
    only!(found, D9);
}

#[test]
fn d9_the_directory_forgets_a_member() {
    let found = tampered(histories::talk(), |steps| {
        for step in steps {
            for output in &mut step.outputs {
                if let Output::Directory(output) = output
                    && let DirectoryEvent::Guilds { user: whose, guilds, .. } = &mut output.notice
                    && *whose == user(ALICE)
                {
                    guilds.clear();
                }
            }
        }
    });
    only!(found, D9);
}

#[test]
fn d9_somebody_joins_whom_the_directory_does_not_name() {
    let found = tampered(histories::members(), |steps| {
        let (at, origin) = asks(steps, 0, |action| *action == Action::Join);
        commit(steps, at, origin, Event::MemberAdd { user: origin.user });
    });
    only!(found, D9);
}

#[test]
fn i8_a_refusal_comes_from_an_owner_that_may_be_over() {
    // The journal's word on the epoch, which the refusal waits for, comes too late.
    let found = tampered(histories::waits(), |steps| {
        answered(steps, |_, outcome| matches!(outcome, Outcome::Refused { .. }));
        // The clock of the step in which it is asked is ahead of that of the question.
        let asked = steps.iter().rposition(|step| {
            matches!(&step.input, Input::Node(node::Input::Peer { message, .. })
                if matches!(message, PeerMessage::Request { .. }))
        });
        let asked = &mut steps[asked.expect("Bob asks")];
        asked.head.now = (asked.head.now.instant + Span::millis(5)).into();
        asked.outputs.retain(|it| !matches!(it, Output::Node(node::Output::Journal { .. })));
    });
    only!(found, I8);
}

#[test]
fn o4_an_act_is_taken_that_was_meant_for_another_owner() {
    let found = tampered(histories::unheard(), |steps| {
        for step in steps {
            if let Input::Node(node::Input::Peer {
                message: PeerMessage::Request { epoch, .. },
                ..
            }) = &mut step.input
            {
                epoch.0 += 1;
            }
        }
    });
    only!(found, O4);
}

#[test]
fn i2_a_channel_is_taken_away_that_is_still_seen() {
    let found = tampered(histories::views(), |steps| {
        let all = told(steps, 1, BOB);
        let made = all.iter().position(|(_, it)| it.body.name() == "CHANNEL_CREATE");
        let made = made.expect("Bob is told of the office");
        let channel = crate::stage::HALL;
        forge(told(steps, 1, BOB)[made].1, |body| *body = Body::ChannelDelete { channel });
        let what = told(steps, 1, BOB)[made].1.clone();
        let at = tells(steps, 1, |dispatch| *dispatch == *what);
        steps.truncate(at + 1);
    });
    only!(found, I2);
}

#[test]
fn d6_an_edit_mentions_those_whom_the_message_mentioned_before() {
    let found = tampered(histories::blanks(), |steps| {
        let wanted = |action: &Action| match action {
            Action::Edit { mentions, .. } => !mentions.is_empty(),
            _ => false,
        };
        let (at, origin) = asks(steps, 0, wanted);
        let said = committed(&steps[..at]).into_iter().find_map(|record| match &record.event {
            Event::MessageUpdate(message) => Some(message.clone()),
            _ => None,
        });
        let mut message = said.expect("it was edited before");
        message.content = "now for him".into();
        commit(steps, at, origin, Event::MessageUpdate(message));
    });
    only!(found, D6);
}
