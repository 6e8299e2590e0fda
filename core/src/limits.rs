//! The limits of the system: each has one name, a unit, and the clause of the contract that
//! requires it.
//!
//! The defaults are the figures marked † in the contract. A plan may choose others;
//! [`Limits::validate`] checks that they can work together. This module enforces no limit: the
//! machine that owns the queue does.

pub mod shell;

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// The time within which the placement of guilds names a new owner after one stepped down.
pub const PLACED_WITHIN: Span = Span::secs(3);

/// The longest pause of a guild during a hand-off while journal and links are well (L7).
pub const HANDED_OFF_WITHIN: Span = Span::secs(2);

/// The longest trip of a message for which that holds (L7).
pub const HANDED_OFF_TRIP: Span = Span::millis(100);

/// How far ahead of all others a node's wall clock may be and still be believed (O5).
pub const WALL_MARGIN: Span = Span::secs(10);

/// The longest frame that a connection reads at all, in bytes: `frame_bytes` cannot be more (B4).
pub const MOST_FRAME_BYTES: u32 = 16 * 1_024;

/// The longest time that a limit or a plan may have: a hundred days. No sum of such times, stretched by
/// the drift of a clock, overflows.
pub const MOST_TIME: Span = Span::secs(100 * 24 * 3_600);

