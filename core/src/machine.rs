//! What all machines have in common: inputs in, outputs into a sink, time as an argument.
//!
//! Each machine has the same three verbs: `handle(now, input, out)`, `handle_timeout(now, out)` and
//! `poll_timeout()`. They are a convention rather than a trait, because a node takes a sink with a
//! fast lane of its own ([`Outbox`](crate::node::Outbox)).
//!
//! A driver owes a machine two things. It hands in every input that has already arrived before it
//! calls `handle_timeout`, so that a pause never makes a timely heartbeat late (L1). And it calls
//! that when `poll_timeout` says; earlier is harmless, later delays what is due.

use alloc::vec::Vec;

/// Takes outputs as they come. A `Vec` collects them; a world acts on each at once.
pub trait Sink<O> {
    /// Takes one.
    fn emit(&mut self, output: O);
}

impl<O> Sink<O> for Vec<O> {
    fn emit(&mut self, output: O) {
        self.push(output);
    }
}
