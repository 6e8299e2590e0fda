//! Every bound of the system, named once, with its unit and the clause that asks for it.
//!
//! The defaults are the figures marked † in the contract. A run may draw others; [`Limits::validate`]
//! is the only judge of whether they can work together. Nothing here enforces a bound: the machine
//! that owns the queue does.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// How long whoever places guilds may take to name an owner again that had to step down.
pub const PLACED_WITHIN: Span = Span::secs(3);

/// For how long at most a hand-off pauses a guild whose journal and links are well (L7).
pub const HANDED_OFF_WITHIN: Span = Span::secs(2);

/// The longest frame that a connection reads at all, in bytes: `frame_bytes` cannot be more (B4).
pub const MOST_FRAME_BYTES: u32 = 16 * 1_024;

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $default:expr;)*) => {
        /// The bounds of one run; the same on every node and client.
        #[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Limits { $($(#[$doc])* pub $name: $type,)* }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }
    };
}

limits! {
    /// How often a client is told to send a heartbeat (L1).
    heartbeat_interval: Span = Span::millis(41_250);
    /// How long after its deadline of 1.5 intervals a silent connection may linger (L1).
    zombie_slack: Span = Span::secs(5);
    /// How long a detached session waits for its client (L1).
    session_ttl: Span = Span::secs(120);
    /// How long an ended session, connection or relay may leave traces (L4).
    orphan_slack: Span = Span::secs(5);
    /// How long a connection may stay without a session (B1).
    unauthenticated: Span = Span::secs(60);
    /// Between two IDENTIFYs of one user and shard at one node (B1).
    identify_every: Span = Span::secs(5);
    /// Dispatches that a session keeps for a resume (B2).
    replay_dispatches: u32 = 2_048;
    /// Bytes that a session keeps for a resume (B2).
    replay_bytes: u32 = 1 << 20;
    /// Live dispatches that may wait for one connection (B2).
    live_unsent: u32 = 1_024;
    /// Bytes of answers that may wait for one connection that does not read.
    control_unsent_bytes: u32 = 4_096;
    /// The longest frame a client may send, in bytes (B4).
    frame_bytes: u32 = 4_096;
    /// The longest content of a message, in bytes; more is refused before it queues (B4).
    content_bytes: u32 = 4_096;
    /// Frames a client may send in a minute before it is cut (B4).
    frames_per_minute: u32 = 120;
    /// Sessions that one relay serves; the next one opens another relay (B1).
    relay_sessions: u32 = 15_000;
    /// Events that a guild keeps for relays that lag (B1).
    catch_up_events: u32 = 4_096;
    /// Bytes of events that a guild keeps for relays that lag (B1).
    catch_up_bytes: u32 = 4 << 20;
    /// Entries in one message of a snapshot (B3).
    chunk_entries: u32 = 1_000;
    /// Members above which GUILD_CREATE carries only their count and the user's own (D3).
    large_guild: u32 = 75_000;
    /// How often a guild tells every node its last position.
    tip_every: Span = Span::secs(5);
    /// Events that a relay holds back while one before them is missing; more are dropped and found
    /// again by the next tip (B1).
    relay_inbox: u32 = 1_024;
    /// How long a relay gives a missing event to arrive by itself before it asks.
    gap_patience: Span = Span::millis(100);
    /// How long a relay waits for what it asked before it asks again.
    ask_again: Span = Span::secs(1);
    /// How long a guild remembers what it answered to a nonce (D5).
    nonce_window: Span = Span::secs(600);
    /// Nonces that a guild remembers at once; beyond them it is busy (B1).
    nonces: u32 = 65_536;
    /// Messages that a guild still knows, so that they can be edited and deleted (B1).
    messages: u32 = 4_096;
    /// Records that wait for the journal, and answers behind them; beyond them a guild is busy (B1).
    unsynced: u32 = 1_024;
    /// How long a guild waits for the journal's word before it asks again.
    journal_again: Span = Span::secs(1);
    /// How often an owner confirms its epoch while it has nothing to append (L8).
    confirm_every: Span = Span::secs(3);
    /// For how long an owner that has not confirmed its epoch, or a relay that has heard no tip, may
    /// go on as if nothing were (L8).
    stale_after: Span = Span::secs(10);
    /// How long a relay without an owner in reach waits before it tells its sessions (D2).
    unreachable_after: Span = Span::secs(60);
    /// A request whose sender has last heard a tip this long ago is dropped (D5).
    request_age: Span = Span::secs(300);
    /// Records that a journal keeps before its owner stands a base for them.
    journal_tail: u32 = 8_192;
    /// How often a node asks the directory what it may have missed.
    reconcile_every: Span = Span::secs(5);
    /// How long a requester waits for an answer before it sends the same request again.
    request_again: Span = Span::secs(3);
    /// Requests of one client that may be without an answer.
    requests_open: u32 = 64;
    /// How long a client waits for a socket to open or for the first word on it.
    connect_patience: Span = Span::secs(10);
    /// Over how long a node that stops spreads its word that everybody is to go (L7).
    stop_spread: Span = Span::secs(10);
    /// How long whoever was told to go may take before the connection is closed.
    stop_patience: Span = Span::secs(5);
    /// How long a node that stops may take until it is gone, whoever is left (L7).
    stop_within: Span = Span::secs(30);
    /// A client's first wait before it tries again (C2).
    backoff_first: Span = Span::secs(1);
    /// A client's longest wait before it tries again, jitter apart (C2).
    backoff_most: Span = Span::secs(60);
}

