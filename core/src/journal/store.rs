//! The storage of a guild's log: fenced by epoch, in order, and durable only after a sync.
//!
//! A store does at once what it is told, or returns why it cannot. When an answer is sent, and
//! whether it arrives, is the business of whoever serves the store.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Checkpoint, Log};
use crate::event::Record;
use crate::id::{Epoch, Position};

/// Why a store does not do what it is told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StoreError {
    /// There is a higher epoch.
    Fenced(Epoch),
    /// A sync has failed, now or earlier. This is final for the epoch (F1).
    Failed,
    /// There is no room. Nothing has changed.
    Full,
}

/// Stores the log of one guild.
pub trait Store {
    /// Chooses an epoch above the fence, moves the fence to it and writes its record (PROTOCOL,
    /// rule 2). The epoch is granted once a [`sync`](Self::sync) has succeeded.
    ///
    /// # Errors
    /// If there is no room, or the store is broken.
    fn open(&mut self) -> Result<Epoch, StoreError>;

    /// Writes those of the records that the log does not hold. `after` is the durable record before
    /// the first.
    ///
    /// # Errors
    /// If the epoch is not the fence (rule 3), if there is no room, or if the store is broken.
    fn append(
        &mut self,
        epoch: Epoch,
        after: Position,
        records: &[Arc<Record>],
    ) -> Result<(), StoreError>;

    /// The records that were written and are not durable yet.
    fn written(&self) -> &[Arc<Record>];

    /// The same, for a planted bug to change. A store that returns `None` is safe from those.
    #[cfg(feature = "mutants")]
    fn written_mut(&mut self) -> Option<&mut Vec<Arc<Record>>> {
        None
    }

    /// Makes durable what was written, and returns it.
    ///
    /// # Errors
    /// If it is not known to have succeeded: what was written may be kept or not.
    fn sync(&mut self) -> Result<Vec<Arc<Record>>, StoreError>;

    /// Whether the epoch is the fence.
    ///
    /// # Errors
    /// If it is not.
    fn confirm(&self, epoch: Epoch) -> Result<(), StoreError>;

    /// Replaces the records up to the position of `base` by it.
    ///
    /// # Errors
    /// If the epoch is not the fence.
    fn compact(&mut self, epoch: Epoch, base: Arc<Checkpoint>) -> Result<(), StoreError>;

    /// The durable log.
    fn read(&self) -> Arc<Log>;
}
