//! Dispatches as nodes write them: one half of the hot path of the contract.
//!
//! What comes just as it is due is settled by one comparison. All else is taken apart slowly, and
//! each clause says whether it is what is wrong.

use std::sync::Arc;

use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::id::{Connection, NodeId, Seq};
use guildhall_core::step::{Actor, Head};

use super::Contract;
use crate::delivery::{d1, d2, d3, d4, d6};
use crate::facts::sessions::{Seat, Told};
use crate::facts::sockets::NONE;
use crate::findings::Complaint;
use crate::fresh::Fresh;
use crate::ordering::{o1, o2, o3};
use crate::sessions::l2;
use crate::violation::Clause;

impl Contract {
    /// A node writes a dispatch.
    #[inline]
    pub(super) fn writes(&mut self, head: &Head, to: Connection, s: Seq, what: &Arc<Dispatch>) {
        let Actor::Node(node) = head.actor else { return };
        self.scene.dispatches += 1;
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
        if self.scene.refused {
            // I4 says so at the end of the step.
            return;
        }
        let Some(index) = self.facts.session_on(node, to) else {
            if !self.scene.complained
                && let Some(verdict) = l2::stray(&self.scene, &self.facts, to, what.body.name())
            {
                self.complain(head, Clause::L2, verdict);
            }
            return;
        };
        if self.facts.sessions.hot(index).spoilt {
            return self.facts.sessions.spoil(index, s);
        }
        match self.mistake(index, s, what) {
            Some((clause, complaint)) => {
                let subject = self.facts.session_name(index);
                self.facts.sessions.spoil(index, s);
                self.blame(head, clause, Some((subject, complaint)));
            }
            None => self.told(index, s, what),
        }
    }

    /// What is wrong with it, if anything.
    fn mistake(&self, index: u32, s: u64, what: &Arc<Dispatch>) -> Option<(Clause, Complaint)> {
        let facts = &self.facts;
        let (session, written) = (facts.sessions.get(index), facts.sessions.written(index));
        if session.fresh
            && let Some(complaint) = d4::begins(s, written, what)
        {
            return Some((Clause::D4, complaint));
        }
        if let Some(complaint) = o1::numbered(s, written, what) {
            return Some((Clause::O1, complaint));
        }
        if s < facts.sessions.hot(index).next {
            return o1::repeated(facts, index, s, what).map(|complaint| (Clause::O1, complaint));
        }
        let fresh = Fresh::new(facts, index, s, what);
        type Judge = fn(&Fresh<'_>) -> Option<Complaint>;
        let clauses: [(Clause, Judge); 8] = [
            (Clause::O3, o3::first),
            (Clause::D6, d6::judge),
            (Clause::O2, o2::judge),
            (Clause::O3, o3::judge),
            (Clause::D1, d1::judge),
            (Clause::D2, d2::judge),
            (Clause::D3, d3::judge),
            (Clause::D4, d4::judge),
        ];
        clauses.into_iter().find_map(|(clause, judge)| Some((clause, judge(&fresh)?)))
    }

    /// It is as it should be.
    fn told(&mut self, index: u32, s: u64, what: &Arc<Dispatch>) {
        let facts = &mut self.facts;
        let sessions = &mut facts.sessions;
        if s < sessions.hot(index).next {
            if sessions.get(index).fresh {
                self.marks.add("resume with a non-empty replay");
            }
            sessions.wrote(index, s);
            return self.marks.add("dispatch replayed");
        }
        let place = what
            .source
            .and_then(|source| Some((facts.ledger.find(source.guild)?, source.position)));
        match (&what.body, place) {
            (Body::MessageCreate(_), Some((guild, position))) => {
                if let Some(at) = facts.ledger.at(guild, position) {
                    facts.ledger.recognise(guild, at, what);
                    sessions.told_record(index, guild, at);
                }
            }
            (Body::Ready(ready), _) => {
                sessions.told_own(index, what);
                sessions.expect(index, &mut facts.ledger, &ready.guilds);
            }
            (Body::GuildCreate(_), Some((guild, position))) => {
                sessions.told_own(index, what);
                let cursor = facts.ledger.after(guild, position);
                let told = Told::Whole;
                sessions.stand(index, Seat { guild, told, cursor, floor: Some(position) });
            }
            (Body::GuildUnavailable, Some((guild, position))) => {
                sessions.told_own(index, what);
                let cursor = facts.ledger.after(guild, position);
                let told = Told::Gap;
                sessions.stand(index, Seat { guild, told, cursor, floor: Some(position) });
            }
            (Body::Resumed, _) => {
                sessions.told_own(index, what);
                sessions.get_mut(index).resumed.pop_front();
            }
            (Body::MessageCreate(_) | Body::GuildCreate(_) | Body::GuildUnavailable, None) => {
                sessions.told_own(index, what);
            }
        }
        sessions.wrote(index, s);
    }
}
