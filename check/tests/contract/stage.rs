//! A stage for histories: real nodes and clients by hand, on links that are instant and in order.
//!
//! It plays no tricks: whatever is wrong in a history is put there by the test that tampers with it.

mod drive;

use std::collections::VecDeque;
use std::sync::Arc;

use guildhall_check::cast::{Cast, ClientPart, GuildPart};
use guildhall_core::client::{self, Client, Identity, Jitter};
use guildhall_core::directory::Directory;
use guildhall_core::dispatch::Intents;
use guildhall_core::frame::{ClientFrame, Farewell, Identify, Resume};
use guildhall_core::guild::Charter;
use guildhall_core::id::{
    ChannelId, Connection, Epoch, GuildId, NodeId, Nonce, Port, Seq, SessionId, Shard, Token,
    UserId,
};
use guildhall_core::limits::Limits;
use guildhall_core::node::{self, Node};
use guildhall_core::request::{Act, Origin, Request};
use guildhall_core::step::{Actor, Head, Recorder, Step, Witness, WorldEvent};
use guildhall_core::time::{Instant, Now};

/// Somebody's next input.
enum Letter {
    Node(usize, node::Input),
    Client(usize, client::Input),
}

/// One socket: its slot is its index.
struct Wire {
    node: usize,
    client: Option<usize>,
    open: bool,
}

/// Two nodes, a guild at the first, and a client at each node in turn.
pub(crate) struct Stage {
    pub(crate) cast: Arc<Cast>,
    nodes: Vec<Node>,
    clients: Vec<Client>,
    wires: Vec<Wire>,
    letters: VecDeque<Letter>,
    recorder: Recorder,
    now: Instant,
    step: u64,
    sessions: u128,
    nonces: u64,
}

pub(crate) const GUILD: GuildId = GuildId(7);
pub(crate) const HALL: ChannelId = ChannelId(70);

/// The secret of a client's user.
pub(crate) fn token(client: usize) -> Token {
    Token(1_000 + client as u128)
}

impl Stage {
    /// `names` are the clients, each with a user of its own; a name with `!` is hostile.
    pub(crate) fn new(limits: Limits, names: &[&str]) -> Self {
        let limits = Arc::new(limits);
        let users: Vec<_> = (0..names.len()).map(|index| UserId(100 + index as u64)).collect();
        let directory = Arc::new(Directory {
            accounts: users.iter().enumerate().map(|(at, user)| (token(at), *user)).collect(),
            guilds: users.iter().map(|user| (*user, vec![GUILD])).collect(),
            owners: [(GUILD, NodeId(0))].into(),
        });
        let part = |(name, user): (&&str, &UserId)| ClientPart {
            name: name.trim_end_matches('!').to_owned(),
            user: *user,
            honest: !name.ends_with('!'),
        };
        let cast = Arc::new(Cast {
            limits: limits.clone(),
            directory: directory.clone(),
            nodes: vec!["paris".to_owned(), "berlin".to_owned()],
            guilds: vec![GuildPart {
                name: "guild".to_owned(),
                id: GUILD,
                channels: vec![("hall".to_owned(), HALL)],
                members: users.clone(),
            }],
            clients: names.iter().zip(&users).map(part).collect(),
        });
        let node = |id| Node::new(NodeId(id), limits.clone(), directory.clone(), None);
        let client = |(at, user): (usize, &UserId)| {
            let home = NodeId(u16::try_from(at % 2).unwrap());
            let (intents, shard) = (Intents::USUAL, Shard::default());
            Client::new(
                Identity { user: *user, token: token(at), intents, shard, home },
                limits.clone(),
            )
        };
        let mut stage = Self {
            cast,
            nodes: vec![node(0), node(1)],
            clients: users.iter().enumerate().map(client).collect(),
            wires: Vec::new(),
            letters: VecDeque::new(),
            recorder: Recorder::default(),
            now: Instant::ZERO,
            step: 0,
            sessions: 0,
            nonces: 0,
        };
        let charter = Charter { id: GUILD, epoch: Epoch(1), channels: vec![HALL], members: users };
        stage.tell(0, node::Input::Own(charter));
        stage
    }

