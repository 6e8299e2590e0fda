//! The pure state machines of Guildhall: guild, relay, session, node and client.
//!
//! A machine takes one input at a time and writes its outputs into a [`Sink`](machine::Sink). It
//! has no clock, no I/O, no randomness and no hash order: time is an argument, and unguessable ids
//! come in as values. The same [`Node`](node::Node) therefore runs in the simulator and on a real
//! runtime, and leaves the same [`Step`](step::Step)s to check.
//!
//! This crate must not reach the outside world. The compiler ensures it by `no_std` and
//! `forbid(unsafe_code)`.
//!
//! # The duties of a driver
//!
//! A driver gives a machine its inputs and the time, and does what the outputs say. It provides the clock,
//! the sockets, the journals, and fresh values that cannot be guessed: connections that were never used
//! before, session ids, jitter.
//!
//! - It calls `handle` for every input that has arrived before it calls `handle_timeout`. Otherwise a pause
//!   of the process would make a timely heartbeat late (CONTRACT, L1).
//! - It calls `handle_timeout` at the instant that `poll_timeout` returns, or at an earlier input's.
//!   A call that is too early does nothing.
//! - It does what the sink was given, in that order. Here the sink is a `Vec`; a driver that must be fast
//!   implements [`Outbox`](node::Outbox) and takes dispatches by reference.
//!
//! ```
//! use std::collections::VecDeque;
//! use std::sync::Arc;
//!
//! use guildhall_core::cluster::ClusterConfig;
//! use guildhall_core::frame::ServerFrame;
//! use guildhall_core::id::{Connection, NodeId};
//! use guildhall_core::limits::Limits;
//! use guildhall_core::node::{Input, Node, Output};
//! use guildhall_core::time::{Instant, Now};
//!
//! let cluster = ClusterConfig { nodes: vec![NodeId(0)], ..ClusterConfig::default() };
//! let mut node = Node::new((NodeId(0), 1), Arc::new(Limits::default()), Arc::new(cluster), None);
//!
//! // A client connects, and then says nothing.
//! let connection = Connection { slot: 0, generation: 1 };
//! let mut arrived = VecDeque::from([Input::Accepted { connection, window: 65_536 }]);
//! let (mut clock, mut out, mut written) = (Instant::ZERO, Vec::new(), Vec::new());
//! loop {
//!     while let Some(input) = arrived.pop_front() {
//!         node.handle(Now::from(clock), input, &mut out);
//!     }
//!     if node.poll_timeout().is_some_and(|due| due <= clock) {
//!         node.handle_timeout(Now::from(clock), &mut out);
//!     }
//!     for output in out.drain(..) {
//!         match output {
//!             Output::Frame { .. } | Output::Close { .. } => written.push(output),
//!             // The rest goes to journals, to the directory and to other nodes.
//!             _ => {}
//!         }
//!     }
//!     if written.iter().any(|output| matches!(output, Output::Close { .. })) {
//!         break;
//!     }
//!     // Sleeps until the next deadline. A real driver wakes for an input, too.
//!     clock = node.poll_timeout().expect("a connection that has not identified has a deadline");
//! }
//! assert!(matches!(written[0], Output::Frame { frame: ServerFrame::Hello { .. }, .. }));
//! assert!(matches!(written[1], Output::Close { .. }), "it did not identify in time");
//! ```

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
