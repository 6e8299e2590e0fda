//! A node with a scripted owner, directory and clients, so that a benchmark measures only the node.

use std::sync::Arc;

use guildhall_core::cluster::ClusterConfig;
use guildhall_core::directory::{DirectoryEvent, DirectoryRequest};
use guildhall_core::dispatch::{Dispatch, Intents};
use guildhall_core::event::{Channel, Event, Record};
use guildhall_core::frame::Identify;
use guildhall_core::id::{
    Connection, Epoch, GuildId, NodeId, Position, Seq, SessionId, Shard, Token, UserId,
};
use guildhall_core::limits::Limits;
use guildhall_core::machine::Sink;
use guildhall_core::node::{Input, Node, Outbox, Output};
use guildhall_core::peer::{Chunk, PeerMessage, RelayId};
use guildhall_core::state::State;
use guildhall_core::time::Instant;

const OWNER: NodeId = NodeId(2);
const EPOCH: Epoch = Epoch(1);

/// Counts the dispatches, and keeps the requests that need a response.
#[derive(Clone, Default)]
struct Said {
    dispatches: u64,
    words: Vec<DirectoryRequest>,
    relay: Option<RelayId>,
}

impl Sink<Output> for Said {
    fn emit(&mut self, output: Output) {
        if let Output::Directory(word) = output {
            self.words.push(word);
        } else if let Output::Peer { message: PeerMessage::Subscribe { relay, .. }, .. } = output {
            self.relay = Some(relay);
        }
    }
}

impl Outbox for Said {
    fn dispatch(&mut self, _: Connection, _: Seq, _: &Arc<Dispatch>) {
        self.dispatches += 1;
    }
}

/// A node with one guild, which another node owns.
#[derive(Clone)]
pub struct Stage {
    node: Node,
    state: State,
    position: Position,
    said: Said,
    connections: u32,
}

impl Stage {
    /// A node that knows the guild's owner and has no clients.
    #[must_use]
    pub fn new(state: State) -> Self {
        let accounts = state.members.keys().map(|user| (Token(u128::from(user.0)), *user));
        let cluster = ClusterConfig { accounts: accounts.collect(), nodes: vec![NodeId(1)] };
        let limits = Limits { relay_sessions: u32::MAX, ..Limits::default() };
        let node = Node::new((NodeId(1), 1), Arc::new(limits), Arc::new(cluster), None);
        let position = Position { epoch: EPOCH, index: 1 };
        let mut stage = Self { node, state, position, said: Said::default(), connections: 0 };
        let (guild, sent) = (stage.state.guild, Instant::default());
        stage.peer(PeerMessage::Tip { guild, sender: EPOCH, position, sent });
        stage
    }

    fn handle(&mut self, input: Input) {
        self.node.handle(Instant::micros(1_000_000).into(), input, &mut self.said);
        for word in std::mem::take(&mut self.said.words) {
            if let DirectoryRequest::Ask { user, mark: asked } = word {
                let guilds = vec![self.state.guild];
                let notice = DirectoryEvent::Guilds { user, asked, version: 1, guilds };
                self.handle(Input::Directory(notice));
            }
        }
    }

    fn peer(&mut self, message: PeerMessage) {
        self.handle(Input::Peer { from: OWNER, message });
    }

    /// Connects a member; the connection has unlimited credit.
    pub fn enter(&mut self, user: UserId, intents: Intents) {
        self.connections += 1;
        let connection = Connection { slot: self.connections, generation: 1 };
        self.handle(Input::Accepted { connection, window: u32::MAX });
        let (token, shard) = (Token(u128::from(user.0)), Shard::default());
        let identify = Identify { token, intents, shard };
        let session = SessionId(u128::from(self.connections));
        self.handle(Input::Identify { connection, identify, session, bytes: 200 });
    }

    /// Sends the guild's state to the node: each waiting session receives the guild.
    ///
    /// # Panics
    /// If no member has entered: then there is no relay.
    pub fn form(&mut self) {
        let state = &self.state;
        let channel = |(id, it): (&_, &Arc<[_]>)| Channel { id: *id, overwrites: it.clone() };
        let chunk = Chunk {
            guild: state.guild,
            position: self.position,
            reach: self.position,
            nth: 0,
            of: 1,
            owner: state.owner,
            deleted: false,
            roles: state.roles.iter().map(|(role, given)| (*role, *given)).collect(),
            channels: state.channels.iter().map(channel).collect(),
            members: state.members.iter().map(|(user, roles)| (*user, roles.clone())).collect(),
        };
        self.peer(PeerMessage::Chunk {
            relay: self.relay(),
            sender: EPOCH,
            chunk: Arc::new(chunk),
        });
    }

    fn relay(&self) -> RelayId {
        self.said.relay.expect("a member has entered")
    }

    /// Makes the next record of the stream.
    #[must_use]
    pub fn record(&mut self, event: Event) -> Arc<Record> {
        let prev = self.position;
        self.position = prev.next();
        Arc::new(Record { position: self.position, prev, origin: None, event })
    }

    /// Sends a record of the stream to the node.
    ///
    /// # Panics
    /// If no member has entered.
    pub fn arrive(&mut self, record: Arc<Record>) {
        let (relay, guild) = (self.relay(), self.state.guild);
        self.peer(PeerMessage::Stream { relay, guild, sender: EPOCH, record });
    }

    /// The number of dispatches so far.
    #[must_use]
    pub const fn dispatches(&self) -> u64 {
        self.said.dispatches
    }
}

/// A guild with so many members and channels; each member has one of `kinds` roles.
#[must_use]
pub fn guild(members: u64, kinds: u64, channels: u64) -> State {
    use guildhall_core::id::{ChannelId, RoleId};
    use guildhall_core::permission::Permissions;

    let mut state = State::new(GuildId(1), UserId(0));
    for kind in 0..kinds {
        state.roles.insert(RoleId(100 + kind), Permissions::NONE);
    }
    for user in 1..=members {
        state.members.insert(UserId(user), [RoleId(100 + user % kinds)].into());
    }
    for channel in 0..channels {
        state.channels.insert(ChannelId(1_000 + channel), Arc::default());
    }
    state
}
