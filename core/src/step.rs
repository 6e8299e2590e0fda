//! What a world leaves to be judged: one [`Step`] for each input that a machine handled.
//!
//! A step is the machine's own input and outputs; there is no second vocabulary. A world at full
//! speed materialises none: it tells a [`Witness`] of each input and output as it happens, and a
//! recorded step tells its story again by [`Step::tell`]. Whoever listens must not act.

mod recorder;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::dispatch::Dispatch;
use crate::event::Record;
use crate::id::{Connection, GuildId, NodeId, Port, Seq};
use crate::journal::{Command, Reply};
use crate::time::{Instant, Now};
use crate::{client, directory, node};

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

/// Listens to a history, step by step. All methods do nothing unless a listener says otherwise.
#[allow(unused_variables, reason = "the names are the documentation")]
pub trait Witness {
    /// Something happens to a node.
    fn node_input(&mut self, head: &Head, input: &node::Input) {}
    /// A node asks for something other than to write a dispatch.
    fn node_output(&mut self, head: &Head, output: &node::Output) {}
    /// A node writes a dispatch. The hot path.
    fn dispatched(&mut self, head: &Head, to: Connection, s: Seq, what: &Arc<Dispatch>) {}
    /// Something other than a dispatch happens to a client.
    fn client_input(&mut self, head: &Head, input: &client::Input) {}
    /// A dispatch reaches a client. The hot path.
    fn delivered(&mut self, head: &Head, on: Connection, s: Seq, what: &Arc<Dispatch>) {}
    /// A client asks for something.
    fn client_output(&mut self, head: &Head, output: &client::Output) {}
    /// Something happens to a guild's journal.
    fn journal_event(&mut self, head: &Head, guild: GuildId, event: &JournalEvent) {}
    /// A guild's journal says something to a node.
    fn journal_says(&mut self, head: &Head, guild: GuildId, to: NodeId, reply: &Reply) {}
    /// Something reaches the directory.
    fn directory_input(&mut self, head: &Head, input: &directory::Input) {}
    /// The directory says something.
    fn directory_output(&mut self, head: &Head, output: &directory::Output) {}
    /// A deadline of a machine comes.
    fn timeout(&mut self, head: &Head) {}
    /// Something happens to the world.
    fn world(&mut self, head: &Head, event: &WorldEvent) {}
    /// The step is over.
    fn stepped(&mut self, head: &Head) {}
}

impl Step {
    /// Tells `witness` what happened in this step, as the world did that wrote it.
    pub fn tell(&self, witness: &mut impl Witness) {
        let head = &self.head;
        match &self.input {
            Input::Node(input) => witness.node_input(head, input),
            Input::Client(client::Input::Dispatch { connection, s, dispatch }) => {
                witness.delivered(head, *connection, *s, dispatch);
            }
            Input::Client(input) => witness.client_input(head, input),
            Input::Journal(event) => {
                if let Actor::Journal(guild) = head.actor {
                    witness.journal_event(head, guild, event);
                }
            }
            Input::Directory(input) => witness.directory_input(head, input),
            Input::Timeout => witness.timeout(head),
            Input::World(event) => witness.world(head, event),
        }
        for output in &self.outputs {
            match output {
                Output::Node(node::Output::Dispatch { connection, s, dispatch }) => {
                    witness.dispatched(head, *connection, *s, dispatch);
                }
                Output::Node(output) => witness.node_output(head, output),
                Output::Client(output) => witness.client_output(head, output),
                Output::Journal(to, reply) => {
                    if let Actor::Journal(guild) = head.actor {
                        witness.journal_says(head, guild, *to, reply);
                    }
                }
                Output::Directory(output) => witness.directory_output(head, output),
            }
        }
        witness.stepped(head);
    }
}

