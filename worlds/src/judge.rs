//! The checkers as those who listen in a real world: one line of steps, whoever takes them.
//!
//! A step is told under a lock, so the history is one in which every cause comes before its effect,
//! and the checkers are the ones of the fast world. The wire does not say which event a dispatch
//! tells of; what a client has taken is looked up among what its node wrote under that name, and
//! compared. It must not act.

mod moments;
mod written;

use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guildhall_check::Contract;
use guildhall_check::cast::Cast;
use guildhall_core::dispatch::Dispatch;
use guildhall_core::guild::StepDown;
use guildhall_core::id::{Connection, Port, Seq};
use guildhall_core::node;
use guildhall_core::node::Note;
use guildhall_core::step::{Actor, Head, Observed, Observer, WorldEvent};
use guildhall_core::time::{Instant, Now};
use guildhall_plan::digest::Digest;
use guildhall_runtime::watch::Watch;
use tokio::sync::mpsc;

use moments::Moments;
pub use moments::Whom;
pub use written::Taken;
use written::Written;

use crate::play::News;

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
    moments: Moments,
    news: mpsc::UnboundedSender<News>,
}

impl Judge {
    /// Nobody has done anything yet. What the play has to know of is told as `news`.
    #[must_use]
    pub fn new(cast: Arc<Cast>, clock: Clock, news: mpsc::UnboundedSender<News>) -> Self {
        let (clients, guilds) = (cast.clients.len(), cast.guilds.len());
        Self(Arc::new(Mutex::new(Bench {
            clock,
            contract: Contract::new(cast),
            digest: Digest::new(),
            steps: 0,
            last: Instant::ZERO,
            hits: 0,
            written: Written::new(clients),
            moments: Moments::new(clients, guilds),
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
        if let WorldEvent::Crashed(node) | WorldEvent::Started(node) = event {
            let started = matches!(event, WorldEvent::Started(_));
            let passed = bench.moments.node(*node, started);
            bench.tell(passed);
        }
        bench.contract.observe(&head, Observed::StepEnded);
    }
}

impl Watch for Judge {
    type Step<'a> = Listening<'a>;

    fn step(&self, actor: Actor, now: Now, cause: u64) -> (Head, Listening<'_>) {
        let mut bench = self.bench();
        let head = bench.begin(actor, now, cause);
        (head, Listening(bench))
    }

    fn reached(&self, times: u64) {
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
    fn tell(&self, passed: impl IntoIterator<Item = (Whom, guildhall_plan::fault::Moment)>) {
        for (whom, moment) in passed {
            let _ = self.news.send(News::Passed(whom, moment));
        }
    }

    /// What of the plan's moments this has brought about.
    fn passed(
        &mut self,
        head: &Head,
        what: Observed<'_>,
    ) -> Option<(Whom, guildhall_plan::fault::Moment)> {
        let moments = &mut self.moments;
        match what {
            Observed::NodeInput(input) => moments.node_input(input),
            Observed::NodeOutput(output) => moments.node_output(output),
            Observed::ClientInput(input) => moments.client_input(port(head)?, input),
            Observed::ClientOutput(output) => moments.client_output(port(head)?, output),
            Observed::JournalEvent { guild, event } => moments.journal_event(guild, event),
            Observed::JournalReply { guild, reply, .. } => moments.journal_says(guild, reply),
            Observed::Dispatched { .. }
            | Observed::Delivered { .. }
            | Observed::DirectoryInput(_)
            | Observed::DirectoryOutput(_)
            | Observed::Timeout
            | Observed::World(_)
            | Observed::StepEnded => None,
        }
    }

    /// Tells the play that an owner steps down or a node has stopped.
    fn owner_news(&self, head: &Head, output: &node::Output) {
        let Actor::Node(id) = head.actor else { return };
        match output {
            node::Output::Note(Note::SteppedDown { guild, why, .. }) => {
                let closed = matches!(why, StepDown::Closed);
                let _ = self.news.send(News::SteppedDown(id, *guild, closed));
            }
            node::Output::Note(Note::GivenUp { guild }) => {
                let _ = self.news.send(News::SteppedDown(id, *guild, true));
            }
            node::Output::Stopped => {
                let _ = self.news.send(News::Stopped(id));
            }
            node::Output::Frame { .. }
            | node::Output::Dispatch { .. }
            | node::Output::Close { .. }
            | node::Output::Peer { .. }
            | node::Output::Journal { .. }
            | node::Output::Directory(_)
            | node::Output::Answer { .. }
            | node::Output::Note(_) => {}
        }
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
            // The world's events are reported by `Judge::world`.
            Observed::World(_) | Observed::StepEnded => {}
        }
        if let Observed::NodeOutput(node::Output::Dispatch { connection, s, dispatch }) = what {
            bench.written.write(*connection, *s, dispatch);
        }
        bench.contract.observe(head, what);
        let passed = bench.passed(head, what);
        bench.tell(passed);
        if let Observed::NodeOutput(output) = what {
            bench.owner_news(head, output);
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
        // If it is not what was written, the clauses are told what came instead.
        let told = bench.written.take(port, on, s, what).unwrap_or_else(|| what.clone());
        bench.contract.delivered(head, on, s, &told);
        let passed = bench.moments.delivered(port, &told.body);
        bench.tell(passed);
    }
}
