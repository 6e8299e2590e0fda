//! The journal of a guild as a world simulates it: it takes its time to sync, is slow, crashes, is full
//! and fails, as faults have it.
//!
//! A state machine without I/O, the same in every world: an [`Input`] in, [`Effect`]s into a sink. It
//! keeps what a sync has confirmed, whatever happens. What becomes of its messages is not its business.

use std::sync::Arc;

use guildhall_core::event::Record;
use guildhall_core::id::NodeId;
use guildhall_core::journal::keeper::{Answer, Keeper, Synced};
use guildhall_core::journal::memory::Memory;
use guildhall_core::journal::{Checkpoint, Command};
use guildhall_core::machine::Sink;
use guildhall_core::mutant::Mutant;
use guildhall_core::step::JournalEvent;
use guildhall_core::time::Span;

use crate::fault::GuildPhase;
use crate::plan::Latency;
use crate::seed::{Domain, Key, Seed};

/// The journal of one guild.
pub struct SimJournal {
    guild: u64,
    seed: Seed,
    latency: Latency,
    keeper: Keeper<Memory>,
    /// Which sync is under way or will be next.
    turn: u32,
    syncing: bool,
    /// How many faults keep it down.
    downs: u32,
    /// How many leave it without room.
    fulls: u32,
    /// How much longer its syncs take, in microseconds.
    slower: u64,
}

/// What a journal is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// A node asks for something.
    Asked {
        /// The node.
        from: NodeId,
        /// What it asks for.
        command: Command,
    },
    /// The sync of this number is done, unless something came between.
    Synced(u32),
    /// A fault begins or is over.
    Fault(JournalFault),
}

/// What faults do to a journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JournalFault {
    /// It crashes: of what was not synced, a part is lost.
    Crash,
    /// One of the faults that keep it down is over.
    Restart,
    /// Its next sync fails.
    FailSync,
    /// It has room for so many records more.
    Fill(u32),
    /// One of the faults that leave it without room is over.
    Empty,
    /// Its syncs take so much longer.
    Slow(Span),
    /// They no longer do.
    Quicken(Span),
}

/// What comes of it.
#[derive(Clone, Debug)]
pub enum Effect {
    /// The journal takes a step. Of the steps of one input each is the cause of the next.
    Step {
        /// What happens.
        event: JournalEvent,
        /// What the journal says, and to whom.
        replies: Vec<Answer>,
    },
    /// The guild has reached a phase that faults may wait for.
    Reached(GuildPhase),
    /// A sync begins.
    Sync {
        /// When it is done, in microseconds.
        at: u64,
        /// What its latency was drawn by.
        key: Key,
        /// Its number, for [`Input::Synced`].
        turn: u32,
    },
}

impl SimJournal {
    /// The journal of the guild at a place of the plan, as it is when the run begins.
    #[must_use]
    pub fn new(
        guild: u32,
        founding: &Checkpoint,
        (seed, latency): (Seed, Latency),
        mutant: Option<Mutant>,
    ) -> Self {
        Self {
            guild: u64::from(guild),
            seed,
            latency,
            keeper: Keeper::new(Memory::new(founding.clone()), mutant),
            turn: 0,
            syncing: false,
            downs: 0,
            fulls: 0,
            slower: 0,
        }
    }

