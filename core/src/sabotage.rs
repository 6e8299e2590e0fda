//! What the planted bugs do, one file for each machine.
//!
//! The protocol makes a decision in a pure function and passes it through one hook,
//! [`Cx::bent`](crate::context::Cx). In a build without the feature `mutants` the hook returns the
//! decision; with it, the decision's [`Bend`] here may change it. Nothing here may change what a
//! machine does for which no bug was planted.

use crate::context::Cx;
#[cfg(not(feature = "mutants"))]
use crate::guild::{self, Guild};
#[cfg(not(feature = "mutants"))]
use crate::machine::Sink;
#[cfg(not(feature = "mutants"))]
use crate::node::{self, Outbox, Router};

/// A decision that planted bugs change. `A` is what the decision was made from.
#[cfg(feature = "mutants")]
pub(crate) trait Bend<A> {
    /// The decision as the planted bug makes it. It asks [`Cx::bug`] only where the bug makes a
    /// difference, so that each hit counts.
    #[must_use]
    fn bend(self, about: A, cx: &mut Cx<'_>) -> Self;
}

#[cfg(feature = "mutants")]
pub(crate) use crate::guild::sabotaged::call as guild_call;
#[cfg(feature = "mutants")]
pub(crate) use crate::node::sabotaged::call as node_call;

/// Runs one call of a guild.
#[cfg(not(feature = "mutants"))]
#[inline(always)]
pub(crate) fn guild_call(
    guild: &mut Guild,
    cx: &mut Cx<'_>,
    input: Option<guild::Input>,
    out: &mut impl Sink<guild::Output>,
) {
    guild.step(cx, input, out);
}

/// Runs one call of a node.
#[cfg(not(feature = "mutants"))]
#[inline(always)]
pub(crate) fn node_call(
    router: &mut Router,
    cx: &mut Cx<'_>,
    input: Option<node::Input>,
    out: &mut impl Outbox,
) {
    router.step(cx, input, out);
}
