//! Checks a healed play until it has settled.

use guildhall_core::step::WorldEvent;
use guildhall_plan::settling::{Effect, LOOK_EVERY, Look, Sight};
use guildhall_runtime::client::ClientCommand;

use super::{Cue, Play};
use crate::rt::Timeline;
use crate::world::World;

impl<W: World> Play<W> {
    /// Begins to settle, after all faults are healed.
    pub(super) fn begin_to_settle(&mut self) {
        let now = self.world.time().now();
        self.settling.healed(now);
        self.agenda.push(now, Cue::Look(Look::Due));
    }

    /// Checks whether the world has settled.
    pub(super) async fn look(&mut self, why: Look) {
        let (now, mut effects) = (self.world.time().now(), Vec::new());
        let sight = Sight::of(&self.judge.bench().contract, now);
        self.settling.handle(now, why, sight, &mut effects);
        for effect in effects {
            match effect {
                Effect::Look(at) => self.agenda.push(at, Cue::Look(Look::Due)),
                Effect::Census => {
                    self.direct(|director, _, out| director.census(out)).await;
                    // The census takes time to arrive.
                    self.agenda.push(now + LOOK_EVERY, Cue::Look(Look::Counted));
                }
                Effect::Ask { client, request } => {
                    self.clients.wish(client as usize, ClientCommand::Request(request));
                }
                Effect::Settled => self.judge.world(&WorldEvent::Settled),
                Effect::Over(end) => self.end = Some(end),
            }
        }
    }
}
