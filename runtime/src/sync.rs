//! What threads share things with. The model checker reads the same modules with its own primitives
//! in place of these (`tests/loom.rs`).

pub(crate) use std::sync::{Arc, Mutex, PoisonError};

/// A bug that a test plants to see it found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(dead_code, reason = "only the model checker's copy of this module plants one")]
pub(crate) enum Planted {
    /// An inbox looks whether anything waits, and only later says whom to wake.
    WakerLate,
    /// An inbox wakes its reader before it puts anything in.
    WakesFirst,
}

/// The bug that is planted: none.
pub(crate) const PLANTED: Option<Planted> = None;
