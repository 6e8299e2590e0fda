//! The async shell: it carries what the machines of `guildhall-core` say over sockets and between
//! nodes, in real time or under a simulated executor.
//!
//! What it must not do: decide anything that a machine decides.

#![forbid(unsafe_code)]

pub mod wire;
