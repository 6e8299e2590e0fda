//! B1, B2, B4: one thing wrong, and who says so.

use std::collections::BTreeSet;
use std::sync::Arc;

use guildhall_check::cast::Cast;
use guildhall_check::violation::Clause;
use guildhall_core::census::Table;
use guildhall_core::directory::DirectoryRequest;
use guildhall_core::event::{Channel, Event, Removal};
use guildhall_core::frame::ServerFrame;
use guildhall_core::id::{ChannelId, RoleId};
use guildhall_core::journal::Command;
use guildhall_core::limits::Limits;
use guildhall_core::node;
use guildhall_core::peer::PeerMessage;
use guildhall_core::permission::{Overwrite, Permissions, Target};
use guildhall_core::request::{Action, FullTable, GuildTable, Outcome, Refusal};
use guildhall_core::step::{Input, Output, Step};
use guildhall_core::time::{Instant, Now, Span};

use crate::histories::{self, BOB};
use crate::stage::{GUILD, user};

use super::requests::answered;
use super::tools::*;

#[test]
fn b1_a_relay_serves_more_than_it_may() {
    let found = tampered(histories::talk(), |steps| count(steps, Table::FullestRelay, |_| 15_001));
    only!(found, B1);
}

#[test]
fn b1_a_user_waits_for_the_directory_who_neither_joins_nor_leaves() {
    let found = tampered(histories::talk(), |steps| count(steps, Table::Directed, |_| 1));
    only!(found, B1);
}

#[test]
fn b1_an_identify_bucket_is_kept_that_is_open() {
    let found = tampered(histories::talk(), |steps| count(steps, Table::Buckets, |_| 1));
    only!(found, B1);
}

#[test]
fn b1_the_bytes_of_events_that_have_left_the_ring_are_counted() {
    let found = tampered(histories::talk(), |steps| weigh(steps, Table::CatchUpRing, |n| 3 * n));
    only!(found, B1);
}

#[test]
fn b1_a_peer_that_asks_and_never_reads_is_not_cut() {
    // The node was more patient than these bounds allow, and nobody took anything.
    let (cast, mut steps) = histories::refused();
    let limits = Limits { control_unsent_bytes: 64, ..Limits::clone(&cast.limits) };
    let cast = Cast { limits: Arc::new(limits), ..Cast::clone(&cast) };
    for step in &mut steps {
        if let Input::Node(node::Input::Accepted { window, .. }) = &mut step.input {
            *window = 64;
        }
    }
    assert_eq!(red(&Arc::new(cast), &steps), BTreeSet::from([Clause::B1]));
}

#[test]
fn b1_a_guild_knows_too_many_messages() {
    let found = tampered(histories::talk(), |steps| count(steps, Table::Messages, |_| 4_097));
    only!(found, B1);
}

#[test]
fn b3_a_relay_is_told_an_event_twice() {
    let found = tampered(histories::talk(), |steps| {
        let streams = |output: &Output| {
            matches!(
                output,
                Output::Node(node::Output::Peer { message: PeerMessage::Stream { .. }, .. })
            )
        };
        let at = find(steps, 0, |step| step.outputs.iter().any(streams));
        let again = steps[at].outputs.iter().find(|it| streams(it)).cloned();
        steps[at].outputs.extend(again);
    });
    only!(found, B3);
}

/// A node sends what it has sent once more, in a step of its own.
fn sends_again(steps: &mut Vec<Step>, wanted: impl Fn(&node::Output) -> bool) {
    let sends = |output: &Output| matches!(output, Output::Node(output) if wanted(output));
    let at = find(steps, 0, |step| step.outputs.iter().any(sends));
    let again = steps[at].outputs.iter().find(|it| sends(it)).cloned();
    let (head, outputs) = (steps[at].head, again.into_iter().collect());
    steps.insert(at + 1, Step { head, input: Input::Timeout, outputs });
}

#[test]
fn b3_a_journal_is_asked_again_before_it_can_have_answered() {
    let found = tampered(histories::talk(), |steps| {
        sends_again(steps, |output| {
            matches!(output, node::Output::Journal { command: Command::Append { .. }, .. })
        });
    });
    only!(found, B3);
}

#[test]
fn b3_the_directory_is_asked_three_times_before_it_can_have_answered() {
    let found = tampered(histories::talk(), |steps| {
        let asks = |output: &node::Output| {
            matches!(output, node::Output::Directory(DirectoryRequest::Ask { .. }))
        };
        sends_again(steps, asks);
        sends_again(steps, asks);
    });
    only!(found, B3);
}

#[test]
fn b3_a_chunk_is_too_large() {
    let (cast, steps) = histories::talk();
    let cast = bounded(&cast, |limits| limits.chunk_entries = 1);
    assert_eq!(red(&cast, &steps), BTreeSet::from([Clause::B3]));
}

#[test]
fn b3_an_event_is_put_into_words_for_each_session() {
    // Carol and Eve are at Paris, and see the same. Nothing that can be compared by value changes.
    let (cast, mut steps) = histories::crowd();
    let last = told(&mut steps, 0, histories::EVE).len() - 1;
    forge(told(&mut steps, 0, histories::EVE)[last].1, |_| {});
    let found = red(&cast, &steps);
    only!(found, B3);
}

#[test]
fn b3_an_event_is_put_into_words_twice_for_one_class_while_another_is_away() {
    let (cast, mut steps) = histories::crowd_without_its_owner();
    let last = told(&mut steps, 0, histories::EVE).len() - 1;
    forge(told(&mut steps, 0, histories::EVE)[last].1, |_| {});
    let found = red(&cast, &steps);
    only!(found, B3);
}

