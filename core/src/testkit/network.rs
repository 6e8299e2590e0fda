//! The network of a cluster: the messages under way, the links that hold some back, and the
//! connections.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::client::{self, Jitter};
use crate::directory;
use crate::dispatch::Dispatch;
use crate::frame::CloseCode;
use crate::id::{Connection, GuildId, NodeId, Seq};
use crate::journal::Command;
use crate::machine::Sink;
use crate::node::{self, Outbox};
use crate::peer::PeerMessage;
use crate::step::{Actor, Head, Observed, Observer};
use crate::time::{Instant, Now};

/// Every jitter is one half.
pub(super) const JITTER: Jitter = Jitter(1 << 15);

/// What a link does with its messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Flow {
    /// They are delivered.
    #[default]
    Open,
    /// They are held back, for the test to take.
    Held,
    /// They are lost.
    Lost,
}

/// A link that can be held.
#[derive(Clone, Debug)]
pub struct Pipe<T> {
    /// What it does with the messages sent from now on.
    pub flow: Flow,
    /// Those that it holds back, oldest first.
    pub held: VecDeque<T>,
}

impl<T> Pipe<T> {
    const fn new() -> Self {
        Self { flow: Flow::Open, held: VecDeque::new() }
    }

    /// Returns the message if it is to be delivered.
    pub(super) fn pass(&mut self, message: T) -> Option<T> {
        match self.flow {
            Flow::Open => return Some(message),
            Flow::Held => self.held.push_back(message),
            Flow::Lost => {}
        }
        None
    }
}

/// A message from one node to another, or to itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mail {
    /// The sender.
    pub from: NodeId,
    /// The recipient.
    pub to: NodeId,
    /// The message.
    pub message: PeerMessage,
}

/// A message under way, by its recipient.
#[derive(Clone, Debug)]
pub(super) enum Message {
    Node(NodeId, node::Input),
    Client(usize, client::Input),
    Journal(GuildId, NodeId, Command),
    Directory(directory::Input),
}

/// A connection; its slot is its index.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    pub(super) node: NodeId,
    /// The client at its other end, unless the test is.
    pub(super) client: Option<usize>,
    pub(super) is_open: bool,
}

/// What the actors of a cluster share.
#[derive(Clone, Debug)]
pub struct Network<W> {
    /// The time of all clocks.
    pub now: Instant,
    /// The observer of every step.
    pub observer: W,
    /// The messages between nodes.
    pub peers: Pipe<Mail>,
    /// The commands to the journals: the guild, the sender and the command.
    pub commands: Pipe<(GuildId, NodeId, Command)>,
    /// The messages of the directory.
    pub notices: Pipe<directory::Output>,
    /// The nodes that exchange no messages with others.
    pub(super) isolated: BTreeSet<NodeId>,
    pub(super) wires: Vec<Wire>,
    under_way: VecDeque<Message>,
    steps: u64,
    /// The number of sessions that clients have begun.
    pub(super) sessions: u64,
}

impl<W> Network<W> {
    pub(super) const fn new(now: Instant, observer: W) -> Self {
        Self {
            now,
            observer,
            peers: Pipe::new(),
            commands: Pipe::new(),
            notices: Pipe::new(),
            isolated: BTreeSet::new(),
            wires: Vec::new(),
            under_way: VecDeque::new(),
            steps: 0,
            sessions: 0,
        }
    }

    /// The head of the next step.
    pub(super) fn begin(&mut self, actor: Actor) -> Head {
        self.steps += 1;
        Head { step: self.steps, cause: 0, at: self.now, now: Now::from(self.now), actor }
    }

    pub(super) fn next(&mut self) -> Option<Message> {
        self.under_way.pop_front()
    }

    pub(super) fn send(&mut self, message: Message) {
        self.under_way.push_back(message);
    }

    pub(super) fn connect(&mut self, node: NodeId, client: Option<usize>) -> Connection {
        self.wires.push(Wire { node, client, is_open: true });
        connection(self.wires.len() - 1)
    }

    /// Sends to the client of a connection, if it has one.
    fn send_up(&mut self, on: Connection, input: impl FnOnce() -> client::Input) {
        let wire = self.wires.get(on.slot as usize);
        if let Some(client) = wire.and_then(|wire| wire.client) {
            self.send(Message::Client(client, input()));
        }
    }

    fn mail(&mut self, mail: Mail) {
        let Mail { from, to, .. } = mail;
        let is_cut = self.isolated.contains(&from) || self.isolated.contains(&to);
        if (from == to || !is_cut)
            && let Some(Mail { message, .. }) = self.peers.pass(mail)
        {
            self.send(Message::Node(to, node::Input::Peer { from, message }));
        }
    }
}

/// The connection in a slot.
pub(super) fn connection(slot: usize) -> Connection {
    Connection { slot: u32::try_from(slot).unwrap_or(u32::MAX), generation: 1 }
}

/// A client learns that its connection is closed, or did not open.
pub(super) const fn closed(
    connection: Option<Connection>,
    code: Option<CloseCode>,
) -> client::Input {
    client::Input::Closed { connection, code, jitter: JITTER }
}

/// The sink of a node in one step.
pub(super) struct NodeEnd<'a, W> {
    pub(super) network: &'a mut Network<W>,
    pub(super) has_stopped: bool,
    head: Head,
    from: NodeId,
    boot: u32,
}

impl<'a, W> NodeEnd<'a, W> {
    pub(super) const fn new(
        network: &'a mut Network<W>,
        head: Head,
        (from, boot): (NodeId, u32),
    ) -> Self {
        Self { network, has_stopped: false, head, from, boot }
    }
}

impl<W: Observer> Sink<node::Output> for NodeEnd<'_, W> {
    fn emit(&mut self, output: node::Output) {
        self.network.observer.observe(&self.head, Observed::NodeOutput(&output));
        let (network, from, boot) = (&mut *self.network, self.from, self.boot);
        match output {
            node::Output::Frame { connection, frame } => {
                network.send_up(connection, || client::Input::Frame { connection, frame });
            }
            node::Output::Dispatch { connection, s, dispatch } => {
                network.send_up(connection, || client::Input::Dispatch { connection, s, dispatch });
            }
            node::Output::Close { connection, code } => {
                if let Some(wire) = network.wires.get_mut(connection.slot as usize) {
                    wire.is_open = false;
                }
                let (on, code) = (Some(connection), Some(code));
                network.send_up(connection, || closed(on, code));
            }
            node::Output::Peer { to, message } => network.mail(Mail { from, to, message }),
            node::Output::Journal { guild, command } => {
                if let Some((guild, from, command)) = network.commands.pass((guild, from, command))
                {
                    network.send(Message::Journal(guild, from, command));
                }
            }
            node::Output::Directory(word) => {
                network.send(Message::Directory(directory::Input { from, boot, word }));
            }
            node::Output::Answer { port, answer } => {
                let input = client::Input::Answer(answer);
                network.send(Message::Client(port.0 as usize, input));
            }
            node::Output::Stopped => self.has_stopped = true,
            node::Output::Trace(_) => {}
        }
    }
}

impl<W: Observer> Outbox for NodeEnd<'_, W> {
    fn dispatch(&mut self, connection: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        self.network.observer.dispatched(&self.head, connection, s, dispatch);
        self.network.send_up(connection, || {
            let dispatch = dispatch.clone();
            client::Input::Dispatch { connection, s, dispatch }
        });
    }
}
