//! Plans of runs, as data: participants, actions and faults; and the results of runs.
//!
//! A [`Plan`](plan::Plan) is written by hand, or generated from a seed by a
//! [`Script`](script::Script). Every world runs the same plans and applies the same rules to
//! messages, clocks and placement, which are defined here. This crate must not run anything, and
//! must not use threads, real time, or randomness that is not keyed by the seed.

#![forbid(unsafe_code)]

pub mod digest;
pub mod seed;

pub mod fault;
pub mod plan;
pub mod script;
pub mod size;
pub mod swarm;

pub mod clock;
pub mod mail;
pub mod placement;
pub mod topology;

pub mod capsule;
pub mod coverage;
pub mod engine;
pub mod run;
pub mod text;
pub mod token;
