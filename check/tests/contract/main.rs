//! The contract judged by itself: honest histories are held to be so, and each clause finds the
//! mistake that is its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::wildcard_enum_match_arm, reason = "tests look for one thing among many")]

mod custom;
mod histories;
mod honest;
mod stage;
mod tampered;
