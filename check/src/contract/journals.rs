//! The steps of journals: here events are committed.

use std::sync::Arc;

use guildhall_core::event::{Event, Record};
use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::journal::Reply;
use guildhall_core::step::{Head, JournalEvent};

use super::Contract;
use crate::clauses;
use crate::kinds::{EventKind, event_kind};
use crate::marks::Mark;

impl Contract {
    pub(super) fn journal_hears(&mut self, head: &Head, guild: GuildId, event: &JournalEvent) {
        self.marks.journal(guild, event);
        self.models.compactions.journal(guild, event);
        match event {
            JournalEvent::Asked { .. } => {}
            JournalEvent::Synced { records } => {
                for record in records {
                    self.commits(head, guild, record);
                }
            }
            JournalEvent::Lost { .. } => self.models.hand_offs.fails(guild),
        }
    }

    pub(super) fn journal_replies(
        &mut self,
        head: &Head,
        guild: GuildId,
        to: NodeId,
        reply: &Reply,
    ) {
        self.models.compactions.replies(guild, reply);
        match reply {
            Reply::Opened { ticket, epoch, log } => {
                self.ask(head, clauses::GRANTS, (guild, (to, *ticket, *epoch)));
                self.ask(head, clauses::OPENS, (guild, *epoch, log));
                self.models.hand_offs.granted(&self.facts, guild, to, head.at);
                if let Some(guild) = self.facts.ledger.guild_mut(guild) {
                    guild.forgotten.insert(*epoch, log.base.changed);
                }
            }
            Reply::Appended { .. } | Reply::Confirmed { .. } => {}
            Reply::Fenced { .. } => self.marks.add(Mark::JournalAnsweredFenced),
            Reply::Failed { .. } => self.marks.add(Mark::JournalAnsweredFailed),
            Reply::Full { .. } => self.marks.add(Mark::JournalAnsweredFull),
        }
    }

    /// A record is on disk for good: that is its commit.
    fn commits(&mut self, head: &Head, guild: GuildId, record: &Arc<Record>) {
        let Some(number) = self.facts.ledger.find(guild) else { return };
        self.ask(head, clauses::SYNCS, (guild, record));
        if record.position <= self.facts.ledger.get(number).end() {
            return;
        }
        self.ask(head, clauses::COMMITS, (guild, record));
        self.marks.committed(&self.facts, guild, record);
        self.facts.commit(number, record);
        self.models.duties.committed(&self.facts, guild, record);
        if let Event::MemberAdd { user } = record.event {
            self.models.introductions.joins(&self.facts, guild, user, head.at);
        }
        if !matches!(event_kind(&record.event), EventKind::Chat(..)) {
            self.models.typings.turns(guild);
        }
    }
}
