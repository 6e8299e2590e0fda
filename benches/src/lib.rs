//! A node with a scripted owner and clients without buffers, so that a benchmark measures only the
//! node.

use std::sync::Arc;

use guildhall_core::dispatch::{Dispatch, Intents};
use guildhall_core::event::{Event, Record};
use guildhall_core::id::{Connection, Epoch, GuildId, NodeId, Position, RoleId, Seq, UserId};
use guildhall_core::limits::Limits;
use guildhall_core::node::{Input, Output};
use guildhall_core::peer::{PeerMessage, RelayId};
use guildhall_core::permission::Role;
use guildhall_core::state::State;
use guildhall_core::step::{Head, Observed, Observer};
use guildhall_core::testkit::{self, Cluster, Founding, chunks};
use guildhall_core::time::{Instant, Wall};

const NODE: NodeId = NodeId(1);
const OWNER: NodeId = NodeId(2);
const EPOCH: Epoch = Epoch(1);

/// Counts the dispatches, and remembers the relay that subscribes.
#[derive(Clone, Default)]
struct Counter {
    dispatches: u64,
    relay: Option<RelayId>,
}

impl Observer for Counter {
    fn observe(&mut self, _: &Head, what: Observed<'_>) {
        let Observed::NodeOutput(Output::Peer { message, .. }) = what else { return };
        if let PeerMessage::Subscribe { relay, .. } = message {
            self.relay = Some(*relay);
        }
    }

    fn dispatched(&mut self, _: &Head, _: Connection, _: Seq, _: &Arc<Dispatch>) {
        self.dispatches += 1;
    }
}

/// A node with one guild, which another node owns.
#[derive(Clone)]
pub struct Stage {
    cluster: Cluster<Counter>,
    state: State,
    position: Position,
}

impl Stage {
    /// A node that knows the guild's owner and has no clients.
    #[must_use]
    pub fn new(state: State) -> Self {
        let founding = Founding {
            limits: Limits { relay_sessions: u32::MAX, ..Limits::default() },
            nodes: vec![NODE],
            guilds: vec![state.clone()],
            start: Instant::micros(1_000_000),
            ..Founding::default()
        };
        let cluster = Cluster::new(founding, Counter::default());
        let position = Position { epoch: EPOCH, index: 1 };
        let mut stage = Self { cluster, state, position };
        let (guild, sent) = (stage.state.guild, Instant::default());
        stage.peer(PeerMessage::Tip { guild, sender: EPOCH, position, sent, wall: Wall(0) });
        stage
    }

    fn peer(&mut self, message: PeerMessage) {
        self.cluster.tell(NODE, Input::Peer { from: OWNER, message });
    }

    /// Connects a member; the connection has unlimited credit.
    pub fn enter(&mut self, user: UserId, intents: Intents) {
        let connection = self.cluster.accept(NODE, u32::MAX);
        self.cluster.identify(connection, user, intents);
    }

    /// Sends the guild's state to the node: each waiting session receives the guild.
    ///
    /// # Panics
    /// If no member has entered: then there is no relay.
    pub fn form(&mut self) {
        let relay = self.relay();
        for chunk in chunks(&self.state, self.position, self.position, usize::MAX) {
            self.peer(PeerMessage::Chunk { relay, sender: EPOCH, chunk: Arc::new(chunk) });
        }
    }

    fn relay(&self) -> RelayId {
        self.cluster.network.observer.relay.expect("a member has entered")
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
        self.cluster.network.observer.dispatches
    }
}

/// A guild with so many members and channels; each member has one of `kinds` roles.
#[must_use]
pub fn guild(members: u64, kinds: u64, channels: u64) -> State {
    let users = (1..=members).map(UserId);
    let mut state = testkit::guild(GuildId(1), UserId(0), users, 1_000..1_000 + channels);
    state.roles.extend(
        (100..100 + kinds).map(|kind| (RoleId(kind), Role { position: 1, ..Role::default() })),
    );
    for (user, roles) in &mut state.members {
        *roles = [RoleId(100 + user.0 % kinds)].into();
    }
    state
}
