//! The fast world: simulated nodes, journals, links and clients in one thread.
//!
//! [`run`](run::run) executes a plan, checks every step against the contract, and folds everything
//! into one digest. This crate must not use threads, real time, or randomness that is not keyed by
//! the seed.
//!
//! ```
//! use guildhall_plan::plan::Plan;
//! use guildhall_plan::run::{Options, Verdict};
//!
//! let plan = Plan::from_toml(
//!     r#"
//!     weather = "5s"
//!     [[node]]
//!     name = "berlin"
//!     [[guild]]
//!     name = "rustaceans"
//!     owner = "berlin"
//!     channels = ["general"]
//!     [[client]]
//!     name = "alice"
//!     node = "berlin"
//!     guilds = ["rustaceans"]
//!     [[fault]]
//!     at = "1s"
//!     kind = "cut"
//!     client = "alice"
//!     how = "reset"
//!     [[action]]
//!     at = "1s"
//!     client = "alice"
//!     do = "say"
//!     to = "rustaceans/general"
//!     text = "hello"
//!     "#,
//! )?;
//! let outcome = guildhall_sim::run::run(&plan, Options::default(), &mut ())?;
//! assert_eq!(outcome.verdict, Verdict::Held, "{:?}", outcome.violations);
//! assert_eq!(outcome.marks["resume accepted"], 1);
//!
//! // The same plan takes the same steps again, on any machine.
//! let again = guildhall_sim::run::run(&plan, Options::default(), &mut ())?;
//! assert_eq!(outcome.digest, again.digest);
//! # Ok::<(), guildhall_plan::plan::PlanError>(())
//! ```

#![forbid(unsafe_code)]

pub mod run;

pub mod agenda;
mod event;
mod link;
mod world;
