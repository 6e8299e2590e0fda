//! The stories: one file each, told to a script, swept over seeds.
//!
//! To add one, write a file with a plot and a `script`, and name it in the catalogue below.

#![forbid(unsafe_code)]

use guildhall_plan::script::Scenario;

macro_rules! catalogue {
    ($($module:ident)*) => {
        $(pub mod $module;)*

        /// Every story, in the order in which they are best read.
        pub const ALL: &[Scenario] = &[$(Scenario {
            name: $module::NAME,
            plot: include_str!(concat!(stringify!($module), ".rs")),
            script: $module::script,
        }),*];
    };
}

catalogue! {
    two_members
    lost_connection
    dead_session
    second_drop
    half_open
    slow_consumer
    hostile_client
    strangers_at_the_door
    reconnect_storm
    busy_guild
    cut_off_relay
    out_of_reach
    far_behind
    crash_before_fan_out
    done_then_crash
    lost_grant
    retry_over_a_crash
    stale_owner
    late_copy
    other_device
    slow_journal
    full_disk
    everybody_back
    rolling_restart
    false_alarm
    role_revoked
    revoked_while_away
    kick_and_rejoin
    new_channel
    quiet_reader
    end_of_a_guild
    many_guilds
    lost_directory
}

/// The story of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}
