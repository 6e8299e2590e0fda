//! The record of a run: one [`Step`] for each input that a machine handled.
//!
//! A step contains the machine's own input and output types. A run at full speed builds no steps:
//! it reports each input and output to an [`Observer`] as it happens. [`Step::tell`] replays a
//! recorded step to an observer. Observers must not act.

mod observer;
mod recorder;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::census::Census;
use crate::event::Record;
use crate::id::{GuildId, NodeId, Port};
use crate::journal::{Command, Reply};
use crate::time::{Instant, Now};
use crate::{client, directory, node};

pub use observer::{Observed, Observer};
pub use recorder::{Recorder, StepBuilder, StepSink};

/// The actor that takes a step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Actor {
    /// The world itself: a fault begins or ends, or everything is healed.
    World,
    /// A node.
    Node(NodeId),
    /// A client, by its port, which is also where replies to it go.
    Client(Port),
    /// The journal of a guild. Its steps are in the order in which they happened.
    Journal(GuildId),
    /// The directory.
    Directory,
}

/// The number, cause, time and actor of a step.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Head {
    /// The number in the history, from 1.
    pub step: u64,
    /// The step that caused this one. 0 if the plan itself is the cause.
    pub cause: u64,
    /// The time of the world. Real worlds have no time that is comparable across machines, so no
    /// safety clause reads it.
    pub at: Instant,
    /// The actor's own clocks.
    pub now: Now,
    /// The actor that took the step.
    pub actor: Actor,
}

/// An input and its outputs.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Step {
    /// The number, cause, time and actor.
    #[serde(flatten)]
    pub head: Head,
    /// The input.
    pub input: Input,
    /// The outputs, in order.
    pub outputs: Vec<Output>,
}

/// An input of an actor.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// An input of a node.
    Node(node::Input),
    /// An input of a client.
    Client(client::Input),
    /// An event of a journal.
    Journal(JournalEvent),
    /// An input of the directory.
    Directory(directory::Input),
    /// A deadline expired.
    Timeout,
    /// Everything that the actor keeps was counted.
    Census(Census),
    /// An event of the world.
    World(WorldEvent),
}

/// An output of an actor.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Output {
    /// An output of a node.
    Node(node::Output),
    /// An output of a client.
    Client(client::Output),
    /// A reply of a journal to this node.
    Journal(NodeId, Reply),
    /// An output of the directory.
    Directory(directory::Output),
}

/// An event of a journal.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum JournalEvent {
    /// A node sends a command.
    Asked {
        /// The node.
        from: NodeId,
        /// The command.
        command: Command,
    },
    /// All records up to here are durable, even if no node knows yet: this is the moment of the
    /// commit. `records` were not durable before.
    Synced {
        /// The records, ascending.
        records: Vec<Arc<Record>>,
    },
    /// The journal crashed and lost unsynced records, whole or torn.
    Lost {
        /// The number of records lost.
        records: u64,
    },
}

/// An event of the world itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum WorldEvent {
    /// A fault of the plan begins.
    FaultBegan {
        /// The index in the plan.
        index: u32,
        /// A description of the fault.
        what: String,
    },
    /// A fault of the plan ends.
    FaultEnded {
        /// The index in the plan.
        index: u32,
        /// A description of the fault.
        what: String,
    },
    /// All faults have ended, and none will begin (CONTRACT, F5).
    Healed,
    /// Nothing is pending and nothing is owed.
    Settled,
    /// A node has crashed and lost its memory and its connections.
    Crashed(NodeId),
    /// A node has started, with empty memory.
    Started(NodeId),
    /// A client's process is suspended.
    Suspended(Port),
    /// A suspended client wakes: its timers expire late.
    Woke(Port),
}

/// Hashes the index of a fault and not its description, so that rewording changes no digest.
impl Hash for WorldEvent {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (tag, of) = match self {
            Self::FaultBegan { index, .. } => (0_u32, *index),
            Self::FaultEnded { index, .. } => (1, *index),
            Self::Healed => (2, 0),
            Self::Settled => (3, 0),
            Self::Crashed(node) => (4, u32::from(node.0)),
            Self::Started(node) => (5, u32::from(node.0)),
            Self::Suspended(client) => (6, client.0),
            Self::Woke(client) => (7, client.0),
        };
        (tag, of).hash(state);
    }
}

impl Step {
    /// Replays this step to `observer`, with the same calls as when it was recorded.
    pub fn tell(&self, observer: &mut impl Observer) {
        let head = &self.head;
        match &self.input {
            Input::Node(input) => observer.observe(head, Observed::NodeInput(input)),
            Input::Client(client::Input::Dispatch { connection, s, dispatch }) => {
                observer.delivered(head, *connection, *s, dispatch);
            }
            Input::Client(input) => observer.observe(head, Observed::ClientInput(input)),
            Input::Journal(event) => {
                if let Actor::Journal(guild) = head.actor {
                    observer.observe(head, Observed::JournalEvent { guild, event });
                }
            }
            Input::Directory(input) => observer.observe(head, Observed::DirectoryInput(input)),
            Input::Timeout => observer.observe(head, Observed::Timeout),
            Input::Census(census) => observer.observe(head, Observed::Census(census)),
            Input::World(event) => observer.observe(head, Observed::World(event)),
        }
        self.outputs.iter().for_each(|output| tell_output(head, output, observer));
        observer.observe(head, Observed::StepEnded);
    }
}

fn tell_output(head: &Head, output: &Output, observer: &mut impl Observer) {
    match output {
        Output::Node(node::Output::Dispatch { connection, s, dispatch }) => {
            observer.dispatched(head, *connection, *s, dispatch);
        }
        Output::Node(output) => observer.observe(head, Observed::NodeOutput(output)),
        Output::Client(output) => observer.observe(head, Observed::ClientOutput(output)),
        Output::Journal(to, reply) => {
            if let Actor::Journal(guild) = head.actor {
                observer.observe(head, Observed::JournalReply { guild, to: *to, reply });
            }
        }
        Output::Directory(output) => observer.observe(head, Observed::DirectoryOutput(output)),
    }
}
