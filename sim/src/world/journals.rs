//! The journals of guilds, each an actor of its own: it is asked, takes its time to sync, and
//! answers. It runs in the world's time; what becomes of its messages is the post's business.

use std::sync::Arc;

use guildhall_core::event::Record;
use guildhall_core::id::NodeId;
use guildhall_core::journal::keeper::{Answer, Keeper, Synced};
use guildhall_core::journal::memory::Memory;
use guildhall_core::journal::{Base, Command, Reply};
use guildhall_core::mutant::Mutant;
use guildhall_core::step::{Actor, Head, JournalEvent, Observed, Observer};
use guildhall_core::time::Span;

use super::stage::Stage;
use super::{World, instant, place};
use crate::event::{Event, Kind, Parcel};
use guildhall_plan::fault::Turn;
use guildhall_plan::mail::Spot;
use guildhall_plan::seed::{Domain, Key};
use guildhall_plan::topology::guild_id;

/// A journal and its circumstances.
pub(super) struct JournalHost {
    keeper: Keeper<Memory>,
    /// Which sync is under way or will be next.
    turn: u32,
    syncing: bool,
    /// How many faults keep it down.
    downs: u32,
    /// How many leave it without room.
    fulls: u32,
    /// How much longer its syncs take.
    slower: u64,
}

impl JournalHost {
    pub(super) fn new(founding: &Base, mutant: Option<Mutant>) -> Self {
        Self {
            keeper: Keeper::new(Memory::new(founding.clone()), mutant),
            turn: 0,
            syncing: false,
            downs: 0,
            fulls: 0,
            slower: 0,
        }
    }

    pub(super) const fn hits(&self) -> u64 {
        self.keeper.hits()
    }

    /// The sync under way is over, one way or the other.
    const fn interrupt(&mut self) {
        self.turn += 1;
        self.syncing = false;
    }
}

/// A journal's way out.
struct JournalEnd<'a, W> {
    stage: &'a mut Stage<W>,
    head: Head,
    journal: usize,
}

impl<'a, W: Observer> JournalEnd<'a, W> {
    fn begin(stage: &'a mut Stage<W>, journal: usize, cause: u64, event: &JournalEvent) -> Self {
        let (now, guild) = (instant(stage.now).into(), guild_id(journal));
        let head = stage.begin(cause, now, Actor::Journal(guild));
        stage.fold(event);
        stage.watch.observe(&head, Observed::JournalEvent { guild, event });
        Self { stage, head, journal }
    }

    fn say(&mut self, to: NodeId, reply: Reply) {
        let (stage, guild) = (&mut *self.stage, guild_id(self.journal));
        stage.fold(&(to, &reply));
        stage.watch.observe(&self.head, Observed::JournalReply { guild, to, reply: &reply });
        let from = Spot::Journal(place(self.journal));
        let parcel = Parcel::Reply(place(self.journal), reply);
        stage.mail(from, Spot::Node(to.0), self.head.step, parcel);
    }

    fn end(self) -> u64 {
        self.stage.watch.observe(&self.head, Observed::StepEnded);
        self.stage.end_step();
        self.head.step
    }
}

