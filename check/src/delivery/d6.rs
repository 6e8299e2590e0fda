//! D6 no creation: what is delivered was requested, with the same content or without it as intents
//! demand; and nothing that was requested once happens twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_core::dispatch::Body;
use guildhall_core::event::Record;
use guildhall_core::id::{GuildId, Position};
use guildhall_core::request::Origin;

use crate::clauses::{Taking, Verdict};
use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::Facts;
use crate::facts::guilds::Guild;
use crate::facts::guilds::lanes::tells;
use crate::facts::guilds::render::{Rendering, itself_to_all, message_in, render};
use crate::facts::guilds::timeline::Moment;
use crate::findings::Complaint;
use crate::isolation::i1::is_form_of;
use crate::kinds::{chat_channel, message_of};
use crate::ordering::o1;

/// Where each ephemeral action has happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fleeting {
    places: BTreeMap<(Origin, GuildId), Position>,
}

impl Fleeting {
    /// An owner streams an ephemeral event for the first time: no action happens at two positions.
    pub(crate) fn emitted(&mut self, facts: &Facts, guild: GuildId, record: &Record) -> Verdict {
        let origin = record.origin?;
        let first = *self.places.entry((origin, guild)).or_insert(record.position);
        (first != record.position).then(|| {
            let expected = format!("once, at {first}");
            let got = format!("again at {}", record.position);
            let complaint = Complaint::new("a request takes effect twice", expected, got);
            (facts.event_name(guild, record.position), complaint)
        })
    }
}

/// An event is about to be committed or, if it is ephemeral, streamed for the first time.
pub(crate) fn committed(facts: &Facts, guild: GuildId, record: &Record) -> Verdict {
    let history = &facts.ledger.guild(guild)?.history;
    (!facts.requests.led_to(history, record)).then(|| {
        let author = record.origin.map_or("nobody", |origin| facts.cast.user(origin.user));
        let complaint = Complaint::new(
            "an event was never requested",
            "a request of its author",
            format!("{} by {author}", describe(record)),
        );
        (facts.event_name(guild, record.position), complaint)
    })
}

fn describe(record: &Record) -> String {
    message_of(record)
        .map_or_else(|| format!("{:?}", record.event), |message| format!("{:?}", message.content))
}

/// An honest client takes a message that its session was not sent and that no event contains.
pub(crate) fn invented(it: &Taking<'_>) -> Option<Complaint> {
    let (source, what) = (it.what.source?, it.what);
    let complaint = o1::not_sent(it)?;
    let guild = it.facts.ledger.guild(source.guild);
    let record = guild.and_then(|guild| guild.event(source.position));
    let said = |record: &Arc<Record>| tells(record, true, what) || tells(record, false, what);
    let created = message_in(&what.body).is_some() && !record.is_some_and(said);
    created.then_some(complaint)
}

/// An owner streams an event that is known: it must be the same. Its predecessor may differ,
/// because a new owner links its records anew.
pub(crate) fn told_again(
    facts: &Facts,
    guild: GuildId,
    record: &Record,
    known: &Record,
) -> Verdict {
    let same = (&record.event, record.origin) == (&known.event, known.origin);
    (!same).then(|| {
        let complaint = Complaint::new(
            "an event says two things",
            format!("what was first said at {}", record.position),
            describe(record),
        );
        (facts.event_name(guild, record.position), complaint)
    })
}

/// A dispatch under a new number that is not exactly what is owed next.
pub(crate) fn judge(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    if let Body::Ready(ready) = &tested.what.body {
        let session = tested.session;
        let own =
            ready.session == session.id && ready.user == session.user && ready.node == session.node;
        return (!own)
            .then(|| Complaint::new("READY tells of another session", "its own", tested.name()));
    }
    (tested.is_event() && !was_said(tested)).then(|| {
        Complaint::new(
            format!("{} was never said", tested.name()),
            "an event of the guild's stream, as it was emitted",
            message_in(&tested.what.body).map_or_else(
                || tested.what.body.name().to_owned(),
                |message| format!("{:?}", message.content),
            ),
        )
    })
}

/// Whether it is the rendering of the event at its position for any user.
fn was_said(tested: &DispatchUnderTest<'_>) -> bool {
    let (Some(guild), Some(record)) = (tested.guild, tested.record) else { return false };
    let body = &tested.what.body;
    let is_itself = itself_to_all(record).is_some_and(|said| is_form_of(body, &said));
    let users = || {
        let living = tested.facts.sessions.living();
        let users: std::collections::BTreeSet<_> =
            living.iter().map(|index| tested.facts.sessions.get(*index).user).collect();
        users.into_iter().any(|user| {
            matches!(render(&guild.history, user, record),
                Rendering::Says(bodies) if bodies.contains(body))
        })
    };
    is_itself || moves(guild, record, body) || users()
}

/// Whether an event that may change views makes a channel visible or invisible to anyone. For whom
/// is I1's and I2's business.
fn moves(guild: &Guild, record: &Record, body: &Body) -> bool {
    let (before, after) = (Moment::before(record.position), Moment::after(record.position));
    if chat_channel(&record.event).is_some() {
        return false;
    }
    if let Body::ChannelCreate(channel) = body {
        guild.history.channel(after, channel.id).is_some_and(|has| *has == channel.overwrites)
    } else if let Body::ChannelDelete { channel } = body {
        guild.history.channel(before, *channel).is_some()
    } else {
        false
    }
}