macro_rules! limits {
    ($($(#[doc = $doc:literal])* $name:ident: $type:ty = $default:expr;)*) => {
        /// The limits of one run; every node and client has the same.
        #[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Limits { $($(#[doc = $doc])* pub $name: $type,)* }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Limits {
            /// The name of each limit, and the lines that say what it limits.
            pub const FIELDS: &[(&str, &[&str])] = &[$((stringify!($name), &[$($doc),*]),)*];

            /// Returns those limits that are times, by name.
            fn times(&self) -> impl Iterator<Item = (&'static str, Span)> {
                [$((stringify!($name), self.$name.time()),)*]
                    .into_iter()
                    .filter_map(|(name, time)| Some((name, time?)))
            }
        }
    };
}

limits! {
    /// The heartbeat interval that HELLO tells clients (L1).
    heartbeat_interval: Span = Span::millis(41_250);
    /// The time within which a node closes a silent connection after its deadline of 1.5 intervals
    /// (L1).
    zombie_slack: Span = Span::secs(5);
    /// How long a detached session waits for a RESUME (L1).
    session_ttl: Span = Span::secs(120);
    /// The time within which all traces of an ended session, connection or relay must be gone (L4).
    orphan_slack: Span = Span::secs(5);
    /// How long a connection may stay open without a session (B1).
    unauthenticated: Span = Span::secs(60);
    /// The shortest time between two IDENTIFYs of one user and shard at one node (B1).
    identify_every: Span = Span::secs(5);
    /// Dispatches that a session keeps for a RESUME (B2).
    replay_dispatches: u32 = 2_048;
    /// Bytes of dispatches that a session keeps for a RESUME (B2).
    replay_bytes: u32 = 1 << 20;
    /// Unsent live dispatches above which a connection is closed (B2).
    live_unsent: u32 = 1_024;
    /// Bytes of answers that may wait on one connection that does not read (B1).
    control_unsent_bytes: u32 = 4_096;
    /// The longest frame that a client may send, in bytes (B4).
    frame_bytes: u32 = 4_096;
    /// The longest content of a request, in bytes: text, mentions, roles and overwrites. Longer
    /// requests are refused before they queue (B4).
    content_bytes: u32 = 8_192;
    /// The longest text of a message, in Unicode scalar values; longer messages are refused before
    /// they queue (B4).
    content_characters: u32 = 2_000;
    /// The longest emoji of a reaction, in bytes; longer ones are refused before they queue (B4).
    emoji_bytes: u32 = 64;
    /// Frames that a client may send in any minute; the connection is closed at twice as many at
    /// the latest (B4).
    frames_per_minute: u32 = 120;
    /// Sessions that one relay serves; more open another relay (B1).
    relay_sessions: u32 = 15_000;
    /// Events in a guild's catch-up ring (B1).
    catch_up_events: u32 = 4_096;
    /// Bytes of events in a guild's catch-up ring (B1).
    catch_up_bytes: u32 = 4 << 20;
    /// Entries in one chunk of a snapshot (B3).
    chunk_entries: u32 = 1_000;
    /// Members above which GUILD_CREATE carries only their count and the user's own member (D3).
    large_guild: u32 = 75_000;
    /// The time between two tips that a guild's owner sends to every node (PROTOCOL, rule 12).
    tip_every: Span = Span::secs(5);
    /// Events that a relay holds back while an earlier one is missing. It drops further ones, and
    /// asks for them at the next tip (B1).
    relay_inbox: u32 = 1_024;
    /// How long a relay waits for a missing event before it asks the owner.
    gap_patience: Span = Span::millis(100);
    /// How long a relay waits for an answer before it asks again.
    ask_again: Span = Span::secs(1);
    /// How long a guild remembers its answer to a nonce (D5).
    nonce_window: Span = Span::secs(600);
    /// Nonces that a guild remembers; at the limit it answers *busy* (B1).
    nonces: u32 = 65_536;
    /// Messages that a guild remembers, so that they can be edited and deleted (B1).
    messages: u32 = 4_096;
    /// Distinct emoji in the reactions to one message (B1).
    reactions: u32 = 20;
    /// Channels of a guild (B1).
    channels: u32 = 500;
    /// Roles of a guild, that of everyone included (B1).
    roles: u32 = 250;
    /// Permission overwrites of one channel (B1).
    channel_overwrites: u32 = 100;
    /// Permission overwrites of all channels of a guild together (B1).
    overwrites: u32 = 5_000;
    /// Members of a guild (B1).
    members: u32 = 25_000_000;
    /// Users that a guild has banned (B1).
    bans: u32 = 100_000;
    /// Records that wait for the journal, and answers queued behind them; at the limit a guild
    /// answers *busy* (B1).
    unsynced: u32 = 1_024;
    /// How long a guild waits for the journal's answer before it asks again.
    journal_again: Span = Span::secs(1);
    /// How often an owner confirms its epoch while it has nothing to append (L8).
    confirm_every: Span = Span::secs(3);
    /// How long an owner may serve without confirming its epoch, and how long a relay may serve
    /// without hearing a tip (L8).
    stale_after: Span = Span::secs(10);
    /// How long a relay waits for an owner before it sends its sessions GUILD_DELETE with
    /// `unavailable` (D2).
    unreachable_after: Span = Span::secs(60);
    /// The age of the requester's last tip from which the owner drops the request (D5).
    request_age: Span = Span::secs(240);
    /// Records after which the owner compacts the journal into a base state.
    journal_tail: u32 = 8_192;
    /// The time between two queries of a node to the directory for changes that it may have missed.
    reconcile_every: Span = Span::secs(5);
    /// How long a requester waits for an answer before it retransmits; grows with the attempt.
    request_again: Span = Span::secs(3);
    /// Unanswered requests that a client may have.
    requests_open: u32 = 64;
    /// How long a client waits for a socket to open, and then for the first frame.
    connect_patience: Span = Span::secs(10);
    /// The time over which a stopping node spreads its Reconnect frames (L7).
    stop_spread: Span = Span::secs(10);
    /// How long a stopping node waits after Reconnect before it closes the connection.
    stop_patience: Span = Span::secs(5);
    /// The time after which a stopping node is gone, even if connections remain (L7).
    stop_within: Span = Span::secs(30);
    /// A client's first back-off, without jitter (C2).
    backoff_first: Span = Span::secs(1);
    /// A client's longest back-off, without jitter (C2).
    backoff_most: Span = Span::secs(60);
}

/// The type of a limit.
trait Value: Copy {
    /// Returns the value if it is a time.
    fn time(self) -> Option<Span>;
}

impl Value for Span {
    fn time(self) -> Option<Span> {
        Some(self)
    }
}

impl Value for u32 {
    fn time(self) -> Option<Span> {
        None
    }
}

impl Limits {
    /// Returns the time without a heartbeat after which a connection is dead: 1.5 intervals (L1).
    #[must_use]
    pub const fn zombie_after(&self) -> Span {
        self.heartbeat_interval.scaled(3, 2)
    }

    /// Returns how long a requester waits for an answer to `attempt` (from 1) before the next one.
    /// The wait grows, because only the latest attempt can be refused: the answer must have time to
    /// come back.
    #[must_use]
    pub fn request_again(&self, attempt: u32) -> Span {
        self.request_again.scaled(u64::from(attempt.clamp(1, 16)), 1)
    }

    /// Returns how long after its first attempt a request can still reach its owner, by the owner's
    /// clock. The client asks for `request_age`, by a clock that may be 1 % slow while the owner's
    /// is 1 % fast (F3); the last copy may then be as old again.
    #[must_use]
    pub const fn retried_within(&self) -> Span {
        self.request_age.scaled(20_203, 10_000)
    }

    /// Returns the longest wait before a node asks a journal for an epoch again: eight of the first,
    /// and at least as long as the journal of an owner that keeps fresh may take to answer.
    #[must_use]
    pub fn opening_again(&self) -> Span {
        self.journal_again.scaled(8, 1).max(self.stale_after.scaled(1, 2))
    }

    /// Returns the back-off before connection attempt `attempt` (from 0), without jitter (C2).
    #[must_use]
    pub fn backoff(&self, attempt: u32) -> Span {
        let factor = 1u64 << attempt.min(16);
        self.backoff_first.scaled(factor, 1).min(self.backoff_most)
    }

    /// Returns the most dispatches that one event is rendered as: itself, and one for each channel,
    /// since a change of a role may show or hide them all.
    #[must_use]
    pub fn rendering(&self) -> u64 {
        u64::from(self.channels) + 1
    }

    /// Returns the most bytes that one event is rendered as: a message, or a change that shows or
    /// hides all channels with all of their overwrites.
    #[must_use]
    pub fn rendering_bytes(&self) -> u64 {
        let [channels, overwrites, own, roles, content, emoji] = [
            self.channels,
            self.overwrites,
            self.channel_overwrites,
            self.roles,
            self.content_bytes,
            self.emoji_bytes,
        ]
        .map(u64::from);
        let change = 200 + (60 * own).max(22 * roles) + 200 * channels + 60 * overwrites;
        // A mention takes 8 bytes of a request and 24 of a dispatch.
        change.max(420 + 3 * content).max(200 + emoji)
    }

    /// Checks that these limits can work together.
    ///
    /// # Errors
    /// Returns an error that names the first limit that cannot work, and the rule that it breaks. Such limits are a mistake in the plan, never a violation of the contract.
    pub fn validate(&self) -> Result<(), LimitError> {
        let minute = Span::secs(60).as_micros();
        if let Some((name, _)) = self.times().find(|(_, time)| *time > MOST_TIME) {
            return Err(LimitError { name, rule: "at most 2400h" });
        }
        let rules: &[(bool, &'static str, &'static str)] = &[
            (self.heartbeat_interval >= Span::millis(500), "heartbeat_interval", "at least 500ms"),
            (self.zombie_slack >= Span::secs(1), "zombie_slack", "at least 1s"),
            (self.session_ttl >= Span::secs(1), "session_ttl", "at least 1s"),
            (self.unauthenticated >= Span::secs(1), "unauthenticated", "at least 1s"),
            (self.live_unsent >= 1, "live_unsent", "at least 1"),
            (
                self.live_unsent < self.replay_dispatches,
                "live_unsent",
                "below replay_dispatches, or a slow connection could never resume",
            ),
            (self.replay_bytes >= 4_096, "replay_bytes", "at least 4096"),
            (self.roles >= 1, "roles", "at least 1, that of everyone"),
            (
                u64::from(self.live_unsent) >= 2 * self.rendering(),
                "live_unsent",
                "at least twice channels + 1: an event may show all channels and the next hide them, \
                 and a connection must not be cut for that",
            ),
            (
                u64::from(self.replay_bytes) >= 2 * self.rendering_bytes(),
                "replay_bytes",
                "at least twice what an event is rendered as within channels, overwrites, \
                 channel_overwrites, roles, content_bytes and emoji_bytes",
            ),
            (
                (1..=1 << 30).contains(&self.control_unsent_bytes),
                "control_unsent_bytes",
                "at least 1, and at most 2^30",
            ),
            (self.frame_bytes >= 512, "frame_bytes", "at least 512, enough for an IDENTIFY"),
            (self.frame_bytes <= MOST_FRAME_BYTES, "frame_bytes", "at most 16384, what is read"),
            (self.content_bytes >= 1, "content_bytes", "at least 1"),
            (self.content_characters >= 1, "content_characters", "at least 1"),
            (self.emoji_bytes >= 1, "emoji_bytes", "at least 1"),
            (self.relay_sessions >= 1, "relay_sessions", "at least 1"),
            (self.chunk_entries >= 1, "chunk_entries", "at least 1"),
            (self.catch_up_events >= 1, "catch_up_events", "at least 1"),
            (self.catch_up_bytes >= 1, "catch_up_bytes", "at least 1"),
            (self.relay_inbox >= 1, "relay_inbox", "at least 1"),
            (
                self.frames_per_minute >= 8
                    && minute / self.heartbeat_interval.as_micros().max(1)
                        < u64::from(self.frames_per_minute) / 2,
                "frames_per_minute",
                "at least 8 and more than two for each heartbeat_interval",
            ),
            (self.backoff_first <= self.backoff_most, "backoff_first", "at most backoff_most"),
            (self.nonces >= 1, "nonces", "at least 1"),
            (self.tip_every >= Span::millis(10), "tip_every", "at least 10ms"),
            (self.ask_again >= Span::millis(10), "ask_again", "at least 10ms"),
            (self.gap_patience >= Span::millis(1), "gap_patience", "at least 1ms"),
            (self.request_again >= Span::millis(10), "request_again", "at least 10ms"),
            (self.backoff_first >= Span::millis(10), "backoff_first", "at least 10ms"),
            (self.requests_open >= 1, "requests_open", "at least 1"),
            (self.connect_patience >= Span::secs(1), "connect_patience", "at least 1s"),
            (self.stop_spread >= Span::millis(1), "stop_spread", "at least 1ms"),
            (self.unsynced >= 1, "unsynced", "at least 1"),
            (self.messages >= 1, "messages", "at least 1"),
            (self.reactions >= 1, "reactions", "at least 1"),
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
                "above the sum of stop_spread and stop_patience",
            ),
            (self.request_age >= self.request_again, "request_age", "at least request_again"),
            (
                self.nonce_window >= self.retried_within(),
                "nonce_window",
                "at least 2.0203 times request_age, or a late retransmit could run a request again",
            ),
        ];
        match rules.iter().find(|(holds, _, _)| !holds) {
            Some(&(_, name, rule)) => Err(LimitError { name, rule }),
            None => Ok(()),
        }
    }
}

/// The error for a limit that breaks a rule of [`Limits::validate`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LimitError {
    name: &'static str,
    rule: &'static str,
}

impl LimitError {
    /// Returns the name of the limit.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns what the limit must be.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        self.rule
    }
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
