//! L3–L5, L8 and D2 for relays and owners: one thing wrong, and who says so.

use std::collections::BTreeSet;
use std::sync::Arc;

use guildhall_check::violation::Clause;
use guildhall_core::client;
use guildhall_core::directory::{DirectoryEvent, DirectoryRequest};
use guildhall_core::event::{Event, Record};
use guildhall_core::id::{Epoch, NodeId, Port, Position};
use guildhall_core::journal::{Command, Log, Reply};
use guildhall_core::node::{self, TraceEvent};
use guildhall_core::peer::PeerMessage;
use guildhall_core::request::{Action, Answer, Outcome, Refusal};
use guildhall_core::step::{Actor, Head, Input, Output, Step, WorldEvent};
use guildhall_core::time::Span;

use crate::histories;
use crate::stage::GUILD;

use super::tools::*;

#[test]
fn l3_a_guild_has_no_owner() {
    let found = tampered(histories::views(), |steps| {
        let at =
            find(steps, 0, |step| noted(step, |note| matches!(note, TraceEvent::Opened { .. })));
        let opened = |output: &Output| {
            matches!(output, Output::Node(node::Output::Trace(TraceEvent::Opened { .. })))
        };
        steps[at].outputs.retain(|output| !opened(output));
    });
    only!(found, L3);
}

#[test]
fn l3_an_author_is_refused_for_ever_and_never_by_the_latest_attempt() {
    let found = tampered(histories::waits(), |steps| {
        let refused = |step: &Step| {
            matches!(&step.input, Input::Client(client::Input::Answer(answer))
                if matches!(answer.outcome, Outcome::Refused { .. }))
        };
        let at = find(steps, 0, refused);
        let mut older = steps[at].clone();
        if let Input::Client(client::Input::Answer(answer)) = &mut older.input {
            answer.attempt -= 1;
        }
        let (head, outputs) = (Head { actor: Actor::World, ..older.head }, Vec::new());
        let healed = Step { head, input: Input::World(WorldEvent::Healed), outputs };
        let news = std::iter::once(healed).chain(std::iter::repeat_n(older, 64));
        steps.splice(at..at, news);
    });
    only!(found, L3);
}

#[test]
fn l4_an_owner_goes_on_telling_a_relay_that_is_gone() {
    let found = tampered(histories::quits(), |steps| {
        let berlin = |output: &Output| match output {
            Output::Node(node::Output::Peer { to: NodeId(1), message }) => {
                matches!(message, PeerMessage::Stream { .. })
            }
            _ => false,
        };
        let said = steps.iter().flat_map(|step| &step.outputs).find(|it| berlin(it)).cloned();
        let tips = |output: &Output| {
            matches!(
                output,
                Output::Node(node::Output::Peer { message: PeerMessage::Tip { .. }, .. })
            )
        };
        let last = steps.iter().rposition(|step| step.outputs.iter().any(tips));
        steps[last.expect("the owner is there")].outputs.extend(said);
    });
    only!(found, L4);
}

#[test]
fn l4_the_directory_goes_on_naming_guilds_for_a_user_who_has_gone() {
    let found = tampered(histories::quits(), |steps| {
        let forgets = |output: &Output| {
            matches!(output, Output::Node(node::Output::Directory(DirectoryRequest::Forget { .. })))
        };
        let at = find(steps, 0, |step| step.outputs.iter().any(forgets));
        let head = steps[at].head;
        let notice = notice_of(steps, head.actor);
        let input = Input::Node(node::Input::Directory(notice));
        steps.insert(at + 1, Step { head, input, outputs: Vec::new() });
        steps.truncate(at + 2);
    });
    only!(found, L4);
}

/// The first list of a user's guilds that a node is sent.
fn notice_of(steps: &[Step], node: Actor) -> DirectoryEvent {
    let notices = steps.iter().filter(|step| step.head.actor == node).map(|step| &step.input);
    let lists = notices.filter_map(|input| match input {
        Input::Node(node::Input::Directory(notice @ DirectoryEvent::Guilds { .. })) => Some(notice),
        _ => None,
    });
    lists.into_iter().next().expect("the directory was asked").clone()
}

