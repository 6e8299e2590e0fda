//! A dispatch under a new number, with all that its session's model knows of it.

use std::sync::Arc;

use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::id::Position;

use crate::facts::Facts;
use crate::facts::ledger::Entry;
use crate::facts::sessions::{Seat, Session, Told};

/// What O2, O3, D1, D2, D4 and D6 judge.
#[derive(Debug)]
pub(crate) struct Fresh<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) session: &'a Session,
    pub(crate) s: u64,
    pub(crate) what: &'a Arc<Dispatch>,
    /// The session's seat in the guild that it tells of.
    pub(crate) seat: Option<Seat>,
    /// The highest position of that guild that the session was sent.
    pub(crate) floor: Option<Position>,
    /// The record at its position: its index and itself.
    pub(crate) found: Option<(u32, &'a Entry)>,
    /// The record that is owed next.
    pub(crate) owed: Option<&'a Entry>,
}

impl<'a> Fresh<'a> {
    pub(crate) fn new(facts: &'a Facts, index: u32, s: u64, what: &'a Arc<Dispatch>) -> Self {
        let ledger = &facts.ledger;
        let guild = what.source.and_then(|source| ledger.find(source.guild));
        let seat = guild.and_then(|guild| facts.sessions.seat(index, guild));
        let owed = seat.and_then(|seat| ledger.entry(seat.guild, seat.cursor));
        let found = guild.zip(what.source).and_then(|(guild, source)| {
            let at = ledger.at(guild, source.position)?;
            Some((at, ledger.entry(guild, at)?))
        });
        let session = facts.sessions.get(index);
        let floor = seat.and_then(|seat| floor(facts, session, seat));
        Self { facts, session, s, what, seat, floor, found, owed }
    }

    /// Whether it is an event, as against a word on the session or on a guild as a whole.
    pub(crate) fn is_event(&self) -> bool {
        match self.what.body {
            Body::MessageCreate(_) => true,
            Body::Ready(_) | Body::Resumed | Body::GuildCreate(_) | Body::GuildUnavailable => false,
        }
    }

    /// Where the session stands in the guild that it tells of.
    pub(crate) fn told(&self) -> Option<Told> {
        self.seat.map(|seat| seat.told)
    }

    /// What it is, for a message.
    pub(crate) fn name(&self) -> String {
        match self.what.source {
            Some(source) => format!(
                "{} of {} at {} as s={}",
                self.what.body.name(),
                self.facts.cast.guild(source.guild),
                source.position,
                self.s
            ),
            None => format!("{} as s={}", self.what.body.name(), self.s),
        }
    }
}

fn floor(facts: &Facts, session: &Session, seat: Seat) -> Option<Position> {
    let before = seat.cursor.checked_sub(1).filter(|_| session.wants);
    let sent = before.and_then(|last| facts.ledger.entry(seat.guild, last));
    let sent = sent.filter(|_| seat.told == Told::Whole).map(|entry| entry.record.position);
    seat.floor.max(sent)
}
