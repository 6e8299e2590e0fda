//! The driver of one guild's journal: it receives commands from the bus, syncs the store, and
//! replies.
//!
//! One sync covers all commands that arrived during the one before. The driver must not reply
//! before the sync that makes a record durable.

use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::journal::keeper::{Answer, Keeper, Synced};
use guildhall_core::journal::store::Store;
use guildhall_core::journal::{Command, Reply};
use guildhall_core::step::{Actor, Head, JournalEvent, Observed, Observer};

use crate::bus::{Bus, BusMessage, Endpoint, Envelope};
use crate::inbox::Inbox;
use crate::rt::Rt;
use crate::tracer::Tracer;

/// Drives the journal of one guild.
pub struct JournalDriver<R, B, W, S> {
    rt: R,
    bus: B,
    tracer: W,
    guild: GuildId,
    keeper: Keeper<S>,
}

impl<R: Rt, B: Bus, W: Tracer, S: Store> JournalDriver<R, B, W, S> {
    /// A journal whose records are kept in `store`.
    pub fn new(guild: GuildId, store: S, (rt, bus, tracer): (R, B, W)) -> Self {
        Self { rt, bus, tracer, guild, keeper: Keeper::new(store, None) }
    }

    /// Runs for as long as its task: the journal has no shutdown.
    pub async fn run(mut self, mut inbox: Inbox<Envelope>) {
        let mut envelopes = Vec::new();
        loop {
            inbox.recv_all(&mut envelopes).await;
            for Envelope { from, message, cause } in envelopes.drain(..) {
                if message == BusMessage::Census {
                    let actor = Actor::Journal(self.guild);
                    self.tracer.count(actor, self.rt.now(), &self.keeper.census());
                } else if let (Endpoint::Node(from), BusMessage::JournalCommand(command)) =
                    (from, message)
                {
                    self.command(from, cause, command);
                }
            }
            if self.keeper.waits() {
                self.sync();
            }
        }
    }

    fn command(&mut self, from: NodeId, cause: u64, command: Command) {
        let event = JournalEvent::Asked { from, command: command.clone() };
        let mut replies = Vec::new();
        self.keeper.ask(from, command, &mut replies);
        self.step(cause, &event, replies);
    }

    fn sync(&mut self) {
        match self.keeper.sync() {
            Synced::Kept { records, replies, .. } => {
                self.step(0, &JournalEvent::Synced { records }, replies);
            }
            Synced::Failed { replies } => {
                self.step(0, &JournalEvent::Lost { records: 0 }, replies);
            }
        }
    }

    /// Reports one step to the tracer, and sends its replies.
    fn step(&self, cause: u64, event: &JournalEvent, replies: Vec<Answer>) {
        let actor = Actor::Journal(self.guild);
        let (head, mut step) = self.tracer.step(actor, self.rt.now(), cause);
        step.observe(&head, Observed::JournalEvent { guild: self.guild, event });
        for (to, reply) in replies {
            step.observe(&head, Observed::JournalReply { guild: self.guild, to, reply: &reply });
            self.reply(&head, to, reply);
        }
        step.observe(&head, Observed::StepEnded);
    }

    fn reply(&self, head: &Head, to: NodeId, reply: Reply) {
        let from = Endpoint::Journal(self.guild);
        self.bus.send(
            Endpoint::Node(to),
            Envelope { from, message: BusMessage::JournalReply(reply), cause: head.step },
        );
    }
}