#[test]
fn l5_an_open_that_comes_late_is_granted() {
    let found = tampered(histories::handed_over(), |steps| {
        let opens = |output: &Output| {
            matches!(
                output,
                Output::Node(node::Output::Journal { command: Command::Open { .. }, .. })
            )
        };
        let berlin = Actor::Node(NodeId(1));
        let at = find(steps, 0, |step| step.head.actor == berlin && step.outputs.iter().any(opens));
        // It was sent before Paris was granted the epoch that it takes the place of.
        let place = steps[at].outputs.iter().position(opens).expect("it was found");
        let open = steps[at].outputs.remove(place);
        let head = Head { actor: berlin, ..steps[0].head };
        steps.insert(0, Step { head, input: Input::Timeout, outputs: vec![open] });
    });
    only!(found, L5);
}

#[test]
fn l4_a_guild_counts_a_relay_that_is_gone() {
    let found = tampered(histories::quits(), |steps| {
        count(steps, guildhall_core::census::Table::Followers, |n| n + 1);
    });
    only!(found, L4);
}

#[test]
fn l4_a_guild_is_owned_that_is_not_counted() {
    let found = tampered(histories::talk(), |steps| {
        count(steps, guildhall_core::census::Table::Guilds, |n| n - 1);
    });
    // What belongs to it is too much without it (B1).
    assert_eq!(found, BTreeSet::from([Clause::L4, Clause::B1]));
}

#[test]
fn l4_a_user_has_a_session_and_is_not_counted() {
    let found = tampered(histories::talk(), |steps| {
        count(steps, guildhall_core::census::Table::Users, |n| n - 1);
    });
    // Its guilds are too many without it (B1).
    assert_eq!(found, BTreeSet::from([Clause::L4, Clause::B1]));
}

#[test]
fn l5_a_record_of_a_lower_epoch_is_committed() {
    let found = tampered(histories::handed_over(), |steps| {
        let position = Position { epoch: Epoch(1), index: 9 };
        let record = committed(steps).into_iter().find(|it| matches!(it.event, Event::Message(_)));
        let record = Record { position, ..Record::clone(&record.expect("somebody speaks")) };
        synced(steps, record);
    });
    only!(found, L5);
}

#[test]
fn l5_a_new_owner_is_not_given_all_that_is_committed() {
    let found = tampered(histories::handed_over(), |steps| {
        for output in steps.iter_mut().flat_map(|step| &mut step.outputs) {
            if let Output::Journal(_, Reply::Opened { epoch: Epoch(2), log, .. }) = output {
                let mut short = Log::clone(log);
                let opened = short.tail.pop();
                short.tail.pop();
                short.tail.extend(opened);
                *log = Arc::new(short);
            }
        }
    });
    only!(found, L5);
}

#[test]
fn l5_a_node_listens_to_an_owner_that_is_over() {
    let found = tampered(histories::handed_over(), |steps| {
        let berlin = Actor::Node(NodeId(1));
        let last = steps.iter().rposition(|step| step.head.actor == berlin).expect("it is there");
        let (_, origin) = asks(steps, 0, |_| true);
        let outcome = Outcome::Refused { why: Refusal::Forbidden, at: None };
        let answer = Answer { origin, guild: GUILD, attempt: 1, outcome };
        let (port, boot, sender) = (Port(0), 1, Epoch(1));
        let message = PeerMessage::Answer { port, boot, sender, answer };
        let input = Input::Node(node::Input::Peer { from: NodeId(0), message });
        let outputs = vec![Output::Node(node::Output::Answer { port, answer })];
        let late = Step { head: steps[last].head, input, outputs };
        steps.push(late);
    });
    only!(found, L5);
}

#[test]
fn l8_an_owner_speaks_that_has_lost_touch() {
    let (cast, steps) = histories::quits();
    let cast = bounded(&cast, |limits| limits.stale_after = Span::millis(1));
    assert_eq!(red(&cast, &steps), BTreeSet::from([Clause::L8]));
}

#[test]
fn l8_an_owner_takes_what_it_is_asked_for_after_it_has_lost_touch() {
    let found = tampered(histories::unheard(), |steps| {
        let takes = |step: &Step| {
            matches!(&step.input, Input::Node(node::Input::Peer { message, .. })
                if matches!(message, PeerMessage::Request { .. }))
        };
        let at = find(steps, 0, takes);
        let late = steps[at].head.now.instant + Span::secs(12);
        steps[at].head.now = late.into();
        let asks = |output: &Output| matches!(output, Output::Node(node::Output::Journal { .. }));
        steps[at].outputs.retain(asks);
        assert!(!steps[at].outputs.is_empty(), "it is kept");
        steps.truncate(at + 1);
    });
    only!(found, L8);
}

