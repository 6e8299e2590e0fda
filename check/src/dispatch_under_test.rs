//! A dispatch under a new number, with everything that the session's model knows about it.

use std::sync::Arc;

use guildhall_core::dispatch::{Dispatch, Source};
use guildhall_core::event::Record;
use guildhall_core::id::Position;
use guildhall_core::time::Instant;

use crate::facts::Facts;
use crate::facts::guilds::Guild;
use crate::facts::guilds::render::{Rendering, render};
use crate::facts::sessions::Session;
use crate::facts::sessions::subscriptions::{Due, Subscription, SubscriptionPhase};
use crate::kinds::is_event;
use crate::node_step::NodeStep;

/// What the clauses on dispatches judge.
#[derive(Debug)]
pub(crate) struct DispatchUnderTest<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) step: &'a NodeStep,
    pub(crate) now: Instant,
    pub(crate) session: &'a Session,
    pub(crate) s: u64,
    pub(crate) what: &'a Arc<Dispatch>,
    /// The guild that it is about, and the session's subscription to it.
    pub(crate) guild: Option<&'a Guild>,
    pub(crate) subscription: Option<&'a Subscription>,
    /// The highest position of that guild that the session was sent.
    pub(crate) floor: Option<Position>,
    /// The event at its position.
    pub(crate) record: Option<&'a Arc<Record>>,
    /// What is owed next of that guild.
    pub(crate) due: Due<'a>,
}

impl<'a> DispatchUnderTest<'a> {
    pub(crate) fn new(
        facts: &'a Facts,
        (step, now): (&'a NodeStep, Instant),
        index: u32,
        s: u64,
        what: &'a Arc<Dispatch>,
    ) -> Self {
        let (ledger, session) = (&facts.ledger, facts.sessions.get(index));
        let number = what.source.and_then(|source| ledger.find(source.guild));
        let guild = number.map(|number| ledger.get(number));
        let place = number.and_then(|number| facts.sessions.place(index, number));
        let subscription = place.map(|place| &session.subscriptions[place]);
        let due = place.map_or(Due::Nothing, |place| facts.sessions.due(ledger, index, place));
        let record = guild.zip(what.source).and_then(|(guild, it)| guild.event(it.position));
        let floor = place.and_then(|place| facts.sessions.floor(ledger, index, place));
        Self { facts, step, now, session, s, what, guild, subscription, floor, record, due }
    }

    /// Whether it is exactly what is owed next.
    pub(crate) fn fits(&self) -> bool {
        match (self.due, self.what.source) {
            (Due::Nothing, _) | (_, None) => false,
            (Due::Entry(_, lane, at), _) => self.facts.ledger.lanes.says(lane, at, self.what),
            (Due::Turn(turn, nth), Some(Source { position, nth: given, .. })) => {
                // `nth` saturates: all later bodies share the last value.
                (position, u32::from(given)) == (turn.position, nth.min(u32::from(u8::MAX)))
                    && turn.bodies.get(nth as usize) == Some(&self.what.body)
            }
        }
    }

    /// Whether it renders an event, rather than the session or a guild as a whole.
    pub(crate) fn is_event(&self) -> bool {
        is_event(&self.what.body)
    }

    /// The rendering of its event for the session's user, before intents.
    pub(crate) fn rendering(&self) -> Option<Rendering> {
        let (guild, record) = self.guild.zip(self.record)?;
        Some(render(&guild.history, self.session.user, record))
    }

    /// The phase of the session's subscription to its guild.
    pub(crate) fn told(&self) -> Option<SubscriptionPhase> {
        self.subscription.map(|subscription| subscription.phase)
    }

    /// Its name in a report.
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

    /// The name in a report of what is owed next.
    pub(crate) fn owed(&self) -> String {
        match self.due.position() {
            None => "nothing, for all was dispatched".to_owned(),
            Some(position) => format!("the event at {position}"),
        }
    }
}
