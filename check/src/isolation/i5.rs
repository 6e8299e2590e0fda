//! I5 no cross-talk: a session gets nothing that is meant for another guild, user or class.
//!
//! I1 judges what the user may not see at all. This clause judges a dispatch that is due at its
//! place and is correct, to the letter, for another session: another user's snapshot, the other
//! form of a message, or another guild's event under this guild's name.

use guildhall_core::dispatch::{Body, Snapshot};

use super::i1::is_form_of;
use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::guilds::render::{Rendering, itself_to_all, message_in, wanted};
use crate::facts::guilds::timeline::Moment;
use crate::facts::guilds::view::view;
use crate::findings::Complaint;

/// A dispatch under a new number that is not exactly what is owed next.
pub(crate) fn judge(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    if let Body::GuildCreate(snapshot) = &tested.what.body {
        return created(tested, snapshot);
    }
    let body = tested.is_event().then_some(&tested.what.body)?;
    mixed(tested, body).or_else(|| strayed(tested, body))
}

/// The form of a message that is for other sessions.
fn mixed(tested: &DispatchUnderTest<'_>, body: &Body) -> Option<Complaint> {
    let Rendering::Says(bodies) = tested.rendering()? else { return None };
    let said = bodies.into_iter().find(|said| is_form_of(body, said))?;
    let own = wanted(said, tested.session.user, tested.session.intents)?;
    (own != *body).then(|| {
        let message = format!("{} is in the form that is for others", tested.name());
        let reads = message_in(&own).is_some_and(|it| !it.content.is_empty());
        let (expected, got) =
            if reads { ("what it says", "a blank") } else { ("a blank", "what it says") };
        Complaint::new(message, expected, got)
    })
}

/// An event of another guild.
fn strayed(tested: &DispatchUnderTest<'_>, body: &Body) -> Option<Complaint> {
    let source = tested.what.source?;
    let others = tested.facts.ledger.all().map(|(_, guild)| guild);
    let other = others.filter(|guild| guild.id != source.guild).find(|guild| {
        guild
            .event(source.position)
            .is_some_and(|record| itself_to_all(record).is_some_and(|said| is_form_of(body, &said)))
    })?;
    let own = tested
        .record
        .and_then(|record| itself_to_all(record).filter(|said| is_form_of(body, said)));
    own.is_none().then(|| {
        let message = format!("{} is an event of another guild", tested.name());
        let expected = format!("an event of {}", tested.facts.cast.guild(source.guild));
        Complaint::new(message, expected, format!("one of {}", tested.facts.cast.guild(other.id)))
    })
}

/// The snapshot of another user, or of another class.
fn created(tested: &DispatchUnderTest<'_>, snapshot: &Snapshot) -> Option<Complaint> {
    let (guild, source) = (tested.guild?, tested.what.source?);
    let (at, limits) = (Moment::after(source.position), &tested.facts.cast.limits);
    let who = (tested.session.user, tested.session.intents);
    if !guild.history.is_member(at, who.0) || view(&guild.history, at, who, limits) == *snapshot {
        return None;
    }
    let living = tested.facts.sessions.living();
    let others = living.iter().map(|index| tested.facts.sessions.get(*index));
    let mut others = others.map(|session| (session.user, session.intents)).filter(|it| *it != who);
    let whose = others.find(|other| {
        guild.history.is_member(at, other.0)
            && view(&guild.history, at, *other, limits) == *snapshot
    })?;
    let message = format!("{} shows what is for another session", tested.name());
    let (expected, got) = (tested.facts.cast.user(who.0), tested.facts.cast.user(whose.0));
    Some(Complaint::new(message, format!("the view of {expected}"), format!("that of {got}")))
}
