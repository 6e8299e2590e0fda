//! What a plan does to a world: when each fault begins and ends, which nodes run, and which node owns
//! each guild. It is decided here once, so that a plan means the same in every world.
//!
//! A [`Director`] is a state machine like those of the core: a [`Cue`] or some [`News`] in, [`Effect`]s
//! into a sink, time as an argument. A world keeps the clock: it hands in each cue at its time, tells
//! what has happened to its machines, and performs the effects in their order. It never asks back.
//! What must not happen here: I/O, running machines, and judging.
//!
//! Faults overlap, and a trigger lets them meet in any order. In the corners these rules hold:
//!
//! - **A node is down as long as any fault keeps it down.** Faults are counted, not remembered: a
//!   node starts again when the last of them is over, whichever began first.
//! - **A node that is down cannot crash.** Another crash only keeps it down longer. Nobody is told of
//!   it, for nothing is lost: its memory and its connections are gone already. This is so, too, for a
//!   node that will never run again and that no fault keeps down at the moment.
//! - **A node goes on stopping until the last fault that stops it is over.** Only then is it killed if
//!   it is not gone yet. One of two overlapping stops that ends does not make the other one a crash.
//! - **A crash turns a stop that is under way into a crash.** The faults that stopped the node keep it
//!   down from then on, each until it is over.
//! - **A stop of a node that is down keeps it down**, and there is nothing to stop.
//! - **A pause survives a crash.** A node that starts while a fault pauses it starts paused; what it
//!   had not handled when it crashed is lost.
//! - **A guild may be given to a node that is down.** That node owns it once it runs; if it never
//!   does, the guild goes to its standby, or to the first node that runs, when all is healed.
//! - **Nothing begins once all is healed.** A fault whose trigger is met by the healing itself, or that
//!   is planned for later, does not happen: nothing would end it, and the world is to settle.
//! - **A fault that has not begun cannot end**, and one ends once.

mod cue;
mod effect;
mod faults;
mod guilds;
mod nodes;
mod placement;

use guildhall_core::machine::Sink;

pub use cue::{Cue, News};
pub use effect::Effect;
use nodes::NodeState;

use crate::fault::{Fault, Participant, Phase, Places};
use crate::plan::{Plan, PlanError};
use crate::seed::Seed;
use crate::topology::Topology;

/// Decides what a plan does to a world.
#[derive(Clone, Debug)]
pub struct Director {
    seed: Seed,
    /// When all is healed.
    weather: u64,
    faults: Vec<PlannedFault>,
    /// Those whose time has come and that wait for their triggers.
    waiting: Vec<u32>,
    /// Those that last and have begun, in the order in which they did.
    active: Vec<u32>,
    healed: bool,
    nodes: Vec<NodeState>,
    guilds: Vec<GuildState>,
    /// What has happened to nodes in this call, for faults to wait for.
    reached: Vec<(Participant, Phase)>,
}

/// A fault of the plan, with its names resolved.
#[derive(Clone, Debug)]
struct PlannedFault {
    fault: Fault<Places>,
    /// What it is, in words.
    what: String,
    at: u64,
    /// What it waits for, if not only for its time.
    trigger: Option<(Participant, Phase)>,
    /// How long it lasts; 0 is until all is healed.
    lasts: u64,
}

/// Who owns a guild.
#[derive(Clone, Copy, Debug)]
struct GuildState {
    owner: u16,
    /// The node that takes it over when its owner is gone.
    standby: Option<u16>,
}

impl Director {
    /// Nothing has happened yet.
    ///
    /// # Errors
    /// If a fault of the plan names a participant that the plan does not have, or cannot be.
    ///
    /// # Panics
    /// If the plan has more nodes than a node has numbers.
    pub fn new(plan: &Plan, topology: &Topology) -> Result<Self, PlanError> {
        let small = |node: usize| u16::try_from(node).expect("a plan has fewer than 2^16 nodes");
        let faults = plan.faults.iter().map(|part| {
            let trigger = part.when.as_ref().map(|trigger| trigger.resolve(topology));
            Ok(PlannedFault {
                fault: part.fault.resolve(topology)?,
                what: part.fault.to_string(),
                at: part.at.as_micros(),
                trigger: trigger.transpose()?,
                lasts: part.lasts.as_micros(),
            })
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
            reached: Vec::new(),
        })
    }

    /// The run begins: every guild has its first owner, and the cues of the plan are scheduled.
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

    /// The time of a cue has come.
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

    /// Something has happened in the world.
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

    /// Has every node that can count what it keeps.
    pub fn census(&self, out: &mut impl Sink<Effect>) {
        for (state, node) in self.nodes.iter().zip(0..) {
            if state.is_up() && !state.is_paused() {
                out.emit(Effect::Census(node));
            }
        }
    }

    /// Whether a fault waits for something to happen. Where none does, nobody need say what has.
    #[inline]
    #[must_use]
    pub const fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// A fault of the plan, by its place.
    #[must_use]
    pub fn fault(&self, fault: u32) -> &Fault<Places> {
        &self.faults[fault as usize].fault
    }

    /// Whether a node runs; a paused one does.
    #[must_use]
    pub fn is_up(&self, node: u16) -> bool {
        self.node(node).is_up()
    }

    /// The node that is named for a guild.
    #[must_use]
    pub fn owner(&self, guild: u32) -> u16 {
        self.guilds[guild as usize].owner
    }

    /// The first guild that a node is named for.
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
