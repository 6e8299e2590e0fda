//! The wire format: both ends agree, public clients can read it, and no input is trusted.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod client_library;
mod draw;
mod fields;
mod frames;
mod garbage;
mod gateway_urls;
mod payloads;
mod round_trips;
mod samples;
