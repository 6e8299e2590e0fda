//! The async shell around the state machines of `guildhall-core`. It reads and writes sockets,
//! carries messages between nodes, and drives each machine from one task.
//!
//! All I/O goes through the small trait [`Rt`](rt::Rt), so the same code runs on tokio and on
//! madsim. The crate must not decide anything that a machine decides, and must not use randomness:
//! every `select!` is biased, because a randomly chosen branch could not be reproduced from a seed.

#![forbid(unsafe_code)]

pub mod bus;
pub mod client;
pub mod directory;
pub mod inbox;
pub mod journal;
pub mod local;
pub mod node;
pub mod rt;
pub mod sockets;
mod sync;
pub mod tokio;
pub mod tracer;
pub mod transport;
pub mod wire;
