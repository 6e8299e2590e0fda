//! A store in memory. What was written and not synced can be lost in a crash, as on a disk.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::store::{Store, StoreError};
use super::{Checkpoint, Log};
use crate::census::{Census, Table};
use crate::event::{Event, Record};
use crate::id::{Epoch, Position};

/// A log in memory.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Memory {
    fence: Epoch,
    log: Log,
    /// The last record that is not an epoch record, written or synced.
    changed: Position,
    unsynced: Vec<Arc<Record>>,
    /// A sync has failed since the last open.
    broken: bool,
    /// The number of records that it can hold.
    room: usize,
}

impl Memory {
    /// The log of a new guild, with unlimited room.
    #[must_use]
    pub fn new(base: Checkpoint) -> Self {
        Self {
            fence: base.position.epoch,
            changed: base.changed,
            log: Log { base: Arc::new(base), tail: Vec::new() },
            unsynced: Vec::new(),
            broken: false,
            room: usize::MAX,
        }
    }

    /// The highest epoch ever granted.
    #[must_use]
    pub const fn fence(&self) -> Epoch {
        self.fence
    }

    /// Leaves room for this many more records.
    pub fn fill(&mut self, room: usize) {
        self.room = self.len().saturating_add(room);
    }

    /// The number of records that were written and not synced.
    #[must_use]
    pub fn unsynced(&self) -> usize {
        self.unsynced.len()
    }

    /// Crashes and restarts: the first `kept` of the records that were not synced survive and are
    /// synced now; the others are lost. If an epoch record is lost, its fence is lost too: the
    /// epoch was granted to nobody. Returns the survivors.
    pub fn crash(&mut self, kept: usize) -> Vec<Arc<Record>> {
        self.unsynced.truncate(kept);
        let found = core::mem::take(&mut self.unsynced);
        self.keep(&found);
        self.fence = self.log.end().epoch;
        self.broken = false;
        found
    }

    /// Makes the next sync fail, and everything after it until the log is opened again.
    pub fn break_sync(&mut self) {
        self.broken = true;
    }

    fn len(&self) -> usize {
        self.log.tail.len() + self.unsynced.len()
    }

    /// The last record written.
    fn end(&self) -> Position {
        self.unsynced.last().map_or_else(|| self.log.end(), |record| record.position)
    }

    fn keep(&mut self, records: &[Arc<Record>]) {
        self.log.tail.extend_from_slice(records);
        let is_change = |record: &&Arc<Record>| record.event != Event::Opened;
        let mut changes = self.log.tail.iter().rev().filter(is_change);
        self.changed = changes.next().map_or(self.log.base.changed, |record| record.position);
    }

    fn write(&mut self, record: Arc<Record>) {
        if record.event != Event::Opened {
            self.changed = record.position;
        }
        self.unsynced.push(record);
    }
}

impl Store for Memory {
    fn open(&mut self) -> Result<Epoch, StoreError> {
        if self.len() >= self.room {
            return Err(StoreError::Full);
        }
        self.fence = Epoch(self.fence.0.max(self.end().epoch.0) + 1);
        let position = Position { epoch: self.fence, index: 0 };
        // Rule 9: the link skips epoch records, so that owners that did nothing cost no relay a
        // snapshot.
        let prev = self.changed;
        self.write(Arc::new(Record { position, prev, origin: None, event: Event::Opened }));
        // A failed sync is final for its owner only.
        self.broken = false;
        Ok(self.fence)
    }

    fn append(
        &mut self,
        epoch: Epoch,
        after: Position,
        records: &[Arc<Record>],
    ) -> Result<(), StoreError> {
        self.confirm(epoch)?;
        if self.broken {
            return Err(StoreError::Failed);
        }
        let end = self.end();
        let news = records.iter().filter(|record| record.position > end);
        if self.len() + news.clone().count() > self.room {
            return Err(StoreError::Full);
        }
        // The log has no holes: if the append before this one was lost, this one is ignored.
        if after <= end {
            for record in news.cloned().collect::<Vec<_>>() {
                self.write(record);
            }
        }
        Ok(())
    }

    fn written(&self) -> &[Arc<Record>] {
        &self.unsynced
    }

    #[cfg(feature = "mutants")]
    fn written_mut(&mut self) -> Option<&mut Vec<Arc<Record>>> {
        Some(&mut self.unsynced)
    }

    fn sync(&mut self) -> Result<Vec<Arc<Record>>, StoreError> {
        if self.broken {
            return Err(StoreError::Failed);
        }
        let synced = core::mem::take(&mut self.unsynced);
        self.keep(&synced);
        Ok(synced)
    }

    fn confirm(&self, epoch: Epoch) -> Result<(), StoreError> {
        if epoch == self.fence { Ok(()) } else { Err(StoreError::Fenced(self.fence)) }
    }

    fn compact(&mut self, epoch: Epoch, base: Arc<Checkpoint>) -> Result<(), StoreError> {
        self.confirm(epoch)?;
        if base.position > self.log.base.position {
            self.log.tail.retain(|record| record.position > base.position);
            self.log.base = base;
        }
        Ok(())
    }

    fn read(&self) -> Arc<Log> {
        Arc::new(self.log.clone())
    }

    fn count(&self, census: &mut Census) {
        let Self { fence: _, log, changed: _, unsynced, broken: _, room: _ } = self;
        log.count(census);
        let bytes = unsynced.iter().map(|record| record.bytes()).sum();
        census.add_bytes(Table::Written, unsynced.len() as u64, bytes);
    }
}
