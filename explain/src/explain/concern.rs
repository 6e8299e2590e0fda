//! Who is concerned by a violation: those whom it names, then those whom the chain names.

use guildhall_check::cast::Cast;
use guildhall_check::standing::Standing;
use guildhall_check::violation::{Clause, Violation};
use guildhall_core::id::Port;
use guildhall_core::step::Actor;

use super::chain::Chain;

/// Of a world that does not settle, whoever waits for something: it is explained by what happened to
/// that one, for nothing leads to what never comes.
pub(super) fn who_waits(violation: &Violation, cast: &Cast) -> Option<Actor> {
    if violation.clause != Clause::L3 {
        return None;
    }
    let named = |name: &str| names(&violation.message, name) || names(&violation.got, name);
    let clients = (0..).zip(&cast.clients);
    let mut clients = clients.filter(|(_, part)| named(&part.name));
    let mut guilds = cast.guilds.iter().filter(|part| named(&part.name));
    let client = clients.next().map(|(port, _)| Actor::Client(Port(port)));
    client.or_else(|| guilds.next().map(|part| Actor::Journal(part.id)))
}

/// How many are told at most.
const MOST: usize = 5;

/// The standings of those who are concerned, in their own order.
pub(super) fn concerned(all: Vec<Standing>, violation: &Violation, chain: &Chain) -> Vec<Standing> {
    let said = [&violation.subject, &violation.message, &violation.expected, &violation.got];
    let by_violation = |one: &Standing| said.iter().any(|text| names(text, &one.who));
    let last = chain.links.last();
    let by_last = |one: &Standing| {
        last.is_some_and(|link| link.who == one.who || names(&link.what, &one.who))
    };
    let by_chain = |one: &Standing| {
        chain.links.iter().any(|link| link.who == one.who || names(&link.what, &one.who))
    };
    let rank = |one: &Standing| match (by_violation(one), by_last(one), by_chain(one)) {
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

/// Whether a text names somebody: the name is a word of it.
fn names(text: &str, name: &str) -> bool {
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
    fn a_name_is_a_word_and_no_part_of_one() {
        assert!(names("alice's session 1 ends", "alice"));
        assert!(names("to berlin: tip", "berlin"));
        assert!(!names("listener-10 takes it", "listener-1"));
        assert!(!names("malice", "alice"));
    }
}
