//! The pure state machines of Guildhall: guild, relay, session, node and client.
//!
//! A machine takes one input at a time and writes its outputs into a [`Sink`](machine::Sink). It
//! has no clock, no I/O, no randomness and no hash order: time is an argument, and unguessable ids
//! come in as values. The same [`Node`](node::Node) therefore runs in the simulator and on a real
//! runtime, and leaves the same [`Step`](step::Step)s to check.
//!
//! This crate must not reach the outside world. The compiler ensures it by `no_std` and
//! `forbid(unsafe_code)`.
//! What this crate must not do: reach the world. `no_std` and `forbid(unsafe_code)` hold it to that.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod id;
pub mod limits;
pub mod time;

pub mod dispatch;
pub mod event;
pub mod frame;
pub mod journal;
pub mod message_ids;
pub mod peer;
pub mod permission;
pub mod request;
pub mod state;

pub mod context;
pub mod fixed_map;
pub mod machine;
pub mod mutant;
mod sabotage;
pub mod timer;

pub mod client;
pub mod cluster;
pub mod credit;
pub mod directory;
pub mod guild;
pub mod node;
pub mod relay;
pub mod replay;
pub mod session;

pub mod census;
pub mod step;

#[cfg(feature = "testkit")]
pub mod testkit;
