//! The effect of a plan on a world: when each fault begins and ends, which nodes run, and which
//! node owns each guild. It is decided here once, so that a plan means the same in every world.
//!
//! A [`Director`] is a state machine like those of the core: a [`Cue`] or some [`News`] in,
//! [`Effect`]s into a sink, time as an argument. The world keeps the clock. It passes in each cue
//! at its time, reports what happens to its machines, and performs the effects in order. The
//! director never queries the world. It does no I/O, runs no machine and judges nothing.
//!
//! Faults overlap, and triggers let them meet in any order. These rules hold in the corner cases:
//!
//! - **A node is down as long as any fault keeps it down.** Faults are counted: the node starts
//!   again when the last of them ends, whichever began first.
//! - **A node that is down cannot crash.** Another crash only keeps it down longer. It is not
//!   reported, because nothing is lost: the node's memory and connections are gone already. This
//!   also holds for a node that never restarts and that no fault keeps down at the moment.
//! - **A node keeps stopping until the last fault that stops it ends.** Only then is it killed, if
//!   it has not stopped yet. When one of two overlapping stops ends, the other does not become a
//!   crash.
//! - **A crash during a stop turns the stop into a crash.** From then on the faults that stopped
//!   the node keep it down, each until it ends.
//! - **A stop of a node that is down keeps it down.** There is nothing to stop.
//! - **A pause survives a crash.** A node that starts while a fault pauses it starts paused. Input
//!   that it had not handled when it crashed is lost.
//! - **A client sleeps as long as any fault suspends it**, and does nothing meanwhile: it neither
//!   violates the protocol nor restarts.
//! - **A guild may be assigned to a node that is down.** That node owns it once it runs. If it
//!   never does, the guild goes to its standby, or to the first node that runs, when everything is
//!   healed.
//! - **No fault begins once everything is healed.** A fault that is triggered by the healing itself
//!   or planned for later does not happen: nothing would end it, and the world has to settle. For
//!   the same reason a sync that is to fail succeeds if it comes later.
//! - **A fault that has not begun cannot end**, and a fault ends only once.

mod cue;
mod effect;
mod faults;
mod guilds;
mod nodes;
mod placement;

use guildhall_core::id::{NodeId, Port};
use guildhall_core::machine::Sink;
use guildhall_core::step::Actor;

pub use cue::{Cue, News};
pub use effect::Effect;
use nodes::NodeState;

use crate::fault::{Fault, Participant, Phase, Places};
use crate::plan::{FaultPlan, Plan, PlanError};
use crate::seed::Seed;
use crate::topology::{Topology, guild_id};

/// How many clients a census counts: its cost does not grow with the crowd.
const COUNTED_CLIENTS: u32 = 16;

/// Decides the effects of a plan on a world.
#[derive(Clone, Debug)]
pub struct Director {
    seed: Seed,
    /// The time at which everything is healed, in microseconds.
    weather: u64,
    faults: Vec<PlannedFault>,
    /// The faults whose time has come and that wait for their triggers.
    waiting: Vec<u32>,
    /// The active faults, in the order in which they began.
    active: Vec<u32>,
    healed: bool,
    nodes: Vec<NodeState>,
    guilds: Vec<GuildState>,
    clients: u32,
    /// The phases that nodes have entered in this call, as triggers for faults.
    reached: Vec<(Participant, Phase)>,
}

/// A fault of the plan, with its names resolved.
#[derive(Clone, Debug)]
struct PlannedFault {
    fault: Fault<Places>,
    /// A description of the fault.
    what: String,
    at: u64,
    /// The trigger. `None`: the fault begins at its time.
    trigger: Option<(Participant, Phase)>,
    /// The duration, in microseconds. 0: until everything is healed.
    lasts: u64,
}

/// The placement of a guild.
#[derive(Clone, Copy, Debug)]
struct GuildState {
    owner: u16,
    /// The node that takes the guild over when its owner is gone.
    standby: Option<u16>,
}

impl PlannedFault {
    fn of(part: &FaultPlan, names: &Topology) -> Result<Self, PlanError> {
        let trigger = part.when.as_ref().map(|trigger| trigger.resolve(names));
        Ok(Self {
            fault: part.fault.resolve(names)?,
            what: part.fault.to_string(),
            at: part.at.as_micros(),
            trigger: trigger.transpose()?,
            lasts: part.lasts.as_micros(),
        })
    }
}

