//! Plans of runs, as data: participants, actions and faults; and the results of runs.
//!
//! A [`Plan`](plan::Plan) is written by hand, or drawn by a [`Script`](script::Script) from a seed.
//! Every world runs the same plans. What they decide in common is decided here, by state machines without
//! I/O: what faults do ([`director`]), how a journal answers ([`journal`]), and when a world has settled
//! ([`settling`]). What must not happen here: running a node or a client, threads, real time, and
//! randomness that is not keyed by the seed.

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
pub mod text;
pub mod token;
