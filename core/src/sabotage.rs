//! What the planted bugs do, by machine.
//!
//! The protocol makes a decision in a pure function and passes it through one hook,
//! [`Cx::bent`](crate::context::Cx). In a build without the feature `mutants` the hook returns the
//! decision; with it, the decision's [`Bend`] here may change it. Bugs that drop, add or change
//! whole inputs and outputs are wrappers around a machine or a store, put on in one place. A file
//! that needs a machine's private fields is a child module of that machine. Nothing here may change
//! what a machine without a bug does.

#[cfg(feature = "mutants")]
mod client;

#[cfg(feature = "mutants")]
use crate::context::Cx;

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
pub(crate) use crate::journal::sabotaged::{
    SabotagedStore, grants_overtaken, grants_unsynced, store, store_hits, stored,
};
#[cfg(feature = "mutants")]
pub(crate) use crate::node::sabotaged::call as node_call;
#[cfg(not(feature = "mutants"))]
pub(crate) use sound::{
    SabotagedStore, grants_overtaken, grants_unsynced, guild_call, node_call, store, store_hits,
    stored,
};

/// The same names in a build that plants no bugs: each does what the sound machine does.
#[cfg(not(feature = "mutants"))]
mod sound {
    use crate::context::Cx;
    use crate::guild::{self, Guild};
    use crate::id::NodeId;
    use crate::journal::Command;
    use crate::journal::keeper::{Answer, Keeper};
    use crate::machine::Sink;
    use crate::mutant::Mutant;
    use crate::node::{self, Outbox, Router};

    #[inline(always)]
    pub(crate) fn guild_call(
        guild: &mut Guild,
        cx: &mut Cx<'_>,
        input: Option<guild::Input>,
        out: &mut impl Sink<guild::Output>,
    ) {
        guild.step(cx, input, out);
    }

    #[inline(always)]
    pub(crate) fn node_call(
        router: &mut Router,
        cx: &mut Cx<'_>,
        input: Option<node::Input>,
        out: &mut impl Outbox,
    ) {
        router.step(cx, input, out);
    }

    pub(crate) type SabotagedStore<S> = S;

    #[inline(always)]
    pub(crate) fn store<S>(store: S, _: Option<Mutant>) -> S {
        store
    }

    #[inline(always)]
    pub(crate) const fn stored<S>(store: &mut S) -> &mut S {
        store
    }

    #[inline(always)]
    pub(crate) const fn store_hits<S>(_: &S) -> u64 {
        0
    }

    #[inline(always)]
    pub(crate) const fn grants_overtaken<S>(_: &mut S) -> bool {
        false
    }

    #[inline(always)]
    pub(crate) const fn grants_unsynced<S>(
        _: &mut Keeper<S>,
        _: NodeId,
        _: &Command,
        _: &mut impl Sink<Answer>,
    ) -> bool {
        false
    }
}
