//! Why a run fails: its causes, what is to blame, and the smallest run that fails in the same way.
//!
//! All of it is found by repeating the run with a [`Runner`](guildhall_plan::run::Runner); nothing is
//! guessed. What must not happen here: judging, threads, real time.

#![forbid(unsafe_code)]

pub mod blame;
pub mod cone;
pub mod divergence;
pub mod explain;
pub mod failure;
pub mod repeater;
pub mod shrink;
pub mod transcript;
