//! A session: it numbers what it is told, keeps it for a resume, and lets its connection have as
//! much as that will take.
//!
//! The outbox is the unsent tail of the replay; there is no second queue. A session does not know
//! guilds, timers or other sessions: its node does. It must not look at permissions: what it was
//! told, it replays (I4).

use alloc::collections::BTreeSet;
use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::context::Cx;
use crate::credit::Credit;
use crate::dispatch::{Body, Dispatch, Intents};
use crate::id::{ChannelId, Connection, Seq, SessionId, Shard, UserId};
use crate::limits::Limits;
use crate::mutant::Mutant;
use crate::node::Outbox;
use crate::replay::{LogId, Logs, Replay};
use crate::time::Instant;

/// One session of one user. What a delivery touches comes first, in 128 bytes.
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
    /// Numbers up to here are a replay, not live.
    replayed: Seq,
    /// When it was detached, if it is.
    pub(crate) detached: Instant,
    replay: Replay,
    /// Under which it can be resumed.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// Its part of the user's guilds.
    pub shard: Shard,
    /// What it wants to be told.
    pub intents: Intents,
}

const _: () = assert!(core::mem::offset_of!(Session, replay) == 64, "a delivery touches 128 bytes");

/// What a session asks of its node after it was told something.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[must_use]
pub enum Push {
    /// Nothing.
    Fine,
    /// Its connection is too slow and must be cut (B2).
    Slow,
    /// It lost something that it still owed: it must end (D2, *replay overflow*).
    Overflow,
}

/// Why a RESUME is refused. It is in the step, not on the wire (I4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ResumeRefusal {
    /// The token is not that of the session's user.
    Token,
    /// There is no such session here, or not any more.
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
    /// A session that has been told nothing.
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

    /// What its connection still takes.
    #[must_use]
    pub const fn credit(&self) -> Credit {
        self.credit
    }

    /// Its numbers and what they stand for.
    #[must_use]
    pub const fn replay(&self) -> &Replay {
        &self.replay
    }

    /// How many numbers were not yet written to the attached connection.
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

    /// Whether its connection still has to be given what it missed.
    #[inline]
    #[must_use]
    pub fn is_replaying(&self) -> bool {
        self.connection.is_some() && self.sent < self.replayed
    }

    /// Whether it could take a snapshot now: all before is written, and there is room (B2).
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.connection.is_some() && self.sent == self.replay.last() && self.credit.is_open()
    }

    /// Writes to `connection` from now on.
    pub fn attach(&mut self, connection: Connection, credit: Credit) {
        self.connection = Some(connection);
        self.credit = credit;
    }

    /// Takes up `connection` after `seq`, replays what came since and says RESUMED.
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
        if self.sent <= seq || !cx.bug(Mutant::ReplayFromWritten) {
            self.sent = seq;
        }
        if seq > Seq::ZERO && seq >= low && cx.bug(Mutant::ReplayFromSeq) {
            self.sent = Seq(seq.0 - 1);
        }
        self.replayed = self.replay.push_own(Arc::new(Dispatch::private(Body::Resumed)));
        Ok(())
    }

    /// Writes to nothing from now on, and returns what was left of the connection's credit.
    pub fn detach(&mut self, now: Instant) -> Credit {
        self.connection = None;
        self.detached = now;
        self.credit
    }

    /// The client has taken everything up to `seq`; a lie above what was sent is ignored (D4).
    ///
    /// What the attached connection has not been written yet stays, whatever the client says: the
    /// replay under way still needs it.
    pub fn acknowledge(&mut self, cx: &mut Cx<'_>, seq: Seq, logs: &impl Logs) {
        if seq <= self.peak || cx.bug(Mutant::LieBelieved) {
            self.replay.trim(seq.min(self.sent), logs);
        }
    }

    /// An answer that is no dispatch takes its share of the connection. Says whether there is still
    /// reason to believe that anybody reads.
    #[must_use]
    pub fn charge(&mut self, bytes: u32, limits: &Limits) -> bool {
        self.credit.charge(bytes, limits)
    }

    /// Tells the session what stands at `index` of a log that it shares. The hot path.
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

    /// Tells the session something that it alone is told.
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

    /// Narrows the window to its limits. What was never sent must not be among what is let go; where
    /// it was sent once but the attached connection still has to be given it again, that connection
    /// can not be served any more (B2).
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

    /// Takes over what it keeps in a log that it is about to leave.
    pub(crate) fn keep_own(&mut self, log: LogId, logs: &impl Logs) {
        self.replay.keep_own(log, logs);
    }

    /// The connection has drained by `bytes`.
    pub fn drained(&mut self, bytes: u32) {
        self.credit.refill(bytes);
    }

    /// Writes as much of the unsent tail as the connection takes, then narrows the window.
    pub fn pump(&mut self, cx: &mut Cx<'_>, logs: &impl Logs, out: &mut impl Outbox) -> Push {
        let Some(connection) = self.connection else { return Push::Fine };
        if self.credit.is_open() && self.sent < self.replay.last() {
            let refilters = self.is_replaying() && cx.bug(Mutant::ReplayRefiltered);
            let lost = if refilters { self.lost(logs) } else { BTreeSet::new() };
            let (mut sent, mut credit) = (self.sent, self.credit);
            self.replay.after(sent, logs, |s, dispatch| {
                sent = s;
                if s > self.replayed || !says_in(&lost, &dispatch.body) {
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

    /// Planted: the channels that this session was told it sees no more.
    #[cold]
    fn lost(&self, logs: &impl Logs) -> BTreeSet<ChannelId> {
        let mut lost = BTreeSet::new();
        self.replay.after(self.sent, logs, |_, dispatch| {
            if let Body::ChannelDelete { channel } = dispatch.body {
                lost.insert(channel);
            }
            true
        });
        lost
    }
}

/// Planted: whether something is said in one of these channels.
fn says_in(channels: &BTreeSet<ChannelId>, body: &Body) -> bool {
    let (Body::MessageCreate(message) | Body::MessageUpdate(message)) = body else { return false };
    channels.contains(&message.channel)
}
