//! Lanes: the chat of a guild, in order, for all sessions that see the same channels and have the
//! same intents for messages, their content and reactions.
//!
//! Sessions share a lane, so one comparison finds what is due next.

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_core::dispatch::{Body, Dispatch, Intents, Message};
use guildhall_core::event::{Event, Record};
use guildhall_core::id::{ChannelId, Position};

use super::Committed;
use super::render::blank;
use crate::kinds::{Chat, EventKind, event_kind, message_of, reaction_of};
use crate::protocol::{message_bytes, reaction_bytes};

/// A chat event, as the sessions of a lane get it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) record: Arc<Record>,
    /// The bytes of the dispatches of all entries before this one.
    bytes_before: u64,
    /// The last dispatch that was found to render this entry. It is held so that its address is not
    /// reused.
    seen: Option<Arc<Dispatch>>,
}

/// The intents on which the lane of a session depends. Typing is in no lane.
const CHAT: Intents =
    Intents(Chat::Message.intent().0 | Chat::Reaction.intent().0 | Intents::MESSAGE_CONTENT.0);

/// One lane.
#[derive(Clone, Debug)]
struct Lane {
    guild: u32,
    /// Which of [`CHAT`] its sessions have.
    intents: Intents,
    channels: Vec<ChannelId>,
    entries: Vec<Entry>,
}

/// All lanes of all guilds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lanes {
    lanes: Vec<Lane>,
    by_view: BTreeMap<(u32, Intents, Vec<ChannelId>), u32>,
    of_guild: BTreeMap<u32, Vec<u32>>,
}

impl Entry {
    /// Whether this `Arc` is the one found to render this record.
    #[inline]
    pub(crate) fn is(&self, what: &Arc<Dispatch>) -> bool {
        self.seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, what))
    }
}

/// Whether `what` renders a record, with content (`whole`) or without.
pub(crate) fn tells(record: &Record, whole: bool, what: &Dispatch) -> bool {
    let reads = |said: &Message, told: &Message| {
        if whole { said == told } else { *told == blank(said) }
    };
    let placed = what.source.is_some_and(|it| it.position == record.position && it.nth == 0);
    if !placed {
        return false;
    }
    match (&what.body, &record.event) {
        (Body::MessageCreate(told), Event::Message(said))
        | (Body::MessageUpdate(told), Event::MessageUpdate(said)) => reads(said, told),
        (Body::ReactionAdd(told), Event::ReactionAdd(said))
        | (Body::ReactionRemove(told), Event::ReactionRemove(said)) => told == said,
        (Body::MessageDelete { message, channel }, event) => {
            *event == Event::MessageDelete { message: *message, channel: *channel }
        }
        _ => false,
    }
}

impl Lane {
    fn push(&mut self, record: &Arc<Record>) {
        let bytes_before = self.bytes_before(self.entries.len());
        self.entries.push(Entry { record: record.clone(), bytes_before, seen: None });
    }

    /// Whether messages include their content.
    const fn is_whole(&self) -> bool {
        self.intents.contains(Intents::MESSAGE_CONTENT)
    }

    /// Whether its sessions get an event.
    fn holds(&self, record: &Record) -> bool {
        match event_kind(&record.event) {
            EventKind::Chat(channel, chat) => {
                self.intents.contains(chat.intent())
                    && self.channels.binary_search(&channel).is_ok()
            }
            EventKind::Hidden | EventKind::Member(_) | EventKind::Channel | EventKind::Guild => {
                false
            }
        }
    }

    fn bytes_before(&self, index: usize) -> u64 {
        match self.entries.get(index) {
            Some(entry) => entry.bytes_before,
            None => {
                self.entries.last().map_or(0, |last| last.bytes_before + self.bytes(&last.record))
            }
        }
    }

    /// The length of a record's dispatch on the wire, as both sides estimate it.
    fn bytes(&self, record: &Record) -> u64 {
        if let Some(message) = message_of(record) {
            let content = if self.is_whole() { message.content.len() } else { 0 };
            message_bytes(content, message.mentions.len())
        } else {
            reaction_of(record).map_or(200, |it| reaction_bytes(it.emoji.len()))
        }
    }
}

impl Lanes {
    /// The lane of the sessions with these intents that see exactly these channels.
    pub(crate) fn of(
        &mut self,
        guild: u32,
        intents: Intents,
        channels: Vec<ChannelId>,
        records: &[Committed],
    ) -> u32 {
        let intents = Intents(intents.0 & CHAT.0);
        let next = self.lanes.len() as u32;
        let number = *self.by_view.entry((guild, intents, channels.clone())).or_insert(next);
        if number == next {
            let mut lane = Lane { guild, intents, channels, entries: Vec::new() };
            for Committed { record, .. } in records {
                if lane.holds(record) {
                    lane.push(record);
                }
            }
            self.lanes.push(lane);
            self.of_guild.entry(guild).or_default().push(number);
        }
        number
    }

    /// Adds a committed record of a guild.
    pub(crate) fn feed(&mut self, guild: u32, record: &Arc<Record>) {
        for number in self.of_guild.get(&guild).into_iter().flatten() {
            let lane = &mut self.lanes[*number as usize];
            if lane.holds(record) {
                lane.push(record);
            }
        }
    }

    #[inline]
    pub(crate) fn entry(&self, lane: u32, index: u32) -> Option<&Entry> {
        self.lanes.get(lane as usize)?.entries.get(index as usize)
    }

    /// The guild of a lane.
    #[inline]
    pub(crate) fn guild(&self, lane: u32) -> Option<u32> {
        self.lanes.get(lane as usize).map(|lane| lane.guild)
    }

    /// Whether messages of a lane include their content.
    pub(crate) fn is_whole(&self, lane: u32) -> bool {
        self.lanes.get(lane as usize).is_some_and(Lane::is_whole)
    }

    /// Whether a dispatch renders the entry of a lane.
    pub(crate) fn says(&self, lane: u32, index: u32, what: &Arc<Dispatch>) -> bool {
        self.entry(lane, index)
            .is_some_and(|entry| entry.is(what) || tells(&entry.record, self.is_whole(lane), what))
    }

    pub(crate) fn len(&self, lane: u32) -> u32 {
        self.lanes.get(lane as usize).map_or(0, |lane| lane.entries.len() as u32)
    }

    /// The index of the first entry after a position.
    pub(crate) fn after(&self, lane: u32, position: Position) -> u32 {
        let entries = self.lanes.get(lane as usize).map_or(&[][..], |lane| &lane.entries);
        entries.partition_point(|entry| entry.record.position <= position) as u32
    }

    /// The bytes of the dispatches of the entries before `index`.
    pub(crate) fn bytes_before(&self, lane: u32, index: u32) -> u64 {
        self.lanes.get(lane as usize).map_or(0, |lane| lane.bytes_before(index as usize))
    }

    /// Remembers that `what` renders an entry, for the next session that gets it.
    pub(crate) fn recognise(&mut self, lane: u32, index: u32, what: &Arc<Dispatch>) {
        let lane = self.lanes.get_mut(lane as usize);
        if let Some(entry) = lane.and_then(|lane| lane.entries.get_mut(index as usize)) {
            entry.seen = Some(what.clone());
        }
    }
}
