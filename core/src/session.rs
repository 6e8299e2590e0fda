//! A session: numbers its dispatches, keeps them for a resume, and writes as many as its connection
//! takes.
//!
//! The outbox is the unsent tail of the replay; there is no second queue. A session does not know
//! guilds, timers or other sessions. It must not look at permissions: what was sent once is
//! replayed as it was (I4).

#[cfg(feature = "mutants")]
#[path = "sabotage/session.rs"]
mod sabotaged;

use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::census::{Census, Table};
use crate::context::Cx;
use crate::credit::Credit;
use crate::dispatch::{Body, Dispatch, Intents};
use crate::id::{Connection, Seq, SessionId, Shard, UserId};
use crate::limits::Limits;
use crate::node::Outbox;
use crate::replay::{LogId, Logs, Replay};
use crate::time::Instant;

/// One session of one user. The fields that a delivery touches come first, in 128 bytes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub struct Session {
    connection: Option<Connection>,
    /// What the attached connection still takes.
    credit: Credit,
    /// The highest number written to the attached connection.
    sent: Seq,
    /// The highest number ever written to any connection (CONTRACT, *last sent*).
    peak: Seq,
    /// Dispatches up to this number are a replay; all others are live.
    replayed: Seq,
    /// Since when it has been detached, if it is.
    pub(crate) detached: Instant,
    replay: Replay,
    /// The id by which it can be resumed.
    pub id: SessionId,
    /// Its user.
    pub user: UserId,
    /// The shard of the user's guilds that it receives.
    pub shard: Shard,
    /// The events that it wants.
    pub intents: Intents,
}

const _: () = assert!(core::mem::offset_of!(Session, replay) == 64, "a delivery touches 128 bytes");

/// What a session asks of its node after a dispatch.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[must_use]
pub enum Push {
    /// Nothing.
    Fine,
    /// Its connection is too slow and must be cut (B2).
    Slow,
    /// It has lost a dispatch that was never sent: it must end (D2, *replay overflow*).
    Overflow,
}

/// Why a RESUME is refused. The step records it, the wire does not (I4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ResumeRefusal {
    /// The token is not that of the session's user.
    Token,
    /// This node has no such session, or has no longer.
    NoSession,
    /// `seq` is not within what is kept and what was sent.
    Seq {
        /// The oldest number kept, or the one after the last.
        low: Seq,
        /// The highest number ever sent.
        sent: Seq,
        /// The last number given.
        last: Seq,
    },
}

impl Session {
    /// A session without dispatches.
    #[must_use]
    pub fn new(id: SessionId, user: UserId, shard: Shard, intents: Intents) -> Self {
        Self {
            connection: None,
            credit: Credit::default(),
            sent: Seq::ZERO,
            peak: Seq::ZERO,
            replayed: Seq::ZERO,
            detached: Instant::ZERO,
            replay: Replay::default(),
            id,
            user,
            shard,
            intents,
        }
    }

    /// The connection that it writes to, if any.
    #[must_use]
    pub const fn connection(&self) -> Option<Connection> {
        self.connection
    }

    /// The credit of its connection.
    #[must_use]
    pub const fn credit(&self) -> Credit {
        self.credit
    }

    /// The dispatches that it keeps.
    #[must_use]
    pub const fn replay(&self) -> &Replay {
        &self.replay
    }

    /// How many dispatches are not yet written to the attached connection.
    #[must_use]
    pub fn unsent(&self) -> u64 {
        if self.connection.is_some() { self.replay.last().after(self.sent) } else { 0 }
    }

    /// How many of those are live (B2).
    #[must_use]
    pub fn live_unsent(&self) -> u64 {
        if self.connection.is_some() {
            self.replay.last().after(self.sent.max(self.replayed))
        } else {
            0
        }
    }

    pub(crate) fn count(&self, census: &mut Census) {
        let Self {
            connection,
            credit: _,
            sent: _,
            peak: _,
            replayed: _,
            detached: _,
            replay,
            id: _,
            user: _,
            shard: _,
            intents: _,
        } = self;
        replay.count(census);
        census.add(Table::DetachedSessions, usize::from(connection.is_none()));
        census.add_bytes(Table::Unsent, self.unsent(), 0);
        census.raise(Table::MostLiveUnsent, self.live_unsent(), 0);
    }

    /// Whether its connection has not yet received all that it missed.
    #[inline]
    #[must_use]
    pub fn is_replaying(&self) -> bool {
        self.connection.is_some() && self.sent < self.replayed
    }

