//! What the faults of a plan do to a world. Each is one arm of one match; what a world cannot do is
//! left out, and counted.

mod hostile;

use std::collections::BTreeMap;

use guildhall_core::step::WorldEvent;
use guildhall_core::time::Span;
use guildhall_plan::fault::{Fault, Milestone, Moment};
use guildhall_plan::mail::Law;
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::topology::Topology;

use super::{Cue, Play, node_id};
use crate::judge::Whom;
use crate::net::Host;
use crate::world::World;

/// What has become of each fault of the plan.
pub(super) struct Faults<W: World> {
    /// What each waits for.
    awaited: Vec<Option<(Whom, Moment)>>,
    /// Those that wait for it now.
    waiting: Vec<usize>,
    /// Those that last, with the connections that they hold.
    lasting: BTreeMap<usize, Option<W::Struck>>,
}

impl<W: World> Faults<W> {
    pub(super) fn new(plan: &Plan, topology: &Topology) -> Result<Self, PlanError> {
        let awaited = |milestone: &Milestone| {
            Ok(match milestone {
                Milestone::Client { client, is } => {
                    (Whom::Client(topology.client(client)?), Moment::Client(*is))
                }
                Milestone::Guild { guild, is } => {
                    (Whom::Guild(topology.guild(guild)?), Moment::Guild(*is))
                }
                Milestone::Node { node, is } => {
                    (Whom::Node(topology.node(node)?), Moment::Node(*is))
                }
            })
        };
        let awaited = plan.faults.iter().map(|it| it.when.as_ref().map(awaited).transpose());
        let awaited = awaited.collect::<Result<_, PlanError>>()?;
        Ok(Self { awaited, waiting: Vec::new(), lasting: BTreeMap::new() })
    }
}

impl<W: World> Play<W> {
    /// The time of a fault has come: it strikes, or waits for its milestone.
    pub(super) async fn fault(&mut self, index: usize) {
        match self.faults.awaited[index] {
            None => self.strike(index).await,
            Some(_) => self.faults.waiting.push(index),
        }
    }

    /// Somebody has come to where faults may wait.
    pub(super) fn meet(&mut self, whom: Whom, moment: Moment) {
        let faults = &mut self.faults;
        let met = |index: &usize| faults.awaited[*index] == Some((whom, moment));
        let due: Vec<_> = faults.waiting.iter().copied().filter(met).collect();
        faults.waiting.retain(|index| !due.contains(index));
        for index in due {
            self.cue(0, Cue::Strike(index));
        }
    }

    /// A fault strikes.
    ///
    /// # Panics
    /// If it names what the plan does not have: a plan that was resolved does not.
    pub(super) async fn strike(&mut self, index: usize) {
        let part = self.plan.faults[index].clone();
        let what = part.fault.to_string();
        self.judge.world(&WorldEvent::FaultBegan { index: number(index), what });
        let struck = self.blow(index, &part.fault).await.expect("the plan was resolved");
        if part.fault.lasts() {
            self.faults.lasting.insert(index, struck);
            if part.lasts > Span::ZERO {
                self.cue(part.lasts.as_micros(), Cue::Relief(index));
            }
        }
    }

