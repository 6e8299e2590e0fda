//! One loop for one client: the same client machine that the simulator acts with, over real sockets.
//!
//! It is a user of the gateway like any other: it speaks WebSocket and JSON to nodes and asks its
//! requests on streams of their own. It must not decide anything that the machine decides.

mod caller;
mod socket;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use guildhall_core::client::{Client, Identity, Input, Jitter, Output};
use guildhall_core::dispatch::Source;
use guildhall_core::frame::CloseCode;
use guildhall_core::id::{Connection, NodeId, Port, Position};
use guildhall_core::limits::Limits;
use guildhall_core::mutant::Mutant;
use guildhall_core::request::{Answer, Request};
use guildhall_core::step::{Actor, Observed, Observer};
use tokio::sync::mpsc;

use crate::rt::Rt;
use crate::sockets::Question;
use crate::watch::Watch;
use crate::wire::{self, FromServer, Places};
use socket::Say;

/// How many words from its sockets wait for a client at most.
const EVENTS: usize = 64;

/// How many words of a client wait for one of its sockets at most.
const WORDS: usize = 64;

/// Where a node is to be found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Address {
    /// By clients.
    pub gateway: SocketAddr,
    /// By those who ask things of guilds.
    pub requests: SocketAddr,
}

/// A client, as it is started.
#[derive(Clone, Debug)]
pub struct Start {
    /// Its number, which is also where its answers go.
    pub port: Port,
    /// Who it is.
    pub identity: Identity,
    /// The limits, which must be valid.
    pub limits: Arc<Limits>,
    /// A bug to plant.
    pub mutant: Option<Mutant>,
    /// Where nodes are found.
    pub addresses: Arc<BTreeMap<NodeId, Address>>,
    /// What READY calls them.
    pub places: Arc<Places>,
}

/// Words that follow from what a client's machine knows, each a frame.
pub type Words = Box<dyn FnOnce(&Client) -> Vec<String> + Send>;

/// What its user wants of a client.
pub enum Wish {
    /// To be online.
    Start,
    /// To be so no more.
    Quit,
    /// Something of a guild.
    Ask(Request),
    /// To say, on the socket that it means, what no honest client says; it follows from what the
    /// machine knows.
    Utter(Words),
}

/// What a client's sockets tell it.
enum Event {
    /// An attempt has led to a connection.
    Opened(Connection, mpsc::Sender<Say>),
    /// It has not.
    Failed(u64),
    /// The node said something.
    Heard(Connection, bytes::Bytes),
    /// The connection is over.
    Closed(Connection, Option<u16>),
    /// A guild has answered.
    Answered(Answer),
}

/// Drives one client.
pub struct Driver<R, W> {
    rt: R,
    watch: W,
    start: Start,
    client: Client,
    /// How often a planted bug was reached, as far as it was told.
    hits: u64,
    attempts: u64,
    lines: BTreeMap<Connection, mpsc::Sender<Say>>,
    callers: BTreeMap<NodeId, mpsc::Sender<Question>>,
    events: mpsc::Receiver<Event>,
    sender: mpsc::Sender<Event>,
}

impl<R: Rt, W: Watch> Driver<R, W> {
    /// A client that has not been started.
    pub fn new(start: Start, rt: R, watch: W) -> Self {
        let (sender, events) = mpsc::channel(EVENTS);
        let client = Client::new(start.identity, start.limits.clone(), start.mutant);
        Self {
            rt,
            watch,
            start,
            client,
            hits: 0,
            attempts: 0,
            lines: BTreeMap::new(),
            callers: BTreeMap::new(),
            events,
            sender,
        }
    }

