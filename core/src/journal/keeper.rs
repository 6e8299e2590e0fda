//! The server of a guild's journal: it takes commands, syncs when its driver says so, and answers.
//!
//! A command that needs a sync waits until [`Keeper::sync`]. The driver decides when that is, and
//! delivers the answers. A keeper must not answer for what is not durable.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::store::{Store, StoreError};
use super::{Command, Log, Reply};
use crate::census::{Census, Machine, Table};
use crate::event::Record;
use crate::id::{Epoch, NodeId, Position};
use crate::machine::Sink;
use crate::mutant::Mutant;
use crate::sabotage::{self, SabotagedStore};

/// An answer, and the node that gets it.
pub type Answer = (NodeId, Reply);

/// Serves the journal of one guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Keeper<S> {
    pub(super) store: SabotagedStore<S>,
    /// The last durable record.
    durable: Position,
    pub(super) pending: Vec<Pending>,
}

/// A command that waits for a sync.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Pending {
    Open { from: NodeId, ticket: u64, above: Epoch },
    Append { from: NodeId, epoch: Epoch },
}

impl Pending {
    fn is_retransmitted_by(&self, again: Self) -> bool {
        match (*self, again) {
            (Self::Open { from, .. }, Self::Open { from: again, .. }) => from == again,
            (Self::Append { .. }, Self::Append { .. }) => *self == again,
            (Self::Open { .. }, Self::Append { .. }) | (Self::Append { .. }, Self::Open { .. }) => {
                false
            }
        }
    }
}

/// The result of a sync.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Synced {
    /// Everything that was written is durable; these records were not before. Epochs may have been
    /// granted.
    Kept {
        /// The records, ascending.
        records: Vec<Arc<Record>>,
        /// The answers to the commands that waited.
        replies: Vec<Answer>,
        /// Whether an epoch was granted.
        granted: bool,
    },
    /// It failed: what was written may be kept or not, and the owners that waited have to step down
    /// (F1).
    Failed {
        /// The answers to the commands that waited.
        replies: Vec<Answer>,
    },
}

impl<S: Store> Keeper<S> {
    /// Serves the log in `store`, with at most one mutant.
    pub fn new(store: S, mutant: Option<Mutant>) -> Self {
        let durable = store.read().end();
        let store = sabotage::store(store, mutant);
        Self { store, durable, pending: Vec::new() }
    }

    /// How often the mutant was reached.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        sabotage::store_hits(&self.store)
    }

    /// The store, so that a test can break it.
    pub const fn store(&mut self) -> &mut S {
        sabotage::stored(&mut self.store)
    }

    /// Counts everything that the journal keeps.
    #[must_use]
    pub fn census(&self) -> Census {
        let Self { store, durable: _, pending } = self;
        let mut census = Census::nothing(Machine::Journal);
        store.count(&mut census);
        census.add(Table::Pending, pending.len());
        census
    }

    /// Takes a command. Returns whether anything was written that the log did not hold.
    pub fn ask(&mut self, from: NodeId, command: Command, out: &mut impl Sink<Answer>) -> bool {
        if sabotage::grants_unsynced(self, from, &command, out) {
            return false;
        }
        match command {
            Command::Open { ticket, above } => match self.objection(above) {
                Some(why) => out.emit((from, why)),
                None => self.wait(Pending::Open { from, ticket, above }),
            },
            Command::Append { epoch, after, records } => {
                match self.store.append(epoch, after, &records) {
                    Ok(()) if self.store.written().is_empty() => {
                        out.emit((from, Reply::Appended { epoch, upto: self.durable }));
                    }
                    Ok(()) => {
                        self.wait(Pending::Append { from, epoch });
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

    /// Rule 2: why no epoch is granted above this one. An open that was sent before the last grant
    /// would fence the owner that has just got it.
    fn objection(&mut self, above: Epoch) -> Option<Reply> {
        let fenced = self.store.confirm(above).err()?;
        (!sabotage::grants_overtaken(&mut self.store)).then(|| refusal(above, fenced))
    }

    /// Keeps a command until the next sync. One that is retransmitted meanwhile waits once: of the
    /// attempts of a node to open the log only the latest counts.
    fn wait(&mut self, waiting: Pending) {
        let same = self.pending.iter_mut().find(|it| it.is_retransmitted_by(waiting));
        match (same, waiting) {
            (None, _) => self.pending.push(waiting),
            (Some(Pending::Open { ticket, .. }), Pending::Open { ticket: again, .. }) => {
                *ticket = again.max(*ticket);
            }
            (Some(_), _) => {}
        }
    }

    /// Whether a command waits for a sync.
    #[must_use]
    pub const fn waits(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Makes durable what was written, and returns the answers to all commands that waited.
    pub fn sync(&mut self) -> Synced {
        let (mut records, mut replies, mut appends) = (Vec::new(), Vec::new(), Vec::new());
        let mut granted = false;
        for waiting in core::mem::take(&mut self.pending) {
            match waiting {
                Pending::Open { from, ticket, above } => {
                    // One that waited beside it may have been granted an epoch just now.
                    if let Some(why) = self.objection(above) {
                        replies.push((from, why));
                        continue;
                    }
                    let Some((epoch, log, kept)) = self.open() else { continue };
                    records.extend(kept);
                    granted = true;
                    replies.push((from, Reply::Opened { ticket, epoch, log }));
                }
                Pending::Append { from, epoch } => appends.push((from, epoch)),
            }
        }
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

    /// Drops what a crash loses: the sync under way, and the commands that wait for it.
    pub fn interrupt(&mut self) {
        self.pending.clear();
    }

    /// These records are durable, as was found after a crash.
    pub fn found(&mut self, records: &[Arc<Record>]) {
        if let Some(last) = records.last() {
            self.durable = last.position;
        }
    }

    /// Rule 2: fence, epoch record, sync, and only then read, in one step.
    fn open(&mut self) -> Option<(Epoch, Arc<Log>, Vec<Arc<Record>>)> {
        let epoch = self.store.open().ok()?;
        let records = self.store.sync().ok()?;
        self.found(&records);
        Some((epoch, self.store.read(), records))
    }
}

/// The answer that tells an owner of this epoch what is wrong.
const fn refusal(epoch: Epoch, trouble: StoreError) -> Reply {
    match trouble {
        StoreError::Fenced(fence) => Reply::Fenced { epoch, fence },
        StoreError::Failed => Reply::Failed { epoch },
        StoreError::Full => Reply::Full { epoch },
    }
}
