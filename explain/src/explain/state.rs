//! Who is involved in a violation: those that it names, then those that the chain names.

use std::collections::BTreeSet;

use guildhall_check::cast::Cast;
use guildhall_check::summary::StateSummary;
use guildhall_check::violation::{Clause, Violation};
use guildhall_core::id::{NodeId, Port};
use guildhall_core::step::Actor;

use super::chain::Chain;

/// Whether a violation says that something has not happened in time. The step at which that is judged
/// only happens to be the next one then, and says nothing about the cause.
#[must_use]
pub fn never_happened(violation: &Violation) -> bool {
    // Of a client or node that does too much, the step itself tells why. So it does of a request that
    // is refused, but not of one that is never answered.
    let never_settles = matches!(violation.clause, Clause::L3 | Clause::L9);
    let is_unanswered = violation.clause == Clause::D10 && violation.got.starts_with("no answer");
    never_settles && violation.kind == "world" || is_unanswered
}

/// For a liveness failure, the actor that still waits. Something that never happened has no cause, so
/// the last step of this actor is explained instead.
pub(super) fn waiting_actor(violation: &Violation, cast: &Cast) -> Option<Actor> {
    if !never_happened(violation) {
        return None;
    }
    let named = |name: &str| names(&violation.message, name) || names(&violation.got, name);
    let clients = (0..).zip(&cast.clients);
    let mut clients = clients.filter(|(_, part)| named(&part.name));
    let mut guilds = cast.guilds.iter().filter(|part| named(&part.name));
    let client = clients.next().map(|(port, _)| Actor::Client(Port(port)));
    client.or_else(|| guilds.next().map(|part| Actor::Journal(part.id)))
}

/// The actors that a violation is about: those that its subject names, and the one that still waits.
pub(super) fn subjects(violation: &Violation, cast: &Cast) -> BTreeSet<Actor> {
    let named = |name: &str| names(&violation.subject, name);
    let clients = (0..).zip(&cast.clients).filter(|(_, part)| named(&part.name));
    let nodes = (0..).zip(&cast.nodes).filter(|(_, name)| named(name));
    let guilds = cast.guilds.iter().filter(|part| named(&part.name));
    let clients = clients.map(|(port, _)| Actor::Client(Port(port)));
    let nodes = nodes.map(|(node, _)| Actor::Node(NodeId(node)));
    let guilds = guilds.map(|part| Actor::Journal(part.id));
    clients.chain(nodes).chain(guilds).chain(waiting_actor(violation, cast)).collect()
}

/// The largest number of states in an explanation.
const MOST: usize = 5;

/// The states of those that are involved, in their original order.
pub(super) fn involved(
    all: Vec<StateSummary>,
    violation: &Violation,
    chain: &Chain,
) -> Vec<StateSummary> {
    let said = [&violation.subject, &violation.message, &violation.expected, &violation.got];
    let by_violation = |one: &StateSummary| said.iter().any(|text| names(text, &one.who));
    let last = chain.links.last();
    let by_last = |one: &StateSummary| {
        last.is_some_and(|link| link.who == one.who || names(&link.what, &one.who))
    };
    let by_chain = |one: &StateSummary| {
        chain.links.iter().any(|link| link.who == one.who || names(&link.what, &one.who))
    };
    let rank = |one: &StateSummary| match (by_violation(one), by_last(one), by_chain(one)) {
        (true, ..) => 0,
        (false, true, _) => 1,
        (false, false, true) => 2,
        (false, false, false) => 3,
    };
    let mut ranked: Vec<_> = (0..).zip(all).map(|(nth, one)| (rank(&one), nth, one)).collect();
    ranked.retain(|(rank, ..)| *rank < 3);
    ranked.sort_by_key(|&(rank, nth, _): &(u32, u32, _)| (rank, nth));
    ranked.truncate(MOST);
    ranked.sort_by_key(|&(_, nth, _)| nth);
    ranked.into_iter().map(|(.., one)| one).collect()
}

/// Whether a text has the name as a whole word.
pub(super) fn names(text: &str, name: &str) -> bool {
    let within = |letter: char| letter.is_alphanumeric() || "-_".contains(letter);
    text.match_indices(name).any(|(from, name)| {
        let (before, after) = (&text[..from], &text[from + name.len()..]);
        !before.ends_with(within) && !after.starts_with(within)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_whole_word() {
        assert!(names("alice's session 1 ends", "alice"));
        assert!(names("to berlin: tip", "berlin"));
        assert!(!names("listener-10 takes it", "listener-1"));
        assert!(!names("malice", "alice"));
    }
}
