//! An instant cluster in memory, for tests and benchmarks: nodes, clients, journals and the
//! directory, without latency.
//!
//! Every message is delivered at once, in the order of sending, until none is under way. Time
//! passes only when the test says so ([`Cluster::pass`]). A link can hold its messages back
//! ([`Pipe`]), so that the test delivers them one by one. An observer sees every step.
//!
//! The cluster injects no faults of its own and judges nothing. It draws no random numbers: every
//! jitter is one half.

mod client;
mod connection;
mod fault;
mod founding;
mod network;
mod outputs;
mod service;
mod snapshot;

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::client::Client;
use crate::cluster::ClusterConfig;
use crate::directory::Directory;
use crate::id::{GuildId, NodeId, Port, UserId};
use crate::journal::Checkpoint;
use crate::journal::keeper::Keeper;
use crate::journal::memory::Memory;
use crate::limits::Limits;
use crate::mutant::Mutant;
use crate::node::{self, Node};
use crate::step::{Actor, Observed, Observer, WorldEvent};
use crate::time::Span;

pub use founding::{Founding, guild, session, token};
pub use network::{Flow, Mail, Network, Pipe};
pub use outputs::Outputs;
pub use service::serve;
pub use snapshot::chunks;

use network::{Message, NodeEnd};

/// The window of a connection whose buffers never fill.
pub const WIDE: u32 = 1 << 30;

/// Nodes, clients, journals and a directory, and the network between them.
#[derive(Clone, Debug)]
pub struct Cluster<W> {
    /// What the actors share: the clock, the links, the connections and the observer.
    pub network: Network<W>,
    /// The journal of each guild.
    pub journals: BTreeMap<GuildId, Keeper<Memory>>,
    /// The directory.
    pub directory: Directory,
    nodes: Vec<Host>,
    /// The clients with their users.
    clients: Vec<(UserId, Client)>,
    limits: Arc<Limits>,
    cluster: Arc<ClusterConfig>,
    mutant: Option<Mutant>,
    nonces: u64,
}

/// A node, and how it is.
#[derive(Clone, Debug)]
struct Host {
    id: NodeId,
    boot: u32,
    node: Node,
    life: Life,
}

/// Whether a node runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Life {
    /// It runs.
    Up,
    /// It has stopped as planned: the cluster sends it nothing, but the test may.
    Stopped,
    /// It has crashed: nothing reaches it.
    Crashed,
}

impl<W: Observer> Cluster<W> {
    /// A cluster whose nodes run. No node owns a guild yet.
    ///
    /// # Panics
    /// If the limits are not valid.
    #[must_use]
    pub fn new(founding: Founding, observer: W) -> Self {
        assert_eq!(founding.limits.validate(), Ok(()));
        let (limits, cluster) = (Arc::new(founding.limits.clone()), Arc::new(founding.cluster()));
        let mutant = founding.mutant;
        let directory = Directory::new(founding.named());
        let host = |&id: &NodeId| {
            let node = Node::new((id, 1), limits.clone(), cluster.clone(), mutant);
            Host { id, boot: 1, node, life: Life::Up }
        };
        let nodes = cluster.nodes.iter().map(host).collect();
        let journal = |state: crate::state::State| {
            (state.guild, Keeper::new(Memory::new(Checkpoint::founding(state)), None))
        };
        Self {
            network: Network::new(founding.start, observer),
            journals: founding.guilds.into_iter().map(journal).collect(),
            directory,
            nodes,
            clients: Vec::new(),
            limits,
            cluster,
            mutant,
            nonces: 0,
        }
    }

    /// The configuration that all nodes share.
    #[must_use]
    pub const fn cluster(&self) -> &Arc<ClusterConfig> {
        &self.cluster
    }

