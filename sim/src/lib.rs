//! The fast world: one guild or many, on simulated nodes and links, in one thread.
//!
//! A [`Plan`](plan::Plan) says who takes part, what they do and what goes wrong; [`run`](run::run)
//! acts it out, has every step judged by the contract, and folds all of it into one digest. What
//! must not happen here: threads, real time, and randomness that is not keyed by the seed.

#![forbid(unsafe_code)]

pub mod digest;
pub mod seed;

pub mod fault;
pub mod plan;
pub mod script;
pub mod swarm;

pub mod coverage;
pub mod run;
pub mod transcript;

pub mod capsule;
pub mod engine;
pub mod token;

pub mod blame;
pub mod cone;
pub mod divergence;
pub mod explain;
pub mod failure;
pub mod parallel;
pub mod shrink;
pub mod words;

pub mod agenda;
pub mod clock;
mod event;
mod link;
pub mod mail;
pub mod placement;
pub mod topology;
mod world;