#[test]
fn l8_a_relay_tells_of_a_guild_though_it_hears_no_tip() {
    let found = tampered(histories::talk(), |steps| {
        let tip = |step: &Step| {
            step.head.actor == Actor::Node(NodeId(1))
                && matches!(&step.input, Input::Node(node::Input::Peer { message, .. })
                    if matches!(message, PeerMessage::Tip { .. }))
        };
        let begins =
            find(steps, 0, |step| noted(step, |note| matches!(note, TraceEvent::Begun { .. })));
        let (mut at, mut end) = (
            0,
            find(steps, begins, |step| {
                step.head.actor == Actor::Node(NodeId(1))
                    && noted(step, |note| matches!(note, TraceEvent::Begun { .. }))
            }),
        );
        while at < end {
            if tip(&steps[at]) {
                steps.remove(at);
                end -= 1;
            } else {
                at += 1;
            }
        }
    });
    only!(found, L8);
}

#[test]
fn d2_a_relay_opens_a_gap_though_it_could_go_on() {
    let found = tampered(histories::behind(), |steps| {
        let gap =
            find(steps, 0, |step| noted(step, |it| matches!(it, TraceEvent::RelayGap { .. })));
        if let Input::Node(node::Input::Peer {
            message: PeerMessage::Chunk { chunk, .. }, ..
        }) = &mut steps[gap].input
        {
            let mut forged = guildhall_core::peer::Chunk::clone(chunk);
            forged.reach = Position { epoch: Epoch(1), index: 0 };
            *chunk = Arc::new(forged);
        }
    });
    only!(found, D2);
}

#[test]
fn d2_a_relay_opens_a_gap_too_early() {
    let (cast, steps) = histories::unreachable();
    let cast = bounded(&cast, |limits| limits.unreachable_after = Span::secs(200));
    assert_eq!(red(&cast, &steps), BTreeSet::from([Clause::D2]));
}

#[test]
fn d2_nobody_is_told_that_an_owner_is_out_of_reach() {
    let found = tampered(histories::unreachable(), |steps| {
        let gap =
            find(steps, 0, |step| noted(step, |it| matches!(it, TraceEvent::RelayGap { .. })));
        steps[gap].outputs.clear();
        let late = steps[gap].head.now.instant + Span::secs(2);
        steps[gap].head.now = late.into();
        steps.truncate(gap + 1);
    });
    only!(found, D2);
}

#[test]
fn d2_an_owner_gives_a_state_where_events_would_do() {
    // These bounds leave room for all that Berlin has missed.
    let (cast, mut steps) = histories::behind();
    let gives = |step: &Step| {
        step.outputs.iter().any(|output| {
            matches!(output, Output::Node(node::Output::Peer { message, .. })
                if matches!(message, PeerMessage::Chunk { .. }))
        })
    };
    let last = steps.iter().rposition(gives).expect("Berlin is given a state");
    steps.truncate(last + 1);
    let cast = bounded(&cast, |limits| limits.catch_up_events = 100);
    assert_eq!(red(&cast, &steps), BTreeSet::from([Clause::D2]));
}

/// The step in which the owner is asked to tell that somebody types.
fn typing_comes(steps: &[Step]) -> usize {
    find(steps, 0, |step| {
        matches!(&step.input, Input::Node(node::Input::Peer { message, .. })
            if matches!(message, PeerMessage::Request { request, .. }
                if matches!(request.action, Action::Type { .. })))
    })
}

#[test]
fn l8_an_owner_takes_typing_after_it_has_lost_touch() {
    // The request comes late by the owner's clock; it is told as if the owner were in touch again.
    let found = tampered(histories::blanks(), |steps| {
        let at = typing_comes(steps);
        steps.truncate(at + 1);
        let told = Step { input: Input::Timeout, ..steps[at].clone() };
        steps[at].outputs.clear();
        steps[at].head.now = (steps[at].head.now.instant + Span::secs(12)).into();
        steps.push(told);
    });
    only!(found, L8);
}

#[test]
fn l8_an_owner_that_has_lost_touch_asks_the_directory() {
    let found = tampered(histories::members(), |steps| {
        let enters = |output: &Output| {
            matches!(output, Output::Node(node::Output::Directory(DirectoryRequest::Enter { .. })))
        };
        let at = find(steps, 0, |step| step.outputs.iter().any(enters));
        steps[at].outputs.retain(enters);
        steps[at].head.now = (steps[at].head.now.instant + Span::secs(12)).into();
        steps.truncate(at + 1);
    });
    only!(found, L8);
}

