//! The transcripts of runs, step by step. A change here changes what users see.
//!
//! A scenario has one if it shows words that no other does.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod transcript;

use guildhall_plan::script::Settings;
use guildhall_plan::seed::Seed;
use guildhall_scenarios::by_name;
use transcript::{Excerpt, assert_transcript};

/// The excerpt starts at the first fault, or at the first line with `from`. The plot runs alone,
/// without weather.
fn check(scenario: &str, seed: u64, settings: &[&str], excerpt: &Excerpt<'_>) {
    let scenario = by_name(scenario).unwrap();
    let settings = Settings::parse(settings.iter().chain(&["weather=0"])).unwrap();
    let plan = scenario.plan(Seed::new(seed).unwrap(), &settings).unwrap();
    assert_transcript(scenario.name, &plan, excerpt);
}

fn name(module: &str) -> String {
    module.replace('_', "-")
}

/// Where an excerpt starts.
const fn from(text: &'static str) -> &'static str {
    if text.is_empty() { "FAULT" } else { text }
}

/// Declares a test for each row, named after the scenario's module.
macro_rules! transcripts {
    ($(
        $module:ident: seed $seed:literal $(, set $setting:literal)* $(, from $from:literal)?,
        shows $shows:literal;
    )*) => {
        $(#[test]
        fn $module() {
            let excerpt = Excerpt { from: from(concat!($($from)?)), shows: $shows };
            check(&name(stringify!($module)), $seed, &[$($setting),*], &excerpt);
        })*
    };
}

transcripts! {
    two_members: seed 1, from "wants:", shows "MESSAGE_CREATE";
    lost_connection: seed 0, set "drops=1", shows "RESUMED";
    dead_session: seed 0, shows "refused: no such session";
    second_drop: seed 1, set "missed=10", set "drops=1", shows "RESUMED";
    slow_line: seed 0, shows "alice      #0.2 s2 GUILD_CREATE";
    suspended_laptop: seed 0, set "sleeps=1", shows "suspended";
    restored_backup: seed 0, set "restarts=1", shows "RESUME";
    overtaken_answer: seed 0, shows "READY";
    half_open: seed 0, set "times=1", shows "superseded";
    slow_consumer: seed 1, set "listeners=1", set "limits.channels=5", set "limits.live_unsent=12", shows "closed by the node: 4000";
    hostile_client: seed 1, set "deeds=3", shows "closes";
    strangers_at_the_door: seed 0, set "knocks=5", shows "refused";
    reconnect_storm: seed 0, set "sessions=3", set "storms=1", shows "RESUMED";
    cut_off_relay: seed 0, shows "catch up";
    out_of_reach: seed 0, shows "unavailable";
    far_behind: seed 0, shows "unavailable";
    crash_before_fan_out: seed 0, shows "done for";
    done_then_crash: seed 0, shows "has lost";
    lost_grant: seed 0, shows "there is epoch";
    retry_over_a_crash: seed 0, shows "attempt 2";
    stale_owner: seed 0, shows "serves rustaceans no more";
    late_copy: seed 0, shows "refused for carol";
    other_device: seed 0, shows "done for carol";
    slow_journal: seed 0, shows "busy";
    full_disk: seed 1, shows "busy";
    everybody_back: seed 0, set "sessions=3", set "others=2", shows "no such session";
    rolling_restart: seed 0, set "sessions=2", set "lines=6", shows "RECONNECT";
    overtaken_open: seed 0, set "rounds=1", shows "serves rustaceans";
    false_alarm: seed 1, shows "is said to have crashed";
    role_revoked: seed 0, from "has no role", shows "CHANNEL_DELETE";
    ambitious_moderator: seed 0, from "wants: mallory", shows "refused for mallory";
    crowded_guild: seed 0, from "wants:", shows "CHANNEL_DELETE";
    full_of_reactions: seed 0, from "reacts", shows "MESSAGE_REACTION_ADD";
    deleted_role: seed 0, from "wants: alice deletes", shows "CHANNEL_DELETE";
    hidden_channels: seed 0, set "channels=6", shows "CHANNEL_DELETE";
    revoked_while_away: seed 0, shows "CHANNEL_DELETE";
    kick_and_rejoin: seed 2, from "alice kicks", shows "GUILD_DELETE";
    new_channel: seed 0, from "makes channel", shows "CHANNEL_CREATE";
    quiet_reader: seed 3, from "wants:", shows "\"\"";
    guild_given_away: seed 0, from "gives the guild", shows "CHANNEL_DELETE";
    end_of_a_guild: seed 0, from "wants: bob deletes the guild", shows "GUILD_DELETE";
    many_guilds: seed 0, set "guilds=3", set "rounds=2", shows "GUILD_CREATE";
    maxjourney: seed 0, set "sessions=2", set "messages=10", shows "no such session";
    two_shardings: seed 0, from "READY", shows "MESSAGE_CREATE";
    stuck_guild: seed 2, shows "busy";
    lost_directory: seed 0, shows "has left";
}
