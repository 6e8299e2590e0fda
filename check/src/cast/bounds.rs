//! How soon a healed world must serve, by the limits and the network of the cast.
//!
//! Each formula adds up waits that the protocol allows. It must not read what a run has observed.

use std::collections::BTreeMap;

use guildhall_core::id::UserId;
use guildhall_core::limits::{HANDED_OFF_TRIP, HANDED_OFF_WITHIN, PLACED_WITHIN};
use guildhall_core::time::Span;

use super::{Cast, GuildPart};

/// How long a crash report or a duplicate may be under way.
const CALM: Span = Span::secs(5);

/// The bytes of a message apart from its content, rounded up.
const MESSAGE_BYTES: u64 = 1_024;

/// The bytes of a member, a role, a channel or an overwrite in a snapshot, rounded up.
const ENTRY_BYTES: u64 = 160;

/// The trips of a hand-off one after another, syncs included: the last append of the old owner and
/// its answer, the word that names the new one, the journal that is opened and its answer, each behind
/// a message that is already under way.
const HAND_OFF_TRIPS: u64 = 12;

impl Cast {
    /// The time from *healed* within which the world must have settled (L3), whatever happens
    /// meanwhile. It adds up the slowest recovery of each part.
    #[must_use]
    pub fn settles_within(&self) -> Span {
        let limits = &self.limits;
        let directory = limits.ask_again.scaled(2, 1) + limits.reconcile_every.scaled(2, 1);
        let owner =
            PLACED_WITHIN + limits.journal_again.scaled(4, 1) + limits.confirm_every.scaled(2, 1);
        let stream = limits.tip_every.scaled(3, 1)
            + limits.ask_again.scaled(4, 1)
            + limits.stale_after
            + self.catches_up(self.requests as u64);
        let trips = self.trip.scaled(32, 1) + self.client_trip.scaled(32, 1);
        let parts = [self.comes_back(), directory, owner, stream, self.is_answered(), trips];
        let all = parts.into_iter().fold(CALM, |all, part| all + part) + self.sends(self.backlog());
        // A clock that is 1 % slow stretches every one of these waits (F3).
        all.scaled(102, 100)
    }

    /// The time until a client is in a session again. It detects that its connection is dead, waits
    /// for its longest back-off (and half of it more, by jitter), tries each node, of which all but
    /// one may be gone for ever, has its RESUME refused, and waits for its turn in the identify
    /// bucket.
    fn comes_back(&self) -> Span {
        let limits = &self.limits;
        let notice = limits.heartbeat_interval.scaled(2, 1) + limits.zombie_slack;
        let nodes = self.nodes.len() as u64;
        let back_off = limits.backoff_most.scaled(3 * (nodes + 1), 2);
        let connect = limits.connect_patience.scaled(nodes + 2, 1);
        notice + back_off + connect + limits.identify_every.scaled(3 + self.most_clients(), 1)
    }

    /// The number of clients of the user that has the most: they may share an identify bucket.
    fn most_clients(&self) -> u64 {
        let mut of_user: BTreeMap<UserId, u64> = BTreeMap::new();
        self.clients.iter().for_each(|part| *of_user.entry(part.user).or_default() += 1);
        of_user.into_values().max().unwrap_or(0)
    }

    /// The time until an open request has an answer that counts. The wait between two attempts is
    /// longest after sixteen of them, and up to a quarter shorter. Where a refusal takes longer than
    /// that, only the age of the request ends it; so it does where the table of nonces may be full.
    fn is_answered(&self) -> Span {
        let limits = &self.limits;
        let wait = limits.request_again(16);
        let trips = self.trip.scaled(8, 1) + self.client_trip.scaled(2, 1);
        let is_full = self.requests >= limits.nonces as usize;
        if is_full || wait.scaled(3, 4) < trips + limits.journal_again {
            limits.request_age + wait
        } else {
            limits.request_age.min(wait.scaled(2, 1)) + wait
        }
    }

    /// The bytes that may wait for one client: its replay, and a snapshot of every guild.
    fn backlog(&self) -> u64 {
        let snapshot = |part: &GuildPart| {
            let state = &part.founding.state;
            let overwrites: usize = state.channels.values().map(|it| it.len()).sum();
            let founded = state.members.len() + state.roles.len() + state.channels.len();
            // Each request may add something.
            (founded + overwrites + self.requests) as u64 * ENTRY_BYTES + MESSAGE_BYTES
        };
        u64::from(self.limits.replay_bytes) + self.guilds.iter().map(snapshot).sum::<u64>()
    }

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
        let lines = self.lines_at_once() as u64;
        let stream = limits.gap_patience
            + limits.tip_every.scaled(2, 1)
            + limits.ask_again.scaled(2, 1)
            + self.catches_up(lines);
        let trips = self.trip.scaled(12, 1) + self.client_trip.scaled(4, 1);
        let lines = self.sends(lines * MESSAGE_BYTES);
        // A clock that is 1 % slow stretches every one of these waits (F3).
        (attempts + owner + stream + trips + lines).scaled(102, 100)
    }

    /// The time that a relay needs, in addition to the first catch-up, for so many events. One that
    /// holds back few of them drops the others, and asks again after the next tip.
    fn catches_up(&self, events: u64) -> Span {
        let limits = &self.limits;
        let round = limits.gap_patience + limits.tip_every + limits.ask_again;
        round.scaled(events / (u64::from(limits.relay_inbox) + 1), 1)
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

    /// Whether a heartbeat always comes before the connection counts as dead, and its answer before
    /// the next one.
    pub(crate) fn beats_in_time(&self) -> bool {
        self.client_trip.scaled(22, 10) <= self.limits.heartbeat_interval
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

    /// Whether tips and confirms come soon enough for no owner and no relay to be stale while all is
    /// well (L8).
    pub(crate) fn keeps_in_touch(&self) -> bool {
        let limits = &self.limits;
        let tips = limits.tip_every.scaled(102, 100) + self.trip;
        let confirms = limits.confirm_every.scaled(102, 100) + self.trip.scaled(3, 1);
        limits.stale_after.scaled(98, 100) > tips.max(confirms)
    }

    /// The longest pause of a guild that is handed off while all is well: longer than L7's two
    /// seconds only by what the trips of a hand-off take beyond `HANDED_OFF_TRIP` each.
    pub(crate) fn hands_off_within(&self) -> Span {
        let beyond = self.trip.as_micros().saturating_sub(HANDED_OFF_TRIP.as_micros());
        HANDED_OFF_WITHIN + Span::micros(beyond).scaled(HAND_OFF_TRIPS, 1)
    }

    /// The number of clients that may type at once so that each is heard. An ephemeral event is lost
    /// where a relay or the catch-up ring has no room for it, and while the owner or a relay is
    /// stale; 0 if they may be.
    #[must_use]
    pub fn typings_at_once(&self) -> usize {
        let limits = &self.limits;
        if !self.keeps_in_touch() {
            return 0;
        }
        let kept = (u64::from(limits.catch_up_bytes) / MESSAGE_BYTES).max(1) as usize;
        let room = limits.catch_up_events.min(limits.relay_inbox.saturating_add(1)) as usize;
        self.lines_at_once().min(room).min(kept)
    }
}
