//! The newest events of a guild, for relays that lag (PROTOCOL, rule 15).
//!
//! Each event names its predecessor in the buffer or, if that was evicted, an older one. The buffer
//! answers by position and `prev`, never by index.

use alloc::collections::VecDeque;
use alloc::sync::Arc;

use crate::census::{Census, Table};
use crate::event::{Event, Record};
use crate::id::Position;
use crate::limits::Limits;

/// A bounded buffer of events, oldest first.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct CatchUpBuffer {
    records: VecDeque<Arc<Record>>,
    pub(super) bytes: u64,
}

impl CatchUpBuffer {
    /// The buffer of a new owner, filled from the records that its journal holds after `before`.
    ///
    /// The ephemeral events between them are lost, so each record is linked to the record before
    /// it. Epoch records keep their link: the journal has linked them to the last change (rule 9).
    pub(super) fn adopted(
        limits: &Limits,
        before: Position,
        tail: impl IntoIterator<Item = Arc<Record>>,
    ) -> Self {
        let mut buffer = Self::default();
        let mut prev = before;
        for record in tail {
            let position = record.position;
            if record.event == Event::Opened || record.prev == prev {
                buffer.push(limits, record);
            } else {
                buffer.push(limits, Arc::new(Record { prev, ..(*record).clone() }));
            }
            prev = position;
        }
        buffer
    }

    /// Adds the newest event and evicts the oldest ones. At least the newest stays. Returns the bytes
    /// of those that it has evicted.
    pub(super) fn push(&mut self, limits: &Limits, record: Arc<Record>) -> u64 {
        let mut evicted = 0;
        self.bytes += record.bytes();
        self.records.push_back(record);
        while self.records.len() > limits.catch_up_events as usize
            || self.bytes > u64::from(limits.catch_up_bytes)
        {
            if self.records.len() == 1 {
                break;
            }
            let oldest = self.records.pop_front().map_or(0, |record| record.bytes());
            self.bytes -= oldest;
            evicted += oldest;
        }
        evicted
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self { records, bytes } = self;
        census.add_bytes(Table::CatchUpRing, records.len() as u64, *bytes);
    }

    /// The oldest position from which the buffer leads to `tip`.
    pub(super) fn reach(&self, tip: Position) -> Position {
        self.records.front().map_or(tip, |oldest| oldest.prev)
    }

    /// The index in the buffer of the first event after `from`.
    pub(super) fn first_after(&self, from: Position) -> usize {
        let first = self.records.iter().position(|record| record.position > from);
        first.unwrap_or(self.records.len())
    }

    /// The events, oldest first.
    pub(super) fn records(&self) -> impl DoubleEndedIterator<Item = &Arc<Record>> {
        self.records.iter()
    }
}
