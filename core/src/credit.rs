//! Write credit of a connection: all that the core knows of flow control.
//!
//! The driver reports how many bytes a connection's buffers hold, and returns credit as they drain.
//! The core writes a dispatch whole while the credit is positive. It always writes an answer, and
//! charges for it. The balance may therefore become negative.

use crate::limits::Limits;

/// The credit of one connection, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Credit {
    balance: i64,
    /// Bytes of answers written without credit since the credit was last positive, less what has
    /// drained since: a peer that reads slowly is no peer that does not read.
    debt: u32,
}

impl Credit {
    /// Creates the credit of a new connection whose buffers hold `window` bytes.
    #[must_use]
    pub fn new(window: u32) -> Self {
        Self { balance: i64::from(window), debt: 0 }
    }

    /// Returns `true` if a dispatch may be written.
    #[must_use]
    pub const fn is_open(self) -> bool {
        self.balance > 0
    }

    /// Records that a dispatch of `bytes` bytes was written.
    pub fn spend(&mut self, bytes: u32) {
        self.balance -= i64::from(bytes);
    }

    /// Records that `bytes` bytes have drained.
    pub fn refill(&mut self, bytes: u32) {
        self.balance += i64::from(bytes);
        self.debt = if self.is_open() { 0 } else { self.debt.saturating_sub(bytes) };
    }

    /// Records that an answer of `bytes` bytes was written, with or without credit. Returns `false`
    /// if the connection must be closed: a peer that asks and never reads must not fill the memory
    /// with answers (CONTRACT, B1).
    #[must_use]
    pub fn charge(&mut self, bytes: u32, limits: &Limits) -> bool {
        if !self.is_open() {
            self.debt += bytes;
        }
        self.spend(bytes);
        self.debt <= limits.control_unsent_bytes
    }
}
