//! D6 no creation: what is delivered was requested, with the same content, and what is answered
//! *done* stands where the answer says.

use std::collections::BTreeMap;

use guildhall_core::dispatch::{Body, Message};
use guildhall_core::id::{GuildId, Position};
use guildhall_core::peer::Event;
use guildhall_core::request::{Act, Answer, Origin, Outcome, Request};

use crate::facts::Facts;
use crate::facts::ledger::Sight;
use crate::findings::{Complaint, Subject};
use crate::fresh::Fresh;

/// What was asked and what was answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests {
    /// A liar may use one name for several acts.
    asked: BTreeMap<(Origin, GuildId), Vec<Act>>,
    done: BTreeMap<(Origin, GuildId), Position>,
    places: BTreeMap<(GuildId, Position), Origin>,
}

impl Requests {
    /// A client asks.
    pub(crate) fn asks(&mut self, request: &Request) {
        let asked = self.asked.entry((request.origin, request.guild)).or_default();
        if !asked.contains(&request.act) {
            asked.push(request.act.clone());
        }
    }

    /// A guild emits an event.
    pub(crate) fn emitted(
        &self,
        facts: &Facts,
        guild: GuildId,
        (position, event): (Position, &Event),
        sight: Sight,
    ) -> Option<(Subject, Complaint)> {
        let Event::Message(message) = event;
        let complaint = match sight {
            Sight::Same => return None,
            Sight::Differs => Complaint::new(
                "an event says two things",
                format!("what was first said at {position}"),
                format!("{:?}", message.content),
            ),
            Sight::New | Sight::Late if self.was_asked(guild, message) => return None,
            Sight::New | Sight::Late => Complaint::new(
                "an event was never requested",
                "an act that its author asked for",
                format!("{:?} by {}", message.content, facts.cast.user(message.author)),
            ),
        };
        Some((subject(facts, guild, position), complaint))
    }

    fn was_asked(&self, guild: GuildId, message: &Message) -> bool {
        let origin = Origin { user: message.author, nonce: message.nonce };
        let asked = self.asked.get(&(origin, guild)).map_or(&[][..], Vec::as_slice);
        asked.iter().any(|Act::Say { channel, content }| {
            *channel == message.channel && *content == message.content
        })
    }

    /// Somebody passes on an answer, or takes it.
    pub(crate) fn answered(
        &mut self,
        facts: &Facts,
        answer: &Answer,
    ) -> Option<(Subject, Complaint)> {
        let Outcome::Done(position) = answer.outcome else { return None };
        let (origin, guild) = (answer.origin, answer.guild);
        let first = *self.done.entry((origin, guild)).or_insert(position);
        let author =
            |origin: Origin| format!("{}'s {}", facts.cast.user(origin.user), origin.nonce.0);
        if first != position {
            let message = format!("{} is done at two places", author(origin));
            let complaint = Complaint::new(message, first.to_string(), position.to_string());
            return Some((subject(facts, guild, position), complaint));
        }
        let place = *self.places.entry((guild, position)).or_insert(origin);
        let record = facts
            .ledger
            .find(guild)
            .and_then(|number| facts.ledger.entry(number, facts.ledger.at(number, position)?));
        let stands = record.map_or(place, |entry| {
            let Event::Message(said) = &entry.record.event;
            Origin { user: said.author, nonce: said.nonce }
        });
        (stands != origin).then(|| {
            let message = format!("an answer names the place of another act, {position}");
            (
                subject(facts, guild, position),
                Complaint::new(message, author(stands), author(origin)),
            )
        })
    }
}

/// A dispatch under a new number.
pub(crate) fn judge(fresh: &Fresh<'_>) -> Option<Complaint> {
    match &fresh.what.body {
        Body::Ready(ready) => {
            let session = fresh.session;
            let own = ready.session == session.id
                && ready.user == session.user
                && ready.node == session.node;
            (!own)
                .then(|| Complaint::new("READY tells of another session", "its own", fresh.name()))
        }
        Body::Resumed | Body::GuildCreate(_) | Body::GuildUnavailable => None,
        Body::MessageCreate(message) => {
            let says = fresh.found.is_some_and(|(_, entry)| entry.says(fresh.what));
            (!says).then(|| {
                Complaint::new(
                    format!("{} was never said", fresh.name()),
                    "an event of the guild's stream, as it was emitted",
                    format!("{:?}", message.content),
                )
            })
        }
    }
}

fn subject(facts: &Facts, guild: GuildId, position: Position) -> Subject {
    Subject::new("event", format!("{} {position}", facts.cast.guild(guild)))
}
