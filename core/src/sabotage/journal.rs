//! The planted bugs of a journal: a store that goes wrong, and a keeper that answers too early.
//!
//! A child of `journal`, so that the keeper need not open its fields to the crate.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::keeper::{Answer, Keeper, Pending};
use super::store::{Store, StoreError};
use super::{Checkpoint, Command, Log, Reply};
use crate::census::Census;
use crate::event::{Event, Record};
use crate::id::{Epoch, NodeId, Position};
use crate::machine::Sink;
use crate::mutant::{Mutant, Plant};

/// A store that goes wrong.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct SabotagedStore<S> {
    store: S,
    plant: Plant,
    /// The log as it was read before the last open.
    early: Option<Arc<Log>>,
    /// The last change that was ever written, lost or not.
    written: Position,
}

/// Puts a planted bug on a store.
pub(crate) fn store<S>(store: S, mutant: Option<Mutant>) -> SabotagedStore<S> {
    let written = Position::default();
    SabotagedStore { store, plant: Plant::new(mutant), early: None, written }
}

/// How often the planted bug was reached.
pub(crate) const fn store_hits<S>(store: &SabotagedStore<S>) -> u64 {
    store.plant.hits()
}

/// The sound store.
pub(crate) const fn stored<S>(store: &mut SabotagedStore<S>) -> &mut S {
    &mut store.store
}

impl<S: Store> SabotagedStore<S> {
    /// The last record written.
    fn end(&self) -> Position {
        let written = self.store.written().last();
        written.map_or_else(|| self.store.read().end(), |record| record.position)
    }

    /// Writes records of an epoch that is over.
    fn append_unfenced(
        &mut self,
        fence: Epoch,
        after: Position,
        records: &[Arc<Record>],
    ) -> Result<(), StoreError> {
        self.store.append(fence, after, &[])?;
        let log = self.store.read();
        let known: Vec<_> = log.tail.iter().chain(self.store.written()).collect();
        let is_new = |record: &&Arc<Record>| known.iter().all(|it| it.position != record.position);
        let news: Vec<_> = records.iter().filter(is_new).cloned().collect();
        if after <= self.end()
            && let Some(written) = self.store.written_mut()
        {
            written.extend(news);
        }
        Ok(())
    }
}

impl<S: Store> Store for SabotagedStore<S> {
    fn open(&mut self) -> Result<Epoch, StoreError> {
        if self.plant.is(Mutant::ReadBeforeFence) {
            self.early = Some(self.store.read());
        }
        let before = self.end();
        let epoch = self.store.open()?;
        let last = self.written;
        if let Some(opened) = self.store.written_mut().and_then(|written| written.last_mut()) {
            let is_lost = last > opened.prev;
            if self.plant.is(Mutant::EpochPrevCounts) {
                *opened = Arc::new(Record { prev: before, ..(**opened).clone() });
            } else if is_lost && self.plant.is(Mutant::LostRecordLinked) {
                *opened = Arc::new(Record { prev: last, ..(**opened).clone() });
            }
        }
        Ok(epoch)
    }

    fn append(
        &mut self,
        epoch: Epoch,
        after: Position,
        records: &[Arc<Record>],
    ) -> Result<(), StoreError> {
        match self.store.append(epoch, after, records) {
            Err(StoreError::Fenced(fence)) if self.plant.is(Mutant::FenceNotChecked) => {
                self.append_unfenced(fence, after, records)
            }
            done => {
                let is_change = |record: &&Arc<Record>| record.event != Event::Opened;
                let last = self.store.written().iter().rfind(is_change);
                self.written = last.map_or(self.written, |record| record.position);
                done
            }
        }
    }

    fn written(&self) -> &[Arc<Record>] {
        self.store.written()
    }

    fn sync(&mut self) -> Result<Vec<Arc<Record>>, StoreError> {
        self.store.sync()
    }

    fn confirm(&self, epoch: Epoch) -> Result<(), StoreError> {
        self.store.confirm(epoch)
    }

    fn compact(&mut self, epoch: Epoch, base: Arc<Checkpoint>) -> Result<(), StoreError> {
        self.store.compact(epoch, base)
    }

    fn count(&self, census: &mut Census) {
        self.store.count(census);
    }

    /// A log that was read too early lacks what came before the epoch record.
    fn read(&self) -> Arc<Log> {
        let log = self.store.read();
        let Some(early) = &self.early else { return log };
        let mut early = Log::clone(early);
        early.tail.extend(log.tail.last().cloned());
        Arc::new(early)
    }
}

/// Whether a journal grants an open that was sent before its last grant (PROTOCOL, rule 2).
pub(crate) fn grants_overtaken<S>(store: &mut SabotagedStore<S>) -> bool {
    store.plant.is(Mutant::OvertakenOpenGranted)
}

/// Grants an epoch that is not durable yet (PROTOCOL, rule 3), if that is the bug.
pub(crate) fn grants_unsynced<S: Store>(
    keeper: &mut Keeper<S>,
    from: NodeId,
    command: &Command,
    out: &mut impl Sink<Answer>,
) -> bool {
    let Command::Open { ticket, above } = *command else { return false };
    let is_idle = keeper.pending.is_empty() && keeper.store.written().is_empty();
    if !is_idle
        || keeper.store.confirm(above).is_err()
        || !keeper.store.plant.is(Mutant::FenceNotSynced)
    {
        return false;
    }
    if let Ok(epoch) = keeper.store.open() {
        let mut log = Log::clone(&keeper.store.read());
        log.tail.extend_from_slice(keeper.store.written());
        keeper.pending.push(Pending::Append { from, epoch });
        out.emit((from, Reply::Opened { ticket, epoch, log: Arc::new(log) }));
    }
    true
}
