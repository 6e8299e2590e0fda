//! The driver of one client: it runs the core's client machine over real sockets.
//!
//! The client uses the gateway as any other client does: WebSocket and JSON to each node, and a
//! separate stream for requests. The driver must not decide anything that the client machine
//! decides.

mod heard_stream;
mod requests;
mod socket;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use guildhall_core::census::{Census, Machine, Table};
use guildhall_core::client::{Client, Identity, Input, Jitter, Output};
use guildhall_core::dispatch::Source;
use guildhall_core::frame::CloseCode;
use guildhall_core::id::{Connection, NodeId, Port, Position};
use guildhall_core::limits::Limits;
use guildhall_core::limits::shell::CLIENT_EVENTS;
use guildhall_core::mutant::Mutant;
use guildhall_core::request::{Answer, Request};
use guildhall_core::step::{Actor, Observed, Observer};
use tokio::sync::mpsc;

use crate::rt::Rt;
use crate::sockets::RequestFrame;
use crate::tracer::Tracer;
use crate::wire::{self, GatewayUrls, ServerMessage};
use requests::{AnswerSink, RequestStream};
use socket::SocketCommand;

/// How many commands may wait for one socket.
const COMMAND_QUEUE: usize = 64;

/// The addresses of one node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NodeAddress {
    /// Where it accepts WebSocket connections.
    pub gateway: SocketAddr,
    /// Where it accepts streams of requests.
    pub requests: SocketAddr,
}

/// What a client needs to start.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The client's number, and the port that its answers go to.
    pub port: Port,
    /// Its user, token, intents and home node.
    pub identity: Identity,
    /// The limits. They must be valid.
    pub limits: Arc<Limits>,
    /// A bug to plant, in a build that can.
    pub mutant: Option<Mutant>,
    /// The addresses of the nodes.
    pub addresses: Arc<BTreeMap<NodeId, NodeAddress>>,
    /// The URLs by which READY names the nodes.
    pub urls: Arc<GatewayUrls>,
}

/// Builds text frames from the state of the client machine.
pub type RawFrames = Box<dyn FnOnce(&Client) -> Vec<String> + Send>;

/// A command of the client's user.
pub enum ClientCommand {
    /// Connect and identify.
    Start,
    /// Disconnect with this close code, 1000 or 1001, and give up the session.
    Quit(u16),
    /// Send a request to a guild.
    Request(Request),
    /// End the process, and start another from the place that this one had `back` dispatches ago.
    Restore {
        /// How many dispatches ago the place was stored.
        back: u64,
    },
    /// Count everything that the client keeps.
    Census,
    /// Send frames on the current connection that no honest client would send.
    SendRaw(RawFrames),
}

/// What the sockets of a client report to it.
enum ClientEvent {
    /// The attempt with this number has opened a connection.
    Connected { attempt: u64, connection: Connection, socket: mpsc::Sender<SocketCommand> },
    /// The attempt with this number failed.
    ConnectFailed(u64),
    /// A message arrived.
    Received(Connection, bytes::Bytes),
    /// A part of a message arrived.
    ReceivedPart(Connection),
    /// The connection closed, with a code if the node sent one.
    Closed(Connection, Option<u16>),
    /// A guild answered a request of the client's process with this number, through this node.
    Answered { process: u64, node: NodeId, answer: Answer },
}

/// Drives one client.
pub struct ClientDriver<R, W> {
    rt: R,
    tracer: W,
    config: ClientConfig,
    client: Client,
    /// How many hits of the planted bug the tracer has been told of.
    hits: u64,
    /// The number of the client's process: how often it was restored.
    process: u64,
    attempts: u64,
    sockets: BTreeMap<Connection, mpsc::Sender<SocketCommand>>,
    request_streams: BTreeMap<NodeId, RequestStream>,
    events: mpsc::Receiver<ClientEvent>,
    sender: mpsc::Sender<ClientEvent>,
}

impl<R: Rt, W: Tracer> ClientDriver<R, W> {
    /// A client that has not started yet.
    pub fn new(config: ClientConfig, rt: R, tracer: W) -> Self {
        let (sender, events) = mpsc::channel(CLIENT_EVENTS);
        let client = Client::new(config.identity, config.limits.clone(), config.mutant);
        Self {
            rt,
            tracer,
            config,
            client,
            hits: 0,
            process: 0,
            attempts: 0,
            sockets: BTreeMap::new(),
            request_streams: BTreeMap::new(),
            events,
            sender,
        }
    }

