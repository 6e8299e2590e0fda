//! The simulated world: nodes, clients and links, driven through simulated time in one thread.
//!
//! A run has phases: *weather* (actions and faults, safety checked at each step), *heal*, *settle*
//! (L3), *probe*, in which clients ask and are served (L9), and, if the plan asks for it, *linger*,
//! until all leftover state must be gone (L4). The same plan gives the same steps on every machine.
//! The world must not judge.

mod clients;
mod effects;
mod ends;
mod faults;
mod hostile;
mod journals;
mod nodes;
mod post;
mod power;
mod processes;
mod settling;
mod stage;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use guildhall_check::Contract;
use guildhall_core::client::{self, Client};
use guildhall_core::directory::Directory;
use guildhall_core::frame::ClientFrame;
use guildhall_core::id::{GuildId, NodeId, Port, Seq, SessionId, UserId};
use guildhall_core::mutant::Mutant;
use guildhall_core::node::Node;
use guildhall_core::step::Observer;
use guildhall_core::time::Instant;

use crate::agenda::Agenda;
use crate::event::{Bodies, Event, Kind, Slab};
use crate::link::{Links, Ports};
use guildhall_plan::checkers::BoxedChecker;
use guildhall_plan::clock::Clock;
use guildhall_plan::coverage::Coverage;
use guildhall_plan::digest::{Digest, Fingerprint};
use guildhall_plan::director::{Director, Effect};
use guildhall_plan::fault::{ClientPhase, GuildPhase};
use guildhall_plan::journal::{self, SimJournal};
use guildhall_plan::plan::{NodePlan, Plan, PlanError};
use guildhall_plan::run::Options;
use guildhall_plan::seed::Domain;
use guildhall_plan::settling::{Look, RunEnd, Settling};
use guildhall_plan::topology::{ClientSetup, ResolvedAction, Topology};
use post::Post;
use stage::{Line, Stage};

/// The number of steps that a run continues after the first violation. Later steps say little, and
/// a broken world may stay busy for ever.
const AFTERMATH: u64 = 100_000;

/// The number of upcoming events to prefetch for: this many reads can be in flight at once.
const AHEAD: usize = 16;

/// The number of clients from which prefetching pays. Fewer clients stay in the cache.
const CROWD: usize = 2_000;

/// A node and the state of its machine.
struct NodeHost {
    node: Node,
    clock: Clock,
    /// The time of the next wake-up, or `u64::MAX`.
    wake: u64,
    /// Whether the node runs. A paused node does.
    up: bool,
    paused: bool,
    /// The events that arrived during a pause.
    held: Vec<Event>,
    /// The number of times that the planted bug was reached before the last restart.
    hits: u64,
}

/// A client and its environment. The fields that a dispatch touches come first.
#[repr(C)]
struct ClientHost {
    clock: Clock,
    client: Client,
    wake: u64,
    /// Whether the process is suspended.
    asleep: bool,
    /// The events that arrived meanwhile.
    held: Vec<Event>,
    /// The session that it gave up last, and the last number that it had received in it.
    given_up: Option<(SessionId, Seq)>,
}

impl ClientHost {
    /// Its session, or the one that it gave up last, and the last number received in it.
    fn session(&self) -> Option<(SessionId, Seq)> {
        self.client.session().map(|session| (session, self.client.last())).or(self.given_up)
    }
}

/// A run in progress.
pub(crate) struct World<'a, W> {
    plan: &'a Plan,
    topology: Topology,
    stage: Stage<W>,
    nodes: Vec<NodeHost>,
    clients: Vec<ClientHost>,
    journals: Vec<SimJournal>,
    directory: Directory,
    /// Decides the effect of the plan on all of them. Its effects go through a buffer.
    director: Director,
    effects: Vec<Effect>,
    journal_effects: Vec<journal::Effect>,
    /// The links that faults stall.
    stalled: Vec<(u32, u32)>,
    /// The frame that each intruder will send, by its link.
    intruders: Vec<(u32, ClientFrame)>,
    settling: Settling,
    /// The end of the run, if it has ended.
    end: Option<RunEnd>,
    options: Options,
    /// The number of steps after which the run is given up. It drops after a violation.
    most: u64,
    /// Whether the contract was violated.
    broken: bool,
    /// The number of upcoming events that were prefetched already.
    looked: usize,
}

