//! A plan run by the real shell: nodes, clients, journals and the directory are tasks of a world,
//! and one task performs the plan on them.
//!
//! The state machines of `guildhall_plan` decide what the plan means, as in the simulated world:
//! the director, the journals, and whether the world has settled. The world transports bytes and
//! messages; the judge checks the contract.

mod agenda;
mod clients;
mod effects;
mod hostile;
mod journal;
mod nodes;
mod settling;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use guildhall_check::cast::{Cast, FaultPart, Reach, Strain};
use guildhall_core::directory::Directory;
use guildhall_core::id::{GuildId, NodeId, UserId};
use guildhall_core::mutant::Mutant;
use guildhall_core::time::Instant;
use guildhall_plan::director::{self, Director, News};
use guildhall_plan::journal::SimJournal;
use guildhall_plan::plan::{FaultPlan, Plan, PlanError};
use guildhall_plan::settling::{Look, RunEnd, Settling};
use guildhall_plan::topology::Topology;
use guildhall_runtime::bus::Endpoint;
use guildhall_runtime::directory;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::judge::Judge;
use crate::net::Host;
use crate::rt::Timeline;
use crate::world::World;
use agenda::Agenda;
use clients::Clients;
use journal::Journal;

/// The options of a play.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// The bug to plant. Needs a build with planted bugs.
    pub mutant: Option<Mutant>,
    /// The number of steps after which a run is given up as inconclusive.
    pub max_steps: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { mutant: None, max_steps: 5_000_000 }
    }
}

/// A scheduled step of the play.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cue {
    /// Starts a client.
    Start(usize),
    /// Performs an action of the plan.
    Action(usize),
    /// Calls the director.
    Director(director::Cue),
    /// Checks whether the world has settled.
    Look(Look),
}

/// A play in progress.
pub struct Play<W: World> {
    world: W,
    plan: Arc<Plan>,
    topology: Topology,
    judge: Judge,
    options: Options,
    agenda: Agenda,
    /// The token that stops each node.
    stops: Vec<CancellationToken>,
    clients: Clients,
    journals: Vec<Journal<W::Time>>,
    director: Director,
    /// The connections that faults stall.
    stalled: BTreeMap<u32, W::Stall>,
    settling: Settling,
    /// The end of the play, if it has ended.
    end: Option<RunEnd>,
    news: mpsc::UnboundedReceiver<News>,
}

/// The faults as they are here: requests use the line of their client, so a lasting fault of that
/// line may hold them back, and an instantaneous one may lose them (D10).
fn faults(plan: &Plan, cast: &Cast) -> Vec<FaultPart> {
    let here = |(part, of): (&FaultPart, &FaultPlan)| {
        let strain = match part.reach {
            Reach::Client(_) if of.fault.lasts() => Strain::Lasting,
            Reach::Client(_) if part.silences.is_some() => Strain::Moment,
            Reach::Client(_)
            | Reach::Everything
            | Reach::Node(_)
            | Reach::Guild(_)
            | Reach::Link(..) => part.strain,
        };
        FaultPart { strain, ..*part }
    };
    cast.faults.iter().zip(&plan.faults).map(here).collect()
}

impl<W: World> Play<W> {
    /// Creates a play before its first step.
    ///
    /// # Errors
    ///
    /// If the plan cannot be played.
    pub async fn new(world: W, plan: Arc<Plan>, options: Options) -> Result<Self, PlanError> {
        let topology = Topology::new(&plan)?;
        let time = world.time().clone();
        let (sender, news) = mpsc::unbounded_channel();
        let clock = Arc::new(move || Instant::micros(time.now()));
        let trip = topology.cast.trip + W::EXTRA_LATENCY;
        let client_trip = topology.cast.client_trip + W::EXTRA_LATENCY;
        let faults = faults(&plan, &topology.cast);
        let cast = Arc::new(Cast { trip, client_trip, faults, ..Cast::clone(&topology.cast) });
        let settling = Settling::new(&cast, plan.linger, plan.seed);
        let judge = Judge::new(cast, clock, sender);
        let director = Director::new(&plan, &topology)?;
        let agenda = Agenda::default();
        let mut play = Self {
            world,
            plan: plan.clone(),
            topology,
            judge,
            options,
            agenda,
            stops: Vec::new(),
            clients: Clients::default(),
            journals: Vec::new(),
            director,
            stalled: BTreeMap::new(),
            settling,
            end: None,
            news,
        };
        play.found();
        for (node, part) in (0..).zip(plan.nodes.iter()) {
            let rt = play.world.build(Host::Node(node), part.drift);
            play.stops.push(CancellationToken::new());
            play.start_node(NodeId(node), 1, rt).await;
        }
        play.build_clients().await;
        Ok(play)
    }

    /// Creates the journals and the directory.
    fn found(&mut self) {
        let post = self.world.peer_network().clone();
        let how = (self.plan.seed, self.plan.network.sync);
        for (part, place) in self.topology.cast.guilds.iter().zip(0..) {
            let machine = SimJournal::new(place, &part.founding, how, self.options.mutant);
            let journal = Journal {
                guild: part.id,
                time: self.world.time().clone(),
                post: post.clone(),
                judge: self.judge.clone(),
                machine: Arc::new(Mutex::new(machine)),
            };
            self.world.spawn(journal.clone().run(post.register(Endpoint::Journal(part.id))));
            self.journals.push(journal);
        }
        let mut users: BTreeMap<UserId, Vec<GuildId>> = BTreeMap::new();
        for guild in &self.topology.cast.guilds {
            for user in guild.founding.state.members.keys() {
                users.entry(*user).or_default().push(guild.id);
            }
        }
        let registry = Directory::new(users).with(self.options.mutant);
        let rt = self.world.build(Host::Service(0), 0);
        let around = (rt, post.clone(), self.judge.clone());
        self.world.spawn(
            directory::DirectoryDriver::new(registry, around)
                .run(post.register(Endpoint::Directory)),
        );
    }

    /// Plays to the end.
    pub async fn run(&mut self) -> RunEnd {
        self.direct(|director, _, out| director.start(out)).await;
        loop {
            if let Some(end) = &self.end {
                return end.clone();
            }
            if self.judge.bench().steps >= self.options.max_steps {
                return RunEnd::OutOfBudget;
            }
            let due = self.agenda.next().unwrap_or(u64::MAX);
            let late = self.world.time().sleep_until(due);
            tokio::select! {
                biased;
                Some(news) = self.news.recv() => {
                    self.direct(|director, now, out| director.hear(now, news, out)).await;
                }
                () = late => {
                    if let Some(cue) = self.agenda.pop(self.world.time().now()) {
                        self.take(cue).await;
                    }
                }
            }
        }
    }

    /// The observer of all steps.
    #[must_use]
    pub const fn judge(&self) -> &Judge {
        &self.judge
    }

    async fn take(&mut self, cue: Cue) {
        match cue {
            Cue::Start(client) => self.clients.start(client),
            Cue::Action(index) => self.act(index),
            Cue::Director(cue) => {
                self.direct(|director, now, out| director.handle(now, cue, out)).await;
            }
            Cue::Look(why) => self.look(why).await,
        }
    }
}