impl Director {
    /// Creates a director at the start of a run.
    ///
    /// # Errors
    /// If a fault names a participant that the plan does not have, or has a value that is not
    /// allowed.
    ///
    /// # Panics
    /// If the plan has more nodes than a node index can count.
    pub fn new(plan: &Plan, topology: &Topology) -> Result<Self, PlanError> {
        let small = |node: usize| u16::try_from(node).expect("a plan has fewer than 2^16 nodes");
        let faults = plan.faults.iter().zip(0..).map(|(part, index)| {
            PlannedFault::of(part, topology).map_err(|error| error.at("fault", index))
        });
        let guilds = topology.owners.iter().map(|&(owner, standby)| GuildState {
            owner: small(owner),
            standby: standby.map(small),
        });
        Ok(Self {
            seed: plan.seed,
            weather: plan.weather.as_micros(),
            faults: faults.collect::<Result<_, PlanError>>()?,
            waiting: Vec::new(),
            active: Vec::new(),
            healed: false,
            nodes: vec![NodeState::default(); plan.nodes.len()],
            guilds: guilds.collect(),
            clients: u32::try_from(topology.clients.len()).expect("fewer clients than ports"),
            reached: Vec::new(),
        })
    }

    /// Starts the run: assigns every guild to its first owner and schedules the cues of the plan.
    pub fn start(&self, out: &mut impl Sink<Effect>) {
        for (planned, index) in self.faults.iter().zip(0..) {
            out.emit(Effect::Schedule(planned.at, Cue::Due(index)));
        }
        for quarter in 1..4 {
            out.emit(Effect::Schedule(self.weather * quarter / 4, Cue::Census));
        }
        out.emit(Effect::Schedule(self.weather, Cue::Heal));
        for (state, guild) in self.guilds.iter().zip(0..) {
            out.emit(Effect::TellOwner { node: state.owner, guild });
        }
    }

    /// Handles a cue whose time has come.
    pub fn handle(&mut self, now: u64, cue: Cue, out: &mut impl Sink<Effect>) {
        match cue {
            Cue::Due(fault) => self.due(now, fault, out),
            Cue::Begin(fault) => self.begin(now, fault, out),
            Cue::End(fault) => self.end(now, fault, out),
            Cue::TellStop(node) => {
                if self.node(node).is_stopping() {
                    out.emit(Effect::TellStop(node));
                }
            }
            Cue::SwitchOff { node, boot } => {
                if self.node(node).boot() == boot {
                    out.emit(Effect::SwitchOff(node));
                }
            }
            Cue::TellOwner { node, guild } => {
                if self.guilds[guild as usize].owner == node && self.is_up(node) {
                    out.emit(Effect::TellOwner { node, guild });
                }
            }
            Cue::TellDown { to, about } => {
                if self.is_up(to) {
                    out.emit(Effect::TellDown { to, about });
                }
            }
            Cue::FailOver { guild, from } => self.fail_over(now, guild, from, out),
            Cue::Census => self.census(out),
            Cue::Heal => self.heal(now, out),
        }
        self.trigger_reached(now, out);
    }

    /// Handles a report of something that happened in the world.
    pub fn hear(&mut self, now: u64, news: News, out: &mut impl Sink<Effect>) {
        match news {
            News::Reached(who, phase) => self.trigger(now, (who, phase), out),
            News::SteppedDown { node, guild, closed } => {
                self.place_again(now, (node, guild), closed, out);
            }
            News::Stopped(node) => self.stopped(now, node, out),
        }
        self.trigger_reached(now, out);
    }

    /// Takes a census: of every node that can count, of all journals and the directory, and of
    /// up to 16 clients, evenly spread.
    pub fn census(&self, out: &mut impl Sink<Effect>) {
        for (state, node) in self.nodes.iter().zip(0..) {
            if state.is_up() && !state.is_paused() {
                out.emit(Effect::Census(Actor::Node(NodeId(node))));
            }
        }
        for guild in 0..self.guilds.len() {
            out.emit(Effect::Census(Actor::Journal(guild_id(guild))));
        }
        out.emit(Effect::Census(Actor::Directory));
        let every = self.clients.div_ceil(COUNTED_CLIENTS).max(1);
        for client in (0..self.clients).step_by(every as usize) {
            out.emit(Effect::Census(Actor::Client(Port(client))));
        }
    }

    /// Returns `true` if a fault waits for a trigger. Otherwise the world need not report phases.
    #[inline]
    #[must_use]
    pub const fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Returns the fault with this index in the plan.
    #[must_use]
    pub fn fault(&self, fault: u32) -> &Fault<Places> {
        &self.faults[fault as usize].fault
    }

    /// Returns `true` if a node runs. A paused node does.
    #[must_use]
    pub fn is_up(&self, node: u16) -> bool {
        self.node(node).is_up()
    }

    /// Returns the node that a guild is assigned to.
    #[must_use]
    pub fn owner(&self, guild: u32) -> u16 {
        self.guilds[guild as usize].owner
    }

    /// Returns the first guild that is assigned to a node.
    #[must_use]
    pub fn first_guild(&self, node: u16) -> Option<u32> {
        (0..).zip(&self.guilds).find(|(_, state)| state.owner == node).map(|(guild, _)| guild)
    }

    fn node(&self, node: u16) -> &NodeState {
        &self.nodes[usize::from(node)]
    }

    fn node_mut(&mut self, node: u16) -> &mut NodeState {
        &mut self.nodes[usize::from(node)]
    }
}
