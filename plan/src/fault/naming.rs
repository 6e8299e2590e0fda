//! How a fault refers to participants: by name or by index in the plan.

use std::fmt;
use std::hash::Hash;

/// A way to refer to participants.
pub trait Naming {
    /// A reference to a client.
    type Client: Clone + PartialEq + Eq + Hash + fmt::Debug;
    /// A reference to a node.
    type Node: Clone + PartialEq + Eq + Hash + fmt::Debug;
    /// A reference to a guild.
    type Guild: Clone + PartialEq + Eq + Hash + fmt::Debug;
}

/// References by name, as in written plans.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Names {}

/// References by index in the plan, as worlds use them.
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
