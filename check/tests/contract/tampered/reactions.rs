//! Reactions: repeated, invented, told to the wrong sessions, or forgotten.

use std::collections::BTreeSet;
use std::sync::Arc;

use guildhall_check::violation::Clause;
use guildhall_core::census::Table;
use guildhall_core::dispatch::{Body, Dispatch, Message, Reaction};
use guildhall_core::event::Event;
use guildhall_core::journal::{Checkpoint, Command};
use guildhall_core::limits::Limits;
use guildhall_core::node;
use guildhall_core::request::{Action, Outcome, Refusal};
use guildhall_core::step::{Output, Step};

use super::requests::answered;
use super::tools::*;
use crate::histories::{self, ALICE, BOB, CAROL, THUMB};
use crate::stage::user;

/// The last request to react: where its author may not.
const LAST: usize = 8;

/// Bob's first reaction.
fn first(steps: &[Step]) -> Reaction {
    let added = committed(steps).into_iter().find_map(|record| match &record.event {
        Event::ReactionAdd(reaction) => Some(reaction.clone()),
        _ => None,
    });
    added.expect("somebody reacts")
}

fn reacts(action: &Action) -> bool {
    matches!(action, Action::React { .. })
}

/// The request to react that is sent as the `nth` commits something else.
fn commits(nth: usize, event: impl Fn(Reaction) -> Event) -> BTreeSet<Clause> {
    tampered(histories::reactions(), |steps| {
        let reaction = first(steps);
        let (at, origin) = asks(steps, nth, reacts);
        commit(steps, at, origin, event(reaction));
    })
}

#[test]
fn o5_a_reaction_is_added_that_is_there() {
    only!(commits(1, Event::ReactionAdd), O5);
}

#[test]
fn d6_a_reaction_has_another_emoji() {
    let emoji = |it| Event::ReactionAdd(Reaction { emoji: "🦀".into(), ..it });
    only!(commits(1, emoji), D6);
}

#[test]
fn i8_and_d6_a_reaction_is_made_in_the_name_of_another() {
    let others = |it| Event::ReactionAdd(Reaction { user: user(CAROL), ..it });
    assert_eq!(commits(1, others), BTreeSet::from([Clause::D6, Clause::I8]));
}

#[test]
fn i8_a_reaction_is_added_where_its_author_may_not_react() {
    let found = tampered(histories::reactions(), |steps| {
        let (at, origin) = asks(steps, LAST, reacts);
        let said = committed(&steps[..at]).into_iter().rev().find_map(|record| {
            if let Event::Message(message) = &record.event { Some(message.clone()) } else { None }
        });
        let Message { id: message, channel, .. } = said.expect("something is said");
        let reaction = Reaction { user: user(BOB), channel, message, emoji: THUMB.into() };
        commit(steps, at, origin, Event::ReactionAdd(reaction));
    });
    only!(found, I8);
}

#[test]
fn b1_a_message_has_more_emoji_than_it_may() {
    let (cast, steps) = histories::reactions();
    let tight = bounded(&cast, |limits: &mut Limits| limits.reactions = 1);
    assert!(red(&tight, &steps).contains(&Clause::B1));
}

#[test]
fn b1_a_census_counts_more_reactions_than_were_added() {
    only!(tampered(histories::reactions(), |steps| count(steps, Table::Reactions, |_| 9_999)), B1);
}

#[test]
fn b1_a_reaction_takes_more_bytes_than_its_emoji_may() {
    only!(tampered(histories::reactions(), |steps| weigh(steps, Table::Reactions, |_| 999)), B1);
}

#[test]
fn i8_a_reaction_is_refused_that_changes_something() {
    let found = tampered(histories::reactions(), |steps| {
        answered(steps, |_, outcome| match outcome {
            Outcome::Refused { why: why @ Refusal::Full(_), .. } => {
                *why = Refusal::NoChange;
                true
            }
            _ => false,
        });
    });
    only!(found, I8);
}

#[test]
fn d5_a_base_forgets_a_reaction() {
    let found = tampered(histories::reactions(), |steps| {
        let bases = steps.iter_mut().flat_map(|step| &mut step.outputs);
        let mut bases = bases.filter_map(|output| match output {
            Output::Node(node::Output::Journal {
                command: Command::Compact { base, .. }, ..
            }) if !base.reactions.is_empty() => Some(base),
            _ => None,
        });
        let base = bases.next().expect("a base has reactions");
        let mut forged = Checkpoint::clone(base);
        forged.reactions.pop();
        *base = Arc::new(forged);
    });
    only!(found, D5);
}

#[test]
fn d1_a_reaction_is_left_out_for_one_session() {
    let found = tampered(histories::reactions(), |steps| {
        let all = told(steps, 0, CAROL);
        let at = all.iter().position(|(_, it)| matches!(it.body, Body::ReactionAdd(_)));
        let at = at.expect("Carol is told of reactions");
        leave_out(steps, 0, CAROL, at);
    });
    only!(found, D1);
}

#[test]
fn d6_a_session_is_told_another_reaction() {
    let found = tampered(histories::reactions(), |steps| {
        let all = told(steps, 1, BOB);
        let at = all.iter().position(|(_, it)| matches!(it.body, Body::ReactionAdd(_)));
        let at = at.expect("Bob is told of reactions");
        forge(told(steps, 1, BOB)[at].1, |body| {
            if let Body::ReactionAdd(reaction) = body {
                reaction.emoji = THUMB.repeat(2).into();
            }
        });
    });
    only!(found, D6);
}

#[test]
fn d1_a_session_without_the_intent_is_told_a_reaction() {
    let found = tampered(histories::reactions(), |steps| {
        let reaction = told(steps, 0, CAROL)
            .into_iter()
            .find(|(_, it)| matches!(it.body, Body::ReactionAdd(_)))
            .map(|(_, it)| it.clone())
            .expect("Carol is told of reactions");
        let all = told(steps, 0, ALICE);
        let later = |it: &Dispatch| it.source > reaction.source;
        let at = all.iter().position(|(_, it)| later(it)).expect("Alice is told more");
        *told(steps, 0, ALICE)[at].1 = reaction;
    });
    only!(found, D1);
}
