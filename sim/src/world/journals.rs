//! The journals of guilds: each takes its steps in the world's time. The message links decide the
//! fate of its messages.

use guildhall_core::journal::keeper::Answer;
use guildhall_core::step::{Actor, JournalEvent, Observed, Observer};
use guildhall_plan::journal::{Effect, Input};
use guildhall_plan::mail::EndpointId;
use guildhall_plan::topology::guild_id;

use super::{World, instant};
use crate::event::{Event, Kind, Parcel};
use crate::link::tie;

impl<W: Observer> World<'_, W> {
    /// Passes an input to the journal of a guild.
    pub(super) fn journal(&mut self, mut cause: u64, journal: u32, input: Input) {
        let mut effects = std::mem::take(&mut self.journal_effects);
        self.journals[journal as usize].handle(self.stage.now, input, &mut effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::Step { event, replies } => {
                    cause = self.journal_step(cause, journal, &event, replies);
                }
                Effect::Reached(phase) => self.stage.reach(journal as usize, phase),
                Effect::Sync { at, key, turn } => {
                    let kind = Kind::Synced { journal, turn };
                    self.stage.agenda.push(at, tie(key), Event { cause, kind });
                }
            }
        }
        self.journal_effects = effects;
        self.hear_news();
    }

    fn journal_step(
        &mut self,
        cause: u64,
        journal: u32,
        event: &JournalEvent,
        replies: Vec<Answer>,
    ) -> u64 {
        let (stage, guild) = (&mut self.stage, guild_id(journal as usize));
        let head = stage.begin(cause, instant(stage.now).into(), Actor::Journal(guild));
        stage.fold(event);
        stage.watch.observe(&head, Observed::JournalEvent { guild, event });
        for (to, reply) in replies {
            stage.fold(&(to, &reply));
            stage.watch.observe(&head, Observed::JournalReply { guild, to, reply: &reply });
            let parcel = Parcel::Reply(journal, reply);
            stage.mail(EndpointId::Journal(journal), EndpointId::Node(to.0), head.step, parcel);
        }
        stage.watch.observe(&head, Observed::StepEnded);
        stage.end_step();
        head.step
    }
}