impl<W: Observer> World<'_, W> {
    /// Somebody asks a journal for something.
    pub(super) fn ask_journal(
        &mut self,
        cause: u64,
        journal: usize,
        from: NodeId,
        command: Command,
    ) {
        let host = &mut self.journals[journal];
        if host.downs > 0 {
            return;
        }
        let event = JournalEvent::Asked { from, command: command.clone() };
        let mut end = JournalEnd::begin(&mut self.stage, journal, cause, &event);
        let mut replies = Vec::new();
        let written = host.keeper.ask(from, command, &mut replies);
        replies.into_iter().for_each(|(to, reply)| end.say(to, reply));
        if written {
            end.stage.pass(journal, Turn::Written);
        }
        let step = end.end();
        self.start_sync(journal, step);
        self.meet_passed();
    }

    /// Begins to sync, if anybody waits for it and none is under way.
    fn start_sync(&mut self, journal: usize, cause: u64) {
        let (host, stage) = (&mut self.journals[journal], &mut self.stage);
        if host.syncing || !host.keeper.waits() {
            return;
        }
        host.syncing = true;
        let key = stage.seed.key(Domain::Latency).text("sync").with(journal as u64);
        let key = key.with(stage.now);
        let at = stage.now + stage.network.sync.draw(key) + host.slower;
        let kind = Kind::Synced { journal: place(journal), turn: host.turn };
        stage.agenda.push(at, crate::link::tie(key), Event { cause, kind });
    }

    /// What was written is on disk: whoever waited for it is told.
    pub(super) fn journal_synced(&mut self, cause: u64, journal: usize, turn: u32) {
        let host = &mut self.journals[journal];
        if host.turn != turn || host.downs > 0 {
            return;
        }
        host.interrupt();
        let (records, replies, granted) = match host.keeper.sync() {
            Synced::Kept { records, replies, granted } => (records, replies, granted),
            Synced::Failed { replies } => return self.fail_journal(cause, journal, replies),
        };
        if !records.is_empty() || !replies.is_empty() {
            self.stage.pass(journal, if granted { Turn::Granted } else { Turn::Kept });
            let event = JournalEvent::Synced { records };
            let mut end = JournalEnd::begin(&mut self.stage, journal, cause, &event);
            for (to, reply) in replies {
                end.say(to, reply);
            }
            end.end();
        }
        self.meet_passed();
    }

    /// A sync has failed: what was written is lost from some point on, or found again later.
    fn fail_journal(&mut self, cause: u64, journal: usize, replies: Vec<Answer>) {
        let key = self.journal_key(journal).text("fail");
        let memory = self.journals[journal].keeper.store();
        let written = memory.unsynced();
        let mut found = Vec::new();
        if key.below(3) > 0 {
            found = memory.crash(key.with(1).between(0, written as u64) as usize);
            memory.break_sync();
        }
        let lost = written - memory.unsynced() - found.len();
        let event = JournalEvent::Lost { records: lost as u64 };
        let mut end = JournalEnd::begin(&mut self.stage, journal, cause, &event);
        for (to, reply) in replies {
            end.say(to, reply);
        }
        let step = end.end();
        self.journal_finds(step, journal, found);
    }

    /// Whoever keeps a journal crashes.
    pub(super) fn crash_journal(&mut self, cause: u64, journal: usize) {
        let key = self.journal_key(journal).text("crash");
        let host = &mut self.journals[journal];
        host.interrupt();
        host.keeper.interrupt();
        host.downs += 1;
        let memory = host.keeper.store();
        let written = memory.unsynced();
        let found = memory.crash(key.between(0, written as u64) as usize);
        let event = JournalEvent::Lost { records: (written - found.len()) as u64 };
        let step = JournalEnd::begin(&mut self.stage, journal, cause, &event).end();
        self.journal_finds(step, journal, found);
    }

    /// Of what was written, these records were found again: they are on disk for good.
    fn journal_finds(&mut self, cause: u64, journal: usize, records: Vec<Arc<Record>>) {
        if records.is_empty() {
            return;
        }
        self.journals[journal].keeper.found(&records);
        let event = JournalEvent::Synced { records };
        JournalEnd::begin(&mut self.stage, journal, cause, &event).end();
    }

    pub(super) fn restart_journal(&mut self, journal: usize) {
        let host = &mut self.journals[journal];
        host.downs = host.downs.saturating_sub(1);
    }

    /// The next sync of a journal fails.
    pub(super) fn break_journal(&mut self, journal: usize) {
        self.journals[journal].keeper.store().break_sync();
    }

    /// A journal has room for so many records more.
    pub(super) fn fill_journal(&mut self, journal: usize, room: u32) {
        let host = &mut self.journals[journal];
        host.fulls += 1;
        host.keeper.store().fill(room as usize);
    }

    pub(super) fn empty_journal(&mut self, journal: usize) {
        let host = &mut self.journals[journal];
        host.fulls = host.fulls.saturating_sub(1);
        if host.fulls == 0 {
            host.keeper.store().fill(usize::MAX);
        }
    }

    /// The syncs of a journal take so much longer, or no longer do.
    pub(super) fn slow_journal(&mut self, journal: usize, by: Span, begins: bool) {
        let slower = &mut self.journals[journal].slower;
        let by = by.as_micros();
        *slower = if begins { *slower + by } else { slower.saturating_sub(by) };
    }

    fn journal_key(&self, journal: usize) -> Key {
        let key = self.stage.seed.key(Domain::Fault).text("journal");
        key.with(journal as u64).with(self.stage.now)
    }
}
