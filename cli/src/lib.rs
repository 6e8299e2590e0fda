//! The command line: it selects plans, runs them on several threads, and reports the results.
//!
//! Threads, real time and exit codes belong here. What must not happen here: judging a run, or
//! anything that makes two runs of a plan differ.

#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    reason = "the command line owns threads and measures real time"
)]

// The command line, and where results go.
mod args;
mod commands;
mod error;
mod interrupt;
mod output;
mod program;
mod results_file;
mod text;

// What to run.
mod capsule_file;
mod conditions;
mod plan_file;
mod run_spec;
mod seeds;
mod sweep_spec;
mod target;

// Running it.
mod meter;
mod panics;
mod progress;
mod thread_pool;
mod worlds_program;

// Results.
mod analysis;
mod failures;
mod records;
mod report;
mod run_text;
mod summary;

pub use program::Program;

/// Where the snapshots of printed text are.
#[cfg(test)]
fn snapshots() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/cli"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}
