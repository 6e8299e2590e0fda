//! The fast world: simulated nodes, journals, links and clients in one thread.
//!
//! [`run`](run::run) executes a plan, checks every step against the contract, and folds everything
//! into one digest. This crate must not use threads, real time, or randomness that is not keyed by
//! the seed.

#![forbid(unsafe_code)]

pub mod run;

pub mod agenda;
mod event;
mod link;
mod world;
