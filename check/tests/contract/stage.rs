//! A stage for histories: real nodes, clients, journals and a directory by hand, on links that are
//! instant and in order.
//!
//! It plays no tricks: whatever is wrong in a history is put there by the test that tampers with it.

mod drive;
mod keep;
mod plot;

use std::collections::VecDeque;
use std::sync::Arc;

use guildhall_check::cast::{Cast, ClientPart, GuildPart};
use guildhall_core::client::{self, Client, Identity};
use guildhall_core::cluster::ClusterConfig;
use guildhall_core::directory::{self, Directory};
use guildhall_core::dispatch::Intents;
use guildhall_core::id::{
    ChannelId, Connection, GuildId, NodeId, Port, RoleId, SessionId, Shard, Token, UserId,
};
use guildhall_core::journal::memory::Memory;
use guildhall_core::journal::{Checkpoint, Command};
use guildhall_core::limits::Limits;
use guildhall_core::node::{self, Node};
use guildhall_core::permission::{Overwrite, Permissions, Target};
use guildhall_core::state::State;
use guildhall_core::step::{Actor, Head, Recorder, Step, Witness, WorldEvent};
use guildhall_core::time::{Instant, Now, Span};

/// Somebody's next input.
enum Letter {
    Node(usize, node::Input),
    Client(usize, client::Input),
    Journal(GuildId, NodeId, Command),
    Directory(directory::Input),
}

/// One socket: its slot is its index.
struct Wire {
    node: usize,
    client: Option<usize>,
    open: bool,
}

/// Two nodes, a guild or more at the first, and a client at each node in turn.
pub(crate) struct Stage {
    pub(crate) cast: Arc<Cast>,
    nodes: Vec<Node>,
    boots: Vec<u32>,
    /// Nodes that have crashed, and nodes that nobody reaches.
    down: Vec<bool>,
    apart: Vec<bool>,
    clients: Vec<Client>,
    journals: Vec<(GuildId, Memory)>,
    directory: Directory,
    wires: Vec<Wire>,
    letters: VecDeque<Letter>,
    recorder: Recorder,
    now: Instant,
    step: u64,
    sessions: u128,
    nonces: u64,
}

pub(crate) const GUILD: GuildId = GuildId(7);
pub(crate) const OTHER: GuildId = GuildId(9);
pub(crate) const HALL: ChannelId = ChannelId(70);
/// Only the owner and those who are [`STAFF`] see it.
pub(crate) const OFFICE: ChannelId = ChannelId(71);
pub(crate) const STAFF: RoleId = RoleId(8);

/// The secret of a client's user.
pub(crate) fn token(client: usize) -> Token {
    Token(1_000 + client as u128)
}

/// A client's user.
pub(crate) fn user(client: usize) -> UserId {
    UserId(100 + client as u64)
}

/// A guild as it is founded: the first client's user owns it.
fn founded(id: GuildId, members: impl Iterator<Item = UserId>) -> Checkpoint {
    let mut state = State::new(id, user(0));
    state.roles.insert(STAFF, Permissions::NONE);
    let everyone = Target::Role(RoleId(id.0));
    let (view, none) = (Permissions::VIEW_CHANNEL, Permissions::NONE);
    let hidden = Overwrite { target: everyone, deny: view, allow: none };
    let shown = Overwrite { target: Target::Role(STAFF), deny: none, allow: view };
    let channel = |of: ChannelId| ChannelId(of.0 + 1_000 * (id.0 - GUILD.0));
    state.channels.insert(channel(HALL), Arc::default());
    state.channels.insert(channel(OFFICE), [hidden, shown].into());
    state.members.extend(members.map(|user| (user, Arc::default())));
    Checkpoint::founding(state)
}

fn part(name: &str, founding: Checkpoint) -> GuildPart {
    let mut channels = founding.state.channels.keys();
    let named = ["hall", "office"].map(|name| (name.to_owned(), *channels.next().unwrap()));
    GuildPart {
        name: name.to_owned(),
        id: founding.state.guild,
        channels: named.to_vec(),
        roles: vec![("staff".to_owned(), STAFF)],
        founding: Arc::new(founding),
    }
}

impl Stage {
    /// `names` are the clients, each with a user of its own: one with `!` is hostile, one with `?` is
    /// no member yet.
    pub(crate) fn new(limits: Limits, names: &[&str]) -> Self {
        Self::with(limits, names, |_| Intents::USUAL, false)
    }

    /// The same, with other intents and perhaps with two guilds.
    pub(crate) fn with(
        limits: Limits,
        names: &[&str],
        intents: impl Fn(usize) -> Intents,
        two: bool,
    ) -> Self {
        let limits = Arc::new(limits);
        let home = |at: usize| NodeId(u16::try_from(at % 2).unwrap());
        let members = || (0..names.len()).filter(|at| !names[*at].ends_with('?')).map(user);
        let mut guilds = vec![part("guild", founded(GUILD, members()))];
        if two {
            guilds.push(part("other", founded(OTHER, members().take(2))));
        }
        let cluster = Arc::new(ClusterConfig {
            accounts: (0..names.len()).map(|at| (token(at), user(at))).collect(),
            nodes: vec![NodeId(0), NodeId(1)],
        });
        let named = (0..names.len()).map(|at| {
            let of = guilds.iter().filter(|it| it.founding.state.members.contains_key(&user(at)));
            (user(at), of.map(|it| it.id).collect())
        });
        let directory = Directory::new(named);
        let part = |(at, name): (usize, &&str)| ClientPart {
            name: name.trim_end_matches(['!', '?']).to_owned(),
            user: user(at),
            home: home(at),
            honest: !name.ends_with('!'),
        };
        let cast = Arc::new(Cast {
            limits: limits.clone(),
            cluster: cluster.clone(),
            nodes: vec!["paris".to_owned(), "berlin".to_owned()],
            guilds,
            clients: names.iter().enumerate().map(part).collect(),
            strains: Vec::new(),
            trip: Span::ZERO,
        });
        let client = |at: usize| {
            let (user, token, home) = (user(at), token(at), home(at));
            let (intents, shard) = (intents(at), Shard::default());
            let identity = Identity { user, token, intents, shard, home, nodes: 2 };
            Client::new(identity, limits.clone(), None)
        };
        let journals = cast.guilds.iter();
        let mut stage = Self {
            nodes: [0, 1]
                .map(|id| Node::new((NodeId(id), 1), limits.clone(), cluster.clone(), None))
                .into(),
            boots: vec![1, 1],
            down: vec![false; 2],
            apart: vec![false; 2],
            clients: (0..names.len()).map(client).collect(),
            journals: journals
                .map(|it| (it.id, Memory::new(Checkpoint::clone(&it.founding))))
                .collect(),
            directory,
            wires: Vec::new(),
            letters: VecDeque::new(),
            recorder: Recorder::default(),
            now: Instant::ZERO,
            step: 0,
            sessions: 0,
            nonces: 0,
            cast,
        };
        stage.own(0, GUILD);
        if two {
            stage.own(0, OTHER);
        }
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

    /// Several things happen to a node before anything follows from them.
    pub(crate) fn tell_at_once(&mut self, node: usize, inputs: [node::Input; 2]) {
        self.letters.extend(inputs.map(|input| Letter::Node(node, input)));
        self.settle();
    }

    /// Something happens to a client, and all that follows from it.
    pub(crate) fn ask(&mut self, client: usize, input: client::Input) {
        self.letters.push_back(Letter::Client(client, input));
        self.settle();
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

/// The id of the session that began as this one of all.
pub(crate) fn session(number: u128) -> SessionId {
    SessionId(number)
}
