//! A plan acted out by the real shell: nodes, clients, journals and the directory as tasks of a world,
//! and one task that does to them what the plan says.
//!
//! It follows the phases of the fast world: weather, heal, settle, linger. What becomes of bytes and
//! messages is the world's business, what becomes of the contract the judge's.

mod agenda;
mod clients;
mod faults;
mod journal;
mod nodes;
mod placement;
mod settling;

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_check::cast::Cast;
use guildhall_core::directory::Directory;
use guildhall_core::id::{GuildId, NodeId, UserId};
use guildhall_core::mutant::Mutant;
use guildhall_core::step::WorldEvent;
use guildhall_core::time::Instant;
use guildhall_plan::fault::Moment;
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::topology::{Topology, guild_id};
use guildhall_runtime::bus::{End, Letter, Mail};
use guildhall_runtime::directory;
use tokio::sync::mpsc;

use crate::judge::{Judge, Whom};
use crate::net::Host;
use crate::rt::Timeline;
use crate::world::World;
use agenda::Agenda;
use clients::Clients;
use faults::Faults;
use journal::Journal;
use nodes::NodeHost;
use settling::Phase;

/// How a plan is to be played.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// The bug to plant, in a build that can.
    pub mutant: Option<Mutant>,
    /// Steps after which a run is given up as inconclusive.
    pub max_steps: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { mutant: None, max_steps: 5_000_000 }
    }
}

/// How a play ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Everything settled.
    Settled,
    /// It did not, for this reason.
    Stuck(String),
    /// So many steps were taken that nobody waited any longer.
    OutOfBudget,
}

/// What the judge tells the play.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum News {
    /// Somebody has come to where a fault may wait.
    Passed(Whom, Moment),
    /// A node has lost a guild, or has closed it: whoever is to own it is told so again.
    SteppedDown(NodeId, GuildId, bool),
    /// A node has stopped as planned.
    Stopped(NodeId),
}

/// What the play does at some time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cue {
    Start(usize),
    Act(usize),
    Fault(usize),
    Strike(usize),
    Relief(usize),
    Own(usize, usize),
    Inherit(usize, usize),
    Alarm(usize, usize),
    Off(usize, u32),
    Census,
    Heal,
    Look,
}

/// A play in progress.
pub struct Play<W: World> {
    world: W,
    plan: Arc<Plan>,
    topology: Topology,
    judge: Judge,
    options: Options,
    agenda: Agenda,
    nodes: Vec<NodeHost>,
    clients: Clients,
    journals: Vec<Journal<W::Time>>,
    /// The node that is named for each guild.
    owners: Vec<usize>,
    faults: Faults<W>,
    phase: Phase,
    news: mpsc::UnboundedReceiver<News>,
}

impl<W: World> Play<W> {
    /// Everybody is there, and nothing has happened yet.
    ///
    /// # Errors
    /// If the plan cannot be played.
    pub async fn new(world: W, plan: Arc<Plan>, options: Options) -> Result<Self, PlanError> {
        let topology = Topology::new(&plan)?;
        let time = world.time().clone();
        let (sender, news) = mpsc::unbounded_channel();
        let clock = Arc::new(move || Instant::micros(time.now()));
        let trip = topology.cast.trip + W::LATE;
        let cast = Arc::new(Cast { trip, ..Cast::clone(&topology.cast) });
        let judge = Judge::new(cast, clock, sender);
        let owners = topology.owners.iter().map(|(owner, _)| *owner).collect();
        let faults = Faults::new(&plan, &topology)?;
        let agenda = Agenda::of(&plan, &topology);
        let mut play = Self {
            world,
            plan,
            topology,
            judge,
            options,
            agenda,
            nodes: Vec::new(),
            clients: Clients::default(),
            journals: Vec::new(),
            owners,
            faults,
            phase: Phase::Weather,
            news,
        };
        play.found();
        for node in 0..play.plan.nodes.len() {
            play.build_node(node).await;
        }
        play.build_clients().await;
        Ok(play)
    }

    /// The journals and the directory.
    fn found(&mut self) {
        let (time, post) = (self.world.time().clone(), self.world.post().clone());
        for (place, part) in self.topology.cast.guilds.iter().enumerate() {
            let how = (self.plan.seed, self.plan.network.sync, self.options.mutant);
            let where_ = (time.clone(), post.clone(), self.judge.clone());
            let journal = Journal::new((place, part.id), &part.founding, how, where_);
            self.world.spawn(journal.clone().run(post.join(End::Journal(part.id))));
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
        self.world.spawn(directory::Driver::new(registry, around).run(post.join(End::Directory)));
    }

    /// Plays to the end.
    pub async fn run(&mut self) -> Ending {
        for guild in 0..self.owners.len() {
            self.name_owner(guild, self.owners[guild]);
        }
        loop {
            if let Phase::Over(ending) = &self.phase {
                return ending.clone();
            }
            if self.judge.bench().steps >= self.options.max_steps {
                return Ending::OutOfBudget;
            }
            let due = self.agenda.next().unwrap_or(u64::MAX);
            let late = self.world.time().sleep_until(due);
            tokio::select! {
                biased;
                Some(news) = self.news.recv() => self.hear(news),
                () = late => {
                    if let Some(cue) = self.agenda.pop(self.world.time().now()) {
                        self.take(cue).await;
                    }
                }
            }
        }
    }

    /// Who listened to all of it.
    #[must_use]
    pub const fn judge(&self) -> &Judge {
        &self.judge
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Passed(whom, moment) => self.meet(whom, moment),
            News::SteppedDown(node, guild, closed) => self.place_again(node, guild, closed),
            News::Stopped(node) => self.stopped(usize::from(node.0)),
        }
    }

    async fn take(&mut self, cue: Cue) {
        match cue {
            Cue::Start(client) => self.clients.start(client),
            Cue::Act(index) => self.act(index),
            Cue::Fault(index) => self.fault(index).await,
            Cue::Strike(index) => self.strike(index).await,
            Cue::Relief(index) => self.relieve(index).await,
            Cue::Own(node, guild) => self.own(node, guild),
            Cue::Inherit(guild, from) => self.inherit(guild, from),
            Cue::Alarm(to, about) => self.alarmed(to, about),
            Cue::Off(node, boot) if self.nodes[node].boot == boot => self.switch_off(node),
            Cue::Off(..) => {}
            Cue::Census => self.census(),
            Cue::Heal => self.heal().await,
            Cue::Look => self.look(),
        }
    }

    /// In so many microseconds.
    fn cue(&mut self, after: u64, cue: Cue) {
        self.agenda.push(self.world.time().now() + after, cue);
    }

    /// Says something to a node, past whatever strikes the post.
    fn tell(&self, node: usize, mail: Mail) {
        let letter = Letter { from: End::Directory, mail, cause: 0 };
        self.world.post().hand(End::Node(node_id(node)), letter);
    }

    fn census(&self) {
        for node in (0..self.nodes.len()).filter(|node| self.is_awake(*node)) {
            self.tell(node, Mail::Census);
        }
    }

    async fn heal(&mut self) {
        self.relieve_all().await;
        self.settle_owners();
        self.judge.world(&WorldEvent::Healed);
        self.phase = Phase::healed(self.world.time().now());
        self.look();
    }

    fn own(&self, node: usize, guild: usize) {
        if self.owners[guild] == node && self.is_up(node) {
            self.tell(node, Mail::Own(guild_id(guild)));
        }
    }
}

fn node_id(node: usize) -> NodeId {
    NodeId(u16::try_from(node).expect("a plan has fewer nodes than a node has numbers"))
}
