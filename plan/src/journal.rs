//! The simulated journal of a guild. Its syncs take time, and faults make it slow, crash it, fill
//! it or fail its syncs.
//!
//! This is a state machine without I/O, the same in every world: an [`Input`] in, [`Effect`]s into
//! a sink. It never loses a record that a sync has confirmed. It does not decide what happens to
//! its messages.

use std::sync::Arc;

use guildhall_core::census::Census;
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
    /// The number of the current or next sync.
    turn: u32,
    syncing: bool,
    /// The number of faults that keep it down.
    downs: u32,
    /// The number of faults that keep it full.
    fulls: u32,
    /// Whether a fault makes its next sync fail.
    fails: bool,
    /// The additional latency of its syncs, in microseconds.
    slower: u64,
}

/// An input of a journal.
#[derive(Clone, Debug)]
pub enum Input {
    /// A node sends a command.
    Asked {
        /// The node.
        from: NodeId,
        /// The command.
        command: Command,
    },
    /// The sync with this number completes, unless it was interrupted.
    Synced(u32),
    /// A fault begins or ends.
    Fault(JournalFault),
}

/// The effect of a fault on a journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JournalFault {
    /// It crashes and loses a part of its unsynced records.
    Crash,
    /// A fault that keeps it down ends.
    Restart,
    /// Its next sync fails.
    FailSync,
    /// Its next sync no longer fails. A failure that has occurred stays final for its owner.
    SpareSync,
    /// It has room for this many further records.
    Fill(u32),
    /// A fault that keeps it full ends.
    Empty,
    /// Its syncs take this much longer.
    Slow(Span),
    /// Its syncs no longer take this much longer.
    Quicken(Span),
}

/// An effect of an input.
#[derive(Clone, Debug)]
pub enum Effect {
    /// The journal takes a step. Each step of an input is the cause of the next.
    Step {
        /// The event.
        event: JournalEvent,
        /// The replies and their receivers.
        replies: Vec<Answer>,
    },
    /// The guild has entered a phase that faults may wait for.
    Reached(GuildPhase),
    /// A sync begins.
    Sync {
        /// The time of completion, in microseconds.
        at: u64,
        /// The key that its latency was drawn with.
        key: Key,
        /// Its number, for [`Input::Synced`].
        turn: u32,
    },
}

impl SimJournal {
    /// Creates the journal of the guild with this index in the plan, as at the start of a run.
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
            fails: false,
            slower: 0,
        }
    }

    /// Returns how often the planted bug was reached.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        self.keeper.hits()
    }

    /// Counts everything that it keeps.
    #[must_use]
    pub fn census(&self) -> Census {
        self.keeper.census()
    }

    /// Handles an input.
    pub fn handle(&mut self, now: u64, input: Input, out: &mut impl Sink<Effect>) {
        match input {
            Input::Asked { from, command } => self.asked(now, from, command, out),
            Input::Synced(turn) => self.synced(now, turn, out),
            Input::Fault(JournalFault::Crash) => self.crash(now, out),
            Input::Fault(JournalFault::Restart) => self.downs = self.downs.saturating_sub(1),
            Input::Fault(JournalFault::FailSync) => self.fails = true,
            Input::Fault(JournalFault::SpareSync) => self.fails = false,
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

    /// Handles a command from a node. A journal that is down ignores it.
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

    /// Completes a sync: the written records are durable, and the nodes that wait for them get
    /// replies.
    fn synced(&mut self, now: u64, turn: u32, out: &mut impl Sink<Effect>) {
        if self.turn != turn || self.downs > 0 {
            return;
        }
        self.interrupt();
        if std::mem::take(&mut self.fails) {
            self.keeper.store().break_sync();
        }
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

    /// Handles a failed sync: the written records are lost from some point on, or recovered later.
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

    /// Crashes the journal.
    fn crash(&mut self, now: u64, out: &mut impl Sink<Effect>) {
        let key = self.key(now, "crash");
        self.interrupt();
        self.keeper.interrupt();
        self.downs += 1;
        self.fails = false;
        let memory = self.keeper.store();
        let written = memory.unsynced();
        let found = memory.crash(some_of(key, written));
        let event = JournalEvent::Lost { records: (written - found.len()) as u64 };
        out.emit(Effect::Step { event, replies: Vec::new() });
        self.finds(found, out);
    }

    /// Recovers some of the written records: they are durable from now on.
    fn finds(&mut self, records: Vec<Arc<Record>>, out: &mut impl Sink<Effect>) {
        if !records.is_empty() {
            self.keeper.found(&records);
            let event = JournalEvent::Synced { records };
            out.emit(Effect::Step { event, replies: Vec::new() });
        }
    }

    /// Ends the sync in progress, whether it completed or not.
    const fn interrupt(&mut self) {
        self.turn += 1;
        self.syncing = false;
    }

    fn key(&self, now: u64, what: &str) -> Key {
        self.seed.key(Domain::Fault).text("journal").with(self.guild).with(now).text(what)
    }
}

/// Returns how many of the written records survive.
fn some_of(key: Key, written: usize) -> usize {
    usize::try_from(key.between(0, written as u64)).unwrap_or(written)
}