    /// How often the planted bug was reached.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        self.keeper.hits()
    }

    /// Takes an input.
    pub fn handle(&mut self, now: u64, input: Input, out: &mut impl Sink<Effect>) {
        match input {
            Input::Asked { from, command } => self.asked(now, from, command, out),
            Input::Synced(turn) => self.synced(now, turn, out),
            Input::Fault(JournalFault::Crash) => self.crash(now, out),
            Input::Fault(JournalFault::Restart) => self.downs = self.downs.saturating_sub(1),
            Input::Fault(JournalFault::FailSync) => self.keeper.store().break_sync(),
            Input::Fault(JournalFault::Fill(room)) => {
                self.fulls += 1;
                self.keeper.store().fill(room as usize);
            }
            Input::Fault(JournalFault::Empty) => {
                self.fulls = self.fulls.saturating_sub(1);
                if self.fulls == 0 {
                    self.keeper.store().fill(usize::MAX);
                }
            }
            Input::Fault(JournalFault::Slow(by)) => self.slower += by.as_micros(),
            Input::Fault(JournalFault::Quicken(by)) => {
                self.slower = self.slower.saturating_sub(by.as_micros());
            }
        }
    }

    /// A node asks for something. One that is down hears nothing.
    fn asked(&mut self, now: u64, from: NodeId, command: Command, out: &mut impl Sink<Effect>) {
        if self.downs > 0 {
            return;
        }
        let event = JournalEvent::Asked { from, command: command.clone() };
        let mut replies = Vec::new();
        let written = self.keeper.ask(from, command, &mut replies);
        out.emit(Effect::Step { event, replies });
        if written {
            out.emit(Effect::Reached(GuildPhase::Written));
        }
        if !self.syncing && self.keeper.waits() {
            self.syncing = true;
            let key = self.seed.key(Domain::Latency).text("sync").with(self.guild).with(now);
            let at = now + self.latency.draw(key) + self.slower;
            out.emit(Effect::Sync { at, key, turn: self.turn });
        }
    }

    /// What was written is on disk: whoever waits for it is told.
    fn synced(&mut self, now: u64, turn: u32, out: &mut impl Sink<Effect>) {
        if self.turn != turn || self.downs > 0 {
            return;
        }
        self.interrupt();
        match self.keeper.sync() {
            Synced::Kept { records, replies, .. } if records.is_empty() && replies.is_empty() => {}
            Synced::Kept { records, replies, granted } => {
                let phase = if granted { GuildPhase::Granted } else { GuildPhase::Kept };
                out.emit(Effect::Reached(phase));
                out.emit(Effect::Step { event: JournalEvent::Synced { records }, replies });
            }
            Synced::Failed { replies } => self.failed(now, replies, out),
        }
    }

    /// A sync has failed: what was written is lost from some point on, or found again later.
    fn failed(&mut self, now: u64, replies: Vec<Answer>, out: &mut impl Sink<Effect>) {
        let key = self.key(now, "fail");
        let memory = self.keeper.store();
        let written = memory.unsynced();
        let mut found = Vec::new();
        if key.below(3) > 0 {
            found = memory.crash(some_of(key.with(1), written));
            memory.break_sync();
        }
        let lost = (written - memory.unsynced() - found.len()) as u64;
        out.emit(Effect::Step { event: JournalEvent::Lost { records: lost }, replies });
        self.finds(found, out);
    }

    /// Whoever keeps it crashes.
    fn crash(&mut self, now: u64, out: &mut impl Sink<Effect>) {
        let key = self.key(now, "crash");
        self.interrupt();
        self.keeper.interrupt();
        self.downs += 1;
        let memory = self.keeper.store();
        let written = memory.unsynced();
        let found = memory.crash(some_of(key, written));
        let event = JournalEvent::Lost { records: (written - found.len()) as u64 };
        out.emit(Effect::Step { event, replies: Vec::new() });
        self.finds(found, out);
    }

    /// Of what was written, these records were found again: they are on disk for good.
    fn finds(&mut self, records: Vec<Arc<Record>>, out: &mut impl Sink<Effect>) {
        if !records.is_empty() {
            self.keeper.found(&records);
            let event = JournalEvent::Synced { records };
            out.emit(Effect::Step { event, replies: Vec::new() });
        }
    }

    /// The sync under way is over, one way or the other.
    const fn interrupt(&mut self) {
        self.turn += 1;
        self.syncing = false;
    }

    fn key(&self, now: u64, what: &str) -> Key {
        self.seed.key(Domain::Fault).text("journal").with(self.guild).with(now).text(what)
    }
}

/// How many of so many records survive.
fn some_of(key: Key, written: usize) -> usize {
    usize::try_from(key.between(0, written as u64)).unwrap_or(written)
}