/// Two listeners, the first one first.
impl<A: Witness, B: Witness> Witness for (A, B) {
    fn node_input(&mut self, head: &Head, input: &node::Input) {
        self.0.node_input(head, input);
        self.1.node_input(head, input);
    }
    fn node_output(&mut self, head: &Head, output: &node::Output) {
        self.0.node_output(head, output);
        self.1.node_output(head, output);
    }
    fn dispatched(&mut self, head: &Head, to: Connection, s: Seq, what: &Arc<Dispatch>) {
        self.0.dispatched(head, to, s, what);
        self.1.dispatched(head, to, s, what);
    }
    fn client_input(&mut self, head: &Head, input: &client::Input) {
        self.0.client_input(head, input);
        self.1.client_input(head, input);
    }
    fn delivered(&mut self, head: &Head, on: Connection, s: Seq, what: &Arc<Dispatch>) {
        self.0.delivered(head, on, s, what);
        self.1.delivered(head, on, s, what);
    }
    fn client_output(&mut self, head: &Head, output: &client::Output) {
        self.0.client_output(head, output);
        self.1.client_output(head, output);
    }
    fn journal_event(&mut self, head: &Head, guild: GuildId, event: &JournalEvent) {
        self.0.journal_event(head, guild, event);
        self.1.journal_event(head, guild, event);
    }
    fn journal_says(&mut self, head: &Head, guild: GuildId, to: NodeId, reply: &Reply) {
        self.0.journal_says(head, guild, to, reply);
        self.1.journal_says(head, guild, to, reply);
    }
    fn directory_input(&mut self, head: &Head, input: &directory::Input) {
        self.0.directory_input(head, input);
        self.1.directory_input(head, input);
    }
    fn directory_output(&mut self, head: &Head, output: &directory::Output) {
        self.0.directory_output(head, output);
        self.1.directory_output(head, output);
    }
    fn timeout(&mut self, head: &Head) {
        self.0.timeout(head);
        self.1.timeout(head);
    }
    fn world(&mut self, head: &Head, event: &WorldEvent) {
        self.0.world(head, event);
        self.1.world(head, event);
    }
    fn stepped(&mut self, head: &Head) {
        self.0.stepped(head);
        self.1.stepped(head);
    }
}

/// Nobody listens.
impl Witness for () {}

/// Whoever holds a listener can lend it.
impl<W: Witness> Witness for &mut W {
    fn node_input(&mut self, head: &Head, input: &node::Input) {
        (**self).node_input(head, input);
    }
    fn node_output(&mut self, head: &Head, output: &node::Output) {
        (**self).node_output(head, output);
    }
    fn dispatched(&mut self, head: &Head, to: Connection, s: Seq, what: &Arc<Dispatch>) {
        (**self).dispatched(head, to, s, what);
    }
    fn client_input(&mut self, head: &Head, input: &client::Input) {
        (**self).client_input(head, input);
    }
    fn delivered(&mut self, head: &Head, on: Connection, s: Seq, what: &Arc<Dispatch>) {
        (**self).delivered(head, on, s, what);
    }
    fn client_output(&mut self, head: &Head, output: &client::Output) {
        (**self).client_output(head, output);
    }
    fn journal_event(&mut self, head: &Head, guild: GuildId, event: &JournalEvent) {
        (**self).journal_event(head, guild, event);
    }
    fn journal_says(&mut self, head: &Head, guild: GuildId, to: NodeId, reply: &Reply) {
        (**self).journal_says(head, guild, to, reply);
    }
    fn directory_input(&mut self, head: &Head, input: &directory::Input) {
        (**self).directory_input(head, input);
    }
    fn directory_output(&mut self, head: &Head, output: &directory::Output) {
        (**self).directory_output(head, output);
    }
    fn timeout(&mut self, head: &Head) {
        (**self).timeout(head);
    }
    fn world(&mut self, head: &Head, event: &WorldEvent) {
        (**self).world(head, event);
    }
    fn stepped(&mut self, head: &Head) {
        (**self).stepped(head);
    }
}
