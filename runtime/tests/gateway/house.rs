//! A gateway of some nodes with one guild, and clients; on loopback, in one process.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};

use guildhall_core::client::{self, Identity};
use guildhall_core::directory::Directory;
use guildhall_core::dispatch::{Body, Intents};
use guildhall_core::id::{
    ChannelId, Connection, GuildId, NodeId, Nonce, Port, Shard, Token, UserId,
};
use guildhall_core::journal::Base;
use guildhall_core::journal::memory::Memory;
use guildhall_core::limits::Limits;
use guildhall_core::realm::Realm;
use guildhall_core::request::{Act, Origin, Outcome, Request};
use guildhall_core::state::State;
use guildhall_core::step::{Actor, Head, Observed, Observer};
use guildhall_core::time::{Now, Span};
use guildhall_runtime::bus::{Bus, End, Hub, Letter, Mail};
use guildhall_runtime::client::{Address, Wish};
use guildhall_runtime::rt::{Listener, Rt};
use guildhall_runtime::sockets::{Setting, Sockets};
use guildhall_runtime::tokio::Tokio;
use guildhall_runtime::watch::Watch;
use guildhall_runtime::wire::Places;
use guildhall_runtime::{client as clients, directory, driver, journal};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const GUILD: GuildId = GuildId(1 << 22);
const CHANNEL: ChannelId = ChannelId(7);

/// What came to clients.
#[derive(Default)]
struct Heard {
    bodies: BTreeMap<u32, Vec<Body>>,
    sockets: BTreeMap<u32, Connection>,
    outcomes: BTreeMap<u32, Vec<Outcome>>,
}

/// Writes down what comes to clients.
#[derive(Clone, Default)]
struct Ears {
    heard: Arc<Mutex<Heard>>,
    news: Arc<Notify>,
}

struct Listening<'a>(MutexGuard<'a, Heard>, &'a Notify);

impl Observer for Listening<'_> {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        if matches!(what, Observed::StepEnded) {
            self.1.notify_waiters();
        }
        let Actor::Client(port) = head.actor else { return };
        if let Observed::Delivered { on, dispatch, .. } = what {
            self.0.bodies.entry(port.0).or_default().push(dispatch.body.clone());
            self.0.sockets.insert(port.0, on);
        }
        if let Observed::ClientInput(client::Input::Answer(answer)) = what {
            self.0.outcomes.entry(port.0).or_default().push(answer.outcome);
        }
    }
}

impl Watch for Ears {
    type Step<'a> = Listening<'a>;

    fn step(&self, actor: Actor, now: Now, cause: u64) -> (Head, Listening<'_>) {
        let heard = self.heard.lock().expect("nobody panics");
        (Head { step: 1, cause, at: now.instant, now, actor }, Listening(heard, &self.news))
    }
}

/// The gateway and its clients.
pub(crate) struct House {
    ears: Ears,
    addresses: Arc<BTreeMap<NodeId, Address>>,
    wishes: Vec<mpsc::Sender<Wish>>,
    stops: Vec<(CancellationToken, JoinHandle<()>)>,
    nonces: std::cell::Cell<u64>,
}

impl House {
    /// Opens it: `nodes` of them, the first owns the guild, and the clients are spread over all.
    pub(crate) async fn open(nodes: u16, clients: u32) -> Self {
        // Nothing here is to take longer than it must.
        let limits = Limits {
            identify_every: Span::millis(100),
            stop_spread: Span::secs(2),
            stop_patience: Span::millis(100),
            stop_within: Span::secs(5),
            ..Limits::default()
        };
        limits.validate().expect("they fit each other");
        let limits = Arc::new(limits);
        let (rt, hub, ears) = (Tokio::default(), Hub::default(), Ears::default());
        let users: Vec<_> = (1..=u64::from(clients)).map(UserId).collect();
        let token = |user: UserId| Token(u128::from(user.0) << 64 | 0xfeed);
        let realm = Arc::new(Realm {
            accounts: users.iter().map(|&user| (token(user), user)).collect(),
            nodes: (0..nodes).map(NodeId).collect(),
        });
        let mut listeners = Vec::new();
        for _ in 0..nodes {
            let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            listeners
                .push((rt.bind(any).await.expect("binds"), rt.bind(any).await.expect("binds")));
        }
        let address = |(gateway, requests): &(_, _)| Address {
            gateway: Listener::address(gateway).expect("bound"),
            requests: Listener::address(requests).expect("bound"),
        };
        let addresses: BTreeMap<_, _> =
            listeners.iter().zip(0..).map(|(it, node)| (NodeId(node), address(it))).collect();
        let urls = addresses.iter().map(|(node, at)| (*node, format!("ws://{}", at.gateway)));
        let (places, addresses) =
            (Arc::new(Places::new(urls).expect("bare")), Arc::new(addresses.clone()));
        found(&users, &(rt.clone(), hub.clone(), ears.clone()));
        let mut stops = Vec::new();
        for ((gateway, requests), node) in listeners.into_iter().zip(0..) {
            let setting = Setting {
                node: NodeId(node),
                nodes,
                connections: 1_000,
                window: 64 * 1_024,
                places: places.clone(),
            };
            let sockets = Sockets::new(rt.clone(), setting);
            rt.spawn(sockets.door().gateway(gateway));
            rt.spawn(sockets.door().requests(requests));
            let start = driver::Start {
                node: NodeId(node),
                boot: 1,
                limits: limits.clone(),
                realm: realm.clone(),
                mutant: None,
            };
            let stop = CancellationToken::new();
            let world = (rt.clone(), hub.clone(), ears.clone());
            let mail = hub.join(End::Node(NodeId(node)));
            let runs = driver::Driver::new(start, world, sockets, mail, stop.clone()).run();
            stops.push((stop, tokio::spawn(runs)));
        }
        let letter = Letter { from: End::Directory, mail: Mail::Own(GUILD), cause: 0 };
        hub.send(End::Node(NodeId(0)), letter);
        let mut wishes = Vec::new();
        for (&user, port) in users.iter().zip(0..) {
            let home = NodeId(u16::try_from(port).expect("few") % nodes);
            let (intents, shard) = (Intents::ALL, Shard::default());
            let identity = Identity { user, token: token(user), intents, shard, home, nodes };
            let start = clients::Start {
                port: Port(port),
                identity,
                limits: limits.clone(),
                mutant: None,
                addresses: addresses.clone(),
                places: places.clone(),
            };
            let (wish, wished) = mpsc::channel(16);
            rt.spawn(clients::Driver::new(start, rt.clone(), ears.clone()).run(wished));
            wish.send(Wish::Start).await.expect("it runs");
            wishes.push(wish);
        }
        Self { ears, addresses, wishes, stops, nonces: std::cell::Cell::default() }
    }

