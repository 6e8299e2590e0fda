//! Dispatches as nodes write them: one half of the contract's hot path.
//!
//! A dispatch that is exactly what is owed next is settled by one comparison. Everything else takes
//! the slow path, where each clause is asked.

use std::hint::black_box;
use std::sync::Arc;

use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::id::{Connection, NodeId, Position, Seq};
use guildhall_core::step::{Actor, Head};

use super::Contract;
use crate::clauses::{self, Numbered};
use crate::delivery::{d3, d4};
use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::sessions::subscriptions::{Due, Subscription, SubscriptionPhase};
use crate::facts::sockets::NONE;
use crate::findings::Complaint;
use crate::judgements::Judgement;
use crate::marks::Mark;
use crate::violation::Clause;

impl Contract {
    /// Prefetches what writing to this connection will touch.
    #[inline]
    pub fn expect(&self, actor: Actor, to: Connection) {
        if let Actor::Node(node) = actor {
            black_box(self.facts.sockets.session(node, to));
        }
    }

    /// A node writes a dispatch.
    #[inline]
    pub(super) fn writes(&mut self, head: &Head, to: Connection, s: Seq, what: &Arc<Dispatch>) {
        let Actor::Node(node) = head.actor else { return };
        self.step.dispatches += 1;
        self.stirs();
        let index = self.facts.sockets.session(node, to);
        let facts = &mut self.facts;
        if index != NONE && facts.sessions.takes(&facts.ledger, index, s.0, what) {
            return;
        }
        self.writes_something(head, (node, to), s.0, what);
    }

    #[cold]
    fn writes_something(
        &mut self,
        head: &Head,
        (node, to): (NodeId, Connection),
        s: u64,
        what: &Arc<Dispatch>,
    ) {
        self.facts.largest = self.facts.largest.max(u64::from(what.bytes));
        if self.step.refused {
            // I4 reports it when the step ends.
            return;
        }
        let Some(index) = self.facts.session_on(node, to) else {
            if !self.step.complained {
                self.complain(head, clauses::STRAYS, (to, what.body.name()));
            }
            return;
        };
        if self.facts.sessions.hot(index).spoilt {
            return self.facts.sessions.spoil(index, s);
        }
        match self.mistake(head, index, s, what) {
            Some((clause, complaint)) => {
                let subject = self.facts.session_name(index);
                self.facts.sessions.spoil(index, s);
                self.report(head, clause, (subject, complaint));
            }
            None => self.told(head, index, s, what),
        }
    }

    /// What is wrong with it, if anything.
    fn mistake(
        &self,
        head: &Head,
        index: u32,
        s: u64,
        what: &Arc<Dispatch>,
    ) -> Option<(Clause, Complaint)> {
        let facts = &self.facts;
        let written = facts.sessions.written(index);
        let number = Numbered { facts, index, s, written, what };
        if let Some(wrong) = self.object(clauses::NUMBERS, &number) {
            return Some(wrong);
        }
        if s < facts.sessions.hot(index).next {
            return self.object(clauses::REPLAYS, &number);
        }
        let tested = DispatchUnderTest::new(facts, (&self.step, head.now.instant), index, s, what);
        if tested.fits() {
            return self.object(clauses::OWED, &tested);
        }
        let shows_well = if let Body::GuildCreate(snapshot) = &what.body {
            d3::is_exact(&tested, snapshot)
        } else {
            matches!(what.body, Body::Resumed | Body::GuildUnavailable)
        };
        let wrong = if shows_well { None } else { self.object(clauses::DISPATCHES, &tested) };
        wrong.or_else(|| self.object(clauses::TIMING, &tested))
    }

