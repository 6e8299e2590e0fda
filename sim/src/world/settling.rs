//! Checks a healed simulated world until it has settled.

use guildhall_core::client;
use guildhall_core::step::{Observer, WorldEvent};
use guildhall_plan::settling::{Effect, Look, Sight};

use super::World;

impl<W: Observer> World<'_, W> {
    /// Begins to settle, after all faults are healed.
    pub(super) fn settle(&mut self) {
        self.settling.healed(self.stage.now);
        self.look(Look::Due);
    }

    /// Checks whether the world has settled.
    pub(super) fn look(&mut self, why: Look) {
        let (sight, mut effects) = (Sight::of(&self.stage.watch.0, self.stage.now), Vec::new());
        self.settling.handle(self.stage.now, why, sight, &mut effects);
        for effect in effects {
            match effect {
                Effect::Look(at) => self.stage.look_at(at),
                Effect::Census => {
                    // A census takes no time here.
                    self.census();
                    self.look(Look::Counted);
                }
                Effect::Ask { client, request } => {
                    self.client_step(client, 0, client::Input::Ask(request));
                }
                Effect::Settled => self.stage.world_event(&WorldEvent::Settled),
                Effect::Over(end) => self.end = Some(end),
            }
        }
    }
}