    async fn until<T>(&self, mut is: impl FnMut(&Heard) -> Option<T>) -> T {
        loop {
            let news = self.ears.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            if let Some(found) = is(&self.ears.heard.lock().expect("nobody panics")) {
                return found;
            }
            news.await;
        }
    }

    /// Waits until every client has been told of the guild.
    pub(crate) async fn all_in_guild(&self) {
        let there = |bodies: &Vec<Body>| bodies.iter().any(|it| matches!(it, Body::GuildCreate(_)));
        let all = self.wishes.len();
        self.until(|heard| {
            (heard.bodies.values().filter(|it| there(it)).count() == all).then_some(())
        })
        .await;
    }

    pub(crate) fn say(&self, client: u32, content: &str) {
        self.nonces.set(self.nonces.get() + 1);
        let origin =
            Origin { user: UserId(u64::from(client) + 1), nonce: Nonce(self.nonces.get()) };
        let act = Act::Say { channel: CHANNEL, content: content.into(), mentions: Arc::default() };
        let request = Request { origin, guild: GUILD, attempt: 0, act };
        self.wishes[client as usize].try_send(Wish::Ask(request)).expect("it is listening");
    }

    /// Waits for the next answer to a client.
    pub(crate) async fn answered(&self, client: u32, fits: impl Fn(Outcome) -> bool) {
        let outcomes =
            self.until(|heard| heard.outcomes.get(&client).filter(|it| !it.is_empty()).cloned());
        let outcomes = outcomes.await;
        assert!(outcomes.iter().all(|outcome| fits(*outcome)), "{outcomes:?}");
        self.ears.heard.lock().expect("nobody panics").outcomes.remove(&client);
    }

    /// Waits until a client has heard so many messages, and says what they said.
    pub(crate) async fn heard(&self, client: u32, messages: usize) -> Vec<String> {
        let said = |body: &Body| {
            let Body::MessageCreate(message) = body else { return None };
            Some(message.content.to_string())
        };
        self.until(|heard| {
            let all: Vec<_> = heard.bodies.get(&client)?.iter().filter_map(said).collect();
            (all.len() >= messages).then_some(all)
        })
        .await
    }

    /// Waits until a client has been told so many things that are like this.
    pub(crate) async fn told(&self, client: u32, times: usize, is: impl Fn(&Body) -> bool) {
        let all = |bodies: &Vec<Body>| bodies.iter().filter(|it| is(it)).count() >= times;
        self.until(|heard| heard.bodies.get(&client).filter(|it| all(it)).map(drop)).await;
    }

    /// Whether anybody answers at a node's gateway.
    pub(crate) async fn knock(&self, node: u16) -> std::io::Result<()> {
        let at = self.addresses[&NodeId(node)].gateway;
        tokio::net::TcpStream::connect(at).await.map(drop)
    }

    /// Tells the last node to stop, and does not wait.
    pub(crate) fn begin_to_stop(&self) {
        self.stops.last().expect("there is one").0.cancel();
    }

    /// Whether the last node is gone.
    pub(crate) fn is_gone(&self) -> bool {
        self.stops.last().expect("there is one").1.is_finished()
    }

    /// Stops the last node in a planned way, and waits until it is gone.
    pub(crate) async fn stop(&mut self) {
        let (stop, node) = self.stops.pop().expect("there is one");
        stop.cancel();
        node.await.expect("it ends well");
    }
}

/// The guild's journal and the directory.
fn found(users: &[UserId], world: &(Tokio, Hub, Ears)) {
    let mut state = State::new(GUILD, users[0]);
    state.channels.insert(CHANNEL, Arc::default());
    state.members.extend(users.iter().map(|&user| (user, Arc::default())));
    let (rt, hub, _) = world;
    let store = Memory::new(Base::founding(state));
    let mail = hub.join(End::Journal(GUILD));
    rt.spawn(journal::Driver::new(GUILD, store, world.clone()).run(mail));
    let directory = Directory::new(users.iter().map(|&user| (user, vec![GUILD])));
    let mail = hub.join(End::Directory);
    rt.spawn(directory::Driver::new(directory, world.clone()).run(mail));
}
