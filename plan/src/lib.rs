//! Plans of runs, as data: participants, actions and faults; and the results of runs.
//!
//! A [`Plan`](plan::Plan) is written by hand, or drawn by a [`Script`](script::Script) from a seed.
//! Every world runs the same plans. What they decide in common is decided here, by state machines without
//! I/O: what faults do ([`director`]), how a journal answers ([`journal`]), and when a world has settled
//! ([`settling`]). What must not happen here: running a node or a client, threads, real time, and
//! randomness that is not keyed by the seed.
//!
//! ```
//! use guildhall_core::time::Span;
//! use guildhall_plan::plan::Plan;
//! use guildhall_plan::script::{Scenario, Script, Settings};
//! use guildhall_plan::seed::Seed;
//!
//! fn crash(s: &mut Script) {
//!     let berlin = s.node("berlin");
//!     let guild = s.guild("rustaceans", berlin);
//!     let general = s.channel(guild, "general");
//!     let alice = s.member("alice", berlin, &[guild]);
//!     s.chat(&[alice], general, 3, 0..=500);
//!     let lasts = s.span("down", 1_000..=4_000);
//!     s.crash(berlin, lasts);
//!     s.wait(Span::secs(5));
//!     s.until_nothing_is_left();
//! }
//!
//! let scenario = Scenario { name: "crash", plot: "//! A node crashes.", script: crash };
//! let plan = scenario.plan(Seed::new(7)?, &Settings::default())?;
//! assert_eq!((plan.actions.len(), plan.faults.len()), (3, 1));
//!
//! // A plan is data: what is written as TOML is read back.
//! assert_eq!(Plan::from_toml(&plan.to_toml())?, plan);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

pub mod digest;
pub mod seed;

pub mod fault;
pub mod file;
pub mod plan;
pub mod schema;
pub mod script;
pub mod size;
pub mod swarm;

pub mod clock;
pub mod mail;
pub mod topology;

pub mod director;
pub mod journal;
pub mod settling;

pub mod capsule;
pub mod checkers;
pub mod coverage;
pub mod engine;
pub mod met;
pub mod panics;
pub mod run;
pub mod seed_line;
pub mod short_hash;
pub mod text;
pub mod token;
