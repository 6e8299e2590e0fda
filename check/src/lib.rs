//! The contract as checkers: one file a clause, each with a model of its own.
#![forbid(unsafe_code)]

pub mod cast;
pub mod violation;
