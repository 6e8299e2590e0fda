//! A cluster on loopback in one process: some nodes, one guild, and clients.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};

use guildhall_core::client::{self, Identity};
use guildhall_core::cluster::ClusterConfig;
use guildhall_core::directory::Directory;
use guildhall_core::dispatch::{Body, Intents};
use guildhall_core::id::{
    ChannelId, Connection, GuildId, NodeId, Nonce, Port, Shard, Token, UserId,
};
use guildhall_core::journal::Checkpoint;
use guildhall_core::journal::memory::Memory;
use guildhall_core::limits::Limits;
use guildhall_core::request::{Action, Origin, Outcome, Request};
use guildhall_core::state::State;
use guildhall_core::step::{Actor, Head, Observed, Observer};
use guildhall_core::time::{Now, Span};
use guildhall_runtime::bus::{Bus, BusMessage, Endpoint, Envelope, InProcessBus};
use guildhall_runtime::client::{ClientCommand, NodeAddress};
use guildhall_runtime::rt::{Listener, Rt};
use guildhall_runtime::sockets::{SocketConfig, SocketTransport};
use guildhall_runtime::tokio::Tokio;
use guildhall_runtime::tracer::Tracer;
use guildhall_runtime::wire::GatewayUrls;
use guildhall_runtime::{client as clients, directory, journal, node};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const GUILD: GuildId = GuildId(1 << 22);
const CHANNEL: ChannelId = ChannelId(7);

/// What clients received.
#[derive(Default)]
struct Received {
    bodies: BTreeMap<u32, Vec<Body>>,
    connections: BTreeMap<u32, Connection>,
    outcomes: BTreeMap<u32, Vec<Outcome>>,
}

/// Records what clients receive.
#[derive(Clone, Default)]
struct Recorder {
    received: Arc<Mutex<Received>>,
    changed: Arc<Notify>,
}

struct RecordStep<'a>(MutexGuard<'a, Received>, &'a Notify);

impl Observer for RecordStep<'_> {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        match (head.actor, what) {
            (Actor::Client(port), Observed::Delivered { on, dispatch, .. }) => {
                self.0.bodies.entry(port.0).or_default().push(dispatch.body.clone());
                self.0.connections.insert(port.0, on);
            }
            (Actor::Client(port), Observed::ClientInput(client::Input::Answer(answer))) => {
                self.0.outcomes.entry(port.0).or_default().push(answer.outcome);
            }
            (_, Observed::StepEnded) => self.1.notify_waiters(),
            _ => {}
        }
    }
}

impl Tracer for Recorder {
    type Step<'a> = RecordStep<'a>;

    fn step(&self, actor: Actor, now: Now, cause: u64) -> (Head, RecordStep<'_>) {
        let received = self.received.lock().expect("no thread panics");
        (Head { step: 1, cause, at: now.instant, now, actor }, RecordStep(received, &self.changed))
    }
}

/// The cluster and its clients.
pub(crate) struct Cluster {
    recorder: Recorder,
    addresses: Arc<BTreeMap<NodeId, NodeAddress>>,
    commands: Vec<mpsc::Sender<ClientCommand>>,
    stops: Vec<(CancellationToken, JoinHandle<()>)>,
    nonces: std::cell::Cell<u64>,
}

impl Cluster {
    /// Starts `nodes` nodes, of which the first owns the guild, and `clients` clients, spread over
    /// all nodes.
    pub(crate) async fn start(nodes: u16, clients: u32) -> Self {
        // The tests should not wait longer than necessary.
        let limits = Limits {
            identify_every: Span::millis(100),
            stop_spread: Span::secs(2),
            stop_patience: Span::millis(100),
            stop_within: Span::secs(5),
            ..Limits::default()
        };
        limits.validate().expect("the limits are valid");
        let limits = Arc::new(limits);
        let (rt, bus, recorder) = (Tokio::default(), InProcessBus::default(), Recorder::default());
        let users: Vec<_> = (1..=u64::from(clients)).map(UserId).collect();
        let token = |user: UserId| Token(u128::from(user.0) << 64 | 0xfeed);
        let cluster = Arc::new(ClusterConfig {
            accounts: users.iter().map(|&user| (token(user), user)).collect(),
            nodes: (0..nodes).map(NodeId).collect(),
            guilds: [GUILD].into(),
        });
        let mut listeners = Vec::new();
        for _ in 0..nodes {
            let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            listeners
                .push((rt.bind(any).await.expect("binds"), rt.bind(any).await.expect("binds")));
        }
        let address = |(gateway, requests): &(_, _)| NodeAddress {
            gateway: Listener::address(gateway).expect("bound"),
            requests: Listener::address(requests).expect("bound"),
        };
        let addresses: BTreeMap<_, _> =
            listeners.iter().zip(0..).map(|(it, node)| (NodeId(node), address(it))).collect();
        let all = addresses.iter().map(|(node, at)| (*node, format!("ws://{}", at.gateway)));
        let (urls, addresses) =
            (Arc::new(GatewayUrls::new(all).expect("valid")), Arc::new(addresses.clone()));
        start_services(&users, &(rt.clone(), bus.clone(), recorder.clone()));
        let mut stops = Vec::new();
        for ((gateway, requests), node) in listeners.into_iter().zip(0..) {
            let setting = SocketConfig {
                node: NodeId(node),
                nodes,
                boot: 1,
                connections: 1_000,
                window: 64 * 1_024,
                urls: urls.clone(),
            };
            let sockets = SocketTransport::new(rt.clone(), setting);
            rt.spawn(sockets.acceptor().serve_gateway(gateway));
            rt.spawn(sockets.acceptor().serve_requests(requests));
            let start = node::NodeConfig {
                node: NodeId(node),
                boot: 1,
                limits: limits.clone(),
                cluster: cluster.clone(),
                mutant: None,
            };
            let stop = CancellationToken::new();
            let world = (rt.clone(), bus.clone(), recorder.clone());
            let inbox = bus.register(Endpoint::Node(NodeId(node)));
            let runs = node::NodeDriver::new(start, world, sockets, inbox, stop.clone()).run();
            stops.push((stop, tokio::spawn(runs)));
        }
        let envelope =
            Envelope { from: Endpoint::Directory, message: BusMessage::OwnGuild(GUILD), cause: 0 };
        bus.send(Endpoint::Node(NodeId(0)), envelope);
        let mut commands = Vec::new();
        for (&user, port) in users.iter().zip(0..) {
            let home = NodeId(u16::try_from(port).expect("few clients") % nodes);
            let (intents, shard) = (Intents::ALL, Shard::default());
            let identity = Identity { user, token: token(user), intents, shard, home, nodes };
            let start = clients::ClientConfig {
                port: Port(port),
                identity,
                limits: limits.clone(),
                mutant: None,
                addresses: addresses.clone(),
                urls: urls.clone(),
            };
            let (command, receiver) = mpsc::channel(16);
            rt.spawn(clients::ClientDriver::new(start, rt.clone(), recorder.clone()).run(receiver));
            command.send(ClientCommand::Start).await.expect("the client runs");
            commands.push(command);
        }
        Self { recorder, addresses, commands, stops, nonces: std::cell::Cell::default() }
    }