#[test]
fn b2_a_window_does_not_slide() {
    let found = tampered(histories::talk(), |steps| count(steps, Table::LongestReplay, |_| 2_049));
    only!(found, B2);
}

#[test]
fn b2_a_slow_connection_is_not_cut() {
    let found = tampered(histories::talk(), |steps| count(steps, Table::MostLiveUnsent, |_| 1_025));
    only!(found, B2);
}

#[test]
fn b4_a_frame_that_is_too_long_is_heard() {
    let found = tampered(histories::talk(), |steps| {
        let at = find(steps, 0, is_heartbeat);
        if let Input::Node(node::Input::Frame { bytes, .. }) = &mut steps[at].input {
            *bytes = 4_097;
        }
    });
    only!(found, B4);
}

#[test]
fn b4_a_frame_that_is_too_long_is_refused_and_heard_all_the_same() {
    let found = tampered(histories::refused(), |steps| {
        let huge = |step: &Step| {
            matches!(step.input, Input::Node(node::Input::Frame { bytes: 9_999, .. }))
        };
        let at = find(steps, 0, huge);
        let Input::Node(node::Input::Frame { connection, .. }) = steps[at].input else { return };
        let frame = ServerFrame::HeartbeatAck;
        steps[at].outputs.insert(0, Output::Node(node::Output::Frame { connection, frame }));
    });
    only!(found, B4);
}

#[test]
fn b4_a_connection_is_cut_as_too_fast_that_is_not() {
    let found = tampered(histories::refused(), |steps| {
        let at = find(steps, 0, is_heartbeat);
        let from = find(steps, at + 40, is_heartbeat);
        steps.drain(at..from);
    });
    only!(found, B4);
}

#[test]
fn b4_a_second_identify_is_accepted_too_soon() {
    // The clock of the one that is accepted is set back to right after the one before.
    let found = tampered(histories::refused(), |steps| {
        let asks = |step: &Step| {
            matches!(step.input, Input::Node(node::Input::Identify { .. }))
                && step.outputs.iter().any(|it| {
                    matches!(
                        it,
                        Output::Node(node::Output::Directory(DirectoryRequest::Ask { .. }))
                    )
                })
        };
        let last = steps.iter().rposition(asks).expect("somebody identifies");
        steps[last].head.now = Now::from(Instant::ZERO + Span::secs(1));
        steps.truncate(last + 1);
    });
    only!(found, B4);
}

#[test]
fn b1_a_guild_is_busy_that_has_room() {
    for full in [FullTable::Unsynced, FullTable::Nonces, FullTable::Directed] {
        let found = tampered(histories::waits(), |steps| {
            let refused = |output: &mut Output| match output {
                Output::Node(node::Output::Peer {
                    message: PeerMessage::Answer { answer, .. },
                    ..
                }) => {
                    answer.outcome = Outcome::Busy(full);
                    true
                }
                _ => false,
            };
            let answers = |step: &mut Step| step.outputs.iter_mut().any(refused);
            let at = steps.iter_mut().position(answers).expect("Bob is refused");
            steps.truncate(at + 1);
        });
        only!(found, B1);
    }
}

#[test]
fn b1_a_guild_gets_more_than_it_may_hold() {
    let channel = |id, overwrites: Vec<_>| Channel { id, overwrites: overwrites.into() };
    let overwrite = |role| {
        let (deny, allow) = (Permissions::NONE, Permissions::SEND_MESSAGES);
        Overwrite { target: Target::Role(RoleId(role)), deny, allow }
    };
    let many = channel(ChannelId(72), [GUILD.0, 8, 72].map(overwrite).to_vec());
    let (role, position) = (RoleId(73), 1);
    let (bob, why) = (user(BOB), Removal::Banned);
    let too_much = [
        Event::ChannelCreate(channel(ChannelId(73), Vec::new())),
        Event::RoleCreate { role, permissions: Permissions::NONE, position },
        Event::ChannelUpdate(many),
        Event::MemberRemove { user: bob, why },
    ];
    for event in too_much {
        let found = tampered(histories::full(), |steps| {
            let (at, origin) = asks(steps, 0, |action| match (action, &event) {
                (Action::CreateChannel(asked), Event::ChannelCreate(made)) => asked == made,
                (Action::CreateRole { role: of, .. }, Event::RoleCreate { role, .. }) => of == role,
                (Action::ChangeChannel(_), Event::ChannelUpdate(_))
                | (Action::Ban { .. }, Event::MemberRemove { .. }) => true,
                _ => false,
            });
            commit(steps, at, origin, event.clone());
        });
        only!(found, B1);
    }
}

#[test]
fn i8_a_guild_is_said_to_be_full_that_has_room() {
    let found = tampered(histories::full(), |steps| {
        answered(steps, |_, outcome| match outcome {
            Outcome::Refused { why, .. } => {
                *why = Refusal::Full(GuildTable::Members);
                true
            }
            Outcome::Done(_) | Outcome::Busy(_) => false,
        });
    });
    only!(found, I8);
}

#[test]
fn b4_a_message_is_committed_that_is_too_long() {
    let tighter: [fn(&mut Limits); 2] =
        [|limits| limits.content_characters = 5, |limits| limits.content_bytes = 5];
    for tighten in tighter {
        let (cast, mut steps) = histories::talk();
        // What a guild remembers of it is too large as well (B1).
        steps.retain(|step| !matches!(step.input, Input::Census(_)));
        // The node that passes it on ought to have refused it.
        let red = red(&bounded(&cast, tighten), &steps);
        assert_eq!(red, BTreeSet::from([Clause::I8, Clause::B4]));
    }
}
