//! I1–I5, I7: one thing wrong, and who says so.

use std::collections::BTreeSet;
use std::sync::Arc;

use guildhall_check::violation::Clause;
use guildhall_core::dispatch::{Body, Dispatch, Snapshot};
use guildhall_core::event::{Channel, Event};
use guildhall_core::node;
use guildhall_core::node::TraceEvent;
use guildhall_core::step::{Output, Step};

use crate::histories::{self, ALICE, BOB, CAROL};
use crate::stage::{GUILD, OFFICE, user};

use super::tools::*;

/// Bob, or whoever it is, is told this in place of what comes at `at`; the history ends there.
fn instead(steps: &mut Vec<Step>, (node, client): (u16, usize), at: usize, what: Dispatch) {
    let what = Arc::new(what);
    *told(steps, node, client)[at].1 = what.clone();
    let place = tells(steps, node, |dispatch| *dispatch == *what);
    steps.truncate(place + 1);
}

fn create(steps: &mut [Step], node: u16, client: usize) -> &mut Arc<Dispatch> {
    let all = told(steps, node, client).into_iter().map(|(_, dispatch)| dispatch);
    let is = |dispatch: &&mut Arc<Dispatch>| matches!(dispatch.body, Body::GuildCreate(_));
    all.into_iter().find(is).expect("it is told of the guild")
}

fn snapshot_mut(body: &mut Body) -> &mut Snapshot {
    let Body::GuildCreate(snapshot) = body else { panic!("no snapshot") };
    snapshot
}

/// The client's part of a forged snapshot: it takes what its node has said.
fn ends_with_create(steps: &mut Vec<Step>, node: u16, client: usize) {
    let what = create(steps, node, client).clone();
    let at = tells(steps, node, |dispatch| *dispatch == *what);
    steps.truncate(at + 1);
}

#[test]
fn i1_somebody_is_told_what_was_said_out_of_sight() {
    let found = tampered(histories::views(), |steps| {
        let said = committed(steps).into_iter().find_map(|record| match &record.event {
            Event::Message(message) if message.channel == OFFICE => {
                Some(Dispatch::of(GUILD, record.position, 0, Body::MessageCreate(message.clone())))
            }
            _ => None,
        });
        instead(steps, (1, BOB), 2, said.expect("Alice speaks in the office"));
    });
    only!(found, I1);
}

#[test]
fn i1_a_snapshot_shows_a_channel_out_of_sight() {
    let found = tampered(histories::talk(), |steps| {
        forge(create(steps, 1, BOB), |body| {
            let snapshot = snapshot_mut(body);
            let office = Channel { id: OFFICE, overwrites: [].into() };
            snapshot.channels = snapshot.channels.iter().cloned().chain([office]).collect();
        });
        ends_with_create(steps, 1, BOB);
    });
    only!(found, I1);
}

#[test]
fn i2_a_part_of_a_rendering_is_left_out() {
    let found = tampered(histories::two_guilds(), |steps| {
        let bob = told(steps, 1, BOB);
        let updated = bob.iter().position(|(_, it)| it.body.name() == "GUILD_UPDATE");
        leave_out(steps, 1, BOB, updated.expect("the guild is given to Bob"));
    });
    only!(found, I2);
}

#[test]
fn i2_one_of_many_is_not_told() {
    let found = tampered(histories::crowd(), |steps| {
        let gone = told(steps, 0, histories::EVE)[3].1.clone();
        let on = |output: &Output| match output {
            Output::Node(node::Output::Dispatch { connection, dispatch, .. })
                if *dispatch == gone =>
            {
                Some(*connection)
            }
            _ => None,
        };
        let at = tells(steps, 0, |dispatch| *dispatch == *gone);
        let eve = steps[at].outputs.iter().filter_map(on).next_back().expect("Eve is told");
        steps[at].outputs.retain(|output| on(output) != Some(eve));
        for (s, _) in told(steps, 0, histories::EVE).into_iter().skip(3) {
            s.0 -= 1;
        }
        takes_no_more(steps, at, histories::EVE);
    });
    only!(found, I2);
}

#[test]
fn i3_a_removal_is_not_told() {
    let found = tampered(histories::members(), |steps| {
        let gone = told(steps, 0, CAROL).iter().position(|(_, it)| it.body == Body::GuildDelete);
        leave_out(steps, 0, CAROL, gone.expect("Carol is thrown out"));
    });
    only!(found, I3);
}

