//! The context of one call of a machine: the time, the limits, and the bug planted for this run.
//!
//! A driver makes one for each call, and every function below it passes it on. It must not hold
//! state that outlives the call: that is in `Setup`.

use alloc::sync::Arc;

#[cfg(feature = "mutants")]
use crate::id::{Connection, SessionId};
use crate::limits::Limits;
use crate::mutant::{Mutant, Plant};
#[cfg(feature = "mutants")]
use crate::sabotage::Bend;
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

    /// The decision as the planted bug makes it; `about` is what it was made from.
    #[cfg(feature = "mutants")]
    pub(crate) fn bent<D: Bend<A>, A>(&mut self, decision: D, about: A) -> D {
        decision.bend(about, self)
    }

    /// The decision itself: this build has no bugs to plant.
    #[cfg(not(feature = "mutants"))]
    #[inline(always)]
    pub(crate) fn bent<D, A>(&mut self, decision: D, _: A) -> D {
        decision
    }

    /// See [`Plant::remember`].
    #[cfg(feature = "mutants")]
    pub(crate) fn remember(&mut self, connection: Connection, session: SessionId) {
        self.plant.remember(connection, session);
    }

    /// See [`Plant::recall`].
    #[cfg(feature = "mutants")]
    pub(crate) fn recall(&mut self, connection: Connection) -> Option<SessionId> {
        self.plant.recall(connection)
    }
}

/// What a driver keeps from call to call for its contexts.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Setup {
    pub(crate) limits: Arc<Limits>,
    plant: Plant,
}

impl Setup {
    /// These limits, and at most one planted bug.
    pub(crate) const fn new(limits: Arc<Limits>, mutant: Option<Mutant>) -> Self {
        Self { limits, plant: Plant::new(mutant) }
    }

    /// The context of one call.
    pub(crate) fn cx(&mut self, now: Now) -> Cx<'_> {
        Cx::new(now, &self.limits, &mut self.plant)
    }

    /// How often the planted bug was reached.
    pub(crate) const fn hits(&self) -> u64 {
        self.plant.hits()
    }
}
