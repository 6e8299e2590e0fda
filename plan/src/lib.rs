//! What is to happen in a run, as data: who takes part, what they do, what goes wrong; and what came
//! of it.
//!
//! A [`Plan`](plan::Plan) is written by hand, or drawn by a [`Script`](script::Script) from a seed.
//! Every world runs the same plans and decides by the same laws, which are here. What must not happen
//! here: running anything, threads, real time, and randomness that is not keyed by the seed.

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
pub mod checkers;
pub mod coverage;
pub mod engine;
pub mod run;
pub mod seed_line;
pub mod text;
pub mod token;