    /// The dispatch is correct.
    fn told(&mut self, head: &Head, index: u32, s: u64, what: &Arc<Dispatch>) {
        let facts = &mut self.facts;
        if s < facts.sessions.hot(index).next {
            if facts.sessions.get(index).fresh {
                self.marks.add(Mark::ResumeWithReplay);
            }
            if what.body == Body::Resumed {
                facts.sessions.writes_resumed(index, false);
            }
            facts.sessions.wrote(index, s);
            return self.marks.add(Mark::DispatchReplayed);
        }
        let due = facts.sessions.get(index).resumed;
        if due.is_some_and(|due| d4::is_after_replay(facts, due, what)) {
            facts.sessions.ends_replay(index);
        }
        let place = what
            .source
            .and_then(|source| Some((facts.ledger.find(source.guild)?, source.position)));
        match (&what.body, place) {
            (Body::Ready(ready), _) => {
                facts.sessions.told_own(index, what);
                facts.sessions.expect(index, &facts.ledger, &ready.guilds);
            }
            (Body::Resumed, _) => {
                facts.sessions.told_own(index, what);
                facts.sessions.writes_resumed(index, true);
            }
            (_, None) => facts.sessions.told_own(index, what),
            (_, Some((guild, position))) => self.told_of(head, index, (guild, position), what),
        }
        self.facts.sessions.wrote(index, s);
    }

    /// The dispatch is correct and about a guild.
    fn told_of(
        &mut self,
        head: &Head,
        index: u32,
        (guild, position): (u32, Position),
        what: &Arc<Dispatch>,
    ) {
        let facts = &mut self.facts;
        let sessions = &mut facts.sessions;
        if matches!(what.body, Body::GuildCreate(_)) {
            let place = sessions.place(index, guild);
            if place.is_some_and(|it| {
                sessions.get(index).subscriptions[it].phase == SubscriptionPhase::Unavailable
            }) {
                self.marks.add(Mark::GapEnded);
            }
            sessions.told_own(index, what);
            return sessions.takes_guild(&mut facts.ledger, index, guild, position);
        }
        if what.body == Body::GuildUnavailable {
            sessions.told_own(index, what);
            return sessions.stand(
                index,
                Subscription::new(guild, SubscriptionPhase::Unavailable, Some(position)),
            );
        }
        let Some(place) = sessions.place(index, guild) else {
            // A user who joined and left before any dispatch gets a GUILD_DELETE all the same.
            sessions.told_own(index, what);
            return sessions.stand(
                index,
                Subscription::new(guild, SubscriptionPhase::Removed, Some(position)),
            );
        };
        let (node, due) = (sessions.get(index).node, sessions.due(&facts.ledger, index, place));
        match due {
            Due::Entry(entry, lane, at) if entry.record.position == position => {
                facts.ledger.lanes.recognise(lane, at, what);
                facts.ledger.get_mut(guild).tell(position, node);
                sessions.told_entry(index, place, at);
                sessions.pass(&facts.ledger, index, place);
                self.ask(head, clauses::RENDERS, ((lane, at), index, what));
                self.marks.told(&what.body);
            }
            Due::Turn(turn, _) if turn.position == position => {
                facts.ledger.get_mut(guild).tell(position, node);
                facts.sessions.told_turn(&facts.ledger, index, place, what);
                self.marks.told(&what.body);
            }
            Due::Nothing | Due::Entry(..) | Due::Turn(..) => {
                sessions.told_own(index, what);
                if what.body == Body::GuildDelete {
                    return sessions.stand(
                        index,
                        Subscription::new(guild, SubscriptionPhase::Removed, Some(position)),
                    );
                }
                sessions.get_mut(index).subscriptions[place].floor = Some(position);
                self.marks.add(Mark::TypingDispatched);
                let record = self.facts.ledger.get(guild).fleeting.get(&position);
                let origin = record.and_then(|record| record.origin);
                if let Some(origin) = origin {
                    self.models.typings.tellings.dispatched(&self.facts, origin, index);
                }
                if origin.is_some_and(|origin| self.models.probes.dispatched(origin, index)) {
                    self.facts.judges(Judgement::Probe);
                    self.marks.add(Mark::ProbeDispatched);
                }
            }
        }
    }
}

/// A row of a hook on dispatches.
type Objects<T> = (Clause, fn(&T) -> Option<Complaint>);

impl Contract {
    /// The first clause that objects to a dispatch; counts that the rows were asked.
    fn object<T>(&self, rows: &[Objects<T>], about: &T) -> Option<(Clause, Complaint)> {
        self.facts.judgements.add(rows);
        object(rows, about)
    }
}

/// The first clause that objects to a dispatch.
pub(super) fn object<T>(rows: &[Objects<T>], about: &T) -> Option<(Clause, Complaint)> {
    rows.iter().find_map(|(clause, judge)| Some((*clause, judge(about)?)))
}
