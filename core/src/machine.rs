//! What all machines share: inputs come in, outputs go into a sink, and time is an argument.
//!
//! Each machine has three methods: `handle(now, input, out)`, `handle_timeout(now, out)` and
//! `poll_timeout()`. They are a convention rather than a trait, because a node takes a sink with a
//! separate path for dispatches ([`Outbox`](crate::node::Outbox)).
//!
//! A driver has two duties. It hands in every input that has arrived before it calls
//! `handle_timeout`, so that a pause never makes a timely heartbeat late (CONTRACT, L1). It calls
//! `handle_timeout` at the instant that `poll_timeout` returns; an earlier call is harmless, a
//! later one delays what is due.

use alloc::vec::Vec;

/// Takes the outputs of a machine. A `Vec` collects them; a world acts on each at once.
pub trait Sink<O> {
    /// Takes one output.
    fn emit(&mut self, output: O);
}

impl<O> Sink<O> for Vec<O> {
    fn emit(&mut self, output: O) {
        self.push(output);
    }
}
