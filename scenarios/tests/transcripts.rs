//! One run of each story, told step by step: what changes here, changes for everybody.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod telling;

use guildhall_plan::script::Settings;
use guildhall_plan::seed::Seed;
use guildhall_scenarios::by_name;

fn tell(name: &str, seed: u64, settings: &[&str]) {
    tell_from(name, seed, settings, "");
}

/// The same, but from the first line on that says this.
fn tell_from(name: &str, seed: u64, settings: &[&str], from: &str) {
    let scenario = by_name(name).unwrap();
    let settings = Settings::parse(settings).unwrap();
    let plan = scenario.plan(Seed::new(seed).unwrap(), &settings).unwrap();
    telling::tell(name, &plan, from);
}

#[test]
fn two_members() {
    tell("two-members", 1, &["lines=2"]);
}

#[test]
fn lost_connection() {
    tell("lost-connection", 0, &["drops=1"]);
}

#[test]
fn dead_session() {
    tell("dead-session", 0, &[]);
}

#[test]
fn second_drop() {
    tell("second-drop", 1, &["missed=10", "drops=1"]);
}

#[test]
fn half_open() {
    tell("half-open", 0, &["times=1"]);
}

#[test]
fn slow_consumer() {
    tell("slow-consumer", 3, &["listeners=1", "lines=20"]);
}

#[test]
fn hostile_client() {
    tell("hostile-client", 1, &["deeds=3"]);
}

#[test]
fn strangers_at_the_door() {
    tell("strangers-at-the-door", 0, &["knocks=5"]);
}

#[test]
fn reconnect_storm() {
    tell("reconnect-storm", 0, &["sessions=3", "storms=1"]);
}

#[test]
fn cut_off_relay() {
    tell("cut-off-relay", 0, &[]);
}

#[test]
fn out_of_reach() {
    tell("out-of-reach", 0, &[]);
}

#[test]
fn far_behind() {
    tell("far-behind", 0, &[]);
}

#[test]
fn crash_before_fan_out() {
    tell("crash-before-fan-out", 0, &[]);
}

#[test]
fn done_then_crash() {
    tell("done-then-crash", 0, &[]);
}

#[test]
fn lost_grant() {
    tell("lost-grant", 0, &[]);
}

#[test]
fn retry_over_a_crash() {
    tell("retry-over-a-crash", 0, &[]);
}

#[test]
fn stale_owner() {
    tell("stale-owner", 0, &[]);
}

#[test]
fn late_copy() {
    tell("late-copy", 0, &[]);
}

#[test]
fn other_device() {
    tell("other-device", 0, &[]);
}

#[test]
fn slow_journal() {
    tell("slow-journal", 0, &[]);
}

#[test]
fn full_disk() {
    tell("full-disk", 0, &[]);
}

#[test]
fn everybody_back() {
    tell("everybody-back", 0, &["sessions=3", "others=2"]);
}

#[test]
fn rolling_restart() {
    tell_from("rolling-restart", 0, &["sessions=2", "lines=6"], "berlin     is to stop");
}

#[test]
fn false_alarm() {
    tell("false-alarm", 0, &[]);
}

#[test]
fn role_revoked() {
    tell("role-revoked", 0, &[]);
}

#[test]
fn revoked_while_away() {
    tell("revoked-while-away", 0, &[]);
}

#[test]
fn kick_and_rejoin() {
    tell("kick-and-rejoin", 0, &[]);
}

#[test]
fn new_channel() {
    tell("new-channel", 0, &[]);
}

#[test]
fn quiet_reader() {
    tell("quiet-reader", 0, &[]);
}

#[test]
fn end_of_a_guild() {
    tell("end-of-a-guild", 0, &[]);
}

#[test]
fn many_guilds() {
    tell("many-guilds", 0, &["guilds=3", "rounds=2"]);
}

#[test]
fn lost_directory() {
    tell("lost-directory", 0, &[]);
}
