//! The ledger of each guild: the records that its journal has committed, in order, and the
//! ephemeral events that an owner has streamed.
//!
//! It must not judge.

pub(crate) mod history;
pub(crate) mod lanes;
pub(crate) mod render;
mod sight;
pub(crate) mod timeline;
pub(crate) mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_core::dispatch::Intents;
use guildhall_core::event::{Event, Record};
use guildhall_core::id::{ChannelId, Epoch, GuildId, MessageId, NodeId, Position, UserId};
use guildhall_core::journal::Checkpoint;

use super::sockets::NONE;
use crate::index::Index;
use crate::kinds::{EventKind, event_kind};
use history::History;
use lanes::{Entry, Lanes};
use timeline::Moment;

/// A committed record.
#[derive(Clone, Debug)]
pub(crate) struct Committed {
    pub(crate) record: Arc<Record>,
    /// The number of records that all guilds together had committed before.
    pub(crate) stamp: u64,
    /// The nodes with a session that got it, among those checked so far.
    told_at: Vec<NodeId>,
}

/// One guild.
#[derive(Clone, Debug)]
pub(crate) struct Guild {
    pub(crate) id: GuildId,
    pub(crate) history: History,
    records: Vec<Committed>,
    /// The indices of the records that are not chat.
    turning: Vec<u32>,
    /// The ephemeral events.
    pub(crate) fleeting: BTreeMap<Position, Arc<Record>>,
    /// The records that an owner has asked the journal to append and that are not known to be
    /// committed.
    pub(crate) staged: BTreeMap<Position, Arc<Record>>,
    /// The highest position that an owner has announced.
    pub(crate) told: Position,
    /// The highest epoch whose record is committed.
    pub(crate) epoch: Epoch,
    /// The last change that each incarnation did not get as a record because it was forgotten by
    /// then.
    pub(crate) forgotten: BTreeMap<Epoch, Position>,
}

impl Guild {
    fn new(id: GuildId, founding: &Checkpoint) -> Self {
        Self {
            id,
            history: History::new(id, founding),
            records: Vec::new(),
            turning: Vec::new(),
            fleeting: BTreeMap::new(),
            staged: BTreeMap::new(),
            told: Position::default(),
            epoch: founding.position.epoch,
            forgotten: BTreeMap::new(),
        }
    }

    /// All committed records, in order.
    pub(crate) fn records(&self) -> &[Committed] {
        &self.records
    }

    /// The number of records after one position, up to another.
    pub(crate) fn count(&self, after: Position, upto: Position) -> u64 {
        let up_to = |at| self.records.partition_point(|it| it.record.position <= at);
        up_to(upto).saturating_sub(up_to(after)) as u64
    }

    /// The last committed position.
    pub(crate) fn end(&self) -> Position {
        self.records.last().map_or(Position::default(), |last| last.record.position)
    }

    /// The durable event at a position.
    pub(crate) fn at(&self, position: Position) -> Option<&Committed> {
        let found = self.records.binary_search_by_key(&position, |it| it.record.position);
        found.ok().map(|index| &self.records[index])
    }

    /// The event at a position, durable or not.
    pub(crate) fn event(&self, position: Position) -> Option<&Arc<Record>> {
        self.at(position).map(|it| &it.record).or_else(|| self.fleeting.get(&position))
    }

    /// The records after a position that are not chat.
    pub(crate) fn turning_after(
        &self,
        position: Position,
    ) -> impl Iterator<Item = &Arc<Record>> + use<'_> {
        let record = |index: &u32| &self.records[*index as usize].record;
        let from = self.turning.partition_point(|index| record(index).position <= position);
        self.turning[from..].iter().map(record)
    }

    /// The users who have left after one position, up to another, and have not come back, each with
    /// the position of the leave.
    pub(crate) fn left_between(
        &self,
        after: Position,
        upto: Position,
    ) -> BTreeMap<UserId, Position> {
        let mut left = BTreeMap::new();
        for record in self.turning_after(after).take_while(|record| record.position <= upto) {
            if let Event::MemberRemove { user, .. } = record.event {
                left.insert(user, record.position);
            } else if let Event::MemberAdd { user } = record.event {
                left.remove(&user);
            }
        }
        left
    }

    /// Records that a session at a node got the durable event at a position.
    pub(crate) fn tell(&mut self, position: Position, node: NodeId) {
        let found = self.records.binary_search_by_key(&position, |it| it.record.position);
        if let Ok(index) = found
            && !self.records[index].told_at.contains(&node)
        {
            self.records[index].told_at.push(node);
        }
    }

    /// Whether any session at a node got the durable event at a position.
    pub(crate) fn was_told(&self, position: Position, node: NodeId) -> bool {
        self.at(position).is_some_and(|it| it.told_at.contains(&node))
    }
}

