//! Why a run fails: its causes, what is to blame, and the smallest run that fails the same way.
//!
//! All of it is found by repeating the run, by whatever [`Runner`](guildhall_plan::run::Runner) there
//! is; nothing is guessed. What must not happen here: judging, threads, real time.

#![forbid(unsafe_code)]

pub mod blame;
pub mod cone;
pub mod divergence;
pub mod explain;
pub mod failure;
pub mod parallel;
pub mod shrink;
pub mod transcript;
