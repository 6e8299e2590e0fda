//! The synchronisation primitives that threads of this crate share state with.
//!
//! `tests/loom.rs` compiles the modules that import from here against loom's primitives instead. A
//! module that loom checks must take every shared primitive from here and none from `std`.

pub(crate) use std::sync::{Arc, Mutex, PoisonError};

/// A bug that `tests/loom.rs` plants into its copy of a module, to show that loom finds it.
#[cfg(test)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(dead_code, reason = "only the copies in `tests/loom.rs` plant a bug")]
pub(crate) enum Planted {
    /// The receiver finds the inbox empty, and registers its waker only after releasing the lock.
    LateWaker,
    /// The sender wakes the receiver before it adds the item.
    WakeBeforePush,
}

/// The bug planted into this crate: none.
#[cfg(test)]
pub(crate) const PLANTED: Option<Planted> = None;
