//! How a fault refers to participants: by the names of its plan, or by their places in it.

use std::fmt;
use std::hash::Hash;

/// A way to refer to participants.
pub trait Naming {
    /// Refers to a client.
    type Client: Clone + PartialEq + Eq + Hash + fmt::Debug;
    /// Refers to a node.
    type Node: Clone + PartialEq + Eq + Hash + fmt::Debug;
    /// Refers to a guild.
    type Guild: Clone + PartialEq + Eq + Hash + fmt::Debug;
}

/// By name, as plans are written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Names {}

/// By place in the plan, as worlds refer to them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Places {}

impl Naming for Names {
    type Client = String;
    type Node = String;
    type Guild = String;
}

impl Naming for Places {
    type Client = u32;
    type Node = u16;
    type Guild = u32;
}