/// All guilds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    guilds: Vec<Guild>,
    by_id: BTreeMap<GuildId, u32>,
    pub(crate) lanes: Lanes,
    /// The guild of each message id.
    messages: Index<MessageId, GuildId>,
    /// The highest message id.
    last_message: MessageId,
    stamps: u64,
}

impl Ledger {
    /// Adds a guild of the plan.
    pub(crate) fn found(&mut self, id: GuildId, founding: &Checkpoint) {
        let number = self.guilds.len() as u32;
        self.by_id.insert(id, number);
        self.guilds.push(Guild::new(id, founding));
    }

    /// The dense number of a guild.
    pub(crate) fn find(&self, guild: GuildId) -> Option<u32> {
        self.by_id.get(&guild).copied()
    }

    pub(crate) fn get(&self, number: u32) -> &Guild {
        &self.guilds[number as usize]
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> &mut Guild {
        &mut self.guilds[number as usize]
    }

    pub(crate) fn guild(&self, id: GuildId) -> Option<&Guild> {
        self.find(id).map(|number| self.get(number))
    }

    pub(crate) fn guild_mut(&mut self, id: GuildId) -> Option<&mut Guild> {
        self.find(id).map(|number| self.get_mut(number))
    }

    /// All guilds, with their numbers.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u32, &Guild)> {
        (0..).zip(&self.guilds)
    }

    /// The guild that has given a message id.
    pub(crate) fn message_guild(&self, id: MessageId) -> Option<GuildId> {
        self.messages.get(&id).copied()
    }

    /// The highest message id of all guilds.
    pub(crate) const fn last_message(&self) -> MessageId {
        self.last_message
    }

    /// The total number of records.
    pub(crate) const fn stamps(&self) -> u64 {
        self.stamps
    }

    /// Records a commit by the journal of a guild. It is later than all before it.
    pub(crate) fn commit(&mut self, number: u32, record: &Arc<Record>) {
        let stamp = self.stamps;
        self.stamps += 1;
        let guild = &mut self.guilds[number as usize];
        guild.staged.remove(&record.position);
        if record.event == Event::Opened {
            guild.epoch = guild.epoch.max(record.position.epoch);
            // Uncommitted records of older owners can never commit now.
            guild.staged.retain(|position, _| position.epoch >= record.position.epoch);
        } else if !matches!(event_kind(&record.event), EventKind::Chat(..)) {
            guild.turning.push(guild.records.len() as u32);
        }
        if let Event::Message(message) = &record.event {
            self.messages.insert(message.id, guild.id);
            self.last_message = self.last_message.max(message.id);
        }
        guild.history.take(record);
        guild.records.push(Committed { record: record.clone(), stamp, told_at: Vec::new() });
        self.lanes.feed(number, record);
    }

    /// The lane of a session with these intents, by its user's view of the guild at a moment.
    pub(crate) fn lane(&mut self, number: u32, at: Moment, user: UserId, intents: Intents) -> u32 {
        let chat = [Intents::GUILD_MESSAGES, Intents::GUILD_MESSAGE_REACTIONS];
        if !chat.iter().any(|asked| intents.contains(*asked)) {
            return NONE;
        }
        let guild = &self.guilds[number as usize];
        let channels: Vec<ChannelId> = guild.history.visible(at, user);
        self.lanes.of(number, intents, channels, &guild.records)
    }

    #[inline]
    pub(crate) fn entry(&self, lane: u32, index: u32) -> Option<&Entry> {
        self.lanes.entry(lane, index)
    }
}
