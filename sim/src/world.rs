//! The fast world: nodes, clients and links, driven through simulated time in one thread.
//!
//! A run has phases: *weather* (acts and faults, safety judged at each step), *heal*, *settle* (L3),
//! and where the plan asks for it *linger*, until all that has ended must be gone (L4). The same plan
//! gives the same steps, everywhere and always. What must not happen here: judging.

mod blow;
mod clients;
mod ends;
mod faults;
mod hostile;
mod journals;
mod nodes;
mod placement;
mod post;
mod stage;
mod stops;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use guildhall_check::Contract;
use guildhall_core::client::{self, Client};
use guildhall_core::directory::Directory;
use guildhall_core::id::{GuildId, NodeId, Port, UserId};
use guildhall_core::mutant::Mutant;
use guildhall_core::node::{self, Node};
use guildhall_core::step::{Observer, WorldEvent};
use guildhall_core::time::{Instant, Span};

use crate::agenda::Agenda;
use crate::event::{Bodies, Event, Kind, Parcel, Slab};
use crate::link::{Links, Ports};
use crate::run::End;
use faults::Faults;
use guildhall_plan::checkers::BoxedChecker;
use guildhall_plan::clock::Clock;
use guildhall_plan::coverage::Coverage;
use guildhall_plan::digest::{Digest, Fingerprint};
use guildhall_plan::fault::{Stage as ClientStage, Turn};
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::Options;
use guildhall_plan::seed::Domain;
use guildhall_plan::topology::{self, Move, Topology};
use journals::JournalHost;
use post::Post;
use stage::{Line, Stage};

/// How often, in simulated time, a healed world is asked whether it has settled.
const LOOK_EVERY: u64 = 1_000_000;

/// How long, besides two tips, nothing may be pending before the world counts as settled: the word of
/// a crash, or the second copy of a message, may be as late as that.
const CALM: u64 = 5_000_000;

/// How many steps a run goes on after the contract was broken: what follows says little, and a world
/// that is broken may be busy for ever.
const AFTERMATH: u64 = 100_000;

/// How many events are looked at ahead: so many reads can be under way at once.
const AHEAD: usize = 16;

/// From so many clients on that pays; fewer stay near.
const CROWD: usize = 2_000;

/// A node and its circumstances.
struct NodeHost {
    node: Node,
    clock: Clock,
    /// When the next wake is due, or `u64::MAX`.
    wake: u64,
    /// How many faults pause it.
    pauses: u32,
    /// What has arrived meanwhile.
    held: Vec<Event>,
    /// How many faults keep it down.
    downs: u32,
    /// How many faults have it stop as planned, while it is not gone yet.
    stops: u32,
    /// It never runs again.
    forever: bool,
    /// How often a planted bug was reached before it was started again.
    hits: u64,
}

/// A client and its circumstances. What a dispatch touches comes first.
#[repr(C)]
struct ClientHost {
    clock: Clock,
    client: Client,
    wake: u64,
}

/// A run in progress.
pub(crate) struct World<'a, W> {
    plan: &'a Plan,
    topology: Topology,
    stage: Stage<W>,
    nodes: Vec<NodeHost>,
    clients: Vec<ClientHost>,
    journals: Vec<JournalHost>,
    directory: Directory,
    /// The node that is named for each guild.
    owners: Vec<usize>,
    faults: Faults,
    phase: Phase,
    options: Options,
    /// Steps after which the run is given up, as things stand.
    most: u64,
    /// The contract was broken.
    broken: bool,
    /// How many of the next events were looked at ahead.
    looked: usize,
}

/// How far the run is.
enum Phase {
    Weather,
    /// Healed: since when there was no progress, and what was seen then; and since when nothing is
    /// pending.
    Settling {
        since: u64,
        seen: (u64, Option<String>),
        calm: Option<u64>,
    },
    /// Settled: until when it goes on.
    Lingering,
    Over(End),
}