    async fn blow(&mut self, index: usize, fault: &Fault) -> Result<Option<W::Struck>, PlanError> {
        let names = &self.topology;
        let who = |name: &str| names.client(name).map(|it| Host::Client(number(it)));
        match fault {
            Fault::Cut { client, how } => self.world.cut(who(client)?, *how),
            Fault::Stall { client, way } => return Ok(Some(self.world.stall(who(client)?, *way))),
            Fault::Silence { client, way } => self.world.silence(who(client)?, *way),
            Fault::Slow { client, bandwidth } => {
                self.world.slow(who(client)?, Some((*bandwidth).max(1)));
            }
            Fault::Misbehave { client, deed } => self.misbehave(names.client(client)?, *deed),
            Fault::Steal { client, token } => self.steal(index, names.client(client)?, *token),
            Fault::Knock { client, says } => self.knock(index, names.client(client)?, *says),
            Fault::Pause { node } => self.pause(names.node(node)?),
            Fault::Crash { node, forever } => self.crash(names.node(node)?, *forever),
            Fault::Stop { node } => self.stop(names.node(node)?),
            Fault::FalseAlarm { node } => self.spread(names.node(node)?, "false alarm"),
            Fault::WallJump { node, by_ms } => {
                self.world.jump(Host::Node(node_id(names.node(node)?).0), *by_ms);
            }
            Fault::Move { guild, to } => self.name_owner(names.guild(guild)?, names.node(to)?),
            Fault::JournalSlow { guild, by } => {
                self.journals[names.guild(guild)?].slow(*by, true);
            }
            Fault::JournalCrash { guild } => self.journals[names.guild(guild)?].crash(),
            Fault::JournalFull { guild, room } => self.journals[names.guild(guild)?].fill(*room),
            Fault::JournalFail { guild } => self.journals[names.guild(guild)?].break_sync(),
            Fault::Lossy { .. }
            | Fault::Repeat { .. }
            | Fault::Delay { .. }
            | Fault::Hold { .. }
            | Fault::Partition { .. } => {
                if let Some(law) = Law::of(fault, names)? {
                    self.world.post().begin(number(index), law);
                }
            }
        }
        Ok(None)
    }

    /// A fault is over.
    ///
    /// # Panics
    /// As [`Self::strike`].
    pub(super) async fn relieve(&mut self, index: usize) {
        let Some(struck) = self.faults.lasting.remove(&index) else { return };
        let part = self.plan.faults[index].clone();
        let what = part.fault.to_string();
        self.judge.world(&WorldEvent::FaultEnded { index: number(index), what });
        self.lift(index, &part.fault, struck).await.expect("the plan was resolved");
    }

    async fn lift(
        &mut self,
        index: usize,
        fault: &Fault,
        struck: Option<W::Struck>,
    ) -> Result<(), PlanError> {
        let names = &self.topology;
        match fault {
            Fault::Stall { .. } => {
                if let Some(struck) = struck {
                    self.world.release(&struck);
                }
            }
            Fault::Slow { client, .. } => {
                self.world.slow(Host::Client(number(names.client(client)?)), None);
            }
            Fault::Pause { node } => self.unpause(names.node(node)?),
            Fault::Crash { node, .. } => self.revive(names.node(node)?).await,
            Fault::Stop { node } => self.unstop(names.node(node)?).await,
            Fault::JournalSlow { guild, by } => {
                self.journals[names.guild(guild)?].slow(*by, false);
            }
            Fault::JournalCrash { guild } => self.journals[names.guild(guild)?].restart(),
            Fault::JournalFull { guild, .. } => self.journals[names.guild(guild)?].empty(),
            Fault::Lossy { .. }
            | Fault::Repeat { .. }
            | Fault::Delay { .. }
            | Fault::Hold { .. }
            | Fault::Partition { .. } => self.world.post().relieve(number(index)),
            Fault::Cut { .. }
            | Fault::Silence { .. }
            | Fault::Misbehave { .. }
            | Fault::Steal { .. }
            | Fault::Knock { .. }
            | Fault::FalseAlarm { .. }
            | Fault::WallJump { .. }
            | Fault::Move { .. }
            | Fault::JournalFail { .. } => {}
        }
        Ok(())
    }

    /// All faults are over, and none that waits will come.
    pub(super) async fn relieve_all(&mut self) {
        self.faults.waiting.clear();
        for index in self.faults.lasting.keys().copied().collect::<Vec<_>>() {
            self.relieve(index).await;
        }
    }
}

/// A dense index as the number that others carry.
pub(super) fn number(index: usize) -> u32 {
    u32::try_from(index).expect("a plan has fewer parts than a place has numbers")
}
