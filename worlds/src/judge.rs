//! The checkers as observers of a real world: one sequence of steps, whichever task takes them.
//!
//! A step is reported under a lock, so every cause comes before its effect, and the checkers are
//! the same as in the simulated world. A dispatch on the wire does not identify its event: the
//! judge finds it among the dispatches that the node wrote under the same number, and compares the
//! two. It must not act.

mod phases;
mod written;

use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guildhall_check::Contract;
use guildhall_check::cast::Cast;
use guildhall_core::census::Machine;
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

/// Judges one run. All clones share their state.
#[derive(Clone)]
pub struct Judge(Arc<Mutex<Bench>>);

/// Returns the current time of the world.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// All observers.
pub struct Bench {
    clock: Clock,
    /// The clauses.
    pub contract: Contract,
    /// The digest of all steps so far.
    pub digest: Digest,
    /// The number of steps.
    pub steps: u64,
    /// The time of the last step.
    pub last: Instant,
    /// The number of times that the planted bug made a difference.
    pub hits: u64,
    /// The number of times that a shell has counted what it keeps (B1).
    pub shells: u64,
    /// The dispatches that each client received, in order.
    pub written: Written,
    /// The history of nodes and guilds.
    pub chronicle: Chronicle,
    phases: Phases,
    news: mpsc::UnboundedSender<News>,
}

impl Judge {
    /// Creates the judge of a run before its first step. The play is notified through `news`.
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
            shells: 0,
            written: Written::new(clients),
            chronicle: Chronicle::default(),
            phases: Phases::new(clients),
            news,
        })))
    }

    /// Locks the observers. No step can be taken while the guard is held.
    pub fn bench(&self) -> MutexGuard<'_, Bench> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reports an event of the world itself.
    pub fn world(&self, event: &WorldEvent) {
        let mut bench = self.bench();
        let now = Now::from((bench.clock)());
        let head = bench.begin(Actor::World, now, 0);
        event.hash(&mut bench.digest);
        bench.contract.observe(&head, Observed::World(event));
        bench.chronicle.observe(&head, Observed::World(event));
        bench.contract.observe(&head, Observed::StepEnded);
    }

    /// Reports that a guild has reached a phase that a fault may wait for.
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

    /// Notifies the play of a phase that faults may wait for.
    fn tell(&self, reached: Option<(Participant, Phase)>) {
        if let Some((who, phase)) = reached {
            let _ = self.news.send(News::Reached(who, phase));
        }
    }

    /// The phase that a client or a guild reaches by this observation.
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
            | Observed::Census(_)
            | Observed::World(_)
            | Observed::StepEnded => None,
        }
    }

    /// Notifies the play that an owner steps down or a node has stopped.
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

/// Observes one step.
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
            Observed::Census(census) => {
                census.hash(&mut bench.digest);
                let is_shell = matches!(census.machine, Machine::NodeShell | Machine::ClientShell);
                bench.shells += u64::from(is_shell);
            }
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
        // If the client received something else than was written, the checkers see what it
        // received.
        let received = bench.written.take(port, on, s, what).unwrap_or_else(|| what.clone());
        bench.contract.delivered(head, on, s, &received);
        let reached = bench.phases.delivered(port, &received.body);
        bench.tell(reached);
    }
}
