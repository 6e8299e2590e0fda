//! How soon a healed world must serve, by the limits and the network of the cast.
//!
//! Each formula adds up waits that the protocol allows. It must not read what a run has observed.

use guildhall_core::time::Span;

use super::Cast;

/// The bytes of a message apart from its content, rounded up.
const MESSAGE_BYTES: u64 = 1_024;

impl Cast {
    /// The time within which a settled world serves what clients ask at once (L9): a request is
    /// done, and told to all who see it.
    ///
    /// The client asks three times, because the owner may just have become stale. A relay that
    /// misses the event asks for it after a tip, and twice. What is said crosses the slowest line.
    pub(crate) fn serves_within(&self) -> Span {
        let limits = &self.limits;
        let attempts = (1..=3).map(|attempt| limits.request_again(attempt));
        let attempts = attempts.fold(Span::ZERO, |all, wait| all + wait);
        let owner = limits.stale_after + limits.journal_again.scaled(2, 1);
        let stream =
            limits.gap_patience + limits.tip_every.scaled(2, 1) + limits.ask_again.scaled(2, 1);
        let trips = self.trip.scaled(12, 1) + self.client_trip.scaled(4, 1);
        let lines = self.sends(self.lines_at_once() as u64 * MESSAGE_BYTES);
        // A clock that is 1 % slow stretches every one of these waits (F3).
        (attempts + owner + stream + trips + lines).scaled(102, 100)
    }

    /// The time within which a client has noticed that its connection is dead, and is live on
    /// another: two heartbeats go unanswered, then it waits, connects, and identifies anew if its
    /// session has ended.
    pub(crate) fn reconnects_within(&self) -> Span {
        let limits = &self.limits;
        let notice = limits.heartbeat_interval.scaled(2, 1) + limits.zombie_slack;
        let connect = limits.backoff(0).scaled(3, 2) + limits.connect_patience;
        let identify = limits.identify_every.scaled(2, 1) + limits.ask_again.scaled(2, 1);
        (notice + connect + identify + self.client_trip.scaled(6, 1)).scaled(102, 100)
    }

    /// The time that a client's connection takes for so many bytes.
    fn sends(&self, bytes: u64) -> Span {
        let rate = self.bandwidth.map_or(u64::MAX, |rate| u64::from(rate).max(1));
        Span::secs(1).scaled(bytes, rate)
    }

    /// Whether a settled world owes service at all: a node that has just heard a tip has time to
    /// pass a request on before it is too old, and a client may have a request open.
    pub(crate) fn serves(&self) -> bool {
        let limits = &self.limits;
        let oldest = limits.tip_every.scaled(102, 100) + self.trip.scaled(4, 1);
        limits.request_age >= oldest && limits.requests_open > 0
    }

    /// The number of messages that may be said at once so that none meets a limit (B1): no owner is
    /// *busy*, and no connection is cut for them.
    #[must_use]
    pub fn lines_at_once(&self) -> usize {
        self.limits.unsynced.min(self.limits.live_unsent).clamp(1, 64) as usize
    }

    /// The number of clients that may type at once so that each is heard. An ephemeral event is lost
    /// where a relay or the catch-up ring has no room for it, and while the owner or a relay is
    /// stale; 0 if tips and confirms may come too late for them not to be.
    #[must_use]
    pub fn typings_at_once(&self) -> usize {
        let limits = &self.limits;
        let tips = limits.tip_every.scaled(102, 100) + self.trip;
        let confirms = limits.confirm_every.scaled(102, 100) + self.trip.scaled(3, 1);
        if limits.stale_after.scaled(98, 100) <= tips.max(confirms) {
            return 0;
        }
        let room = limits.catch_up_events.min(limits.relay_inbox.saturating_add(1));
        self.lines_at_once().min(room as usize)
    }
}
