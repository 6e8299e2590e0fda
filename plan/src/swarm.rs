//! Weather: the random faults that a seed adds to a scenario.
//!
//! Each seed first draws which families of faults occur, about half of them, then their strength,
//! the latencies, and the limits that the scenario leaves open. Rare combinations occur because
//! most seeds leave out most things. Two patterns are generated on purpose, because real bugs are
//! found there: a second fault during the recovery from the first, and a late message of a
//! connection or an owner that is gone.

mod administration;
mod faults;
mod hostile;

use guildhall_core::dispatch::Intents;
use guildhall_core::limits::Limits;
use guildhall_core::time::{Instant, Span};

use crate::fault::Family;
use crate::plan::{ClientPlan, GuildPlan, Latency, Plan};
use crate::seed::{Domain, Key, Ratio};

/// Adds the weather of the plan's seed, of these families, from the start until `until`.
pub fn weather(plan: &mut Plan, families: &[Family], until: Instant) {
    let key = plan.seed.key(Domain::Swarm);
    travel(plan, key.text("travel"));
    bounds(plan, key.text("bounds"));
    wishes(plan, key.text("wishes"));
    for &family in families {
        let key = key.text(family.tag());
        if key.with(0).chance(Ratio::of(1, 2)) {
            let count = key.with(1).between(1, 6);
            match family {
                Family::Administration => administration::rule(plan, key.with(2), count * 2, until),
                Family::Link
                | Family::Node
                | Family::Clock
                | Family::Hostile
                | Family::Peer
                | Family::Journal
                | Family::Directory
                | Family::Client => {
                    for nth in 0..count {
                        faults::draw(plan, family, key.with(2).with(nth), until);
                    }
                }
            }
        }
    }
    if families.contains(&Family::Node) {
        standbys(plan, key.text("heirs"));
    }
}

/// Half of the guilds have a node that takes them over.
fn standbys(plan: &mut Plan, key: Key) {
    for (guild, nth) in plan.guilds.iter_mut().zip(0..) {
        let others = plan.nodes.iter().filter(|node| node.name != guild.owner);
        let others: Vec<_> = others.map(|node| &node.name).collect();
        let key = key.with(nth);
        if guild.standby.is_none() && !others.is_empty() && key.with(0).chance(Ratio::of(1, 2)) {
            guild.standby = Some((*key.with(1).pick(&others)).clone());
        }
    }
}

/// Draws the latencies.
fn travel(plan: &mut Plan, key: Key) {
    let far = *key.with(0).pick(&[5, 20, 50, 200]);
    let (low, high) = (Span::millis(1), Span::millis(far));
    plan.network.client = match key.with(1).below(3) {
        0 => Latency::Constant { span: high },
        1 => Latency::Uniform { low, high },
        _ => Latency::LongTail { low, high: high.scaled(8, 1) },
    };
    plan.network.sync = match key.with(3).below(3) {
        0 => Latency::Constant { span: Span::millis(1) },
        1 => Latency::Uniform { low, high: Span::millis(20) },
        _ => Latency::LongTail { low, high: Span::millis(500) },
    };
    plan.network.window = *key.with(2).pick(&[4_096, 16_384, 65_536, 262_144]);
}

/// Draws intents. Most clients keep theirs, so that others observe what goes wrong; a few get all
/// or almost none.
fn wishes(plan: &mut Plan, key: Key) {
    let silent = Intents(Intents::GUILDS.0 | Intents::GUILD_MESSAGES.0);
    for (client, nth) in plan.clients.iter_mut().zip(0..) {
        if key.with(nth).with(0).chance(Ratio::of(1, 6)) {
            client.intents = *key.with(nth).with(1).pick(&[Intents::GUILDS, silent, Intents::ALL]);
        }
    }
}

/// Makes the tables of guilds no smaller than the plan founds them, and no larger than a small
/// replay can hold twice, as far as that goes.
fn tables(limits: &mut Limits, guilds: &[GuildPlan], clients: &[ClientPlan]) {
    let usual = Limits::default();
    let small = limits.replay_dispatches < usual.replay_dispatches
        || limits.replay_bytes < usual.replay_bytes
        || limits.live_unsent < usual.live_unsent;
    if small {
        let channels = (limits.live_unsent / 2).max(2) - 1;
        limits.channels = limits.channels.min(channels.min(12));
        limits.roles = limits.roles.min(16);
        limits.channel_overwrites = limits.channel_overwrites.min(6);
        limits.overwrites = limits.overwrites.min(24);
        limits.content_bytes = limits.content_bytes.min(1_024);
    }
    for guild in guilds {
        let own = guild.channels.iter().map(|channel| channel.overwrites.len() as u32);
        // A warden's role may come in addition.
        limits.roles = limits.roles.max(guild.roles.len() as u32 + 2);
        limits.channels = limits.channels.max(guild.channels.len() as u32);
        limits.channel_overwrites = limits.channel_overwrites.max(own.clone().max().unwrap_or(0));
        limits.overwrites = limits.overwrites.max(own.sum());
        let here = clients.iter().filter(|client| client.guilds.contains(&guild.name));
        // An owner without a client, and a warden.
        limits.members = limits.members.max(here.map(|client| client.count).sum::<u32>() + 2);
    }
    let (dispatches, bytes) = (2 * limits.rendering(), 2 * limits.rendering_bytes());
    limits.live_unsent = limits.live_unsent.max(dispatches as u32);
    limits.replay_dispatches = limits.replay_dispatches.max(limits.live_unsent + 1);
    limits.replay_bytes = limits.replay_bytes.max(bytes as u32);
}