    /// Whether it could take a snapshot now: all before it is written, and there is credit (B2).
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.connection.is_some() && self.sent == self.replay.last() && self.credit.is_open()
    }

    /// Writes to `connection` from now on.
    pub fn attach(&mut self, connection: Connection, credit: Credit) {
        self.connection = Some(connection);
        self.credit = credit;
    }

    /// Attaches `connection`, which has received everything up to `seq`: it gets a replay of the
    /// rest, then RESUMED. A replay that ends in the RESUMED of an earlier connection needs no
    /// other, or each RESUME would add one (O1).
    ///
    /// # Errors
    /// Refused, and nothing changed, if `seq` is not within what is kept and sent (D4).
    pub fn resume(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        credit: Credit,
        seq: Seq,
    ) -> Result<(), ResumeRefusal> {
        let (low, sent, last) = (self.replay.low(), self.peak, self.replay.last());
        if seq > sent || seq.next() < low {
            return Err(ResumeRefusal::Seq { low, sent, last });
        }
        self.attach(connection, credit);
        // The replay belongs to this connection: it starts from what the client says, never from
        // what was written to the one before (PROTOCOL, rule 25).
        self.sent = cx.bent(seq, (self.sent, low));
        let ends =
            seq < last && self.replay.newest_own().is_some_and(|it| it.body == Body::Resumed);
        self.replayed = if cx.bent(ends, seq) {
            last
        } else {
            self.replay.push_own(Arc::new(Dispatch::private(Body::Resumed)))
        };
        Ok(())
    }

    /// Detaches its connection, and returns what is left of the credit.
    pub fn detach(&mut self, now: Instant) -> Credit {
        self.connection = None;
        self.detached = now;
        self.credit
    }

    /// The client has received everything up to `seq`. A number above what was sent is ignored
    /// (D4).
    ///
    /// Dispatches that are not yet written to the attached connection stay, whatever the client
    /// says: the replay under way still needs them.
    pub fn acknowledge(&mut self, cx: &mut Cx<'_>, seq: Seq, logs: &impl Logs) {
        if seq <= cx.bent(self.peak, seq) {
            self.replay.trim(seq.min(self.sent), logs);
        }
    }

    /// Takes the credit of a frame that is no dispatch. Returns whether the peer may still be
    /// reading.
    #[must_use]
    pub fn charge(&mut self, bytes: u32, limits: &Limits) -> bool {
        self.credit.charge(bytes, limits)
    }

    /// Delivers the entry at `index` of a shared log. The hot path.
    #[inline]
    pub fn push_shared(
        &mut self,
        limits: &Limits,
        logs: &impl Logs,
        (id, index): (LogId, u64),
        dispatch: &Arc<Dispatch>,
        out: &mut impl Outbox,
    ) -> Push {
        let s = self.replay.push_shared(id, index, dispatch.bytes);
        self.pushed(limits, logs, s, dispatch, out)
    }

    /// Delivers a dispatch that only this session receives.
    pub fn push_own(
        &mut self,
        limits: &Limits,
        logs: &impl Logs,
        dispatch: Arc<Dispatch>,
        out: &mut impl Outbox,
    ) -> Push {
        let s = self.replay.push_own(dispatch.clone());
        self.pushed(limits, logs, s, &dispatch, out)
    }

    #[inline]
    fn pushed(
        &mut self,
        limits: &Limits,
        logs: &impl Logs,
        s: Seq,
        dispatch: &Arc<Dispatch>,
        out: &mut impl Outbox,
    ) -> Push {
        if let Some(connection) = self.connection {
            if self.credit.is_open() && self.sent.next() == s {
                self.write(connection, s, dispatch, out);
            } else if self.live_unsent() > u64::from(limits.live_unsent) {
                return self.slide(limits, logs).unwrap_or(Push::Slow);
            }
        }
        if self.replay.is_full(limits) {
            return self.slide(limits, logs).unwrap_or(Push::Fine);
        }
        Push::Fine
    }

    #[inline]
    fn write(
        &mut self,
        connection: Connection,
        s: Seq,
        dispatch: &Arc<Dispatch>,
        out: &mut impl Outbox,
    ) {
        self.sent = s;
        self.peak = self.peak.max(s);
        self.credit.spend(dispatch.bytes);
        out.dispatch(connection, s, dispatch);
    }

    /// Narrows the window to its limits. A dispatch that was never sent must not be dropped. One
    /// that was sent, but not yet to the attached connection, may be: that connection can not be
    /// served any more (B2).
    #[cold]
    fn slide(&mut self, limits: &Limits, logs: &impl Logs) -> Option<Push> {
        let mut breaks = None;
        while self.replay.is_full(limits) {
            let oldest = self.replay.low();
            if oldest > self.peak {
                return Some(Push::Overflow);
            }
            if self.connection.is_some() && oldest > self.sent {
                breaks = Some(Push::Slow);
            }
            self.replay.trim(oldest, logs);
        }
        breaks
    }

    /// Copies what it keeps in a log that it leaves.
    pub fn keep_own(&mut self, log: LogId, logs: &impl Logs) {
        self.replay.keep_own(log, logs);
    }

    /// The connection's buffers have drained by `bytes`.
    pub fn drained(&mut self, bytes: u32) {
        self.credit.refill(bytes);
    }

    /// Writes as much of the unsent tail as the connection takes, then narrows the window.
    pub fn pump(&mut self, cx: &mut Cx<'_>, logs: &impl Logs, out: &mut impl Outbox) -> Push {
        let Some(connection) = self.connection else { return Push::Fine };
        if self.credit.is_open() && self.sent < self.replay.last() {
            let (mut sent, mut credit) = (self.sent, self.credit);
            self.replay.after(sent, logs, |s, dispatch| {
                sent = s;
                if let Some(dispatch) = cx.bent(Some(dispatch), (&*self, logs, s)) {
                    credit.spend(dispatch.bytes);
                    out.dispatch(connection, s, dispatch);
                }
                credit.is_open()
            });
            (self.sent, self.credit) = (sent, credit);
            self.peak = self.peak.max(sent);
        }
        self.slide(cx.limits, logs).unwrap_or(Push::Fine)
    }
}