#[test]
fn l8_an_owner_takes_an_answer_of_the_directory_after_it_has_lost_touch() {
    let found = tampered(histories::members(), |steps| {
        let enters = |step: &Step| {
            matches!(&step.input, Input::Node(node::Input::Directory(it))
                if matches!(it, DirectoryEvent::Entered { .. }))
        };
        let at = find(steps, 0, enters);
        steps[at].head.now = (steps[at].head.now.instant + Span::secs(12)).into();
        let asks = |output: &Output| matches!(output, Output::Node(node::Output::Journal { .. }));
        steps[at].outputs.retain(asks);
        assert!(!steps[at].outputs.is_empty(), "the join is kept");
        steps.truncate(at + 1);
    });
    only!(found, L8);
}

#[test]
fn d5_typing_takes_effect_that_came_too_late() {
    let (cast, mut steps) = histories::blanks();
    let at = typing_comes(&steps);
    steps.truncate(at + 1);
    steps[at].head.now = (steps[at].head.now.instant + Span::secs(400)).into();
    let cast = bounded(&cast, |limits| limits.stale_after = Span::secs(1_000));
    assert_eq!(red(&cast, &steps), BTreeSet::from([Clause::D5]));
}

#[test]
fn o4_typing_that_was_asked_of_another_owner_is_taken() {
    let found = tampered(histories::blanks(), |steps| {
        let at = typing_comes(steps);
        steps.truncate(at + 1);
        if let Input::Node(node::Input::Peer {
            message: PeerMessage::Request { epoch, .. }, ..
        }) = &mut steps[at].input
        {
            *epoch = Epoch(9);
        }
    });
    only!(found, O4);
}

#[test]
fn b3_an_owner_sends_an_event_again_that_was_not_asked_for() {
    let found = tampered(histories::views(), |steps| {
        let streams = |output: &&Output| {
            matches!(output, Output::Node(node::Output::Peer { message, .. })
                if matches!(message, PeerMessage::Stream { .. }))
        };
        let said = steps.iter().position(|step| step.outputs.iter().any(|it| streams(&it)));
        let said = said.expect("something is said");
        let first = steps[said].outputs.iter().find(streams).cloned();
        // While others are still waited for: in a settled world it would break L3 as well.
        let next = steps.iter_mut().skip(said + 1).find(|step| {
            step.head.actor == Actor::Node(NodeId(0)) && matches!(step.input, Input::Timeout)
        });
        next.expect("the owner has deadlines").outputs.extend(first);
    });
    only!(found, B3);
}

#[test]
fn d2_a_relay_has_lost_its_place() {
    let found = tampered(histories::behind(), |steps| {
        let asks = |step: &Step| {
            step.outputs.iter().any(|output| {
                matches!(output, Output::Node(node::Output::Peer { message, .. })
                    if matches!(message, PeerMessage::CatchUp { .. }))
            })
        };
        let at = find(steps, 0, asks);
        steps.truncate(at + 1);
        for message in words(&mut steps[at..]) {
            if let PeerMessage::CatchUp { from, .. } = message {
                *from = Position { epoch: Epoch(1), index: 0 };
            }
        }
    });
    only!(found, D2);
}

#[test]
fn l5_an_event_is_told_that_only_an_owner_has_sent_that_is_over() {
    // Nothing comes of it in the step itself.
    let found = tampered(histories::handed_over(), |steps| {
        let streamed = |step: &Step| {
            step.head.actor == Actor::Node(NodeId(1))
                && step
                    .outputs
                    .iter()
                    .any(|it| matches!(it, Output::Node(node::Output::Dispatch { .. })))
                && matches!(&step.input, Input::Node(node::Input::Peer { message, .. })
                    if matches!(message, PeerMessage::Stream { sender: Epoch(3), .. }))
        };
        let at = find(steps, 0, streamed);
        steps.truncate(at + 1);
        let told = Step { input: Input::Timeout, ..steps[at].clone() };
        steps[at].outputs.clear();
        if let Input::Node(node::Input::Peer {
            message: PeerMessage::Stream { sender, .. }, ..
        }) = &mut steps[at].input
        {
            *sender = Epoch(1);
        }
        steps.push(told);
    });
    only!(found, L5);
}

#[test]
fn l4_a_relay_outlives_its_last_session() {
    let found = tampered(histories::quits(), |steps| {
        let closes = |output: &Output| {
            matches!(output, Output::Node(node::Output::Trace(TraceEvent::RelayClosed { .. })))
        };
        steps.retain(|step| !matches!(step.input, Input::Census(_)));
        let at = find(steps, 0, |step| step.outputs.iter().any(closes));
        steps[at].outputs.retain(|output| !closes(output));
    });
    only!(found, L4);
}
