//! The checkers as those who listen in a real world: one line of steps, whoever takes them.
//!
//! A step is told under a lock, so the history is one in which every cause comes before its effect,
//! and the checkers are the ones of the fast world. The wire does not say which event a dispatch
//! tells of; what a client has taken is looked up among what its node wrote under that name, and
//! compared. It must not act.

mod phases;
mod written;

use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guildhall_check::Contract;
use guildhall_check::cast::Cast;
use guildhall_core::dispatch::Dispatch;
use guildhall_core::guild::StepDown;
use guildhall_core::id::{Connection, GuildId, NodeId, Port, Seq};
use guildhall_core::node::{self, TraceEvent};
use guildhall_core::step::{Actor, Head, Observed, Observer, WorldEvent};
use guildhall_core::time::{Instant, Now};
use guildhall_plan::digest::Digest;
use guildhall_plan::director::News;
use guildhall_plan::fault::{GuildPhase, Participant, Phase};
use guildhall_plan::topology::guild_place;
use guildhall_runtime::tracer::Tracer;
use tokio::sync::mpsc;

use crate::chronicle::Chronicle;
use phases::Phases;
pub use written::Taken;
use written::Written;

/// Judges one run. All clones are one.
#[derive(Clone)]
pub struct Judge(Arc<Mutex<Bench>>);

/// What the time is in this world.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// Everything that listens.
pub struct Bench {
    clock: Clock,
    /// The clauses.
    pub contract: Contract,
    /// Every step so far, in one number.
    pub digest: Digest,
    /// How many steps there were.
    pub steps: u64,
    /// When the last of them was taken.
    pub last: Instant,
    /// How often the planted bug made a difference.
    pub hits: u64,
    /// What each client has taken, in order.
    pub written: Written,
    /// What happened to nodes and guilds.
    pub chronicle: Chronicle,
    phases: Phases,
    news: mpsc::UnboundedSender<News>,
}

impl Judge {
    /// Nobody has done anything yet. What the play has to know of is told as `news`.
    #[must_use]
    pub fn new(cast: Arc<Cast>, clock: Clock, news: mpsc::UnboundedSender<News>) -> Self {
        let clients = cast.clients.len();
        Self(Arc::new(Mutex::new(Bench {
            clock,
            contract: Contract::new(cast),
            digest: Digest::new(),
            steps: 0,
            last: Instant::ZERO,
            hits: 0,
            written: Written::new(clients),
            chronicle: Chronicle::default(),
            phases: Phases::new(clients),
            news,
        })))
    }

    /// What was seen so far. While it is held nothing happens.
    pub fn bench(&self) -> MutexGuard<'_, Bench> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something happens to the world itself.
    pub fn world(&self, event: &WorldEvent) {
        let mut bench = self.bench();
        let now = Now::from((bench.clock)());
        let head = bench.begin(Actor::World, now, 0);
        event.hash(&mut bench.digest);
        bench.contract.observe(&head, Observed::World(event));
        bench.chronicle.observe(&head, Observed::World(event));
        bench.contract.observe(&head, Observed::StepEnded);
    }

    /// A guild has reached a phase that a fault may wait for.
    pub fn guild_reached(&self, guild: GuildId, phase: GuildPhase) {
        self.bench().tell(phases::guild_reached(guild, phase));
    }
}

impl Tracer for Judge {
    type Step<'a> = Listening<'a>;

    fn step(&self, actor: Actor, now: Now, cause: u64) -> (Head, Listening<'_>) {
        let mut bench = self.bench();
        let head = bench.begin(actor, now, cause);
        (head, Listening(bench))
    }

    fn bug_reached(&self, times: u64) {
        self.bench().hits += times;
    }
}

impl Bench {
    fn begin(&mut self, actor: Actor, now: Now, cause: u64) -> Head {
        self.steps += 1;
        let at = (self.clock)();
        self.last = at;
        self.digest.word(at.as_micros());
        actor.hash(&mut self.digest);
        Head { step: self.steps, cause, at, now, actor }
    }

    /// What faults may wait for.
    fn tell(&self, reached: Option<(Participant, Phase)>) {
        if let Some((who, phase)) = reached {
            let _ = self.news.send(News::Reached(who, phase));
        }
    }