impl<'a, W: Observer> World<'a, W> {
    /// Creates the world of a plan.
    ///
    /// # Errors
    ///
    /// If the plan cannot be run.
    pub(crate) fn new(
        plan: &'a Plan,
        options: Options,
        checkers: Vec<BoxedChecker>,
        observer: W,
    ) -> Result<Self, PlanError> {
        let topology = Topology::new(plan)?;
        let director = Director::new(plan, &topology)?;
        let settling = Settling::new(&topology.cast, plan.linger, plan.seed);
        let nodes = node_hosts(plan, &topology, options.mutant);
        let clients = client_hosts(&topology, options.mutant);
        let stage = Stage {
            seed: plan.seed,
            network: plan.network.clone(),
            now: 0,
            steps: 0,
            agenda: Agenda::new(),
            digest: Digest::new(),
            blocks: Vec::new(),
            watch: (Contract::new(topology.cast.clone()).with_checkers(checkers), observer),
            links: Links::default(),
            ports: (0..small(nodes.len()))
                .map(|node| Ports::new(node, small(nodes.len())))
                .collect(),
            lines: vec![Line::new(plan.network.bandwidth); clients.len()],
            bodies: Bodies::default(),
            parcels: Slab::default(),
            coverage: Coverage::default(),
            post: Post::default(),
            boots: vec![1; nodes.len()],
            phases: vec![GuildPhase::Orphaned; plan.guilds.len()],
            news: Vec::new(),
        };
        let how = (plan.seed, plan.network.sync);
        let journals = topology
            .cast
            .guilds
            .iter()
            .zip(0..)
            .map(|(guild, place)| SimJournal::new(place, &guild.founding, how, options.mutant));
        let journals = journals.collect();
        let directory = Directory::new(founding_members(&topology)).with(options.mutant);
        let mut world = Self {
            plan,
            topology,
            stage,
            nodes,
            clients,
            journals,
            directory,
            director,
            effects: Vec::new(),
            journal_effects: Vec::new(),
            stalled: Vec::new(),
            intruders: Vec::new(),
            settling,
            end: None,
            most: options.max_steps.unwrap_or_else(|| plan.most_steps()),
            broken: false,
            options,
            looked: 0,
        };
        world.set_the_scene();
        Ok(world)
    }

    /// Schedules the starts and the actions of clients.
    fn set_the_scene(&mut self) {
        let key = self.stage.seed.key(Domain::Tie);
        let mut agenda = Agenda::new();
        let mut push =
            |at: u64, tie: u32, kind: Kind| agenda.push(at, tie, Event { cause: 0, kind });
        for (index, seated) in self.topology.clients.iter().enumerate() {
            let client = place(index);
            let tie = crate::link::tie(key.with(0).with(index as u64));
            push(seated.starts.as_micros(), tie, Kind::Start { client });
        }
        for (index, action) in self.plan.actions.iter().enumerate() {
            // Actions of one client at the same instant run in the order of the plan.
            let tie = crate::link::tie(key.with(1).text(&action.client));
            push(action.at.as_micros(), tie, Kind::Action { index: place(index) });
        }
        self.stage.agenda = agenda;
    }

    /// The rank of a fault among the events of its instant. It depends on the content of the fault,
    /// so removing one fault does not reorder the others.
    fn fault_tie(&self, fault: u32) -> u32 {
        let Fingerprint(what) = Digest::of(&self.plan.faults[fault as usize].fault);
        crate::link::tie(self.stage.seed.key(Domain::Tie).with(2).with(what as u64))
    }

    /// Runs to the end.
    pub(crate) fn run(&mut self) -> RunEnd {
        self.start();
        let until = self.options.until.map_or(u64::MAX, Instant::as_micros);
        loop {
            if let Some(end) = &self.end {
                return end.clone();
            }
            self.look_ahead();
            let Some((at, event)) = self.stage.agenda.pop() else { return RunEnd::Settled };
            if at > until {
                return RunEnd::OutOfBudget;
            }
            self.stage.now = at;
            self.take(event);
            if self.stage.steps >= self.most {
                self.end = Some(RunEnd::OutOfBudget);
            } else if !self.broken && self.stage.watch.0.is_broken() {
                self.broken = true;
                self.most = self.most.min(self.stage.steps + AFTERMATH);
            }
        }
    }

    /// The number of times that the planted bug was reached.
    pub(crate) fn hits(&self) -> u64 {
        let nodes = self.nodes.iter().map(|host| {
            // A node that is down keeps its state machine from before the crash.
            host.hits + if host.up { host.node.hits() } else { 0 }
        });
        let clients = self.clients.iter().map(|host| host.client.hits());
        let journals = self.journals.iter().map(SimJournal::hits);
        nodes.chain(clients).chain(journals).sum::<u64>() + self.directory.hits()
    }

    /// Drops the state machines and returns the rest.
    pub(crate) fn into_stage(self) -> Stage<W> {
        self.stage
    }

