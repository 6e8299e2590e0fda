//! The wire: what is written is read again, real clients can read it, and nothing read is trusted.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod client_library;
mod draw;
mod fields;
mod frames;
mod garbage;
mod payloads;
mod places;
mod round_trips;
mod samples;
