//! The steps of journals: here events are committed.

use std::sync::Arc;

use guildhall_core::event::{Event, Record};
use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::journal::Reply;
use guildhall_core::step::{Head, JournalEvent};

use super::Contract;
use crate::delivery::{d6, d7, d9};
use crate::isolation::i8;
use crate::ordering::o4::Causes;
use crate::ordering::o5;
use crate::sessions::l5;
use crate::violation::Clause;

impl Contract {
    pub(super) fn journal_hears(&mut self, head: &Head, guild: GuildId, event: &JournalEvent) {
        match event {
            JournalEvent::Asked { .. } => {}
            JournalEvent::Synced { records } => {
                for record in records {
                    self.commits(head, guild, record);
                }
            }
            JournalEvent::Lost { records } => {
                self.hand_offs.fails(guild);
                if *records > 0 {
                    self.marks.add("records lost before their sync");
                }
            }
        }
    }

    pub(super) fn journal_replies(
        &mut self,
        head: &Head,
        guild: GuildId,
        to: NodeId,
        reply: &Reply,
    ) {
        match reply {
            Reply::Opened { epoch, log, .. } => {
                let verdict = l5::opened(&self.facts, guild, *epoch, log);
                self.blame(head, Clause::L5, verdict);
                self.hand_offs.granted(&self.facts, guild, to, head.at);
                if let Some(guild) = self.facts.ledger.guild_mut(guild) {
                    guild.forgotten.insert(*epoch, log.base.changed);
                }
            }
            Reply::Appended { .. } | Reply::Confirmed { .. } => {}
            Reply::Fenced { .. } => self.marks.add("journal answered: fenced"),
            Reply::Failed { .. } => self.marks.add("journal answered: failed"),
            Reply::Full { .. } => self.marks.add("journal answered: full"),
        }
    }

    /// A record is on disk for good: that is its commit.
    fn commits(&mut self, head: &Head, guild: GuildId, record: &Arc<Record>) {
        let Some(number) = self.facts.ledger.find(guild) else { return };
        let late = l5::commits(&self.facts, guild, record);
        let out_of_order = record.position <= self.facts.ledger.get(number).end();
        self.blame(head, Clause::L5, late);
        if out_of_order {
            return;
        }
        let facts = &self.facts;
        let early = d7::commits(facts, guild, record);
        let again = self.fates.commits(facts, guild, record, head.at);
        // A duplicate changes nothing, and was asked for: what follows from it is not judged again.
        let sound = again.is_none();
        let created = d6::committed(facts, guild, record).filter(|_| sound);
        let forbidden = i8::committed(facts, guild, record).filter(|_| sound);
        let vain = o5::committed(facts, guild, record).filter(|_| sound);
        let placed = record.origin.filter(|_| created.is_none());
        let strayed = Causes::strayed(facts, &self.fates, guild, record).filter(|_| sound);
        let caused =
            placed.and_then(|origin| self.causes.placed(facts, origin, guild, record.position));
        let joins = if let Event::MemberAdd { user } = &record.event { Some(*user) } else { None };
        let named = joins.and_then(|user| d9::joins(facts, guild, user));
        self.blame(head, Clause::D7, early);
        self.blame(head, Clause::D5, again);
        self.blame(head, Clause::D6, created);
        self.blame(head, Clause::I8, forbidden);
        self.blame(head, Clause::O5, vain);
        self.blame(head, Clause::O4, caused.or(strayed));
        self.blame(head, Clause::D9, named);
        self.marks.committed(&self.facts, guild, record);
        self.facts.commit(number, record);
    }
}
