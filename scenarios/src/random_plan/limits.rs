//! The limits of a random plan: each of a few at the least value that it can have.

use guildhall_core::limits::Limits;
use guildhall_core::time::Span;
use guildhall_plan::script::Script;

/// How many requests a client may have open, for the most part. The weather would draw fewer than a
/// burst needs in every second plan, and it leaves alone what is not the usual value.
const REQUESTS_OPEN: u32 = 60;

/// Sets a few limits to their least value. The others are left to the weather.
pub(super) fn draw(s: &mut Script) {
    if !s.one_in("few requests", 4) {
        s.limits().requests_open = REQUESTS_OPEN;
    }
    for _ in 0..s.draw("least", 0..=3) {
        let set = s.pick("limit", LEAST);
        let mut limits = s.limits().clone();
        set(&mut limits);
        // A limit may depend on another one, which then keeps its usual value.
        if limits.validate().is_ok() {
            *s.limits() = limits;
        }
    }
}

/// Sets one limit.
type Set = fn(&mut Limits);

/// The least tables with which guilds can be founded as they are drawn; and no long messages.
const fn small_guilds(limits: &mut Limits) {
    (limits.channels, limits.roles) = (4, 6);
    (limits.channel_overwrites, limits.overwrites) = (3, 12);
    limits.content_bytes = 64;
}

/// The least value of each limit with which a cluster can do its work.
const LEAST: &[Set] = &[
    |limits| limits.heartbeat_interval = Span::millis(1_500),
    |limits| limits.zombie_slack = Span::secs(1),
    |limits| limits.session_ttl = Span::secs(1),
    |limits| limits.orphan_slack = Span::secs(1),
    |limits| limits.unauthenticated = Span::secs(5),
    |limits| limits.identify_every = Span::millis(1),
    |limits| {
        small_guilds(limits);
        limits.live_unsent = 2 * (limits.channels + 1);
        limits.replay_dispatches = limits.live_unsent + 1;
    },
    |limits| {
        small_guilds(limits);
        limits.replay_bytes = 4_096;
    },
    |limits| {
        small_guilds(limits);
        limits.live_unsent = 2 * (limits.channels + 1);
    },
    small_guilds,
    |limits| limits.members = 8,
    |limits| limits.bans = 0,
    |limits| limits.control_unsent_bytes = 1,
    |limits| limits.frame_bytes = 512,
    |limits| limits.content_bytes = 64,
    |limits| limits.content_characters = 1,
    |limits| limits.frames_per_minute = 8,
    |limits| limits.relay_sessions = 1,
    |limits| limits.catch_up_events = 1,
    |limits| limits.catch_up_bytes = 1,
    |limits| limits.chunk_entries = 1,
    |limits| limits.large_guild = 0,
    |limits| limits.tip_every = Span::millis(10),
    |limits| limits.relay_inbox = 1,
    |limits| limits.gap_patience = Span::millis(1),
    |limits| limits.ask_again = Span::millis(10),
    |limits| (limits.request_age, limits.nonce_window) = (Span::secs(4), Span::secs(9)),
    |limits| limits.nonces = 1,
    |limits| limits.messages = 1,
    |limits| (limits.reactions, limits.emoji_bytes) = (1, 4),
    |limits| limits.unsynced = 1,
    |limits| limits.journal_again = Span::millis(10),
    |limits| limits.confirm_every = Span::millis(10),
    |limits| limits.unreachable_after = limits.stale_after,
    |limits| limits.journal_tail = 1,
    |limits| limits.reconcile_every = Span::millis(10),
    |limits| limits.request_again = Span::millis(100),
    |limits| limits.requests_open = 1,
    |limits| limits.connect_patience = Span::secs(1),
    |limits| limits.stop_spread = Span::millis(1),
    |limits| limits.stop_patience = Span::millis(1),
    |limits| limits.stop_within = limits.stop_spread + limits.stop_patience + Span::millis(1),
    |limits| limits.backoff_first = Span::millis(10),
    |limits| (limits.backoff_first, limits.backoff_most) = (Span::millis(10), Span::millis(10)),
];
