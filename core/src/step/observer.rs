//! Observers of a history: they are called for each event of a step as it happens.
//!
//! An observer gets each input and output by reference, so a run at full speed copies none of them.
//! It must not change the run.

use alloc::sync::Arc;

use super::{Head, JournalEvent, WorldEvent};
use crate::census::Census;
use crate::dispatch::Dispatch;
use crate::id::{Connection, GuildId, NodeId, Seq};
use crate::journal::Reply;
use crate::{client, directory, node};

/// An event of a step.
///
/// A step consists of one input, its outputs in order, and [`Observed::StepEnded`].
#[derive(Clone, Copy, Debug)]
pub enum Observed<'a> {
    /// A node receives an input.
    NodeInput(&'a node::Input),
    /// A node emits an output that is not a dispatch.
    NodeOutput(&'a node::Output),
    /// A node writes a dispatch to a connection.
    Dispatched {
        /// The connection.
        to: Connection,
        /// The sequence number within the session.
        s: Seq,
        /// The dispatch.
        dispatch: &'a Arc<Dispatch>,
    },
    /// A client receives an input that is not a dispatch.
    ClientInput(&'a client::Input),
    /// A dispatch reaches a client.
    Delivered {
        /// The connection.
        on: Connection,
        /// The sequence number within the session.
        s: Seq,
        /// The dispatch.
        dispatch: &'a Arc<Dispatch>,
    },
    /// A client emits an output.
    ClientOutput(&'a client::Output),
    /// A guild's journal receives a command, syncs records or loses them.
    JournalEvent {
        /// The guild whose journal it is.
        guild: GuildId,
        /// The event.
        event: &'a JournalEvent,
    },
    /// A guild's journal replies to a node.
    JournalReply {
        /// The guild whose journal it is.
        guild: GuildId,
        /// The node that the reply goes to.
        to: NodeId,
        /// The reply.
        reply: &'a Reply,
    },
    /// The directory receives an input.
    DirectoryInput(&'a directory::Input),
    /// The directory emits an output.
    DirectoryOutput(&'a directory::Output),
    /// A deadline of the actor expires.
    Timeout,
    /// Everything that the actor keeps is counted.
    Census(&'a Census),
    /// An event of the world itself: a fault, a crash, a start.
    World(&'a WorldEvent),
    /// The step has ended.
    StepEnded,
}

/// Observes a history, step by step.
pub trait Observer {
    /// Called for each event of the step with this head.
    fn observe(&mut self, head: &Head, what: Observed<'_>);

    /// Called when a node writes a dispatch. This is a separate method because nearly all events of
    /// a run are this one and [`Observer::delivered`]. An observer that need not be fast implements
    /// neither.
    #[inline]
    fn dispatched(&mut self, head: &Head, to: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        self.observe(head, Observed::Dispatched { to, s, dispatch });
    }

    /// Called when a dispatch reaches a client.
    #[inline]
    fn delivered(&mut self, head: &Head, on: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        self.observe(head, Observed::Delivered { on, s, dispatch });
    }
}

/// Observes nothing.
impl Observer for () {
    #[inline]
    fn observe(&mut self, _: &Head, _: Observed<'_>) {}
}

/// Calls two observers, the first one first.
impl<A: Observer, B: Observer> Observer for (A, B) {
    #[inline]
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        self.0.observe(head, what);
        self.1.observe(head, what);
    }

    #[inline]
    fn dispatched(&mut self, head: &Head, to: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        self.0.dispatched(head, to, s, dispatch);
        self.1.dispatched(head, to, s, dispatch);
    }

    #[inline]
    fn delivered(&mut self, head: &Head, on: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        self.0.delivered(head, on, s, dispatch);
        self.1.delivered(head, on, s, dispatch);
    }
}

/// A `&mut W` is an observer too.
impl<W: Observer> Observer for &mut W {
    #[inline]
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        (**self).observe(head, what);
    }

    #[inline]
    fn dispatched(&mut self, head: &Head, to: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        (**self).dispatched(head, to, s, dispatch);
    }

    #[inline]
    fn delivered(&mut self, head: &Head, on: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        (**self).delivered(head, on, s, dispatch);
    }
}

/// Calls an observer if there is one.
impl<W: Observer> Observer for Option<W> {
    #[inline]
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        if let Some(observer) = self {
            observer.observe(head, what);
        }
    }

    #[inline]
    fn dispatched(&mut self, head: &Head, to: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        if let Some(observer) = self {
            observer.dispatched(head, to, s, dispatch);
        }
    }

    #[inline]
    fn delivered(&mut self, head: &Head, on: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        if let Some(observer) = self {
            observer.delivered(head, on, s, dispatch);
        }
    }
}
