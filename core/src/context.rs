//! The context of one call of a machine: the time, the limits, and the bug planted for this run.
//!
//! A driver makes one for each call; every function below it passes it on. It must not hold state
//! that outlives the call.

use crate::id::{Connection, SessionId};
use crate::limits::Limits;
use crate::mutant::{Mutant, Plant};
use crate::time::Now;

/// What every function of a machine may need, in one argument.
#[derive(Debug)]
pub struct Cx<'a> {
    /// The time of this call, by the actor's own clocks.
    pub now: Now,
    /// The limits that the machine keeps to.
    pub limits: &'a Limits,
    plant: &'a mut Plant,
}

impl<'a> Cx<'a> {
    /// The context of one call. The caller owns the planted bug and counts its hits.
    pub const fn new(now: Now, limits: &'a Limits, plant: &'a mut Plant) -> Self {
        Self { now, limits, plant }
    }

    /// Whether the code that asks has to go wrong; counts that it did. Always `false`, at compile
    /// time, in a build without the feature `mutants`.
    #[inline(always)]
    pub fn bug(&mut self, mutant: Mutant) -> bool {
        self.plant.is(mutant)
    }

    /// See [`Plant::remember`].
    #[inline(always)]
    pub(crate) fn remember(&mut self, connection: Connection, session: SessionId) {
        self.plant.remember(connection, session);
    }

    /// See [`Plant::recall`].
    #[inline(always)]
    pub(crate) fn recall(&mut self, connection: Connection) -> Option<SessionId> {
        self.plant.recall(connection)
    }
}
