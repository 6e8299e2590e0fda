//! The newest events of a guild, for relays that lag (PROTOCOL, rule 15).
//!
//! Each names its predecessor in the ring or, if that has left it, one that is older. It answers by
//! position and `prev`, never by index.

use alloc::collections::VecDeque;
use alloc::sync::Arc;

use crate::context::Cx;
use crate::event::{Event, Record};
use crate::id::Position;
use crate::limits::Limits;
use crate::mutant::Mutant;

/// Events, oldest first.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Ring {
    records: VecDeque<Arc<Record>>,
    bytes: u64,
}

impl Ring {
    /// What a new owner finds in its journal after `before`. Ephemeral events between the records are
    /// lost, so each is linked to the record before it; but the journal has linked the epoch records
    /// to the last one that changed something (rule 9).
    pub(super) fn adopted(cx: &mut Cx<'_>, before: Position, tail: &[Arc<Record>]) -> Self {
        let mut ring = Self::default();
        let mut prev = before;
        for record in tail {
            let linked = record.event == Event::Opened || record.prev == prev;
            if linked || cx.bug(Mutant::RingNotRelinked) {
                ring.push(cx.limits, record.clone());
            } else {
                ring.push(cx.limits, Arc::new(Record { prev, ..(**record).clone() }));
            }
            prev = record.position;
        }
        ring
    }

    /// Takes up the newest event. It holds at least that one.
    pub(super) fn push(&mut self, limits: &Limits, record: Arc<Record>) {
        self.bytes += record.bytes();
        self.records.push_back(record);
        while self.records.len() > limits.catch_up_events as usize
            || self.bytes > u64::from(limits.catch_up_bytes)
        {
            if self.records.len() == 1 {
                return;
            }
            let oldest = self.records.pop_front();
            self.bytes -= oldest.map_or(0, |record| record.bytes());
        }
    }

    /// The newest event.
    pub(super) fn last(&self) -> Option<&Arc<Record>> {
        self.records.back()
    }

    /// How many events it holds, and their bytes.
    pub(super) fn kept(&self) -> (u64, u64) {
        (self.records.len() as u64, self.bytes)
    }

    /// The oldest position from which it leads to `tip`.
    pub(super) fn reach(&self, tip: Position) -> Position {
        self.records.front().map_or(tip, |oldest| oldest.prev)
    }

    /// All events after `from`, oldest first.
    pub(super) fn after(
        &self,
        cx: &mut Cx<'_>,
        from: Position,
    ) -> impl Iterator<Item = &Arc<Record>> {
        let end = self.records.back().map(|record| record.position.epoch);
        let by_index = end != Some(from.epoch) && cx.bug(Mutant::CatchUpByIndex);
        let is_known = move |record: &&Arc<Record>| {
            let at = record.position;
            if by_index { at.index <= from.index } else { at <= from }
        };
        self.records.iter().skip_while(is_known)
    }
}
