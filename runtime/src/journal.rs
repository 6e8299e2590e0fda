//! The journal of a guild as a task: it is asked over the bus, syncs, and answers.
//!
//! One sync serves all that was asked while the one before it was under way.

use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::journal::keeper::{Answer, Keeper, Synced};
use guildhall_core::journal::store::Store;
use guildhall_core::journal::{Command, Reply};
use guildhall_core::step::{Actor, Head, JournalEvent, Observed, Observer};

use crate::bus::{Bus, End, Letter, Mail};
use crate::inbox::Inbox;
use crate::rt::Rt;
use crate::watch::Watch;

/// Serves the journal of one guild.
pub struct Driver<R, B, W, S> {
    rt: R,
    bus: B,
    watch: W,
    guild: GuildId,
    keeper: Keeper<S>,
}

impl<R: Rt, B: Bus, W: Watch, S: Store> Driver<R, B, W, S> {
    /// A journal that keeps its records in `store`.
    pub fn new(guild: GuildId, store: S, (rt, bus, watch): (R, B, W)) -> Self {
        Self { rt, bus, watch, guild, keeper: Keeper::new(store, None) }
    }

    /// Runs for ever: a journal is reachable as long as anybody may ask.
    pub async fn run(mut self, mut mail: Inbox<Letter>) {
        let mut letters = Vec::new();
        loop {
            mail.take(&mut letters).await;
            for letter in letters.drain(..) {
                if let (End::Node(from), Mail::Command(command)) = (letter.from, letter.mail) {
                    self.ask(from, letter.cause, command);
                }
            }
            if self.keeper.waits() {
                self.sync();
            }
        }
    }

    fn ask(&mut self, from: NodeId, cause: u64, command: Command) {
        let event = JournalEvent::Asked { from, command: command.clone() };
        let mut replies = Vec::new();
        self.keeper.ask(from, command, &mut replies);
        self.tell(cause, &event, replies);
    }

    fn sync(&mut self) {
        match self.keeper.sync() {
            Synced::Kept { records, replies, .. } => {
                self.tell(0, &JournalEvent::Synced { records }, replies);
            }
            Synced::Failed { replies } => {
                self.tell(0, &JournalEvent::Lost { records: 0 }, replies);
            }
        }
    }

    /// One step of the journal: what happened, and what it says.
    fn tell(&self, cause: u64, event: &JournalEvent, replies: Vec<Answer>) {
        let actor = Actor::Journal(self.guild);
        let (head, mut step) = self.watch.step(actor, self.rt.now(), cause);
        step.observe(&head, Observed::JournalEvent { guild: self.guild, event });
        for (to, reply) in replies {
            step.observe(&head, Observed::JournalReply { guild: self.guild, to, reply: &reply });
            self.say(&head, to, reply);
        }
        step.observe(&head, Observed::StepEnded);
    }

    fn say(&self, head: &Head, to: NodeId, reply: Reply) {
        let from = End::Journal(self.guild);
        self.bus.send(End::Node(to), Letter { from, mail: Mail::Reply(reply), cause: head.step });
    }
}
