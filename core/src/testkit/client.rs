//! The clients of a cluster, and how their frames and requests travel.

use alloc::vec::Vec;

use super::network::{JITTER, Message, closed};
use super::{Cluster, WIDE, session, token};
use crate::client::{self, Client, Identity};
use crate::dispatch::Intents;
use crate::frame::{ClientFrame, Disconnect};
use crate::id::{Connection, GuildId, NodeId, Nonce, Port, Shard, UserId};
use crate::node;
use crate::request::{Action, Origin, Request};
use crate::step::{Actor, Head, Observed, Observer};

/// The length of a frame on the wire.
pub(super) const FRAME_BYTES: u32 = 100;

impl<W: Observer> Cluster<W> {
    /// Adds a client that has not started. The clients are numbered from 0.
    pub fn add_client(&mut self, user: UserId, intents: Intents, home: NodeId) {
        let nodes = u16::try_from(self.nodes.len()).unwrap_or(u16::MAX);
        let (token, shard) = (token(user), Shard::default());
        let identity = Identity { user, token, intents, shard, home, nodes };
        self.clients.push((user, Client::new(identity, self.limits.clone(), None)));
    }

    /// Hands an input to a client, and delivers all that follows from it.
    pub fn ask(&mut self, client: usize, input: client::Input) {
        self.step_client(client, Some(input));
        self.settle();
    }

    /// Sends a new request of a client's user to a guild.
    pub fn act_in(&mut self, client: usize, guild: GuildId, action: Action) -> Origin {
        self.nonces += 1;
        let origin = Origin { user: self.clients[client].0, nonce: Nonce(self.nonces) };
        self.ask(client, client::Input::Ask(Request { origin, guild, attempt: 0, action }));
        origin
    }

    /// Hands an input to a client, or its deadlines where there is none.
    pub(super) fn step_client(&mut self, at: usize, input: Option<client::Input>) {
        let Some((_, client)) = self.clients.get_mut(at) else { return };
        let head = self.network.begin(Actor::Client(port(at)));
        let observer = &mut self.network.observer;
        match &input {
            Some(client::Input::Dispatch { connection, s, dispatch }) => {
                observer.delivered(&head, *connection, *s, dispatch);
            }
            Some(input) => observer.observe(&head, Observed::ClientInput(input)),
            None => observer.observe(&head, Observed::Timeout),
        }
        let mut out = Vec::new();
        match input {
            Some(input) => client.handle(head.now, input, &mut out),
            None => client.handle_timeout(head.now, &mut out),
        }
        out.into_iter().for_each(|output| self.client_output(&head, at, output));
        self.network.observer.observe(&head, Observed::StepEnded);
    }

    fn client_output(&mut self, head: &Head, client: usize, output: client::Output) {
        self.network.observer.observe(head, Observed::ClientOutput(&output));
        match output {
            client::Output::Connect(node) => self.connect_client(client, node),
            client::Output::Frame { connection, frame } => {
                self.send_down(client, connection, frame)
            }
            client::Output::Close { connection, code } => {
                let wire = &mut self.network.wires[connection.slot as usize];
                let node = wire.node;
                if core::mem::take(&mut wire.is_open) && wire.client.take().is_some() {
                    let input = node::Input::Closed { connection, how: Disconnect::Code(code) };
                    self.network.send(Message::Node(node, input));
                }
            }
            client::Output::Request { node, token, request } => {
                let input = node::Input::Request { port: port(client), token, request };
                self.network.send(Message::Node(node, input));
            }
            client::Output::Stopped(_)
            | client::Output::TooManyRequests(_)
            | client::Output::GaveUp(_) => {}
        }
    }

    fn connect_client(&mut self, client: usize, node: NodeId) {
        if !self.is_up(node) {
            return self.network.send(Message::Client(client, closed(None, None)));
        }
        let connection = self.network.connect(node, Some(client));
        let opened = client::Input::Opened { connection, jitter: JITTER };
        self.network.send(Message::Client(client, opened));
        let accepted = node::Input::Accepted { connection, window: WIDE };
        self.network.send(Message::Node(node, accepted));
    }

    fn send_down(&mut self, client: usize, connection: Connection, frame: ClientFrame) {
        let wire = &self.network.wires[connection.slot as usize];
        if wire.client != Some(client) {
            return;
        }
        let (node, bytes) = (wire.node, FRAME_BYTES);
        let input = if let ClientFrame::Identify(identify) = frame {
            self.network.sessions += 1;
            let session = session(self.network.sessions);
            node::Input::Identify { connection, identify, session, bytes }
        } else {
            node::Input::Frame { connection, frame, bytes }
        };
        self.network.send(Message::Node(node, input));
    }
}

/// The port of a client is its number.
fn port(client: usize) -> Port {
    Port(u32::try_from(client).unwrap_or(u32::MAX))
}
