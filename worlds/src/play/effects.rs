//! How a play performs the director's effects. It must not decide anything itself.

use guildhall_core::id::{NodeId, Port};
use guildhall_core::step::Actor;
use guildhall_plan::director::{self, Effect};
use guildhall_plan::journal::Input;
use guildhall_plan::topology::{guild_id, guild_place};
use guildhall_runtime::bus::{BusMessage, Endpoint, Envelope};
use guildhall_runtime::client::ClientCommand;

use super::{Cue, Play};
use crate::net::Host;
use crate::rt::Timeline;
use crate::world::World;

impl<W: World> Play<W> {
    /// Passes a cue to the director, and performs its effects.
    pub(super) async fn direct(
        &mut self,
        decide: impl FnOnce(&mut director::Director, u64, &mut Vec<Effect>),
    ) {
        let mut effects = Vec::new();
        decide(&mut self.director, self.world.time().now(), &mut effects);
        for effect in effects {
            self.perform(effect).await;
        }
    }

    async fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Schedule(at, cue) => self.agenda.push(at, Cue::Director(cue)),
            Effect::Record(event) => self.judge.world(&event),
            Effect::Settle => self.begin_to_settle(),
            Effect::Kill(node) | Effect::SwitchOff(node) => self.switch_off(node),
            Effect::Retire(node) => {
                self.world.peer_network().unregister(Endpoint::Node(NodeId(node)))
            }
            Effect::Boot { node, boot } => self.boot(node, boot).await,
            Effect::Pause(node) => self.world.pause(Host::Node(node)),
            Effect::Resume(node) => self.world.resume(Host::Node(node)),
            Effect::TellStop(node) => self.stops[usize::from(node)].cancel(),
            Effect::TellOwner { node, guild } => {
                self.tell(node, BusMessage::OwnGuild(guild_id(guild as usize)));
            }
            Effect::TellDown { to, about } => self.tell(to, BusMessage::NodeDown(NodeId(about))),
            Effect::Census(actor) => self.count(actor),
            Effect::JumpClock { node, by_ms } => {
                self.world.jump_wall_clock(Host::Node(node), by_ms)
            }
            Effect::Cut { client, how } => self.world.cut(Host::Client(client), how),
            Effect::Stall { fault, client, way } => {
                self.stalled.insert(fault, self.world.stall(Host::Client(client), way));
            }
            Effect::Release { fault } => {
                if let Some(stalled) = self.stalled.remove(&fault) {
                    self.world.release(&stalled);
                }
            }
            Effect::Blackhole { client, way } => self.world.silence(Host::Client(client), way),
            Effect::SetBandwidth { client, bandwidth } => {
                self.world.slow(Host::Client(client), bandwidth);
            }
            Effect::Suspend(client) => self.world.pause(Host::Client(client)),
            Effect::Wake(client) => self.world.resume(Host::Client(client)),
            Effect::Restore { client, back } => {
                self.clients
                    .wish(client as usize, ClientCommand::Restore { back: u64::from(back) });
            }
            Effect::Misbehave { client, violation } => self.misbehave(client, violation),
            Effect::Intrude { fault, client, why } => self.intrude(fault, client, why),
            Effect::Journal { guild, fault } => {
                self.journals[guild as usize].handle(0, Input::Fault(fault));
            }
            Effect::BeginMailRule { fault, rule } => {
                self.world.peer_network().begin_fault(fault, rule)
            }
            Effect::EndMailRule { fault } => self.world.peer_network().end_fault(fault),
        }
    }

    /// Asks a machine to count everything that it keeps.
    fn count(&self, actor: Actor) {
        match actor {
            Actor::World => {}
            Actor::Node(NodeId(node)) => self.tell(node, BusMessage::Census),
            Actor::Client(Port(client)) => {
                self.clients.wish(client as usize, ClientCommand::Census);
            }
            Actor::Journal(guild) => self.journals[guild_place(guild)].count(),
            Actor::Directory => self.deliver(Endpoint::Directory, BusMessage::Census),
        }
    }

    /// Sends a message to a node. Link faults do not affect it.
    fn tell(&self, node: u16, message: BusMessage) {
        self.deliver(Endpoint::Node(NodeId(node)), message);
    }

    fn deliver(&self, to: Endpoint, message: BusMessage) {
        let from = Endpoint::Directory;
        self.world.peer_network().deliver_now(to, Envelope { from, message, cause: 0 });
    }
}
