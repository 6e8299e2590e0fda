//! The dispatches that nodes wrote and those that clients received, side by side.

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::id::{Connection, Port, Seq, SessionId};

/// Everything that a client has received so far.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// The session of the last READY.
    pub session: Option<SessionId>,
    /// The highest number since that READY.
    pub last: Seq,
    /// All dispatches, without replays of those already received.
    pub dispatches: Vec<Arc<Dispatch>>,
}

/// The dispatches that were written on each connection and not received yet, and those received.
pub struct Written {
    under_way: BTreeMap<Connection, BTreeMap<Seq, Arc<Dispatch>>>,
    taken: Vec<Taken>,
}

impl Written {
    pub(super) fn new(clients: usize) -> Self {
        Self { under_way: BTreeMap::new(), taken: vec![Taken::default(); clients] }
    }

    pub(super) fn write(&mut self, to: Connection, s: Seq, what: &Arc<Dispatch>) {
        self.under_way.entry(to).or_default().insert(s, what.clone());
    }

    /// Records that a client has received a dispatch. Returns the one that its node wrote, if they
    /// are the same. Dispatches written before it on the same connection cannot arrive any more.
    pub(super) fn take(
        &mut self,
        port: Port,
        on: Connection,
        s: Seq,
        came: &Dispatch,
    ) -> Option<Arc<Dispatch>> {
        let under_way = self.under_way.get_mut(&on)?;
        let rest = under_way.split_off(&s);
        *under_way = rest;
        let what = under_way.remove(&s).filter(|what| is_same(what, came))?;
        if let Some(taken) = self.taken.get_mut(port.0 as usize) {
            taken.enter(s, &what);
        }
        Some(what)
    }

    /// Everything that a client has received.
    #[must_use]
    pub fn of(&self, client: u32) -> Option<&Taken> {
        self.taken.get(client as usize)
    }

    /// Everything that each client has received, in the order of the cast.
    #[must_use]
    pub fn all(&self) -> &[Taken] {
        &self.taken
    }
}

impl Taken {
    pub(crate) fn enter(&mut self, s: Seq, what: &Arc<Dispatch>) {
        if let Body::Ready(ready) = &what.body {
            (self.session, self.last) = (Some(ready.session), Seq::ZERO);
        }
        if s > self.last {
            self.last = s;
            self.dispatches.push(what.clone());
        }
    }
}

/// Whether the dispatch received is the one written. Positions are not on the wire.
fn is_same(what: &Dispatch, came: &Dispatch) -> bool {
    let guild = |dispatch: &Dispatch| dispatch.source.map(|source| source.guild);
    what.body == came.body && guild(what) == guild(came)
}