    /// The history.
    pub(crate) fn steps(self) -> Vec<Step> {
        self.recorder.steps
    }

    fn head(&mut self, actor: Actor) -> Head {
        self.step += 1;
        Head { step: self.step, cause: 0, at: self.now, now: Now::from(self.now), actor }
    }

    /// Something happens to a node, and all that follows from it.
    pub(crate) fn tell(&mut self, node: usize, input: node::Input) {
        self.letters.push_back(Letter::Node(node, input));
        self.settle();
    }

    /// Something happens to a client, and all that follows from it.
    pub(crate) fn ask(&mut self, client: usize, input: client::Input) {
        self.letters.push_back(Letter::Client(client, input));
        self.settle();
    }

    /// A client's user says something in the hall.
    pub(crate) fn say(&mut self, client: usize, what: &str) {
        self.nonces += 1;
        let origin = Origin { user: UserId(100 + client as u64), nonce: Nonce(self.nonces) };
        let act = Act::Say { channel: HALL, content: what.into() };
        self.ask(client, client::Input::Ask(Request { origin, guild: GUILD, act }));
    }

    /// A client's connection breaks.
    pub(crate) fn cut(&mut self, client: usize) {
        let slot = self.wires.iter().rposition(|wire| wire.client == Some(client) && wire.open);
        let slot = slot.expect("a client that is cut is connected");
        self.wires[slot].open = false;
        let connection = connection(slot);
        let node = self.wires[slot].node;
        self.tell(node, node::Input::Closed { connection, how: Farewell::End });
        let jitter = Jitter(1 << 15);
        self.ask(
            client,
            client::Input::Closed { connection: Some(connection), code: None, jitter },
        );
    }

    /// A client falls silent: neither side hears of the other any more.
    pub(crate) fn silence(&mut self, client: usize) {
        let mine = self.wires.iter_mut().filter(|wire| wire.client == Some(client));
        mine.for_each(|wire| wire.client = None);
    }

    /// Somebody without a client opens a socket.
    pub(crate) fn socket(&mut self, node: usize, window: u32) -> Connection {
        let slot = self.wires.len();
        self.wires.push(Wire { node, client: None, open: true });
        self.tell(node, node::Input::Accepted { connection: connection(slot), window });
        connection(slot)
    }

    /// Somebody without a client says something.
    pub(crate) fn frame(&mut self, on: Connection, frame: ClientFrame, bytes: u32) {
        let node = self.wires[on.slot as usize].node;
        self.tell(node, node::Input::Frame { connection: on, frame, bytes });
    }

    /// Somebody without a client identifies; the session's id is the returned number.
    pub(crate) fn identify(&mut self, on: Connection, client: usize) -> SessionId {
        self.sessions += 1;
        let session = SessionId(self.sessions);
        let (intents, shard) = (Intents::USUAL, Shard::default());
        let identify = Identify { token: token(client), intents, shard };
        let node = self.wires[on.slot as usize].node;
        self.tell(node, node::Input::Identify { connection: on, identify, session, bytes: 100 });
        session
    }

    /// Somebody without a client resumes.
    pub(crate) fn resume(&mut self, on: Connection, token: Token, session: SessionId, seq: u64) {
        let resume = Resume { token, session, seq: Seq(seq) };
        self.frame(on, ClientFrame::Resume(resume), 100);
    }

    /// All nodes are counted.
    pub(crate) fn census(&mut self) {
        (0..self.nodes.len()).for_each(|node| self.tell(node, node::Input::Census));
    }

    /// The world says something.
    pub(crate) fn world(&mut self, event: &WorldEvent) {
        let head = self.head(Actor::World);
        self.recorder.world(&head, event);
        self.recorder.stepped(&head);
    }
}

fn connection(slot: usize) -> Connection {
    Connection { slot: u32::try_from(slot).unwrap(), generation: 1 }
}

fn id(node: usize) -> NodeId {
    NodeId(u16::try_from(node).unwrap())
}

fn port(client: usize) -> Port {
    Port(u32::try_from(client).unwrap())
}
