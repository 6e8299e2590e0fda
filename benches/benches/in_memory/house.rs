//! The runtime with one guild: each worker has a thread, a node and a share of the sessions.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use guildhall_core::cluster::ClusterConfig;
use guildhall_core::directory::Directory;
use guildhall_core::dispatch::{Body, Dispatch, Intents};
use guildhall_core::frame::{ClientFrame, Identify};
use guildhall_core::id::{ChannelId, Connection, GuildId, NodeId, Nonce, Port, Seq, Shard, UserId};
use guildhall_core::journal::Checkpoint;
use guildhall_core::journal::memory::Memory;
use guildhall_core::limits::Limits;
use guildhall_core::request::{Action, Origin, Request};
use guildhall_core::testkit::{guild, token};
use guildhall_core::time::Span;
use guildhall_runtime::bus::{Bus, BusMessage, Endpoint, Envelope, InProcessBus};
use guildhall_runtime::local::{LocalInput, LocalReceiver, LocalSender, LocalTransport};
use guildhall_runtime::node::{NodeConfig, NodeDriver};
use guildhall_runtime::tokio::Tokio;
use guildhall_runtime::{directory, journal};
use tokio_util::sync::CancellationToken;

const GUILD: GuildId = GuildId(1 << 22);
const CHANNEL: ChannelId = ChannelId(7);

/// What all receivers together wait for.
#[derive(Default)]
struct Goal {
    /// Messages that are still missing; at the start, guilds.
    missing: AtomicU64,
    done: (Mutex<()>, Condvar),
}

impl Goal {
    fn heard(&self, count: u64) {
        if count > 0 && self.missing.fetch_sub(count, Ordering::AcqRel) == count {
            let _held = self.done.0.lock().expect("no thread panics");
            self.done.1.notify_all();
        }
    }

    fn set(&self, count: u64) {
        self.missing.store(count, Ordering::Release);
    }

    fn wait(&self) {
        let mut held = self.done.0.lock().expect("no thread panics");
        while self.missing.load(Ordering::Acquire) > 0 {
            held = self.done.1.wait(held).expect("no thread panics");
        }
    }
}

/// The sessions of one node: each checks the order of its dispatches.
struct Crowd {
    last: Vec<u64>,
    heard: u64,
    goal: Arc<Goal>,
}

impl LocalReceiver for Crowd {
    #[inline]
    fn dispatch(&mut self, to: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        let last = &mut self.last[to.slot as usize];
        assert!(s.0 == *last + 1, "out of order");
        *last = s.0;
        if matches!(dispatch.body, Body::MessageCreate(_) | Body::GuildCreate(_)) {
            self.heard += 1;
        }
    }

    fn flushed(&mut self) {
        self.goal.heard(std::mem::take(&mut self.heard));
    }
}

/// The running workers.
pub(crate) struct House {
    senders: Vec<LocalSender>,
    goal: Arc<Goal>,
    sessions: u64,
    nonces: AtomicU64,
    stop: CancellationToken,
    threads: Vec<JoinHandle<()>>,
}

impl House {
    /// Starts the workers, and waits until every session has the guild.
    pub(crate) fn open(sessions: u32, workers: u16) -> Self {
        let limits = Arc::new(limits(sessions));
        let users: Vec<_> = (1..=u64::from(sessions)).map(UserId).collect();
        let cluster = Arc::new(ClusterConfig {
            accounts: users.iter().map(|&user| (token(user), user)).collect(),
            nodes: (0..workers).map(NodeId).collect(),
            guilds: [GUILD].into(),
        });
        let (hub, goal, stop) =
            (InProcessBus::default(), Arc::<Goal>::default(), CancellationToken::new());
        let (mut senders, mut threads) = (Vec::new(), Vec::new());
        let mut base = Some(guild(GUILD, users[0], users.iter().copied(), [CHANNEL.0]));
        for node in (0..workers).map(NodeId) {
            let last = vec![0; sessions as usize];
            let receiver = Crowd { last, heard: 0, goal: goal.clone() };
            let (rt, hub, stop) = (Tokio::default(), hub.clone(), stop.clone());
            let (carrier, sender) = LocalTransport::new(rt.clone(), receiver);
            senders.push(sender);
            let (limits, cluster) = (limits.clone(), cluster.clone());
            let start = NodeConfig { node, boot: 1, limits, cluster, mutant: None };
            let mail = hub.register(Endpoint::Node(node));
            // The journal and the directory share the first worker's thread.
            let founded =
                base.take().map(|state| (Memory::new(Checkpoint::founding(state)), users.clone()));
            threads.push(std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("the system gives a runtime").block_on(async move {
                    if let Some((store, users)) = founded {
                        let around = (rt.clone(), hub.clone(), ());
                        let mail = hub.register(Endpoint::Journal(GUILD));
                        let keeps = journal::JournalDriver::new(GUILD, store, around.clone());
                        tokio::spawn(keeps.run(mail));
                        let mail = hub.register(Endpoint::Directory);
                        let named = users.into_iter().map(|user| (user, vec![GUILD]));
                        let names = directory::DirectoryDriver::new(Directory::new(named), around);
                        tokio::spawn(names.run(mail));
                    }
                    NodeDriver::new(start, (rt, hub, ()), carrier, mail, stop).run().await;
                });
            }));
        }
        let house = Self {
            senders,
            goal,
            sessions: u64::from(sessions),
            nonces: AtomicU64::new(0),
            stop,
            threads,
        };
        house.fill(&hub, &users);
        house
    }

    fn fill(&self, hub: &InProcessBus, users: &[UserId]) {
        let envelope =
            Envelope { from: Endpoint::Directory, message: BusMessage::OwnGuild(GUILD), cause: 0 };
        hub.send(Endpoint::Node(NodeId(0)), envelope);
        self.goal.set(self.sessions);
        for (&user, slot) in users.iter().zip(0_u32..) {
            let sender = &self.senders[slot as usize % self.senders.len()];
            let connection = Connection { slot, generation: 1 };
            let identify =
                Identify { token: token(user), intents: Intents::USUAL, shard: Shard::default() };
            for input in [
                LocalInput::Connect(connection),
                LocalInput::Frame(connection, ClientFrame::Identify(identify)),
            ] {
                while sender.send(input.clone()).is_err() {
                    std::thread::yield_now();
                }
            }
        }
        self.goal.wait();
    }

    /// Sends `burst` messages, and waits until every session has received the last one.
    pub(crate) fn publish(&self, burst: u32) {
        self.goal.set(self.sessions * u64::from(burst));
        for _ in 0..burst {
            let nonce = Nonce(self.nonces.fetch_add(1, Ordering::Relaxed));
            let origin = Origin { user: UserId(1), nonce };
            let content = "a short message, as long as most of them are, and no longer".into();
            let action = Action::Say { channel: CHANNEL, content, mentions: Arc::default() };
            let request = Request { origin, guild: GUILD, attempt: 1, action };
            let input = LocalInput::Request(Port(0), token(UserId(1)), request);
            self.senders[0].send(input).expect("there is room for a burst");
        }
        self.goal.wait();
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.cancel();
        for thread in self.threads.drain(..) {
            thread.join().expect("no worker panics");
        }
    }
}

/// Limits that refuse, disconnect and time out nothing: only the fan-out is measured.
fn limits(sessions: u32) -> Limits {
    let limits = Limits {
        relay_sessions: sessions,
        heartbeat_interval: Span::secs(100_000),
        nonces: 1 << 24,
        stop_spread: Span::micros(1),
        stop_patience: Span::micros(1),
        ..Limits::default()
    };
    limits.validate().expect("the limits are consistent");
    limits
}
