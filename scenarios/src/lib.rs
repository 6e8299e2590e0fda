//! The stories: one file each, told to a script, swept over seeds.
//!
//! To add one, write a file with a plot and a `script`, and name it in the catalogue below.

#![forbid(unsafe_code)]

use guildhall_sim::script::Scenario;

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
    reconnect_storm
    busy_guild
}

/// The story of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}
