//! I5 no cross-talk: a session is not told what is meant for another guild, user or class.
//!
//! It is I1 where a session is told of something that is not its user's to know, whosever it is. It is
//! I5 where the session is due something at that very place, and gets what is right, to the letter,
//! for somebody else: another user's snapshot, the form of a message for those who may read it or may
//! not, an event of another guild under this one's name.

use guildhall_core::dispatch::{Body, Snapshot};

use super::i1::is_form_of;
use crate::facts::guilds::render::{Rendering, itself_to_all, message_in, wanted};
use crate::facts::guilds::timeline::Moment;
use crate::facts::guilds::view::view;
use crate::findings::Complaint;
use crate::fresh::Fresh;

/// A dispatch under a new number that is not just what was due.
pub(crate) fn judge(fresh: &Fresh<'_>) -> Option<Complaint> {
    if let Body::GuildCreate(snapshot) = &fresh.what.body {
        return created(fresh, snapshot);
    }
    let body = fresh.is_event().then_some(&fresh.what.body)?;
    mixed(fresh, body).or_else(|| strayed(fresh, body))
}

/// The form of a message that others are told.
fn mixed(fresh: &Fresh<'_>, body: &Body) -> Option<Complaint> {
    let Rendering::Says(bodies) = fresh.rendering()? else { return None };
    let said = bodies.into_iter().find(|said| is_form_of(body, said))?;
    let own = wanted(said, fresh.session.user, fresh.session.intents)?;
    (own != *body).then(|| {
        let message = format!("{} is in the form that is for others", fresh.name());
        let reads = message_in(&own).is_some_and(|it| !it.content.is_empty());
        let (expected, got) =
            if reads { ("what it says", "a blank") } else { ("a blank", "what it says") };
        Complaint::new(message, expected, got)
    })
}

/// An event of another guild.
fn strayed(fresh: &Fresh<'_>, body: &Body) -> Option<Complaint> {
    let source = fresh.what.source?;
    let others = fresh.facts.ledger.all().map(|(_, guild)| guild);
    let other = others.filter(|guild| guild.id != source.guild).find(|guild| {
        guild
            .event(source.position)
            .is_some_and(|record| itself_to_all(record).is_some_and(|said| is_form_of(body, &said)))
    })?;
    let own =
        fresh.record.and_then(|record| itself_to_all(record).filter(|said| is_form_of(body, said)));
    own.is_none().then(|| {
        let message = format!("{} is an event of another guild", fresh.name());
        let expected = format!("an event of {}", fresh.facts.cast.guild(source.guild));
        Complaint::new(message, expected, format!("one of {}", fresh.facts.cast.guild(other.id)))
    })
}

/// The snapshot of another user, or of another class.
fn created(fresh: &Fresh<'_>, snapshot: &Snapshot) -> Option<Complaint> {
    let (guild, source) = (fresh.guild?, fresh.what.source?);
    let (at, limits) = (Moment::after(source.position), &fresh.facts.cast.limits);
    let who = (fresh.session.user, fresh.session.intents);
    if !guild.history.is_member(at, who.0) || view(&guild.history, at, who, limits) == *snapshot {
        return None;
    }
    let living = fresh.facts.sessions.living();
    let others = living.iter().map(|index| fresh.facts.sessions.get(*index));
    let mut others = others.map(|session| (session.user, session.intents)).filter(|it| *it != who);
    let whose = others.find(|other| {
        guild.history.is_member(at, other.0)
            && view(&guild.history, at, *other, limits) == *snapshot
    })?;
    let message = format!("{} shows what is for another session", fresh.name());
    let (expected, got) = (fresh.facts.cast.user(who.0), fresh.facts.cast.user(whose.0));
    Some(Complaint::new(message, format!("the view of {expected}"), format!("that of {got}")))
}