    /// Runs until the sender of `commands` is dropped.
    pub async fn run(mut self, mut commands: mpsc::Receiver<ClientCommand>) {
        loop {
            let due = self.client.poll_timeout();
            let deadline = async {
                match due {
                    Some(at) => self.rt.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            // Input is handled before timeouts, as for every machine.
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    Some(ClientCommand::Start) => self.step(Input::Start),
                    Some(ClientCommand::Quit(code)) => self.step(Input::Quit { code }),
                    Some(ClientCommand::Request(request)) => self.step(Input::Ask(request)),
                    Some(ClientCommand::Restore { back }) => self.restore(back),
                    Some(ClientCommand::Census) => self.report_census(),
                    Some(ClientCommand::SendRaw(build)) => self.send_raw(build(&self.client)),
                    None => return,
                },
                Some(event) = self.events.recv() => self.handle_event(event),
                () = deadline => self.timeout(),
            }
            let hits = self.client.hits();
            if hits > self.hits {
                self.tracer.bug_reached(hits - self.hits);
                self.hits = hits;
            }
        }
    }

    /// Reports everything that the client and its shell keep.
    fn report_census(&self) {
        let (actor, now) = (Actor::Client(self.config.port), self.rt.now());
        self.tracer.count(actor, now, &self.client.census());
        self.tracer.count(actor, now, &self.census());
    }

    /// Counts everything that the shell keeps.
    fn census(&self) -> Census {
        let Self {
            rt: _,
            tracer: _,
            config: _,
            client: _,
            hits: _,
            process: _,
            attempts: _,
            sockets,
            request_streams,
            events,
            sender: _,
        } = self;
        let mut census = Census::nothing(Machine::ClientShell);
        census.add(Table::ClientSockets, sockets.len());
        census.add(Table::ClientEvents, events.len());
        request_streams.values().for_each(|stream| stream.count(&mut census));
        census
    }

    /// Drops all that the process had: its sockets end without a close frame.
    fn restore(&mut self, back: u64) {
        if self.client.is_off() {
            return;
        }
        let place = self.client.place(back);
        self.sockets.clear();
        self.request_streams.clear();
        self.process += 1;
        self.step(Input::Restore(place));
    }