    /// Runs until nobody can wish for anything any more.
    pub async fn run(mut self, mut wishes: mpsc::Receiver<Wish>) {
        loop {
            let due = self.client.poll_timeout();
            let late = async {
                match due {
                    Some(at) => self.rt.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            // What has arrived comes before what is due, as for every machine.
            tokio::select! {
                biased;
                wish = wishes.recv() => match wish {
                    Some(Wish::Start) => self.step(Input::Start),
                    Some(Wish::Quit) => self.step(Input::Quit),
                    Some(Wish::Ask(request)) => self.step(Input::Ask(request)),
                    Some(Wish::Utter(words)) => self.utter(words(&self.client)),
                    None => return,
                },
                Some(event) = self.events.recv() => self.hear(event),
                () = late => self.timeout(),
            }
            let hits = self.client.hits();
            if hits > self.hits {
                self.watch.reached(hits - self.hits);
                self.hits = hits;
            }
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Opened(connection, line) => {
                self.lines.insert(connection, line);
                let jitter = self.jitter();
                self.step(Input::Opened { connection, jitter });
            }
            Event::Failed(attempt) if attempt == self.attempts => {
                let jitter = self.jitter();
                self.step(Input::Closed { connection: None, code: None, jitter });
            }
            Event::Failed(_) => {}
            Event::Heard(connection, bytes) => self.read(connection, &bytes),
            Event::Closed(connection, code) => {
                if self.lines.remove(&connection).is_some() {
                    let code = code.and_then(meaning);
                    let jitter = self.jitter();
                    self.step(Input::Closed { connection: Some(connection), code, jitter });
                }
            }
            Event::Answered(answer) => self.step(Input::Answer(answer)),
        }
    }

    /// The node said something on a connection that the client has not closed.
    fn read(&mut self, connection: Connection, bytes: &[u8]) {
        let Some(line) = self.lines.get(&connection) else { return };
        match wire::decode_server(bytes, &self.start.places) {
            Ok(FromServer::Dispatch { s, guild, mut dispatch }) => {
                // The wire says which guild it is about, and nothing else of where it comes from.
                dispatch.source =
                    guild.map(|guild| Source { guild, position: Position::default(), nth: 0 });
                let dispatch = Arc::new(dispatch);
                let now = self.rt.now();
                let (head, mut step) = self.watch.step(Actor::Client(self.start.port), now, 0);
                step.delivered(&head, connection, s, &dispatch);
                self.client.dispatch(connection, s, &dispatch);
                step.observe(&head, Observed::StepEnded);
            }
            Ok(FromServer::Control(frame)) => self.step(Input::Frame { connection, frame }),
            // A node that cannot be understood is left, as one that says nothing.
            Err(_) => {
                let _ = line.try_send(Say::Close(CloseCode::Decode.code()));
            }
        }
    }

    fn jitter(&self) -> Jitter {
        Jitter((self.rt.secret() & 0xffff) as u16)
    }

    fn step(&mut self, input: Input) {
        let now = self.rt.now();
        let mut said = Vec::new();
        {
            let (head, mut step) = self.watch.step(Actor::Client(self.start.port), now, 0);
            step.observe(&head, Observed::ClientInput(&input));
            self.client.handle(now, input, &mut said);
            said.iter().for_each(|output| step.observe(&head, Observed::ClientOutput(output)));
            step.observe(&head, Observed::StepEnded);
        }
        said.into_iter().for_each(|output| self.perform(output));
    }

    fn timeout(&mut self) {
        let now = self.rt.now();
        if self.client.poll_timeout().is_none_or(|at| at > now.instant) {
            return;
        }
        let mut said = Vec::new();
        {
            let (head, mut step) = self.watch.step(Actor::Client(self.start.port), now, 0);
            step.observe(&head, Observed::Timeout);
            self.client.handle_timeout(now, &mut said);
            said.iter().for_each(|output| step.observe(&head, Observed::ClientOutput(output)));
            step.observe(&head, Observed::StepEnded);
        }
        said.into_iter().for_each(|output| self.perform(output));
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Connect(node) => self.connect(node),
            Output::Frame { connection, frame } => {
                self.say(connection, Say::Frames(vec![wire::encode_client(&frame)]));
            }
            Output::Close { connection, code } => {
                self.say(connection, Say::Close(code));
                self.lines.remove(&connection);
            }
            Output::Request { node, token, request } => {
                let question = Question { port: self.start.port, token, request };
                self.ask(node, question);
            }
            Output::Stopped(_) | Output::TooManyRequests(_) | Output::GaveUp(_) => {}
        }
    }

    /// A socket that takes nothing any more is as good as gone: its end will be told.
    fn say(&self, connection: Connection, word: Say) {
        if let Some(line) = self.lines.get(&connection) {
            let _ = line.try_send(word);
        }
    }

    fn utter(&self, words: Vec<String>) {
        let Some(connection) = self.client.connection() else { return };
        self.say(connection, Say::Frames(words));
    }

    fn connect(&mut self, node: NodeId) {
        self.attempts += 1;
        let address = self.start.addresses.get(&node).map(|address| address.gateway);
        let (attempt, events) = (self.attempts, self.sender.clone());
        self.rt.spawn(socket::run(self.rt.clone(), address, attempt, events));
    }

    fn ask(&mut self, node: NodeId, question: Question) {
        let Some(address) = self.start.addresses.get(&node) else { return };
        let way = self.callers.entry(node).or_insert_with(|| {
            let (way, questions) = mpsc::channel(WORDS);
            let (rt, events) = (self.rt.clone(), self.sender.clone());
            self.rt.spawn(caller::run(rt, address.requests, questions, events));
            way
        });
        // What finds no room is asked again by the machine.
        if let Err(mpsc::error::TrySendError::Closed(question)) = way.try_send(question) {
            self.callers.remove(&node);
            self.ask(node, question);
        }
    }
}

/// What a close code says to a client; none for those that every protocol has.
fn meaning(code: u16) -> Option<CloseCode> {
    CloseCode::ALL.into_iter().find(|known| known.code() == code)
}
