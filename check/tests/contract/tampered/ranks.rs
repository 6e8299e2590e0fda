//! I9: somebody reaches above itself, and who says so.

use std::collections::BTreeSet;

use guildhall_check::violation::Clause;
use guildhall_core::event::{Channel, Event, Removal};
use guildhall_core::id::RoleId;
use guildhall_core::permission::{Overwrite, Permissions, Target};
use guildhall_core::request::{Action, Outcome, Refusal};
use guildhall_core::step::Step;

use crate::histories::{self, BOARD, BOB, CAROL};
use crate::stage::{HALL, STAFF, user};

use super::requests::answered;
use super::tools::*;

/// What Bob was refused is committed all the same, or something else is that he never asked for.
fn commits(nth: usize, wanted: impl Fn(&Action) -> bool, event: Event) -> BTreeSet<Clause> {
    tampered(histories::ranks(), |steps: &mut Vec<Step>| {
        let (at, origin) = asks(steps, nth, wanted);
        commit(steps, at, origin, event);
    })
}

#[test]
fn i9_a_member_gives_itself_a_higher_role() {
    let roles = [STAFF, BOARD].into();
    let gives = |action: &Action| matches!(action, Action::SetRoles { .. });
    only!(commits(2, gives, Event::MemberUpdate { user: user(BOB), roles }), I9);
}

#[test]
fn i9_a_member_is_kicked_by_one_whose_role_was_below_since_it_was_moved() {
    let kicks = |action: &Action| *action == Action::Kick { user: user(CAROL) };
    let (user, why) = (user(CAROL), Removal::Kicked);
    only!(commits(0, kicks, Event::MemberRemove { user, why }), I9);
}

#[test]
fn i9_a_role_grants_what_its_author_lacks() {
    let creates = |action: &Action| matches!(action, Action::CreateRole { .. });
    let (role, permissions) = (RoleId(10), Permissions::ADMINISTRATOR);
    only!(commits(1, creates, Event::RoleCreate { role, permissions, position: 1 }), I9);
}

#[test]
fn i9_a_role_is_moved_above_its_author() {
    let moves = |action: &Action| matches!(action, Action::MoveRole { role: RoleId(10), .. });
    let (role, permissions) = (RoleId(10), Permissions::NONE);
    only!(commits(0, moves, Event::RoleUpdate { role, permissions, position: 3 }), I9);
}

#[test]
fn i9_an_overwrite_allows_what_its_author_lacks() {
    let changes = |action: &Action| matches!(action, Action::ChangeChannel(_));
    let (allow, deny) = (Permissions::MANAGE_MESSAGES, Permissions::NONE);
    let overwrites = [Overwrite { target: Target::Member(user(BOB)), deny, allow }].into();
    only!(commits(0, changes, Event::ChannelUpdate(Channel { id: HALL, overwrites })), I9);
}

#[test]
fn d6_a_role_is_created_above_the_lowest_position() {
    let creates = |action: &Action| matches!(action, Action::CreateRole { .. });
    let (role, permissions) = (BOARD, Permissions::USUAL);
    only!(commits(0, creates, Event::RoleCreate { role, permissions, position: 2 }), D6);
}

#[test]
fn d6_a_role_that_is_moved_grants_something_else() {
    let moves = |action: &Action| matches!(action, Action::MoveRole { role: BOARD, .. });
    let (role, permissions) = (BOARD, Permissions::ADMINISTRATOR);
    only!(commits(0, moves, Event::RoleUpdate { role, permissions, position: 2 }), D6);
}

#[test]
fn i8_a_refusal_says_that_somebody_is_above_who_is_not() {
    for false_reason in [Refusal::Outranked, Refusal::NotHeld] {
        let found = tampered(histories::ranks(), |steps| {
            answered(steps, |origin, outcome| match outcome {
                Outcome::Refused { why, .. } if origin.user == user(BOB) => {
                    let differs = *why != false_reason;
                    *why = false_reason;
                    differs
                }
                Outcome::Done(_) | Outcome::Refused { .. } | Outcome::Busy(_) => false,
            });
        });
        only!(found, I8);
    }
}
