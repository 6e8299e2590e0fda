//! The async shell: it carries what the machines of `guildhall-core` say over sockets and between
//! nodes, in real time or under a simulated executor.
//!
//! It is generic over a small [`Rt`](rt::Rt), so that the same code runs on tokio and on madsim.
//! What it must not do: decide anything that a machine decides, or leave anything to chance: every
//! `select!` is biased, for an order that is drawn could not be had again.

// A real world has clocks and threads; what is asked of them goes through `Rt`.
#![forbid(unsafe_code)]

pub mod bus;
pub mod carrier;
pub mod client;
pub mod directory;
pub mod driver;
pub mod inbox;
pub mod journal;
pub mod local;
pub mod rt;
pub mod sockets;
mod sync;
pub mod tokio;
pub mod watch;
pub mod wire;
