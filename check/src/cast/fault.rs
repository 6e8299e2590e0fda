//! The faults of a plan, as far as a checker may know them: what each impairs, and for how long.
//!
//! A checker learns from the history when a fault begins and ends. It must not know what the fault
//! does.

use guildhall_core::id::{GuildId, NodeId, Port};
use guildhall_core::time::Span;

/// A fault of the plan. An unknown one impairs everything until it ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FaultPart {
    /// How it affects what it reaches.
    pub strain: Strain,
    /// What it reaches.
    pub reach: Reach,
    /// How long a message or a sync that it has delayed may outlast it.
    pub outlasts: Span,
    /// The client whose connection it may kill without the client's knowledge.
    pub silences: Option<Port>,
}

/// The effect of a fault on what it reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Strain {
    /// No effect. Planned stops have none either.
    None,
    /// An instantaneous change.
    Moment,
    /// An impairment until the fault ends.
    #[default]
    Lasting,
}

/// The part of the cluster that a fault impairs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Reach {
    /// Everything.
    #[default]
    Everything,
    /// A node.
    Node(NodeId),
    /// A guild and its journal.
    Guild(GuildId),
    /// The messages between two endpoints.
    Link(Endpoint, Endpoint),
    /// The line of a client. Requests may use it; hand-offs do not.
    Client(Port),
}

/// An endpoint of messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Endpoint {
    /// Every node.
    Nodes,
    /// A node.
    Node(NodeId),
    /// The journal of every guild.
    Journals,
    /// The journal of a guild.
    Journal(GuildId),
    /// The directory.
    Directory,
}
