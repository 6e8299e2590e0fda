//! Guildhall as a library: scenarios and checkers of your own, with the whole command line over them,
//! and as tests.
//!
//! A scenario is a function that writes a plan. The world runs the plan, and the contract judges every
//! step of the run:
//!
//! ```
//! use guildhall::prelude::*;
//!
//! fn a_cut(s: &mut Script) {
//!     let (berlin, paris) = (s.node("berlin"), s.node("paris"));
//!     let guild = s.guild("rustaceans", berlin);
//!     let general = s.channel(guild, "general");
//!     let alice = s.member("alice", paris, &[guild]);
//!     let bob = s.member("bob", berlin, &[guild]);
//!     s.wait(Span::secs(2));
//!     s.cut(alice, CutKind::Reset);
//!     s.chat(&[bob], general, 3, 0..=400);
//!     s.until_nothing_is_left();
//! }
//!
//! let scenario = Scenario { name: "a-cut", plot: "//! Alice loses her connection.", script: a_cut };
//! let plan = scenario.plan(Seed::default(), &Settings::default())?;
//! let outcome = Fast::new().run(&plan, Options::default(), &mut ())?;
//! assert_eq!(outcome.verdict, Verdict::Held);
//! # Ok::<(), guildhall::guildhall_plan::plan::PlanError>(())
//! ```
//!
//! - [`catalogue!`] makes a list of the scenarios of a crate, one file each.
//! - [`Program`] is the command line over such a list.
//! - [`sim_test!`] makes a test of a scenario. It panics with the failure, shrunk and explained.
//! - [`Checker`](prelude::Checker) is a clause of your own. It sees every step and every delivery.
//! - [`prelude`] has what a scenario and a checker need; everything else is in the crates beneath, which
//!   are exported here by their names.
//!
//! `examples/outside` in the repository of Guildhall has all of it, to copy.
//!
//! # What cannot be replaced
//!
//! - **The machines.** A run takes the steps of the guild, relay, session, node and client in
//!   [`guildhall_core`], and of no other implementation. A server that is not built from them cannot be
//!   tested here.
//! - **The kinds of faults.** A script combines those that [`Fault`](guildhall_plan::fault::Fault) lists. A
//!   new kind needs code in every world.
//! - **The clauses of the contract.** Every run is judged by all of them. A checker adds clauses; it
//!   neither removes nor replaces one.
//! - **The other worlds.** `guildhall-worlds` runs the scenarios of Guildhall itself, and capsules without
//!   custom checkers.

#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    reason = "the command line owns threads and measures real time"
)]

// For crates that use this one.
pub mod prelude;
mod program;
mod sim_test;

// The command line, and where results go.
mod args;
mod commands;
mod error;
mod interrupt;
mod output;
mod results_file;
mod terminal;
mod text;
mod variables;

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
mod cast_line;
mod covariates;
mod failures;
mod moment;
mod records;
mod report;
mod run_text;
mod step_kind;
mod summary;
mod timeline;
mod typed_json;

pub use guildhall_scenarios::catalogue;
pub use program::Program;
pub use sim_test::assert_holds;

pub use {
    guildhall_check, guildhall_core, guildhall_explain, guildhall_plan, guildhall_scenarios,
    guildhall_sim,
};

/// Where the snapshots of printed text are.
#[cfg(test)]
fn snapshots() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/cli"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}
