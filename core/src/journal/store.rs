//! What keeps a guild's log: fenced, in order, durable when it says so and not before.
//!
//! A store does what it is told, at once, or says what is in the way. Who asks, when an answer comes
//! and whether it does, is the business of whoever serves it.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Base, Log};
use crate::event::Record;
use crate::id::{Epoch, Position};
use crate::mutant::Plant;

/// Why a store does not do what it is told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Trouble {
    /// There is a higher epoch.
    Fenced(Epoch),
    /// A sync has failed, now or before; this is final for the epoch (F1).
    Failed,
    /// There is no room. Nothing has changed.
    Full,
}

/// Keeps the log of one guild.
pub trait Store {
    /// Chooses an epoch above the fence, fences with it and writes its record (PROTOCOL, rule 2). It
    /// is granted once a [`sync`](Self::sync) says so.
    ///
    /// # Errors
    /// If there is no room, or the store is broken.
    fn open(&mut self, plant: &mut Plant) -> Result<Epoch, Trouble>;

    /// Writes the records that are not there yet. `after` is the durable record before the first.
    ///
    /// # Errors
    /// Fenced, if the epoch is not the fence (rule 3); broken; or without room.
    fn append(
        &mut self,
        epoch: Epoch,
        after: Position,
        records: &[Arc<Record>],
        plant: &mut Plant,
    ) -> Result<(), Trouble>;

    /// What was written and is not durable yet.
    fn written(&self) -> &[Arc<Record>];

    /// Makes durable what was written, and says what that was.
    ///
    /// # Errors
    /// If that is not known to have worked: what was written may be kept or not.
    fn sync(&mut self) -> Result<Vec<Arc<Record>>, Trouble>;

    /// Whether the epoch is the fence.
    ///
    /// # Errors
    /// Fenced, if it is not.
    fn confirm(&self, epoch: Epoch) -> Result<(), Trouble>;

    /// Has `base` stand for the records up to it.
    ///
    /// # Errors
    /// Fenced, if the epoch is not the fence.
    fn compact(&mut self, epoch: Epoch, base: Arc<Base>) -> Result<(), Trouble>;

    /// All that is durable.
    fn read(&self) -> Arc<Log>;
}
