//! A journal is compacted, not bounded: an owner replaces its records by a base once there are too
//! many, and the journal then keeps none of them.

use std::collections::BTreeMap;

use guildhall_core::census::Table;
use guildhall_core::directory::DirectoryEvent;
use guildhall_core::id::{GuildId, NodeId, Position, UserId};
use guildhall_core::journal::{Command, Reply};
use guildhall_core::peer::PeerMessage;
use guildhall_core::step::JournalEvent;

use super::{Most, listed, nonces, reactions, state, uncommitted_bytes};
use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::facts::guilds::Guild;
use crate::facts::guilds::timeline::Moment;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;

/// What a journal has compacted.
#[derive(Clone, Copy, Debug, Default)]
struct Compacted {
    /// The position of its base.
    base: Position,
    /// The position that it was last asked to compact up to, unless it has refused.
    asked: Option<Position>,
}

/// What an owner knows of its journal.
#[derive(Clone, Debug, Default)]
struct Owner {
    /// The position of the base that it has adopted, or has asked for.
    base: Position,
    /// The users whose removal the directory has confirmed to it, each with the position of the
    /// leave.
    removed: BTreeMap<UserId, Position>,
    /// Whether the directory has confirmed the end of the guild to it.
    dissolved: bool,
    /// At its last tip there were too many records, and nothing held it up.
    is_due: bool,
}

/// The bases of all journals, as far as they and their owners know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compactions {
    journals: BTreeMap<GuildId, Compacted>,
    /// The base in the last log that a node has read.
    read: BTreeMap<(NodeId, GuildId), Position>,
    owners: BTreeMap<(NodeId, GuildId), Owner>,
}

impl Compacted {
    fn base(self) -> Position {
        self.asked.map_or(self.base, |asked| asked.max(self.base))
    }
}

impl Compactions {
    /// Something happens at a journal. What it was asked before, it has done by now.
    pub(crate) fn journal(&mut self, guild: GuildId, event: &JournalEvent) {
        let journal = self.journals.entry(guild).or_default();
        let base = journal.base();
        let asked = match event {
            JournalEvent::Asked { command: Command::Compact { base, .. }, .. } => {
                Some(base.position)
            }
            JournalEvent::Asked { .. }
            | JournalEvent::Synced { .. }
            | JournalEvent::Lost { .. } => None,
        };
        *journal = Compacted { base, asked };
    }

    /// A journal answers. It compacts nothing for an owner that is over.
    pub(crate) fn replies(&mut self, guild: GuildId, reply: &Reply) {
        if let Reply::Fenced { .. } = reply
            && let Some(journal) = self.journals.get_mut(&guild)
        {
            journal.asked = None;
        }
    }

    /// A node has read the log of a guild.
    pub(crate) fn reads(&mut self, node: NodeId, guild: GuildId, reply: &Reply) {
        if let Reply::Opened { log, .. } = reply {
            self.read.insert((node, guild), log.base.position);
        }
    }

    /// A node begins to serve a guild, with the log that it has read.
    pub(crate) fn opens(&mut self, node: NodeId, guild: GuildId) {
        let base = self.read.remove(&(node, guild)).unwrap_or_default();
        self.owners.insert((node, guild), Owner { base, ..Owner::default() });
    }

    /// A node serves a guild no more.
    pub(crate) fn closes(&mut self, node: NodeId, guild: GuildId) {
        self.owners.remove(&(node, guild));
    }

    /// A node has crashed or stopped.
    pub(crate) fn crash(&mut self, node: NodeId) {
        self.read.retain(|(at, _), _| *at != node);
        self.owners.retain(|(at, _), _| *at != node);
    }

    /// An owner asks its journal to compact.
    pub(crate) fn compacts(&mut self, node: NodeId, guild: GuildId, base: Position) {
        if let Some(owner) = self.owners.get_mut(&(node, guild)) {
            (owner.base, owner.is_due) = (base, false);
        }
    }

    /// The directory confirms something to an owner.
    pub(crate) fn confirms(&mut self, node: NodeId, notice: &DirectoryEvent) {
        match notice {
            DirectoryEvent::Removed { guild, user, at } => {
                if let Some(owner) = self.owners.get_mut(&(node, *guild)) {
                    let known = owner.removed.entry(*user).or_default();
                    *known = (*known).max(*at);
                }
            }
            DirectoryEvent::Dissolved { guild, .. } => {
                if let Some(owner) = self.owners.get_mut(&(node, *guild)) {
                    owner.dissolved = true;
                }
            }
            DirectoryEvent::Guilds { .. }
            | DirectoryEvent::Changed { .. }
            | DirectoryEvent::Entered { .. } => {}
        }
    }

    /// An owner sends its tip to its own node. It compacts after it has sent one, so what is due at
    /// one tip is done by the next.
    pub(crate) fn tips(&mut self, facts: &Facts, node: NodeId, message: &PeerMessage) -> Verdict {
        let PeerMessage::Tip { guild, position, .. } = message else { return None };
        let owner = self.owners.get_mut(&(node, *guild))?;
        let ledger = facts.ledger.guild(*guild)?;
        let most = u64::from(facts.cast.limits.journal_tail);
        let count = ledger.count(owner.base, *position);
        let was_due = owner.is_due;
        owner.is_due = count > most && owner.is_acknowledged(ledger, *position);
        if owner.is_due {
            facts.judges(Judgement::CompactionDue);
        }
        was_due.then(|| {
            let name = facts.cast.guild(*guild);
            let message = format!("the owner of {name} does not compact its journal");
            let expected = format!("a base in place of more than {most} records");
            let complaint = Complaint::new(message, expected, format!("{count} records"));
            (Subject::new("guild", name), complaint)
        })
    }

    /// What a table of a journal may hold.
    pub(crate) fn bound(&self, facts: &Facts, guild: GuildId, table: Table) -> Most {
        let limits = &facts.cast.limits;
        let base = self.journals.get(&guild).map_or(Position::default(), |it| it.base());
        let tail = facts.ledger.guild(guild).map_or(0, |it| it.count(base, it.end()));
        let kept = state(facts) + nonces(limits) + u64::from(limits.messages) + reactions(facts);
        let written = 2 * (u64::from(limits.unsynced) + 1);
        let bounds = [
            (Table::Base, (kept, 0)),
            (Table::Tail, (tail, tail * facts.largest_record)),
            (Table::Written, (written, written * uncommitted_bytes(facts))),
            // Each node may wait for an epoch and for an append.
            (Table::Pending, (2 * facts.cast.nodes.len() as u64, 0)),
        ];
        listed(bounds, table)
    }
}

impl Owner {
    /// Whether the directory has confirmed to the owner all leaves since the base, and the end of
    /// the guild, up to the tip. The journal may have kept more than the owner knows of.
    fn is_acknowledged(&self, guild: &Guild, tip: Position) -> bool {
        let left = guild.left_between(self.base, tip);
        let is_removed = |(user, at): (&UserId, &Position)| self.removed.get(user) >= Some(at);
        let has_ended = guild.history.is_deleted(Moment::after(tip));
        (self.dissolved || !has_ended) && left.iter().all(is_removed)
    }
}