    async fn wait_for<T>(&self, mut condition: impl FnMut(&Received) -> Option<T>) -> T {
        loop {
            let changed = self.recorder.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(found) =
                condition(&self.recorder.received.lock().expect("no thread panics"))
            {
                return found;
            }
            changed.await;
        }
    }

    /// Waits until every client has received the guild.
    pub(crate) async fn all_in_guild(&self) {
        let there = |bodies: &Vec<Body>| bodies.iter().any(|it| matches!(it, Body::GuildCreate(_)));
        let all = self.commands.len();
        self.wait_for(|received| {
            (received.bodies.values().filter(|it| there(it)).count() == all).then_some(())
        })
        .await;
    }

    pub(crate) fn post_message(&self, client: u32, content: &str) {
        self.nonces.set(self.nonces.get() + 1);
        let origin =
            Origin { user: UserId(u64::from(client) + 1), nonce: Nonce(self.nonces.get()) };
        let action =
            Action::Say { channel: CHANNEL, content: content.into(), mentions: Arc::default() };
        let request = Request { origin, guild: GUILD, attempt: 0, action };
        self.commands[client as usize]
            .try_send(ClientCommand::Request(request))
            .expect("the client runs");
    }

    /// Waits for the next answer to a client, and checks its outcome.
    pub(crate) async fn answered(&self, client: u32, expected: impl Fn(Outcome) -> bool) {
        let outcomes = self.wait_for(|received| {
            received.outcomes.get(&client).filter(|it| !it.is_empty()).cloned()
        });
        let outcomes = outcomes.await;
        assert!(outcomes.iter().all(|outcome| expected(*outcome)), "{outcomes:?}");
        self.recorder.received.lock().expect("no thread panics").outcomes.remove(&client);
    }

    /// Waits until a client has received `count` messages, and returns their contents.
    pub(crate) async fn messages(&self, client: u32, count: usize) -> Vec<String> {
        let content = |body: &Body| {
            let Body::MessageCreate(message) = body else { return None };
            Some(message.content.to_string())
        };
        self.wait_for(|received| {
            let all: Vec<_> = received.bodies.get(&client)?.iter().filter_map(content).collect();
            (all.len() >= count).then_some(all)
        })
        .await
    }

    /// Waits until a client has received `count` dispatches that match.
    pub(crate) async fn received(
        &self,
        client: u32,
        count: usize,
        matches: impl Fn(&Body) -> bool,
    ) {
        let all = |bodies: &Vec<Body>| bodies.iter().filter(|it| matches(it)).count() >= count;
        self.wait_for(|received| received.bodies.get(&client).filter(|it| all(it)).map(drop)).await;
    }

    /// Connects to a node's gateway.
    pub(crate) async fn try_connect(&self, node: u16) -> std::io::Result<()> {
        let at = self.addresses[&NodeId(node)].gateway;
        tokio::net::TcpStream::connect(at).await.map(drop)
    }

    /// Tells the last node to shut down, without waiting.
    pub(crate) fn begin_stop(&self) {
        self.stops.last().expect("there is a node").0.cancel();
    }

    /// Whether the last node has shut down.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stops.last().expect("there is a node").1.is_finished()
    }

    /// Shuts the last node down, and waits for it.
    pub(crate) async fn stop(&mut self) {
        let (stop, node) = self.stops.pop().expect("there is a node");
        stop.cancel();
        node.await.expect("the node ends normally");
    }
}

/// Starts the guild's journal and the directory.
fn start_services(users: &[UserId], world: &(Tokio, InProcessBus, Recorder)) {
    let mut state = State::new(GUILD, users[0]);
    state.channels.insert(CHANNEL, Arc::default());
    state.members.extend(users.iter().map(|&user| (user, Arc::default())));
    let (rt, bus, _) = world;
    let store = Memory::new(Checkpoint::founding(state));
    let inbox = bus.register(Endpoint::Journal(GUILD));
    rt.spawn(journal::JournalDriver::new(GUILD, store, world.clone()).run(inbox));
    let directory = Directory::new(users.iter().map(|&user| (user, vec![GUILD])));
    let inbox = bus.register(Endpoint::Directory);
    rt.spawn(directory::DirectoryDriver::new(directory, world.clone()).run(inbox));
}
