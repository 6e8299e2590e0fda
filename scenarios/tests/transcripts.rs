//! The transcript of one run of each scenario, step by step. A change here changes what users see.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod transcript;

use guildhall_plan::script::Settings;
use guildhall_plan::seed::Seed;
use guildhall_scenarios::{ALL, by_name};
use transcript::assert_transcript;

/// Scenarios whose transcript would show nothing: too many sessions that all do the same, and a
/// plan without a plot.
const WITHOUT: [&str; 2] = ["busy-guild", "random-plan"];

/// The transcript of `scenario` starts at the first line that contains `from`.
fn check(scenario: &str, seed: u64, settings: &[&str], from: &str) {
    let scenario = by_name(scenario).unwrap();
    let settings = Settings::parse(settings).unwrap();
    let plan = scenario.plan(Seed::new(seed).unwrap(), &settings).unwrap();
    assert_transcript(scenario.name, &plan, from);
}

fn name(module: &str) -> String {
    module.replace('_', "-")
}

/// Declares a test for each row, named after the scenario's module.
macro_rules! transcripts {
    ($($module:ident: seed $seed:literal $(, set $setting:literal)* $(, from $from:literal)?;)*) => {
        const MODULES: &[&str] = &[$(stringify!($module)),*];

        $(#[test]
        fn $module() {
            check(&name(stringify!($module)), $seed, &[$($setting),*], concat!($($from)?));
        })*
    };
}

transcripts! {
    two_members: seed 1, set "lines=2";
    lost_connection: seed 0, set "drops=1";
    dead_session: seed 0;
    second_drop: seed 1, set "missed=10", set "drops=1";
    half_open: seed 0, set "times=1";
    slow_consumer: seed 3, set "listeners=1", set "lines=20";
    hostile_client: seed 1, set "deeds=3";
    strangers_at_the_door: seed 0, set "knocks=5";
    reconnect_storm: seed 0, set "sessions=3", set "storms=1";
    cut_off_relay: seed 0;
    out_of_reach: seed 0;
    far_behind: seed 0;
    crash_before_fan_out: seed 0;
    done_then_crash: seed 0;
    lost_grant: seed 0;
    retry_over_a_crash: seed 0;
    stale_owner: seed 0;
    late_copy: seed 0;
    other_device: seed 0;
    slow_journal: seed 0;
    full_disk: seed 0;
    everybody_back: seed 0, set "sessions=3", set "others=2";
    rolling_restart: seed 0, set "sessions=2", set "lines=6", from "berlin     is to stop";
    false_alarm: seed 0;
    role_revoked: seed 0;
    revoked_while_away: seed 0;
    kick_and_rejoin: seed 0;
    new_channel: seed 0;
    quiet_reader: seed 0;
    end_of_a_guild: seed 0;
    many_guilds: seed 0, set "guilds=3", set "rounds=2";
    lost_directory: seed 0;
}

#[test]
fn every_scenario_has_a_transcript() {
    let with: Vec<_> =
        MODULES.iter().map(|module| name(module)).chain(WITHOUT.map(str::to_owned)).collect();
    let without: Vec<_> = ALL
        .iter()
        .map(|scenario| scenario.name)
        .filter(|it| !with.iter().any(|name| name == it))
        .collect();
    assert!(without.is_empty(), "no transcript: {without:?}");
}