    /// The phase that this has brought a client or a guild to.
    fn reached(&mut self, head: &Head, what: Observed<'_>) -> Option<(Participant, Phase)> {
        match what {
            Observed::NodeInput(input) => phases::node_input(input),
            Observed::NodeOutput(output) => phases::node_output(output),
            Observed::ClientInput(input) => self.phases.client_input(port(head)?, input),
            Observed::ClientOutput(output) => self.phases.client_output(port(head)?, output),
            Observed::JournalEvent { .. }
            | Observed::JournalReply { .. }
            | Observed::Dispatched { .. }
            | Observed::Delivered { .. }
            | Observed::DirectoryInput(_)
            | Observed::DirectoryOutput(_)
            | Observed::Timeout
            | Observed::World(_)
            | Observed::StepEnded => None,
        }
    }

    /// Tells the play that an owner steps down or a node has stopped.
    fn report_owner(&self, head: &Head, output: &node::Output) {
        let Actor::Node(NodeId(node)) = head.actor else { return };
        let stepped_down = |guild, closed| {
            let guild = u32::try_from(guild_place(guild)).unwrap_or(u32::MAX);
            News::SteppedDown { node, guild, closed }
        };
        let news = match output {
            node::Output::Trace(TraceEvent::SteppedDown { guild, why, .. }) => {
                stepped_down(*guild, matches!(why, StepDown::Closed))
            }
            node::Output::Trace(TraceEvent::GivenUp { guild }) => stepped_down(*guild, true),
            node::Output::Stopped => News::Stopped(node),
            node::Output::Frame { .. }
            | node::Output::Dispatch { .. }
            | node::Output::Close { .. }
            | node::Output::Peer { .. }
            | node::Output::Journal { .. }
            | node::Output::Directory(_)
            | node::Output::Answer { .. }
            | node::Output::Trace(_) => return,
        };
        let _ = self.news.send(news);
    }
}

/// Listens to one step.
pub struct Listening<'a>(MutexGuard<'a, Bench>);

fn port(head: &Head) -> Option<Port> {
    match head.actor {
        Actor::Client(port) => Some(port),
        Actor::World | Actor::Node(_) | Actor::Journal(_) | Actor::Directory => None,
    }
}

impl Observer for Listening<'_> {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        let bench = &mut *self.0;
        match what {
            Observed::NodeInput(input) => input.hash(&mut bench.digest),
            Observed::NodeOutput(output) => output.hash(&mut bench.digest),
            Observed::ClientInput(input) => input.hash(&mut bench.digest),
            Observed::ClientOutput(output) => output.hash(&mut bench.digest),
            Observed::JournalEvent { event, .. } => event.hash(&mut bench.digest),
            Observed::JournalReply { to, reply, .. } => (to, reply).hash(&mut bench.digest),
            Observed::DirectoryInput(input) => input.hash(&mut bench.digest),
            Observed::DirectoryOutput(output) => output.hash(&mut bench.digest),
            Observed::Timeout => bench.digest.word(0),
            Observed::Dispatched { to, s, dispatch } => {
                return self.dispatched(head, to, s, dispatch);
            }
            Observed::Delivered { on, s, dispatch } => {
                return self.delivered(head, on, s, dispatch);
            }
            // `Judge::world` reports the events of the world.
            Observed::World(_) | Observed::StepEnded => {}
        }
        if let Observed::NodeOutput(node::Output::Dispatch { connection, s, dispatch }) = what {
            bench.written.write(*connection, *s, dispatch);
        }
        bench.contract.observe(head, what);
        bench.chronicle.observe(head, what);
        let reached = bench.reached(head, what);
        bench.tell(reached);
        if let Observed::NodeOutput(output) = what {
            bench.report_owner(head, output);
        }
    }

    fn dispatched(&mut self, head: &Head, to: Connection, s: Seq, what: &Arc<Dispatch>) {
        let bench = &mut *self.0;
        bench.digest.word(u64::from(to.slot) << 40 ^ s.0);
        what.hash(&mut bench.digest);
        bench.written.write(to, s, what);
        bench.contract.dispatched(head, to, s, what);
    }

    fn delivered(&mut self, head: &Head, on: Connection, s: Seq, what: &Arc<Dispatch>) {
        let bench = &mut *self.0;
        let Some(port) = port(head) else { return };
        bench.digest.word(u64::from(on.slot) << 40 ^ s.0);
        what.hash(&mut bench.digest);
        // If the client received something else than was written, the checkers see what it received.
        let received = bench.written.take(port, on, s, what).unwrap_or_else(|| what.clone());
        bench.contract.delivered(head, on, s, &received);
        let reached = bench.phases.delivered(port, &received.body);
        bench.tell(reached);
    }
}