    #[inline]
    fn take(&mut self, event: Event) {
        match event.kind {
            Kind::Dispatch { link, body, s } => self.deliver(event, link, body, s),
            Kind::Down { link, parcel } => self.down(event, link, parcel),
            Kind::Part { link } => self.part(event, link),
            Kind::Up { link, parcel } => self.up(event, link, parcel),
            Kind::WakeNode { node } => self.wake_node(usize::from(node), event),
            Kind::WakeClient { client } => self.wake_client(client),
            Kind::Accept { link } => self.accept(event, link),
            Kind::Lost { link } => self.lost(event, link),
            Kind::Gone { link, reset } => self.gone(event, link, reset),
            Kind::Drained { link, bytes } => self.drained(event, link, bytes),
            Kind::Mail { to, parcel } => self.mail(event, to, parcel),
            Kind::Synced { journal, turn } => {
                self.journal(event.cause, journal, journal::Input::Synced(turn));
            }
            Kind::Request { node, parcel } => self.request(event, usize::from(node), parcel),
            Kind::Answer { client, parcel } => self.answer(event, client, parcel),
            Kind::Start { client } => {
                if self.reads(client, event) {
                    self.client_step(client, 0, client::Input::Start);
                }
            }
            Kind::Action { index } => self.act(event, index as usize),
            Kind::Cue(cue) => self.cue(event.cause, cue),
            Kind::Look => self.look(Look::Due),
        }
    }

    /// Prefetches the memory that the next dispatches will touch, all of it at once. Each dispatch
    /// goes to another client, and with many clients none of them is in the cache.
    #[inline]
    fn look_ahead(&mut self) {
        if self.looked > 0 {
            self.looked -= 1;
        } else if self.clients.len() >= CROWD {
            self.look_far_ahead();
        }
    }

    /// Uses one loop for each level of indirection, so that no read waits for the one before.
    #[inline(never)]
    fn look_far_ahead(&mut self) {
        let mut reached = [Port(u32::MAX); AHEAD];
        let mut seen = 0;
        for (distance, port) in reached.iter_mut().enumerate() {
            let Some(event) = self.stage.agenda.glimpse(distance) else { break };
            if let Kind::Dispatch { link, .. } = event.kind {
                *port = Port(self.stage.links.at(link).client.unwrap_or(u32::MAX));
            }
            seen = distance;
        }
        self.looked = seen;
        for port in &reached {
            black_box(self.clients.get(port.0 as usize).map(|host| host.client.last()));
        }
        self.stage.watch.0.look_ahead(&reached);
    }

    fn act(&mut self, event: Event, index: usize) {
        let client = self.topology.actions[index].0;
        if !self.reads(client, event) {
            return;
        }
        let (_, what) = &self.topology.actions[index];
        let input = match what {
            ResolvedAction::Quit { code } => client::Input::Quit { code: *code },
            ResolvedAction::Start if self.clients[client as usize].client.is_off() => {
                client::Input::Start
            }
            ResolvedAction::Start | ResolvedAction::Rest => return,
            ResolvedAction::Ask(request) => client::Input::Ask(request.clone()),
        };
        let quits = matches!(input, client::Input::Quit { .. });
        if quits {
            let host = &mut self.clients[client as usize];
            host.given_up = host.session();
        }
        self.client_step(client, 0, input);
        if quits {
            self.reached(client, ClientPhase::Lost);
        }
    }
}

fn node_hosts(plan: &Plan, topology: &Topology, mutant: Option<Mutant>) -> Vec<NodeHost> {
    let host = |(part, id): (&NodePlan, u16)| NodeHost {
        node: new_node((NodeId(id), 1), topology, mutant),
        clock: Clock::new(part.drift),
        wake: u64::MAX,
        up: true,
        paused: false,
        held: Vec::new(),
        hits: 0,
    };
    plan.nodes.iter().zip(0..).map(host).collect()
}

fn client_hosts(topology: &Topology, mutant: Option<Mutant>) -> Vec<ClientHost> {
    let limits = &topology.cast.limits;
    let host = |seated: &ClientSetup| ClientHost {
        client: Client::new(seated.identity, limits.clone(), mutant),
        clock: Clock::new(seated.drift),
        wake: u64::MAX,
        asleep: false,
        held: Vec::new(),
        given_up: None,
    };
    topology.clients.iter().map(host).collect()
}

fn new_node(start: (NodeId, u32), topology: &Topology, mutant: Option<Mutant>) -> Node {
    Node::new(start, Arc::clone(&topology.cast.limits), Arc::clone(&topology.cast.cluster), mutant)
}

/// Each user with its guilds at the start of the run.
fn founding_members(topology: &Topology) -> BTreeMap<UserId, Vec<GuildId>> {
    let mut users: BTreeMap<UserId, Vec<GuildId>> = BTreeMap::new();
    for guild in &topology.cast.guilds {
        for user in guild.founding.state.members.keys() {
            users.entry(*user).or_default().push(guild.id);
        }
    }
    users
}

/// Converts a dense index to the number in events.
fn place(index: usize) -> u32 {
    u32::try_from(index).expect("a plan has fewer parts than a place has numbers")
}

fn small(node: usize) -> u16 {
    u16::try_from(node).expect("a plan has fewer nodes than a node has numbers")
}

/// Converts the world's time to the time in steps.
pub(crate) const fn instant(at: u64) -> Instant {
    Instant::micros(at)
}
