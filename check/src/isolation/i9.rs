//! I9 hierarchy: no member acts on a member or a role that is not below itself, or grants a permission
//! that it does not have.
//!
//! What an act is aimed at is said in one form for events and for requests; refusals (I8) are judged
//! by the same words.

mod aim;

use guildhall_core::event::Record;
use guildhall_core::id::{GuildId, RoleId, UserId};
use guildhall_core::permission::Permissions;
use guildhall_core::request::Action;

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::facts::guilds::history::History;
use crate::facts::guilds::timeline::Moment;
use crate::findings::Complaint;
use crate::judgements::Judgement;
use aim::{Aim, Place};

/// An event is about to be committed.
pub(crate) fn committed(facts: &Facts, guild: GuildId, record: &Record) -> Verdict {
    let history = &facts.ledger.guild(guild)?.history;
    let author = record.origin?.user;
    let at = Moment::before(record.position);
    let aim = Aim::of_event(history, at, &record.event)?;
    facts.judges(Judgement::Aim);
    let got = if is_outranked(history, at, author, &aim) {
        "somebody or something that is not below its author"
    } else if lacks(history, at, author, &aim) {
        "a permission that its author does not have"
    } else {
        return None;
    };
    let message = format!("an event is above {}", facts.cast.user(author));
    let complaint = Complaint::new(message, "what is below its author just before", got);
    Some((facts.event_name(guild, record.position), complaint))
}

/// Whether a request is aimed at a member or a role that is not below its author.
pub(crate) fn reaches_up(history: &History, at: Moment, author: UserId, action: &Action) -> bool {
    let aim = Aim::of_action(history, at, action);
    aim.is_some_and(|aim| is_outranked(history, at, author, &aim))
}

/// Whether a request hands on a permission that its author does not have.
pub(crate) fn overgives(history: &History, at: Moment, author: UserId, action: &Action) -> bool {
    let aim = Aim::of_action(history, at, action);
    aim.is_some_and(|aim| lacks(history, at, author, &aim))
}

/// Whether the act is aimed at a member or a role that is not below its author.
fn is_outranked(history: &History, at: Moment, author: UserId, aim: &Aim) -> bool {
    let owner = history.owner(at);
    if author == owner {
        return false;
    }
    let own = places(history, at, author);
    let is_below = |place: &Place| own.iter().any(|mine| is_above(*mine, *place));
    let is_safe =
        |member: UserId| member == owner || !places(history, at, member).iter().all(is_below);
    aim.member.is_some_and(is_safe) || !aim.places.iter().all(is_below)
}

/// Whether the act hands on a permission that its author does not have.
fn lacks(history: &History, at: Moment, author: UserId, aim: &Aim) -> bool {
    let bits = (0..u64::BITS).map(|bit| Permissions(aim.handed.0 & 1 << bit));
    let mut bits = bits.filter(|bit| *bit != Permissions::NONE);
    bits.any(|bit| !history.may(at, author, bit, aim.channel))
}

/// The places of a member's roles, that of everyone included.
fn places(history: &History, at: Moment, user: UserId) -> Vec<Place> {
    let roles = history.member_at(at, user).map_or(&[][..], |roles| roles);
    let place = |role: RoleId| Some((history.role(at, role)?.position, role));
    roles.iter().copied().chain([history.everyone()]).filter_map(place).collect()
}

/// Whether a role at one place is above a role at another: by position, and at the same position
/// the older role is the higher.
fn is_above((mine, by): Place, (theirs, than): Place) -> bool {
    if mine == theirs { by.0 < than.0 } else { mine > theirs }
}