impl Limits {
    /// A connection that was silent for this long is dead: 1.5 intervals (L1).
    #[must_use]
    pub const fn zombie_after(&self) -> Span {
        self.heartbeat_interval.scaled(3, 2)
    }

    /// How long a requester waits for an answer to this attempt before the next one. The wait grows,
    /// for only the latest attempt can be refused: an answer must have the time to come back.
    #[must_use]
    pub fn request_again(&self, attempt: u32) -> Span {
        self.request_again.scaled(u64::from(attempt.clamp(1, 16)), 1)
    }

    /// The wait before try number `attempt` (0 is the first), jitter apart (C2).
    #[must_use]
    pub fn backoff(&self, attempt: u32) -> Span {
        let factor = 1u64 << attempt.min(16);
        self.backoff_first.scaled(factor, 1).min(self.backoff_most)
    }

    /// L3's bound: how long a healed world may go without progress.
    ///
    /// The slowest way back is a client that first has to find out that its connection is dead (two
    /// intervals), then sits in its longest back-off (half as much again by jitter), tries a node
    /// that is gone for ever and another one, is refused its session, waits for the identify bucket
    /// and asks again. Meanwhile a guild may have to find an owner, and that owner its journal; the
    /// directory is asked again; and what a full table of nonces keeps from being done is given up
    /// when it is too old.
    #[must_use]
    pub fn settle_within(&self) -> Span {
        let notice = self.heartbeat_interval.scaled(2, 1) + self.zombie_slack;
        let back_off = self.backoff_most.scaled(9, 2);
        let connect = self.connect_patience.scaled(4, 1);
        let identify = self.identify_every.scaled(4, 1);
        let directory = self.ask_again.scaled(2, 1) + self.reconcile_every.scaled(2, 1);
        let owner = PLACED_WITHIN + self.journal_again.scaled(4, 1) + self.confirm_every;
        let stream = self.tip_every.scaled(2, 1) + self.ask_again.scaled(2, 1) + self.stale_after;
        let requests = self.request_age + self.request_again.scaled(2, 1);
        let client = notice + back_off + connect + identify + directory;
        // A clock that runs one per cent slow stretches all of it (F3).
        (client + owner + stream + requests).scaled(102, 100)
    }

