//! Whoever keeps a guild's log: a machine that is asked, syncs when its driver says so, and answers.
//!
//! What was asked and needs a sync waits until [`Keeper::sync`]; the driver decides when that is, and
//! what becomes of the answers on their way. It must not answer for what is not durable.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::store::{Store, Trouble};
use super::{Command, Log, Reply};
use crate::event::Record;
use crate::id::{Epoch, NodeId, Position};
use crate::machine::Sink;
use crate::mutant::{Mutant, Plant};

/// An answer, and whose it is.
pub type Answer = (NodeId, Reply);

/// Keeps the log of one guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Keeper<S> {
    store: S,
    plant: Plant,
    /// The last record that is durable.
    durable: Position,
    pending: Vec<Pending>,
}

/// Somebody who waits for a sync.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Pending {
    Open {
        from: NodeId,
        ticket: u64,
        /// What a bug has read too early.
        early: Option<Arc<Log>>,
    },
    Append {
        from: NodeId,
        epoch: Epoch,
    },
}

/// What came of a sync.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Synced {
    /// Everything that was written is durable; these records were not before. Epochs may have been
    /// granted.
    Kept {
        /// The records, ascending.
        records: Vec<Arc<Record>>,
        /// What those who waited are told.
        replies: Vec<Answer>,
        /// Whether an epoch was granted.
        granted: bool,
    },
    /// It failed: what was written may be kept or not, and those who waited have to step down (F1).
    Failed {
        /// What they are told.
        replies: Vec<Answer>,
    },
}

impl<S: Store> Keeper<S> {
    /// Keeps what is in `store`, with at most one bug planted.
    pub fn new(store: S, mutant: Option<Mutant>) -> Self {
        let durable = store.read().end();
        Self { store, plant: Plant::new(mutant), durable, pending: Vec::new() }
    }

    /// How often the planted bug was reached.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        self.plant.hits()
    }

    /// The store, for those who break it.
    pub const fn store(&mut self) -> &mut S {
        &mut self.store
    }

    /// Somebody asks for something. Says whether anything was written that was not there before.
    pub fn ask(&mut self, from: NodeId, command: Command, out: &mut impl Sink<Answer>) -> bool {
        match command {
            Command::Open { ticket } if self.is_idle() && self.plant.is(Mutant::FenceNotSynced) => {
                if let Some((epoch, log)) = self.open_unsynced() {
                    self.pending.push(Pending::Append { from, epoch });
                    out.emit((from, Reply::Opened { ticket, epoch, log }));
                }
            }
            Command::Open { ticket } => {
                let early = self.plant.is(Mutant::ReadBeforeFence).then(|| self.store.read());
                self.pending.push(Pending::Open { from, ticket, early });
            }
            Command::Append { epoch, after, records } => {
                match self.store.append(epoch, after, &records, &mut self.plant) {
                    Ok(()) if self.store.written().is_empty() => {
                        out.emit((from, Reply::Appended { epoch, upto: self.durable }));
                    }
                    Ok(()) => {
                        self.pending.push(Pending::Append { from, epoch });
                        return true;
                    }
                    Err(trouble) => out.emit((from, refusal(epoch, trouble))),
                }
            }
            Command::Confirm { epoch, asked } => out.emit(match self.store.confirm(epoch) {
                Ok(()) => (from, Reply::Confirmed { epoch, asked }),
                Err(trouble) => (from, refusal(epoch, trouble)),
            }),
            Command::Compact { epoch, base } => {
                if let Err(trouble) = self.store.compact(epoch, base) {
                    out.emit((from, refusal(epoch, trouble)));
                }
            }
        }
        false
    }

    /// Whether anybody waits for a sync.
    #[must_use]
    pub const fn waits(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Makes durable what was written, and says what those who waited for it are told. Nobody waits
    /// any more after that.
    pub fn sync(&mut self) -> Synced {
        let (mut records, mut replies, mut appends) = (Vec::new(), Vec::new(), Vec::new());
        for waiting in core::mem::take(&mut self.pending) {
            match waiting {
                Pending::Open { from, ticket, early } => {
                    let Some((epoch, log, kept)) = self.open(early) else { continue };
                    records.extend(kept);
                    replies.push((from, Reply::Opened { ticket, epoch, log }));
                }
                Pending::Append { from, epoch } => appends.push((from, epoch)),
            }
        }
        let granted = !replies.is_empty();
        let Ok(kept) = self.store.sync() else {
            let failed = |(from, epoch)| (from, Reply::Failed { epoch });
            return Synced::Failed { replies: appends.into_iter().map(failed).collect() };
        };
        self.found(&kept);
        records.extend(kept);
        let upto = self.durable;
        replies
            .extend(appends.into_iter().map(|(to, epoch)| (to, Reply::Appended { epoch, upto })));
        Synced::Kept { records, replies, granted }
    }

    /// The sync under way is no more, and neither is what waits for it.
    pub fn interrupt(&mut self) {
        self.pending.clear();
    }

    /// These records are durable, as was found out otherwise than by a sync.
    pub fn found(&mut self, records: &[Arc<Record>]) {
        if let Some(last) = records.last() {
            self.durable = last.position;
        }
    }

    /// Nothing is written that is not durable, and nobody waits.
    fn is_idle(&self) -> bool {
        self.pending.is_empty() && self.store.written().is_empty()
    }

    /// A bug: an epoch is granted that is not durable yet (PROTOCOL, rule 3).
    fn open_unsynced(&mut self) -> Option<(Epoch, Arc<Log>)> {
        let epoch = self.store.open(&mut self.plant).ok()?;
        let mut log = Log::clone(&self.store.read());
        log.tail.extend_from_slice(self.store.written());
        Some((epoch, Arc::new(log)))
    }

    /// Grants an epoch: fence, epoch record, sync and read, all in one (PROTOCOL, rule 2).
    fn open(&mut self, early: Option<Arc<Log>>) -> Option<(Epoch, Arc<Log>, Vec<Arc<Record>>)> {
        let epoch = self.store.open(&mut self.plant).ok()?;
        let records = self.store.sync().ok()?;
        self.found(&records);
        let log = match early {
            None => self.store.read(),
            Some(early) => {
                let mut log = Log::clone(&early);
                log.tail.extend(records.last().cloned());
                Arc::new(log)
            }
        };
        Some((epoch, log, records))
    }
}

/// What is in the way of an asker of this epoch.
const fn refusal(epoch: Epoch, trouble: Trouble) -> Reply {
    match trouble {
        Trouble::Fenced(fence) => Reply::Fenced { epoch, fence },
        Trouble::Failed => Reply::Failed { epoch },
        Trouble::Full => Reply::Full { epoch },
    }
}