    fn handle_event(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Connected { attempt, connection, socket } if attempt == self.attempts => {
                self.sockets.insert(connection, socket);
                let jitter = self.jitter();
                self.step(Input::Opened { connection, jitter });
            }
            // The machine has given up on this one, and is waiting for another, perhaps of another
            // node. Its socket closes.
            ClientEvent::Connected { .. } => {}
            ClientEvent::ConnectFailed(attempt) if attempt == self.attempts => {
                let jitter = self.jitter();
                self.step(Input::Closed { connection: None, code: None, jitter });
            }
            ClientEvent::ConnectFailed(_) => {}
            ClientEvent::Received(connection, bytes) => self.receive(connection, &bytes),
            ClientEvent::ReceivedPart(connection) => {
                if self.sockets.contains_key(&connection) {
                    self.step(Input::Partial { connection });
                }
            }
            ClientEvent::Closed(connection, code) => {
                if self.sockets.remove(&connection).is_some() {
                    // What ended this connection may have ended the streams, silently.
                    self.request_streams.clear();
                    let code = code.and_then(close_code);
                    let jitter = self.jitter();
                    self.step(Input::Closed { connection: Some(connection), code, jitter });
                }
            }
            ClientEvent::Answered { process, node, answer } => {
                if process == self.process {
                    self.request_streams.get_mut(&node).map(RequestStream::answered);
                    self.step(Input::Answer(answer));
                }
            }
        }
    }

    /// Handles a message on a connection that the client has not closed.
    fn receive(&mut self, connection: Connection, bytes: &[u8]) {
        let Some(socket) = self.sockets.get(&connection) else { return };
        match wire::decode_server(bytes, &self.config.urls) {
            Ok(ServerMessage::Dispatch { s, guild, mut dispatch }) => {
                // The wire names the guild, but not the event that the dispatch stems from.
                dispatch.source =
                    guild.map(|guild| Source { guild, position: Position::default(), nth: 0 });
                let dispatch = Arc::new(dispatch);
                let now = self.rt.now();
                let (head, mut step) = self.tracer.step(Actor::Client(self.config.port), now, 0);
                step.delivered(&head, connection, s, &dispatch);
                self.client.dispatch(connection, s, &dispatch);
                step.observe(&head, Observed::StepEnded);
            }
            Ok(ServerMessage::Control(frame)) => self.step(Input::Frame { connection, frame }),
            // The client leaves a node that sends something unreadable.
            Err(_) => {
                let _ = socket.try_send(SocketCommand::Close(CloseCode::Decode.code()));
            }
        }
    }

    fn jitter(&self) -> Jitter {
        Jitter((self.rt.secret() & 0xffff) as u16)
    }

    fn step(&mut self, input: Input) {
        let now = self.rt.now();
        let mut outputs = Vec::new();
        {
            let (head, mut step) = self.tracer.step(Actor::Client(self.config.port), now, 0);
            step.observe(&head, Observed::ClientInput(&input));
            self.client.handle(now, input, &mut outputs);
            outputs.iter().for_each(|output| step.observe(&head, Observed::ClientOutput(output)));
            step.observe(&head, Observed::StepEnded);
        }
        outputs.into_iter().for_each(|output| self.perform(output));
    }

    fn timeout(&mut self) {
        let now = self.rt.now();
        if self.client.poll_timeout().is_none_or(|at| at > now.instant) {
            return;
        }
        let mut outputs = Vec::new();
        {
            let (head, mut step) = self.tracer.step(Actor::Client(self.config.port), now, 0);
            step.observe(&head, Observed::Timeout);
            self.client.handle_timeout(now, &mut outputs);
            outputs.iter().for_each(|output| step.observe(&head, Observed::ClientOutput(output)));
            step.observe(&head, Observed::StepEnded);
        }
        outputs.into_iter().for_each(|output| self.perform(output));
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Connect(node) => self.connect(node),
            Output::Frame { connection, frame } => {
                self.send(connection, SocketCommand::Send(vec![wire::encode_client(&frame)]));
            }
            Output::Close { connection, code } => {
                self.send(connection, SocketCommand::Close(code));
                self.sockets.remove(&connection);
                self.request_streams.clear();
            }
            Output::Request { node, token, request } => {
                let request = RequestFrame { port: self.config.port, token, request };
                self.request(node, request);
            }
            Output::Stopped(_) | Output::TooManyRequests(_) | Output::GaveUp(_) => {}
        }
    }

    /// A full queue drops the command: such a socket is stuck, and its close event will follow.
    fn send(&self, connection: Connection, command: SocketCommand) {
        if let Some(socket) = self.sockets.get(&connection) {
            let _ = socket.try_send(command);
        }
    }

    fn send_raw(&self, frames: Vec<String>) {
        let Some(connection) = self.client.connection() else { return };
        self.send(connection, SocketCommand::Send(frames));
    }

    fn connect(&mut self, node: NodeId) {
        self.attempts += 1;
        let address = self.config.addresses.get(&node).map(|address| address.gateway);
        let (attempt, events) = (self.attempts, self.sender.clone());
        self.rt.spawn(socket::run(self.rt.clone(), address, attempt, events));
    }

    fn request(&mut self, node: NodeId, request: RequestFrame) {
        let Some(address) = self.config.addresses.get(&node) else { return };
        if self.request_streams.get(&node).is_some_and(|stream| !stream.takes(&request)) {
            self.request_streams.remove(&node);
        }
        let stream = self.request_streams.entry(node).or_insert_with(|| {
            let (events, process) = (self.sender.clone(), self.process);
            let answers = AnswerSink { events, process, node };
            RequestStream::open(&self.rt, address.requests, answers)
        });
        stream.send(request);
    }
}

/// The gateway's close code with this number. `None` for codes of the WebSocket protocol itself.
fn close_code(code: u16) -> Option<CloseCode> {
    CloseCode::ALL.into_iter().find(|known| known.code() == code)
}
