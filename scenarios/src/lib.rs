//! The scenarios: one file each, and a catalogue of them.
//!
//! A scenario's file holds its plot (the file's first lines, `//!`) and a function `script` that
//! writes a plan. To add a scenario, write such a file and add its module to the [`catalogue!`] below.
//! A scenario must decide nothing by itself: everything it leaves open, it asks the script.

#![forbid(unsafe_code)]

mod name;

use guildhall_plan::script::Scenario;

#[doc(hidden)]
pub use guildhall_plan;
#[doc(hidden)]
pub use name::{as_text, hyphenated};

/// Declares the module of each scenario, and lists the scenarios in `ALL`, in the given order.
///
/// Each module is a file beside the one that calls the macro. A scenario is named after its module, with
/// hyphens: `lost_connection` is `lost-connection`. The module's name is also the scenario as a value.
#[macro_export]
macro_rules! catalogue {
    ($($module:ident)*) => {
        $(
            #[allow(missing_docs, reason = "the plot documents the script")]
            pub mod $module;

            #[doc = concat!("The scenario of the module `", stringify!($module), "`.")]
            #[allow(non_upper_case_globals, reason = "it is named as its module")]
            pub const $module: $crate::guildhall_plan::script::Scenario =
                $crate::guildhall_plan::script::Scenario {
                    name: {
                        const MODULE: &str = stringify!($module);
                        const NAME: [u8; MODULE.len()] = $crate::hyphenated(MODULE);
                        $crate::as_text(&NAME)
                    },
                    plot: include_str!(concat!(stringify!($module), ".rs")),
                    script: $module::script,
                };
        )*

        /// All scenarios, in the best order to read them.
        pub const ALL: &[$crate::guildhall_plan::script::Scenario] = &[$($module),*];
    };
}

catalogue! {
    two_members
    lost_connection
    dead_session
    second_drop
    suspended_laptop
    restored_backup
    slow_line
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
    overtaken_open
    false_alarm
    ambitious_moderator
    crowded_guild
    full_of_reactions
    role_revoked
    deleted_role
    hidden_channels
    revoked_while_away
    kick_and_rejoin
    new_channel
    quiet_reader
    guild_given_away
    end_of_a_guild
    many_guilds
    maxjourney
    two_shardings
    stuck_guild
    lost_directory
    overtaken_answer
    random_plan
}

/// The scenario with this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}