/// Draws tight limits. A limit that the scenario has set stays. Half of the others keep their
/// default, so that each limit is exercised alone and among other tight ones.
fn bounds(plan: &mut Plan, key: Key) {
    let (usual, limits) = (Limits::default(), &mut plan.limits);
    macro_rules! maybe {
        ($($name:ident, $tag:literal: $choices:expr;)*) => { $(
            let key_of = key.text($tag);
            if limits.$name == usual.$name && key_of.with(0).chance(Ratio::of(1, 2)) {
                limits.$name = *key_of.with(1).pick(&$choices);
            }
        )* };
    }
    let before = limits.clone();
    // The literal is the key of the draw; it must stay when the limit is renamed.
    maybe! {
        heartbeat_interval, "heartbeat_interval": [Span::secs(2), Span::secs(5), Span::secs(15)];
        session_ttl, "session_ttl": [Span::secs(2), Span::secs(10), Span::secs(40)];
        identify_every, "identify_every": [Span::millis(200), Span::secs(1)];
        replay_dispatches, "replay_dispatches": [16, 64, 256];
        replay_bytes, "replay_bytes": [8_192, 65_536];
        live_unsent, "live_unsent": [4, 12, 100];
        relay_sessions, "relay_sessions": [1, 3, 20];
        control_unsent_bytes, "control_unsent_bytes": [64, 256, 1_024];
        chunk_entries, "chunk_entries": [1, 2, 7];
        catch_up_events, "catch_up_events": [1, 2, 8];
        relay_inbox, "relay_inbox": [1, 4];
        tip_every, "tip_every": [Span::millis(200), Span::secs(1)];
        gap_patience, "gap_patience": [Span::millis(2), Span::millis(20)];
        connect_patience, "connect_patience": [Span::secs(1), Span::secs(3)];
        backoff_most, "backoff_most": [Span::secs(2), Span::secs(10)];
        request_again, "request_again": [Span::millis(100), Span::secs(1)];
        large_guild, "large_guild": [1, 4];
        unsynced, "unsynced": [1, 4, 32];
        nonces, "nonces": [16, 64];
        messages, "messages": [1, 4, 16];
        reactions, "reactions": [1, 3];
        emoji_bytes, "emoji_bytes": [4, 16];
        channels, "channels": [2, 5];
        roles, "roles": [3, 6];
        channel_overwrites, "channel_overwrites": [1, 3];
        overwrites, "overwrites": [4, 12];
        members, "members": [4, 16];
        bans, "bans": [1, 2];
        journal_tail, "journal_tail": [1, 4, 16];
        journal_again, "journal_again": [Span::millis(50), Span::millis(300)];
        confirm_every, "confirm_every": [Span::millis(500), Span::secs(1)];
        stale_after, "stale_after": [Span::secs(1), Span::secs(4)];
        unreachable_after, "unreachable_after": [Span::secs(5), Span::secs(20)];
        reconcile_every, "reconcile_every": [Span::millis(500), Span::secs(2)];
        ask_again, "ask_again": [Span::millis(100), Span::millis(400)];
        stop_spread, "stop_spread": [Span::millis(500), Span::secs(3)];
        stop_patience, "stop_patience": [Span::millis(200), Span::secs(2)];
        stop_within, "stop_within": [Span::secs(4), Span::secs(12)];
        request_age, "request_age": [Span::secs(10), Span::secs(60)];
        nonce_window, "nonce_window": [Span::secs(30), Span::secs(200)];
        zombie_slack, "zombie_slack": [Span::secs(1), Span::secs(2)];
        orphan_slack, "orphan_slack": [Span::secs(1), Span::secs(2)];
        unauthenticated, "unauthenticated": [Span::secs(5), Span::secs(20)];
        frame_bytes, "frame_bytes": [1_024, 2_048];
        content_bytes, "content_bytes": [64, 256];
        content_characters, "content_characters": [12, 100];
        frames_per_minute, "frames_per_minute": [8, 30];
        catch_up_bytes, "catch_up_bytes": [1, 256, 4_096];
        requests_open, "requests_open": [1, 4];
        backoff_first, "backoff_first": [Span::millis(10), Span::millis(200)];
    }
    if limits.nonces < usual.nonces {
        // A request that finds the nonce table full is retransmitted until it expires.
        limits.request_age = limits.request_age.min(Span::secs(20));
        limits.nonce_window = limits.nonce_window.min(Span::secs(40));
    }
    // These limits depend on others: raise each to the least value allowed.
    let least = limits.tip_every.max(limits.confirm_every).scaled(2, 1);
    limits.stale_after = limits.stale_after.max(least);
    limits.unreachable_after = limits.unreachable_after.max(limits.stale_after);
    limits.nonce_window = limits.nonce_window.max(limits.retried_within());
    limits.unauthenticated = limits.unauthenticated.max(limits.identify_every.scaled(3, 1));
    let beats = Span::secs(60).as_micros() / limits.heartbeat_interval.as_micros().max(1);
    let least = 2 * (u32::try_from(beats).unwrap_or(u32::MAX) + 1);
    limits.frames_per_minute = limits.frames_per_minute.max(least);
    let least = limits.stop_spread + limits.stop_patience + Span::secs(1);
    limits.stop_within = limits.stop_within.max(least);
    tables(limits, &plan.guilds, &plan.clients);
    if limits.validate().is_err() {
        // Two limits conflict: keep those of the scenario.
        *limits = before;
    }
    plan.network.peer = match key.text("peer").below(3) {
        0 => plan.network.peer,
        1 => Latency::Uniform { low: Span::millis(1), high: Span::millis(100) },
        _ => Latency::LongTail { low: Span::millis(1), high: Span::secs(1) },
    };
}