impl<'a, W: Observer> World<'a, W> {
    /// # Errors
    /// If the plan cannot be run.
    pub(crate) fn new(
        plan: &'a Plan,
        options: Options,
        checkers: Vec<BoxedChecker>,
        observer: W,
    ) -> Result<Self, PlanError> {
        let topology = Topology::new(plan)?;
        let faults = Faults::new(plan, &topology)?;
        let limits = topology.cast.limits.clone();
        let nodes: Vec<NodeHost> = plan
            .nodes
            .iter()
            .zip(0..)
            .map(|(part, id)| NodeHost {
                node: new_node((NodeId(id), 1), &topology, options.mutant),
                clock: Clock::new(part.drift),
                wake: u64::MAX,
                pauses: 0,
                held: Vec::new(),
                downs: 0,
                stops: 0,
                forever: false,
                hits: 0,
            })
            .collect();
        let clients: Vec<ClientHost> = topology
            .clients
            .iter()
            .map(|seated| ClientHost {
                client: Client::new(seated.identity, limits.clone(), options.mutant),
                clock: Clock::new(seated.drift),
                wake: u64::MAX,
            })
            .collect();
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
            turns: vec![Turn::Orphaned; plan.guilds.len()],
            passed: Vec::new(),
            stopped: None,
        };
        let guilds = &topology.cast.guilds;
        let journals =
            guilds.iter().map(|it| JournalHost::new(&it.founding, options.mutant)).collect();
        let directory = Directory::new(founding_members(&topology)).with(options.mutant);
        let owners = topology.owners.iter().map(|(owner, _)| *owner).collect();
        let phase = Phase::Weather;
        let mut world = Self {
            plan,
            topology,
            stage,
            nodes,
            clients,
            journals,
            directory,
            owners,
            faults,
            phase,
            most: options.max_steps.unwrap_or_else(|| plan.most_steps()),
            broken: false,
            options,
            looked: 0,
        };
        world.set_the_scene();
        Ok(world)
    }

    /// Everything that the plan itself makes happen.
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
        for (index, act) in self.plan.acts.iter().enumerate() {
            // Of what one client does at one instant, what comes first in the plan is done first.
            let tie = crate::link::tie(key.with(1).text(&act.client));
            push(act.at.as_micros(), tie, Kind::Act { index: place(index) });
        }
        for (index, fault) in self.plan.faults.iter().enumerate() {
            let Fingerprint(what) = Digest::of(&fault.fault);
            let tie = crate::link::tie(key.with(2).with(what as u64));
            push(fault.at.as_micros(), tie, Kind::Fault { index: place(index) });
        }
        let weather = self.plan.weather.as_micros();
        for quarter in 1..4 {
            push(weather * quarter / 4, u32::MAX - 1, Kind::Census);
        }
        push(weather, u32::MAX - 1, Kind::Heal);
        self.stage.agenda = agenda;
    }

    /// Runs to the end.
    pub(crate) fn run(&mut self) -> End {
        self.take_up_guilds();
        let until = self.options.until.map_or(u64::MAX, Instant::as_micros);
        loop {
            if let Phase::Over(end) = &self.phase {
                return end.clone();
            }
            self.look_ahead();
            let Some((at, event)) = self.stage.agenda.pop() else { return End::Settled };
            if at > until {
                return End::OutOfBudget;
            }
            self.stage.now = at;
            self.take(event);
            if self.stage.steps >= self.most {
                self.phase = Phase::Over(End::OutOfBudget);
            } else if !self.broken && self.stage.watch.0.is_broken() {
                self.broken = true;
                self.most = self.most.min(self.stage.steps + AFTERMATH);
            }
        }
    }

    /// How often the planted bug was reached.
    pub(crate) fn hits(&self) -> u64 {
        let nodes = self.nodes.iter().zip(0..).map(|(host, node)| {
            // The machine of a node that is down stands as it was when it crashed.
            host.hits + if self.is_up(node) { host.node.hits() } else { 0 }
        });
        let clients = self.clients.iter().map(|host| host.client.hits());
        let journals = self.journals.iter().map(JournalHost::hits);
        nodes.chain(clients).chain(journals).sum::<u64>() + self.directory.hits()
    }

    /// What is left when the machines are gone.
    pub(crate) fn into_stage(self) -> Stage<W> {
        self.stage
    }

    fn take_up_guilds(&mut self) {
        for guild in 0..self.owners.len() {
            let own = node::Input::Own(topology::guild_id(guild));
            self.node_step(self.owners[guild], 0, own);
        }
    }

    #[inline]
    fn take(&mut self, event: Event) {
        match event.kind {
            Kind::Dispatch { link, body, s } => self.deliver(event, link, body, s),
            Kind::Down { link, parcel } => self.down(event, link, parcel),
            Kind::Up { link, parcel } => self.up(event, link, parcel),
            Kind::WakeNode { node } => self.wake_node(usize::from(node), event),
            Kind::WakeClient { client } => self.wake_client(client),
            Kind::Accept { link } => self.accept(event, link),
            Kind::Lost { link } => self.lost(event.cause, link),
            Kind::Gone { link, reset } => self.gone(event, link, reset),
            Kind::Drained { link, bytes } => self.drained(event, link, bytes),
            Kind::Mail { to, parcel } => self.mail(event, to, parcel),
            Kind::Synced { journal, turn } => {
                self.journal_synced(event.cause, journal as usize, turn);
            }
            Kind::Own { node, guild } => self.own(event, usize::from(node), guild as usize),
            Kind::Inherit { guild, from } => self.inherit(guild as usize, usize::from(from)),
            Kind::Alarm { to, about } => self.alarmed(event, usize::from(to), about),
            Kind::Stop { node } => self.told_to_stop(event, usize::from(node)),
            Kind::Request { node, parcel } => self.request(event, usize::from(node), parcel),
            Kind::Answer { client, parcel } => {
                if let Some(Parcel::Answer(answer)) = self.stage.parcels.take(parcel) {
                    self.client_step(client, event.cause, client::Input::Answer(answer));
                }
            }
            Kind::Start { client } => self.client_step(client, 0, client::Input::Start),
            Kind::Act { index } => self.act(index as usize),
            Kind::Fault { index } => self.fault(index),
            Kind::Strike { index } => self.strike(index, event.cause),
            Kind::Relief { index } => self.relieve(index),
            Kind::Census => self.census(),
            Kind::Heal => self.heal(),
            Kind::Look => self.look(),
        }
    }

    /// Has the memory that the next dispatches will touch on its way here, all of it at once: each
    /// reaches another client than the one before, and of many clients none is near.
    #[inline]
    fn look_ahead(&mut self) {
        if self.looked > 0 {
            self.looked -= 1;
        } else if self.clients.len() >= CROWD {
            self.look_far_ahead();
        }
    }

    /// One loop for each step on the way, so that no read has to wait for the one before.
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

    fn act(&mut self, index: usize) {
        let (client, what) = &self.topology.acts[index];
        let client = *client;
        let input = match what {
            Move::Quit => client::Input::Quit,
            Move::Start if self.clients[client as usize].client.is_off() => client::Input::Start,
            Move::Start | Move::Rest => return,
            Move::Ask(request) => client::Input::Ask(request.clone()),
        };
        let quits = matches!(input, client::Input::Quit);
        self.client_step(client, 0, input);
        if quits {
            self.reached(client, ClientStage::Lost);
        }
    }

    fn census(&mut self) {
        for node in 0..self.nodes.len() {
            if self.nodes[node].pauses == 0 && self.is_up(node) {
                self.node_step(node, 0, node::Input::Census);
            }
        }
    }

    fn heal(&mut self) {
        self.relieve_all();
        self.settle_owners();
        self.stage.world_event(&WorldEvent::Healed);
        self.phase = Phase::Settling { since: self.stage.now, seen: (0, None), calm: None };
        self.look();
    }

    /// Asks whether all has settled; gives up when there was no progress for as long as L3 allows.
    fn look(&mut self) {
        let settling = matches!(self.phase, Phase::Settling { .. });
        let pending = if settling { self.pending() } else { None };
        let (now, limits) = (self.stage.now, &self.plan.limits);
        match &mut self.phase {
            Phase::Settling { since, seen, .. } => {
                let Some(reason) = pending else { return self.settled() };
                let what = (self.stage.watch.0.deliveries(), Some(reason));
                if *seen != what {
                    (*since, *seen) = (now, what);
                } else if now - *since > limits.settle_within().as_micros() {
                    let (_, reason) = std::mem::take(seen);
                    self.phase = Phase::Over(End::Stuck(reason.unwrap_or_default()));
                    return;
                }
                self.stage.look_at(now + LOOK_EVERY);
            }
            Phase::Lingering => {
                self.census();
                self.phase = Phase::Over(End::Settled);
            }
            Phase::Weather | Phase::Over(_) => {}
        }
    }

    /// What a healed world still waits for: what somebody is owed, then that nothing happens for a
    /// while, and then what anybody keeps. Late words may still be on their way, and the next tips
    /// may show that a relay has missed something that nobody waits for.
    fn pending(&mut self) -> Option<String> {
        let quiet = CALM + self.plan.limits.tip_every.scaled(2, 1).as_micros();
        let (now, owed) = (self.stage.now, self.stage.watch.0.pending());
        let Phase::Settling { calm, .. } = &mut self.phase else { return None };
        if owed.is_some() {
            *calm = None;
            return owed;
        }
        if now - *calm.get_or_insert(now) < quiet {
            return Some("nothing, for a while".to_owned());
        }
        self.census();
        self.stage.watch.0.waiting()
    }

    fn settled(&mut self) {
        self.stage.world_event(&WorldEvent::Settled);
        self.census();
        if self.plan.linger == Span::ZERO {
            self.phase = Phase::Over(End::Settled);
        } else {
            self.phase = Phase::Lingering;
            self.stage.look_at(self.stage.now + self.plan.linger.as_micros());
        }
    }
}

fn new_node(start: (NodeId, u32), topology: &Topology, mutant: Option<Mutant>) -> Node {
    Node::new(start, Arc::clone(&topology.cast.limits), Arc::clone(&topology.cast.realm), mutant)
}

/// Each user and the guilds that it is in when the run begins.
fn founding_members(topology: &Topology) -> BTreeMap<UserId, Vec<GuildId>> {
    let mut users: BTreeMap<UserId, Vec<GuildId>> = BTreeMap::new();
    for guild in &topology.cast.guilds {
        for user in guild.founding.state.members.keys() {
            users.entry(*user).or_default().push(guild.id);
        }
    }
    users
}

/// A dense index as the number that events carry.
fn place(index: usize) -> u32 {
    u32::try_from(index).expect("a plan has fewer parts than a place has numbers")
}

fn small(node: usize) -> u16 {
    u16::try_from(node).expect("a plan has fewer nodes than a node has numbers")
}

/// The world's time as the steps carry it.
pub(crate) const fn instant(at: u64) -> Instant {
    Instant::micros(at)
}
