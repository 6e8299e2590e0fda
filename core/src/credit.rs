//! How much a connection still takes: the core's whole view of flow control.
//!
//! The driver says how many bytes a connection's buffers hold and gives them back as they drain.
//! A dispatch is written whole as long as there is any credit; an answer is written always, and
//! counted. The balance may therefore go below zero.

use crate::limits::Limits;

/// The credit of one connection, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Credit {
    balance: i64,
    /// Answers that were written without credit since there last was any.
    debt: u32,
}

impl Credit {
    /// A fresh connection whose buffers hold `window` bytes.
    #[must_use]
    pub fn new(window: u32) -> Self {
        Self { balance: i64::from(window), debt: 0 }
    }

    /// Whether a frame may be written.
    #[must_use]
    pub const fn is_open(self) -> bool {
        self.balance > 0
    }

    /// A dispatch of `bytes` was written.
    pub fn spend(&mut self, bytes: u32) {
        self.balance -= i64::from(bytes);
    }

    /// `bytes` have drained.
    pub fn refill(&mut self, bytes: u32) {
        self.balance += i64::from(bytes);
        if self.is_open() {
            self.debt = 0;
        }
    }

    /// An answer of `bytes` goes out whether or not there is room. Says whether that is still
    /// reasonable: a peer that asks and never reads is cut before its answers fill the memory (B1).
    #[must_use]
    pub fn charge(&mut self, bytes: u32, limits: &Limits) -> bool {
        if !self.is_open() {
            self.debt += bytes;
        }
        self.spend(bytes);
        self.debt <= limits.control_unsent_bytes
    }
}
