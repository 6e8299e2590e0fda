//! O1 numbered: 1, 2, 3 … for each session; each number is written once to a connection, taken once
//! by an honest client, and always stands for the same.

use std::num::NonZero;
use std::sync::Arc;

use guildhall_core::dispatch::{Body, Dispatch};

use crate::clauses::{Numbered, Taking};
use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::Facts;
use crate::facts::clients::Client;
use crate::facts::sessions::Content;
use crate::facts::sockets::NONE;
use crate::findings::Complaint;

/// A node writes `s` where `written` was the last number on that connection.
pub(crate) fn numbered(it: &Numbered<'_>) -> Option<Complaint> {
    let Numbered { s, written, what, .. } = *it;
    (s != written + 1).then(|| {
        Complaint::new(
            format!("{} is written out of its turn", what.body.name()),
            format!("s={}", written + 1),
            format!("s={s}"),
        )
    })
}

/// A node writes `s` again.
pub(crate) fn repeated(
    facts: &Facts,
    index: u32,
    s: u64,
    what: &Arc<Dispatch>,
) -> Option<Complaint> {
    let same = match facts.sessions.said(index, s) {
        // Below what was acknowledged nothing is remembered, and D4 forbids the replay.
        None => true,
        Some(Content::Own(own)) => Arc::ptr_eq(&own, what) || own == *what,
        Some(Content::Said(lane, at)) => facts.ledger.lanes.says(lane, at, what),
    };
    (!same).then(|| {
        Complaint::new(
            "a replay gives a number to something else",
            format!("what s={s} stood for at first"),
            describe(what),
        )
    })
}

/// A node gives a RESUMED a number: on this connection it does not follow another, which would have
/// ended the replay as well. Otherwise each RESUME would leave one RESUMED more to replay.
pub(crate) fn piles_up(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let before = tested.s - 1;
    let follows = tested.what.body == Body::Resumed && !tested.session.fresh && {
        let index = tested.facts.sessions.find(tested.session.id)?;
        let before = tested.facts.sessions.said(index, before);
        matches!(before, Some(Content::Own(own)) if own.body == Body::Resumed)
    };
    follows.then(|| {
        let expected = format!("the RESUMED with s={before} to end the replay");
        Complaint::new("a RESUMED follows a RESUMED", expected, tested.name())
    })
}

/// An honest client is given `s` on the socket that it means.
pub(crate) fn given(client: &Client, s: u64, what: &Dispatch) -> Option<Complaint> {
    let begins = matches!(what.body, Body::Ready(_));
    let fits = match client.due {
        _ if begins => s == 1,
        Some(due) => s == due.get(),
        // The first on a socket begins a replay; D4 reports one that begins too early.
        None => s <= client.last + 1,
    };
    let expected = client.due.map_or(client.last + 1, NonZero::get);
    (!fits).then(|| {
        Complaint::new(
            format!("{} comes out of its turn", what.body.name()),
            format!("s={}", if begins { 1 } else { expected }),
            format!("s={s}"),
        )
    })
}

/// An honest client takes something else than its session was sent under that number.
pub(crate) fn not_sent(it: &Taking<'_>) -> Option<Complaint> {
    if it.is_new && it.model != NONE { taken(it.facts, it.model, it.s, it.what) } else { None }
}

/// An honest client takes `s`: it must be what its session was sent under that number.
fn taken(facts: &Facts, model: u32, s: u64, what: &Arc<Dispatch>) -> Option<Complaint> {
    let sent = s <= facts.sessions.peak(model);
    let expected =
        if sent { "what its session was sent under it" } else { "a number that was sent" };
    if sent && repeated(facts, model, s, what).is_none() {
        return None;
    }
    Some(Complaint::new(
        format!("a client takes s={s} for something else than was sent"),
        expected,
        describe(what),
    ))
}

fn describe(what: &Dispatch) -> String {
    match what.source {
        Some(source) => format!("{} at {}", what.body.name(), source.position),
        None => what.body.name().to_owned(),
    }
}
