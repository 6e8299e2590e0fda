//! What each guild has emitted, in order, learnt from the first sight of each record.
//!
//! It is the one memory of content: a session's model points into it. It does not judge.

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_core::dispatch::{Body, Dispatch, Intents};
use guildhall_core::id::{GuildId, Position};
use guildhall_core::peer::{Event, Record};

/// One event of a guild.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) record: Arc<Record>,
    /// How many records all guilds together had emitted before.
    pub(crate) stamp: u64,
    /// The bytes of the dispatches of all records before this one.
    bytes_before: u64,
    /// The dispatch that was last found to say just this. It is held, so that its address stays its.
    seen: Option<Arc<Dispatch>>,
}

impl Entry {
    /// Whether this very dispatch was found to tell of this record.
    #[inline]
    pub(crate) fn is(&self, what: &Arc<Dispatch>) -> bool {
        self.seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, what))
    }

    /// Whether `what` says what the record says.
    pub(crate) fn says(&self, what: &Arc<Dispatch>) -> bool {
        let Event::Message(message) = &self.record.event;
        self.is(what)
            || what.source.is_some_and(|it| it.position == self.record.position && it.nth == 0)
                && matches!(&what.body, Body::MessageCreate(said) if said == message)
    }
}

/// What a record of the stream turned out to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sight {
    /// Never seen before.
    New,
    /// Seen before, and the same.
    Same,
    /// Seen before under this position, and not the same.
    Differs,
    /// Never seen before, though later ones were.
    Late,
}

/// The streams of all guilds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    streams: Vec<Vec<Entry>>,
    ids: Vec<GuildId>,
    by_id: BTreeMap<GuildId, u32>,
    stamps: u64,
}

/// Whether a session with these intents is told of anything that the ledger holds. As long as all
/// events are messages, a stream has just two classes: all of it and nothing.
pub(crate) fn wants_any(intents: Intents) -> bool {
    intents.contains(Intents::GUILD_MESSAGES)
}

impl Ledger {
    /// The dense number of a guild.
    pub(crate) fn number(&mut self, guild: GuildId) -> u32 {
        let next = self.ids.len() as u32;
        let number = *self.by_id.entry(guild).or_insert(next);
        if number == next {
            self.ids.push(guild);
            self.streams.push(Vec::new());
        }
        number
    }

    /// The dense number of a guild that was heard of.
    pub(crate) fn find(&self, guild: GuildId) -> Option<u32> {
        self.by_id.get(&guild).copied()
    }

    pub(crate) fn guild(&self, number: u32) -> GuildId {
        self.ids[number as usize]
    }

    /// A guild says `record` to some relay.
    pub(crate) fn observe(&mut self, guild: GuildId, record: &Arc<Record>) -> Sight {
        let number = self.number(guild) as usize;
        let stream = &self.streams[number];
        let late = stream.last().is_some_and(|last| record.position <= last.record.position);
        if late {
            let at = stream.partition_point(|entry| entry.record.position < record.position);
            let known = &stream[at].record;
            return if Arc::ptr_eq(known, record) || known == record {
                Sight::Same
            } else if known.position == record.position {
                Sight::Differs
            } else {
                // It was emitted while nobody followed, and is of no use to anybody who does now.
                Sight::Late
            };
        }
        let before = self.bytes_before(number as u32, u32::MAX);
        let stream = &mut self.streams[number];
        stream.push(Entry {
            record: record.clone(),
            stamp: self.stamps,
            bytes_before: before,
            seen: None,
        });
        self.stamps += 1;
        Sight::New
    }

    /// How many records there are in all.
    pub(crate) fn stamps(&self) -> u64 {
        self.stamps
    }

    #[inline]
    pub(crate) fn entry(&self, guild: u32, index: u32) -> Option<&Entry> {
        self.streams.get(guild as usize)?.get(index as usize)
    }

    pub(crate) fn len(&self, guild: u32) -> u32 {
        self.streams.get(guild as usize).map_or(0, |stream| stream.len() as u32)
    }

    /// The index of the first record after `position`.
    pub(crate) fn after(&self, guild: u32, position: Position) -> u32 {
        let stream = self.streams.get(guild as usize).map_or(&[][..], Vec::as_slice);
        stream.partition_point(|entry| entry.record.position <= position) as u32
    }

    /// The index of the record at `position`.
    pub(crate) fn at(&self, guild: u32, position: Position) -> Option<u32> {
        let stream = self.streams.get(guild as usize)?;
        let found = stream.binary_search_by_key(&position, |entry| entry.record.position);
        found.ok().map(|index| index as u32)
    }

    /// The bytes of the dispatches of the records from `from` on.
    pub(crate) fn bytes_from(&self, guild: u32, from: u32) -> u64 {
        self.bytes_before(guild, self.len(guild)) - self.bytes_before(guild, from)
    }

    /// The bytes of the dispatches of the records before `index`.
    pub(crate) fn bytes_before(&self, guild: u32, index: u32) -> u64 {
        if let Some(entry) = self.entry(guild, index) {
            return entry.bytes_before;
        }
        let last = self.len(guild).checked_sub(1).and_then(|last| self.entry(guild, last));
        last.map_or(0, |last| {
            let Event::Message(said) = &last.record.event;
            last.bytes_before + message_bytes(said.content.len())
        })
    }

    /// Remembers that `what` was found to tell of a record, for the next one who is told it.
    pub(crate) fn recognise(&mut self, guild: u32, index: u32, what: &Arc<Dispatch>) {
        let stream = self.streams.get_mut(guild as usize);
        if let Some(entry) = stream.and_then(|stream| stream.get_mut(index as usize)) {
            entry.seen = Some(what.clone());
        }
    }
}

/// What a MESSAGE_CREATE takes on the wire, as `core/src/dispatch.rs` estimates it.
fn message_bytes(content: usize) -> u64 {
    420 + content as u64
}
