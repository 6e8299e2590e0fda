//! The fast world: guilds on simulated nodes and links, in one thread.
//!
//! [`run`](run::run) carries a plan out, has every step judged by the contract, and folds all of it into
//! one digest. What must not happen here: threads, real time, and randomness that is not keyed by the
//! seed.

#![forbid(unsafe_code)]

pub mod run;

pub mod agenda;
mod event;
mod link;
mod world;
