//! The status of each request by its nonce, so that no action happens twice (CONTRACT, D5).
//!
//! The table is built from the committed records, and also holds what is staged and what this
//! incarnation has refused (PROTOCOL, rule 18). It must not judge requests.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use super::ReplyAddress;
use crate::census::{Census, Table};
use crate::context::Cx;
use crate::id::Position;
use crate::limits::Limits;
use crate::request::{Origin, Refusal};
use crate::time::Instant;

/// One copy of a request: which act, who gets the answer, and which attempt it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct RequestCopy {
    pub(super) origin: Origin,
    pub(super) back: ReplyAddress,
    pub(super) attempt: u32,
}

impl RequestCopy {
    /// Another copy has arrived: the answer goes to the latest attempt.
    pub(super) fn supersede(&mut self, copy: Self) {
        if copy.attempt >= self.attempt {
            *self = copy;
        }
    }
}

/// What has become of a request.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum RequestStatus {
    /// It has a position and waits for the journal; its outcome is unknown (rule 20).
    Staged(RequestCopy, Position),
    /// It is committed.
    Done(Position),
    /// It was refused, judged by the state at this position.
    Refused { why: Refusal, at: Position },
    /// It was ephemeral and gets no answer (rule 21).
    Ephemeral,
}

/// The nonce table.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Nonces {
    pub(super) known: BTreeMap<Origin, RequestStatus>,
    /// When each request was settled, oldest first. Staged requests are not in it: they do not
    /// expire.
    settled: VecDeque<(Instant, Origin)>,
}

impl Nonces {
    /// The table of a new owner, from the log that it has read: since when each act is known to be
    /// done, oldest first.
    pub(super) fn adopted(done: impl IntoIterator<Item = (Instant, Origin, Position)>) -> Self {
        let mut nonces = Self::default();
        for (since, origin, at) in done {
            nonces.settle(since, origin, RequestStatus::Done(at));
        }
        nonces
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self { known, settled } = self;
        census.add(Table::Nonces, known.len());
        census.add(Table::Settled, settled.len());
    }

    /// The status of a request that is known.
    pub(super) fn status(&self, origin: Origin) -> Option<RequestStatus> {
        self.known.get(&origin).copied()
    }

    /// The same, to be changed.
    pub(super) fn status_mut(&mut self, origin: Origin) -> Option<&mut RequestStatus> {
        self.known.get_mut(&origin)
    }

    /// A request was given a position.
    pub(super) fn stage(&mut self, copy: RequestCopy, at: Position) {
        self.known.insert(copy.origin, RequestStatus::Staged(copy, at));
    }

    /// The outcome of a request is known. Returns its status before.
    pub(super) fn settle(
        &mut self,
        now: Instant,
        origin: Origin,
        status: RequestStatus,
    ) -> Option<RequestStatus> {
        self.settled.push_back((now, origin));
        self.known.insert(origin, status)
    }

    /// Forgets the requests that were settled a window ago.
    pub(super) fn expire(&mut self, cx: &Cx<'_>) {
        while let Some(&(at, origin)) = self.settled.front() {
            if cx.now.instant.since(at) < cx.limits.nonce_window {
                return;
            }
            self.settled.pop_front();
            self.known.remove(&origin);
        }
    }

    /// When the oldest settled request expires.
    pub(super) fn expiry(&self, limits: &Limits) -> Option<Instant> {
        self.settled.front().map(|&(at, _)| at + limits.nonce_window)
    }

    /// The committed requests, oldest first.
    pub(super) fn done(&self) -> Vec<(Origin, Position)> {
        let position = |origin| match self.known.get(origin)? {
            RequestStatus::Done(at) => Some((*origin, *at)),
            RequestStatus::Staged(..)
            | RequestStatus::Refused { .. }
            | RequestStatus::Ephemeral => None,
        };
        self.settled.iter().filter_map(|(_, origin)| position(origin)).collect()
    }
}
