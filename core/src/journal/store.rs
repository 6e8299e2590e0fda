//! The storage of a guild's log: fenced by epoch, in order, and durable only after a sync.
//!
//! A store executes each operation at once or returns an error. The caller decides when a reply is
//! sent, and the network decides whether it arrives.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Checkpoint, Log};
use crate::census::Census;
use crate::event::Record;
use crate::id::{Epoch, Position};

/// Why a store rejects an operation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StoreError {
    /// There is a higher epoch.
    Fenced(Epoch),
    /// A sync has failed, now or earlier. This is final for the epoch (F1).
    Failed,
    /// There is no room. Nothing was changed.
    Full,
}

/// Stores the log of one guild.
pub trait Store {
    /// Chooses an epoch above the fence, moves the fence to it and writes its record (PROTOCOL,
    /// rule 2). The epoch is granted once a [`sync`](Self::sync) has succeeded.
    ///
    /// # Errors
    /// If there is no room, or if the store has failed.
    fn open(&mut self) -> Result<Epoch, StoreError>;

    /// Writes the records that the log does not hold yet. `after` is the durable record before the
    /// first one.
    ///
    /// # Errors
    /// If the epoch is not the fence (rule 3), if there is no room, or if the store has failed.
    fn append(
        &mut self,
        epoch: Epoch,
        after: Position,
        records: &[Arc<Record>],
    ) -> Result<(), StoreError>;

    /// Returns the records that were written and are not durable yet.
    fn written(&self) -> &[Arc<Record>];

    /// Returns the same records for a planted bug to change. A store that returns `None` is immune.
    #[cfg(feature = "mutants")]
    fn written_mut(&mut self) -> Option<&mut Vec<Arc<Record>>> {
        None
    }

    /// Makes the written records durable and returns them.
    ///
    /// # Errors
    /// If the sync is not known to have succeeded. The written records may be durable or lost.
    fn sync(&mut self) -> Result<Vec<Arc<Record>>, StoreError>;

    /// Checks that the epoch is the fence.
    ///
    /// # Errors
    /// If it is not.
    fn confirm(&self, epoch: Epoch) -> Result<(), StoreError>;

    /// Replaces the records up to the position of `base` by `base`.
    ///
    /// # Errors
    /// If the epoch is not the fence.
    fn compact(&mut self, epoch: Epoch, base: Arc<Checkpoint>) -> Result<(), StoreError>;

    /// Returns the durable log.
    fn read(&self) -> Arc<Log>;

    /// Adds everything that it keeps to the census of its journal: its log, and what is written and
    /// not durable yet.
    fn count(&self, census: &mut Census);
}