    /// A node, to look at or to call without the network.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn node(&mut self, id: NodeId) -> &mut Node {
        &mut self.host(id).expect("the node exists").node
    }

    fn is_up(&self, id: NodeId) -> bool {
        self.nodes.iter().any(|host| host.id == id && host.life == Life::Up)
    }

    fn host(&mut self, id: NodeId) -> Option<&mut Host> {
        self.nodes.iter_mut().find(|host| host.id == id)
    }

    /// Makes a node the owner of a guild.
    pub fn own(&mut self, node: NodeId, guild: GuildId) {
        self.tell(node, node::Input::Own(guild));
    }

    /// Hands an input to a node, and delivers all that follows from it.
    pub fn tell(&mut self, node: NodeId, input: node::Input) {
        self.step(node, Some(input));
        self.settle();
    }

    /// Hands an input to a node, or its deadlines where there is none. What it sends is under way
    /// until the cluster settles.
    pub fn step(&mut self, node: NodeId, input: Option<node::Input>) {
        let is_alive = |host: &&mut Host| host.id == node && host.life != Life::Crashed;
        let Some(host) = self.nodes.iter_mut().find(is_alive) else { return };
        let head = self.network.begin(Actor::Node(node));
        let mut out = NodeEnd::new(&mut self.network, head, (node, host.boot));
        if let Some(input) = input {
            out.network.observer.observe(&head, Observed::NodeInput(&input));
            host.node.handle(head.now, input, &mut out);
        } else {
            out.network.observer.observe(&head, Observed::Timeout);
            host.node.handle_timeout(head.now, &mut out);
        }
        if out.has_stopped {
            host.life = Life::Stopped;
        }
        self.network.observer.observe(&head, Observed::StepEnded);
    }

    /// Delivers what is under way, until nothing is.
    pub fn settle(&mut self) {
        while let Some(message) = self.network.next() {
            match message {
                Message::Node(to, input) => {
                    if self.is_up(to) {
                        self.step(to, Some(input));
                    }
                }
                Message::Client(to, input) => self.step_client(to, Some(input)),
                Message::Journal(guild, from, command) => self.command(guild, from, command),
                Message::Directory(input) => self.direct(input),
            }
        }
    }

    /// Delivers the messages between nodes that were held back, and all that follows from them.
    pub fn release_peers(&mut self) {
        for Mail { from, to, message } in core::mem::take(&mut self.network.peers.held) {
            self.network.send(Message::Node(to, node::Input::Peer { from, message }));
        }
        self.settle();
    }

    /// Delivers the commands that were held back, and all that follows from them.
    pub fn release_commands(&mut self) {
        for (guild, from, command) in core::mem::take(&mut self.network.commands.held) {
            self.network.send(Message::Journal(guild, from, command));
        }
        self.settle();
    }

    /// Delivers the notices that were held back, and all that follows from them.
    pub fn release_notices(&mut self) {
        for output in core::mem::take(&mut self.network.notices.held) {
            self.network.send(Message::Node(output.to, node::Input::Directory(output.notice)));
        }
        self.settle();
    }

    /// Lets time pass, deadline by deadline.
    pub fn pass(&mut self, span: Span) {
        let end = self.network.now + span;
        loop {
            let running = self.nodes.iter().filter(|host| host.life == Life::Up);
            let nodes = running.filter_map(|host| host.node.poll_timeout());
            let clients = self.clients.iter().filter_map(|(_, client)| client.poll_timeout());
            let Some(next) = nodes.chain(clients).min().filter(|next| *next <= end) else { break };
            let now = self.network.now.max(next);
            self.network.now = now;
            for at in 0..self.nodes.len() {
                let host = &self.nodes[at];
                if host.life == Life::Up && host.node.poll_timeout().is_some_and(|due| due <= now) {
                    self.step(host.id, None);
                }
            }
            for at in 0..self.clients.len() {
                if self.clients[at].1.poll_timeout().is_some_and(|due| due <= now) {
                    self.step_client(at, None);
                }
            }
            self.settle();
        }
        self.network.now = end;
    }

    /// Reports an event of the world to the observer.
    pub fn report(&mut self, event: &WorldEvent) {
        let head = self.network.begin(Actor::World);
        self.network.observer.observe(&head, Observed::World(event));
        self.network.observer.observe(&head, Observed::StepEnded);
    }

    /// Takes a census of every node that runs, and of all clients, journals and the directory.
    pub fn census(&mut self) {
        let running = self.nodes.iter().filter(|host| host.life == Life::Up);
        let nodes = running.map(|host| (Actor::Node(host.id), host.node.census()));
        let clients = (0..).zip(&self.clients);
        let clients = clients.map(|(port, (_, it))| (Actor::Client(Port(port)), it.census()));
        let journals = self.journals.iter();
        let journals = journals.map(|(guild, keeper)| (Actor::Journal(*guild), keeper.census()));
        let directory = (Actor::Directory, self.directory.census());
        for (actor, census) in nodes.chain(clients).chain(journals).chain([directory]) {
            let head = self.network.begin(actor);
            self.network.observer.observe(&head, Observed::Census(&census));
            self.network.observer.observe(&head, Observed::StepEnded);
        }
    }
}
