//! The journal of a guild as a task: it takes its steps in the world's time. [`SimJournal`] decides
//! its answers; the message links decide the fate of its messages.

use std::sync::{Arc, Mutex, PoisonError};

use guildhall_core::id::GuildId;
use guildhall_core::journal::keeper::Answer;
use guildhall_core::step::{Actor, JournalEvent, Observed, Observer};
use guildhall_core::time::{Instant, Now};
use guildhall_plan::journal::{Effect, Input, SimJournal};
use guildhall_runtime::bus::{Bus, BusMessage, Endpoint, Envelope};
use guildhall_runtime::inbox::Inbox;
use guildhall_runtime::tracer::Tracer;

use crate::judge::Judge;
use crate::net::PeerNetwork;
use crate::rt::Timeline;

/// The journal of one guild. All clones share their state.
#[derive(Clone)]
pub(super) struct Journal<T: Timeline> {
    pub(super) guild: GuildId,
    pub(super) time: T,
    pub(super) post: PeerNetwork<T>,
    pub(super) judge: Judge,
    pub(super) machine: Arc<Mutex<SimJournal>>,
}

impl<T: Timeline> Journal<T> {
    /// Handles commands for ever.
    pub(super) async fn run(self, mut mail: Inbox<Envelope>) {
        let mut envelopes = Vec::new();
        loop {
            mail.recv_all(&mut envelopes).await;
            for Envelope { from, message, cause } in envelopes.drain(..) {
                if let (Endpoint::Node(from), BusMessage::JournalCommand(command)) = (from, message)
                {
                    self.handle(cause, Input::Asked { from, command });
                }
            }
        }
    }

    pub(super) fn handle(&self, mut cause: u64, input: Input) {
        // Held throughout, so that steps are reported in the order in which they are taken.
        let mut machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, mut effects) = (machine.hits(), Vec::new());
        machine.handle(self.time.now(), input, &mut effects);
        self.judge.bug_reached(machine.hits() - before);
        for effect in effects {
            match effect {
                Effect::Step { event, replies } => cause = self.step(cause, &event, replies),
                Effect::Reached(phase) => self.judge.guild_reached(self.guild, phase),
                Effect::Sync { at, turn, .. } => {
                    let journal = self.clone();
                    self.time.at(at, move || journal.handle(cause, Input::Synced(turn)));
                }
            }
        }
    }

    /// Counts everything that the journal keeps.
    pub(super) fn count(&self) {
        let machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Now::from(Instant::micros(self.time.now()));
        self.judge.count(Actor::Journal(self.guild), now, &machine.census());
    }

    /// Takes one step: the event and the answers to it.
    fn step(&self, cause: u64, event: &JournalEvent, replies: Vec<Answer>) -> u64 {
        let now = Now::from(Instant::micros(self.time.now()));
        let (head, mut step) = self.judge.step(Actor::Journal(self.guild), now, cause);
        step.observe(&head, Observed::JournalEvent { guild: self.guild, event });
        for (to, reply) in replies {
            step.observe(&head, Observed::JournalReply { guild: self.guild, to, reply: &reply });
            let (from, message) = (Endpoint::Journal(self.guild), BusMessage::JournalReply(reply));
            let envelope = Envelope { from, message, cause: head.step };
            self.post.send(Endpoint::Node(to), envelope);
        }
        step.observe(&head, Observed::StepEnded);
        head.step
    }
}
