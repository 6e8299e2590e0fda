//! How the stage moves: letters are taken in order, and deadlines when they come.

use guildhall_core::client::{self, Client, Jitter};
use guildhall_core::directory;
use guildhall_core::frame::{ClientFrame, Disconnect};
use guildhall_core::id::{Connection, SessionId};
use guildhall_core::node::{self, Node};
use guildhall_core::step::{Actor, Head, Witness};
use guildhall_core::time::Span;

use super::{Letter, Stage, Wire, connection, id, port};

impl Stage {
    /// Time passes, deadline by deadline.
    pub(crate) fn pass(&mut self, span: Span) {
        let end = self.now + span;
        loop {
            let up = self.nodes.iter().zip(&self.down).filter(|(_, down)| !**down);
            let nodes = up.filter_map(|(node, _)| Node::poll_timeout(node));
            let clients = self.clients.iter().filter_map(Client::poll_timeout);
            let Some(next) = nodes.chain(clients).min().filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            for node in 0..self.nodes.len() {
                let due = self.nodes[node].poll_timeout().is_some_and(|at| at <= self.now);
                if due && !self.down[node] {
                    let head = self.head(Actor::Node(id(node)));
                    self.recorder.timeout(&head);
                    let mut out = Vec::new();
                    self.nodes[node].handle_timeout(head.now, &mut out);
                    self.node_says(&head, node, out);
                }
            }
            for client in 0..self.clients.len() {
                if self.clients[client].poll_timeout().is_some_and(|at| at <= self.now) {
                    let head = self.head(Actor::Client(port(client)));
                    self.recorder.timeout(&head);
                    let mut out = Vec::new();
                    self.clients[client].handle_timeout(head.now, &mut out);
                    self.client_says(&head, client, out);
                }
            }
            self.settle();
        }
        self.now = end;
    }

    /// Everybody takes what was said to them, until nobody says anything more.
    pub(super) fn settle(&mut self) {
        while let Some(letter) = self.letters.pop_front() {
            match letter {
                Letter::Node(node, _) if self.down[node] => {}
                Letter::Journal(guild, from, command) => self.keep(guild, from, command),
                Letter::Directory(input) => self.direct(input),
                Letter::Node(node, input) => {
                    let head = self.head(Actor::Node(id(node)));
                    self.recorder.node_input(&head, &input);
                    let mut out = Vec::new();
                    self.nodes[node].handle(head.now, input, &mut out);
                    self.node_says(&head, node, out);
                }
                Letter::Client(client, input) => {
                    let head = self.head(Actor::Client(port(client)));
                    match &input {
                        client::Input::Dispatch { connection, s, dispatch } => {
                            self.recorder.delivered(&head, *connection, *s, dispatch);
                        }
                        input => self.recorder.client_input(&head, input),
                    }
                    let mut out = Vec::new();
                    self.clients[client].handle(head.now, input, &mut out);
                    self.client_says(&head, client, out);
                }
            }
        }
    }

    fn node_says(&mut self, head: &Head, node: usize, said: Vec<node::Output>) {
        for output in said {
            self.recorder.node_output(head, &output);
            let (on, input) = match output {
                node::Output::Frame { connection, frame } => {
                    (connection, client::Input::Frame { connection, frame })
                }
                node::Output::Dispatch { connection, s, dispatch } => {
                    (connection, client::Input::Dispatch { connection, s, dispatch })
                }
                node::Output::Close { connection, code } => {
                    self.wires[connection.slot as usize].open = false;
                    let (code, jitter) = (Some(code), Jitter(1 << 15));
                    (
                        connection,
                        client::Input::Closed { connection: Some(connection), code, jitter },
                    )
                }
                node::Output::Journal { guild, command } => {
                    self.letters.push_back(Letter::Journal(guild, id(node), command));
                    continue;
                }
                node::Output::Directory(word) => {
                    let input = directory::Input { from: id(node), boot: self.boots[node], word };
                    self.letters.push_back(Letter::Directory(input));
                    continue;
                }
                node::Output::Peer { to, .. }
                    if usize::from(to.0) != node
                        && (self.apart[node] || self.apart[usize::from(to.0)]) =>
                {
                    continue;
                }
                node::Output::Peer { to, message } => {
                    let input = node::Input::Peer { from: id(node), message };
                    self.letters.push_back(Letter::Node(usize::from(to.0), input));
                    continue;
                }
                node::Output::Answer { port, answer } => {
                    let input = client::Input::Answer(answer);
                    self.letters.push_back(Letter::Client(port.0 as usize, input));
                    continue;
                }
                node::Output::Stopped => {
                    self.down[node] = true;
                    continue;
                }
                node::Output::Trace(_) => continue,
            };
            if let Some(client) = self.wires[on.slot as usize].client {
                self.letters.push_back(Letter::Client(client, input));
            }
        }
        self.recorder.stepped(head);
    }

    fn client_says(&mut self, head: &Head, client: usize, said: Vec<client::Output>) {
        for output in said {
            self.recorder.client_output(head, &output);
            match output {
                client::Output::Connect(node) => self.connect(client, usize::from(node.0)),
                client::Output::Frame { connection, frame } => self.up(client, connection, frame),
                client::Output::Close { connection, code } => {
                    let wire = &mut self.wires[connection.slot as usize];
                    if std::mem::take(&mut wire.open) && wire.client.take().is_some() {
                        let how = Disconnect::Code(code);
                        let input = node::Input::Closed { connection, how };
                        self.letters.push_back(Letter::Node(wire.node, input));
                    }
                }
                client::Output::Request { node, token, request } => {
                    let input = node::Input::Request { port: port(client), token, request };
                    self.letters.push_back(Letter::Node(usize::from(node.0), input));
                }
                client::Output::Stopped(_)
                | client::Output::TooManyRequests(_)
                | client::Output::GaveUp(_) => {}
            }
        }
        self.recorder.stepped(head);
    }

    fn connect(&mut self, client: usize, node: usize) {
        if self.down[node] {
            let jitter = Jitter(1 << 15);
            let closed = client::Input::Closed { connection: None, code: None, jitter };
            return self.letters.push_back(Letter::Client(client, closed));
        }
        let connection = connection(self.wires.len());
        self.wires.push(Wire { node, client: Some(client), open: true });
        let opened = client::Input::Opened { connection, jitter: Jitter(1 << 15) };
        self.letters.push_back(Letter::Client(client, opened));
        let accepted = node::Input::Accepted { connection, window: 1 << 30 };
        self.letters.push_back(Letter::Node(node, accepted));
    }

    fn up(&mut self, client: usize, connection: Connection, frame: ClientFrame) {
        let wire = &self.wires[connection.slot as usize];
        if wire.client != Some(client) {
            return;
        }
        let input = match frame {
            ClientFrame::Identify(identify) => {
                self.sessions += 1;
                let session = SessionId(self.sessions);
                node::Input::Identify { connection, identify, session, bytes: 100 }
            }
            frame => node::Input::Frame { connection, frame, bytes: 100 },
        };
        self.letters.push_back(Letter::Node(wire.node, input));
    }
}