#[test]
fn i3_a_member_is_told_to_be_gone() {
    let found = tampered(histories::talk(), |steps| {
        let source = told_bob(steps)[3].1.source.expect("an event has a source");
        let gone = Dispatch::of(GUILD, source.position, 0, Body::GuildDelete);
        instead(steps, (1, BOB), 3, gone);
    });
    only!(found, I3);
}

#[test]
fn i4_a_replay_leaves_out_what_was_revoked() {
    let found = tampered(histories::revoked(), |steps| {
        let resumed = |note: &TraceEvent| matches!(note, TraceEvent::Resumed { .. });
        let at = find(steps, 0, |step| noted(step, resumed));
        let in_office = |output: &Output| {
            matches!(output, Output::Node(node::Output::Dispatch { dispatch, .. })
                if matches!(&dispatch.body, Body::MessageCreate(it) if it.channel == OFFICE))
        };
        steps[at].outputs.retain(|output| !in_office(output));
        steps.truncate(at + 1);
    });
    only!(found, I4);
}

#[test]
fn i5_a_message_is_told_whole_that_is_to_be_blank() {
    let found = tampered(histories::blanks(), |steps| {
        let blank = |it: &Arc<Dispatch>| matches!(&it.body, Body::MessageCreate(message) if message.content.is_empty());
        let at = told(steps, 1, BOB).iter().position(|(_, it)| blank(it)).expect("one is blank");
        let mut what = Dispatch::clone(told(steps, 1, BOB)[at].1);
        if let Body::MessageCreate(message) = &mut what.body {
            message.content = "not for everybody".into();
        }
        instead(steps, (1, BOB), at, what);
    });
    only!(found, I5);
}

#[test]
fn i5_a_message_is_blank_that_is_for_its_reader() {
    let found = tampered(histories::blanks(), |steps| {
        let names = |it: &Arc<Dispatch>| matches!(&it.body, Body::MessageCreate(it) if it.mentions.contains(&user(BOB)));
        let at = told(steps, 1, BOB).iter().position(|(_, it)| names(it)).expect("one names Bob");
        let mut what = Dispatch::clone(told(steps, 1, BOB)[at].1);
        if let Body::MessageCreate(message) = &mut what.body {
            message.content = "".into();
        }
        instead(steps, (1, BOB), at, what);
    });
    only!(found, I5);
}

#[test]
fn i5_a_snapshot_is_that_of_somebody_else() {
    let found = tampered(histories::crowd(), |steps| {
        let of_alice = create(steps, 0, ALICE).body.clone();
        forge(create(steps, 0, CAROL), |body| *body = of_alice);
        ends_with_create(steps, 0, CAROL);
    });
    only!(found, I5);
}

#[test]
fn i7_typing_is_told_out_of_sight() {
    let found = tampered(histories::blanks(), |steps| {
        // Alice, who sees the office, is told of it there; Carol is told so too.
        let typing = told(steps, 0, ALICE).into_iter().find_map(|(_, it)| match &it.body {
            Body::TypingStart { channel: OFFICE, .. } => Some(Dispatch::clone(it)),
            _ => None,
        });
        let at = told(steps, 0, CAROL).iter().position(
            |(_, it)| matches!(&it.body, Body::MessageCreate(it) if it.author == user(BOB)),
        );
        let (what, at) = (typing.expect("Alice types"), at.expect("Bob speaks"));
        let what = Arc::new(what);
        let next = told(steps, 0, CAROL)[at].1.clone();
        let place = tells(steps, 0, |dispatch| *dispatch == *next);
        *told(steps, 0, CAROL)[at].1 = what;
        steps.truncate(place + 1);
    });
    only!(found, I7);
}

#[test]
fn i7_a_snapshot_names_a_member_who_is_not_to_be_shown() {
    let found = tampered(histories::talk(), |steps| {
        forge(create(steps, 1, BOB), |body| {
            let snapshot = snapshot_mut(body);
            let other = (user(ALICE), Arc::default());
            snapshot.members =
                [other].into_iter().chain(snapshot.members.iter().cloned()).collect();
        });
        ends_with_create(steps, 1, BOB);
    });
    only!(found, I7);
}

#[test]
fn d3_a_snapshot_lacks_a_channel() {
    let found = tampered(histories::talk(), |steps| {
        forge(create(steps, 1, BOB), |body| snapshot_mut(body).channels = [].into());
        ends_with_create(steps, 1, BOB);
    });
    only!(found, D3);
}