    /// Whether these bounds can work together.
    ///
    /// # Errors
    /// Names the first bound that cannot, and why. A plan with such limits is a mistake of whoever
    /// drew it, never a violation.
    pub fn validate(&self) -> Result<(), LimitError> {
        let minute = Span::secs(60).as_micros();
        let rules: [(bool, &'static str, &'static str); 30] = [
            (self.heartbeat_interval >= Span::millis(500), "heartbeat_interval", "at least 500ms"),
            (self.zombie_slack >= Span::secs(1), "zombie_slack", "at least 1s"),
            (self.session_ttl >= Span::secs(1), "session_ttl", "at least 1s"),
            (self.live_unsent >= 1, "live_unsent", "at least 1"),
            (
                self.live_unsent < self.replay_dispatches,
                "live_unsent",
                "below replay_dispatches, or no slow connection could ever resume",
            ),
            (self.replay_bytes >= 4_096, "replay_bytes", "at least 4096"),
            (self.frame_bytes <= MOST_FRAME_BYTES, "frame_bytes", "at most 16384, what is read"),
            (self.relay_sessions >= 1, "relay_sessions", "at least 1"),
            (self.chunk_entries >= 1, "chunk_entries", "at least 1"),
            (self.catch_up_events >= 1, "catch_up_events", "at least 1"),
            (
                self.frames_per_minute >= 8
                    && minute / self.heartbeat_interval.as_micros().max(1)
                        < u64::from(self.frames_per_minute) / 2,
                "frames_per_minute",
                "at least 8 and twice what heartbeats alone need",
            ),
            (self.backoff_first <= self.backoff_most, "backoff_first", "at most backoff_most"),
            (self.nonces >= 1, "nonces", "at least 1"),
            (self.tip_every >= Span::millis(10), "tip_every", "at least 10ms"),
            (self.ask_again >= Span::millis(10), "ask_again", "at least 10ms"),
            (self.gap_patience >= Span::millis(1), "gap_patience", "at least 1ms"),
            (self.request_again >= Span::millis(10), "request_again", "at least 10ms"),
            (self.backoff_first >= Span::millis(10), "backoff_first", "at least 10ms"),
            (self.unsynced >= 1, "unsynced", "at least 1"),
            (self.messages >= 1, "messages", "at least 1"),
            (self.journal_tail >= 1, "journal_tail", "at least 1"),
            (self.journal_again >= Span::millis(10), "journal_again", "at least 10ms"),
            (self.confirm_every >= Span::millis(10), "confirm_every", "at least 10ms"),
            (self.reconcile_every >= Span::millis(10), "reconcile_every", "at least 10ms"),
            (
                self.stale_after >= self.tip_every.scaled(2, 1),
                "stale_after",
                "at least twice tip_every, or a relay would fall silent between two tips",
            ),
            (
                self.stale_after >= self.confirm_every.scaled(2, 1),
                "stale_after",
                "at least twice confirm_every, or an idle owner would fall silent",
            ),
            (
                self.unreachable_after >= self.stale_after,
                "unreachable_after",
                "at least stale_after",
            ),
            (
                self.stop_spread + self.stop_patience < self.stop_within,
                "stop_within",
                "above stop_spread and stop_patience together",
            ),
            (self.request_age >= self.request_again, "request_age", "at least request_again"),
            (
                self.nonce_window >= self.request_age.scaled(2, 1),
                "nonce_window",
                "at least twice request_age, or an old copy would be a new act",
            ),
        ];
        match rules.iter().find(|(holds, _, _)| !holds) {
            Some((_, name, rule)) => Err(LimitError { name, rule }),
            None => Ok(()),
        }
    }
}

/// A limit that cannot be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LimitError {
    name: &'static str,
    rule: &'static str,
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "limit `{}` must be {}", self.name, self.rule)
    }
}

impl core::error::Error for LimitError {}

impl From<LimitError> for String {
    fn from(error: LimitError) -> Self {
        use alloc::string::ToString;
        error.to_string()
    }
}
