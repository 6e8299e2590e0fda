//! What a world leaves to be judged: one [`Step`] for each input that a machine handled.
//!
//! A step is the machine's own input and outputs; there is no second vocabulary. A run at full speed
//! builds no steps: it reports each input and output to an [`Observer`] as it happens, and
//! [`Step::tell`] reports a recorded step again. Observers must not act.

mod observer;
mod recorder;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::event::Record;
use crate::id::{GuildId, NodeId, Port};
use crate::journal::{Command, Reply};
use crate::time::{Instant, Now};
use crate::{client, directory, node};

pub use observer::{Observed, Observer};
pub use recorder::{Recorder, StepBuilder, StepSink};

/// Who took a step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Actor {
    /// The world itself: a fault begins or ends, all is healed.
    World,
    /// A node.
    Node(NodeId),
    /// A client; its port is also where its answers go.
    Client(Port),
    /// The journal of a guild. Its steps are in the order in which it did things.
    Journal(GuildId),
    /// The directory.
    Directory,
}

/// When a step was taken, by whom, and because of which other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Head {
    /// Its number in the history, from 1.
    pub step: u64,
    /// The step that led to this one; 0 where it is the plan itself.
    pub cause: u64,
    /// The time of the world that wrote it. Real worlds have no such time that could be compared
    /// across machines, so no safety clause reads it.
    pub at: Instant,
    /// The actor's own clocks.
    pub now: Now,
    /// Who took it.
    pub actor: Actor,
}

/// One input and all that came of it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Step {
    /// When, by whom and why.
    #[serde(flatten)]
    pub head: Head,
    /// What happened.
    pub input: Input,
    /// What the machine asked for, in order.
    pub outputs: Vec<Output>,
}

/// What happened to an actor.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// To a node.
    Node(node::Input),
    /// To a client.
    Client(client::Input),
    /// To a journal.
    Journal(JournalEvent),
    /// To the directory.
    Directory(directory::Input),
    /// A deadline came.
    Timeout,
    /// To the world.
    World(WorldEvent),
}

/// What an actor asked for.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Output {
    /// A node.
    Node(node::Output),
    /// A client.
    Client(client::Output),
    /// A journal: to which node it says what.
    Journal(NodeId, Reply),
    /// The directory.
    Directory(directory::Output),
}

/// What happens to a journal.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum JournalEvent {
    /// Somebody asks for something.
    Asked {
        /// The node.
        from: NodeId,
        /// What.
        command: Command,
    },
    /// Everything up to here is on disk for good, whoever learns of it: this is the moment of the
    /// commit. The records are those that were not durable before.
    Synced {
        /// The records, ascending.
        records: Vec<Arc<Record>>,
    },
    /// What was not synced is lost, whole or torn: whoever keeps the journal has crashed.
    Lost {
        /// How many records.
        records: u64,
    },
}

/// What happens to the world itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum WorldEvent {
    /// A fault of the plan begins.
    FaultBegan {
        /// Its place in the plan.
        index: u32,
        /// What it is, in words.
        what: String,
    },
    /// A fault of the plan ends.
    FaultEnded {
        /// Its place in the plan.
        index: u32,
        /// What it was, in words.
        what: String,
    },
    /// All faults are over, and none will come (CONTRACT, F5).
    Healed,
    /// Nothing is pending and nothing is owed.
    Settled,
    /// A node has crashed: its memory is gone, and so are its connections.
    Crashed(NodeId),
    /// A node runs again, with nothing in its memory.
    Started(NodeId),
}

/// A digest holds the place of a fault, not its words: a text that is put better changes no run.
impl Hash for WorldEvent {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (tag, of) = match self {
            Self::FaultBegan { index, .. } => (0_u32, *index),
            Self::FaultEnded { index, .. } => (1, *index),
            Self::Healed => (2, 0),
            Self::Settled => (3, 0),
            Self::Crashed(node) => (4, u32::from(node.0)),
            Self::Started(node) => (5, u32::from(node.0)),
        };
        (tag, of).hash(state);
    }
}

impl Step {
    /// Reports this step to `observer`, as the world did that wrote it.
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
