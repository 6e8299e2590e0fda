//! The two sides of a TCP connection.

use std::ops::{Index, IndexMut};

/// A side of a connection. Its direction is the one that it writes to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Side {
    /// The side that connected.
    Initiator,
    /// The side that was connected to.
    Responder,
}

impl Side {
    pub(super) const BOTH: [Self; 2] = [Self::Initiator, Self::Responder];

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
}

/// One value per side.
pub(super) struct PerSide<T>([T; 2]);

impl<T> PerSide<T> {
    pub(super) const fn new(initiator: T, responder: T) -> Self {
        Self([initiator, responder])
    }
}

impl<T> Index<Side> for PerSide<T> {
    type Output = T;
    fn index(&self, side: Side) -> &T {
        &self.0[side as usize]
    }
}

impl<T> IndexMut<Side> for PerSide<T> {
    fn index_mut(&mut self, side: Side) -> &mut T {
        &mut self.0[side as usize]
    }
}
